import ArgumentParser
import Foundation
import KernelAPI
import SweepCoordinator
import SweepCore
import SweepData
import SweepExport
import SweepNodeCommands
import SweepProgram
import SweepReports
import SweepSearch
import SweepSpec
import SweepStore
import SweepWire

/// `sweepd export SWEEP`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Bring a sweep's history to other tools, or a trained model to other programs and to predict.",
        discussion: """
            History (--csv, --jsonl, --tensorboard, --optuna, --mlflow): every trial with its parameters, curve, end and \
            finding, also while the sweep runs.

            Models (--onnx, --safetensors): the trial is trained again on this machine to its best epoch, which gives the \
            same bits, and this is checked against what was recorded. That needs the sweep's data: from the coordinator's \
            directory (--directory), or by the sweep file (--file).
            """
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @Option(help: "A trial's number; otherwise the best one's model, and every trial's history.") var trial: Int?
    @Flag(help: "The best trial's model (the default).") var best = false
    @OptionGroup(title: "History") var history: HistoryExport
    @Option(help: "Write the model as ONNX, operator set 17.") var onnx: String?
    @Option(help: "Write the model as safetensors, which predict and other programs read.")
    var safetensors: String?
    @Option(help: "The sweep file, where the coordinator's directory is on another machine.") var file: String?
    @OptionGroup var location: CoordinatorLocation

    func validate() throws {
        if onnx == nil, safetensors == nil, history.isEmpty {
            throw ValidationError(
                "nothing to write; give --csv, --jsonl, --tensorboard, --optuna, --mlflow, --onnx or --safetensors"
            )
        }
        if best, trial != nil { throw ValidationError("--best and --trial: give one of them") }
    }

    func run() async throws {
        if !history.isEmpty { try await history.run(sweep, trial: trial, location) }
        if onnx != nil || safetensors != nil { try await writeModel() }
    }

    private func writeModel() async throws {
        let kernels = try KernelTable.ofEnvironment()
        let retraining = try await found()
        let seconds = NumberText.seconds(retraining.seconds)
        Terminal.error(
            "training trial \(retraining.trial.trial) again to epoch \(retraining.best.epoch) of "
                + "\(retraining.trial.curve.epochs); it took \(seconds) of core time"
        )
        let model = try retraining.model(kernels: kernels)
        if let onnx {
            let bytes: [UInt8]
            do throws(ModelError) { bytes = try model.onnx() } catch {
                throw CommandFailure(.badInput, "\(onnx): \(error)")
            }
            try Terminal.write(bytes, to: onnx)
        }
        if let safetensors { try Terminal.write(model.safetensors.bytes, to: safetensors) }
        let metric = retraining.objective.metric.rawValue
        Terminal.error(
            "the recorded values came out again; \(metric) \(NumberText.significant(retraining.best.value)): "
                + [onnx, safetensors].compactMap { $0 }.joined(separator: ", ")
        )
    }

    /// The trial with what is needed to train it.
    private func found() async throws -> Retraining {
        let number = try await chosenTrial()
        let curves = try await location.ask(about: sweep) { try await $0.curves(sweep: sweep, trial: number) }
        guard let trial = curves.trials.first else {
            throw CommandFailure(.badInput, "\(sweep) has no trial \(number)")
        }
        guard let best = trial.curve.best(for: curves.objective), best.value.isFinite else {
            throw CommandFailure(
                .badInput,
                "trial \(number) of \(sweep) has no epoch with a finite \(curves.objective.metric.rawValue), so no weights "
                    + "worth keeping"
            )
        }
        var ancestors: [(trial: CurvesDocument.Trial, to: Int)] = []
        var next = trial.parent
        while let parent = next {
            let curves = try await location.ask(about: sweep) { try await $0.curves(sweep: sweep, trial: parent.trial) }
            guard let ancestor = curves.trials.first else {
                throw CommandFailure(
                    .failed,
                    "\(sweep) has no trial \(parent.trial), which trial \(number) is copied from"
                )
            }
            ancestors.insert((ancestor, parent.epoch), at: 0)
            next = ancestor.parent
        }
        let rows = try source(fold: trial.fold)
        return Retraining(
            sweep: sweep,
            trial: trial,
            ancestors: ancestors,
            best: best,
            objective: curves.objective,
            source: rows.source,
            data: rows.data,
            packed: rows.packed,
            dataSet: rows.id
        )
    }

    private func chosenTrial() async throws -> Int {
        if let trial { return trial }
        let rank = try await location.ask(about: sweep) { try await $0.rank(sweep: sweep, top: 1) }
        guard let first = rank.rows.first else {
            throw CommandFailure(.badInput, "\(sweep) has no trial yet")
        }
        return first.trial
    }

    private typealias Source = (source: SpecNode, data: DataSet, packed: Blob, id: DataSetID)

    /// The sweep's file and data, from where they can be had; where there are folds, as this one parts them.
    private func source(fold: Int?) throws -> Source {
        if let file {
            let loaded = try LoadedSweep(file, overrides: [])
            let rows = try loaded.rows(ofFold: fold)
            return (loaded.file.sweep.source, rows.data, rows.packed, rows.id)
        }
        guard let directory = location.directory else {
            throw CommandFailure(
                .badInput,
                "training trial again needs the data of \(sweep), which the coordinator does not send to clients; give "
                    + "--directory on its machine, or --file with the sweep file beside its data"
            )
        }
        do {
            let stored = try StoredSweeps(directory: directory)
            guard let source = stored.source(of: sweep), let id = stored.dataSet(of: sweep, fold: fold) else {
                throw CommandFailure(.badInput, "\(directory) has no sweep \(sweep)")
            }
            let writer = BlobWriter(capacity: id.size)
            try ObjectStore(directory: directory).forEachPiece(of: id.hash) { try writer.append($0) }
            let packed = try writer.finish()
            guard !FileBundle.isBundle(packed) else {
                throw CommandFailure(
                    .badInput,
                    "\(sweep): its trials are programs, whose models are not known here; found a program, allowed a sweep with data"
                )
            }
            return (source, try DataSet(packed: packed), packed, id)
        } catch let error as StoreError {
            throw CommandFailure(error)
        } catch let error as DataSetFormatError {
            throw CommandFailure(.failed, "\(directory): the data set of \(sweep): \(error)")
        } catch let error as JournalError {
            throw CommandFailure(.failed, "\(directory): \(error)")
        }
    }
}
