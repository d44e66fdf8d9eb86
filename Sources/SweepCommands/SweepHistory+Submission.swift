import Foundation
import SweepCore
import SweepDiagnosis
import SweepExport
import SweepReports
import SweepWire

extension SweepHistory {
    /// The history of a sweep's trials with their findings; throws where its sweep file cannot be read.
    init(_ curves: CurvesDocument, handedIn submission: Submission) throws(ControlError) {
        guard let tree = try? SpecNode(wireBytes: submission.tree),
            let file = Sweep.read(tree, problems: SpecProblems())
        else { throw ControlError(.internal, "\(curves.sweep): its sweep file cannot be read") }
        let least = curves.trials.compactMap { $0.curve.leastFinite(.probeLoss) }.min()
        var findings: [Int: String] = [:]
        for trial in curves.trials {
            findings[trial.trial] =
                Findings.primary(
                    curve: trial.curve,
                    budget: trial.stoppedEarly ? trial.curve.epochs : file.epochs,
                    chanceLoss: submission.schema?.chanceLoss,
                    bestProbeLoss: least,
                    sample: ValidationSample(submission.schema, of: file.space)
                )?.symptom.words
        }
        self.init(
            curves: curves,
            space: file.space,
            further: file.further,
            findings: findings,
            began: Date().timeIntervalSince1970 - SweepHistory.longest(curves)
        )
    }
}
