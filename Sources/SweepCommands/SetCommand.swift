import ArgumentParser
import SweepCore
import SweepNodeCommands
import SweepReports

/// `sweepd set SWEEP`.
struct SetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract:
            "Change a running sweep: its priority, how many of its trials run at once, or how many there will be.",
        discussion: """
            What is changed counts from then on; nothing that runs is taken back. More trials let a finished sweep go on where \
            it ended; fewer begin no more, and those that are begun go on.
            """
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @Option(parsing: .unconditional, help: "Sweeps of a higher priority get workers first; 0 unless told.")
    var priority: Int?
    @Option(help: "Trials that workers may hold at once, or none for no limit.") var maxParallel: Limit?
    @Option(help: "How many trials there will be in all, repeats included.") var trials: Int?
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table or json.") var format: ListCommand.Format = .table

    /// A number, or `none`.
    struct Limit: ExpressibleByArgument {
        let limit: SweepAdjustment.Limit

        init?(argument: String) {
            if argument == "none" {
                limit = .unlimited
            } else if let number = Int(argument) {
                limit = .atMost(number)
            } else {
                return nil
            }
        }
    }

    func run() async throws {
        let adjustment = SweepAdjustment(priority: priority, maxParallel: maxParallel?.limit, trials: trials)
        guard !adjustment.isEmpty else {
            throw CommandFailure(.badInput, "nothing is to be changed: give --priority, --max-parallel or --trials")
        }
        if let problem = adjustment.problem { throw CommandFailure(.badInput, problem) }
        Terminal.show(try await location.ask { try await $0.set(sweep: sweep, adjustment) }, format)
    }
}
