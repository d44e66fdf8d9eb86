import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Programs as trials, run by the program itself.
    @Suite struct CommandTests {
        /// The examples of `sweeps/command` in the bench's folder, with parts of the sweep file replaced.
        private static func example(_ name: String, _ bench: Bench, _ replaced: [String: String] = [:]) throws -> String
        {
            for ending in ["py", "yaml"] {
                var text = try String(
                    contentsOf: Program.root.appending(path: "sweeps/command/\(name).\(ending)"),
                    encoding: .utf8
                )
                if ending == "yaml" {
                    for (part, replacement) in replaced {
                        guard text.contains(part) else { throw ProcessFailure("\(name).yaml does not say \(part)") }
                        text = text.replacing(part, with: replacement)
                    }
                }
                try bench.write("\(name).\(ending)", text)
            }
            return bench.path("\(name).yaml")
        }

        /// A shell script as the one trial of a sweep.
        private static func script(_ bench: Bench, _ text: String, prune: String = "none", epochs: Int = 200) throws
            -> String
        {
            try bench.write("script.sh", text)
            return try bench.write(
                "script.yaml",
                """
                name: script
                train:
                  command: [/bin/sh, script.sh]
                  parameters: {x: {uniform: [0, 1]}}
                  epochs: \(epochs)
                  limits: {grace: 1s}
                objective: {minimize: loss}
                search: {method: random, trials: 1}
                prune: \(prune)
                """
            )
        }

        /// The processes that have this word in their command line.
        private static func processes(with word: String) -> [Int32] {
            let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return all.compactMap { Int32($0) }.filter { pid in
                guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
                return String(decoding: data.map { $0 == 0 ? 32 : $0 }, as: UTF8.self).contains(word)
            }
        }

        @Test func `a program is swept to a ranked table, the same on one slot and on two workers`() async throws {
            try #require(Program.has("python3"), "python3 is not installed")
            try await Bench.run { bench in
                let file = try Self.example(
                    "plain",
                    bench,
                    ["trials: 24": "method: random, trials: 9", "epochs: 27": "epochs: 9"]
                )
                let first = try await bench.run(
                    ["sweepd", "run", file, "--slots", "1", "--format", "json"],
                    exits: 0,
                    within: 120
                )
                let rank = try Rank.read(first.output)
                try #require(rank.rows.count == 9 && rank.rows[0].state == "completed" && rank.rows[0].epochs == 9)
                try #require(rank.rows.contains { $0.state == "pruned" && $0.epochs < 9 })
                // What was paused went on from its state, on whichever worker: every curve is that of a run in one piece.
                try await bench.run(
                    ["sweepd", "run", file, "--workers", "2", "--slots", "1", "--directory", bench.path("two.sweepd")],
                    exits: 0,
                    within: 120
                )
                var curves: [String] = []
                for directory in ["plain.sweepd", "two.sweepd"] {
                    let shown = try await bench.run(
                        ["sweepd", "curves", "plain", "--directory", bench.path(directory), "--format", "csv"],
                        exits: 0
                    )
                    curves.append(shown.output)
                }
                try #require(curves[0] == curves[1])
                let diagnosis = try await bench.run(
                    ["sweepd", "diagnose", "plain", "--trial", "1", "--directory", bench.path("plain.sweepd")],
                    exits: 0
                )
                try #require(diagnosis.output.contains("the trial is a program"))
                // What only networks have is refused in a sentence.
                let exported = try await bench.run(["sweepd", "data", file], exits: 2)
                try #require(exported.errors.contains("its trials are programs"))
            }
        }

        @Test func `a program that crashes, and one that writes no reports, are explained`() async throws {
            try await Bench.run { bench in
                let crash = "echo '{\"epoch\": 1, \"loss\": 1}' >&3\necho 'Traceback: boom' >&2\nexit 7\n"
                let first = try await bench.run(
                    ["sweepd", "run", Self.script(bench, crash), "--format", "json"],
                    exits: 1
                )
                try #require(first.output.contains("the program ended with exit code 7 after epoch 1"))
                try #require(first.output.contains("its log ends: Traceback: boom"))
                let noise = try Self.script(bench, "echo 'loss is 3' >&3\nsleep 100\n")
                let second = try await bench.run(
                    ["sweepd", "run", noise, "--format", "json", "--directory", bench.path("noise.sweepd")],
                    exits: 1,
                    within: 20
                )
                try #require(second.output.contains("the program reported a line that is not JSON at byte 0"))
            }
        }

        @Test func `nothing of a program is left when its trial is cancelled, or its worker killed`() async throws {
            try await Bench.run { bench in
                let mark = "97\(UInt32.random(in: 100_000...999_999))"
                let text = """
                    setsid sleep \(mark) &
                    i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo "{\\"epoch\\": $i, \\"loss\\": 1}" >&3; sleep 0.1; done
                    """
                let file = try Self.script(bench, text)
                let server = try bench.start(
                    "coordinator",
                    [
                        "sweepd", "coordinator", file, "--directory", bench.path("store"), "--listen",
                        "tcp://127.0.0.1:*",
                    ]
                        + ["--http", "127.0.0.1:0"]
                )
                let endpoint: String = try await bench.value("the port") {
                    guard let data = FileManager.default.contents(atPath: bench.path("store/endpoint.json")) else {
                        return nil
                    }
                    let found = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
                    return found?["worker"] as? String
                }
                let join = ["sweepd", "worker", "--connect", endpoint, "--slots", "1"]
                func status() async throws -> String {
                    try await bench.run(["sweepd", "status", "script", "--directory", bench.path("store")], exits: 0)
                        .output
                }
                // A worker that was not told that it may runs no program.
                let careful = try bench.start("careful", join)
                try await bench.wait("the worker is told why it idles") {
                    try await status().contains("the sweep requires commands=allowed")
                }
                careful.signal(SIGTERM)
                try await bench.ended(careful)
                let first = try bench.start("first", join + ["--commands"])
                try await bench.wait("the program runs") { !Self.processes(with: "sleep \(mark)").isEmpty }
                first.signal(SIGKILL)
                try await bench.wait("nothing is left", within: 20) { Self.processes(with: "sleep \(mark)").isEmpty }
                let second = try bench.start("second", join + ["--commands"])
                try await bench.wait("the program runs again") { !Self.processes(with: "sleep \(mark)").isEmpty }
                try await bench.run(["sweepd", "cancel", "script", "--directory", bench.path("store")], exits: 0)
                try await bench.wait("nothing is left", within: 20) { Self.processes(with: "sleep \(mark)").isEmpty }
                second.signal(SIGTERM)
                try await bench.ended(second)
                server.signal(SIGTERM)
            }
        }

        @Test func `files that are not there are told with their line`() async throws {
            try await Bench.run { bench in
                let file = try bench.write(
                    "p.yaml",
                    """
                    name: p
                    train:
                      command: [python3, p.py]
                      epochs: 3
                      files: [p.py]
                    objective: {minimize: loss}
                    """
                )
                let wrong = try await bench.run(["sweepd", "validate", file], exits: 2)
                try #require(
                    wrong.errors.contains("p.yaml:5:11: there is no such file beside the sweep file: train.files[0]")
                )
                // A script that is not sent ends every attempt of every trial, so no sweep begins with it.
                func tell(_ files: String, _ expected: String?) async throws {
                    let text = try String(contentsOfFile: file, encoding: .utf8)
                    let other = try bench.write("other.yaml", text.replacing("  files: [p.py]\n", with: files))
                    let child = try await bench.run(["sweepd", "validate", other], exits: expected == nil ? 0 : 2)
                    if let expected { try #require(child.errors.contains(expected), "\(child.errors)") }
                }
                try await tell("", "other.yaml:3:22: there is no such file beside the sweep file: train.command[1]")
                try bench.write("p.py", "import helper\n")
                try bench.write("helper.py", "")
                try await tell("", nil)
                try await tell("  files: [helper.py]\n", "other.yaml:3:22: not among train.files")
                try await tell("  files: [p.py, helper.py]\n", nil)
            }
        }

        @Test(arguments: [("torch_digits", "torch, sklearn"), ("forest", "sklearn")])
        func `the examples with other libraries run where these are installed`(name: String, modules: String)
            async throws
        {
            let python = ProcessInfo.processInfo.environment["SWEEPD_PYTHON"] ?? "python3"
            try await Bench.run { bench in
                guard try await bench.run([python, "-c", "import \(modules)"]).status == 0 else {
                    print("SKIPPED: \(name), as \(python) has not all of \(modules)")
                    return
                }
                let trials = name == "forest" ? "trials: 8" : "trials: 12"
                let file = try Self.example(
                    name,
                    bench,
                    ["python3": python, trials: "trials: 3", "epochs: 9": "epochs: 2"]
                )
                let run = try await bench.run(["sweepd", "run", file, "--format", "json"], exits: 0, within: 300)
                let rank = try Rank.read(run.output)
                try #require(rank.rows.count == 3 && rank.rows.allSatisfy { $0.state != "failed" })
            }
        }
    }
}
