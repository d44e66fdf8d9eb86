import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Processes that serve one trial after another, run by the program itself.
    @Suite struct CommandReuseTests {
        /// A program that writes its process's number into a file for each run, and whose loss is its parameter's and the epoch's.
        private static let program = """
            import os
            import sweepd

            def train():
                with open(os.environ["RUNS"], "a") as file:
                    file.write(f"{os.getpid()}\\n")
                total = float((sweepd.checkpoint / "total").read_text()) if sweepd.start_epoch else 1.0
                for epoch in range(sweepd.start_epoch + 1, sweepd.epochs + 1):
                    total = total * 0.75 + abs(sweepd.parameters["rate"] - 0.3)
                    sweepd.report(
                        epoch, {"loss": total},
                        save=lambda folder: (folder / "total").write_text(repr(total)),
                    )

            sweepd.run(train)
            """

        /// A sweep of that program; the runs stand in the file `NAME.runs`.
        private static func file(_ name: String, _ bench: Bench, trials: Int, more: String) throws -> String {
            try bench.write("\(name).py", program)
            return try bench.write(
                "\(name).yaml",
                """
                name: \(name)
                train:
                  command: [python3, \(name).py]
                  environment: {RUNS: "\(bench.path("\(name).runs"))"}
                  parameters: {rate: {uniform: [0, 1]}}
                  epochs: 9
                  \(more)
                objective: {minimize: loss}
                search: {method: random, trials: \(trials), seed: 1}
                """
            )
        }

        /// The processes that ran something of this sweep, one for each run.
        private static func runs(_ name: String, _ bench: Bench) throws -> [Int32] {
            try String(contentsOfFile: bench.path("\(name).runs"), encoding: .utf8).split(separator: "\n")
                .compactMap { Int32($0) }
        }

        private static func needPython() throws {
            try #require(Program.has("python3"), "python3 is not installed")
        }

        @Test func `one process a slot serves a whole sweep, and the ranked table is that of a process for each run`()
            async throws
        {
            try Self.needPython()
            try await Bench.run { bench in
                var (curves, tables): ([String], [[String]]) = ([], [])
                for (name, more) in [("reused", "reuse: true"), ("few", "reuse: 4"), ("fresh", "reuse: false")] {
                    let file = try Self.file(name, bench, trials: 12, more: more)
                    let run = try await bench.run(
                        ["sweepd", "run", file, "--slots", "2", "--format", "json"],
                        exits: 0,
                        within: 180
                    )
                    tables.append(
                        try Rank.read(run.output).rows.map {
                            "\($0.place) \($0.trial) \($0.state) \($0.epochs) \($0.objective.map { "\($0)" } ?? "")"
                        }
                    )
                    let shown = try await bench.run(
                        ["sweepd", "curves", name, "--directory", bench.path("\(name).sweepd"), "--format", "csv"],
                        exits: 0
                    )
                    curves.append(shown.output.replacing(name, with: ""))
                }
                try #require(tables[0].count == 12 && tables[0] == tables[1] && tables[0] == tables[2])
                try #require(curves[0] == curves[1] && curves[0] == curves[2])
                // What was promoted ran again: more runs than trials, by as many processes as there are slots.
                let reused = try Self.runs("reused", bench)
                try #require(reused.count > 12 && Set(reused).count <= 2, "\(reused)")
                let few = try Self.runs("few", bench)
                try #require(few.count == reused.count)
                try #require(Set(few).allSatisfy { process in few.count { $0 == process } <= 4 }, "\(few)")
                let fresh = try Self.runs("fresh", bench)
                try #require(Set(fresh).count == fresh.count && fresh.count == reused.count)
                // The run is over, and its processes with it.
                try #require(Set(reused + few).allSatisfy { kill($0, 0) != 0 })
            }
        }

        @Test func `a crash fails its own trial, and the others of its process are sound`() async throws {
            try Self.needPython()
            try await Bench.run { bench in
                let file = try Self.file("crash", bench, trials: 6, more: "reuse: true\n  metrics: [other]")
                let text = Self.program.replacing("{\"loss\": total}", with: "{\"loss\": total, \"other\": 1}")
                try bench.write(
                    "crash.py",
                    text.replacing(
                        "    total = float",
                        with: "    if sweepd.trial == 3:\n        os.kill(os.getpid(), 11)\n    total = float"
                    )
                )
                let run = try await bench.run(
                    ["sweepd", "run", file, "--slots", "1", "--format", "json"],
                    exits: 0,
                    within: 120
                )
                let rank = try Rank.read(run.output)
                let failed = rank.rows.filter { $0.state == "failed" }
                try #require(rank.rows.count == 6 && failed.map(\.trial) == [3])
                try #require(
                    failed[0].reason?.contains("the program ended with signal 11 (SIGSEGV) before its first report")
                        == true
                )
                // Each attempt costs a process that has served others and one that has not.
                let runs = try Self.runs("crash", bench)
                try #require(Set(runs).count <= 1 + 2 * 3, "\(runs)")
            }
        }

        @Test func `an idle process ends with its worker, killed or told to drain`() async throws {
            try Self.needPython()
            try await Bench.run { bench in
                let store = bench.path("store")
                let first = try Self.file("first", bench, trials: 3, more: "reuse: true")
                let second = try Self.file("second", bench, trials: 3, more: "reuse: true")
                _ = try bench.start(
                    "coordinator",
                    [
                        "sweepd", "coordinator", first, "--directory", store, "--listen", "tcp://127.0.0.1:*",
                        "--http", "none",
                    ]
                )
                let endpoint: String = try await bench.value("the port") {
                    guard let data = FileManager.default.contents(atPath: bench.path("store/endpoint.json")) else {
                        return nil
                    }
                    return (try? JSONSerialization.jsonObject(with: data) as? [String: Any])?["worker"] as? String
                }
                let join = ["sweepd", "worker", "--connect", endpoint, "--slots", "1", "--commands"]
                /// The one process of a sweep, once that is over.
                func idle(_ name: String) async throws -> Int32 {
                    try await bench.run(["sweepd", "wait", name, "--directory", store], exits: 0, within: 120)
                    let processes = Set(try Self.runs(name, bench))
                    let process = try #require(processes.first)
                    try #require(processes.count == 1 && kill(process, 0) == 0, "\(processes)")
                    return process
                }
                let worker = try bench.start("killed", join)
                let one = try await idle("first")
                worker.signal(SIGKILL)
                try await bench.wait("nothing is left", within: 20) { kill(one, 0) != 0 }
                try await bench.run(["sweepd", "submit", second, "--directory", store], exits: 0)
                let drained = try bench.start("drained", join)
                let two = try await idle("second")
                drained.signal(SIGTERM)
                try await bench.ended(drained)
                try #require(drained.status == 0)
                // Its keeper may need a moment to end it and to be reaped.
                try await bench.wait("nothing is left of the second", within: 20) { kill(two, 0) != 0 }
            }
        }
    }
}
