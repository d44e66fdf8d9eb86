package import SweepCore

/// Arms that begin before the symptom instead of with new weights.
///
/// Where a run was well for some epochs, all arms may share those: the run is trained up to the epoch before the symptom once, and each arm
/// goes on from its state with one thing changed. That costs the remaining epochs alone, and asks what mends the run from there on; a
/// change of the rate that helps only at the beginning is not mistaken for a cure of what comes later, or the other way round.
extension Experiment {
    /// Epochs that a run must have been well for: below five no test of a trend comes to p < 0.05, so that nobody can say that it was, and
    /// to train them again costs little.
    package static let leastBefore = 5
    /// Epochs that must be left: the shortest stretch that a rule of the catalogue judges (S-DIVERGE, S-VALRISE).
    package static let leastAfter = 3

    /// The epoch after which arms part, of a run of `epochs` epochs that is reported for `symptoms`: the one before the first of them. Nil:
    /// all begin with new weights, as that is too early or too late, or the run was not well there either.
    package static func branchPoint(before symptoms: [Finding], in run: RunEvidence, epochs: Int) -> Int? {
        guard let onset = SymptomOnset.epoch(of: symptoms, in: run) else { return nil }
        let after = onset - 1
        return after >= leastBefore && epochs - after >= leastAfter && SymptomOnset.isWell(run, after: after)
            ? after : nil
    }

    /// The arms of a round that begin alike, beside a run of their own that changes nothing.
    package struct Group: Hashable, Sendable {
        /// The epoch after which they part; nil: they begin with new weights.
        package let after: Int?
        package let interventions: [Intervention]

        package init(after: Int?, interventions: [Intervention]) {
            self.after = after
            self.interventions = interventions
        }

        /// What it trains, in epochs, of runs of `epochs` epochs over `repeats` seeds.
        package func cost(epochs: Int, repeats: Int) -> Int {
            let runs = (interventions.count + 1) * repeats
            return (after ?? 0) + runs * (epochs - (after ?? 0))
        }
    }

    /// The arms of a round by how they begin: with new weights those whose change the state of a network does not survive, or that would
    /// come too late; all where `after` is nil.
    package func groups(_ round: [Intervention], after: Int?) -> [Group] {
        guard let after else { return round.isEmpty ? [] : [Group(after: nil, interventions: round)] }
        let restarts = round.filter { !catalogue.canBranch($0) }
        let branches = round.filter(catalogue.canBranch).map(\.branched)
        return [Group(after: nil, interventions: restarts), Group(after: after, interventions: branches)].filter {
            !$0.interventions.isEmpty
        }
    }
}

extension InterventionCatalogue {
    /// Whether the change can be made between two epochs and means something then: every number of the state keeps its place and its
    /// meaning (the rule of populations), and it is no warm-up, which is over before.
    fileprivate func canBranch(_ intervention: Intervention) -> Bool {
        let arm = Arm(name: intervention.name, changes: intervention.changes)
        let isStart = intervention.changes.contains { $0.path == ["train", "warmup"] && $0.value != .null }
        guard !isStart, let node = arm.applied(to: template),
            let changed = TrialSpec.read(node, problems: SpecProblems())
        else { return false }
        return spec.canGoOn(as: changed)
    }
}

extension Intervention {
    /// The same between two epochs: a lower rate from there on is also what a decay would have been.
    fileprivate var branched: Intervention { answering(.noDecay, beside: .rateTooHigh) }
}
