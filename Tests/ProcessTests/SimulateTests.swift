import Foundation
import ProcessTestKit
import Testing

extension RealProcesses {
    /// Recorded curves through the real scheduler, as the command does it.
    @Suite struct SimulateTests {
        /// Twelve curves of nine epochs that fall to different floors: curve 7 is the best.
        private func curves(_ bench: Bench) throws -> String {
            var lines = ["configuration," + (1...9).map { "e\($0)" }.joined(separator: ",")]
            for number in 0..<12 {
                let floor = 0.1 + 0.05 * Double((number + 5) % 12)
                lines.append("\(number)," + (1...9).map { "\(floor + 1 / Double($0))" }.joined(separator: ","))
            }
            return try bench.write("curves.csv", lines.joined(separator: "\n") + "\n")
        }

        private struct Answer: Decodable {
            struct Method: Decodable {
                let method: String
                let budget: Double
            }
            let methods: [Method]
        }

        @Test func `stopping early spends less, and a method that is none is told as it was given`() async throws {
            try await Bench.run { bench in
                let curves = try curves(bench)
                let file = try bench.write("prune.yaml", "prune: none\n")
                let words = ["sweepd", "simulate", file, "--curves", curves, "--studies", "3"]
                let child = try await bench.run(words + ["--against", "asha", "--format", "json"], exits: 0)
                let answer = try JSONDecoder().decode(Answer.self, from: Data(child.output.utf8))
                try #require(answer.methods.map(\.method) == ["none", "asha"], "\(child.output)")
                try #require(answer.methods[0].budget == 1 && answer.methods[1].budget < 0.8, "\(child.output)")
                let again = try await bench.run(words + ["--against", "asha", "--format", "json"], exits: 0)
                try #require(again.output == child.output)

                // A file that leaves it to auto is replayed by what is picked for its search.
                for (text, picked) in [("", "extrapolate"), ("search: {method: tpe, trials: 12}\n", "asha")] {
                    let auto = try bench.write("auto.yaml", "name: auto\n" + text)
                    let child = try await bench.run(
                        ["sweepd", "simulate", auto, "--curves", curves, "--against", picked, "--format", "json"],
                        exits: 0
                    )
                    let answer = try JSONDecoder().decode(Answer.self, from: Data(child.output.utf8))
                    try #require(answer.methods.map(\.method) == [picked, picked], "\(child.output)")
                    try #require(answer.methods[0].budget == answer.methods[1].budget, "\(child.output)")
                }

                let wrong = try await bench.run(words + ["--against", "medan"], exits: 2)
                try #require(
                    wrong.errors.contains("--against medan") && !wrong.errors.contains("--set"),
                    "\(wrong.errors)"
                )
                try await bench.run(words + ["--studies", "0"], exits: 2)
                let empty = try bench.write("empty/README", "")
                let folder = (empty as NSString).deletingLastPathComponent
                try await bench.run(["sweepd", "simulate", file, "--curves", folder], exits: 2)
            }
        }
    }
}
