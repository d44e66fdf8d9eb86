package import SweepCore
import SweepSearch

/// All there is to say of one trial: what `trial` answers.
///
/// JSON: `{"sweep", "objective", "trial": {…}, "explanation": {…}, "report": {…} or null}`: the trial as `curves` has it, what `explain`
/// answers, and its report of `diagnose`, null before its first epoch.
package struct TrialOverview: Hashable, Sendable {
    package let sweep: String
    package let objective: Objective
    package let trial: CurvesDocument.Trial
    package let explanation: ExplanationDocument
    package let report: DiagnosisDocument.Report?

    /// Put together from three answers on one trial; nil when `curves` is not of one alone.
    package init?(curves: CurvesDocument, explanation: ExplanationDocument, diagnosis: DiagnosisDocument) {
        guard curves.trials.count == 1, let trial = curves.trials.first else { return nil }
        sweep = curves.sweep
        objective = curves.objective
        self.trial = trial
        self.explanation = explanation
        report = diagnosis.reports.first { $0.trial == trial.trial }
    }

    /// The document as JSON.
    package var json: JSONValue {
        .object([
            JSONMember("sweep", .text(sweep)),
            JSONMember("objective", objective.json),
            JSONMember("trial", trial.json(stable: false)),
            JSONMember("explanation", explanation.json),
            JSONMember("report", report?.json ?? .null),
        ])
    }

    /// Everything but the curve's drawing, for people.
    package func plainText(width: Int?) -> String {
        var lines: [String] = []
        func line(_ title: String, _ text: String) {
            lines.append(title + String(repeating: " ", count: max(1, 11 - title.count)) + text)
        }
        line("trial", "\(trial.trial) of \(sweep), configuration \(trial.configuration.id)")
        for entry in trial.configuration.entries { line("", "\(entry.path): \(entry.value)") }
        if let parent = trial.parent {
            line(
                "copied",
                "from the state of trial \(parent.trial) after epoch \(parent.epoch), whose epochs come first"
            )
        }
        line("state", state)
        line("seed", String(trial.seed))
        if let fold = trial.fold { line("fold", "\(fold): its rows are those of validation") }
        if let best = trial.curve.best(for: objective) {
            line(
                "objective",
                "\(objective.metric.rawValue) \(NumberText.significant(best.value)) in epoch \(best.epoch)"
            )
            let others = trial.curve.metrics.filter { $0 != objective.metric }.compactMap { metric in
                trial.curve.value(metric, at: best.epoch).map { "\(metric.rawValue) \(NumberText.significant($0))" }
            }
            if !others.isEmpty { line("there", others.prefix(4).joined(separator: ", ")) }
        }
        if let attempts = trial.attempts {
            let on = trial.workers.isEmpty ? "" : " on \(trial.workers.joined(separator: ", "))"
            let with = trial.kernels.isEmpty ? "" : ", kernels \(trial.kernels.joined(separator: ", "))"
            line(
                "training",
                "handed out \(attempts == 1 ? "once" : "\(attempts) times")\(on)\(with); "
                    + "\(NumberText.significant(trial.curve.seconds, digits: 3)) core seconds"
            )
        }
        for note in trial.notes { line("note", "epoch \(note.epoch): \(note.text)") }
        if let report {
            let isSound = report.verdictKind == "no_fault"
            let symptoms = report.symptoms.filter { !isSound && !$0.symptom.isRemark }
            line("verdict", report.verdict)
            for finding in symptoms {
                line("", "\(finding.symptom.rawValue) \(finding.symptom.words): \(finding.evidence)")
            }
        }
        if let report {
            for (index, text) in report.classLines(width: width.map { $0 - 11 }).enumerated() {
                line(index == 0 ? "classes" : "", text)
            }
            if let text = report.noiseLine { line("noise", text) }
        }
        if let log = trial.log {
            lines += ["", "The last lines of the process that it took down:"]
            lines += log.split(separator: "\n", omittingEmptySubsequences: false).suffix(20).map { "  \($0)" }
        }
        return lines.joined(separator: "\n") + "\n\n" + explanation.plainText(width: width)
    }

    private var state: String {
        let words = trial.state.words(stoppedEarly: trial.stoppedEarly)
        let epochs = "after \(trial.curve.epochs) epoch\(trial.curve.epochs == 1 ? "" : "s")"
        return "\(words) \(epochs)" + (trial.state.reason.map { ": \($0)" } ?? "")
    }
}
