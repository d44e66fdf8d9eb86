import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
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
        #expect(read([SpecEntry("after", .text("2h"))]).stop == StopSpec(milliseconds: 7_200_000))
        #expect(read([SpecEntry("after", .real(0.5)), SpecEntry("epochs", .integer(5))]).stop?.milliseconds == 500)
        for wrong in [SpecNode.text("soon"), .integer(0), .text("2 h"), .integer(-1), .text("2y")] {
            #expect(read([SpecEntry("after", wrong)]).problems == ["not an allowed value"], "\(wrong)")
        }
    }

    // MARK: After a time

    /// A sweep that ends after 30 s, and a worker that holds a trial of it.
    private struct Run {
        var harness = CoreHarness()
        var worker: CoreHarness.Worker
        let held: [Assignment]

        init(prune: String = "asha") {
            worker = harness.join("a", slots: 1)
            _ = harness.submit(StopTests.sample(StopSpec(milliseconds: 30_000), prune: prune))
            held = harness.assigned(to: worker)
        }

        /// So many seconds pass.
        mutating func pass(_ seconds: Int) { StopTests.pass(seconds, &harness, worker, held) }
    }

    /// So many seconds in ticks of one, in each of which the worker is heard.
    private static func pass(
        _ seconds: Int,
        _ harness: inout CoreHarness,
        _ worker: CoreHarness.Worker,
        _ held: [Assignment]
    ) {
        for _ in 0..<seconds {
            let running = held.map { Heartbeat.Progress(lease: $0.lease, epoch: 0, step: 1) }
            harness.say(.heartbeat(Heartbeat(running: running, busySlots: running.count)), by: worker)
            harness.tick(after: .seconds(1))
        }
    }

    @Test(arguments: ["asha", "none"]) func `a time ends the search, and what is under way is trained to its end`(
        _ prune: String
    ) {
        var run = Run(prune: prune)
        run.pass(29)
        #expect(run.harness.sweep?.isStopped == false)
        run.pass(2)
        #expect(run.harness.sweep?.isStopped == true && run.harness.sweep?.state == .running)
        let trials = run.harness.sweep?.trials.count ?? 0
        run.harness.trainAll(&run.worker, run.held)
        #expect(run.harness.sweep?.state == .finished && run.harness.sweep?.trials.count == trials && trials < 40)
        #expect(run.harness.sweep?.trials.allSatisfy { $0.ended != nil } == true && run.harness.broken == [])
    }

    @Test func `before the time is up nothing ends, and a sweep without one counts nothing`() throws {
        var run = Run()
        run.pass(5)
        run.harness.trainAll(&run.worker, run.held)
        #expect(run.harness.sweep?.state == .finished && run.harness.sweep?.trials.count == 40)
        let sweep = try Self.finished(Self.sample(StopSpec(epochs: 1_000_000)))
        #expect(sweep.ranMilliseconds == 0)
    }

    @Test func `time counts only while a worker holds a trial and the sweep is not paused`() {
        var run = Run()
        run.pass(10)
        _ = run.harness.steer("sample", .pause)
        for assignment in run.held { run.harness.end(assignment, .cancelled, epoch: 0, by: &run.worker) }
        Self.pass(100, &run.harness, run.worker, [])
        #expect(run.harness.sweep?.isStopped == false && run.harness.sweep?.ranMilliseconds ?? 0 <= 11_000)
        _ = run.harness.steer("sample", .resume)
        Self.pass(19, &run.harness, run.worker, run.harness.assigned(to: run.worker))
        #expect(run.harness.sweep?.isStopped == false)
        Self.pass(3, &run.harness, run.worker, [])
        #expect(run.harness.sweep?.isStopped == true && run.harness.broken == [])
    }

    @Test func `a worker that nobody has leaves the time as it is`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.sample(StopSpec(milliseconds: 5_000)))
        for _ in 0..<60 { harness.tick(after: .seconds(1)) }
        #expect(harness.sweep?.isStopped == false && harness.sweep?.ranMilliseconds == 0)
    }

    @Test
    func
        `a coordinator that is held up or away counts nothing, and a restart decides the same and forgets ten seconds at most`()
        throws
    {
        var run = Run()
        run.pass(24)
        let told = try #require(run.harness.sweep?.ranMilliseconds)
        #expect((14_000...24_000).contains(told))
        // A new process that knows the facts alone; its clock begins anew, much later.
        var core = CoordinatorCore(session: 2)
        for fact in run.harness.facts { core.restore(fact) }
        #expect(core.sweeps.values.first?.ranMilliseconds == told && core.sweeps.values.first?.isStopped == false)
        let later = Instant.zero.advanced(by: .seconds(100_000))
        _ = core.start(at: later)
        _ = core.handle(.tick, at: later)
        #expect(core.sweeps.values.first?.ranMilliseconds == told)
        // Once it is up, it is up for every process after it.
        run.pass(8)
        #expect(run.harness.sweep?.isStopped == true)
        var after = CoordinatorCore(session: 3)
        for fact in run.harness.facts { after.restore(fact) }
        #expect(after.sweeps.values.first?.isStopped == true)
        var restoration = SnapshotRestoration(options: nil, session: 4)
        for part in after.snapshot.parts { try restoration.add(part) }
        let revived = try restoration.finish()
        #expect(revived.sweeps.values.first?.isStopped == true)
        // One that was held up for five seconds: of these a heartbeat of two counts.
        var slow = Run()
        slow.pass(28)
        slow.harness.tick(after: .seconds(5))
        #expect(slow.harness.sweep?.isStopped == false)
        slow.pass(2)
        #expect(slow.harness.sweep?.isStopped == true)
    }

    @Test func `finalists follow a search whose time is up, and take as long as they take`() {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 2)
        var sample = Self.sample(StopSpec(milliseconds: 20_000), prune: "none")
        (sample.finalists, sample.trials) = (FinalistsSpec(top: 2, seeds: 3), 400)
        _ = harness.submit(sample)
        var held = harness.assigned(to: worker)
        for _ in 0..<4 {
            let assignment = held.removeFirst()
            harness.report(assignment, assignment.from + 1...assignment.to, by: &worker)
            held += harness.assigned(to: worker)
            harness.end(assignment, by: &worker)
            held += harness.assigned(to: worker)
        }
        Self.pass(22, &harness, worker, held)
        #expect(harness.sweep?.isStopped == true)
        harness.trainAll(&worker, held)
        let sweep = harness.sweep
        #expect(sweep?.state == .finished && sweep?.searched ?? 400 < 20)
        #expect(sweep?.trials.count ?? 0 > sweep?.searched ?? 0)
    }
}
