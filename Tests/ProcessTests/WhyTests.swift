import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// The examples of `sweeps/why`, each ending in the right diagnosis; curves of other programs; data; static checks.
    @Suite struct WhyTests {
        /// What a report says, as far as tests look.
        struct Report: Decodable, Sendable {
            struct Symptom: Decodable, Sendable { let id: String }
            struct Cause: Decodable, Sendable {
                struct Remedy: Decodable, Sendable {
                    let changes: [String]
                    let text: String
                }
                let id: String
                let probability: Double
                let remedy: Remedy
            }
            let symptoms: [Symptom]
            let causes: [Cause]
            let verdict: String
            let verdictKind: String
            let unknown: [String]

            static var decoder: JSONDecoder {
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                return decoder
            }

            static func read(_ text: String) throws -> Report {
                try decoder.decode(Report.self, from: Data(text.utf8))
            }
        }

        /// An example: the file, the values of its ranges, and the causes of which the first must be one.
        struct Example: Sendable, CustomStringConvertible {
            let file: String
            let settings: [String]
            let causes: Set<String>

            init(_ file: String, _ settings: [String], _ causes: String...) {
                self.file = file
                self.settings = settings
                self.causes = Set(causes)
            }

            var description: String { "\(file) \(settings.joined(separator: " "))" }
        }

        /// Examples and traps of the documents that ask why a loss fluctuates. No cause: the run is sound.
        static let examples: [Example] = [
            // covers: C1 R1 Y9
            Example("learning-rate", ["train.optimizer.adam.learning_rate=0.1"], "K-LRHI"),
            // covers: C2 R1 Y3 Y13
            Example("learning-rate", ["train.optimizer.adam.learning_rate=1e-6"], "K-LRLO"),
            // covers: R1
            Example("learning-rate", ["train.optimizer.adam.learning_rate=1e-3"]),
            // covers: P3 C1 Y2
            Example("rate-of-one", ["train.optimizer.adam.learning_rate=1"], "K-LRHI"),
            // covers: P5 T3
            Example("no-signal", ["train.optimizer.adam.learning_rate=0.001"], "K-NOSIGNAL"),
            // covers: P6 T4 C6
            Example("one-outlier", ["data.preprocess=[standardize]", "train.loss=mean_squared_error"], "K-OUTLIER"),
            // covers: T1 C3 R3
            Example("rate-collapse", ["train.learning_rate_schedule.rise.of=batch"], "K-LRCOLLAPSE"),
            // covers: C24 R13
            Example(
                "initial-weights",
                ["train.model.mlp.activation=relu", "train.initializer={normal: {deviation: 0.01}}"],
                "K-INIT"
            ),
            // covers: C24
            Example(
                "initial-weights",
                ["train.model.mlp.activation=relu", "train.initializer={constant: 0.05}"],
                "K-INIT"
            ),
            // covers: C15 C22 R14
            Example(
                "initial-weights",
                ["train.model.mlp.activation=sigmoid", "train.initializer=glorot"],
                "K-VANISH",
                "K-ACT"
            ),
            // covers: C25 R15
            Example("wrong-loss", ["train.loss=mean_absolute_error"], "K-LOSSFN"),
            // covers: T7 R11
            Example("augmentation", ["data.augment=[flip_horizontal]"], "K-BADAUG"),
            // covers: C4 Y11
            Example("imbalance", ["train.loss=softmax_cross_entropy", "train.sampling=none"], "K-IMBAL"),
            // covers: C8 R7
            Example("feature-scale", ["data.preprocess=[]"], "K-SCALE"),
            // covers: C9 R7
            Example("target-scale", ["data.target_scale=none"], "K-YSCALE"),
            // Four names of one state; only the experiment parts them.
            // covers: P9 C13 C16 C26 Y7
            Example(
                "unregularised",
                ["train.model.mlp.dropout=0", "train.l2=0"],
                "K-OVERTRAIN",
                "K-UNDERREG",
                "K-OVERCAP",
                "K-SMALLDATA"
            ),
            // covers: C11 C29
            Example("few-rows", ["train.optimizer.adam.learning_rate=0.01"], "K-SMALLDATA"),
            // covers: C21
            Example(
                "large-batch",
                ["train.optimizer.sgd.learning_rate=0.05", "train.batch_size=1024"],
                "K-BIGB",
                "K-EPOCHS"
            ),
            // covers: C19
            Example(
                "adam-settings",
                [
                    "train.optimizer.adam.beta1=0.9", "train.optimizer.adam.beta2=0.999",
                    "train.optimizer.adam.epsilon=1",
                ],
                "K-OPTHP"
            ),
            // covers: Y12 C2
            Example(
                "stopped-early",
                [
                    "train.optimizer.adam.learning_rate=1e-5", "train.early_stopping.patience=1",
                    "train.early_stopping.min_delta=0.1",
                ],
                "K-LRLO",
                "K-EPOCHS"
            ),
            // covers: C17 R9 T5
            Example(
                "regularisation",
                [
                    "train.model.mlp.dropout=0", "train.optimizer.adamw.weight_decay=0", "train.l1=0", "train.l2=10",
                ],
                "K-OVERREG"
            ),
        ]

        @Test(arguments: examples) func `an example ends in its diagnosis`(_ example: Example) async throws {
            try await Bench.run { bench in
                let file = Program.root.appending(path: "sweeps/why/\(example.file).yaml").path
                let child = try await bench.run(
                    ["sweepd", "why", file, "--no-confirm", "--format", "json"]
                        + example.settings.flatMap { ["--set", $0] },
                    exits: 0,
                    within: 300
                )
                let report = try Report.read(child.output)
                let found = "\(report.verdict)\n\(report.causes)\n\(report.symptoms)"
                if example.causes.isEmpty {
                    try #require(report.verdictKind == "no_fault", "\(found)")
                } else {
                    let first = try #require(report.causes.first, "\(found)")
                    try #require(example.causes.contains(first.id), "\(found)")
                    try #require(report.verdictKind != "no_fault", "\(found)")
                }
            }
        }

        // covers: R1
        @Test func `a remedy that can be set cures the run`() async throws {
            try await Bench.run { bench in
                let file = Program.root.appending(path: "sweeps/why/learning-rate.yaml").path
                func report(_ setting: String) async throws -> Report {
                    try Report.read(
                        try await bench.run(
                            ["sweepd", "why", file, "--no-confirm", "--format", "json", "--set", setting],
                            exits: 0,
                            within: 300
                        )
                        .output
                    )
                }
                let low = try await report("train.optimizer.adam.learning_rate=1e-6")
                let change = try #require(low.causes.first?.remedy.changes.first)
                let cured = try await report(change)
                try #require(cured.verdictKind == "no_fault", "\(change): \(cured.verdict)")
            }
        }

        @Test func `a curve of another program gets candidates, and is told what cannot be known`() async throws {
            try await Bench.run { bench in
                let losses = [1.2, 2.4, 0.9, 2.2, 0.8, 2.6, 1.0, 2.1, 0.9, 2.3]
                let text =
                    "epoch,loss,val_loss\n"
                    + losses.enumerated().map { "\($0.offset),\($0.element),\($0.element * 1.1)" }.joined(
                        separator: "\n"
                    )
                let path = try bench.write("history.csv", text)
                let child = try await bench.run(
                    ["sweepd", "why", path, "--classes", "10", "--format", "json"],
                    exits: 0
                )
                let report = try Report.read(child.output)
                try #require(report.symptoms.first?.id == "S-OSC", "\(report)")
                try #require(report.causes.first?.id == "K-LRHI", "\(report)")
                try #require(report.unknown.contains { $0.hasPrefix("model, data, optimizer") })
                try #require(report.causes.allSatisfy { $0.remedy.changes.isEmpty })
            }
        }

        @Test func `what fluctuates without harm is told, with what it most likely comes of`() async throws {
            try await Bench.run { bench in
                // Far below guessing, and up and down by a third.
                let losses = (1...40).map { (epoch: Int) -> Double in
                    let wave: Double = epoch.isMultiple(of: 2) ? 0.15 : 0
                    return 0.2 + 2.2 / Double(epoch * epoch) + wave
                }
                let rows = losses.enumerated().map { "\($0.offset + 1),\($0.element)" }.joined(separator: "\n")
                let path = try bench.write("wave.csv", "epoch,train_loss\n\(rows)\n")
                let child = try await bench.run(
                    ["sweepd", "why", path, "--classes", "10", "--format", "json"],
                    exits: 0
                )
                let report = try Report.read(child.output)
                try #require(report.verdictKind == "no_fault" && report.verdict.contains("it fluctuates"), "\(report)")
            }
        }

        @Test func `mistakes of a curve and of the arguments are told by line, with exit code 2`() async throws {
            try await Bench.run { bench in
                let path = try bench.write("broken.csv", "epoch,loss\n1,2\n2,oops\n")
                let child = try await bench.run(["sweepd", "why", path], exits: 2)
                try #require(child.errors.contains("broken.csv:3:2: not a number; found 'oops'"), "\(child.errors)")
                try #require(child.output.isEmpty)
                let file = Program.root.appending(path: "sweeps/why/learning-rate.yaml").path
                let ranges = try await bench.run(["sweepd", "why", file], exits: 2)
                try #require(ranges.errors.contains("the file has ranges; found train.optimizer.adam.learning_rate"))
                try #require(
                    try await bench.run(["sweepd", "why", bench.path("none.csv")], exits: 2).errors.contains("none.csv")
                )
                _ = try await bench.run(["sweepd", "why", path, "--classes", "1"], exits: 2)
                let seed = try await bench.run(["sweepd", "why", path, "--seed", "1"], exits: 2)
                try #require(seed.errors.contains("--seed: of the training of a sweep file"), "\(seed.errors)")
            }
        }

        @Test func `diagnose reports on the trials of a stopped sweep`() async throws {
            try await Bench.run { bench in
                let file = Program.root.appending(path: "sweeps/why/learning-rate.yaml").path
                let directory = bench.path("rates.sweepd")
                _ = try await bench.run(["sweepd", "run", file, "--directory", directory], exits: 0, within: 300)
                struct Sweep: Decodable { let trials: [Report] }
                let child = try await bench.run(
                    ["sweepd", "diagnose", "learning-rate", "--directory", directory, "--format", "json"],
                    exits: 0
                )
                let trials = try Report.decoder.decode(Sweep.self, from: Data(child.output.utf8)).trials
                let causes = trials.map { $0.verdictKind == "no_fault" ? "none" : $0.causes.first?.id ?? "none" }
                try #require(Set(causes) == ["K-LRHI", "K-LRLO", "none"], "\(child.output)")
                let one = try await bench.run(
                    ["sweepd", "diagnose", "learning-rate", "--directory", directory, "--trial", "1"],
                    exits: 0
                )
                try #require(one.output.hasPrefix("trial 1  learning_rate"), "\(one.output)")
                _ = try await bench.run(
                    ["sweepd", "diagnose", "learning-rate", "--directory", directory, "--trial", "9"],
                    exits: 2
                )
            }
        }

        @Test func `data are checked before training, and a fault ends with exit code 1`() async throws {
            try await Bench.run { bench in
                var lines = ["a,b,copy,label"]
                for row in 0..<200 {
                    lines.append("\(row % 7),\(row * 37 % 101),\(row % 2),\(row % 2)")
                }
                let path = try bench.write("leak.csv", lines.joined(separator: "\n"))
                let child = try await bench.run(["sweepd", "data", path, "--target", "label"], exits: 1)
                try #require(
                    child.output.contains("D-LEAK") && child.output.contains("'copy' alone predicts"),
                    "\(child.output)"
                )
                let sound = try await bench.run(
                    ["sweepd", "data", Program.root.appending(path: "sweeps/digits.yaml").path, "--format", "json"],
                    exits: 0
                )
                try #require(sound.output.contains("\"D-LEARNABLE\""))
                // Pixels at the edge hardly vary beside those in the middle: no fault of a sweep that learns well.
                let pixels = try await bench.run(
                    ["sweepd", "data", Program.root.appending(path: "sweeps/quick.yaml").path],
                    exits: 0
                )
                try #require(
                    !pixels.output.contains("D-SCALE"),
                    "\(pixels.output)"
                )
            }
        }

        @Test func `validate warns by line, and refuses what cannot learn`() async throws {
            try await Bench.run { bench in
                func file(_ initializer: String) throws -> String {
                    try bench.write(
                        "check.yaml",
                        """
                        name: check
                        data: {source: {generate: {blobs: {rows: 600}}}}
                        train:
                          model: {mlp: {widths: [16]}}
                          initializer: \(initializer)
                          loss: mean_squared_error
                          optimizer: {adam: {learning_rate: 0.01}}
                          epochs: 5
                        search: {method: grid}

                        """
                    )
                }
                let warned = try await bench.run(["sweepd", "validate", try file("he")], exits: 0)
                try #require(
                    warned.errors.contains("check.yaml:6:9: warning: a loss of numbers on classes"),
                    "\(warned.errors)"
                )
                let refused = try await bench.run(["sweepd", "validate", try file("{constant: 0}")], exits: 2)
                try #require(refused.errors.contains("check.yaml:5:"), "\(refused.errors)")
                try #require(refused.errors.contains("all weights begin at zero"), "\(refused.errors)")
                // Beside options that can learn it is an experiment.
                let choice = try await bench.run(
                    ["sweepd", "validate", try file("{choice: [{constant: 0}, he]}")],
                    exits: 0
                )
                try #require(choice.errors.contains("warning: all weights begin at zero"), "\(choice.errors)")
                // Beside others that cannot, nothing of the sweep can learn.
                try await bench.run(
                    ["sweepd", "validate", try file("{choice: [{constant: 0}, {he: {scale: 0}}]}")],
                    exits: 2
                )
            }
        }
    }
}
