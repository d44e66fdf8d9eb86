import SweepCoordination
import SweepCore
import SweepSpec
import SweepTraining
import Testing

/// What the demo promises, measured on `sweeps/digits.yaml` itself.
@Suite struct DemoSweepTests {
    /// The trial with the least validation loss, and the losses of its validation rows after its best epoch.
    private struct Winner {
        let trial: TrialProgress
        let loss: Double
        let rowLosses: [Double]

        init(of sweep: SweepProgress, _ trainer: Trainer) throws {
            let completed = sweep.trials.filter { $0.ended == .completed }
            let ranked = completed.compactMap { trial in
                trial.curve.best(for: sweep.sweep.objective).map { (trial: trial, epoch: $0.epoch, loss: $0.value) }
            }
            let best = try #require(ranked.min { $0.loss < $1.loss })
            trial = best.trial
            loss = best.loss
            let spec = try #require(sweep.sweep.space.resolve(best.trial.configuration))
            let run = try trainer.run(spec, seed: best.trial.seed)
            while run.epoch < best.epoch { _ = try #require(run.trainEpoch()) }
            rowLosses = run.rowLosses(.validation).map(Double.init)
        }
    }

    private func sweep(_ trainer: Trainer, overrides: [String] = []) throws -> SweepProgress {
        let file = try SweepFile.read(path: Trainer.root + "/sweeps/digits.yaml", overrides: overrides).get()
        return try DigitsSweepTests.sweep(file.sweep.source, trainer)
    }

    @Test(.timeLimit(.minutes(5)))
    func `pruning the demo spares more than half of the epochs and finds as good a configuration`() throws {
        let trainer = try Trainer()
        let pruned = try sweep(trainer)
        let whole = try sweep(trainer, overrides: ["prune=none"])
        let all = 81 * 27
        #expect(pruned.trials.count == 81 && whole.trials.count == 81)
        #expect(pruned.trials.contains { $0.ended?.name == "pruned" })
        #expect(pruned.epochsTrained * 100 <= 45 * all)

        let short = try Winner(of: pruned, trainer)
        let long = try Winner(of: whole, trainer)
        let accuracy = try #require(short.trial.curve.series(.validationAccuracy).max())
        #expect(accuracy >= 0.97)
        // The same rows under both winners: two standard errors of the mean of their differences.
        let differences = zip(short.rowLosses, long.rowLosses).map { $0 - $1 }
        let count = Double(differences.count)
        let mean = differences.reduce(0, +) / count
        let variance = differences.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / (count - 1)
        let error = (variance / count).squareRoot()
        #expect(short.trial.number == long.trial.number || abs(mean) < 2 * error)
        print(
            """
            digits with ASHA: \(pruned.trials.count { $0.ended?.name == "pruned" }) of 81 pruned, \(pruned.epochsTrained) \
            of \(all) epochs; winner trial \(short.trial.number), loss \(short.loss), accuracy \(accuracy)
            digits without pruning: \(whole.epochsTrained) epochs; winner trial \(long.trial.number), loss \(long.loss)
            paired difference of \(differences.count) validation rows: \(mean), standard error \(error)
            """
        )
    }
}
