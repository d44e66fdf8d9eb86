import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepTestKit
import SweepWire
import Testing

/// Each reason for which a worker may be idle, in the JSON of `status`.
@Suite struct IdleReasonTests {
    /// What `status` says of a worker of the first sweep: its reason, and whether it is busy.
    private func worker(_ name: String, _ harness: CoreHarness) throws -> StatusDocument.Worker {
        let sweep = try #require(harness.sweep)
        let document = harness.core.statusDocument(sweep, pace: nil, at: harness.now)
        // Through JSON, as programs read it.
        let read = try StatusDocument(json: JSONValue(parsing: document.json.bytes))
        return try #require(read.workers.first { $0.id == name })
    }

    private func reason(_ name: String, _ harness: CoreHarness) throws -> String {
        let worker = try worker(name, harness)
        #expect(worker.busy == 0)
        return try #require(worker.idleBecause)
    }

    private func plain(_ trials: Int) -> SampleSweep {
        var sample = SampleSweep()
        sample.prune = "none"
        sample.trials = trials
        sample.epochs = 3
        return sample
    }

    @Test func `a worker that has work is not idle`() throws {
        var harness = CoreHarness()
        _ = harness.join("a")
        _ = harness.submit(plain(3))
        let worker = try worker("a", harness)
        #expect(worker.busy == 1 && worker.idleBecause == nil)
    }

    @Test func `no trials are left`() throws {
        var harness = CoreHarness()
        _ = harness.join("a", slots: 2)
        _ = harness.submit(plain(2))
        _ = harness.join("b")
        #expect(try reason("b", harness) == "no trials are left to begin; the last 2 train elsewhere")
    }

    @Test func `trials wait to be promoted`() throws {
        var harness = CoreHarness()
        var sample = SampleSweep()
        sample.trials = 3
        sample.parallelism = 3
        var first = harness.join("a", slots: 3)
        _ = harness.submit(sample)
        let rung = harness.assigned(to: first)
        #expect(rung.count == 3)
        // One trial is at its rung; whether it goes on is decided by the two that train.
        harness.report(rung[0], 1...rung[0].to, by: &first)
        harness.end(rung[0], by: &first)
        _ = harness.join("b")
        let reason = try reason("b", harness)
        #expect(reason == "no trials are left to begin; 1 wait for the results of 2 to be promoted or end")
    }

    @Test func `results decide what comes next`() throws {
        var harness = CoreHarness()
        var sample = SampleSweep()
        sample.trials = 18
        sample.parallelism = 2
        _ = harness.join("a", slots: 2)
        _ = harness.submit(sample)
        _ = harness.join("b")
        let reason = try reason("b", harness)
        #expect(reason == "all that is decided is handed out; the results of 2 trials decide what comes next")
    }

    @Test func `the sweep is paused, and over`() throws {
        var harness = CoreHarness()
        _ = harness.submit(plain(2))
        _ = harness.steer("sample", .pause)
        _ = harness.join("a")
        #expect(try reason("a", harness) == "the sweep is paused")
        _ = harness.steer("sample", .cancel)
        #expect(try reason("a", harness) == "the sweep is cancelled")
    }

