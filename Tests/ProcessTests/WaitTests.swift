import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// `sweepd wait`: for scripts that go on when a sweep is over.
    @Suite struct WaitTests {
        @Test func `it returns when the sweep has finished, also when the coordinator was killed meanwhile`()
            async throws
        {
            try await Bench.run { bench in
                let file = try bench.sweep("digits", ["trials: 81": "trials: 6"])
                var coordinator = try await bench.coordinator([file])
                let late = try await bench.run(
                    ["sweepd", "wait", "digits", "--within", "0.1"] + coordinator.access,
                    exits: 1
                )
                try #require(late.errors.contains("digits is not over after 100 ms"), "\(late.errors)")
                let waiting = try bench.start("wait", ["sweepd", "wait", "digits"] + coordinator.access, mayEnd: true)
                try await bench.wait("it shows how far the sweep is") { waiting.errors.contains("0/6 trials ended") }
                try await bench.lose(coordinator.child)
                try await bench.wait("it notices that the coordinator is away", within: 90) {
                    waiting.errors.contains("waiting for it to come back")
                }
                coordinator = try await bench.coordinator([file])
                _ = try bench.worker("one", of: coordinator, slots: 2)
                try await bench.ended(waiting, within: 90)
                try #require(waiting.status == 0 && waiting.output.isEmpty, "\(waiting.errors)")
                try #require(try await coordinator.status("digits").state == "finished")
            }
        }

        @Test func `a cancelled sweep, one that is not there and a coordinator that is not are told apart`()
            async throws
        {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try bench.sweep("digits")])
                let waiting = try bench.start("wait", ["sweepd", "wait", "digits"] + coordinator.access, mayEnd: true)
                try await bench.wait("it shows how far the sweep is") { waiting.errors.contains("trials ended") }
                try await bench.run(["sweepd", "cancel", "digits"] + coordinator.access, exits: 0)
                try await bench.ended(waiting)
                try #require(
                    waiting.status == 1 && waiting.errors.contains("digits was cancelled"),
                    "\(waiting.errors)"
                )
                let other = try await bench.run(["sweepd", "wait", "digit"] + coordinator.access, exits: 2)
                try #require(
                    other.errors.contains("no sweep is called digit; there are: digits"),
                    "\(other.errors)"
                )
                try await bench.lose(coordinator.child)
                try await bench.run(["sweepd", "wait", "digits"] + coordinator.access, exits: 3)
            }
        }

        @Test func `who waits on the directory of a stopped coordinator is told so`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try bench.sweep("digits")])
                let untrained = try await bench.run(["sweepd", "diagnose", "digits"] + coordinator.access, exits: 0)
                try #require(untrained.output == "no trial of digits has trained an epoch yet\n", "\(untrained.output)")
                try await bench.lose(coordinator.child)
                let place = ["--directory", coordinator.directory]
                let waiting = try await bench.run(["sweepd", "wait", "digits", "--within", "0.1"] + place, exits: 1)
                let expected = "\(coordinator.directory): its coordinator is not running; "
                try #require(waiting.errors.hasPrefix(expected), "\(waiting.errors)")
                try #require(waiting.errors.hasSuffix("digits is not over after 100 ms\n"), "\(waiting.errors)")
            }
        }
    }
}
