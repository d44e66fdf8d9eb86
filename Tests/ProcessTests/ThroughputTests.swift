import ProcessTestKit
import Testing

extension RealProcesses {
    @Suite struct ThroughputTests {
        /// Trials so short that what is measured is the way of a trial through coordinator, port, worker and disk.
        @Test func `a thousand trials of one epoch`() async throws {
            try await Bench.run { bench in
                let rows = (0..<60).map { row in "\(row % 7),\(row * row % 11),\(row % 5),\(row % 2)" }
                try bench.write("rows.csv", "a,b,c,label\n" + rows.joined(separator: "\n") + "\n")
                let file = try bench.write(
                    "thousand.yaml",
                    """
                    name: thousand
                    data: {source: rows.csv, target: label}
                    train:
                      model: linear
                      optimizer: {sgd: {learning_rate: {log: [1e-4, 1]}}}
                      batch_size: 32
                      epochs: 1
                    search: {trials: 1000, seed: 1}
                    prune: none

                    """
                )
                let coordinator = try await bench.coordinator(heartbeat: 1)
                for name in ["red", "blue"] { _ = try bench.worker(name, of: coordinator) }
                let started = ContinuousClock.now
                _ = try await coordinator.text(["submit", file])
                let status = try await coordinator.finished("thousand")
                let took = ContinuousClock.now - started
                try #require(status.trials.completed == 1000)
                try #require(status.epochs == 1000)
                print("a thousand trials of one epoch, from submit to the last answer: \(took)")
            }
        }
    }
}
