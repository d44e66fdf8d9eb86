import SweepCoordination
import SweepCore
import SweepTestKit
import SweepTraining
import Testing

/// Arms that part after an epoch on the digits, with the real core and the real training.
@Suite struct BranchDigitsTests {
    private static func map(_ entries: (String, SpecNode)...) -> SpecNode {
        .map(entries.map { SpecEntry($0.0, $0.1) })
    }

    /// Three arms of two runs, of six epochs each; they part after the third, or begin with new weights.
    private static func source(_ branch: BranchSpec?) -> SpecNode {
        map(
            ("name", .text("branched-\(branch == nil ? "not" : "so")")),
            (
                "data",
                map(
                    ("source", .text("data/digits.csv.gz")),
                    ("target", .text("label")),
                    ("test", .real(0.1)),
                    ("preprocess", .list([.text("standardize")]))
                )
            ),
            (
                "train",
                map(
                    ("model", map(("mlp", map(("widths", .list([.integer(16)])), ("dropout", .real(0.2)))))),
                    ("optimizer", map(("adam", map(("learning_rate", .real(0.003)))))),
                    ("warmup", map(("epochs", .integer(4)))),
                    ("batch_size", .integer(64)),
                    ("epochs", .integer(6))
                )
            ),
            ("search", map(("repeats", .integer(2)), ("seed", .integer(3)), ("branch", branch?.node ?? .null))),
            ("prune", .text("none")),
            (
                "arms",
                map(
                    ("as it is", map()),
                    ("slower", map(("train.optimizer.adam.learning_rate", .real(3e-4)))),
                    ("larger batch", map(("train.batch_size", .integer(256)), ("train.clip", map(("norm", .real(1))))))
                )
            )
        )
    }

    @Test(.timeLimit(.minutes(3)))
    func `a branch that changes nothing is the run itself, and every other one that of its lineage alone`() throws {
        let trainer = try Trainer()
        let branches = try DigitsSweepTests.sweep(Self.source(BranchSpec(after: 3)), trainer)
        let whole = try DigitsSweepTests.sweep(Self.source(nil), trainer)
        #expect(branches.state == .finished && branches.trials.count == 7 && whole.trials.count == 6)
        #expect(branches.epochsTrained == 3 + 6 * 3 && whole.epochsTrained == 6 * 6)
        // The first repeat has the seed of the shared epochs: with and without a branch the same bits.
        let (branch, run) = (branches.trials[1], whole.trials[0])
        #expect(branch.seed == run.seed && branch.parent == Parent(trial: 1, epoch: 3))
        #expect(branch.curve.epochs == 6)
        for (own, other) in zip(branch.curve.observations, run.curve.observations) { #expect(own.matches(other)) }
        for trial in branches.trials {
            let template = try #require(branches.template(of: trial.number))
            let alone = try trainer.run(template, seed: trial.seed)
            #expect(alone.epoch == trial.parent?.epoch ?? 0)
            for observation in trial.curve.observations.dropFirst(alone.epoch) {
                #expect(
                    observation.matches(try #require(alone.trainEpoch())),
                    "trial \(trial.number), epoch \(observation.epoch)"
                )
            }
        }
        // All differ after they part.
        #expect(Set(branches.trials.dropFirst().map { $0.curve.observations[5].values[0] }).count == 6)
    }
}
