import SweepCoordination
import SweepCore
import SweepTestKit
import Testing

/// Searches that end before their trials are done, as `stop` says.
@Suite struct StopTests {
    private static func sample(_ stop: StopSpec, prune: String = "asha") -> SampleSweep {
        var sample = SampleSweep()
        (sample.trials, sample.epochs, sample.prune) = (40, 9, prune)
        sample.stop = stop
        return sample
    }

    private static func finished(_ sample: SampleSweep, slots: Int = 4) throws -> SweepProgress {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: slots)
        _ = harness.submit(sample)
        harness.trainAll(&worker, harness.assigned(to: worker))
        #expect(harness.broken == [])
        return try #require(harness.sweep)
    }

    private static func told(_ sweep: SweepProgress) -> [String] {
        sweep.trials.map { "\($0.configurationID) \($0.ended?.name ?? "") \($0.curve.epochs)" }
    }

    @Test(arguments: ["asha", "none"]) func `epochs are a budget, and what is under way is trained to its end`(
        _ prune: String
    ) throws {
        let whole = try Self.finished(Self.sample(StopSpec(epochs: 1_000_000), prune: prune))
        #expect(whole.state == .finished && whole.trials.count == 40 && !whole.isStopped)
        let sweep = try Self.finished(Self.sample(StopSpec(epochs: 30), prune: prune))
        #expect(sweep.state == .finished && sweep.isStopped && sweep.trials.count < 40)
        // The segment that reaches the number is the last one.
        #expect((30..<39).contains(sweep.epochsDecided) && sweep.epochsTrained == sweep.epochsDecided)
        #expect(sweep.trials.allSatisfy { $0.ended != nil })
        #expect(
            Self.told(sweep).map { $0.prefix(10) } == Self.told(whole).prefix(sweep.trials.count).map { $0.prefix(10) }
        )
    }

    @Test(arguments: ["asha", "none"]) func `an objective that is good enough ends the search, the same for any slots`(
        _ prune: String
    ) throws {
        let whole = try Self.finished(Self.sample(StopSpec(cost: -1), prune: prune))
        #expect(whole.trials.count == 40 && !whole.isStopped, "no loss is below −1")
        let ends = whole.trials.compactMap { $0.curve.value(.validationLoss, at: $0.curve.epochs) }.sorted()
        // One of the better ones, which is not the first of all.
        let limit = ends[ends.count / 8]
        let runs = try [1, 3, 7].map { try Self.finished(Self.sample(StopSpec(cost: limit), prune: prune), slots: $0) }
        #expect(runs[0].isStopped && runs[0].leastCost <= limit && runs[0].trials.count < 40)
        for run in runs { #expect(Self.told(run) == Self.told(runs[0])) }
    }

    @Test func `finalists follow a search that was stopped`() throws {
        var sample = Self.sample(StopSpec(epochs: 60))
        sample.finalists = FinalistsSpec(top: 2, seeds: 3)
        let sweep = try Self.finished(sample)
        #expect(sweep.state == .finished && sweep.searched < 40 && sweep.trials.count > sweep.searched)
        #expect(sweep.trials[sweep.searched...].allSatisfy { $0.ended == .completed })
    }

    @Test func `more trials are refused once it has ended the search, and taken before`() {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4)
        _ = harness.submit(Self.sample(StopSpec(epochs: 30)))
        let first = harness.assigned(to: worker)
        let done = harness.adjust("sample", SweepAdjustment(trials: 50))
        #expect(done == .done(SweepID(rawValue: 1)))
        harness.trainAll(&worker, first + harness.assigned(to: worker))
        #expect(harness.sweep?.state == .finished)
        #expect(harness.adjust("sample", SweepAdjustment(trials: 60)) != done)
        #expect(harness.sweep?.state == .finished)
    }

    @Test func `it is read with the objective's direction`() {
        func read(_ entries: [SpecEntry], _ metric: Metric = .validationLoss) -> (stop: StopSpec?, problems: [String]) {
            var sample = SampleSweep()
            sample.objective = metric
            guard case .map(let file) = sample.source else { return (nil, []) }
            let problems = SpecProblems()
            let sweep = Sweep.read(.map(file + [SpecEntry("stop", .map(entries))]), problems: problems)
            return (sweep?.stop, problems.all.map(\.message))
        }
        #expect(read([SpecEntry("epochs", .integer(5))]).stop == StopSpec(epochs: 5))
        #expect(read([SpecEntry("below", .real(0.5))]).stop == StopSpec(cost: 0.5))
        #expect(read([SpecEntry("above", .real(0.5))], .validationAccuracy).stop == StopSpec(cost: -0.5))
        #expect(read([SpecEntry("above", .real(0.5))]).problems == ["validation.loss is minimized"])
        #expect(read([SpecEntry("below", .real(0.5))], .validationAccuracy).problems.count == 1)
        #expect(read([]).problems == ["nothing to stop at"])
        #expect(read([SpecEntry("epochs", .null)]).problems == ["nothing to stop at"])
        #expect(read([SpecEntry("epochs", .integer(0))]).problems.count == 1)
        #expect(read([SpecEntry("after", .text("2h"))]).problems == ["not available in this version"])
    }
}
