import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Models out of sweeps, and the commands about the training core.
    @Suite struct ModelTests {
        @Test func `a trial is exported with the recorded bits, and predicts its own data`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("quick")
                try await bench.run(["sweepd", "run", file, "--directory", "q.sweepd"], exits: 0)
                let child = try await bench.run(
                    ["sweepd", "export", "quick", "--directory", "q.sweepd"]
                        + ["--onnx", "q.onnx", "--safetensors", "q.safetensors"],
                    exits: 0
                )
                try #require(child.errors.contains("the recorded values came out again"))
                try #require(FileManager.default.fileExists(atPath: bench.path("q.onnx")))
                let rows = try await bench.run(
                    ["sweepd", "predict", "q.safetensors", "data/digits.csv.gz"],
                    exits: 0
                ).output.split(separator: "\n")
                try #require(rows.count == 1798)
                try #require(rows[0].hasPrefix("label,probability of 0,"))
                // The first rows of the file are the digits in order.
                try #require((0..<3).allSatisfy { rows[$0 + 1].hasPrefix("\($0),") }, "\(rows[1...3])")
                // The same row in two formats.
                let cells = (1...64).map { $0 % 5 == 0 ? $0 % 16 : 0 }
                try bench.write("row.csv", cells.map(String.init).joined(separator: ",") + "\n")
                let items = cells.enumerated().filter { $0.element > 0 }.map { "\($0.offset + 1):\($0.element)" }
                try bench.write("row.svm", items.joined(separator: " ") + "\n")
                let table = try await bench.run(["sweepd", "predict", "q.safetensors", "row.csv"], exits: 0)
                let sparse = try await bench.run(["sweepd", "predict", "q.safetensors", "row.svm"], exits: 0)
                try #require(table.output.split(separator: "\n").count == 2)
                try #require(sparse.output == table.output)
                try bench.write("wide.svm", "1 65:1\n")
                for (more, sentence) in [
                    (["wide.svm"], "wide.svm:1: the model has no feature of this index; found 65; allowed: 1 to 64"),
                    (["row.csv", "--array", "x"], "row.csv: an array is named, and the file is no NPZ archive"),
                    (["data"], "data: the model was not trained on images; found a folder"),
                ] {
                    let child = try await bench.run(["sweepd", "predict", "q.safetensors"] + more, exits: 2)
                    try #require(child.errors.contains(sentence), "\(child.errors)")
                }
            }
        }

        @Test func `what cannot be exported or predicted is told, and nothing is written`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("quick")
                try await bench.run(["sweepd", "run", file, "--directory", "q.sweepd"], exits: 0)
                let absent = try await bench.run(
                    ["sweepd", "export", "quick", "--directory", "q.sweepd", "--trial", "999", "--onnx", "a.onnx"],
                    exits: 2
                )
                try #require(absent.errors.contains("999"))
                try await bench.run(["sweepd", "export", "quick", "--directory", "q.sweepd"], exits: 2)
                try bench.write("broken.safetensors", "no model")
                let broken = try await bench.run(
                    ["sweepd", "predict", "broken.safetensors", "data/digits.csv.gz"],
                    exits: 2
                )
                try #require(broken.errors.contains("broken.safetensors"))
                try #require(!FileManager.default.fileExists(atPath: bench.path("a.onnx")))
            }
        }

        @Test func `a sweep goes on with the weights of another, and is told which do not fit`() async throws {
            try await Bench.run { bench in
                try await bench.run(["sweepd", "run", try bench.sweep("quick"), "--directory", "q.sweepd"], exits: 0)
                try await bench.run(
                    ["sweepd", "export", "quick", "--directory", "q.sweepd", "--safetensors", "q.safetensors"],
                    exits: 0
                )
                func file(_ start: String, _ name: String) throws -> String {
                    let file = try bench.sweep(
                        "quick",
                        ["name: quick": "name: \(name)", "  epochs: 9": "  epochs: 3\n  start_from: \(start)"]
                    )
                    return try bench.write("\(name).yaml", String(contentsOfFile: file, encoding: .utf8))
                }
                let more = try file("{choice: [none, q.safetensors]}", "more")
                try await bench.run(
                    ["sweepd", "run", more, "--directory", "m.sweepd", "--slots", "2"] + ["--set", "prune=none"],
                    exits: 0
                )
                let curves = try await bench.run(
                    ["sweepd", "curves", "more", "--directory", "m.sweepd", "--format", "json"],
                    exits: 0
                )
                let document = try JSONSerialization.jsonObject(with: Data(curves.output.utf8)) as? [String: Any]
                var firsts: [String: [Double]] = [:]
                for trial in document?["trials"] as? [[String: Any]] ?? [] {
                    let configuration = trial["configuration"] as? [String: Any]
                    let points = trial["points"] as? [[String: Any]]
                    let start = configuration?["train.start_from"] as? String ?? ""
                    if let first = points?.first?["probe.loss"] as? Double { firsts[start, default: []].append(first) }
                    try #require((trial["kernels"] as? [String])?.count == 1)
                }
                let (drawn, taken) = (try #require(firsts["none"]), try #require(firsts["q.safetensors"]))
                func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
                try #require(median(taken) < median(drawn) / 2, "\(firsts)")
                // Trained again here, it begins with the same weights: the recorded bits come out.
                try await bench.run(
                    ["sweepd", "export", "more", "--directory", "m.sweepd", "--safetensors", "m.safetensors"],
                    exits: 0
                )

                for (start, changes, words) in [
                    ("absent.safetensors", [:], "the file cannot be opened: No such file or directory"),
                    ("more.yaml", [:], "the weights cannot be read"),
                    ("q.safetensors", ["widths: [32]": "widths: [33]"], "numbers in the file and"),
                ] {
                    var text = try String(contentsOfFile: try file(start, "wrong"), encoding: .utf8)
                    for (old, new) in changes { text = text.replacing(old, with: new) }
                    let wrong = try await bench.run(["sweepd", "validate", bench.write("wrong.yaml", text)], exits: 2)
                    try #require(
                        wrong.errors.contains(words) && wrong.errors.contains("wrong.yaml:14:"),
                        "\(wrong.errors)"
                    )
                }
            }
        }

        @Test func `the self-test passes for the built-in layers and for a sweep file`() async throws {
            try await Bench.run { bench in
                let layers = try await bench.run(["sweepd", "selftest"], exits: 0, within: 120)
                try #require(layers.output.contains("none failed"))
                for check in ["gradients", "one batch", "zero inputs", "shuffled labels"] {
                    try #require(layers.output.contains("passed   linear") && layers.output.contains(check))
                }
                let file = try bench.sweep("quick")
                let sweep = try await bench.run(
                    ["sweepd", "selftest", file, "--format", "json"],
                    exits: 0,
                    within: 120
                )
                let document = try JSONSerialization.jsonObject(with: Data(sweep.output.utf8)) as? [String: Any]
                try #require((document?["checks"] as? [Any])?.count == 5)
                let zero = try await bench.run(
                    ["sweepd", "selftest", file, "--set", "train.initializer={constant: 0}"],
                    exits: 1,
                    within: 120
                )
                try #require(zero.output.contains("failed   quick"))
            }
        }

        @Test func `the training core is measured`() async throws {
            try await Bench.run { bench in
                let child = try await bench.run(
                    ["sweepd", "bench", "core", "--model", "mlp:32-64-64-1", "--seconds", "0.2"],
                    exits: 0
                )
                let document = try JSONSerialization.jsonObject(with: Data(child.output.utf8)) as? [String: Any]
                for key in ["samples_per_second", "gflops", "peak_gflops", "threads"] {
                    try #require((document?[key] as? Double ?? 0) > 0, "\(key)")
                }
                try #require(document?["kernels"] is String)
                let wrong = try await bench.run(["sweepd", "bench", "core", "--model", "mlp:x"], exits: 2)
                try #require(wrong.errors.contains("--model"))
            }
        }
    }
}
