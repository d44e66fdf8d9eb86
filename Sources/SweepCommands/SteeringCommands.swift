import ArgumentParser
import SweepNodeCommands
import SweepReports

/// `sweepd pause SWEEP`.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Hand out no more work of a sweep and take back what runs; resume goes on from the last checkpoints."
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table or json.") var format: ListCommand.Format = .table

    func run() async throws {
        Terminal.show(try await location.ask { try await $0.pause(sweep: sweep) }, format)
    }
}

/// `sweepd resume SWEEP`.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Go on with a paused sweep.")

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table or json.") var format: ListCommand.Format = .table

    func run() async throws {
        Terminal.show(try await location.ask { try await $0.resume(sweep: sweep) }, format)
    }
}

/// `sweepd cancel SWEEP`.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End a sweep for good: trials that have not ended are pruned, curves and ranking stay."
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table or json.") var format: ListCommand.Format = .table

    func run() async throws {
        Terminal.show(try await location.ask { try await $0.cancel(sweep: sweep) }, format)
    }
}

/// `sweepd delete SWEEP`.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract:
            "Remove a sweep that is over: its trials, curves, ranking, checkpoints and data that no other sweep needs.",
        discussion: """
            Nothing brings it back; sweepd store backup copies a store before. One that is not over is ended by sweepd cancel. \
            Its name is free then.
            """
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @Flag(help: "Do it. Without this nothing is removed.") var yes = false
    @Flag(help: "That there is no such sweep is no mistake.") var ifExists = false
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table or json.") var format: ListCommand.Format = .table

    func run() async throws {
        guard yes else {
            throw CommandFailure(
                .badInput,
                "delete removes \(sweep) with its trials, curves and ranking for good; sweepd delete \(sweep) --yes does it"
            )
        }
        let control = try await location.control()
        let entry: ListDocument.Entry
        do { entry = try await control.delete(sweep: sweep) } catch {
            if ifExists, error.code == .notFound { return Terminal.error("\(sweep): there is no such sweep") }
            throw CommandFailure(error, of: control)
        }
        switch format {
        case .table: Terminal.output("\(sweep): deleted, with \(entry.trials.total) trials")
        case .json: Terminal.output(entry.json.text(pretty: true))
        }
    }
}

/// `sweepd submit FILE`.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Hand a sweep to a running coordinator, with its data set."
    )

    @Argument(help: "The sweep file.") var file: String
    @OptionGroup var overrides: OverrideOptions
    @OptionGroup var location: CoordinatorLocation

    func run() async throws {
        let loaded = try LoadedSweep(file, overrides: overrides.overrides)
        loaded.printWarnings()
        let submission = try loaded.submission()
        let entry = try await location.ask { control in
            if let client = control as? ControlClient {
                for (id, packed) in loaded.dataSets { try await client.send(dataSet: id, packed) }
            }
            return try await control.submit(submission)
        }
        Terminal.output("\(entry.sweep): \(entry.state)")
    }
}

/// `sweepd validate FILE`.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a sweep file and its data; every mistake with its line."
    )

    @Argument(help: "The sweep file.") var file: String
    @OptionGroup var overrides: OverrideOptions

    func run() throws {
        let loaded = try LoadedSweep(file, overrides: overrides.overrides)
        Terminal.output(loaded.summary)
        loaded.printWarnings()
    }
}
