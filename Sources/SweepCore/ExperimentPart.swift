/// That a sweep was handed in as a part of a controlled experiment on a trial of another one.
///
/// It changes nothing of the sweep: pages find the parts of an experiment by it, and the arms whose p are corrected together. Names
/// may be given again after `delete`, numbers of sweeps are not: a part is of the sweep that has the name now only if its own
/// number is greater.
package struct ExperimentPart: Hashable, Sendable {
    /// The sweep of the trial, by name.
    package let sweep: String
    /// The trial, from 1.
    package let trial: Int
    /// 1: one change at a time; 2: two together.
    package let round: Int
    /// The name of the part that was handed in first, perhaps this one's own: parts with the same belong to one experiment,
    /// unless one was handed in before the sweep that has this name now, and another not.
    package let first: String

    /// Trials and rounds from 1 that a peer may name.
    package static let trials = 1...9_007_199_254_740_992
    package static let rounds = 1...100
    /// The longest name, in bytes; a sweep's own has at most 64.
    package static let greatestName = 64

    package init(sweep: String, trial: Int, round: Int, first: String) {
        self.sweep = sweep
        self.trial = trial
        self.round = round
        self.first = first
    }

    /// Whether names and numbers are such as sweeps and trials have.
    package var isPossible: Bool {
        let names = [sweep, first].allSatisfy { (1...Self.greatestName).contains($0.utf8.count) }
        return names && Self.trials.contains(trial) && Self.rounds.contains(round)
    }
}
