import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

@Suite struct SteeringTests {
    @Test func `the same sweep handed in twice is one sweep, another of its name is a conflict`() {
        var harness = CoreHarness()
        let sweep = RegistrationTests.plain()
        let id = SweepID(rawValue: 1)
        #expect(harness.submit(sweep) == .done(id))
        #expect(harness.submit(sweep) == .done(id))
        var other = sweep
        other.epochs = 5
        guard case .conflict(let sentence)? = harness.submit(other) else {
            Issue.record("no conflict")
            return
        }
        #expect(sentence.contains("sample"))
        other.name = "another"
        #expect(harness.submit(other) == .done(SweepID(rawValue: 2)))
        #expect(harness.core.sweeps.count == 2)
    }

    @Test func `a sweep that cannot be read is refused with a reason, and nothing is kept`() {
        var harness = CoreHarness()
        var sweep = SampleSweep()
        sweep.method = "clairvoyance"
        guard case .badInput(let sentence)? = harness.submit(sweep) else {
            Issue.record("accepted")
            return
        }
        #expect(sentence.contains("search.method"))
        #expect(harness.facts == [])
    }

    @Test func `what a journal would not give back is refused, and nothing is kept`() {
        var harness = CoreHarness()
        let plain = SampleSweep().draft
        func draft(size: Int, rows: Int) -> SweepDraft {
            SweepDraft(
                source: plain.source,
                text: plain.text,
                fileName: plain.fileName,
                dataSet: DataSetID(hash: plain.dataSet.hash, size: size),
                schema: DataSchema(
                    features: SampleSweep.schema.features,
                    task: SampleSweep.schema.task,
                    trainingRows: rows,
                    validationRows: 20,
                    testRows: 0
                ),
                coreVersion: plain.coreVersion,
                milliseconds: plain.milliseconds
            )
        }
        for wrong in [draft(size: WireLimits.object + 1, rows: 80), draft(size: 9, rows: 1 << 40)] {
            guard case .badInput(let sentence)? = harness.submit(wrong) else {
                Issue.record("accepted")
                continue
            }
            #expect(sentence.contains("cannot be kept"))
        }
        #expect(harness.facts == [])
        // The largest that may be is kept, and read back.
        #expect(harness.submit(draft(size: WireLimits.object, rows: 80)) == .done(SweepID(rawValue: 1)))
        #expect(throws: Never.self) { try JournalCodec.decode(JournalCodec.encode(harness.facts)) }
    }

