package import SweepCore

/// From which epoch on a run shows what it is reported for, and whether it was well before.
///
/// Many rules look at the last epochs, or at a share of them, and what they find may be much older than the epochs they looked at. So the
/// rules are asked again of the run's first epochs, as it stood then: what was reported begins where any of it was first to be seen.
package enum SymptomOnset {
    /// How many shorter runs are looked at, at most: the onset of a long run is known to a 64th of its length, on the early side where a rule
    /// looks at a window.
    private static let prefixes = 64
    /// How far the loss may lie above the least so far in a run that is well. Source: the slower way of `DivergenceDetector`.
    private static let overLeast = 2.0

    /// The first epoch that shows any complaint among `reported`; nil where the curve of `run` shows none of them, so that nobody knows when
    /// they began.
    ///
    /// What only instruments see is as old as the first of their readings that shows it.
    package static func epoch(of reported: [Finding], in run: RunEvidence) -> Int? {
        let asked = reported.filter(\.symptom.isComplaint)
        let kinds = Set(asked.map(\.symptom))
        let whole = SymptomReport(run.first(run.curve.epochs, of: run.budget))
        var dated = whole.complaints.filter { kinds.contains($0.symptom) }
        guard !dated.isEmpty else { return nil }
        // One sickness: the loss leaves what it had reached, and a report names the gravest of the three.
        let leaving: Set<Symptom> = [.nonFinite, .diverging, .rising]
        let sought = kinds.isDisjoint(with: leaving) ? kinds : kinds.union(leaving)
        let step = max(1, (run.curve.epochs + prefixes - 1) / prefixes)
        for epochs in stride(from: step, to: run.curve.epochs, by: step) {
            let report = SymptomReport(run.first(epochs, of: run.budget))
            dated += report.complaints.filter { sought.contains($0.symptom) }
        }
        return (dated + asked.filter { whole[$0.symptom] == nil }).map(\.sinceEpoch).min()
    }

    /// Whether nothing would be said against the run had it been one of `epochs` epochs, and its loss is not on its way up.
    ///
    /// A run that never learned has no state worth going on from, whenever a rule first says so: *at chance* is asked after a third of
    /// the epochs alone.
    package static func isWell(_ run: RunEvidence, after epochs: Int) -> Bool {
        let shorter = run.first(epochs, of: epochs)
        guard SymptomReport(shorter).complaints.isEmpty, let last = shorter.series.probe.last,
            let least = shorter.series.probe.min()
        else { return false }
        return shorter.series.probe.count == epochs && last <= overLeast * max(least, shorter.series.floor)
    }
}

extension RunEvidence {
    /// What the curve tells of the run's first epochs, if it was to have `budget`.
    fileprivate func first(_ epochs: Int, of budget: Int) -> RunEvidence {
        RunEvidence(
            curve: LearningCurve(metrics: curve.metrics, observations: Array(curve.observations.prefix(epochs))),
            budget: budget,
            chanceLoss: chanceLoss,
            bestProbeLoss: bestProbeLoss,
            trial: trial,
            schema: schema
        )
    }
}
