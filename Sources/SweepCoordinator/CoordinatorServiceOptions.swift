package import SweepCoordination
package import SweepMessaging

/// How a coordinator is run.
package struct CoordinatorServiceOptions: Sendable {
    /// Where its store, its objects and `endpoint.json` are.
    package var directory: String
    /// The port of workers and clients, for example `tcp://127.0.0.1:7700`; `*` lets the system choose, and a coordinator
    /// that comes back to its directory takes its old port again.
    package var listen: String
    /// Whether the next ports are tried when the one of `listen` is taken.
    package var movesWhenBusy: Bool
    package var security: ServerSecurity
    /// Whether `endpoint.json` waits for `announce(http:)`, so that whoever reads it finds both addresses.
    package var servesHTTP: Bool
    package var core: CoordinatorOptions
    /// The version of the training core that new sweeps are bound to.
    package var coreVersion: String
    /// The program's own version, which it tells whoever asks about it.
    package var softwareVersion = "unknown"
    /// Bytes of the journal that a snapshot at least is worth. 8 MiB are read in some tenths of a second.
    package var snapshotBytes = 8 << 20
    /// How much there may be of objects that nobody names.
    package var unclaimed = UnclaimedObjects.Limits()

    package init(
        directory: String,
        listen: String = CoordinatorServiceOptions.defaultListen,
        movesWhenBusy: Bool = true,
        security: ServerSecurity = .none,
        servesHTTP: Bool = false,
        core: CoordinatorOptions = CoordinatorOptions(),
        coreVersion: String
    ) {
        self.directory = directory
        self.listen = listen
        self.movesWhenBusy = movesWhenBusy
        self.security = security
        self.servesHTTP = servesHTTP
        self.core = core
        self.coreVersion = coreVersion
    }

    package static let defaultListen = "tcp://127.0.0.1:7700"
    /// How many ports above a busy one are tried.
    static let portsTried = 32
}
