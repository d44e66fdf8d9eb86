import SweepCore
import SweepWire

/// A worker process without sockets, disks and trainers: a real session, and trials that train by the clock.
package struct SimulatedWorker: Sendable {
    /// How a worker is made.
    package struct Plan: Hashable, Sendable {
        package var name: String
        package var slots: Int
        package var prefetch: Int
        package var coreVersion: String
        /// Virtual milliseconds an epoch takes.
        package var epochMilliseconds: Double
        package init(
            name: String,
            slots: Int = 1,
            prefetch: Int = 0,
            coreVersion: String = "core-1",
            epochMilliseconds: Double = 200
        ) {
            self.name = name
            self.slots = slots
            self.prefetch = prefetch
            self.coreVersion = coreVersion
            self.epochMilliseconds = epochMilliseconds
        }
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
    /// Which socket is open; counts up.
    var socket = 0
    var cache: [ContentHash: [UInt8]] = [:]
    var training: [LeaseID: Training] = [:]
    /// When its next tick is due, so that there is one in the queue and not many.
    var nextTick: Instant?

    init(_ plan: Plan, incarnation: UInt64) {
        self.plan = plan
        self.incarnation = incarnation
        let register = Register(
            worker: WorkerID(name: plan.name, incarnation: incarnation),
            host: "simulated",
            pid: 1,
            slots: plan.slots,
            prefetch: plan.prefetch,
            kernels: "none",
            coreVersion: plan.coreVersion,
            softwareVersion: "0"
        )
        session = WorkerSession(WorkerSession.Options(register: register))
    }
}