    @Test func `an unknown sweep cannot be steered, a finished one neither`() throws {
        var harness = CoreHarness()
        guard case .notFound? = harness.steer("nobody", .pause) else {
            Issue.record("found")
            return
        }
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(1))
        harness.trainAll(&worker, harness.assigned(to: worker))
        #expect(harness.sweep?.state == .finished)
        guard case .conflict? = harness.steer("sample", .cancel) else {
            Issue.record("no conflict")
            return
        }
    }

    @Test func `a paused sweep stops its leases and goes on where it was when resumed`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(RegistrationTests.plain(2))
        let lease = try #require(harness.assigned(to: worker).first)
        #expect(harness.steer("sample", .pause) == .done(SweepID(rawValue: 1)))
        #expect(harness.stopped(at: worker) == [.init(lease: lease.lease, stop: .paused)])
        harness.end(lease, .cancelled, epoch: 0, by: &worker)
        #expect(harness.assigned(to: worker) == [])
        #expect(harness.sweep?.state == .paused)
        #expect(harness.trial(1)?.fruitlessAttempts == 0)
        harness.tick(after: .seconds(2))
        harness.say(.heartbeat(Heartbeat(running: [], busySlots: 0)), by: worker)
        #expect(harness.assigned(to: worker) == [])

        #expect(harness.steer("sample", .resume) == .done(SweepID(rawValue: 1)))
        let again = try #require(harness.assigned(to: worker).first)
        #expect(again.lease.attempt == lease.lease.attempt.next)
        harness.trainAll(&worker, [again])
        #expect(harness.sweep?.state == .finished)
        #expect(harness.broken == [])
    }

    @Test func `pausing twice is pausing once`() {
        var harness = CoreHarness()
        _ = harness.submit(RegistrationTests.plain(2))
        _ = harness.steer("sample", .pause)
        let facts = harness.facts
        #expect(harness.steer("sample", .pause) == .done(SweepID(rawValue: 1)))
        #expect(harness.facts == facts)
    }

    @Test func `what experiment a sweep is a part of is kept, and told once`() {
        var harness = CoreHarness()
        let plain = SampleSweep().draft
        func draft(_ part: ExperimentPart?) -> SweepDraft {
            SweepDraft(
                source: plain.source,
                text: plain.text,
                fileName: plain.fileName,
                dataSet: plain.dataSet,
                schema: plain.schema,
                coreVersion: plain.coreVersion,
                milliseconds: plain.milliseconds,
                experiment: part
            )
        }
        let part = ExperimentPart(sweep: "digits", trial: 17, round: 1, first: "sample")
        #expect(harness.submit(draft(part)) == .done(SweepID(rawValue: 1)))
        #expect(harness.sweep?.submission.experiment == part)
        #expect(harness.submit(draft(nil)) == .done(SweepID(rawValue: 1)))
        #expect(harness.sweep?.submission.experiment == part)
        var restored = CoordinatorCore(session: 2)
        for fact in harness.facts { restored.restore(fact) }
        #expect(restored.sweep(named: "sample")?.submission.experiment == part)
    }

    @Test func `a cancelled sweep ends every trial and stops every lease`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 2)
        var sweep = SampleSweep()
        sweep.trials = 9
        _ = harness.submit(sweep)
        let leases = harness.assigned(to: worker)
        harness.report(leases[0], 1...1, by: &worker)
        harness.end(leases[0], by: &worker)
        let held = try #require(harness.core.workers[worker.id]?.held)
        #expect(harness.steer("sample", .cancel) == .done(SweepID(rawValue: 1)))
        #expect(Set(harness.stopped(at: worker).map(\.lease.trial)) == Set(held))
        #expect(harness.stopped(at: worker).allSatisfy { $0.stop == .cancelled })
        #expect(harness.sweep?.state == .cancelled)
        #expect(harness.sweep?.trials.allSatisfy { $0.ended == .pruned(.cancelled) } == true)
        #expect(harness.core.neededObjects == [SampleSweep.dataSet.hash])
        // What still comes changes nothing, and the verdict is repeated.
        let facts = harness.facts.count
        harness.report(leases[1], 1...1, by: &worker)
        #expect(harness.facts.count == facts + 1)
        #expect(harness.stopped(at: worker) == [.init(lease: leases[1].lease, stop: .cancelled)])
        #expect(harness.broken == [])
    }

    @Test
    func `a sweep of a store that cannot be read is left out with a line in the log, and its number is not used again`()
    {
        var harness = CoreHarness()
        _ = harness.submit(RegistrationTests.plain(1))
        guard case .sweepSubmitted(let good)? = harness.facts.first else {
            Issue.record("no submission")
            return
        }
        let bad = SweepSubmission(
            id: SweepID(rawValue: 7),
            source: .map([SpecEntry("name", .text("old"))]),
            text: "",
            fileName: "",
            dataSet: good.dataSet,
            schema: good.schema,
            metrics: good.metrics,
            coreVersion: good.coreVersion,
            milliseconds: 0
        )
        var core = CoordinatorCore(session: 2)
        core.restore(.sweepSubmitted(bad))
        let effects = core.start(at: .zero)
        #expect(effects.contains { if case .log(let line) = $0 { line.level == .error } else { false } })
        harness.core = core
        #expect(harness.submit(RegistrationTests.plain(1)) == .done(SweepID(rawValue: 8)))
    }
}
