import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Fronts of several objectives of a sweep that has ended.
    @Suite struct ParetoFrontTests {
        private struct Fronts: Decodable {
            struct Row: Decodable {
                let front: Int
                let place: Int
                let values: [String: Double]
            }
            let hypervolume: Double
            let reference: [Double]
            let rows: [Row]
        }

        @Test func `rank shows the fronts of several objectives`() async throws {
            try await Bench.run { bench in
                let place = ["--directory", bench.path("q.sweepd")]
                try await bench.run(["sweepd", "run", try bench.sweep("quick")] + place, exits: 0)
                let rank = ["sweepd", "rank", "quick"] + place
                let shown = try await bench.run(rank + ["--pareto", "validation.loss,epochs"], exits: 0)
                try #require(shown.output.contains("front 1: ") && shown.output.contains("(the worst of each)"))
                let told = try await bench.run(
                    rank + ["--pareto", "validation.loss,epochs", "--format", "json"],
                    exits: 0
                )
                let fronts = try JSONDecoder().decode(Fronts.self, from: Data(told.output.utf8))
                let (best, last) = (fronts.rows.filter { $0.front == 1 }, fronts.rows.last?.front ?? 0)
                try #require(fronts.rows.count == 12 && best.count < 12 && last > 1 && fronts.hypervolume > 0)
                // The best by the objective is on the front, and along it what is better in one is worse in the other.
                try #require(best.contains { $0.place == 1 })
                for (first, second) in zip(best, best.dropFirst()) {
                    let (loss, epochs) = ("validation.loss", "epochs")
                    try #require(first.values[loss]! <= second.values[loss]!)
                    try #require(first.values[epochs]! >= second.values[epochs]!)
                }
                for (arguments, words) in [
                    (["--pareto", "validation.loss"], "allowed two or three"),
                    (["--pareto", "validation.loss,test.loss"], "nothing may be chosen by them"),
                    (["--pareto", "validation.loss,validation.mae"], "has a finite value of each"),
                    (["--pareto", "validation.loss,epochs", "--reference", "1"], "allowed 2 numbers"),
                    (["--reference", "1,2"], "allowed together with it"),
                    (["--pareto", "validation.loss,epochs", "--stable"], "allowed without --metric, --stable"),
                ] {
                    let refused = try await bench.run(rank + arguments, exits: 2)
                    try #require(refused.errors.contains(words), "\(arguments): \(refused.errors)")
                }
            }
        }

        private struct Weighed: Decodable {
            struct Front: Decodable {
                let members: Int
                let of: Int
                let hypervolume: Double
            }
            struct Row: Decodable {
                let front: Int?
                let state: String
                let values: [String: Double]
            }
            struct Aim: Decodable {
                let metric: String
            }
            let objective: Aim
            let objectives: [Aim]
            let front: Front
            let rows: [Row]
        }

        @Test func `a sweep of several objectives ends with the same front for any number of workers`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("fronts", ["trials: 90": "trials: 64", "epochs: 9": "epochs: 3"])
                let one = ["--directory", bench.path("one.sweepd")]
                let two = ["--directory", bench.path("two.sweepd")]
                let shown = try await bench.run(["sweepd", "run", file, "--slots", "1"] + one, exits: 0)
                try #require(shown.output.contains("front 1 (*): "), "\(shown.output)")
                try await bench.run(["sweepd", "run", file, "--workers", "2", "--slots", "1"] + two, exits: 0)
                let stable = ["sweepd", "rank", "fronts", "--format", "json", "--stable"]
                let first = try await bench.run(stable + one, exits: 0)
                let second = try await bench.run(stable + two, exits: 0)
                try #require(first.output == second.output)
                let told = try JSONDecoder().decode(Weighed.self, from: Data(first.output.utf8))
                try #require(told.objective.metric == "validation.loss")
                try #require(told.objectives.map(\.metric) == ["validation.loss", "weight.norm"])
                let complete = told.rows.filter { $0.state == "completed" }
                try #require(complete.count == told.front.of && told.front.hypervolume > 0)
                try #require(complete.count { $0.front == 1 } == told.front.members && told.front.members > 1)
                try #require(complete.compactMap(\.front) == complete.compactMap(\.front).sorted())
                // Along the front what is better in one is worse in the other.
                let front = complete.filter { $0.front == 1 }
                for (better, worse) in zip(front, front.dropFirst()) {
                    try #require(better.values["validation.loss"]! < worse.values["validation.loss"]!)
                    try #require(better.values["weight.norm"]! > worse.values["weight.norm"]!)
                }
                let status = try await bench.run(["sweepd", "status", "fronts"] + one, exits: 0)
                try #require(status.output.contains("best     validation.loss ") && status.output.contains("front    "))
                let reason = try await bench.run(["sweepd", "explain", "fronts", "--trial", "60"] + one, exits: 0)
                try #require(reason.output.contains("of the best 50 by fronts"), "\(reason.output)")
                let journal = bench.path("study.journal")
                try await bench.run(["sweepd", "export", "fronts", "--optuna", journal] + one, exits: 0)
                let study = try String(contentsOfFile: journal, encoding: .utf8).replacing(" ", with: "")
                try #require(study.contains("\"directions\":[1,1]"))
            }
        }

        @Test func `a program tells several values of what it asked for`() async throws {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let file = try bench.write(
                    "asked.yaml",
                    """
                    name: asked
                    train: {ask: {lease: 60s}, parameters: {x: {uniform: [0, 1]}}}
                    objective: {pareto: [{minimize: loss}, {minimize: size}]}
                    search: {method: tpe, trials: 12, parallelism: 1}
                    prune: none
                    """
                )
                try await bench.run(["sweepd", "submit", file] + coordinator.access, exits: 0)
                func post(_ target: String, _ body: String) throws -> HTTPReply {
                    let headers = [
                        "Sweepd-Request": "1", "Content-Length": "\(body.utf8.count)",
                        "Content-Type": "application/json",
                    ]
                    return try HTTPReply.ask(
                        port: coordinator.httpPort,
                        "/api/v1/sweeps/asked/" + target,
                        method: "POST",
                        headers: headers,
                        body: body
                    )
                }
                for trial in 1...12 {
                    try #require(try post("ask", "").status == 200)
                    let half = try post("tell", "{\"trial\": \(trial), \"attempt\": 1, \"values\": {\"loss\": 1}}")
                    try #require(half.status == 400 && half.body.contains("size"), "\(half.body)")
                    let values = "{\"loss\": \(trial), \"size\": \(12 - trial)}"
                    let told = try post("tell", "{\"trial\": \(trial), \"attempt\": 1, \"values\": \(values)}")
                    try #require(told.status == 200, "\(told.body)")
                }
                let body = try HTTPReply.ask(port: coordinator.httpPort, "/api/v1/sweeps/asked/rank").body
                let told = try JSONDecoder().decode(Weighed.self, from: Data(body.utf8))
                // Each is better than any other in one of both.
                try #require(told.front.members == 12 && told.rows.allSatisfy { $0.front == 1 })
                try #require(told.rows[0].values == ["loss": 1, "size": 11])
            }
        }
    }
}
