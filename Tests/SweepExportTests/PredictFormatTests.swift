import Foundation
import KernelAPI
import SweepCore
import SweepData
import SweepExport
import SweepKernels
import SweepNumerics
import SweepReports
import SweepTraining
import Testing

/// A format of data, as a sweep trains on it and as `predict` reads it.
struct DataFormat: Sendable, CustomTestStringConvertible {
    var name: String
    var source: DataSource
    /// The files, by their names below the data's folder.
    var files: [(name: String, bytes: [UInt8])]
    /// What `predict` is given.
    var rows: String
    var task = TaskKind.regression
    var preprocess: [PreprocessStep] = [.impute, .standardize]

    var testDescription: String { name }

    private static let count = 40

    /// Numbers that differ from row to row.
    private static func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
        var stream = RandomStream(key: seed)
        return (0..<count).map { _ in Float(stream.normal()) }
    }

    private static func bytes(_ count: Int, _ seed: UInt64) -> [UInt8] {
        var stream = RandomStream(key: seed)
        return (0..<count).map { _ in UInt8(stream.below(256)) }
    }

    static let all: [DataFormat] = [table, arrays, archive, libsvm, images] + pictures

    private static let targets = FileSamples.npy([count], numbers(count, 2))
    private static let features = FileSamples.npy([count, 3], numbers(3 * count, 1))

    private static var table: DataFormat {
        let values = numbers(2 * count, 3)
        let lines = (0..<count).map { row in
            let date = "20\(10 + row % 90)-0\(1 + row % 9)-1\(row % 10)T0\(row % 10):30:00"
            return "\(values[2 * row]),\(date),\(["red", "green", "blue"][row % 3]),\(values[2 * row + 1])"
        }
        let text = (["x,when,colour,y"] + lines).joined(separator: "\n") + "\n"
        return DataFormat(name: "table", source: .table("t.csv"), files: [("t.csv", Array(text.utf8))], rows: "t.csv")
    }

    private static var arrays: DataFormat {
        DataFormat(
            name: "NPY",
            source: .arrayFiles(features: "x.npy", labels: "y.npy"),
            files: [("x.npy", features), ("y.npy", targets)],
            rows: "x.npy"
        )
    }

    private static var archive: DataFormat {
        DataFormat(
            name: "NPZ",
            source: .arrays("a.npz", features: "inputs", labels: "answers"),
            files: [("a.npz", FileSamples.npz([("answers", targets), ("inputs", features)]))],
            rows: "a.npz"
        )
    }

    private static var libsvm: DataFormat {
        let values = numbers(3 * count, 4)
        let lines = (0..<count).map { row -> String in
            let items = (0..<2).map { "\($0 * 2 + row % 2 + 1):\(values[3 * row + $0])" }
            return "\(values[3 * row + 2]) " + items.joined(separator: " ")
        }
        let text = lines.joined(separator: "\n") + "\n"
        return DataFormat(name: "libsvm", source: .libsvm("a.svm"), files: [("a.svm", Array(text.utf8))], rows: "a.svm")
    }

    private static var images: DataFormat {
        DataFormat(
            name: "IDX",
            source: .images("x.idx", labels: "y.idx"),
            files: [
                ("x.idx", FileSamples.idx([count, 4, 3], bytes(12 * count, 5))),
                ("y.idx", FileSamples.idx([count], (0..<count).map { UInt8($0 % 3) })),
            ],
            rows: "x.idx",
            task: .classification,
            preprocess: [.scale(1 / 255.0)]
        )
    }

    private static var pictures: [DataFormat] {
        let files = (0..<count).map { index -> (name: String, bytes: [UInt8]) in
            let (height, width) = (3 + index % 5, 2 + index % 7)
            let pixels = bytes(height * width, UInt64(10 + index))
            let name = "p/\(index % 2 == 0 ? "cat" : "dog")/\(100 + index).png"
            return (name, FileSamples.png(height: height, width: width, pixels))
        }
        return ImageFolder.Fit.allCases.map { fit in
            DataFormat(
                name: "pictures, \(fit.rawValue)",
                source: .folder(ImageFolder(path: "p", height: 5, width: 4, channels: 1, fit: fit)),
                files: files,
                rows: "p",
                task: .classification,
                preprocess: [.scale(1 / 255.0)]
            )
        }
    }
}

/// Keeps what a training reads.
private final class KeptRows: @unchecked Sendable {
    let prepared: PreparedData
    let classes: UnsafeMutablePointer<Int32>
    let numbers: UnsafeMutablePointer<Float>

    init(_ prepared: PreparedData) {
        self.prepared = prepared
        classes = .allocate(capacity: prepared.rowCount)
        classes.initialize(repeating: 0, count: prepared.rowCount)
        numbers = .allocate(capacity: prepared.rowCount)
        numbers.initialize(repeating: 0, count: prepared.rowCount)
        switch prepared.targets {
        case .classes(let list): for (row, label) in list.enumerated() { classes[row] = label }
        case .values(let list): for (row, value) in list.enumerated() { numbers[row] = value }
        }
    }

    deinit {
        classes.deallocate()
        numbers.deallocate()
    }

    func training() throws -> TrainingData {
        let isClassification = prepared.schema.task.kind == .classification
        return try TrainingData(
            schema: prepared.schema,
            features: prepared.features,
            rowCount: prepared.rowCount,
            rowStride: prepared.rowStride,
            targets: isClassification ? .classes(classes) : .numbers(numbers),
            trainingRows: prepared.split.training,
            validationRows: prepared.split.validation,
            testRows: prepared.split.test,
            owner: self
        )
    }
}

