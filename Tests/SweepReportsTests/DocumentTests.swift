import SweepCore
import SweepReports
import SweepSearch
import Testing

@Suite struct DocumentTests {
    private func again(_ json: JSONValue) throws -> JSONValue { try JSONValue(parsing: json.bytes) }

    @Test func `the rank document has its fields`() throws {
        let json = try again(Samples.rank.json)
        #expect(json["sweep"] == .text("digits"))
        #expect(json["objective"]?.text() == #"{"metric":"validation.loss", "direction":"minimize", "epoch":"best"}"#)
        guard case .array(let rows)? = json["rows"], case .object(let members) = rows[0] else {
            Issue.record("no rows")
            return
        }
        #expect(
            members.map(\.key) == [
                "place", "configuration_id", "trial", "runs", "state", "configuration", "objective", "interval",
                "tied_with", "metrics", "epoch", "epochs", "rung", "attempts", "core_seconds", "workers", "finding",
                "symptom",
            ]
        )
        #expect(rows[0]["configuration"]?["train.optimizer"] == .text("adam"))
        #expect(rows[0]["configuration"]?["train.optimizer.adam.learning_rate"] == .number(0.001))
        #expect(rows[0]["configuration"]?["train.batch_size"] == .integer(32))
        #expect(
            rows[0]["runs"]?.text()
                == #"[{"trial":1, "seed":18446744073709551614, "objective":0.22000000000000003, "epochs":3, "#
                + #""state":"completed"}, {"trial":2, "seed":7, "objective":0.24200000000000002, "epochs":3, "#
                + #""state":"completed"}]"#
        )
        #expect(rows.map { $0["state"] } == ["completed", "pruned", "waiting", "pruned", "failed"].map { .text($0) })
        #expect(rows[1]["reason"] == .text("scheduler"))
        #expect(rows[1]["finding"] == .text("slow"))
        #expect(rows[4]["reason"] == .text("signal 9"))
    }

    @Test func `numbers that are not finite are null with a word beside them`() throws {
        let json = try again(Samples.rank.json)
        guard case .array(let rows)? = json["rows"] else { return }
        let lost = rows[3]
        #expect(lost["objective"] == .null)
        #expect(lost["nonfinite"] == .text("inf"))
        #expect(rows[2]["objective"] == .null)
        #expect(rows[2]["nonfinite"] == nil)
        let curves = try again(Samples.curves.json)
        guard case .array(let trials)? = curves["trials"], case .array(let points)? = trials[2]["points"] else {
            return
        }
        #expect(points[1]["training.loss"] == .null)
        #expect(points[1]["nonfinite"] == .text("inf"))
        #expect(points[0]["nonfinite"] == nil)
    }

    @Test func `different kinds in one object are told by key`() throws {
        let curve = LearningCurve(
            metrics: [.trainingLoss, .validationLoss, .gradientNorm],
            observations: [Observation(epoch: 1, values: [.nan, -.infinity, 2], seconds: 0)]
        )
        let document = CurvesDocument(
            sweep: "x",
            objective: Objective(),
            trials: [.init(trial: 1, configuration: Configuration([]), seed: 1, state: .running, curve: curve)]
        )
        let back = try CurvesDocument(json: again(document.json))
        let values = try #require(back.trials.first?.curve.observations.first?.values)
        #expect(values[0].isNaN && values[1] == -.infinity && values[2] == 2)
    }

    @Test func `workers that were turned away are told of in JSON and in words, and only where there are some`() throws
    {
        var status = Samples.status
        #expect(status.json["turned_away"] == nil && !status.plainText().contains("turned away"))
        #expect(WorkersDocument(workers: []).json.text() == #"{"workers":[]}"#)
        let away = TurnedAwayWorker(
            id: "old",
            host: "node\u{1b}3",
            softwareVersion: "0.0.9",
            oldestProtocol: 1,
            newestProtocol: 1,
            lastSeen: 12,
            because: "upgrade the worker"
        )
        status.turnedAway = [away]
        #expect(try StatusDocument(json: again(status.json)) == status)
        let expected =
            #"[{"id":"old", "host":"node\u001b3", "software_version":"0.0.9", "protocol":[1, 1], "last_seen_s":12.0, "#
            + #""because":"upgrade the worker"}]"#
        #expect(status.json["turned_away"]?.text() == expected)
        #expect(WorkersDocument(workers: [], turnedAway: [away]).json["turned_away"]?.text() == expected)
        // What others chose steers no terminal.
        let line = try #require(status.plainText().split(separator: "\n").last)
        #expect(line.hasPrefix("turned away: old on node") && line.hasSuffix(" ago: upgrade the worker"))
        #expect(!line.contains("\u{1b}"))
        status.workers = []
        #expect(status.plainText().hasSuffix("no workers\n\(line)\n"))
        #expect(WorkersDocument(workers: [], turnedAway: [away]).timeless.turnedAway.first?.lastSeen == 0)
    }

    @Test func `a worker's pace is told once it is known, in words only where nodes are unequal`() throws {
        var status = Samples.status
        #expect(!status.json.text().contains("pace"))
        status.workers[0].pace = 2
        #expect(status.json.text().contains(#""pace":2.0"#) && !status.plainText().contains("pace"))
        #expect(try StatusDocument(json: again(status.json)) == status)
        status.workers[1].pace = 0.5
        let lines = status.plainText().split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("worker") && $0.contains("pace") })
        #expect(lines.contains { $0.hasPrefix("node-a") && $0.contains("2×") })
        #expect(lines.contains { $0.hasPrefix("node-b") && $0.contains("0.5×") })
    }

    @Test func `every document is read back as it was`() throws {
        let rank = try RankDocument(json: again(Samples.rank.json))
        #expect(rank == Samples.rank)
        #expect(try StatusDocument(json: again(Samples.status.json)) == Samples.status)
        #expect(try ListDocument(json: again(Samples.list.json)) == Samples.list)
        var status = Samples.status
        status.placement = Placement(
            priority: -4,
            maxParallel: 3,
            requires: [WorkerRequirement(key: "gpu", value: "yes")],
            slots: 2
        )
        status.workers[0].labels = ["gpu": "yes", "rack": "2"]
        #expect(try StatusDocument(json: again(status.json)) == status)
        #expect(status.json["priority"] == .integer(-4) && status.json["max_parallel"] == .integer(3))
        #expect(status.json["requires"]?.text() == #"{"gpu":"yes"}"# && status.json["threads"] == .integer(2))
        #expect(Samples.status.json["max_parallel"] == .null)
        var list = Samples.list
        list.sweeps[0].placement = status.placement
        #expect(try ListDocument(json: again(list.json)) == list)
        #expect(list.sweeps[0].json["experiment"] == nil)
        list.sweeps[0].experiment = ExperimentPart(sweep: "digits", trial: 17, round: 2, first: "digits.why-17")
        #expect(try ListDocument(json: again(list.json)) == list)
        #expect(
            list.sweeps[0].json["experiment"]?.text()
                == #"{"sweep":"digits", "trial":17, "round":2, "first":"digits.why-17"}"#
        )
    }

    @Test func `who set no priority, limit or label sees no word of them`() throws {
        let plain = Samples.status.plainText()
        #expect(!plain.contains("placing") && !plain.contains("labels"))
        #expect(!Samples.list.table.plainText().contains("priority"))
        var status = Samples.status
        status.placement = Placement(
            priority: 2,
            maxParallel: 3,
            requires: [WorkerRequirement(key: "gpu", value: "yes")],
            slots: 4
        )
        status.workers[0].labels = ["rack": "2", "gpu": "yes"]
        let text = status.plainText()
        #expect(text.contains("placing  priority 2, at most 3 trials at once, 4 slots a trial, requires gpu=yes\n"))
        #expect(text.contains("gpu=yes,rack=2"))
        var list = Samples.list
        list.sweeps[0].placement.priority = 2
        #expect(list.table.plainText().contains("priority"))
        let curves = try CurvesDocument(json: again(Samples.curves.json))
        #expect(curves.trials.count == Samples.curves.trials.count)
        for (a, b) in zip(curves.trials, Samples.curves.trials) {
            #expect(a.trial == b.trial && a.configuration == b.configuration && a.seed == b.seed && a.state == b.state)
            #expect(a.curve.epochs == b.curve.epochs)
            for (x, y) in zip(a.curve.observations, b.curve.observations) {
                #expect(x.matches(y) && x.seconds == y.seconds)
            }
        }
    }

    @Test func `a cut document says how many configurations there are`() throws {
        let rows = Ranking.rows(Samples.records, objective: Objective(), levels: [1, 3])
        let cut = RankDocument(sweep: "digits", objective: Objective(), rows: rows, top: 2)
        #expect(cut.rows.count == 2 && cut.configurations == 5)
        #expect(try RankDocument(json: again(cut.json)) == cut)
    }

    @Test func `the stable form leaves out times, workers and attempts`() {
        let other = Samples.records.map { record in
            TrialRecord(
                number: record.number,
                configuration: record.configuration,
                seed: record.seed,
                repetition: record.repetition,
                state: record.state,
                curve: LearningCurve(
                    metrics: record.curve.metrics,
                    observations: record.curve.observations.map {
                        Observation(epoch: $0.epoch, values: $0.values, seconds: 99)
                    }
                ),
                attempts: 5,
                coreSeconds: 123,
                workers: ["elsewhere"],
                finding: record.finding
            )
        }
        let rows = Ranking.rows(other, objective: Objective(), levels: [1, 3])
        let document = RankDocument(sweep: "digits", objective: Objective(), rows: rows)
        #expect(document.json != Samples.rank.json)
        #expect(document.stable.text() == Samples.rank.stable.text())
        let curves = CurvesDocument(sweep: "digits", objective: Objective(), trials: other.map { .init($0) })
        #expect(curves.stable.text() == Samples.curves.stable.text())
    }

    @Test func `curves carry bands and means over seeds`() throws {
        let json = try again(Samples.curves.json)
        guard case .array(let bands)? = json["bands"]?["training.loss"], case .array(let means)? = json["means"] else {
            Issue.record("no bands or means")
            return
        }
        #expect(bands[0].text().hasPrefix(#"{"epoch":1, "count":4, "not_finite":0, "minimum":0.5"#))
        #expect(bands[1]["count"] == .integer(2) && bands[1]["not_finite"] == .integer(1))
        #expect(means.count == 1)
        #expect(means[0]["trials"] == .array([.integer(1), .integer(2)]))
        guard case .array(let points)? = means[0]["metrics"]?["training.loss"] else { return }
        #expect(points[1]["mean"] == .number(0.31) && points[1]["count"] == .integer(2))
    }

    @Test(arguments: [
        "[]", "{}", #"{"sweep":1,"objective":{},"rows":[]}"#,
        #"{"sweep":"x","objective":{"metric":"validation.loss","direction":"up","epoch":"best"},"rows":[]}"#,
        #"{"sweep":"x","objective":{"metric":"validation.loss","direction":"minimize","epoch":"best"},"rows":[{}]}"#,
    ]) func `a document of another shape is an error with its place`(_ text: String) throws {
        let json = try JSONValue(parsing: Array(text.utf8))
        #expect(throws: DocumentError.self) { try RankDocument(json: json) }
        #expect(throws: DocumentError.self) { try CurvesDocument(json: json) }
        #expect(throws: DocumentError.self) { try StatusDocument(json: json) }
    }

    @Test func `curves with a gap are refused`() throws {
        let text = #"""
            {"sweep":"x","objective":{"metric":"validation.loss","direction":"minimize","epoch":"best"},"trials":
            [{"trial":1,"configuration":{},"seed":1,"state":"running","points":[{"epoch":2,"training.loss":1.0}]}]}
            """#
        let json = try JSONValue(parsing: Array(text.utf8))
        #expect(throws: DocumentError.self) { try CurvesDocument(json: json) }
    }
}
