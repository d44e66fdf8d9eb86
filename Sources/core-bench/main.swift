import Glibc
import KernelAPI
import SweepCore
import SweepData
import SweepKernels
import SweepTraining

/// Measures training on one core and prints one line of JSON:
/// `core-bench [--model mlp:784-256-128-10] [--optimizer adam|sgd] [--batch 64] [--seconds 3] [--kernels v2|v3|v4]
/// [--images FILE --labels FILE]`.
///
/// With IDX images and labels it trains on them, scaled to [0, 1]; the widths must fit. Else on made-up rows.
struct Arguments {
    var widths = [784, 256, 128, 10]
    var optimizer = "adam"
    var batch = 64
    var seconds = 3.0
    var kernels: String?
    var images: String?
    var labels: String?

    init?(_ words: [String]) {
        var words = words[...]
        while let key = words.popFirst() {
            guard let value = words.popFirst() else { return nil }
            switch key {
            case "--model":
                guard value.hasPrefix("mlp:") else { return nil }
                widths = value.dropFirst(4).split(separator: "-").compactMap { Int($0) }
                guard widths.count >= 2, widths.allSatisfy({ $0 > 0 }) else { return nil }
            case "--optimizer": optimizer = value
            case "--batch":
                guard let number = Int(value), number > 0 else { return nil }
                batch = number
            case "--seconds":
                guard let number = Double(value), number > 0 else { return nil }
                seconds = number
            case "--kernels": kernels = value
            case "--images": images = value
            case "--labels": labels = value
            default: return nil
            }
        }
        guard ["adam", "sgd"].contains(optimizer), (images == nil) == (labels == nil) else { return nil }
    }

    var spec: TrainingSpec {
        TrainingSpec(
            model: ModelSpec(widths: Array(widths.dropFirst().dropLast())),
            optimizer: optimizer == "adam"
                ? .adam(learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
                : .sgd(learningRate: 1e-2, momentum: 0.9),
            batchSize: batch,
            epochs: 1
        )
    }

    func data() throws -> TrainingData {
        guard let images, let labels else {
            let outputs = widths[widths.count - 1]
            return try TrainingBenchmark.madeUpData(
                columns: widths[0],
                classes: outputs == 1 ? 0 : outputs,
                rows: max(8192, batch)
            )
        }
        let source = DataSpec(source: .images(images, labels: labels), validation: .last(1))
        let set = try DataSet.load(source, relativeTo: ".").get()
        return try BenchmarkRows(try PreparedData(set, steps: [.scale(1 / 255)])).trainingData()
    }
}

/// Prepared rows with their classes at an address that does not change.
final class BenchmarkRows {
    private let rows: PreparedData
    private let labels: UnsafeMutablePointer<Int32>

    init(_ rows: PreparedData) {
        self.rows = rows
        labels = .allocate(capacity: max(rows.rowCount, 1))
        labels.initialize(repeating: 0, count: rows.rowCount)
        if case .classes(let classes) = rows.targets { labels.update(from: classes, count: classes.count) }
    }

    deinit { labels.deallocate() }

    func trainingData() throws -> TrainingData {
        try TrainingData(
            schema: rows.schema,
            features: rows.features,
            rowCount: rows.rowCount,
            rowStride: rows.rowStride,
            targets: .classes(labels),
            trainingRows: rows.split.training,
            validationRows: rows.split.validation,
            testRows: rows.split.test,
            owner: self
        )
    }
}

/// Ends with a message on standard error.
func fail(_ message: String, code: Int32) -> Never {
    var bytes = Array((message + "\n").utf8)
    _ = write(2, &bytes, bytes.count)
    exit(code)
}

guard let arguments = Arguments(Array(CommandLine.arguments.dropFirst())) else {
    fail(
        "usage: core-bench [--model mlp:A-B-C] [--optimizer adam|sgd] [--batch N] [--seconds S] [--kernels v2|v3|v4] "
            + "[--images FILE --labels FILE]",
        code: 2
    )
}
do {
    let result = try TrainingBenchmark.measure(
        arguments.spec,
        on: try arguments.data(),
        seconds: arguments.seconds,
        kernels: .selected(override: arguments.kernels)
    )
    print(
        "{\"samples_per_second\": \(result.samplesPerSecond), \"gflops\": \(result.gflops), "
            + "\"peak_gflops\": \(result.peakGflops), \"kernels\": \"\(result.kernels)\", \"threads\": 1}"
    )
} catch {
    fail("core-bench: \(error)", code: 1)
}
