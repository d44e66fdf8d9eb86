import SweepCore
import SweepDiagnosis
import SweepNumerics
import Testing

@Suite struct ExperimentTests {
    private static let schema = DataSchema(
        features: ["a", "b"],
        task: .classification(classes: ["0", "1"], trainingCounts: [500, 500]),
        trainingRows: 1000,
        validationRows: 200,
        testRows: 0
    )

    private func map(_ entries: (String, SpecNode)...) -> SpecNode { .map(entries.map { SpecEntry($0.0, $0.1) }) }

    private func experiment() throws -> Experiment {
        let training = map(
            ("model", map(("mlp", map(("layers", .integer(2)), ("width", .integer(64)))))),
            ("optimizer", map(("adam", map(("learning_rate", .real(0.1)))))),
            ("batch_size", .integer(8)),
            ("epochs", .integer(20))
        )
        return try #require(Experiment(template: map(("train", training)), schema: Self.schema))
    }

    private func pair(_ path: String, _ from: Double, _ to: Double) -> SweepPair {
        SweepPair(trial: 2, path: path, from: .real(from), to: .real(to), value: 0.1)
    }

    private func comparisons(_ gains: [(String, Double)], shown: Bool) -> [PairedComparison] {
        let base = [1.0, 1.1, 0.9, 1.0, 1.05]
        let wobble = shown ? [1, 1.01, 0.99, 1, 1] : [1, 3, 0.4, 1.8, 0.5]
        return PairedComparison.all(
            gains.map { arm, gain in
                .init(arm: arm, base: base, changed: zip(base, wobble).map { $0 * $1 * Elementary.exp(-gain) })
            },
            scale: PairedScale(Objective(), chance: 0.69)
        )
    }

    @Test func theRateIsAlwaysTriedFirst() throws {
        let round = try experiment().firstRound(suspects: [.underRegularised, .overCapacity], count: 5).map(\.name)
        #expect(round == ["learning rate / 10", "learning rate × 10", "l2 0.001", "dropout 0.25", "width / 4"])
    }

    @Test func aRateThatMayBeTooHighBringsTheLargerBatch() throws {
        let round = try experiment().firstRound(suspects: [.rateTooHigh], count: 4).map(\.name)
        #expect(round == ["learning rate / 10", "learning rate / 3", "learning rate × 10", "batch × 16"])
    }

    @Test func `what the sweep has shown comes before what is suspected`() throws {
        func names(_ shown: [SweepPair]) throws -> [String] {
            try experiment().firstRound(suspects: [.rateTooHigh], shown: shown, count: 4).map(\.name)
        }
        let rates = ["learning rate / 10", "learning rate / 3", "learning rate × 10"]
        // One arm, in the direction that did better.
        #expect(try names([pair("train.model.mlp.width", 64, 100)]) == rates + ["width × 4"])
        #expect(try names([pair("train.model.mlp.width", 64, 32)]) == rates + ["width / 4"])
        let none = try names([])
        for path in ["train.no.such", "train.optimizer.adam.learning_rate"] {
            #expect(try names([pair(path, 64, 32)]) == none)
        }
        // There is no change in this direction.
        #expect(try names([pair("train.l2", 1e-4, 0)]) == none)
    }

    @Test func `what has no order is tried where it is the same change`() throws {
        func names(_ to: String) throws -> [String] {
            let shown = SweepPair(
                trial: 2,
                path: "train.model.mlp.activation",
                from: .text("relu"),
                to: .text(to),
                value: 0.1
            )
            return try experiment().firstRound(suspects: [.rateTooHigh], shown: [shown], count: 4).map(\.name)
        }
        #expect(try names("leaky_relu").contains("leaky relu"))
        #expect(try !names("tanh").contains("leaky relu"))
    }

