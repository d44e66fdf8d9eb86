package import SweepMessaging

/// How a worker is run.
package struct WorkerOptions: Sendable {
    /// The coordinator's port.
    package var endpoint: String
    package var security: ClientSecurity
    /// What people call it.
    package var name: String
    /// Trials it trains at once.
    package var slots: Int
    /// Leases it wants to hold beyond its slots while epochs are short.
    package var prefetch: Int
    package var labels: [(key: String, value: String)]
    /// `v2`, `v3` or `v4`; nil: the best that the processor has.
    package var kernels: String?
    /// How long a lost coordinator is waited for.
    package var patience: Duration
    package var softwareVersion: String
    /// Whether it answers trials at once with made-up values.
    ///
    /// It registers with a core version of its own, so that it never gets a trial of a sweep that is to be trained.
    package var isNull: Bool

    /// The core version of workers that train nothing, and of the sweeps that are for them.
    package static let nullCoreVersion = "null"

    package init(
        endpoint: String,
        security: ClientSecurity = .none,
        name: String,
        slots: Int,
        prefetch: Int? = nil,
        labels: [(key: String, value: String)] = [],
        kernels: String? = nil,
        patience: Duration = .seconds(600),
        softwareVersion: String,
        isNull: Bool = false
    ) {
        self.endpoint = endpoint
        self.security = security
        self.name = name
        self.slots = slots
        self.prefetch = prefetch ?? 4 * slots
        self.labels = labels
        self.kernels = kernels
        self.patience = patience
        self.softwareVersion = softwareVersion
        self.isNull = isNull
    }
}
