import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// The experiment of `sweepd why` on this machine.
    @Suite struct WhyExperimentTests {
        private static let file = Program.root.appending(path: "sweeps/why/learning-rate.yaml").path
        private static func rate(_ value: String) -> [String] {
            ["--set", "train.optimizer.adam.learning_rate=\(value)"]
        }

        /// A child whose files for the moment go to a folder of their own, and what is left there.
        private static func temporary(_ bench: Bench) throws -> (environment: [String: String], left: () -> [String]) {
            let folder = bench.path("moment")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            return (["TMPDIR": folder], { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? ["?"] })
        }

        @Test func `the cause of one run is confirmed, and nothing is left behind`() async throws {
            try await Bench.run { bench in
                let (environment, left) = try Self.temporary(bench)
                let child = try await bench.run(
                    ["sweepd", "why", Self.file, "--repeats", "3", "--arms", "3", "--format", "json"]
                        + Self.rate("0.1"),
                    environment: environment,
                    within: 120
                )
                try #require(child.status == 0, "\(child.errors)")
                struct Confirmed: Decodable {
                    struct Cause: Decodable { let id: String, confirmed: Bool }
                    struct Experiment: Decodable {
                        struct Cure: Decodable { let arm: String }
                        let cures: [Cure]
                    }
                    let causes: [Cause]
                    let unknown: [String]
                    let experiment: Experiment
                }
                let report = try JSONDecoder().decode(Confirmed.self, from: Data(child.output.utf8))
                let first = try #require(report.causes.first)
                try #require(first.id == "K-LRHI" && first.confirmed, "\(child.output)")
                try #require(report.experiment.cures.contains { $0.arm == "learning rate / 10" }, "\(child.output)")
                try #require(!report.unknown.contains { $0.contains("experiment") })
                try #require(child.errors.contains("learning-rate.why: 4 arms of 3 runs each"), "\(child.errors)")
                try #require(left() == [])
            }
        }

        // covers: R20 C1
        @Test func `a symptom that comes late is branched before, and what mends it says from which epoch on`()
            async throws
        {
            try await Bench.run { bench in
                let (environment, left) = try Self.temporary(bench)
                let file = Program.root.appending(path: "sweeps/why/long-warmup.yaml").path
                let child = try await bench.run(
                    [
                        "sweepd", "why", file, "--set", "train.optimizer.sgd.learning_rate=3.6", "--repeats", "3",
                        "--arms", "3", "--format", "json",
                    ],
                    environment: environment,
                    within: 120
                )
                try #require(child.status == 0, "\(child.errors)")
                struct Confirmed: Decodable {
                    struct Cause: Decodable { let id: String, confirmed: Bool }
                    struct Experiment: Decodable {
                        struct Cure: Decodable { let arm: String, fromEpoch: Int?, sentence: String }
                        struct Round: Decodable { let sweep: String, fromEpoch: Int? }
                        let cures: [Cure]
                        let rounds: [Round]
                    }
                    let causes: [Cause]
                    let experiment: Experiment
                }
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                let report = try decoder.decode(Confirmed.self, from: Data(child.output.utf8))
                let cure = try #require(report.experiment.cures.first, "\(child.output)")
                let from = try #require(cure.fromEpoch, "\(child.output)")
                // The rate grows by 0.1 an epoch, and the network takes no more than 1.5 to 2.
                try #require((6...20).contains(from), "\(child.output)")
                try #require(
                    cure.sentence.hasPrefix("from epoch \(from) on, changing train.optimizer.sgd.learning_rate = ")
                )
                try #require(report.experiment.rounds.first?.fromEpoch == from)
                try #require(report.experiment.rounds.first?.sweep == "long-warmup.why-branches")
                try #require(report.causes.first?.confirmed == true, "\(child.output)")
                try #require(
                    child.errors.contains("long-warmup.why-branches: 4 arms of 3 runs each, from epoch \(from) on"),
                    "\(child.errors)"
                )
                try #require(left() == [])
            }
        }

        @Test func `a sound run and --no-confirm train nothing more`() async throws {
            try await Bench.run { bench in
                let sound = try await bench.run(["sweepd", "why", Self.file] + Self.rate("1e-3"), exits: 0)
                try #require(sound.output.contains("no fault found") && sound.errors.isEmpty, "\(sound.errors)")
                let told = try await bench.run(
                    ["sweepd", "why", Self.file, "--no-confirm"] + Self.rate("0.1"),
                    exits: 0
                )
                try #require(told.output.contains("no experiment was run") && told.errors.isEmpty, "\(told.errors)")
                let arms = try await bench.run(
                    ["sweepd", "why", Self.file, "--arms", "0"] + Self.rate("0.1"),
                    exits: 2
                )
                try #require(arms.errors.contains("--arms: found 0"), "\(arms.errors)")
            }
        }

        @Test func `interrupted, it reports what it knows and leaves nothing behind`() async throws {
            try await Bench.run { bench in
                let (environment, left) = try Self.temporary(bench)
                let child = try bench.start(
                    "why",
                    ["sweepd", "why", Self.file, "--repeats", "100"] + Self.rate("0.1"),
                    environment: environment
                )
                try await bench.wait("the experiment begins") { child.errors.contains("arms of 100 runs each") }
                child.signal(SIGINT)
                try await bench.ended(child, within: 20)
                try #require(child.status == 130, "\(child.errors)")
                try #require(
                    child.output.contains("verdict   learning rate too high (not confirmed)"),
                    "\(child.output)"
                )
                try #require(child.output.contains("the experiment was interrupted"), "\(child.output)")
                try #require(left() == [])
            }
        }
    }
}
