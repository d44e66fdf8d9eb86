import Foundation
import Glibc
import ProcessTestKit
import Testing

extension RealProcesses {
    @Suite struct RunTests {
        @Test func `a search goes on from the trials of an earlier sweep, with any number of slots`() async throws {
            try await Bench.run { bench in
                try await bench.run(["sweepd", "run", try bench.sweep("quick"), "--directory", "q.sweepd"], exits: 0)
                try await bench.run(
                    ["sweepd", "export", "quick", "--directory", "q.sweepd", "--jsonl", "quick.jsonl"],
                    exits: 0
                )
                let search = "search: {method: tpe, trials: 8, seed: 2, warm_start: quick.jsonl}"
                let text = try String(contentsOfFile: try bench.sweep("quick"), encoding: .utf8)
                    .replacing("search: {trials: 12, seed: 1, method: random}", with: search)
                    .replacing("name: quick", with: "name: warm").replacing("epochs: 9", with: "epochs: 3")
                let file = try bench.write("warm.yaml", text)
                let told = try await bench.run(["sweepd", "validate", file], exits: 0)
                try #require(told.output.contains("warm     12 results of quick.jsonl\n"), "\(told.output)")
                var tables: [String] = []
                for slots in ["1", "2"] {
                    try await bench.run(
                        ["sweepd", "run", file, "--slots", slots, "--directory", "w\(slots).sweepd"],
                        exits: 0
                    )
                    tables.append(
                        try await bench.run(
                            ["sweepd", "rank", "warm", "--stable", "--directory", "w\(slots).sweepd"],
                            exits: 0
                        ).output
                    )
                }
                try #require(tables[0] == tables[1] && !tables[0].isEmpty)
                let why = try await bench.run(
                    ["sweepd", "explain", "warm", "1", "--directory", "w1.sweepd"],
                    exits: 0
                )
                try #require(why.output.contains("densit"), "\(why.output)")

                for (old, new, words) in [
                    ("quick.jsonl", "absent.jsonl", "the file cannot be opened: No such file or directory"),
                    ("quick.jsonl", "warm.yaml", "is no trial"),
                    (
                        "log: [1e-3, 1e-1]", "log: [1e-9, 1e-8]",
                        "none of its 12 configurations has this sweep's parameters"
                    ),
                    ("method: tpe", "method: sobol", "sobol has no model that could learn from it"),
                ] {
                    let wrong = try bench.write("wrong.yaml", text.replacing(old, with: new))
                    let refused = try await bench.run(["sweepd", "validate", wrong], exits: 2)
                    try #require(
                        refused.errors.contains(words) && refused.errors.contains("wrong.yaml:16:"),
                        "\(refused.errors)"
                    )
                }
            }
        }

        @Test func `a sweep runs to its table, and a second run only prints it`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("quick")
                let first = try await bench.run(["sweepd", "run", file], exits: 0)
                try #require(first.output.contains("completed") && first.output.contains("pruned"))
                // The directory is the sweep's name unless told.
                try #require(FileManager.default.fileExists(atPath: bench.path("quick.sweepd")))
                let rank = try Rank.read(
                    try await bench.run(["sweepd", "run", file, "--format", "json"], exits: 0).output
                )
                try #require(rank.sweep == "quick" && rank.rows.count == 12 && rank.configurations == 12)
                try #require(rank.rows.map(\.place) == Array(1...12))
                try #require(rank.rows[0].state == "completed" && rank.rows[0].epochs == 9)
                let again = try await bench.run(["sweepd", "run", file], exits: 0, within: 10)
                try #require(again.output == first.output)
                let top = try await bench.run(["sweepd", "run", file, "--top", "3", "--format", "json"], exits: 0)
                try #require(try Rank.read(top.output).rows.count == 3)

