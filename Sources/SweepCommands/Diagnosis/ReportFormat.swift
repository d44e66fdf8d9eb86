import ArgumentParser
import SweepNodeCommands
import SweepReports

/// How a report is printed.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json

    /// Prints a report, and what the experiment showed if there was one.
    func show(_ report: DiagnosisDocument.Report, _ experiment: ExperimentDocument?) {
        switch self {
        case .json:
            guard case .object(let members) = report.json else { return }
            let more = experiment.map { [JSONMember("experiment", $0.json)] } ?? []
            Terminal.output(JSONValue.object(members + more).text(pretty: true))
        case .text:
            Terminal.tell(report.plainText(width: Terminal.width))
            guard let experiment else { return }
            for round in experiment.rounds {
                Terminal.tell(round.sweep + (round.fromEpoch.map { ", from epoch \($0) on" } ?? ""))
                Terminal.output(round.table.plainText(width: Terminal.width))
            }
            for sentence in experiment.sentences { Terminal.tell(sentence) }
        }
    }
}
