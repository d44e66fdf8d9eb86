import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// `diagnose: {confirm: SHARE}` of a sweep file: experiments that follow the sweep by themselves.
    @Suite struct ExperimentShareTests {
        /// Seven runs of each rate, and one that is sound: 420 epochs, of which a round of three arms in five runs takes 400.
        private static func changes(_ more: String) -> [String: String] {
            ["../data/": "data/", "search: {method: grid}": "search: {method: grid, repeats: 7}\(more)"]
        }

        @Test func `a run ends with what its experiment showed, and prints it again`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("why/learning-rate", Self.changes("\ndiagnose: {confirm: 1}"))
                let validated = try await bench.run(["sweepd", "validate", file], exits: 0)
                try #require(
                    validated.output.contains("findings experiments once the sweep is finished, at most 100 %"),
                    "\(validated.output)"
                )
                let words = ["sweepd", "run", file, "--directory", bench.path("run.sweepd"), "--slots", "2"]
                let run = try await bench.run(words, exits: 0, within: 300)
                try #require(run.output.contains("experiment on trial "), "\(run.output)")
                try #require(run.output.contains("alone improved validation.loss"), "\(run.output)")
                let again = try await bench.run(words, exits: 0)
                try #require(again.errors.contains("is finished") && again.output == run.output, "\(again.output)")
                let json = try await bench.run(words + ["--format", "json"], exits: 0)
                _ = try Rank.read(json.output)
                try #require(json.errors.contains("experiment on trial "), "\(json.errors)")
            }
        }

        @Test func `killed in the middle it goes on, and the table is that of the file without it`() async throws {
            try await Bench.run { bench in
                let plain = try bench.sweep("why/learning-rate", Self.changes(""))
                let undisturbed = try await bench.undisturbed(plain, named: "learning-rate").rank
                let file = try bench.sweep("why/learning-rate", Self.changes("\ndiagnose: {confirm: 1}"))
                var coordinator = try await bench.coordinator([file])
                _ = try bench.worker("one", of: coordinator, slots: 2)
                try await bench.wait("an experiment is begun", within: 120) {
                    try await coordinator.text(["list"]).contains("learning-rate.why-")
                }
                try await bench.lose(coordinator.child)
                coordinator = try await bench.coordinator([file])
                try await bench.run(["sweepd", "wait", "learning-rate"] + coordinator.access, exits: 0, within: 300)
                let status = try await coordinator.text(["status", "learning-rate"])
                try #require(status.contains("findings experiments over: learning-rate.why-"), "\(status)")
                let diagnosis = try await coordinator.text(["diagnose", "learning-rate"])
                try #require(diagnosis.contains("alone improved validation.loss"), "\(diagnosis)")
                try #require(diagnosis.contains("confirmed by experiment"), "\(diagnosis)")
                let report = try await bench.run(["sweepd", "report", "learning-rate"] + coordinator.access, exits: 0)
                try #require(report.output.contains("alone improved validation.loss"), "\(report.output)")
                try #require(try await coordinator.stableRank("learning-rate") == undisturbed)
            }
        }
    }
}
