import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Snapshots of a coordinator that serves, and copies of one.
    @Suite struct SnapshotTests {
        /// Makes a coordinator write a snapshot for every few entries of its journal.
        private static let often = ["env", "SWEEPD_SNAPSHOT_BYTES=2000"]

        @Test func `a coordinator that is killed again and again goes on from its snapshots to the undisturbed table`()
            async throws
        {
            try await Bench.run { bench in
                let file = try longSweep(bench)
                let expected = try await bench.undisturbed(file, named: "digits-long")
                var coordinator = try await bench.coordinator([file], prefix: Self.often)
                _ = try bench.worker("a", of: coordinator)
                _ = try bench.worker("b", of: coordinator)
                var kept = 0
                for round in 1...4 {
                    let epochs = 4 * round + 2
                    try await coordinator.wait("digits-long", "\(epochs) epochs are trained") { $0.epochs >= epochs }
                    try await bench.lose(coordinator.child)
                    if FileManager.default.fileExists(atPath: coordinator.directory + "/snapshot.db") { kept += 1 }
                    let check = try await bench.run(
                        ["sweepd", "store", "check", "--directory", coordinator.directory],
                        exits: 0
                    )
                    if round > 1 { try #require(check.output.contains("a snapshot at entry"), "\(check.output)") }
                    coordinator = try await bench.coordinator([file], prefix: Self.often)
                    try #require(!coordinator.child.errors.contains("the snapshot is not used"))
                }
                try #require(kept == 4)
                try await coordinator.finished("digits-long", within: 90)
                try #require(try await coordinator.stableRank("digits-long") == expected.rank)
                let curves = try await coordinator.curves("digits-long")
                try #require(curves.trials == expected.curves.trials)
                // What curves show is told too, and the coordinator goes on.
                let diagnose = ["sweepd", "diagnose", "digits-long", "--format", "json"] + coordinator.access
                let told = try await bench.run(diagnose, exits: 0)
                try #require(told.output.contains("\"trials\""))
                try #require(coordinator.child.isRunning)
                // A damaged one is told of, and nothing is lost with it.
                try await bench.lose(coordinator.child)
                let path = coordinator.directory + "/snapshot.db"
                for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
                try Data("no database".utf8).write(to: URL(filePath: path))
                coordinator = try await bench.coordinator([file], prefix: Self.often)
                try #require(coordinator.child.errors.contains("snapshot is damaged"), "\(coordinator.child.errors)")
                try #require(try await coordinator.stableRank("digits-long") == expected.rank)
            }
        }

        @Test func `a coordinator that serves is backed up, and one on the copy comes to the same table`() async throws
        {
            try await Bench.run { bench in
                let file = try longSweep(bench)
                let expected = try await bench.undisturbed(file, named: "digits-long")
                let coordinator = try await bench.coordinator([file], prefix: Self.often)
                _ = try bench.worker("a", of: coordinator)
                try await coordinator.wait("digits-long", "some trials are trained") { $0.epochs >= 12 }
                let copy = bench.path("copy")
                let backup = ["sweepd", "store", "backup", "--directory", coordinator.directory, copy]
                try await bench.run(backup, exits: 0)
                try await coordinator.finished("digits-long", within: 90)
                try #require(try await coordinator.stableRank("digits-long") == expected.rank, "it went on meanwhile")
                let check = try await bench.run(["sweepd", "store", "check", "--directory", copy], exits: 0)
                try #require(check.output.contains("is sound"))
                let second = try await bench.coordinator([file], directory: "copy")
                _ = try bench.worker("b", of: second)
                try await second.finished("digits-long", within: 90)
                try #require(try await second.stableRank("digits-long") == expected.rank)
            }
        }
    }
}
