import Glibc
import KernelAPI
import SweepCore
import SweepKernels
import SweepTraining

/// Trains one model on one core and prints how fast it was, or what each step did: `Options.usage`.
func run(_ options: Options) throws {
    let (shape, outputs) = options.shape
    let spec = try options.spec()
    let rows =
        if let images = options.images, let labels = options.labels {
            try BenchmarkRows(images: images, labels: labels)
        } else {
            BenchmarkRows(
                madeUp: options.rows ?? max(8192, spec.batchSize),
                shape: shape,
                outputs: outputs,
                seed: options.seed
            )
        }
    let kernels = try KernelTable.selected(override: options.kernels)
    let data = try rows.trainingData()
    guard data.schema.features.count == shape.columns, data.schema.outputs == outputs else {
        throw Refusal(
            "the model takes \(shape.columns) features and gives \(outputs) outputs, the rows have "
                + "\(data.schema.features.count) and \(data.schema.outputs)"
        )
    }
    let run = try TrainingRun(spec: spec, data: data, seed: options.seed, kernels: kernels)
    switch options.command {
    case .measure:
        print(TrainingStopwatch(run: run, kernels: kernels).line(of: run, seconds: options.seconds))
    case .instruments:
        print(TrainingStopwatch(run: run, kernels: kernels).instrumentLine(epochs: options.steps))
    case .serve:
        let stopwatch = TrainingStopwatch(run: run, kernels: kernels)
        show("{\"ready\": true, \"library\": \"sweepd\"}")
        while let line = readLine() {
            guard let seconds = Double(line), seconds > 0, seconds < 1e6 else {
                throw Refusal("\(line): not a number of seconds")
            }
            show(stopwatch.line(of: run, seconds: seconds))
        }
    case .firstStep:
        let loss = run.step()
        show("{\"first_step\": true, \"loss\": \(loss), \"data_bytes\": \(rows.bytes), \"library\": \"sweepd\"}")
        // Until the input ends the process stays, so that its memory can be asked for.
        while readLine() != nil {}
    case .steps:
        for _ in 0..<options.steps { run.step() }
    case .trace:
        try Trace(run, rows: rows, input: shape.tensor, steps: options.steps).write(
            to: options.out ?? "",
            options: options
        )
    }
}

/// Prints a line that its reader has at once.
func show(_ line: String) {
    print(line)
    fflush(nil)
}

/// Ends with a message on standard error.
func fail(_ message: String, code: Int32) -> Never {
    var bytes = Array((message + "\n").utf8)
    _ = write(2, &bytes, bytes.count)
    exit(code)
}

do {
    try run(try Options(Array(CommandLine.arguments.dropFirst())))
} catch let refusal as Refusal {
    fail("core-bench: \(refusal.text)\n\(Options.usage)", code: 2)
} catch {
    fail("core-bench: \(error)", code: 1)
}
