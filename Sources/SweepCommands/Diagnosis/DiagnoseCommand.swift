import ArgumentParser
import SweepCore
import SweepDiagnosis
import SweepNodeCommands
import SweepReports

/// `sweepd diagnose SWEEP`.
struct DiagnoseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnose",
        abstract: "What a sweep's trials suffer from: symptoms, likely causes, what would mend them.",
        discussion: """
            From what is stored: curves, specifications, notes. A trial that shows nothing is left out of the text unless it is \
            asked for. `sweepd why` looks into layers and data too. With --confirm the coordinator's workers train the trial's \
            run again beside changed ones, each over the same seeds, as sweeps of their own. A sweep file with `diagnose` has its \
            coordinator do so by itself once the sweep is finished; what that showed is told here.
            """
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "One trial's number; otherwise all.") var trial: Int?
    @Flag(help: "Find the cause by a controlled experiment on the workers; with --trial.") var confirm = false
    @OptionGroup var size: ExperimentOptions
    @Option(help: "text or json.") var format: ReportFormat = .text

    func run() async throws {
        guard !confirm else { return try await runExperiment() }
        let document = try await location.ask(about: sweep) { try await $0.diagnose(sweep: sweep, trial: trial) }
        if let trial {
            guard let report = document.reports.first else {
                let control = try await location.control(about: sweep)
                throw untrained(trial, try? await control.explain(sweep: sweep, trial: trial).state)
            }
            guard format == .text else { return Terminal.output(report.json.text(pretty: true)) }
            Terminal.tell(document.plainText(width: Terminal.width))
            for line in document.experiments.flatMap(\.lines) { Terminal.tell(line) }
            return
        }
        switch format {
        case .json: Terminal.output(document.json.text(pretty: true))
        case .text:
            let sick = document.reports.filter { $0.verdictKind != "no_fault" }
            if !sick.isEmpty {
                Terminal.tell(
                    DiagnosisDocument(sweep: document.sweep, reports: sick).plainText(width: Terminal.width)
                )
            }
            let failed = document.reports.isEmpty ? try await failures() : 0
            Terminal.tell(Self.sum(of: document.reports.count, sick: sick.count, failed: failed, sweep: sweep))
            for region in document.regions { Terminal.tell(region.text) }
            for line in document.experiments.flatMap(\.lines) { Terminal.tell(line) }
        }
    }

    /// How many trials of the sweep failed.
    private func failures() async throws -> Int {
        try await location.ask(about: sweep) { try await $0.status(sweep: sweep) }.trials.failed
    }

    /// How many trials show a fault. Where none trained an epoch nothing was diagnosed, and why they failed stands elsewhere.
    private static func sum(of trained: Int, sick: Int, failed: Int, sweep: String) -> String {
        guard trained == 0 else { return "\(trained - sick) of \(trained) trials show no fault" }
        return "no trial of \(sweep) has trained an epoch"
            + (failed == 0 ? " yet" : "; \(failed) failed, and `sweepd rank \(sweep)` says why")
    }

    private func untrained(_ trial: Int, _ state: TrialState?) -> CommandFailure {
        if case .failed(let reason)? = state {
            return CommandFailure(.badInput, "trial \(trial) of \(sweep) failed before its first epoch: \(reason)")
        }
        return CommandFailure(.badInput, "trial \(trial) of \(sweep) has trained no epoch yet")
    }

    /// Diagnoses one trial, tries what may mend it, and reports both.
    private func runExperiment() async throws {
        guard let trial else {
            throw CommandFailure(.badInput, "--confirm: needs the trial to look into, as in --trial 7")
        }
        let (report, experiment) = try await location.ask { control in
            let document = try await control.diagnose(sweep: sweep, trial: trial)
            guard let report = document.reports.first else {
                throw untrained(trial, try? await control.explain(sweep: sweep, trial: trial).state)
            }
            let confirmation = Confirmation(
                control: control,
                subject: try await Confirmation.Subject(trial: trial, of: sweep, at: control),
                suspects: report.causes.map(\.cause),
                shown: report.inSweep,
                symptoms: report.symptoms,
                repeats: size.repeats,
                arms: size.arms
            ) { "`sweepd cancel \($0)` ends them" }
            return (report, try await confirmation.run())
        }
        format.show(report.confirmed(by: experiment), experiment)
    }
}