    @Test func `its training core is another`() throws {
        var harness = CoreHarness()
        _ = harness.submit(plain(2))
        _ = harness.join("old", coreVersion: "core-0")
        #expect(
            try reason("old", harness)
                == "its training core is version core-0, the sweep's is core-1: it would train other bits"
        )
    }

    @Test func `a worker of another protocol is none of the workers, and is told of beside them`() throws {
        var harness = CoreHarness()
        _ = harness.submit(plain(2))
        _ = harness.join("a")
        _ = harness.join("far", versions: ProtocolVersions(only: 9))
        harness.wait(.seconds(3))
        let sweep = try #require(harness.sweep)
        let status = harness.core.statusDocument(sweep, pace: nil, at: harness.now)
        #expect(status.workers.map(\.id) == ["a"])
        let away = try #require(status.turnedAway.first)
        #expect(away.id == "far" && away.host == "here" && away.softwareVersion == "0" && away.lastSeen == 3)
        #expect(
            away.oldestProtocol == 9 && away.newestProtocol == 9 && away.because.contains("upgrade the coordinator")
        )
        #expect(harness.core.workersDocument(at: harness.now).turnedAway == status.turnedAway)
        #expect(status.turnedAway.count == 1)
    }

    @Test func `it has not what the sweep requires`() throws {
        var harness = CoreHarness()
        var sample = plain(2)
        sample.requires = ["gpu": "yes", "kernels": "v3", "rack": "1"]
        _ = harness.submit(sample)
        _ = harness.join("a", labels: ["gpu": "no", "rack": "1"], kernels: "v2")
        #expect(try reason("a", harness) == "the sweep requires gpu=yes, kernels of v3 or more")
        #expect(try worker("a", harness).labels == ["gpu": "no", "rack": "1"])
    }

    /// A sweep whose objective counts the rows whose class is among so many of the largest of six outputs.
    private func counting(among top: Int) -> SweepDraft {
        var sample = plain(2)
        sample.objective = .validationTopAccuracy(top)
        let classes = ["a", "b", "c", "d", "e", "f"]
        return SweepDraft(
            source: sample.source,
            text: "",
            fileName: "sample.yaml",
            dataSet: SampleSweep.dataSet,
            schema: DataSchema(
                features: ["x"],
                task: .classification(classes: classes, trainingCounts: classes.map { _ in 10 }),
                trainingRows: 60,
                validationRows: 20,
                testRows: 0
            ),
            coreVersion: sample.coreVersion,
            milliseconds: 0
        )
    }

    @Test func `it is of before sweeps could count among any number of largest outputs`() throws {
        var harness = CoreHarness()
        guard case .done? = harness.submit(counting(among: 3)) else {
            Issue.record("not taken")
            return
        }
        let old = harness.join("old")
        #expect(harness.assigned(to: old).isEmpty)
        #expect(try reason("old", harness) == "the sweep requires top_accuracies=any")
        let own = WorkerRequirement.topAccuracies
        let new = harness.join("new", labels: [own.key: own.value, "rack": "1"])
        let assignment = try #require(harness.assigned(to: new).first)
        #expect(assignment.metrics.contains(.validationTopAccuracy(3)))
        #expect(try worker("new", harness).labels == ["rack": "1"], "what all workers say is not shown")
        #expect(harness.broken == [])
        // Every worker counts among the usual number.
        var usual = CoreHarness()
        _ = usual.submit(counting(among: Metric.usualTop))
        let first = usual.join("old")
        #expect(!usual.assigned(to: first).isEmpty)
    }

    @Test func `it has fewer slots than a trial takes`() throws {
        var harness = CoreHarness()
        var sample = plain(2)
        sample.threads = 4
        _ = harness.submit(sample)
        _ = harness.join("a", slots: 3)
        #expect(try reason("a", harness) == "a trial of the sweep takes 4 slots, one for each of its threads")
        _ = harness.join("b", slots: 5)
        let wide = try worker("b", harness)
        #expect(wide.busy == 4 && wide.idleBecause == nil)
    }

    @Test func `the sweep is at its limit`() throws {
        var harness = CoreHarness()
        var sample = plain(9)
        sample.parallelism = 4
        sample.maxParallel = 1
        _ = harness.submit(sample)
        _ = harness.join("a")
        _ = harness.join("b")
        #expect(try reason("b", harness) == "the sweep is at its limit of 1 trial at once")
        _ = harness.adjust("sample", SweepAdjustment(maxParallel: .atMost(2)))
        #expect(try worker("b", harness).busy == 1)
        _ = harness.join("c")
        #expect(try reason("c", harness) == "the sweep is at its limit of 2 trials at once")
    }

    @Test func `a limit that keeps nothing waiting is no reason`() throws {
        var harness = CoreHarness()
        var sample = plain(1)
        sample.maxParallel = 1
        _ = harness.submit(sample)
        _ = harness.join("a")
        _ = harness.join("b")
        #expect(try reason("b", harness) == "no trials are left to begin; the last 1 train elsewhere")
    }

    @Test func `it drains`() throws {
        var harness = CoreHarness()
        _ = harness.submit(plain(2))
        let worker = harness.join("a")
        let lease = try #require(harness.assigned(to: worker).first)
        harness.say(.draining(Draining(handedBack: [lease.lease])), by: worker)
        #expect(try reason("a", harness) == "it drains")
    }

    @Test func `its connection is lost`() throws {
        var harness = CoreHarness()
        let worker = harness.join("a")
        _ = harness.submit(plain(1))
        let lease = try #require(harness.assigned(to: worker).first)
        var finishing = worker
        harness.report(lease, 1...3, by: &finishing)
        harness.end(lease, by: &finishing)
        harness.give(.unreachable(worker.peer))
        #expect(try reason("a", harness) == "its connection is lost")
    }

    @Test func `it has not come back since a restart`() throws {
        var harness = CoreHarness()
        _ = harness.join("a")
        _ = harness.submit(plain(2))
        var restored = CoordinatorCore(options: CoordinatorOptions(), session: 43)
        for fact in harness.facts { restored.restore(fact) }
        _ = restored.start(at: .zero)
        let sweep = try #require(restored.sweeps.values.first)
        let document = restored.statusDocument(sweep, pace: nil, at: .zero)
        let worker = try #require(document.workers.first)
        #expect(worker.busy == 0 && worker.idleBecause == "it has not come back since the coordinator's restart")
    }
}
