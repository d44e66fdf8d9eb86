package import ArgumentParser
import SweepNodeCommands

/// The root command: what a user types is one of its subcommands.
package struct SweepdCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sweepd",
        abstract: "Distributed hyperparameter sweeps: hand out trials, stop the bad ones early, rank the rest.",
        version: SoftwareVersion.current,
        subcommands: [
            RunCommand.self, CoordinatorCommand.self, WorkerCommand.self, SubmitCommand.self, ListCommand.self,
            StatusCommand.self, WaitCommand.self, RankCommand.self, CurvesCommand.self, CompareCommand.self,
            DiagnoseCommand.self,
            ImportanceCommand.self, TrialCommand.self, ExplainCommand.self,
            WhyCommand.self, DataCommand.self, ValidateCommand.self, SimulateCommand.self, SelfTestCommand.self,
            ReportCommand.self, ExportCommand.self, PredictCommand.self, BenchCommand.self, PauseCommand.self,
            ResumeCommand.self,
            CancelCommand.self, DeleteCommand.self, SetCommand.self, EnqueueCommand.self, KeysCommand.self,
            InviteCommand.self,
            JoinCommand.self,
            StoreCommand.self, DoctorCommand.self, UpCommand.self, SlurmCommand.self, CompletionsCommand.self,
            SchemaCommand.self,
        ]
    )

    package init() {}
}
