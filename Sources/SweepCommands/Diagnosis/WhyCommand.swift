import ArgumentParser
import Foundation
import KernelAPI
import SweepCore
import SweepData
import SweepDiagnosis
import SweepNodeCommands
import SweepReports
import SweepSpec
import SweepTraining
import SweepWorker

/// `sweepd why FILE`.
struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Why does this loss curve look like that? Symptoms, causes and a remedy for one run.",
        discussion: """
            FILE is a sweep file without ranges, or with --set for each of them: it is trained here with every instrument on, and its \
            data are checked. Where something is wrong, a controlled experiment follows: the run is trained again beside changed \
            ones, over the same seeds, to tell which change cures it. Or a curve of any program as CSV with a header, epoch, \
            train_loss, validation_loss, …: then symptoms and candidate causes only, and what cannot be known is told.
            """
    )

    @Argument(help: "A sweep file without ranges, or a curve as CSV.") var file: String
    @OptionGroup var overrides: OverrideOptions
    @Option(help: "Of a sweep file: the seed of weights and order (0).") var seed: UInt64?
    @Option(help: "Of a curve: how many classes of equal share there are, for the loss of guessing.") var classes: Int?
    @Option(help: "Of a curve: the loss of guessing, where --classes does not tell it.") var chance: Double?
    @Flag(inversion: .prefixedNo, help: "Of a sweep file: find the cause by a controlled experiment on this machine.")
    var confirm = true
    @OptionGroup var size: ExperimentOptions
    @Option(help: "text or json.") var format: ReportFormat = .text

    func validate() throws {
        if let classes, classes < 2 { throw ValidationError("--classes: found \(classes), allowed a number from 2") }
        if let chance, !(chance > 0 && chance.isFinite) {
            throw ValidationError("--chance: found \(chance), allowed a number above 0")
        }
        if classes != nil, chance != nil { throw ValidationError("--classes and --chance: give one of them") }
    }

    func run() async throws {
        let isSweepFile = ["yaml", "yml"].contains((file as NSString).pathExtension.lowercased())
        if isSweepFile, classes != nil || chance != nil {
            throw CommandFailure(.badInput, "--classes and --chance: for curves; a sweep file's data tell it")
        }
        guard isSweepFile else { return format.show(try ofCurve(), nil) }
        try await explainTraining()
    }

    /// Trains the run, says what is wrong with it, and finds out by experiment why.
    private func explainTraining() async throws {
        let kernels = try KernelTable.ofEnvironment()
        let loaded = try LoadedSweep(file, overrides: overrides.overrides)
        let sweep = loaded.file.sweep
        let open = sweep.space.parameters.map(\.path)
        guard open.isEmpty else {
            throw CommandFailure(
                .badInput,
                "\(file): why looks at one run, and the file has ranges; found \(open.joined(separator: ", ")), allowed a value "
                    + "for each, as --set \(open[0])=…; `sweepd diagnose` reports on the trials of a sweep"
            )
        }
        let begun = ContinuousClock.now
        let run = try DiagnosedRun(loaded, configuration: Configuration([]), seed: seed ?? 0, kernels: kernels) {
            done,
            all in
            if Terminal.errorIsTerminal { Terminal.raw("\rtraining: epoch \(done) of \(all) ") }
        }
        if Terminal.errorIsTerminal { Terminal.raw("\r\u{1B}[K") }
        let took = begun.duration(to: .now) / .seconds(1)
        var report = run.report(name: sweep.name)
        guard confirm, report.verdictKind != "no_fault" else {
            if !confirm { report.unknown.append("no experiment was run: causes are likely, not confirmed") }
            return format.show(report, nil)
        }
        let subject = try Confirmation.Subject(loaded, seed: seed ?? 0, run: run.evidence)
        let experiment = try await LocalExperiment(loaded: loaded, subject: subject, options: size, seconds: took)
            .run(report)
        guard let experiment else {
            report.unknown.append("the experiment was interrupted: causes are likely, not confirmed")
            format.show(report, nil)
            throw CommandFailure(.interrupted, "interrupted before the experiment was over")
        }
        format.show(report.confirmed(by: experiment), experiment)
    }

    private func ofCurve() throws -> DiagnosisDocument.Report {
        guard overrides.overrides.isEmpty else {
            throw CommandFailure(.badInput, "--set: replaces values of a sweep file; a curve has none")
        }
        guard seed == nil else {
            throw CommandFailure(.badInput, "--seed: of the training of a sweep file; a curve is trained already")
        }
        let text: String
        do { text = String(decoding: try FileBytes.read(path: file, name: file), as: UTF8.self) } catch {
            throw CommandFailure(.badInput, "\(error)")
        }
        let curve: CurveFile
        do throws(CurveFile.Problems) { curve = try CurveFile(text) } catch {
            throw CommandFailure(.badInput, error.problems.map { $0.description(file: file) })
        }
        let run = RunEvidence(
            curve: curve.curve,
            budget: curve.curve.epochs,
            chanceLoss: chance ?? classes.map { ChanceLoss.even(classes: $0) }
        )
        let hasValidation = curve.curve.metrics.contains(.validationLoss)
        let isLoss = Metric.validationLoss
        var unknown = [
            "model, data, optimizer and settings: a curve does not tell them, so causes are candidates, by how common they are",
            "the training loss of most programs is a mean over the epoch with dropout on: beside the validation loss it is too high",
        ]
        if !hasValidation { unknown.append("nothing was measured on validation rows: overfitting cannot be seen") }
        if run.chanceLoss == nil { unknown.append("the loss of guessing: --classes N or --chance LOSS tells it") }
        unknown += curve.remarks
        if !curve.ignored.isEmpty {
            unknown.append("columns that were not understood: \(curve.ignored.joined(separator: ", "))")
        }
        return DiagnosisDocument.Report(
            name: (file as NSString).lastPathComponent + ", \(curve.curve.epochs) epochs",
            metric: hasValidation ? isLoss : .trainingLoss,
            value: curve.curve.leastFinite(hasValidation ? isLoss : .trainingLoss),
            Diagnosis(run),
            unknown: unknown
        )
    }
}
