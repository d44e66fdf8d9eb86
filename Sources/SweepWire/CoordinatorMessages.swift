package import SweepCore

/// The answer to a registration that was accepted.
package struct Welcome: Hashable, Sendable {
    /// A number of this coordinator's process, for logs.
    package var session: UInt64
    /// How often the worker beats.
    package var heartbeatMilliseconds: Int
    /// How long a worker may be silent before its leases are given to others.
    package var lapseMilliseconds: Int
    package var coordinator: String
    /// The highest sequence number of this worker process that is committed; what comes after it is sent again.
    package var lastSequence: UInt64
    /// Leases from the registration that are not this worker's any more.
    package var refused: [LeaseID]
    /// The version that was settled: all that is said from now on is said in it.
    package var version: UInt8
    /// The coordinator's build, for logs; empty in versions before 3.
    package var softwareVersion: String

    package init(
        session: UInt64,
        heartbeatMilliseconds: Int,
        lapseMilliseconds: Int,
        coordinator: String,
        lastSequence: UInt64,
        refused: [LeaseID] = [],
        version: UInt8 = handshakeVersion,
        softwareVersion: String = ""
    ) {
        self.session = session
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.lapseMilliseconds = lapseMilliseconds
        self.coordinator = coordinator
        self.lastSequence = lastSequence
        self.refused = refused
        self.version = version
        self.softwareVersion = softwareVersion
    }
}

/// Leases for one worker.
package struct Assignments: Hashable, Sendable {
    package var leases: [Assignment]
    package init(leases: [Assignment]) { self.leases = leases }
}

/// One lease: all that a worker needs, beside the objects it names, to train a segment.
package struct Assignment: Hashable, Sendable {
    package var lease: LeaseID
    /// For display.
    package var sweepName: String
    /// The resolved template, which `TrialSpec.read` reads.
    package var spec: SpecNode
    package var seed: UInt64
    /// Epochs done before; above 0 only together with a checkpoint.
    package var from: Int
    /// The last epoch to train.
    package var to: Int
    package var checkpoint: CheckpointID?
    package var dataSet: DataSetID
    /// Whether a checkpoint is wanted at the segment's end.
    package var keepsCheckpoint: Bool
    /// What each observation holds, in this order.
    package var metrics: [Metric]

    package init(
        lease: LeaseID,
        sweepName: String,
        spec: SpecNode,
        seed: UInt64,
        from: Int,
        to: Int,
        checkpoint: CheckpointID?,
        dataSet: DataSetID,
        keepsCheckpoint: Bool,
        metrics: [Metric]
    ) {
        self.lease = lease
        self.sweepName = sweepName
        self.spec = spec
        self.seed = seed
        self.from = from
        self.to = to
        self.checkpoint = checkpoint
        self.dataSet = dataSet
        self.keepsCheckpoint = keepsCheckpoint
        self.metrics = metrics
    }

    /// Slots of a worker that it takes: one for each of its threads.
    package var slots: Int {
        if case .integer(let threads)? = spec["train"]?["threads"] { max(1, threads) } else { 1 }
    }
}

/// Everything numbered up to and with `sequence` is committed; also sent again when a gap is seen.
package struct Acknowledged: Hashable, Sendable {
    package var sequence: UInt64
    package init(sequence: UInt64) { self.sequence = sequence }
}

/// "Stop these leases, and drop them."
package struct Verdicts: Hashable, Sendable {
    /// One lease and why it is stopped.
    package struct Item: Hashable, Sendable {
        package var lease: LeaseID
        package var stop: StopReason
        package init(lease: LeaseID, stop: StopReason) {
            self.lease = lease
            self.stop = stop
        }
    }
    package var items: [Item]
    package init(items: [Item]) { self.items = items }
}

/// Why a lease is stopped.
package enum StopReason: UInt32, CaseIterable, Sendable {
    case cancelled = 1
    case paused = 2
    /// Another attempt runs elsewhere.
    case superseded = 3
}

/// A verb of a client with its JSON.
package struct ClientRequest: Hashable, Sendable {
    /// Chosen by the client; the response carries it.
    package var id: UInt64
    /// For example `rank`.
    package var verb: String
    package var body: [UInt8]
    package init(id: UInt64, verb: String, body: [UInt8]) {
        self.id = id
        self.verb = verb
        self.body = body
    }
}

/// The answer to a request; a long one comes in parts whose bodies are joined in order.
package struct ClientResponse: Hashable, Sendable {
    package var id: UInt64
    package var status: ResponseStatus
    /// Whether another part of the same answer follows.
    package var more: Bool
    package var body: [UInt8]
    package init(id: UInt64, status: ResponseStatus, more: Bool = false, body: [UInt8]) {
        self.id = id
        self.status = status
        self.more = more
        self.body = body
    }
}

/// How a request went; the raw values are the exit codes of the commands.
package enum ResponseStatus: UInt32, CaseIterable, Sendable {
    case done = 0
    case failed = 1
    case badInput = 2
    case forbidden = 4
}
