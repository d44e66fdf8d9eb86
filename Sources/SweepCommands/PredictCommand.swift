import ArgumentParser
import Foundation
import KernelAPI
import SweepCore
import SweepData
import SweepExport
import SweepNodeCommands
import SweepReports

/// `sweepd predict MODEL FILE`.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "What a model that export wrote says of new rows: a class with probabilities, or a number.",
        discussion: """
            A table needs the columns that the model was trained on, named by a header in any order; others, such as the \
            target, are left out. Without a header it needs these columns alone, in their order. Pictures become what training \
            made of them; each answer then begins with the picture's name.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable { case csv, json }
    enum Header: String, ExpressibleByArgument, CaseIterable { case auto, `true`, `false` }

    @Argument(help: "A model, as export --safetensors writes it.") var model: String
    @Argument(help: "Rows: a table, IDX, NPY, NPZ or libsvm, plain or gzip; a PNG or JPEG file, or a folder of them.")
    var file: String
    @Option(help: "csv or json.") var format: Format = .csv
    @Option(help: "Whether the table's first row holds names: auto, true or false.") var header: Header = .auto
    @Option(help: "Of an NPZ file: the array that holds the rows; otherwise that of training, or the only one.")
    var array: String?

    func run() throws {
        let kernels = try KernelTable.ofEnvironment()
        let model = try loaded()
        let rows: NewRows
        switch NewRows.read(
            path: file,
            name: file,
            expecting: model.expectation,
            header: HeaderRule(rawValue: header.rawValue) ?? .auto,
            array: array
        ) {
        case .success(let read): rows = read
        case .failure(let problems): throw CommandFailure(.badInput, problems.problems.map(\.description))
        }
        let answers: Predictions
        do throws(PredictionError) {
            answers = try model.predict(rows.features, rows: rows.rowCount, kernels: kernels)
        } catch { throw CommandFailure(.badInput, "\(file): \(error)") }
        switch format {
        case .csv: Terminal.output(answers.table(of: model, names: rows.names).csv)
        case .json: Terminal.output(answers.json(of: model, names: rows.names).text(pretty: true))
        }
    }

    private func loaded() throws -> TrainedModel {
        let bytes: [UInt8]
        do { bytes = Array(try Data(contentsOf: URL(filePath: model))) } catch {
            throw CommandFailure(.badInput, "\(model): the file cannot be read: \(Terminal.reason(error))")
        }
        do throws(ModelError) { return try TrainedModel(safetensors: bytes) } catch {
            throw CommandFailure(.badInput, "\(model): \(error)")
        }
    }
}
