import ProcessTestKit
import Testing

extension RealProcesses {
    /// Data that is too large for the memory of every process that has it.
    @Suite struct LargeDataTests {
        /// Everything is taken for too large: read, packed, fetched and prepared, it is held in mapped files.
        private static let mapped = ["env", "SWEEPD_RESIDENT=0"]

        @Test func `digits in mapped files of coordinator and workers come to the table that they have in memory`()
            async throws
        {
            try await Bench.run { bench in
                let file = try bench.sweep("digits", ["trials: 81": "trials: 18"])
                let expected = try await bench.undisturbed(file, named: "digits")
                let coordinator = try await bench.coordinator(prefix: Self.mapped)
                _ = try bench.worker("a", of: coordinator, prefix: Self.mapped)
                _ = try bench.worker("b", of: coordinator, prefix: Self.mapped)
                // The files are needed, and not only allowed: where none can be made, the data is not read.
                let without = ["env", "SWEEPD_RESIDENT=0", "TMPDIR=" + bench.path("none"), "sweepd", "submit", file]
                let refused = try await bench.run(without + coordinator.access)
                try #require(refused.status != 0 && refused.errors.contains("TMPDIR"), "\(refused.errors)")
                try await bench.run(Self.mapped + ["sweepd", "submit", file] + coordinator.access, exits: 0)
                try await coordinator.finished("digits", within: 120)
                try #require(try await coordinator.stableRank("digits") == expected.rank)
                let curves = try await coordinator.curves("digits")
                try #require(curves.trials == expected.curves.trials)
            }
        }
    }
}
