import SweepCore
import SweepDiagnosis
import SweepReports
import SweepSearch
import Testing

@Suite struct ComparisonTests {
    private static func map(_ entries: (String, SpecNode)...) -> SpecNode {
        .map(entries.map { SpecEntry($0.0, $0.1) })
    }

    /// A comparison of three arms in four repeats.
    private static func sweep(
        direction: String = "minimize",
        metric: String = "validation.loss",
        branch: BranchSpec? = nil
    ) throws -> Sweep {
        let source = map(
            ("name", .text("compared")),
            ("data", map(("source", .text("d.csv")))),
            (
                "train",
                map(
                    ("model", map(("mlp", map(("layers", .integer(1)), ("width", .integer(8)))))),
                    ("optimizer", map(("adam", map(("learning_rate", .real(0.1)))))),
                    ("epochs", .integer(2))
                )
            ),
            ("objective", map((direction, .text(metric)))),
            ("search", map(("repeats", .integer(4)), ("seed", .integer(5)), ("branch", branch?.node ?? .null))),
            (
                "arms",
                map(
                    ("as it is", map()),
                    ("slower", map(("train.optimizer.adam.learning_rate", .real(0.01)))),
                    // What a state survives, where the arms go on from one.
                    (
                        "wider",
                        map(
                            (branch == nil ? "train.model.mlp.width" : "train.batch_size", .integer(32)),
                            ("train.l2", .null)
                        )
                    )
                )
            )
        )
        let problems = SpecProblems()
        let sweep = Sweep.read(source, problems: problems)
        return try #require(sweep, "\(problems.all)")
    }

    /// The ranked summary of runs that end with these losses; nil: the state of the run is `otherwise`.
    private static func rank(
        _ sweep: Sweep,
        _ losses: [String: [Double?]],
        otherwise: TrialState = .running
    ) -> RankDocument {
        var records: [TrialRecord] = []
        for arm in sweep.arms {
            for (repeatNumber, loss) in (losses[arm.name] ?? []).enumerated() {
                records.append(
                    TrialRecord(
                        number: records.count + 1,
                        configuration: Configuration([.init(path: Arm.parameter, value: .text(arm.name))]),
                        seed: pairedSeed(sweepSeed: sweep.search.seed, repeat: repeatNumber),
                        repetition: repeatNumber,
                        state: loss == nil ? otherwise : .completed,
                        curve: LearningCurve(
                            metrics: [.trainingLoss, .probeLoss, .validationLoss, .validationAccuracy],
                            observations: loss.map {
                                [Observation(epoch: 1, values: [$0, $0, $0, 1 - $0], seconds: 1)]
                            } ?? []
                        )
                    )
                )
            }
        }
        let rows = Ranking.rows(records, objective: sweep.objective, levels: [2]) { _ in nil }
        return RankDocument(sweep: sweep.name, objective: sweep.objective, rows: rows)
    }

    @Test func `runs are paired by their seeds, whatever the order of the ranked rows`() throws {
        let sweep = try Self.sweep()
        let rank = Self.rank(
            sweep,
            ["as it is": [1, 2, 0.5, 1.5], "slower": [0.1, 0.2, 0.05, 0.15], "wider": [1.01, 1.99, 0.505, 1.49]]
        )
        let document = try #require(ComparisonDocument(sweep: sweep, rank: rank, chance: 2))
        #expect(document.base == "as it is")
        #expect(document.comparisons.map(\.arm) == ["slower", "wider"])
        let slower = document.comparisons[0]
        #expect(slower.pairs == 4 && slower.improved == 4 && slower.verdict == .better)
        // Tenfold in every pair, though the seeds differ fourfold: without pairs the interval would hold zero.
        #expect(abs(slower.gain - 2.302585) < 1e-5)
        #expect(document.comparisons[1].verdict == .undecided)
        #expect(document.json["arms"].flatMap { $0.text() }?.contains(#""change_percent":-90.0"#) == true)
    }

