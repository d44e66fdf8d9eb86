import SweepCore
package import SweepWire

/// A worker process without sockets, disks and trainers: a real session, and trials that train by the clock.
package struct SimulatedWorker: Sendable {
    /// How a worker is made.
    package struct Plan: Hashable, Sendable {
        package var name: String
        package var slots: Int
        package var prefetch: Int
        package var coreVersion: String
        /// The versions of the protocol that it speaks.
        package var versions: ProtocolVersions
        /// Virtual milliseconds an epoch takes.
        package var epochMilliseconds: Double
        /// When it is started, in virtual seconds.
        package var joins: Double
        package var labels: [String: String]

        package init(
            name: String,
            slots: Int = 1,
            prefetch: Int = 0,
            coreVersion: String = "core-1",
            versions: ProtocolVersions = .spoken,
            epochMilliseconds: Double = 200,
            joins: Double = 0,
            labels: [String: String] = [:]
        ) {
            self.name = name
            self.slots = slots
            self.prefetch = prefetch
            self.coreVersion = coreVersion
            self.versions = versions
            self.epochMilliseconds = epochMilliseconds
            self.joins = joins
            self.labels = labels
        }

        /// Whether it can train anything here: it speaks the protocol and has the sweeps' training core.
        package var isUseful: Bool { speaks && coreVersion == "core-1" }

        /// Whether it has a version of the protocol in common with the coordinator.
        package var speaks: Bool { ProtocolVersions.spoken.agreement(with: versions) != nil }

        /// Builds far apart from this one.
        package static let farVersions = [ProtocolVersions(only: 1), ProtocolVersions(oldest: 7, newest: 9) ?? .spoken]
        /// This build, the one before and the one to come.
        package static let nearVersions = [
            ProtocolVersions.spoken, ProtocolVersions(only: protocolVersion - 1),
            ProtocolVersions(oldest: protocolVersion, newest: protocolVersion + 1) ?? .spoken,
        ]
    }

    /// A trial on a slot.
    struct Training: Sendable {
        let assignment: Assignment
        let epochs: Int
        var epoch: Int
    }

    let plan: Plan
    /// Which life of the machine's worker this is.
    let incarnation: UInt64
    var session: WorkerSession
    /// Where the process's own clock has its origin, on the simulation's.
    var origin: Instant
    /// Which socket is open; counts up.
    var socket = 0
    var cache: [ContentHash: [UInt8]] = [:]
    var training: [LeaseID: Training] = [:]
    /// Epochs that wait because more is unacknowledged than may be held.
    var heldUp: [LeaseID] = []
    /// When its next tick is due, so that there is one in the queue and not many.
    var nextTick: Instant?
    /// What it numbered and did not see acknowledged.
    var unacknowledged: [UInt64: Message] = [:]

    init(_ plan: Plan, incarnation: UInt64, origin: Instant) {
        self.plan = plan
        self.incarnation = incarnation
        self.origin = origin
        // What every worker of this version gives itself.
        let labels = plan.labels.map { WorkerLabel(key: $0.key, value: $0.value) }
        let own = WorkerRequirement.abilities.map { WorkerLabel(key: $0.key, value: $0.value) }
        let register = Register(
            worker: WorkerID(name: plan.name, incarnation: incarnation),
            host: "simulated",
            pid: 1,
            slots: plan.slots,
            prefetch: plan.prefetch,
            kernels: "none",
            coreVersion: plan.coreVersion,
            softwareVersion: "0",
            labels: (labels + own).sorted { $0.key < $1.key },
            versions: plan.versions
        )
        session = WorkerSession(WorkerSession.Options(register: register))
    }

    var id: WorkerID { WorkerID(name: plan.name, incarnation: incarnation) }

    /// A moment of the simulation on this process's clock.
    func local(_ moment: Instant) -> Instant { Instant.zero.advanced(by: origin.duration(to: moment)) }

    /// A moment of this process's clock on the simulation's.
    func global(_ moment: Instant) -> Instant { origin.advanced(by: Instant.zero.duration(to: moment)) }
}
