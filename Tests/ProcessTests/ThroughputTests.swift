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
                    search: {method: random, trials: 1000, seed: 1}
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

        @Test func `bench dispatch sends every trial through, and null workers get no trial that is to be trained`()
            async throws
        {
            try await Bench.run { bench in
                let measured = try await bench.run(
                    ["sweepd", "bench", "dispatch", "--trials", "300", "--epochs", "2", "--directory", bench.path("")],
                    exits: 0,
                    within: 60
                )
                let document: Dispatched = try .read(measured.output)
                try #require(document.durable && document.trialsPerSecond > 0)
                try #require(document.reportsPerSecond > document.trialsPerSecond)
                try #require(document.coordinatorCpuMsPerTrial > 0)

                let file = try bench.sweep("quick")
                let coordinator = try await bench.coordinator()
                _ = try await coordinator.text(["submit", file])
                _ = try bench.start(
                    "null",
                    ["sweepd", "worker", "--null", "--connect", coordinator.endpoint.worker, "--name", "null"]
                )
                let status = try await coordinator.wait("quick", "the null worker is there") { status in
                    status.workers.contains { $0.id == "null" }
                }
                try #require(status.trials.completed == 0 && status.workers.first?.busy == 0)
                try #require(status.workers.first?.idleBecause?.contains("version null") == true)
            }
        }

        private struct Dispatched: Decodable {
            let trialsPerSecond, reportsPerSecond, coordinatorCpuMsPerTrial: Double
            let durable: Bool
        }
    }
}
