/// Where a trial stands.
package enum TrialState: Hashable, Sendable {
    /// Something is decided that no worker has begun.
    case waiting
    /// A worker holds its lease.
    case running
    /// It reached a rung and waits for a promotion.
    case paused
    case completed
    case pruned(PruneReason)
    case failed(String)

    /// Whether it stays so for ever.
    package var isTerminal: Bool {
        switch self {
        case .waiting, .running, .paused: false
        case .completed, .pruned, .failed: true
        }
    }

    /// Whether its own curve ended it, by numbers that were lost or that can not become good: then it counts with an infinite cost at
    /// the end of its segment, wherever in that it was.
    package var cannotGoOn: Bool { self == .pruned(.cannotRecover) || self == .pruned(.hopeless) }

    /// The state's word in documents.
    package var name: String {
        switch self {
        case .waiting: "waiting"
        case .running: "running"
        case .paused: "paused"
        case .completed: "completed"
        case .pruned: "pruned"
        case .failed: "failed"
        }
    }
}

/// Why a trial was stopped before its last epoch.
package enum PruneReason: String, CaseIterable, Sendable {
    /// Others were better at its rung and no promotion can come.
    case scheduler
    /// The sweep ended before a promotion came.
    case sweepEnded = "sweep_ended"
    /// The user cancelled the sweep.
    case cancelled
    /// A loss was NaN or infinite.
    case cannotRecover = "cannot_recover"
    /// Its losses were numbers, and could not become good any more: `prune.stop_hopeless`.
    case hopeless
}

/// Something that happened in a trial's training and that a person should see, such as a learning rate that was reduced.
package struct TrialNote: Hashable, Sendable {
    /// The epoch in which it happened, from 1.
    package let epoch: Int
    /// One sentence of at most `textBytes` bytes.
    package let text: String

    /// Bytes of a text.
    package static let textBytes = 200
    /// Notes that are kept of a trial: the first ones.
    package static let perTrial = 100

    /// A note whose text is cut to its limit, between characters.
    package init(epoch: Int, text: String) {
        self.epoch = epoch
        var text = text
        while text.utf8.count > Self.textBytes { text.removeLast() }
        self.text = text
    }
}
