import ArgumentParser
import Foundation
import SweepNodeCommands
import SweepReports

/// `sweepd wait SWEEP`.
struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Return when a sweep is over: for scripts.",
        discussion: """
            The exit code is 0 when the sweep has finished, with the experiments that its file asks for, and 1 when it was cancelled or halted, or is not over in time. A \
            coordinator that goes away after it answered once is waited for. A paused sweep is not over.
            """
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "Seconds after which it is given up; unless told, never.") var within: Double?

    func validate() throws {
        // Some thirty years: a duration holds no number of seconds that has no end.
        if let within, !(within > 0 && within <= 1e9) {
            throw ValidationError("--within: found \(within), allowed seconds above 0, at most 1e9")
        }
    }

    func run() async throws {
        let end = try await location.follow(sweep, on: .error, within: within)
        guard let end else { throw CommandFailure(.interrupted, "interrupted; for the sweep that changes nothing") }
        switch end.state {
        case "finished":
            guard let experiments = end.experiments, experiments.state == "halted" else { return }
            throw CommandFailure(.failed, "\(sweep) is finished; its experiments wait: \(experiments.text)")
        case "cancelled": throw CommandFailure(.failed, "\(sweep) was cancelled")
        default: throw CommandFailure(.failed, "\(sweep) is halted: \(end.reason ?? "no reason is known")")
        }
    }
}
