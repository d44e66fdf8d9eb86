import ArgumentParser
import SweepCore
import SweepNodeCommands
import SweepReports

/// `sweepd trial SWEEP N`.
struct TrialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trial",
        abstract:
            "All there is to say of one trial: configuration, curve, workers, finding, why proposed, why stopped, log."
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @Argument(help: "The trial's number.") var number: Int
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table or json.") var format: ListCommand.Format = .table

    func run() async throws {
        let (curves, document) = try await location.ask(about: sweep) { control in
            let curves = try await control.curves(sweep: sweep, trial: number)
            let explanation = try await control.explain(sweep: sweep, trial: number)
            let diagnosis = try await control.diagnose(sweep: sweep, trial: number)
            guard let document = TrialOverview(curves: curves, explanation: explanation, diagnosis: diagnosis) else {
                throw ControlError(.internal, "trial: the coordinator answered with other trials")
            }
            return (curves, document)
        }
        switch format {
        case .table:
            Terminal.tell(document.plainText(width: Terminal.width))
            guard document.trial.curve.epochs > 1 else { return }
            Terminal.tell(curves.chart.terminalText(width: Terminal.width ?? 80))
        case .json: Terminal.output(document.json.text(pretty: true))
        }
    }
}
