import ArgumentParser
import SweepReports

/// `sweepd diagnose SWEEP`.
struct DiagnoseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnose",
        abstract: "What a sweep's trials suffer from: symptoms, likely causes, what would mend them.",
        discussion: """
            From what is stored: curves, specifications, notes. A trial that shows nothing is left out of the text unless it is \
            asked for. `sweepd why` looks into layers and data too.
            """
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "One trial's number; otherwise all.") var trial: Int?
    @Option(help: "text or json.") var format: WhyCommand.Format = .text

    func run() async throws {
        let document = try await location.ask { try await $0.diagnose(sweep: sweep, trial: trial) }
        switch format {
        case .json:
            Terminal.output((trial == nil ? document.json : document.reports.first?.json ?? .null).text(pretty: true))
        case .text:
            guard trial == nil else { return Terminal.output(document.text) }
            let sick = document.reports.filter { $0.verdictKind != "no_fault" }
            Terminal.output(DiagnosisDocument(sweep: document.sweep, reports: sick).text)
            Terminal.output("\(document.reports.count - sick.count) of \(document.reports.count) trials show no fault")
        }
    }
}