                // The stopped store answers too.
                let stopped = try await bench.run(
                    ["sweepd", "rank", "quick", "--directory", bench.path("quick.sweepd"), "--format", "json"],
                    exits: 0
                )
                try #require(
                    try Rank.read(stopped.output).rows.map(\.configurationId) == rank.rows.map(\.configurationId)
                )
                for format in ["csv", "markdown", "table"] {
                    let shown = try await bench.run(
                        ["sweepd", "rank", "quick", "--directory", "quick.sweepd", "--format", format],
                        exits: 0
                    )
                    try #require(shown.output.split(separator: "\n").count >= 13, "\(format)")
                }

                // Without a word whereof, the directory of that name here is read; what is not there is asked of a coordinator.
                // Unless a coordinator listens at the usual port of this machine: then it is asked.
                let usual = try await bench.run([
                    "sweepd", "doctor", "--connect", "tcp://127.0.0.1:7700", "--seconds", "0", "--patience", "0.5",
                ])
                let isTaken = usual.status != 3
                if isTaken {
                    print("SKIPPED: something listens on port 7700, so that ./quick.sweepd is not looked for")
                }
                for command in isTaken ? [] : ["rank", "status", "curves", "importance", "diagnose"] {
                    let found = try await bench.run(["sweepd", command, "quick"], exits: 0)
                    try #require(found.errors.contains("read from ./quick.sweepd"), "\(found.errors)")
                    let said = try await bench.run(
                        ["sweepd", command, "quick", "--directory", "quick.sweepd"],
                        exits: 0
                    )
                    try #require(found.output == said.output && said.errors.isEmpty, "\(command): \(said.errors)")
                }
                let absent = try await bench.run(["sweepd", "rank", "quack"])
                try #require(absent.status != 0 && !absent.errors.contains("read from"), "\(absent.errors)")

                // The best configuration as a sweep file: it is right, and trains that configuration alone.
                let rankBest = ["sweepd", "rank", "quick", "--directory", "quick.sweepd", "--format", "yaml"]
                let best = try await bench.run(rankBest + ["--top", "1"], exits: 0)
                let bestFile = bench.path("best.yaml")
                try best.output.write(toFile: bestFile, atomically: true, encoding: .utf8)
                _ = try await bench.run(["sweepd", "validate", bestFile], exits: 0)
                let alone = try Rank.read(
                    try await bench.run(["sweepd", "run", bestFile, "--format", "json"], exits: 0).output
                )
                try #require(alone.sweep == "quick-best" && alone.rows.count == 1)
                try #require(alone.rows[0].state == "completed" && alone.rows[0].epochs == 9)
                let many = try await bench.run(rankBest + ["--top", "2"], exits: 2)
                try #require(many.errors.contains("--top 1"))

                // Its directory belongs to it alone.
                let other = try bench.sweep("quick", ["name: quick": "name: other", "seed: 1": "seed: 2"])
                let refused = try await bench.run(["sweepd", "run", other, "--directory", "quick.sweepd"], exits: 2)
                try #require(refused.errors.contains("quick"))
            }
        }

        @Test func `a sweep tells which parameters matter, and of each trial why it is there`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("quick", ["trials: 12": "trials: 24"])
                _ = try await bench.run(["sweepd", "run", file], exits: 0)
                let store = ["--directory", bench.path("quick.sweepd")]
                let importance = ["sweepd", "importance", "quick"] + store
                let first = try await bench.run(importance + ["--format", "json"], exits: 0)
                let told = try #require(
                    try JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: Any]
                )
                let parameters = try #require(told["parameters"] as? [[String: Any]])
                try #require(!parameters.isEmpty)
                try #require(
                    parameters.allSatisfy { (0...1).contains($0["variance"] as? Double ?? -1) && $0["marginal"] != nil }
                )
                try #require((told["configurations"] as? Int ?? 0) >= 10)
                // The same bytes when asked again, another metric when asked for.
                try #require(try await bench.run(importance + ["--format", "json"], exits: 0).output == first.output)
                let accuracy = try await bench.run(importance + ["--metric", "validation.accuracy"], exits: 0)
                try #require(accuracy.output.contains("validation.accuracy of "))
                for format in ["table", "csv", "markdown"] {
                    let shown = try await bench.run(importance + ["--format", format], exits: 0)
                    try #require(shown.output.contains("share of variance"), "\(format)")
                }
                let wrong = try await bench.run(importance + ["--metric", "loss"], exits: 2)
                try #require(wrong.errors.contains("do not report loss; they report training.loss"), "\(wrong.errors)")

                // Another metric puts the same runs in another order, the greatest accuracy first.
                let ranked = try await bench.run(
                    ["sweepd", "rank", "quick", "--metric", "validation.accuracy", "--format", "json"] + store,
                    exits: 0
                )
                let rows = try Rank.read(ranked.output).rows.filter { $0.state == "completed" }
                let accuracies = rows.compactMap { row -> Double? in
                    if case .number(let accuracy)? = row.objective { accuracy } else { nil }
                }
                try #require(rows.count > 1 && accuracies.count == rows.count)
                try #require(accuracies == accuracies.sorted(by: >) && accuracies.allSatisfy { (0...1).contains($0) })
                let unknown = try await bench.run(
                    ["sweepd", "rank", "quick", "--metric", "validation.r2"] + store,
                    exits: 2
                )
                try #require(unknown.errors.contains("do not report validation.r2"))

                for number in 1...24 {
                    let why = try await bench.run(["sweepd", "explain", "quick", "\(number)"] + store, exits: 0)
                    try #require(why.output.contains("Proposed: ") && why.output.contains("Rule: "))
                    try #require(!why.output.contains("another version"))
                }
                let best = try #require(
                    try Rank.read(try await bench.run(["sweepd", "run", file, "--format", "json"], exits: 0).output)
                        .rows
                        .first
                )
                let why = try await bench.run(["sweepd", "explain", "quick", "\(best.trial)"] + store, exits: 0)
                try #require(why.output.contains("went on to 9") && why.output.contains("completed"))
                let all = try await bench.run(["sweepd", "trial", "quick", "\(best.trial)"] + store, exits: 0)
                for part in [
                    "configuration \(best.configurationId)", "completed after", "objective  validation.",
                    "training   handed out ", " on local-1, kernels ", "verdict", "Proposed: ",
                ] {
                    try #require(all.output.contains(part), "\(part) in \(all.output)")
                }
                let missing = try await bench.run(["sweepd", "trial", "quick", "99"] + store, exits: 2)
                try #require(missing.errors.contains("quick has no trial 99"), "\(missing.errors)")
                let none = try await bench.run(["sweepd", "explain", "quick", "99"] + store, exits: 2)
                try #require(none.errors.contains("quick has no trial 99"))
            }
        }

        @Test func `settings are replaced on the command line`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("quick")
                let child = try await bench.run(
                    ["sweepd", "run", file, "--set", "search.trials=3", "--set", "train.epochs=2"]
                        + ["--workers", "2", "--slots", "1", "--format", "json"],
                    exits: 0
                )
                let rank = try Rank.read(child.output)
                try #require(rank.rows.count == 3)
                try #require(rank.rows.allSatisfy { $0.epochs <= 2 })
                let wrong = try await bench.run(["sweepd", "run", file, "--set", "search.trails=3"], exits: 2)
                try #require(wrong.errors.contains("search.trails"))
            }
        }

        @Test func `a path of one letter is a path, and what goes on says all that the run was told`() async throws {
            try await Bench.run { bench in
                let text = try String(contentsOfFile: try longSweep(bench), encoding: .utf8)
                try bench.write("h", text)
                let run = ["sweepd", "run", "h", "--directory", bench.path("one.sweepd"), "--set", "search.trials=7"]
                let first = try bench.start("run", run)
                try await someEpochs(bench, directory: bench.path("one.sweepd"))
                first.signal(SIGINT)
                try await bench.ended(first, within: 20)
                let again = "Go on with: sweepd run h --directory \(bench.path("one.sweepd")) --set search.trials=7\n"
                try #require(first.status == 130 && first.errors.contains(again), "\(first.errors)")
            }
        }

        @Test func `a run of which every trial fails is a failure, and says what the program said last`() async throws {
            try await Bench.run { bench in
                let file = try bench.write(
                    "broken.yaml",
                    """
                    name: broken
                    train:
                      command: [sh, -c, "echo no module of that name >&2; exit 3"]
                      parameters: {x: {uniform: [0, 1]}}
                      epochs: 2
                    objective: {minimize: loss}
                    search: {method: random, trials: 2}

                    """
                )
                let run = try await bench.run(
                    ["sweepd", "run", file, "--directory", bench.path("broken.sweepd")],
                    exits: 1,
                    within: 120
                )
                try #require(run.output.contains("no module of that name"), "\(run.output)")
                try #require(run.errors.contains("every trial of broken failed"), "\(run.errors)")
                // Nothing was trained, so nothing is sound; each command says why, or where it stands.
                let left = ["broken", "--directory", bench.path("broken.sweepd")]
                let all = try await bench.run(["sweepd", "diagnose"] + left, exits: 0)
                let sentence = "no trial of broken has trained an epoch; 2 failed, and `sweepd rank broken` says why"
                try #require(all.output.contains(sentence), "\(all.output)")
                let one = try await bench.run(["sweepd", "diagnose"] + left + ["--trial", "1"], exits: 2)
                try #require(one.errors.contains("trial 1 of broken failed before its first epoch: "), "\(one.errors)")
                try #require(one.errors.contains("no module of that name"), "\(one.errors)")
                let why = try await bench.run(["sweepd", "explain"] + left + ["--trial", "1"], exits: 0)
                try #require(why.output.contains("It failed: "), "\(why.output)")
            }
        }

        @Test func `an interrupted run goes on where it was`() async throws {
            try await Bench.run { bench in
                let file = try longSweep(bench)
                let undisturbed = try await bench.undisturbed(file, named: "digits-long")
                let run = ["sweepd", "run", file, "--directory", bench.path("interrupted.sweepd"), "--slots", "2"]
                let first = try bench.start("run", run)
                try await someEpochs(bench, directory: bench.path("interrupted.sweepd"))
                first.signal(SIGINT)
                try await bench.ended(first, within: 20)
                try #require(first.status == 130, "\(first.errors)")
                try #require(first.errors.contains("sweepd run"))
                try await bench.run(run, exits: 0)
                let rank = try await bench.run(
                    ["sweepd", "rank", "digits-long", "--directory", bench.path("interrupted.sweepd")]
                        + ["--format", "json", "--stable"],
                    exits: 0
                )
                try #require(rank.output == undisturbed.rank)
            }
        }

        @Test func `a run in a directory with keys lets nobody in without one, and trains`() async throws {
            try await Bench.run { bench in
                _ = try await bench.coordinatorKey(directory: "keyed.sweepd")
                let directory = bench.path("keyed.sweepd")
                let run = try bench.start(
                    "run",
                    ["sweepd", "run", try longSweep(bench), "--directory", directory, "--slots", "2"],
                    mayEnd: true
                )
                // The commands of this user find the coordinator's own key in the directory.
                try await someEpochs(bench, directory: directory)
                let file = try String(contentsOfFile: directory + "/endpoint.json", encoding: .utf8)
                let endpoint = try EndpointFile.read(file).worker
                let stranger = try await bench.run(["sweepd", "list", "--coordinator", endpoint])
                try #require([3, 4].contains(stranger.status) && stranger.output.isEmpty, "\(stranger.output)")
                let worker = try await bench.run(["sweepd", "worker", "--connect", endpoint, "--patience", "1"])
                try #require([3, 4].contains(worker.status), "\(worker.errors)")
                try await bench.ended(run)
                try #require(run.status == 0, "\(run.errors)")
            }
        }

        @Test func `a coordinator that has its directory and no port yet is not taken for a stopped one`() async throws
        {
            try await Bench.run { bench in
                let coordinator = try await bench.coordinator()
                let file = coordinator.directory + "/endpoint.json"
                let text = try String(contentsOfFile: file, encoding: .utf8)
                // As between the beginning of a start and its end: a probe that read the store here would find all well.
                try FileManager.default.removeItem(atPath: file)
                let list = ["sweepd", "list", "--directory", coordinator.directory]
                let early = try await bench.run(list, exits: 3, within: 30)
                try #require(early.output.isEmpty && early.errors.contains("has no port open"), "\(early.errors)")
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                try await bench.run(list, exits: 0)
                coordinator.child.signal(SIGTERM)
                try await bench.ended(coordinator.child)
                // A stopped one's store is read.
                try await bench.run(list, exits: 0)
            }
        }

        @Test func `one, two and four slots give the same table`() async throws {
            try await Bench.run { bench in
                let file = try bench.sweep("digits")
                var ranks: [String] = []
                for slots in [1, 2, 4] {
                    let started = ContinuousClock.now
                    ranks.append(try await bench.undisturbed(file, slots: slots, named: "digits").rank)
                    print("digits with \(slots) slots: \(ContinuousClock.now - started)")
                }
                try #require(ranks[0] == ranks[1])
                try #require(ranks[0] == ranks[2])
            }
        }
    }
}

/// `digits-long` with epochs as slow as they are, but few of them: with nine trials of nine epochs 23 in all, a second or two on two
/// slots; with 27 of 27 some 80.
func longSweep(_ bench: Bench, trials: Int = 9, epochs: Int = 9) throws -> String {
    try bench.sweep("digits-long", ["trials: 200": "trials: \(trials)", "epochs: 27": "epochs: \(epochs)"])
}

/// Waits until the sweep in `directory` has trained some epochs and has more before it.
func someEpochs(_ bench: Bench, directory: String) async throws {
    var last = ""
    let _: Status = try await bench.value("some epochs are trained", state: { last }) {
        let status = try await bench.run([
            "sweepd", "status", "digits-long", "--directory", directory, "--format", "json",
        ])
        last = status.output + status.errors
        guard status.status == 0 else { return nil }
        let read = try Status.read(status.output)
        return read.epochs >= 3 ? read : nil
    }
}