    @Test func `arms that part say from which epoch on, in words and as a field`() throws {
        let sweep = try Self.sweep(branch: BranchSpec(after: 1))
        var losses: [String: [Double?]] = ["as it is": [1, 2, 0.5, 1.5], "slower": [0.1, 0.2, 0.05, 0.16]]
        losses["wider"] = [1.01, 1.99, 0.505, 1.49]
        let document = try #require(
            ComparisonDocument(sweep: sweep, rank: Self.rank(sweep, losses), chance: 2, family: 9)
        )
        #expect(document.fromEpoch == 2 && document.json["from_epoch"] == .integer(2))
        let sentence = document.sentence(document.comparisons[0])
        #expect(
            sentence.hasPrefix("from epoch 2 on, changing train.optimizer.adam.learning_rate = 0.01 alone improved "),
            "\(sentence)"
        )
        // An experiment names it with the cure, and its remedy says so.
        let change = Arm.Change(path: ["train", "optimizer", "adam", "learning_rate"], value: .real(0.01))
        let slower = Intervention("slower", [.rateTooHigh], .hyperparameter, [change])
        let experiment = ExperimentDocument(
            rounds: [document],
            cures: Experiment.cures(of: [slower], document.comparisons),
            batchNoise: nil
        )
        let cure = try #require(experiment.json["cures"].flatMap { $0.text() })
        #expect(cure.contains(#""arm":"slower", "from_epoch":2,"#), "\(cure)")
        #expect(experiment.sentences[0] == sentence)
        // Arms with new weights have none.
        let plain = try Self.sweep()
        let restart = try #require(ComparisonDocument(sweep: plain, rank: Self.rank(plain, losses), chance: 2))
        #expect(restart.fromEpoch == nil && restart.json["from_epoch"] == nil)
        #expect(restart.comparisons[0].p < document.comparisons[0].p)
    }

    @Test func `runs under way and cancelled ones say nothing, failed ones are lost`() throws {
        let sweep = try Self.sweep()
        let whole: [Double?] = [1, 2, 0.5, 1.5]
        for (state, pairs, lost) in [
            (TrialState.running, 3, 0), (.waiting, 3, 0), (.pruned(.cancelled), 3, 0), (.failed("a crash"), 4, 1),
            (.pruned(.cannotRecover), 4, 1),
        ] {
            let rank = Self.rank(sweep, ["as it is": whole, "slower": [0.1, 0.2, nil, 0.15]], otherwise: state)
            let document = try #require(ComparisonDocument(sweep: sweep, rank: rank, chance: 2))
            #expect(document.comparisons[0].pairs == pairs, "\(state)")
            #expect(document.comparisons[0].changed.lost == lost, "\(state)")
            #expect(document.comparisons[1].pairs == 0 && document.comparisons[1].verdict == .undecided)
        }
    }

    @Test func `an accuracy is told as a difference, in its own direction`() throws {
        let sweep = try Self.sweep(direction: "maximize", metric: "validation.accuracy")
        let rank = Self.rank(
            sweep,
            [
                "as it is": [0.3, 0.31, 0.29, 0.3], "slower": [0.2, 0.21, 0.195, 0.2],
                "wider": [0.4, 0.41, 0.39, 0.41],
            ]
        )
        let document = try #require(ComparisonDocument(sweep: sweep, rank: rank, chance: 2))
        let table = document.table.plainText()
        #expect(document.comparisons.map(\.verdict) == [.better, .worse])
        #expect(table.contains("+0.0988") && table.contains("-0.102"), "\(table)")
        #expect(document.json["arms"].flatMap { $0.text() }?.contains("change_percent") == false)
    }

    @Test func `the sentence says what was changed, alone or together`() throws {
        let sweep = try Self.sweep()
        let rank = Self.rank(
            sweep,
            ["as it is": [1, 2, 0.5, 1.5], "slower": [0.1, 0.2, 0.05, 0.16], "wider": [3, 4, 1.6, 4.1]]
        )
        let document = try #require(ComparisonDocument(sweep: sweep, rank: rank, chance: 2))
        let sentences = document.comparisons.map(document.sentence)
        #expect(sentences[0].hasPrefix("changing train.optimizer.adam.learning_rate = 0.01 alone improved "))
        #expect(sentences[0].contains("in 4 paired runs (better in 4"))
        #expect(
            sentences[1].hasPrefix("changing train.model.mlp.width = 32 and train.l2 = its default together worsened ")
        )
    }

    @Test func `a sweep without arms is not compared`() throws {
        let plain = Samples.rank
        var source = try Self.sweep().source
        guard case .map(let entries) = source else { return }
        source = .map(entries.filter { $0.key != "arms" })
        let sweep = try #require(Sweep.read(source, problems: SpecProblems()))
        #expect(ComparisonDocument(sweep: sweep, rank: plain, chance: 2) == nil)
    }
}