@Suite struct PredictFormatTests {
    private static func inFolder(_ format: DataFormat, _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sweepd-formats-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for file in format.files {
            let place = folder.appending(path: file.name)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(file.bytes).write(to: place)
        }
        try body(folder.path)
    }

    @Test(arguments: DataFormat.all)
    func `rows of a file get the answers that training had on them`(_ format: DataFormat) throws {
        try Self.inFolder(format) { folder in
            let spec = DataSpec(source: format.source, task: format.task, preprocess: format.preprocess)
            let data = try DataSet.load(spec, relativeTo: folder).get()
            let rows = KeptRows(try PreparedData(data, steps: format.preprocess))
            let kernels = try KernelTable.selected(override: nil)
            let (run, model) = try Self.trained(rows, data, format, kernels)
            // What is written and read again is what predict has.
            let back = try TrainedModel(safetensors: model.safetensors.bytes)
            #expect(back == model && back.form == RowForm(format.source))
            let file = folder + "/" + format.rows
            let new = try NewRows.read(path: file, name: format.rows, expecting: back.expectation).get()
            #expect(new.rowCount == data.rowCount)
            let answers = try back.predict(new.features, rows: new.rowCount, kernels: kernels)
            var different: Set<Float> = []
            let parts = [(TrainingData.Part.training, data.split.training), (.validation, data.split.validation)]
            for (part, numbers) in parts {
                let outputs = run.predictions(part)
                let width = outputs.count / numbers.count
                for (place, row) in numbers.enumerated() {
                    let own = outputs[(place * width)..<((place + 1) * width)]
                    if format.task == .regression {
                        try #require(answers.values[Int(row)] == own[own.startIndex], "row \(row)")
                        different.insert(own[own.startIndex])
                    } else {
                        let best = own.indices.max { own[$0] < own[$1] }.map { $0 - own.startIndex }
                        try #require(answers.classes[Int(row)] == best, "row \(row)")
                        different.insert(answers.probabilities[Int(row) * data.schema.classes.count])
                    }
                }
            }
            // Rows that all get one answer would agree whatever is read.
            #expect(different.count > 30)
        }
    }

    @Test func `answers about pictures begin with their names`() throws {
        let format = try #require(DataFormat.all.last)
        try Self.inFolder(format) { folder in
            let spec = DataSpec(source: format.source, preprocess: format.preprocess)
            let data = try DataSet.load(spec, relativeTo: folder).get()
            let kernels = try KernelTable.selected(override: nil)
            let model = try Self.trained(KeptRows(PreparedData(data, steps: format.preprocess)), data, format, kernels)
                .1
            let new = try NewRows.read(path: folder + "/p", name: "p", expecting: model.expectation).get()
            let answers = try model.predict(new.features, rows: new.rowCount, kernels: kernels)
            let lines = answers.table(of: model, names: new.names).csv.split(separator: "\n")
            #expect(lines[0].hasPrefix("picture,folder,probability of cat,"))
            #expect(lines[1].hasPrefix("cat/100.png,") && lines[40].hasPrefix("dog/139.png,"))
            let json = answers.json(of: model, names: new.names).text()
            #expect(json.contains(#""picture":"cat/100.png""#))
            #expect(!answers.json(of: model).text().contains("picture"))
            #expect(answers.table(of: model).csv.hasPrefix("folder,"))
        }
    }

    @Test func `a model file that does not say how its rows were stored is read`() throws {
        let format = try #require(DataFormat.all.first)
        try Self.inFolder(format) { folder in
            let spec = DataSpec(source: format.source, task: format.task, preprocess: format.preprocess)
            let data = try DataSet.load(spec, relativeTo: folder).get()
            let kernels = try KernelTable.selected(override: nil)
            let rows = KeptRows(try PreparedData(data, steps: format.preprocess))
            let model = try Self.trained(rows, data, format, kernels).1
            var file = model.safetensors
            let text = try #require(file.metadata["sweepd.model"])
            try #require(text.contains(#", "rows":"table""#), "\(text.suffix(200))")
            file.metadata["sweepd.model"] = text.replacing(#", "rows":"table""#, with: "")
            let older = try TrainedModel(safetensors: file.bytes)
            #expect(older.form == nil && older.parameters == model.parameters)
            file.metadata["sweepd.model"] = text.replacing(#", "rows":"table""#, with: #", "rows":"stone""#)
            #expect(throws: ModelError.self) { try TrainedModel(safetensors: file.bytes) }
        }
    }

    private static func trained(
        _ rows: KeptRows,
        _ data: DataSet,
        _ format: DataFormat,
        _ kernels: KernelTable
    ) throws -> (TrainingRun, TrainedModel) {
        let text = """
            {"train": {"model": {"layers": [{"dense": 8}, "tanh"]}, "optimizer": {"adam": {"learning_rate": 0.01}},
            "batch_size": 8, "epochs": 2}}
            """
        let specification = try SpecNode(DocumentReader(JSONValue(parsing: Array(text.utf8))))
        let trial = try #require(TrialSpec.read(specification, problems: SpecProblems()))
        let run = try TrainingRun(spec: trial.training, data: rows.training(), seed: 1, kernels: kernels)
        while run.epoch < 2, run.trainEpoch() != nil {}
        let model = try TrainedModel(
            origin: ModelOrigin(
                sweep: "formats",
                trial: 1,
                configuration: Configuration([]),
                seed: 1,
                epoch: run.epoch,
                program: "0.0.0"
            ),
            specification: specification,
            schema: rows.prepared.schema,
            layout: rows.prepared.layout,
            targetName: data.targetName,
            targetScale: TargetUnit(),
            steps: rows.prepared.steps,
            form: RowForm(format.source),
            parameters: run.measuredParameters()
        )
        return (run, model)
    }
}
