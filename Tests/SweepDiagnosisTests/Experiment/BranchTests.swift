import SweepCore
import SweepDiagnosis
import SweepNumerics
import Testing

/// Which arms go on from the state before the symptom, and from which epoch.
@Suite struct BranchTests {
    /// Twelve epochs of a sound run.
    private static let well = [1.5, 0.9, 0.6, 0.42, 0.33, 0.27, 0.24, 0.22, 0.21, 0.2, 0.195, 0.19]
    /// A run that is well for twelve epochs and leaves in the next.
    private static let late = well + [3, 6] + Array(repeating: 9, count: 6)

    /// The epoch after which the arms for a run part; it is reported for what its own curve shows, and for `more`.
    private func branchPoint(_ run: MadeUpRun, _ more: [Finding] = [], epochs: Int? = nil) -> Int? {
        let evidence = run.evidence
        return Experiment.branchPoint(
            before: SymptomReport(evidence).findings + more,
            in: evidence,
            epochs: epochs ?? evidence.budget
        )
    }

    @Test func `a late symptom is branched before`() {
        #expect(MadeUpRun(Self.late).report[.diverging]?.sinceEpoch == 13)
        #expect(branchPoint(MadeUpRun(Self.late)) == 12)
    }

    @Test func `an early symptom is not, nor one that comes at the end`() {
        // It leaves in the third epoch.
        #expect(branchPoint(MadeUpRun([1.5, 0.9] + Array(repeating: 9, count: 18))) == nil)
        var sound = Self.well + [0.185, 0.18, 0.175, 0.17, 0.165, 0.16, 0.155]
        sound.append(.nan)
        #expect(MadeUpRun(sound).report[.nonFinite]?.sinceEpoch == 20)
        #expect(branchPoint(MadeUpRun(sound), epochs: 20) == nil)
        // The same run planned for longer leaves enough to train.
        #expect(branchPoint(MadeUpRun(sound), epochs: 40) == 19)
    }

    @Test func `a validation loss that begins to rise is branched before`() {
        let probe = Self.well + [0.185, 0.18, 0.175, 0.17, 0.165, 0.16, 0.155, 0.15]
        let validation =
            [1.6, 1.0, 0.75, 0.6, 0.52, 0.48, 0.46, 0.45, 0.45, 0.44, 0.44, 0.44]
            + [0.5, 0.56, 0.62, 0.68, 0.74, 0.8, 0.86, 0.92]
        let run = MadeUpRun(probe, validation: validation)
        #expect(run.report[.validationRising]?.sinceEpoch == 13)
        #expect(branchPoint(run) == 12)
    }

    @Test func `what a rule sees in its last epochs alone is dated by the shorter run that showed it first`() {
        // From epoch 37 on the loss goes up and down; S-OSC looks at the last 24 epochs.
        let sound = (0..<36).map { 1.5 * Elementary.exp(-0.05 * Double($0)) + 0.5 }
        let end = sound[35]
        let run = MadeUpRun(sound + (0..<24).map { end * ($0.isMultiple(of: 2) ? 0.8 : 1.6) })
        #expect(run.report[.oscillating]?.sinceEpoch == 37)
        let after = branchPoint(run)
        // The first 43 epochs show it, in their last 24: never later than it began, and not from the start either.
        #expect(after == 19)
    }

    @Test func `a run that never was well has nothing to go on from, whenever its symptom is told`() {
        let flat = MadeUpRun(Array(repeating: 2.31, count: 20))
        #expect((flat.report[.atChance]?.sinceEpoch ?? 0) > Experiment.leastBefore)
        #expect(branchPoint(flat) == nil)
        // On its way up before the rule has it: at epoch 13 the loss is three times its least.
        let leaving = MadeUpRun(Self.well + [0.6] + Array(repeating: 6, count: 7))
        #expect(leaving.report[.diverging]?.sinceEpoch == 14)
        #expect(branchPoint(leaving) == nil)
    }

    @Test func `what instruments saw earlier comes first, and alone it has no date`() {
        func dead(_ epoch: Int) -> Finding { Finding(symptom: .dead, sinceEpoch: epoch, evidence: "") }
        #expect(branchPoint(MadeUpRun(Self.late), [dead(9)]) == 8)
        #expect(branchPoint(MadeUpRun(Self.late), [dead(1)]) == nil)
        #expect(branchPoint(MadeUpRun(Self.late), [dead(20)]) == 12)
        #expect(branchPoint(MadeUpRun(Self.well), [dead(9)]) == nil)
        // How it stood before the first step is no complaint.
        let start = Finding(symptom: .initialLoss, sinceEpoch: 0, evidence: "")
        #expect(branchPoint(MadeUpRun(Self.late), [start]) == 12)
    }

