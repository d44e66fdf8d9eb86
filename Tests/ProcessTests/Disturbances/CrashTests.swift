import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Processes that train, crashing: their parents tell what became of the trials.
    @Suite struct CrashTests {
        /// One trial whose epochs last for seconds, so that a process can be ended before the first is done.
        private static func slowSweep(_ bench: Bench) throws -> String {
            try bench.sweep(
                "digits-long",
                [
                    "trials: 200": "trials: 1", "epochs: 27": "epochs: 2", "width: 512": "width: 4096",
                    "batch_size: 8": "batch_size: 2",
                ]
            )
        }

        /// A worker that a signal from outside ends. Where Swift prints what it did when it faults, it takes the signal and lives
        /// on, as there is no instruction to fault again.
        private static func crashing(_ name: String, _ bench: Bench, _ coordinator: Coordinator) throws -> Child {
            try bench.start(
                name,
                ["sweepd", "worker", "--connect", coordinator.endpoint.worker, "--name", name, "--slots", "1"]
                    + ["--log-level", "debug"],
                environment: ["SWIFT_BACKTRACE": "enable=no"]
            )
        }

        @Test func `a trial whose process crashes three times fails with the signal, the epoch and the log`()
            async throws
        {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try Self.slowSweep(bench)])
                let workers = [
                    try Self.crashing("red", bench, coordinator),
                    try Self.crashing("blue", bench, coordinator),
                ]
                // A crash between the assignment and the first step is nobody's fault, so there may be more than three.
                for crash in 1...9 {
                    // The worker that has begun the trial is the one whose newest process says so.
                    let next = try await bench.value("attempt \(crash) has begun, or the sweep has ended") {
                        () -> (over: Bool, victim: pid_t?)? in
                        for worker in workers where worker.count("lease begins") > worker.count("process ended with") {
                            return worker.trainingProcess.map { (false, $0) }
                        }
                        return try await coordinator.status("digits-long").state == "finished" ? (true, nil) : nil
                    }
                    guard let victim = next.victim else { break }
                    try #require(kill(victim, SIGSEGV) == 0)
                    try await bench.wait("crash \(crash) is told") {
                        workers.reduce(0) { $0 + $1.count("ended with signal 11") } == crash
                    }
                }
                let status = try await coordinator.wait("digits-long", "the sweep ends") { $0.state == "finished" }
                try #require(status.trials.failed == 1 && status.epochs == 0)
                let row = try #require(try await coordinator.rank("digits-long").rows.first)
                try #require(row.state == "failed" && row.attempts ?? 0 >= 3)
                let reason = try #require(row.reason)
                try #require(reason.contains("3 attempts ended without an epoch"))
                try #require(reason.contains("signal 11 (SIGSEGV) after epoch 0"))
                try #require(row.log?.contains("lease begins") == true, "\(row.log ?? "no log")")
                // On different workers where there are any.
                try #require(Set(row.workers ?? []) == ["red", "blue"])
                try #require(workers.allSatisfy { $0.isRunning })
            }
        }

        @Test func `a sweep whose training processes crash ends with the undisturbed table`() async throws {
            try await Bench.run { bench in
                let file = try longSweep(bench, trials: 27, epochs: 27)
                let expected = try await bench.undisturbed(file, named: "digits-long")
                // Beats so rare that only the parents can have told: nothing lapses in this test.
                let coordinator = try await bench.coordinator([file], heartbeat: 30)
                let workers = [
                    try Self.crashing("red", bench, coordinator), try Self.crashing("blue", bench, coordinator),
                ]
                var epochs = 0
                for crash in 0..<4 {
                    try await coordinator.wait("digits-long", "it trains") { $0.epochs > epochs + 2 }
                    // After a crash its parent rests for a moment before it starts another.
                    let victim = try await bench.value("there is a process to crash") {
                        workers[crash % 2].trainingProcess
                    }
                    try #require(kill(victim, crash < 2 ? SIGABRT : SIGKILL) == 0)
                    epochs = try await coordinator.status("digits-long").epochs
                }
                try await coordinator.finished("digits-long", within: 240)
                try #require(try await coordinator.stableRank("digits-long") == expected.rank)
            }
        }

        @Test(arguments: [false, true])
        func `the training process dies with its parent, soon or after its first threads are gone`(_ late: Bool)
            async throws
        {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator(["--log-level", "info"])
                let worker = try bench.worker("red", of: coordinator)
                try await bench.wait("it is registered") {
                    coordinator.child.log.entries.contains { $0.message == "worker registered" }
                }
                let child = try #require(worker.trainingProcess)
                if late {
                    // Threads of the pool that began with it end when they have had nothing to do for some seconds.
                    var seen: Set<String> = []
                    try await bench.wait("a thread of it ends", within: 40) {
                        let now = Set(
                            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(child)/task")) ?? []
                        )
                        defer { seen.formUnion(now) }
                        return !now.isEmpty && !seen.isSubset(of: now)
                    }
                }
                try await bench.lose(worker)
                try await bench.wait("the kernel ends it", within: 5) { kill(child, 0) != 0 }
            }
        }

        @Test
        func `a worker that is told to end hands back within its time, and its trial goes on from its checkpoint`()
            async throws
        {
            try await Bench.run { bench in
                let file = try longSweep(bench)
                let expected = try await bench.undisturbed(file, named: "digits-long")
                let coordinator = try await bench.coordinator([file])
                let leaver = try bench.worker("leaver", of: coordinator, ["--drain-time", "8"])
                try await coordinator.wait("digits-long", "it trains") { $0.epochs >= 2 }
                let begun = ContinuousClock.now
                leaver.signal(SIGTERM)
                try await bench.ended(leaver, within: 20)
                try #require(leaver.status == 0, "\(leaver.errors)")
                try #require(begun.duration(to: .now) < .seconds(10))
                _ = try bench.worker("heir", of: coordinator, slots: 2)
                try await coordinator.finished("digits-long", within: 240)
                try #require(try await coordinator.stableRank("digits-long") == expected.rank)
            }
        }

        @Test func `a worker that is told to end before it trains does so at once, and well`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                for turn in 1...5 {
                    let worker = try bench.worker("early-\(turn)", of: coordinator)
                    // Its process is there and does not listen to signals yet.
                    let _: pid_t = try await bench.value("the training process is started", every: .microseconds(200)) {
                        worker.trainingProcess
                    }
                    worker.signal(SIGTERM)
                    try await bench.ended(worker, within: 10)
                    try #require(worker.status == 0, "\(worker.errors)")
                }
            }
        }

        @Test func `with its coordinator gone a worker that is told to end does so in its time`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try longSweep(bench)])
                let worker = try bench.worker("red", of: coordinator, ["--drain-time", "2"])
                try await coordinator.wait("digits-long", "it trains") { $0.epochs >= 1 }
                try await bench.lose(coordinator.child)
                worker.signal(SIGTERM)
                try await bench.ended(worker, within: 10)
                try #require(worker.status == 0, "\(worker.errors)")
            }
        }

        @Test func `what no other process would do better ends the worker with its code`() async throws {
            try await Bench.run { bench in
                let refused = try await bench.run(
                    ["sweepd", "worker", "--connect", "tcp://127.0.0.1:1", "--patience", "0.2"],
                    exits: 3
                )
                try #require(!refused.errors.contains("starting it again"))
                let alone = try await bench.run(["sweepd", "worker", "--supervised-by", "1"], exits: 2)
                try #require(alone.errors.contains("--supervised-by"))
            }
        }
    }
}

extension Child {
    /// How often it wrote this to standard error.
    fileprivate func count(_ words: String) -> Int { errors.components(separatedBy: words).count - 1 }

    /// The process that this worker has started to train; nil between two of them.
    var trainingProcess: pid_t? { children.first }
}
