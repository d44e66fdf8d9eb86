import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Sweeps whose trials are programs, as the coordinator's core sees them.
@Suite struct CommandSweepTests {
    /// One trial of a program that reports a loss for nine epochs.
    private static func draft(schema: DataSchema? = nil, reuse: Bool = false) -> SweepDraft {
        var sample = SampleSweep()
        sample.name = "program"
        let train = SpecNode.map([
            SpecEntry("command", .list([.text("run")])),
            SpecEntry(
                "parameters",
                .map([SpecEntry("rate", .domain(.uniform(low: 0, high: 1, step: nil, points: nil)))])
            ),
            SpecEntry("epochs", .integer(9)), SpecEntry("reuse", .boolean(reuse)),
        ])
        let source = SpecNode.map([
            SpecEntry("name", .text("program")), SpecEntry("train", train),
            SpecEntry("objective", .map([SpecEntry("minimize", .text("loss"))])),
            SpecEntry("search", .map([SpecEntry("trials", .integer(1))])), SpecEntry("prune", .text("none")),
        ])
        return SweepDraft(
            source: source,
            text: "",
            fileName: "program.yaml",
            dataSet: SampleSweep.dataSet,
            schema: schema,
            coreVersion: "core-1",
            milliseconds: 0
        )
    }

    private static let allowed = [WorkerRequirement.commands.key: WorkerRequirement.commands.value]

    private func observations(_ epochs: ClosedRange<Int>, _ value: Double) -> [Observation] {
        epochs.map { Observation(epoch: $0, values: [value], seconds: 1) }
    }

    private func say(
        _ assignment: Assignment,
        _ observations: [Observation],
        _ harness: inout CoreHarness,
        _ worker: inout CoreHarness.Worker
    ) {
        worker.sequence += 1
        let item = Reports.Item(lease: assignment.lease, observations: observations)
        harness.say(.reports(Reports(sequence: worker.sequence, items: [item])), by: worker)
    }

    @Test func `a program goes only to workers that run programs, whatever their training core`() throws {
        var harness = CoreHarness()
        let plain = harness.join("plain")
        let other = harness.join("other", coreVersion: "core-2", labels: Self.allowed)
        guard case .done? = harness.submit(Self.draft()) else {
            Issue.record("not taken")
            return
        }
        #expect(harness.assigned(to: plain).isEmpty)
        let assignment = try #require(harness.assigned(to: other).first)
        #expect(assignment.metrics == [.custom("loss")] && assignment.to == 9)
        #expect(harness.broken == [])
    }

    @Test func `a program that is reused goes only to workers that can reuse it`() throws {
        var harness = CoreHarness()
        let old = harness.join("old", labels: Self.allowed)
        guard case .done? = harness.submit(Self.draft(reuse: true)) else {
            Issue.record("not taken")
            return
        }
        #expect(harness.assigned(to: old).isEmpty)
        let can = [WorkerRequirement.reusedPrograms.key: WorkerRequirement.reusedPrograms.value]
        let new = harness.join("new", labels: Self.allowed.merging(can) { first, _ in first })
        let assignment = try #require(harness.assigned(to: new).first)
        #expect(assignment.spec["train"]?["reuse"] == .boolean(true))
        #expect(harness.broken == [])
    }

    @Test func `a sweep of programs has no schema, one that is trained here has`() {
        var harness = CoreHarness()
        guard case .badInput? = harness.submit(Self.draft(schema: SampleSweep.schema)) else {
            Issue.record("taken with a schema")
            return
        }
        let draft = SampleSweep().draft
        let without = SweepDraft(
            source: draft.source,
            text: "",
            fileName: "",
            dataSet: draft.dataSet,
            schema: nil,
            coreVersion: "core-1",
            milliseconds: 0
        )
        guard case .badInput? = harness.submit(without) else {
            Issue.record("taken without a schema")
            return
        }
    }

    @Test func `a program that ends by itself has completed at its last epoch`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", labels: Self.allowed)
        _ = harness.submit(Self.draft())
        let lease = try #require(harness.assigned(to: worker).first)
        say(lease, observations(1...4, 0.5), &harness, &worker)
        harness.end(lease, .stoppedEarly, epoch: 4, by: &worker)
        #expect(harness.trial(1)?.ended == .completed && harness.trial(1)?.stoppedEarly == true)
        #expect(harness.sweep?.state == .finished)
        #expect(harness.broken == [])
    }

    @Test func `epochs that a program reports again with other numbers change nothing and are no mistake`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", labels: Self.allowed)
        _ = harness.submit(Self.draft())
        let lease = try #require(harness.assigned(to: worker).first)
        say(lease, observations(1...2, 0.5), &harness, &worker)
        harness.end(lease, .died(reason: "exit code 1", log: "boom"), epoch: 2, by: &worker)
        let again = try #require(harness.assigned(to: worker).first)
        #expect(again.from == 0 && again.lease.attempt.rawValue == 2)
        say(again, observations(1...3, 0.25), &harness, &worker)
        #expect(harness.trial(1)?.curve.series(.custom("loss")) == [0.5, 0.5, 0.25])
        let errors = harness.effects.filter { if case .log(let line) = $0 { line.level == .error } else { false } }
        #expect(errors.isEmpty)
        #expect(harness.broken == [])
    }

    @Test func `a loss of a program that is not finite ends its trial`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", labels: Self.allowed)
        _ = harness.submit(Self.draft())
        let lease = try #require(harness.assigned(to: worker).first)
        say(lease, observations(1...1, .nan), &harness, &worker)
        #expect(harness.trial(1)?.ended == .pruned(.cannotRecover))
    }
}
