import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Processes killed without warning: the sweep's answer is the one it would have given.
    @Suite struct LossTests {
        @Test func `with defaults the trial of a lost worker runs elsewhere within ten seconds`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep(
                    "quick",
                    [
                        "search: {trials: 12": "prune: none\nsearch: {trials: 4", "epochs: 9": "epochs: 60",
                        "widths: [32]": "widths: [256, 256]", "[32, 64]": "[8, 16]",
                    ]
                )
                let sweep = try await DisturbedSweep(bench, named: "quick", heartbeat: 2)
                for name in ["victim", "survivor"] { try sweep.startWorker(name) }
                try await sweep.seen("both workers are registered") {
                    sweep.coordinatorLog.count { $0.message == "worker registered" } == 2 ? true : nil
                }
                try await sweep.submit(file)
                let lease = try await sweep.seen("the victim is in the middle of a trial") {
                    sweep.trialInTheMiddle().flatMap { $0.worker == "victim" ? $0.lease : nil }
                }
                let victim = try sweep.worker("victim")
                let trial = try #require(lease.split(separator: "#").first)
                let known = sweep.coordinatorLog.count
                let lost = ContinuousClock.now
                victim.signal(SIGKILL)
                let again = try await sweep.seen("it is given to the other one", within: 30) {
                    sweep.coordinatorLog.dropFirst(known).first {
                        $0.message == "lease given" && $0["lease.id"]?.hasPrefix("\(trial)#") == true
                            && $0["worker.id"] == "survivor"
                    }?["lease.id"]
                }
                try await sweep.seen("it begins there", within: 30) {
                    sweep.log(of: "survivor").contains { $0.message == "lease begins" && $0["lease.id"] == again }
                        ? true : nil
                }
                let time = lost.duration(to: .now)
                print("a lost worker's trial runs elsewhere after \(time)")
                try #require(time < .seconds(10), "\(time)")
            }
        }

        enum Loss: String, CaseIterable, CustomTestStringConvertible {
            case worker, coordinator, both
            var testDescription: String { rawValue }
        }

        @Test(arguments: Loss.allCases)
        func `a sweep whose processes are killed ends with the undisturbed table and curves`(_ loss: Loss) async throws
        {
            try await Bench.run { bench in
                let file = try longSweep(bench)
                let expected = try await bench.undisturbed(file, named: "digits-long")
                var coordinator = try await bench.coordinator([file])
                let victim = try bench.worker("victim", of: coordinator)
                _ = try bench.worker("survivor", of: coordinator)
                try await coordinator.wait("digits-long", "both workers are in the middle of trials") {
                    $0.epochs >= 4 && $0.workers.count == 2 && $0.workers.allSatisfy { $0.busy > 0 }
                }
                if loss != .coordinator { try await bench.lose(victim) }
                if loss != .worker {
                    try await bench.lose(coordinator.child)
                    let port = coordinator.endpoint.worker
                    coordinator = try await bench.coordinator([file])
                    try #require(coordinator.endpoint.worker == port)
                }
                if loss != .coordinator { _ = try bench.worker("spare", of: coordinator) }
                try await coordinator.finished("digits-long", within: 90)
                try #require(try await coordinator.stableRank("digits-long") == expected.rank)
                let curves = try await coordinator.curves("digits-long")
                try #require(curves.trials.map(\.trial) == expected.curves.trials.map(\.trial))
                for (trial, alone) in zip(curves.trials, expected.curves.trials) {
                    try #require(
                        trial.points.map { $0["epoch"] } == (0..<trial.points.count).map { .number(Double($0 + 1)) }
                    )
                    try #require(trial == alone, "trial \(trial.trial)")
                }
                if loss == .worker {
                    let rank = try await coordinator.rank("digits-long")
                    try #require(
                        rank.rows.contains { ($0.attempts ?? 0) > 1 },
                        "the victim's trial has a second attempt"
                    )
                }
            }
        }
    }
}
