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
        }

        /// The peer was written from docs/protocol.md: what it can do, the document says.
        @Test(.enabled(if: isPossible, requirement))
        func `a worker written in Python from the protocol's document takes trials and reports them`() async throws {
            let python = try #require(Program.python)
            try await Bench.run { bench in
                let file = try bench.sweep("quick")
                let coordinator = try await bench.coordinator([file])
                let peer = try await bench.run(
                    [python.path, Program.root.appending(path: "Tests/Peers/peer.py").path]
                        + ["--connect", coordinator.endpoint.worker, "--trials", "3"],
                    exits: 0
                )
                let did = try peer.output.split(separator: "\n").map { try Did.read(String($0)) }
                try #require(did.first?.did == "registered")
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
    }
}