    @Test func `a sound run has no branches`() { #expect(branchPoint(MadeUpRun(Self.well)) == nil) }

    // MARK: Which arms

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

    // covers: R20 R21
    @Test func `changes that a state survives are branches, others begin with new weights`() throws {
        let experiment = try experiment()
        let round = experiment.firstRound(suspects: [], count: 30)
        let groups = experiment.groups(round, after: 12)
        try #require(groups.map(\.after) == [nil, 12])
        let (restarts, branches) = (groups[0].interventions.map(\.name), groups[1].interventions.map(\.name))
        #expect(restarts.count + branches.count == round.count)
        for name in [
            "learning rate / 10", "learning rate / 3", "learning rate × 10", "decay to zero", "batch × 16", "batch / 8",
            "clip at norm 1", "l2 0.001", "dropout 0.25",
        ] { #expect(branches.contains(name), "\(name)") }
        for name in [
            "warm-up", "features standardised", "batch norm", "leaky relu", "width / 4", "sgd, rate 0.05, momentum 0.9",
        ] {
            #expect(restarts.contains(name), "\(name)")
        }
        // Without an epoch to branch after all begin with new weights, as they were.
        #expect(experiment.groups(round, after: nil) == [Experiment.Group(after: nil, interventions: round)])
        #expect(experiment.groups([], after: nil) == [] && experiment.groups([], after: 12) == [])
    }

    @Test func `a pair is a branch when both of it are`() throws {
        let experiment = try experiment()
        let all = experiment.firstRound(suspects: [], count: 30)
        func named(_ name: String) throws -> Intervention { try #require(all.first { $0.name == name }) }
        let lower = try named("learning rate / 10")
        let pairs = [lower.joined(with: try named("l2 0.001")), lower.joined(with: try named("warm-up"))]
        let groups = experiment.groups(pairs, after: 8)
        #expect(groups.map(\.after) == [nil, 8])
        #expect(
            groups.map { $0.interventions.map(\.name) } == [
                ["learning rate / 10 + warm-up"], ["learning rate / 10 + l2 0.001"],
            ]
        )
    }

    @Test func `a lower rate from there on may have been a decay, which the likelier suspect tells`() throws {
        let experiment = try experiment()
        let round = experiment.firstRound(suspects: [], count: 30)
        let branch = try #require(
            experiment.groups(round, after: 12).last?.interventions.first { $0.name == "learning rate / 10" }
        )
        #expect(branch.confirmed(suspects: [.noDecay, .rateTooHigh]) == [.noDecay])
        #expect(branch.confirmed(suspects: [.rateTooHigh]) == [.rateTooHigh])
        let restart = try #require(round.first { $0.name == "learning rate / 10" })
        #expect(restart.confirmed(suspects: [.noDecay, .rateTooHigh]) == [.rateTooHigh])
    }

    @Test func `a branch costs the remaining epochs, and the shared ones once`() throws {
        let round = Array(try experiment().firstRound(suspects: []).prefix(3))
        // Four arms of five runs: 20 · 40 epochs, or 12 and 20 · 28.
        #expect(Experiment.Group(after: nil, interventions: round).cost(epochs: 40, repeats: 5) == 800)
        #expect(Experiment.Group(after: 12, interventions: round).cost(epochs: 40, repeats: 5) == 572)
    }

    @Test func `arms of other sweeps of the round count in the correction`() throws {
        func p(_ family: Int) throws -> [Double] {
            let base = [1.0, 1.1, 0.9, 1.0, 1.05]
            let pairs = [0.5, 0.9].enumerated().map { index, factor in
                PairedComparison.Pair(
                    arm: "\(index)",
                    base: base,
                    changed: zip(base, [1, 1.02, 0.98, 1.01, 0.99]).map { $0 * factor * $1 }
                )
            }
            return PairedComparison.all(pairs, scale: PairedScale(Objective(), chance: 2), family: family).map(\.p)
        }
        let (two, five) = (try p(0), try p(5))
        // Holm: the least of two counts twice, the other once; of five, five and four times.
        #expect(abs(five[0] - 2.5 * two[0]) < 1e-12)
        #expect(abs(five[1] - max(4 * two[1], five[0])) < 1e-9 && five[1] < 1)
        #expect(try p(2) == two)
    }
}
