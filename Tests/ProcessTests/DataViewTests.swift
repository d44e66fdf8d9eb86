import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// What a sweep's rows look like, as a live coordinator tells it.
    @Suite struct DataViewTests {
        private struct Finding: Decodable, Equatable {
            let id: String
            let severity: String
            let count: Int
            let text: String
            let examples: [String]
            let remedy: String
        }

        /// What `sweepd data` and the address have both.
        private struct Report: Decodable, Equatable {
            let rows: [String: Int]
            let features: Int
            let task: String
            let findings: [Finding]
        }

        private struct Overview: Decodable {
            struct Target: Decodable {
                struct Class: Decodable {
                    let label: String
                    let training: Int
                    let validation: Int
                    let test: Int
                }
                let name: String
                let classes: [Class]
            }
            struct Column: Decodable {
                struct Bin: Decodable, Equatable {
                    let from: Double
                    let to: Double
                    let count: Int
                }
                let name: String
                let bins: [Bin]
            }
            let data: String
            let target: Target
            let columns: [Column]
        }

        private func read<Value: Decodable>(_ text: String) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        }

        @Test func `the coordinator tells of rows what sweepd data finds in the file, once, and damage in a sentence`()
            async throws
        {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let port = coordinator.httpPort
                let file = try bench.sweep("quick")
                _ = try await coordinator.text(["submit", file])
                let path = "/api/v1/sweeps/quick/data"
                let first = try HTTPReply.ask(port: port, path)
                try #require(first.status == 200, "\(first.body)")
                let checked = try await bench.run(["sweepd", "data", file, "--format", "json"], exits: 0).output
                let told: Report = try read(first.body)
                try #require(try told == read(checked) && !told.findings.isEmpty)
                let overview: Overview = try read(first.body)
                try #require(overview.target.name == "label" && overview.target.classes.count == 10)
                let counted = overview.target.classes.reduce(0) { $0 + $1.training + $1.validation + $1.test }
                try #require(counted == 1797 && overview.columns.count == 64)
                // The corner of every picture is empty.
                let training = try #require(told.rows["training"])
                let corner = try #require(overview.columns.first)
                try #require(corner.bins == [Overview.Column.Bin(from: 0, to: 0, count: training)])
                try #require(overview.columns.allSatisfy { $0.bins.reduce(0) { $0 + $1.count } <= training })
                let tag = try #require(first.headers["etag"])
                let again = try HTTPReply.ask(port: port, path, headers: ["If-None-Match": tag])
                try #require(again.status == 304 && again.body.isEmpty)

                // What was seen is remembered when the bytes are gone; what was not is told.
                let object = coordinator.directory + "/objects/\(overview.data.prefix(2))/\(overview.data)"
                try Data("nothing".utf8).write(to: URL(filePath: object))
                try #require(try HTTPReply.ask(port: port, path).body == first.body)
                let other = try bench.sweep("quick", ["name: quick": "name: other", "scale: 0.0625": "scale: 0.125"])
                _ = try await coordinator.text(["submit", other])
                for _ in 1...2 {
                    let refused = try HTTPReply.ask(port: port, "/api/v1/sweeps/other/data")
                    try #require(refused.status == 409 && refused.body.contains("cannot be looked through"))
                }
                try #require(try HTTPReply.ask(port: port, "/health").status == 200)
            }
        }

        @Test func `a sweep whose trials are asked for has no rows, and says so`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator([try bench.sweep("ask/branin")])
                let told = try HTTPReply.ask(port: coordinator.httpPort, "/api/v1/sweeps/branin/data")
                try #require(told.status == 200 && told.body.contains("\"reason\"") && !told.body.contains("columns"))
            }
        }
    }
}
