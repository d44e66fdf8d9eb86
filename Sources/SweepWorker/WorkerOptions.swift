import SweepCore
package import SweepMessaging
package import SweepWire

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
    /// Bytes of data sets that are kept for trials to come.
    package var cachedData: Int
    /// How long a worker that is told to end may take for it.
    package var drainTime: Duration
    package var softwareVersion: String
    /// Whether it answers trials at once with made-up values.
    ///
    /// It registers with a core version of its own, so that it never gets a trial of a sweep that is to be trained.
    package var isNull: Bool

    /// Whether it runs trials that are programs: whoever may hand in a sweep then runs programs as this worker's user.
    package var runsPrograms: Bool

    /// The core version of workers that train nothing, and of the sweeps that are for them.
    package static let nullCoreVersion = "null"
    /// What its parent reads after a crash; nil without a parent.
    package var board: SlotBoard?
    /// What an earlier process of this worker took down with it.
    package var inherited: [SegmentEnded]
    /// What one core was measured to train, as `Register` says it; nil where nothing was measured.
    package var samplesPerSecond: Double?

    package init(
        endpoint: String,
        security: ClientSecurity = .none,
        name: String,
        slots: Int,
        prefetch: Int? = nil,
        labels: [(key: String, value: String)] = [],
        kernels: String? = nil,
        patience: Duration = .seconds(600),
        cachedData: Int = WorkerSession.Options.usualCachedData,
        drainTime: Duration = .seconds(10),
        softwareVersion: String,
        isNull: Bool = false,
        runsPrograms: Bool = false,
        board: SlotBoard? = nil,
        inherited: [SegmentEnded] = [],
        samplesPerSecond: Double? = nil
    ) {
        self.endpoint = endpoint
        self.security = security
        self.name = name
        self.slots = slots
        self.prefetch = prefetch ?? 4 * slots
        self.labels = labels
        self.kernels = kernels
        self.patience = patience
        self.cachedData = cachedData
        self.drainTime = drainTime
        self.softwareVersion = softwareVersion
        self.isNull = isNull
        self.runsPrograms = runsPrograms
        self.board = board
        self.inherited = inherited
        self.samplesPerSecond = samplesPerSecond
    }

    /// The labels that it was given and those that it gives itself, in the order of keys.
    package var announcedLabels: [WorkerLabel] {
        let own: [WorkerRequirement] =
            runsPrograms ? WorkerRequirement.implied : WorkerRequirement.abilities.filter { $0 != .reusedPrograms }
        let given: [WorkerLabel] = labels.map { WorkerLabel(key: $0.key, value: $0.value) }
        let announced: [WorkerLabel] = given + own.map { WorkerLabel(key: $0.key, value: $0.value) }
        return announced.sorted { $0.key < $1.key }
    }
}
