package import SweepCore

/// A program that is to be run for a segment of its trial, with all that it needs.
package struct ProgramJob: Sendable {
    package var spec: CommandSpec
    /// What each report must hold, in the order of an observation's values.
    package var metrics: [Metric]
    /// Epochs that `checkpoint` holds; 0 without one.
    package var from: Int
    /// The last epoch that is wanted now.
    package var to: Int
    /// Whether the program's state is wanted at the segment's end.
    package var keepsCheckpoint: Bool
    package var sweep: String
    package var trial: Int
    package var seed: UInt64
    package var files: FileBundle
    package var checkpoint: FileBundle?
    /// Whose programs may serve it, where they serve more than one run; nil: its own alone.
    package var kind: ProgramKind?

    package init(
        spec: CommandSpec,
        metrics: [Metric],
        from: Int,
        to: Int,
        keepsCheckpoint: Bool,
        sweep: String,
        trial: Int,
        seed: UInt64,
        files: FileBundle,
        checkpoint: FileBundle?,
        kind: ProgramKind? = nil
    ) {
        self.spec = spec
        self.metrics = metrics
        self.from = from
        self.to = to
        self.keepsCheckpoint = keepsCheckpoint
        self.sweep = sweep
        self.trial = trial
        self.seed = seed
        self.files = files
        self.checkpoint = checkpoint
        self.kind = kind
    }
}

/// What runs must have in common to be served by one process: all but what each trial is told anew.
package struct ProgramKind: Hashable, Sendable {
    private let sweep: SweepID
    private let name: String
    private let files: ContentHash
    private let spec: CommandSpec

    /// `files`: the hash of the program's files. Nil for a command that is not reused.
    package init?(_ spec: CommandSpec, sweep: SweepID, name: String, files: ContentHash) {
        guard spec.isReused else { return nil }
        self.sweep = sweep
        self.name = name
        self.files = files
        var common = spec
        common.parameters = []
        self.spec = common
    }
}

/// How a program's run ended.
package enum ProgramEnd: Hashable, Sendable {
    /// The last epoch that was wanted was reported; with the state after it, if the program saved it.
    case reached(checkpoint: FileBundle?)
    /// The program ended by itself, with exit code 0 after an epoch.
    case stoppedEarly
    /// A loss was not finite.
    case notFinite
    /// It was ended because it is not wanted now; with its state, if it was asked for it and saved it.
    case cancelled(checkpoint: FileBundle?)
    /// Trying again gives the same.
    case failed(String, log: String)
    /// Another attempt may work.
    case died(String, log: String)

    /// What went wrong; nil when nothing did.
    var reason: String? {
        switch self {
        case .failed(let reason, _), .died(let reason, _): reason
        case .reached, .stoppedEarly, .notFinite, .cancelled: nil
        }
    }
}

/// What a running program's surroundings do, as seen from its run.
package struct ProgramControl {
    /// Whether the run is to end at once.
    package var shouldStop: () -> Bool
    /// Whether its surroundings are about to go, so that nothing may take time any more.
    package var isClosing: () -> Bool
    /// Whether the trial is to rest at its next epoch.
    package var isDraining: () -> Bool
    /// Returns when a report may be taken.
    package var waitForRoom: () -> Void
    /// An epoch that is new.
    package var observed: (Observation) -> Void
    /// The program lives: epochs done, and a number that grows.
    package var advanced: (_ epoch: Int, _ step: Int) -> Void
    /// Something that people may want to know and that ends nothing.
    package var noted: (String) -> Void

    package init(
        shouldStop: @escaping () -> Bool = { false },
        isClosing: @escaping () -> Bool = { false },
        isDraining: @escaping () -> Bool = { false },
        waitForRoom: @escaping () -> Void = {},
        observed: @escaping (Observation) -> Void = { _ in },
        advanced: @escaping (_ epoch: Int, _ step: Int) -> Void = { _, _ in },
        noted: @escaping (String) -> Void = { _ in }
    ) {
        self.shouldStop = shouldStop
        self.isClosing = isClosing
        self.isDraining = isDraining
        self.waitForRoom = waitForRoom
        self.observed = observed
        self.advanced = advanced
        self.noted = noted
    }
}
