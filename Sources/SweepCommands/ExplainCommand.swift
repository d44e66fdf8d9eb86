import ArgumentParser
import SweepNodeCommands
import SweepReports

/// `sweepd explain SWEEP TRIAL`, or with `--trial` as other commands have it.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Why a trial was proposed, and why it went on or was stopped."
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @Argument(help: "The trial's number.") var number: Int?
    @Option(help: "The trial's number, if it does not stand behind the sweep's name.") var trial: Int?
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table or json.") var format: ListCommand.Format = .table

    func run() async throws {
        guard let trial = trial ?? number, trial == number ?? trial else {
            throw CommandFailure(.badInput, "explain: needs one trial's number, as in `sweepd explain \(sweep) 17`")
        }
        let document = try await location.ask(about: sweep) { try await $0.explain(sweep: sweep, trial: trial) }
        switch format {
        case .table: Terminal.tell(document.plainText(width: Terminal.width))
        case .json: Terminal.output(document.json.text(pretty: true))
        }
    }
}
