import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Processes killed without warning: the sweep's answer is the one it would have given.
    @Suite struct LossTests {
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
