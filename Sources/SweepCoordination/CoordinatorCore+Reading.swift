import SweepCore
import SweepSearch

extension CoordinatorCore {
    /// The state for those who read it: all that documents show, and nothing of what decides.
    ///
    /// A value of its own, taken in microseconds whatever the size of the sweeps: what is made of it may be made on another
    /// thread, while events change the core. Each change then copies the block of trials that it touches, once.
    package var reading: CoordinatorCore {
        var copy = CoordinatorCore(options: options, session: session)
        copy.sweeps = sweeps.mapValues(\.reading)
        copy.table = table
        copy.turnedAway = turnedAway
        return copy
    }
}

extension SweepProgress {
    /// The sweep without searcher and scheduler: their tables have an entry a trial and would be copied at the next decision.
    fileprivate var reading: SweepProgress {
        var copy = self
        copy.searcher = NoSearcher()
        copy.scheduler = NoPruning(levels: levels)
        return copy
    }
}

/// In the place of the searcher of a sweep that is only read.
private struct NoSearcher: Searcher {
    var ignoresResults: Bool { true }
    var total: Int? { 0 }
    mutating func propose(number: Int) -> Configuration? { nil }
}
