import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// `sweepd slurm` against commands that stand in for Slurm's: jobs are real processes with wall times and signals.
    @Suite(.enabled(if: Program.has("python3"), "SKIPPED: needs python3"))
    struct SlurmTests {
        /// A job as the stand-in writes it down.
        private struct Job: Decodable {
            let id: Int
            let state: String
            let exit: Int?
            let warned: Bool?
        }

        /// A cluster in a folder of the bench.
        private struct Cluster {
            let bench: Bench
            let environment: [String: String]

            init(_ bench: Bench) throws {
                self.bench = bench
                let program = Program.root.appending(path: "Tests/Lab/stand-in-slurm").path
                let folder = bench.path("bin")
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                for name in ["sbatch", "squeue", "scancel"] {
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(folder)/\(name)",
                        withDestinationPath: program
                    )
                }
                environment = [
                    "STAND_IN_SLURM": bench.path("jobs"),
                    "PATH": folder + ":" + (Program.environment("PATH") ?? "/usr/bin:/bin"),
                ]
            }

            var jobs: [Job] {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: bench.path("jobs"))) ?? []
                return names.filter { $0.hasSuffix(".json") }.compactMap {
                    (try? Data(contentsOf: URL(filePath: bench.path("jobs/\($0)"))))
                        .flatMap { try? Job.read(String(decoding: $0, as: UTF8.self)) }
                }.sorted { $0.id < $1.id }
            }

            var running: [Job] { jobs.filter { $0.state == "RUNNING" } }

            func cancel(_ job: Int) async throws {
                let done = try await bench.run(["scancel", "\(job)"], environment: environment)
                try #require(done.status == 0, "\(done.errors)")
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func `allocations are replaced at their wall time and when cancelled, and the table is the undisturbed one`()
            async throws
        {
            try await Bench.run { bench in
                // Large enough to outlive, on a quick machine too, the jobs that are taken from it.
                let file = try bench.sweep("digits", ["trials: 81": "trials: 2400"])
                let expected = try await bench.undisturbed(file, named: "digits", within: 200)
                let coordinator = try await bench.coordinator([file])
                let cluster = try Cluster(bench)
                let words = [
                    "sweepd", "slurm", "digits", "--workers", "2", "--time", "0:16", "--drain", "10", "--every", "0.2",
                    "--coordinator", coordinator.endpoint.worker, "--logs", bench.folder.path,
                ]
                var keeper = try bench.start("slurm", words, environment: cluster.environment, mayEnd: true)
                try await coordinator.wait("digits", "both allocations train") {
                    $0.workers.count { $0.busy > 0 } == 2 || $0.state == "finished"
                }
                let first = try #require(cluster.running.first)
                try await cluster.cancel(first.id)
                try await bench.wait("a third job is there") { cluster.jobs.count >= 3 }
                // Ended and started again, it takes up the jobs that are there.
                keeper.signal(SIGINT)
                try await bench.ended(keeper)
                try #require(keeper.status == 130 && keeper.errors.contains("the jobs go on"), "\(keeper.errors)")
                let before = cluster.running.count
                try #require(before > 0)
                keeper = try bench.start("slurm", words, environment: cluster.environment, mayEnd: true)
                try await coordinator.finished("digits", within: 200)
                try await bench.ended(keeper)
                try #require(keeper.status == 0, "\(keeper.errors)")
                try #require(cluster.running.isEmpty)
                try #require(try await coordinator.stableRank("digits") == expected.rank)
                for job in cluster.jobs where job.id != first.id {
                    // Warned of its wall time, or of the sweep's end, each worker handed back its trials and ended in order.
                    let log = bench.path("sweepd-\(job.id).log")
                    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                    try #require(job.state == "COMPLETED" && job.exit == 0, "job \(job.id): \(job.state)\n\(text)")
                }
            }
        }

        @Test func `what Slurm refuses at first is told, and a sweep that is not there is not waited for`() async throws
        {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try bench.sweep("digits")])
                let cluster = try Cluster(bench)
                let base = ["sweepd", "slurm", "digits", "--coordinator", coordinator.endpoint.worker]
                let refused = try await bench.run(base + ["--", "--no-such-option"], environment: cluster.environment)
                try #require(refused.status == 1 && refused.errors.contains("no-such-option"), "\(refused.errors)")
                let absent = try await bench.run(base, environment: ["PATH": "/usr/bin:/bin"])
                if !Program.has("squeue") {
                    try #require(absent.status == 1 && absent.errors.contains("no such command"), "\(absent.errors)")
                }
                let unknown = try await bench.run(
                    ["sweepd", "slurm", "none", "--coordinator", coordinator.endpoint.worker],
                    environment: cluster.environment
                )
                try #require(unknown.status == 2 && unknown.errors.contains("no sweep is called none"))
                let programs = Program.root.appending(path: "sweeps/command/plain.yaml").path
                try await bench.run(["sweepd", "submit", programs] + base.suffix(2), exits: 0)
                let unfit = try await bench.run(
                    ["sweepd", "slurm", "plain"] + base.suffix(2),
                    environment: cluster.environment
                )
                try #require(
                    unfit.status == 2 && unfit.errors.contains("plain requires workers with --commands"),
                    "\(unfit.errors)"
                )
                for wrong in [["--time", "1:2:3:4"], ["--time", "1", "--drain", "60"], ["--workers", "0"]] {
                    let child = try await bench.run(base + wrong, environment: cluster.environment)
                    try #require(child.status == 2, "\(child.errors)")
                }
                try #require(cluster.jobs.isEmpty)
            }
        }

        @Test func `a command that leaves somebody with its output behind has ended all the same`() async throws {
            try await Bench.run { bench in
                let hold = try bench.write("hold", "")
                // It keeps its output alone: by what else it would inherit, a test sees whether the command that it ran has ended.
                let squeue = try bench.write(
                    "bin/squeue",
                    """
                    #!/bin/bash
                    (
                        for open in /proc/self/fd/*; do
                            if ((${open##*/} > 2)); then eval "exec ${open##*/}>&-"; fi
                        done
                        while [ -e '\(hold)' ]; do sleep 0.2; done
                    ) &
                    echo 17 COMPLETED

                    """
                )
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: squeue)
                let path = bench.path("bin") + ":" + (Program.environment("PATH") ?? "/usr/bin:/bin")
                let child = try await bench.run(
                    ["sweepd", "slurm", "any", "--stop"],
                    environment: ["PATH": path],
                    within: 40
                )
                try #require(child.status == 0 && child.errors.contains("0 jobs cancelled"), "\(child.errors)")
            }
        }

        @Test func `a limit of jobs that is met in the middle is waited for, and jobs are kept`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("digits", ["trials: 81": "trials: 2400"])
                let coordinator = try await bench.coordinator([file])
                let cluster = try Cluster(bench)
                let limit = try bench.write("jobs/limit", "1")
                let words = ["sweepd", "slurm", "digits", "--coordinator", coordinator.endpoint.worker]
                let more = ["--workers", "2", "--every", "0.2", "--logs", bench.folder.path]
                let keeper = try bench.start("slurm", words + more, environment: cluster.environment, mayEnd: true)
                try await bench.wait("one more is refused") { keeper.errors.contains("QOS policy; trying again") }
                try #require(cluster.jobs.count == 1)
                try FileManager.default.removeItem(atPath: limit)
                try await bench.wait("both jobs run") { cluster.running.count == 2 }
                keeper.signal(SIGINT)
                try await bench.ended(keeper)
                try #require(keeper.status == 130, "\(keeper.errors)")
                let stopped = try await bench.run(words + ["--stop"], environment: cluster.environment)
                try #require(stopped.status == 0 && stopped.errors.contains("2 jobs cancelled"), "\(stopped.errors)")
                try await bench.wait("no job is left", within: 60) { cluster.running.isEmpty }
            }
        }

        @Test func `the batch script of the package is the one that is submitted`() async throws {
            try await Bench.run { bench in
                let printed = try await bench.run(["sweepd", "slurm", "any", "--print-script"], exits: 0)
                let kept = try String(
                    contentsOf: Program.root.appending(path: "cluster/slurm/worker.sbatch"),
                    encoding: .utf8
                )
                try #require(printed.output == kept)
            }
        }
    }
}
