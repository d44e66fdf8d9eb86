import ArgumentParser
import KernelAPI
import SweepCore
import SweepNodeCommands
import SweepReports
import SweepTraining

/// `sweepd bench`: how fast is this machine?
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure this machine.",
        subcommands: [BenchCoreCommand.self, BenchDispatchCommand.self]
    )
}

/// `sweepd bench core`.
struct BenchCoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "core",
        abstract: "Train a made-up task for some seconds and print the speed of the training core as JSON.",
        discussion: """
            A model is written by its sizes: mlp:784-256-128-10 has 784 features, two hidden layers and ten classes (one \
            output: a number); cnn:28x28x1-conv32k3v-pool2-10 a convolution of 32 channels 3 × 3, valid (p: padded to the \
            same size), a max pooling of 2 × 2 and ten classes. Rates are by the processor's time.
            """
    )

    @Option(help: "The model, for example mlp:784-256-128-10.") var model = "mlp:784-256-128-10"
    @Option(help: "adam or sgd, with momentum 0.9.") var optimizer: Rule = .adam
    @Option(help: "Rows a batch.") var batch = 64
    @Option(help: "How long to measure.") var seconds = 3.0
    @Option(help: "Threads that share a step's work.") var threads = 1

    enum Rule: String, ExpressibleByArgument, CaseIterable { case adam, sgd }

    func validate() throws {
        if !(1...65_536).contains(batch) { throw ValidationError("--batch: allowed 1 to 65536") }
        if !(seconds > 0 && seconds <= 3600) { throw ValidationError("--seconds: allowed above 0, at most 3600") }
        if !(1...256).contains(threads) { throw ValidationError("--threads: allowed 1 to 256") }
    }

    func run() throws {
        let kernels = try KernelTable.ofEnvironment()
        let shorthand: ModelShorthand
        do throws(ModelShorthandError) { shorthand = try ModelShorthand(model) } catch {
            throw CommandFailure(.badInput, "--model: \(error)")
        }
        let spec = TrainingSpec(
            model: shorthand.model,
            optimizer: optimizer == .adam
                ? .adam(learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
                : .sgd(learningRate: 1e-2, momentum: 0.9),
            batchSize: batch,
            epochs: 1,
            threads: threads
        )
        let result: TrainingBenchmark
        do {
            let data = try TrainingData.madeUp(
                columns: shorthand.input.count,
                classes: shorthand.outputs == 1 ? 0 : shorthand.outputs,
                rows: max(4096, 2 * batch),
                image: shorthand.image
            )
            let run = try TrainingRun(spec: spec, data: data, seed: 1, kernels: kernels)
            result = TrainingStopwatch(run: run, kernels: kernels).measure(seconds: seconds)
        } catch { throw CommandFailure(.badInput, "\(error)") }
        Terminal.output(
            JSONValue.object([
                JSONMember("samples_per_second", .number(result.samplesPerSecond)),
                JSONMember("gflops", .number(result.gflops ?? .nan)),
                JSONMember("peak_gflops", .number(result.peakGflops)),
                JSONMember("kernels", .text(result.kernels)),
                JSONMember("threads", .integer(threads)),
            ]).text()
        )
    }
}
