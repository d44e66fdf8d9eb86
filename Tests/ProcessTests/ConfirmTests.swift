import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// The experiment on the workers: what it finds, what stays of it, and what it refuses.
    @Suite struct ConfirmTests {
        @Test func `a rate that is too high is confirmed on the workers, and the experiment stays to be compared`()
            async throws
        {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                try await bench.run(
                    ["sweepd", "submit", try bench.sweep("why/learning-rate", ["../data/": "data/"])]
                        + coordinator.access,
                    exits: 0
                )
                let early = try await bench.run(
                    ["sweepd", "diagnose", "learning-rate", "--trial", "1"] + coordinator.access,
                    exits: 2
                )
                try #require(early.errors.contains("has trained no epoch yet"), "\(early.errors)")
                _ = try bench.worker("one", of: coordinator, slots: 2)
                try await coordinator.wait("learning-rate", "the sweep ends", within: 120) { $0.state == "finished" }

                let words = ["sweepd", "diagnose", "learning-rate", "--confirm"] + coordinator.access
                let confirmed = try await bench.run(
                    words + ["--trial", "1", "--repeats", "3", "--arms", "3"],
                    exits: 0,
                    within: 300
                )
                try #require(confirmed.output.contains("learning rate too high (K-LRHI), confirmed by experiment"))
                try #require(confirmed.output.contains("as it is"), "\(confirmed.output)")
                try #require(confirmed.errors.contains("learning-rate.why-1: 4 arms of 3 runs each"))
                let compared = try await bench.run(
                    ["sweepd", "compare", "learning-rate.why-1"] + coordinator.access,
                    exits: 0
                )
                try #require(compared.output.contains("learning rate / 10"), "\(compared.output)")

                // Two more arms in another sweep, of which nothing need have been trained.
                let other = try bench.sweep(
                    "why/learning-rate",
                    [
                        "../data/": "data/", "name: learning-rate": "name: other", "{choice: [0.1, 1e-6, 1e-3]}": "0.1",
                        "search: {method: grid}":
                            "search: {repeats: 2}\narms: {as it is: {}, a: {train.batch_size: 16}, b: {train.batch_size: 64}}",
                    ]
                )
                try await bench.run(["sweepd", "submit", other] + coordinator.access, exits: 0)
                struct Compared: Decodable {
                    let arms: [Arm]
                    struct Arm: Decodable { let arm: String, p: Double? }
                }
                var chances: [[Double]] = []
                for more in [[], ["--with", "other"]] {
                    let words = ["sweepd", "compare", "learning-rate.why-1", "--format", "json"] + more
                    let output = try await bench.run(words + coordinator.access, exits: 0).output
                    let document = try JSONDecoder().decode(Compared.self, from: Data(output.utf8))
                    chances.append(document.arms.compactMap(\.p))
                }
                let (alone, beside) = (chances[0], chances[1])
                try #require(alone.count == 3 && beside.count == 3)
                // The least of three is taken three times, of five five times; no chance is above 1.
                let (least, most) = (try #require(alone.min()), try #require(beside.min()))
                try #require(least < 0.05 && abs(most - 5 * least / 3) < 1e-9)
                try #require(zip(alone, beside).allSatisfy { $0 < $1 || $1 == 1 }, "\(alone) \(beside)")
                for mistake in ["learning-rate", "learning-rate.why-1", "nothing"] {
                    try await bench.run(
                        ["sweepd", "compare", "learning-rate.why-1", "--with", mistake] + coordinator.access,
                        exits: 2
                    )
                }

                let none = try await bench.run(["sweepd", "compare", "learning-rate"] + coordinator.access, exits: 2)
                try #require(none.errors.contains("has no arms"), "\(none.errors)")
                let trial = try await bench.run(words, exits: 2)
                try #require(trial.errors.contains("--confirm: needs the trial"), "\(trial.errors)")
                for mistake in [
                    ["--trial", "9"], ["--trial", "1", "--repeats", "1"], ["--trial", "1", "--arms", "0"],
                ] {
                    try await bench.run(words + mistake, exits: 2)
                }
            }
        }
    }
}
