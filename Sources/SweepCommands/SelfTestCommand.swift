import ArgumentParser
import KernelAPI
import SweepCore
import SweepNodeCommands
import SweepReports
import SweepSpec
import SweepTraining
import SweepWorker

/// `sweepd selftest [FILE]`: is it a bug?
struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Look for a bug: gradients, one batch by heart, zero inputs, shuffled labels.",
        discussion: """
            Without a file the built-in layers, activations and losses are checked on this machine's kernels. With a sweep \
            file its model is checked on its data, in the first configuration that its ranges allow; --set chooses another.
            """
    )

    @Argument(help: "A sweep file; without it the built-in layers are checked.")
    var file: String?

    @OptionGroup var replaced: OverrideOptions

    @Option(help: "The seed of weights, order and shuffles.")
    var seed: UInt64 = 0

    @Option(help: "How the answer is written: text or json.")
    var format: DocumentFormat = .text

    func run() throws {
        let kernels = try KernelTable.ofEnvironment()
        if file == nil, !replaced.overrides.isEmpty {
            throw CommandFailure(.badInput, "--set: replaces values of a sweep file; give one")
        }
        var results: [(name: String, result: SelfTest.Result)] = []
        func add(_ name: String, _ more: [SelfTest.Result]) {
            for result in more {
                results.append((name, result))
                if format == .text { Terminal.output(Self.line(name, result)) }
            }
        }
        do {
            if let file {
                let sweep = try LoadedSweep(file, overrides: replaced.overrides, mustLearn: false)
                add(sweep.file.sweep.name, try Self.check(sweep, seed: seed, kernels: kernels))
            } else {
                for model in SelfTest.builtIn { add(model.name, try model.run(seed: seed, kernels: kernels)) }
            }
        } catch let error as TrainingError {
            throw CommandFailure(.failed, "\(error)")
        }
        if format == .json { Terminal.output(Self.document(results, kernels: kernels.name).text()) }
        let failed = results.count { $0.result.outcome == .failed }
        guard failed == 0 else { throw CommandFailure(.failed, "\(failed) of \(results.count) checks failed") }
        if format == .text { Terminal.output("\(results.count) checks on kernels \(kernels.name), none failed") }
    }

    private static func check(
        _ loaded: LoadedSweep,
        seed: UInt64,
        kernels: KernelTable
    ) throws -> [SelfTest.Result] {
        let sweep = loaded.file.sweep
        // Only networks that are trained here can be tested.
        _ = try loaded.data
        let problems = SpecProblems()
        guard let configuration = sweep.space.cover.first, let node = sweep.space.resolve(configuration),
            let trial = TrialSpec.read(node, problems: problems)
        else { throw CommandFailure(.failed, "\(sweep.name): no configuration can be made of the file") }
        let data = try DataShelf.rows(loaded.dataSet, packed: loaded.packed, for: trial, name: loaded.file.file)
        return try SelfTest.run(trial.training, on: data, seed: seed, kernels: kernels)
    }

    private static func line(_ name: String, _ result: SelfTest.Result) -> String {
        let outcome = result.outcome.rawValue.padding(8)
        return "\(outcome) \(name.padding(44)) \(result.check.rawValue.padding(16)) \(result.evidence)"
    }

    private static func document(_ results: [(name: String, result: SelfTest.Result)], kernels: String) -> JSONValue {
        .object([
            JSONMember("kernels", .text(kernels)),
            JSONMember(
                "checks",
                .array(
                    results.map { name, result in
                        .object([
                            JSONMember("model", .text(name)),
                            JSONMember("check", .text(result.check.rawValue)),
                            JSONMember("outcome", .text(result.outcome.rawValue)),
                            JSONMember("evidence", .text(result.evidence)),
                        ])
                    }
                )
            ),
        ])
    }
}

extension String {
    /// The text with blanks behind it, up to a width.
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
