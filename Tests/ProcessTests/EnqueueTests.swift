import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// `sweepd enqueue`.
    @Suite struct EnqueueTests {
        @Test func `what was told to be taken is tried exactly once, also where the coordinator is killed`()
            async throws
        {
            try await Bench.run { bench in
                let search = "search: {trials: 12, seed: 1"
                let file = try bench.sweep("quick", [search: "prune: {method: asha}\n\(search), parallelism: 4"])
                let coordinator = try await bench.coordinator([file])
                func refused(_ arguments: [String], _ sentence: String) async throws {
                    let run = try await bench.run(["sweepd", "enqueue"] + arguments + coordinator.access, exits: 2)
                    try #require(run.errors.contains(sentence) && run.output.isEmpty, "\(run.errors)")
                }
                try await refused(["quick"], "nothing is to be tried: give NAME=VALUE")
                try await refused(["quick", "rate"], "rate: not an assignment: allowed NAME=VALUE")
                try await refused(["quick", "depth=3"], "no parameter of this name: depth, found 3, allowed ")
                try await refused(
                    ["quick", "learning_rate=2"],
                    "not an allowed value: learning_rate, found 2, allowed "
                )
                try await refused(["none", "learning_rate=0.01"], "no sweep is called none")
                let list = try bench.write("list.json", "[{\"learning_rate\": 0.023456789}, {\"batch_size\": 48}]")
                try await refused(
                    ["quick", "--json", list],
                    "not an allowed value: configurations[1].batch_size, found 48"
                )
                try #require(try await coordinator.text(["status", "quick"]).contains("enqueued") == false)

                let told = try await coordinator.text(["enqueue", "quick", "learning_rate=0.012345678"])
                try #require(told.contains("enqueued 1 configuration that comes next"), "\(told)")
                let good = try bench.write("good.json", "[{\"learning_rate\": 0.023456789, \"batch_size\": 64}]")
                _ = try await coordinator.text(["enqueue", "quick", "--json", good])
                try await bench.lose(coordinator.child)
                let stored = ["--directory", coordinator.directory]
                let status = try await bench.run(["sweepd", "status", "quick"] + stored, exits: 0).output
                try #require(status.contains("enqueued 2 configurations that come next"), "\(status)")
                try await bench.run(["sweepd", "enqueue", "quick", "learning_rate=0.02"] + stored, exits: 3)

                let again = try await bench.coordinator()
                try #require(try await again.status("quick").trials.total == 4)
                _ = try bench.worker("red", of: again, slots: 2)
                let end = try await again.finished("quick")
                try #require(end.trials.total == 12)
                let ranked = try await again.text(["rank", "quick", "--format", "csv"])
                for rate in ["0.012345678", "0.023456789"] {
                    let rows = ranked.split(separator: "\n").count { $0.contains(rate) }
                    try #require(rows == 1, "\(ranked)")
                }
                let why = try await again.text(["explain", "quick", "--trial", "5"])
                try #require(why.contains("it was enqueued by hand"), "\(why)")

                // One that is finished goes on for it, and has one trial more.
                let over = try await bench.run(
                    ["sweepd", "enqueue", "quick", "learning_rate=0.034567891"] + again.access,
                    exits: 2
                )
                try #require(over.errors.contains("sweepd set quick --trials NUMBER"), "\(over.errors)")
                _ = try await again.text(["enqueue", "quick", "learning_rate=0.034567891", "--more"])
                try #require(try await again.finished("quick").trials.total == 13)
                try await bench.run(["sweepd", "store", "check"] + ["--directory", again.directory], exits: 0)
            }
        }
    }
}
