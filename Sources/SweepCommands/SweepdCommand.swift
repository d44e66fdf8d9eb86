package import ArgumentParser
import Foundation
import SweepData

/// The root command: what a user types is one of its subcommands.
package struct SweepdCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sweepd",
        abstract: "Distributed hyperparameter sweeps: hand out trials, stop the bad ones early, rank the rest.",
        version: softwareVersion,
        subcommands: [
            RunCommand.self, CoordinatorCommand.self, WorkerCommand.self, SubmitCommand.self, ListCommand.self,
            StatusCommand.self, WaitCommand.self, RankCommand.self, CurvesCommand.self, CompareCommand.self,
            DiagnoseCommand.self,
            ImportanceCommand.self, TrialCommand.self, ExplainCommand.self,
            WhyCommand.self, DataCommand.self, ValidateCommand.self, SimulateCommand.self, SelfTestCommand.self,
            ReportCommand.self, ExportCommand.self, PredictCommand.self, BenchCommand.self, PauseCommand.self,
            ResumeCommand.self,
            CancelCommand.self, DeleteCommand.self, SetCommand.self, KeysCommand.self, InviteCommand.self,
            JoinCommand.self,
            StoreCommand.self, DoctorCommand.self, UpCommand.self, SlurmCommand.self, CompletionsCommand.self,
            SchemaCommand.self,
        ]
    )

    package init() {}

    /// The program's version.
    package static let softwareVersion = "0.1.0"

    /// Parses the arguments, runs the command and ends the process with its exit code.
    package static func runAndExit() async -> Never {
        // A reader that goes away (`| head`) must not end a sweep, nor leave its workers behind.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try ResidentLimit.checkEnvironment()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Foundation.exit(ExitStatus.done.rawValue)
        } catch let failure as CommandFailure {
            for line in failure.lines { Terminal.error(line) }
            Foundation.exit(failure.status.rawValue)
        } catch {
            let parsed = exitCode(for: error)
            let message = fullMessage(for: error)
            if parsed == .success {
                Terminal.output(message)
                Foundation.exit(ExitStatus.done.rawValue)
            }
            Terminal.error(message)
            // What the parser does not accept is bad input; all else is a failure.
            Foundation.exit(parsed == .validationFailure ? ExitStatus.badInput.rawValue : ExitStatus.failed.rawValue)
        }
    }
}
