import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// A trained sweep on its way to other tools.
    @Suite struct HistoryExportTests {
        private func trained(_ bench: Bench) async throws -> [String] {
            let file = try bench.write(
                "small.yaml",
                """
                name: small
                data: {source: {generate: {blobs: {rows: 120}}}}
                train:
                  model: {mlp: {width: {choice: [4, 8]}, layers: 1}}
                  optimizer: {adam: {learning_rate: {log: [1e-3, 1e-1]}}}
                  batch_size: 16
                  epochs: 3
                search: {method: random, trials: 5}
                prune: none

                """
            )
            let directory = bench.path("small.sweepd")
            try await bench.run(["sweepd", "run", file, "--directory", directory], exits: 0, within: 300)
            return ["--directory", directory]
        }

        private func standIn(_ bench: Bench, _ arguments: [String] = []) async throws -> String {
            let script = Program.root.appending(path: "Tests/Peers/mlflow_stand_in.py").path
            let server = try bench.start("mlflow", ["python3", script] + arguments)
            return try await bench.value("the server's URL") { () -> String? in
                server.output.hasSuffix("\n") ? String(server.output.dropLast()) : nil
            }
        }

        private struct Kept: Decodable {
            struct Run: Decodable {
                let id: String
                let name: String
                let status: String
                let tags: [String: String]
                let params: [String: String]
                let metrics: [String: [[Double]]]
            }
            let experiments: [String: String]
            let runs: [Run]
            /// A batch waits for an answer that never comes.
            let held: Bool
        }

        private func kept(_ bench: Bench, _ url: String) async throws -> Kept {
            let look =
                "import urllib.request, sys; sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())"
            let child = try await bench.run(["python3", "-c", look, url + "/runs"], exits: 0)
            return try JSONDecoder().decode(Kept.self, from: Data(child.output.utf8))
        }

        @Test func `a sweep is written for tables, TensorBoard and Optuna, and nothing of others is written over`()
            async throws
        {
            try await Bench.run { bench in
                let place = try await trained(bench)
                let (csv, lines) = (bench.path("small.csv"), bench.path("small.jsonl"))
                let (board, study) = (bench.path("board"), bench.path("small.journal"))
                let options = ["--csv", csv, "--jsonl", lines, "--tensorboard", board, "--optuna", study]
                let child = try await bench.run(["sweepd", "export", "small"] + place + options, exits: 0)
                try #require(child.errors.contains("5 trials of small: "), "\(child.errors)")
                func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
                try #require(try text(csv).split(separator: "\n").count == 16)
                try #require(try text(lines).split(separator: "\n").count == 5)
                try #require(try text(study).split(separator: "\n").count == 7)
                let folders = try FileManager.default.contentsOfDirectory(atPath: board + "/small")
                try #require(folders.count { $0.hasPrefix("trial-") } == 5, "\(folders)")

                // A journal may hold other studies; event files of an earlier export are put anew.
                let again = try await bench.run(["sweepd", "export", "small", "--optuna", study] + place, exits: 2)
                try #require(again.errors.contains("the file is there already"), "\(again.errors)")
                try await bench.run(["sweepd", "export", "small", "--tensorboard", board] + place, exits: 0)
                try bench.write("board/small/notes.txt", "mine")
                let foreign = try await bench.run(
                    ["sweepd", "export", "small", "--tensorboard", board] + place,
                    exits: 2
                )
                try #require(foreign.errors.contains("notes.txt, which no export wrote"), "\(foreign.errors)")
                try #require(try text(bench.path("board/small/notes.txt")) == "mine")

                // What is no folder is nobody's export.
                let file = try bench.write("boards/small", "mine")
                let other = try await bench.run(
                    ["sweepd", "export", "small", "--tensorboard", bench.path("boards")] + place,
                    exits: 2
                )
                try #require(other.errors.contains("is no folder"), "\(other.errors)")
                try #require(try text(file) == "mine")

                // Through a link, into what is no file, and onto a disk that is full.
                let real = try bench.write("real.csv", "")
                try FileManager.default.createSymbolicLink(atPath: bench.path("link.csv"), withDestinationPath: real)
                try await bench.run(["sweepd", "export", "small", "--csv", bench.path("link.csv")] + place, exits: 0)
                try #require(try text(real).hasPrefix("trial,"))
                try #require(try FileManager.default.destinationOfSymbolicLink(atPath: bench.path("link.csv")) == real)
                let pipe = bench.path("pipe")
                try #require(mkfifo(pipe, 0o600) == 0)
                let reader = try bench.start("cat", ["cat", pipe], mayEnd: true)
                try await bench.run(["sweepd", "export", "small", "--csv", pipe] + place, exits: 0)
                try await bench.ended(reader)
                var status = stat()
                try #require(try reader.output == text(real) && stat(pipe, &status) == 0)
                try #require(status.st_mode & S_IFMT == S_IFIFO, "it is a pipe still")
                let ranked = "\"\(Program.sweepd.path)\" rank small --directory \"\(place[1])\" >/dev/full"
                let unwritten = try await bench.run(["sh", "-c", ranked], exits: 1)
                try #require(unwritten.errors.contains("standard output cannot be written"), "\(unwritten.errors)")
                for (target, reason) in [
                    (bench.path(""), "Is a directory"), (bench.path("none/out.csv"), "No such file or directory"),
                    (csv + "/out.csv", "No such file or directory"),
                ] {
                    let misplaced = try await bench.run(
                        ["sweepd", "export", "small", "--csv", target] + place,
                        exits: 2
                    )
                    let expected = "\(target): the file cannot be written: \(reason)\n"
                    try #require(misplaced.errors == expected, "\(misplaced.errors)")
                }

                // One trial alone.
                try await bench.run(["sweepd", "export", "small", "--trial", "2", "--csv", csv] + place, exits: 0)
                try #require(try text(csv).split(separator: "\n").count == 4)
                for mistake in [[], ["--mlflow-experiment", "x"], ["--mlflow", "localhost:5000"]] {
                    try await bench.run(["sweepd", "export", "small"] + place + mistake, exits: 2)
                }
                for name in ["report.html", "report.md"] {
                    let report = bench.path(name)
                    try await bench.run(["sweepd", "report", "small", "-o", report] + place, exits: 0)
                    let written = try text(report)
                    try #require(written.contains("How to do it again") && written.contains("name: small"), "\(name)")
                    try #require(written.contains("<svg") == name.hasSuffix("html"))
                }
                let unknown = try await bench.run(["sweepd", "export", "smal", "--csv", csv] + place, exits: 2)
                try #require(unknown.errors.contains("small"), "\(unknown.errors)")
            }
        }

        @Test func `a sweep is brought to an MLflow server once, whole or not at all`() async throws {
            try await Bench.run { bench in
                let place = try await trained(bench)
                let url = try await standIn(bench)
                let words = ["sweepd", "export", "small", "--mlflow", url + "/"] + place
                try await bench.run(words, exits: 0)
                let found = try await kept(bench, url)
                try #require(Array(found.experiments.keys) == ["small"])
                let parent = try #require(found.runs.first { $0.tags["sweepd.role"] == "sweep" })
                try #require(parent.status == "FINISHED" && parent.name == "small")
                let trials = found.runs.filter { $0.tags["sweepd.role"] == "trial" }
                try #require(trials.count == 5)
                for run in trials {
                    try #require(run.tags["mlflow.parentRunId"] == parent.id && run.status == "FINISHED")
                    try #require(Set(run.params.keys) == ["width", "learning_rate"])
                    try #require(run.metrics["validation.loss"]?.map { $0[0] } == [1, 2, 3], "\(run.metrics)")
                    try #require(run.metrics["objective"]?.count == 1)
                }
                let again = try await bench.run(words, exits: 1)
                try #require(again.errors.contains("has the sweep small already"), "\(again.errors)")
                try await bench.run(words + ["--mlflow-experiment", "a second one"], exits: 0)
                try #require(try await kept(bench, url).runs.count == 12)

                // Ended in the middle, it leaves runs; the next call takes them away first.
                let slow = try await standIn(bench, ["--hold", "3"])
                let slowly = ["sweepd", "export", "small", "--mlflow", slow] + place
                let cut = try bench.start("export", slowly, mayEnd: true)
                try await bench.wait("it waits for an answer") { try await kept(bench, slow).held }
                try #require(try await kept(bench, slow).runs.count >= 3)
                cut.signal(SIGKILL)
                try await bench.ended(cut)
                try #require(try await kept(bench, slow).runs.contains { $0.status == "RUNNING" })
                try await bench.run(slowly, exits: 0, within: 120)
                let whole = try await kept(bench, slow).runs
                try #require(whole.count == 6 && whole.allSatisfy { $0.status == "FINISHED" }, "\(whole)")

                let failing = try await standIn(bench, ["--refuse-after", "6"])
                let failed = try await bench.run(["sweepd", "export", "small", "--mlflow", failing] + place, exits: 1)
                try #require(failed.errors.contains("database is locked"), "\(failed.errors)")
                try #require(try await kept(bench, failing).runs.isEmpty, "what was made is deleted again")

                let nobody = try await bench.run(
                    ["sweepd", "export", "small", "--mlflow", "http://127.0.0.1:9"] + place,
                    exits: 1
                )
                try #require(nobody.errors.contains("http://127.0.0.1:9"), "\(nobody.errors)")
            }
        }

        private static let mlflow = Program.environment("SWEEPD_MLFLOW_PYTHON")

        /// The stand-in above is as strict as the server only where this says so.
        @Test(
            .enabled(if: mlflow != nil, "SKIPPED: a real MLflow server needs SWEEPD_MLFLOW_PYTHON: make test-mlflow")
        )
        func `a real MLflow server keeps the same`() async throws {
            try await Bench.run { bench in
                let place = try await trained(bench)
                let python = try #require(Self.mlflow)
                let port = try #require(Self.freePort())
                let url = "http://127.0.0.1:\(port)"
                let program = URL(filePath: python).deletingLastPathComponent().appending(path: "mlflow").path
                let server = try bench.start(
                    "mlflow",
                    [
                        program, "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1",
                        "--backend-store-uri", "sqlite:///\(bench.path("mlflow.db"))", "--artifacts-destination",
                        bench.path("artifacts"),
                    ]
                )
                try await bench.wait("MLflow answers", within: 180) {
                    try await bench.run(["curl", "-fs", url + "/health"]).status == 0
                }
                try #require(server.isRunning)
                let words = ["sweepd", "export", "small", "--mlflow", url] + place
                try await bench.run(words, exits: 0, within: 180)
                struct Answer: Decodable {
                    struct Run: Decodable {
                        let id: String
                        let status: String
                        let parent: String?
                        let params: [String: String]
                        let tags: [String: String]
                    }
                    let runs: [Run]
                }
                let script = Program.root.appending(path: "Tests/Peers/history_peer.py").path
                let child = try await bench.run([python, script, "mlflow", url, "small"], within: 180)
                let runs = try JSONDecoder().decode(Answer.self, from: Data(child.output.utf8)).runs
                try #require(runs.count == 6 && runs[0].parent == nil && runs[0].status == "FINISHED")
                try #require(runs.dropFirst().allSatisfy { $0.parent == runs[0].id && $0.params.count == 2 })
                try #require(try await bench.run(words, within: 180).status == 1, "a second time it is there")
            }
        }

        /// A port that was free a moment ago: the server takes no port of the system's choice.
        private static func freePort() -> Int? {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            return withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    guard bind(descriptor, pointer, length) == 0, getsockname(descriptor, pointer, &length) == 0 else {
                        return nil
                    }
                    return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                        Int(UInt16(bigEndian: $0.pointee.sin_port))
                    }
                }
            }
        }
    }
}
