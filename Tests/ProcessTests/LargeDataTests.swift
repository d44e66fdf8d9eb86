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

        @Test func `the same data set that several send at once comes to all`() async throws {
            try await Bench.run { bench in
                // Three windows of the protocol: whose chunk comes first is an accident.
                let rows = (0..<60_000).map { row in
                    "\(row)," + (1..<12).map { "\((row * 7919 + $0 * 104_729) % 1009)" }.joined(separator: ",")
                        + (row % 2 == 0 ? ",a\n" : ",b\n")
                }
                try bench.write("rows.csv", (0..<12).map { "x\($0)," }.joined() + "label\n" + rows.joined())
                let coordinator = try await bench.coordinator()
                let submits = try ["first", "second", "third"].map { name in
                    let file = try bench.write(
                        "\(name).yaml",
                        """
                        name: \(name)
                        data: {source: rows.csv, target: label}
                        train:
                          model: {mlp: {widths: [4]}}
                          optimizer: {sgd: {learning_rate: {log: [1e-3, 1e-1]}}}
                          batch_size: 64
                          epochs: 1
                        objective: {minimize: validation.loss}
                        search: {method: random, trials: 1}
                        """
                    )
                    return try bench.start(
                        "submit",
                        ["sweepd", "submit", file] + coordinator.access,
                        mayEnd: true
                    )
                }
                for submit in submits {
                    try await bench.ended(submit, within: 60)
                    try #require(submit.status == 0, "\(submit.errors)")
                }
            }
        }
    }
}
