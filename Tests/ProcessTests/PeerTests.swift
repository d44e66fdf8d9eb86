import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    @Suite struct PeerTests {
        static let isPossible = Program.python != nil && Program.has("protoc")
        static let requirement: Comment =
            "SKIPPED: the Python peer needs protoc, and SWEEPD_PYTHON with Tests/requirements.txt installed"

        private struct Did: Decodable {
            let did: String
            let lease: String?
            let epoch: Int?
            let version: Int?
            let code: Int?
            let sentence: String?
        }

        /// What a registration says: nothing, as the build before this one, or which versions it speaks.
        private static let builds: [(words: [String], version: Int)] = [
            ([], 2), (["--oldest", "2", "--newest", "3"], 3), (["--oldest", "3", "--newest", "4"], 3),
        ]

        private static func did(_ peer: Child) throws -> [Did] {
            try peer.output.split(separator: "\n").map { try Did.read(String($0)) }
        }

        private static func words(_ python: URL, _ coordinator: Coordinator, _ more: [String]) -> [String] {
            [python.path, Program.root.appending(path: "Tests/Peers/peer.py").path]
                + ["--connect", coordinator.endpoint.worker] + more
        }

        /// The peer was written from docs/protocol.md: what it can do, the document says.
        @Test(.enabled(if: isPossible, requirement), arguments: builds.indices)
        func `a worker written in Python from the protocol's document takes trials and reports them`(
            build: Int
        ) async throws {
            let python = try #require(Program.python)
            try await Bench.run { bench in
                let file = try bench.sweep("quick")
                let coordinator = try await bench.coordinator([file])
                let (said, version) = Self.builds[build]
                let peer = try await bench.run(
                    Self.words(python, coordinator, ["--trials", "3"] + said),
                    exits: 0
                )
                let did = try Self.did(peer)
                try #require(did.first?.did == "registered" && did.first?.version == version)
                try #require(did.last?.did == "said goodbye")
                let ended = did.filter { $0.did == "ended" }
                try #require(Set(ended.compactMap(\.lease)).count == 3)
                let status = try await coordinator.status("quick")
                try #require(status.epochs == 3)
                // Its made-up numbers are in the table: a loss of 1/(1 + epoch) after the first epoch.
                let rank = try await coordinator.rank("quick")
                let reported = rank.rows.filter { $0.epochs == 1 }
                try #require(reported.count == 3)
                try #require(reported.allSatisfy { $0.objective == .number(0.5) && $0.workers?.count == 1 })
                // A worker of ours goes on from where the peer stopped, with what the peer kept.
                _ = try await coordinator.text(["cancel", "quick"])
            }
        }

        /// As a build of version 1 registers, and as one that is far ahead.
        @Test(
            .enabled(if: isPossible, requirement),
            arguments: [["--header", "1"], ["--oldest", "7", "--newest", "9"]]
        )
        func `a worker of another protocol is told what to do, and people are`(said: [String]) async throws {
            let python = try #require(Program.python)
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try bench.sweep("quick")])
                for _ in 0..<2 {
                    let words = Self.words(python, coordinator, ["--name", "stranger"] + said)
                    let peer = try await bench.run(words, exits: 1)
                    let last = try #require(try Self.did(peer).last)
                    try #require(last.did == "was told of a problem" && last.code == 3)
                    let sentence = try #require(last.sentence)
                    try #require(sentence.contains("the worker is sweepd peer 1 with protocol version"), "\(sentence)")
                    try #require(sentence.contains("upgrade the \(said[0] == "--header" ? "worker" : "coordinator")"))
                }
                let status = try await coordinator.text(["status", "quick"])
                try #require(status.contains("turned away: stranger on peer, "), "\(status)")
                // Who watches where nothing can be drawn over is told how many.
                let watch = ["sweepd", "status", "quick", "--watch", "--directory", coordinator.directory]
                let line = try bench.start("watch", watch, mayEnd: true)
                try await bench.wait("the line of progress says it") { line.output.contains("1 worker turned away") }
                try #require(try await coordinator.status("quick").workers.isEmpty)
                try #require(try coordinator.metric("sweepd_bad_peers_total{reason=\"other_version\"}") == 2)
                let lines = coordinator.child.errors.split(separator: "\n")
                try #require(lines.count { $0.contains("worker turned away") } == 1)
                _ = try await coordinator.text(["cancel", "quick"])
            }
        }

        @Test(.enabled(if: isPossible, requirement))
        func `a worker that says what this build does not know is listened to all the same`() async throws {
            let python = try #require(Program.python)
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try bench.sweep("quick")])
                let words = Self.words(python, coordinator, ["--oldest", "3", "--newest", "4", "--unknown", "40"])
                let peer = try await bench.run(words, exits: 0)
                let did = try Self.did(peer)
                try #require(
                    did.contains { $0.did == "was told of an unknown kind" } && did.last?.did == "said goodbye"
                )
                try #require(try coordinator.metric("sweepd_bad_peers_total{reason=\"unknown_kind\"}") == 40)
                try #require(try coordinator.metric("sweepd_bad_peers_total{reason=\"cut_off\"}") == 0)
                _ = try await coordinator.text(["cancel", "quick"])
            }
        }

        @Test(.enabled(if: isPossible, requirement))
        func `a worker that a coordinator of another protocol turns away says so, ends, and does not try again`()
            async throws
        {
            let python = try #require(Program.python)
            try await Bench.run { bench in
                let script = Program.root.appending(path: "Tests/Peers/old_coordinator.py").path
                let old = try bench.start("old-coordinator", [python.path, script])
                let endpoint = try await bench.value("it listens") {
                    try old.output.split(separator: "\n").first.map { try Listens.read(String($0)).listens }
                }
                let worker = try await bench.run(["sweepd", "worker", "--connect", endpoint, "--slots", "1"], exits: 4)
                try #require(worker.errors.contains("turned away: protocol version 2, version 1 is spoken here"))
                try #require(worker.errors.contains("here: sweepd "))
                try #require(worker.errors.contains(" with protocol versions 2 to 3; trying again will not help"))
                // One registration, whose header any build can read.
                let said = try old.output.split(separator: "\n").dropFirst().map { try Said.read(String($0)) }
                try #require(said.count == 1 && said[0].version == 2 && said[0].kind == 0x10)
            }
        }

        private struct Listens: Decodable {
            let listens: String
        }

        private struct Said: Decodable {
            let version: Int
            let kind: Int
        }
    }
}
