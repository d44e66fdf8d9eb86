package import SweepCore

/// The arms of a comparison that part after an epoch: the first trial is trained up to it, and all later ones go on from its state to the
/// end.
///
/// The first is then done: it is the segment that they share, and no run of an arm. When it never comes to that epoch, nothing goes on.
package struct BranchScheduler: FidelityScheduler {
    package let levels: [Int]
    private let trials: Int
    /// Trials begun so far.
    private var begun = 0
    private var isThere = false

    /// `trials` in all, the first among them, of `epochs` epochs, which part after epoch `after`.
    package init(after: Int, epochs: Int, trials: Int) {
        levels = [after, epochs]
        self.trials = trials
    }

    /// Which trials go on from the state is known before; that there is one is awaited.
    package var ignoresResults: Bool { true }
    package var plansTrials: Bool { true }
    package func firstLevel(of trial: Int) -> Int { trial == 1 ? levels[0] : levels[1] }
    package mutating func started(trial: Int) { begun = max(begun, trial) }
    package mutating func finished(trial: Int, epoch: Int, cost: Double) { if trial == 1 { isThere = true } }
    package mutating func removed(trial: Int) { if trial == 1 { isThere = false } }
    package mutating func promotion() -> (trial: Int, to: Int)? { nil }
    package mutating func promoted(trial: Int, to level: Int) {}
    /// None: the first ends at once when all others have begun, which is no matter of results.
    package func hopeless(remaining newTrials: Int) -> [Int] { [] }

    package func copyDue() -> MemberCopy? {
        guard isThere, begun < trials else { return nil }
        return MemberCopy(replaced: nil, donor: 1, epoch: levels[0], to: levels[1])
    }
}

extension BranchSpec {
    /// The rule for people: which trials go on.
    package var sentence: String {
        "the first trial is trained up to epoch \(after) and ends there; all others go on from its state, to the end"
    }
}
