package import CoreMetrics
import SweepCoordination
package import SweepCore
import SweepWire

/// What a coordinator counts, for whoever watches it.
///
/// Each name says its unit, as Prometheus' convention has it; what they mean stands in `help`.
package struct CoordinatorMetrics: Sendable {
    private let factory: any MetricsFactory
    let messagesReceived: Counter
    let bytesReceived: Counter
    let messagesSent: Counter
    let bytesSent: Counter
    let commits: Timer
    let factsCommitted: Counter
    let reportLatency: Timer
    let attempts: Counter
    let retries: Counter
    let epochs: Counter
    private let transfersPassedOver: Counter
    private let requestsRefused: Counter
    private let leaseEnds: [String: Counter]
    private let trialEnds: [String: Counter]
    private let badPeers: [BadPeers.Reason: Counter]
    private let keyLimits: [KeyLimit: Counter]

    /// Counts into `factory`, or nowhere.
    package init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        self.factory = factory
        func counter(_ label: String, _ dimensions: [(String, String)] = []) -> Counter {
            Counter(label: label, dimensions: dimensions, factory: factory)
        }
        messagesReceived = counter("sweepd_messages_received_total")
        bytesReceived = counter("sweepd_received_bytes_total")
        messagesSent = counter("sweepd_messages_sent_total")
        bytesSent = counter("sweepd_sent_bytes_total")
        commits = Timer(label: "sweepd_commit_seconds", factory: factory)
        factsCommitted = counter("sweepd_facts_committed_total")
        reportLatency = Timer(label: "sweepd_report_latency_seconds", factory: factory)
        attempts = counter("sweepd_attempts_total")
        retries = counter("sweepd_retries_total")
        epochs = counter("sweepd_epochs_total")
        transfersPassedOver = counter("sweepd_transfers_passed_over_total")
        requestsRefused = counter("sweepd_requests_refused_total")
        // Made at the start, so that each line is there from the first look on, with 0.
        leaseEnds = Dictionary(
            uniqueKeysWithValues: ["lapsed", "handed_back", "died", "superseded"].map {
                ($0, counter("sweepd_lease_ends_total", [("end", $0)]))
            }
        )
        trialEnds = Dictionary(
            uniqueKeysWithValues: ["completed", "pruned", "failed"].map {
                ($0, counter("sweepd_trial_ends_total", [("state", $0)]))
            }
        )
        badPeers = Dictionary(
            uniqueKeysWithValues: BadPeers.Reason.allCases.map {
                ($0, counter("sweepd_bad_peers_total", [("reason", $0.rawValue)]))
            }
        )
        keyLimits = Dictionary(
            uniqueKeysWithValues: KeyLimit.allCases.map {
                ($0, counter("sweepd_key_limits_total", [("limit", $0.rawValue)]))
            }
        )
    }

    /// What each metric says.
    package static let help = [
        "sweepd_messages_received_total": "Messages that workers and clients sent.",
        "sweepd_received_bytes_total": "Bytes of those messages, before encryption.",
        "sweepd_messages_sent_total": "Messages that were handed to the port's queues.",
        "sweepd_sent_bytes_total": "Bytes of those messages, before encryption.",
        "sweepd_commit_seconds": "Time that a commit of the journal took, to the disk and back.",
        "sweepd_facts_committed_total": "Facts in those commits.",
        "sweepd_report_latency_seconds":
            "Time from a worker's numbered message to its acknowledgement, the commit included.",
        "sweepd_attempts_total": "Leases handed out: each is an attempt at a segment of a trial.",
        "sweepd_retries_total": "Those of them that were not the trial's first.",
        "sweepd_epochs_total": "Epochs that were reported and committed.",
        "sweepd_transfers_passed_over_total":
            "Messages about objects that were passed over, as too much waited for the disk.",
        "sweepd_requests_refused_total":
            "Requests that were refused, as too many of their connection or key were under way.",
        "sweepd_key_limits_total":
            "Registrations and requests that were refused, and messages about objects that were passed over, as their key had as much as a key, or one of its workers, may have.",
        "sweepd_lease_ends_total":
            "Leases that ended before their segment did, by how; lapsed: the worker fell silent.",
        "sweepd_trial_ends_total": "Trials that came to their end, by state.",
        "sweepd_bad_peers_total": "Messages and handshakes that were refused, by reason.",
        "sweepd_workers": "Workers that are registered, by whether they are connected.",
        "sweepd_slots": "Training slots of connected workers, by whether they have work.",
        "sweepd_sweeps": "Sweeps, by state.",
        "sweepd_segments_ready": "Segments that are decided and wait for a worker, over all sweeps.",
        "sweepd_leases": "Leases that are out now.",
        "sweepd_effects_pending": "Decisions that wait for the commit that is under way.",
        "sweepd_objects_kept": "Data sets and checkpoints that are known to be kept.",
    ]

    func received(_ frames: [[UInt8]]) {
        messagesReceived.increment()
        bytesReceived.increment(by: frames.reduce(0) { $0 + $1.count })
    }

    func sent(_ frames: [[UInt8]]) {
        messagesSent.increment()
        bytesSent.increment(by: frames.reduce(0) { $0 + $1.count })
    }

    /// Counts a commit of so many facts.
    func committed(_ facts: Int, in duration: Duration) {
        commits.recordNanoseconds(duration.wholeNanoseconds)
        factsCommitted.increment(by: facts)
    }

    /// Counts the acknowledgements among these effects; `duration` is since the first message of their turn came.
    func acknowledged(in effects: [Effect], after duration: Duration) {
        for case .send(.acknowledged, _) in effects { reportLatency.recordNanoseconds(duration.wholeNanoseconds) }
    }

    /// Counts what was refused.
    func refused(_ reason: BadPeers.Reason) { badPeers[reason]?.increment() }

    /// Counts what a key would have had beyond its limit.
    func reached(_ limit: KeyLimit) { keyLimits[limit]?.increment() }

    /// Counts a message about objects that was passed over.
    func passedOver() { transfersPassedOver.increment() }

    /// Counts a request that was refused.
    func refusedRequest() { requestsRefused.increment() }

    /// Counts a fact that was committed.
    package func count(_ fact: Fact) {
        switch fact {
        case .leased(let lease, _, _, _, _):
            attempts.increment()
            if lease.attempt.rawValue > 1 { retries.increment() }
        case .leaseEnded(_, let end): leaseEnds[end.word]?.increment()
        case .observed(_, let observations): epochs.increment(by: observations.count)
        case .trialEnded(_, let state): trialEnds[Self.name(of: state)]?.increment()
        default: break
        }
    }

    private static func name(of state: TrialState) -> String {
        switch state {
        case .completed: "completed"
        case .pruned: "pruned"
        case .failed: "failed"
        case .waiting, .running, .paused: ""
        }
    }

    /// Sets a gauge.
    func set(_ label: String, _ value: Int, _ dimensions: [(String, String)] = []) {
        Meter(label: label, dimensions: dimensions, factory: factory).set(value)
    }
}