    @Test func `what the sweep has shown leaves arms to what is suspected`() throws {
        let shown = [
            pair("train.model.mlp.width", 64, 32), pair("train.batch_size", 8, 16),
            pair("train.l2", 0, 0.1), pair("train.model.mlp.dropout", 0, 0.5),
        ]
        func names(_ suspects: [Cause], _ count: Int) throws -> Set<String> {
            Set(try experiment().firstRound(suspects: suspects, shown: shown, count: count).map(\.name))
        }
        let rates: Set = ["learning rate / 10", "learning rate × 10"]
        let suspected = "features standardised"
        let first = rates.union(["width / 4", suspected])
        #expect(try names([.featureScale], 4) == first)
        // Half of the arms.
        #expect(try names([.featureScale], 7) == first.union(["batch × 16", "l2 0.001", "learning rate / 3"]))
        #expect(try names([.featureScale], 3) == rates.union([suspected]))
        for count in 0...2 { #expect(try names([.featureScale], count).count == count) }
        // Nothing is left to nobody.
        #expect(try names([], 4) == rates.union(["width / 4", "batch × 16"]))
    }

    @Test func withoutSuspectsTheCatalogueIsTried() throws {
        let round = try experiment().firstRound(suspects: [])
        #expect(round.count == Experiment.usualArms)
        #expect(Set(round.map(\.name)).count == round.count)
    }

    @Test func equalCuresComeTogetherTheSmallestFirst() throws {
        let all = try experiment().firstRound(suspects: [], count: 30)
        let round = ["learning rate / 10", "batch norm", "features standardised", "l2 0.001"].map { name in
            all.first { $0.name == name }!
        }
        let found = comparisons(
            [("learning rate / 10", 1.5), ("batch norm", 1.6), ("features standardised", 1.55), ("l2 0.001", 0.3)],
            shown: true
        )
        let cures = Experiment.cures(of: round, found)
        #expect(cures.map(\.intervention.name) == ["learning rate / 10", "features standardised", "batch norm"])
        #expect(found.last?.verdict == .better, "it helps, but a fifth of what heals")
    }

    @Test func whatIsNotShownIsNoCure() throws {
        let round = try experiment().firstRound(suspects: [.rateTooHigh], count: 4)
        #expect(Experiment.cures(of: round, comparisons(round.map { ($0.name, 0.2) }, shown: false)).isEmpty)
        #expect(Experiment.cures(of: round, comparisons(round.map { ($0.name, -0.5) }, shown: true)).isEmpty)
    }

    @Test func theSecondRoundPairsWhatWentFurthest() throws {
        let experiment = try experiment()
        let round = experiment.firstRound(suspects: [.rateTooHigh, .featureScale], count: 6)
        let gains = [
            "learning rate / 10": 0.1, "learning rate / 3": 0.3, "learning rate × 10": -2, "batch × 16": 0.2,
            "features standardised": 0.25, "decay to zero": -0.05,
        ]
        let found = comparisons(round.map { ($0.name, gains[$0.name] ?? 0) }, shown: false)
        let pairs = experiment.secondRound(after: round, found, count: 3).map(\.name)
        #expect(pairs.first == "learning rate / 3 + features standardised")
        #expect(pairs.count == 3)
        #expect(!pairs.contains { $0.contains("learning rate / 3 + learning rate") }, "one setting is not set twice")
        let worse = round.map(\.name).filter { gains[$0] ?? 0 < 0 }
        for pair in experiment.secondRound(after: round, found, count: 30) {
            #expect(pair.changes.count >= 2)
            #expect(!worse.contains { pair.name.contains($0) }, "what made it worse is in no pair")
            #expect(!(pair.name.contains("/ 10") && pair.name.contains("× 10")))
        }
    }

    @Test func noiseFallsByTheRootAndARateDoesNot() throws {
        var random = RandomStream(key: 4)
        func curve(_ size: Double) -> [Double] { (0..<40).map { _ in Elementary.exp(size * random.normal()) } }
        let wild = (0..<5).map { _ in curve(0.4) }
        let noise = try #require(
            BatchNoiseTest(k: 16, before: wild, after: (0..<5).map { _ in curve(0.05) }, chance: 2)
        )
        #expect(noise.isNoise)
        #expect(noise.ratio > 5 && noise.ratio < 13)
        let rate = try #require(BatchNoiseTest(k: 16, before: wild, after: (0..<5).map { _ in curve(0.2) }, chance: 2))
        #expect(!rate.isNoise)
        #expect(
            BatchNoiseTest(k: 16, before: [curve(0.001)], after: [curve(0.001)], chance: 2) == nil,
            "nothing to explain"
        )
        #expect(BatchNoiseTest(k: 16, before: [[1, 2, 1]], after: [[1, 1, 1]], chance: 2) == nil, "too short")
        let falling = (0..<40).map { Elementary.exp(-0.1 * Double($0)) }
        #expect(
            BatchNoiseTest(k: 16, before: [falling], after: [falling], chance: 2) == nil,
            "an even fall is no fluctuation"
        )
        let learnt = curve(0.4).map { 0.004 * $0 }
        #expect(BatchNoiseTest(k: 16, before: [learnt], after: [learnt], chance: 2) == nil, "nothing is left to jump")
    }
}
