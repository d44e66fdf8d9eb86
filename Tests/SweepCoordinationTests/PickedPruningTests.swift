import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// What a coordinator makes of a sweep that does not say how it prunes.
@Suite struct PickedPruningTests {
    /// The sample sweep without `prune`: 18 trials of 9 epochs unless told.
    private static func source(method: String = "random", trials: Int = 18) -> SpecNode {
        var sample = SampleSweep()
        sample.method = method
        sample.trials = trials
        guard case .map(let entries) = sample.source else { return .null }
        return .map(entries.filter { $0.key != "prune" })
    }

    private static func draft(_ source: SpecNode) -> SweepDraft {
        let usual = SampleSweep().draft
        return SweepDraft(
            source: source,
            text: "as the user wrote it",
            fileName: usual.fileName,
            dataSet: usual.dataSet,
            schema: usual.schema,
            coreVersion: usual.coreVersion,
            milliseconds: 0
        )
    }

    private static func submissions(_ harness: CoreHarness) -> [SweepSubmission] {
        harness.facts.compactMap { if case .sweepSubmitted(let submission) = $0 { submission } else { nil } }
    }

    private static let id = SweepID(rawValue: 1)

    @Test func `the pick is in the journal, the text is the user's, and a restart trains by it`() throws {
        var harness = CoreHarness()
        #expect(harness.submit(Self.draft(Self.source())) == .done(Self.id))
        let submission = try #require(Self.submissions(harness).first)
        #expect(submission.source["prune"] == PruneSpec.pickedExtrapolation)
        #expect(submission.text == "as the user wrote it")
        #expect(harness.sweep?.levels == [1, 2, 9])
        var restored = CoordinatorCore(session: 43)
        for fact in try JournalCodec.decode(JournalCodec.encode(harness.facts)) { restored.restore(fact) }
        #expect(restored.sweep(named: "sample")?.levels == [1, 2, 9])
    }

    @Test func `a searcher that learns keeps its file as it is`() throws {
        var harness = CoreHarness()
        _ = harness.submit(Self.draft(Self.source(method: "tpe")))
        #expect(Self.submissions(harness).map(\.source) == [Self.source(method: "tpe")])
        #expect(harness.sweep?.levels == [1, 3, 9])
    }

    @Test func `few trials go to their end, all of them after all have begun`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4)
        _ = harness.submit(Self.draft(Self.source()))
        harness.trainAll(&worker, harness.assigned(to: worker))
        let sweep = try #require(harness.sweep)
        #expect(sweep.state == .finished)
        // Three of eighteen places at the end, four at the second rung.
        #expect(sweep.trials.map(\.curve.epochs).sorted() == Array(repeating: 1, count: 14) + [2, 9, 9, 9])
        #expect(sweep.trials.count { $0.ended == .completed } == 3)
        #expect(harness.broken == [])
    }

    @Test func `handed in again it is the same sweep, also one that an earlier version began`() throws {
        var harness = CoreHarness()
        let draft = Self.draft(Self.source())
        _ = harness.submit(draft)
        #expect(harness.submit(draft) == .done(Self.id))
        #expect(Self.submissions(harness).count == 1 && harness.core.sweeps.count == 1)

        let submission = try #require(Self.submissions(harness).first)
        let old = SweepSubmission(
            id: submission.id,
            source: draft.source,
            text: "",
            fileName: submission.fileName,
            dataSet: submission.dataSet,
            schema: submission.schema,
            metrics: submission.metrics,
            coreVersion: submission.coreVersion,
            milliseconds: 0
        )
        var earlier = CoreHarness()
        earlier.core = CoordinatorCore(session: 42)
        earlier.core.restore(.sweepSubmitted(old))
        _ = earlier.core.start(at: .zero)
        #expect(earlier.sweep?.levels == [1, 3, 9], "promotion ASHA, as it began")
        #expect(earlier.submit(draft) == .done(Self.id))
        #expect(Self.submissions(earlier).isEmpty && earlier.sweep?.levels == [1, 3, 9])
    }

    @Test func `another number of trials is told to need another name where rungs are planned`() {
        var harness = CoreHarness()
        _ = harness.submit(Self.draft(Self.source()))
        #expect(
            harness.submit(Self.draft(Self.source(trials: 20)))
                == .conflict(
                    "sample is here with another number of trials; its rungs are planned for that, so submit it under another name"
                )
        )
        var learning = CoreHarness()
        _ = learning.submit(Self.draft(Self.source(method: "tpe")))
        #expect(
            learning.submit(Self.draft(Self.source(method: "tpe", trials: 20)))
                == .conflict(
                    "sample is here with another number of trials; sweepd set sample --trials NUMBER changes that"
                )
        )
    }

    /// A sweep of a program whose fixed parameter is so long.
    private static func program(_ length: Int, _ prune: String? = nil) -> SpecNode {
        let parameters = SpecNode.map([
            SpecEntry("rate", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))),
            SpecEntry("word", .text(String(repeating: "x", count: length))),
        ])
        let train = SpecNode.map([
            SpecEntry("command", .list([.text("run")])), SpecEntry("parameters", parameters),
            SpecEntry("epochs", .integer(9)),
        ])
        return .map(
            [
                SpecEntry("name", .text("sample")), SpecEntry("train", train),
                SpecEntry("objective", .map([SpecEntry("minimize", .text("loss"))])),
                SpecEntry("search", .map([SpecEntry("trials", .integer(9))])),
            ] + (prune.map { [SpecEntry("prune", .text($0))] } ?? [])
        )
    }

    @Test func `a file that only just fits is refused where the pick would make it too large to be read back`() throws {
        func submitted(_ source: SpecNode) -> SteeringOutcome? {
            var harness = CoreHarness()
            let draft = SweepDraft(
                source: source,
                text: "",
                fileName: "program.yaml",
                dataSet: SampleSweep.dataSet,
                schema: nil,
                coreVersion: "core-1",
                milliseconds: 0
            )
            return harness.submit(draft)
        }
        // Lengths are written in three bytes throughout, so that a letter is a byte.
        let length = 1_000_000
        let most = length + WireLimits.tree - (try Self.program(length).wireBytes().count)
        #expect(try Self.program(most).wireBytes().count == WireLimits.tree)
        guard case .badInput(let sentence)? = submitted(Self.program(most)) else {
            Issue.record("taken")
            return
        }
        #expect(sentence.contains("no room") && sentence.contains("prune"))
        #expect(submitted(Self.program(most - 100)) == .done(Self.id))
        #expect(submitted(Self.program(most - 100, "asha")) == .done(Self.id))
    }
}
