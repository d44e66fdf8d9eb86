import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

/// A sweep that an earlier version took in without a method, and the same file handed in to this one.
@Suite struct KeptMethodTests {
    private static let id = SweepID(rawValue: 1)

    /// The sample sweep's file as this version reads it where it names no method, unless told.
    private static func draft(_ method: String = "auto", isOld: Bool = false) -> SweepDraft {
        var sample = SampleSweep()
        sample.method = method
        let usual = sample.draft
        return SweepDraft(
            source: isOld ? sample.source.withoutMethod : sample.source,
            text: "as the user wrote it",
            fileName: usual.fileName,
            dataSet: usual.dataSet,
            schema: usual.schema,
            coreVersion: usual.coreVersion,
            milliseconds: 0
        )
    }

    @Test func `it goes on at random, is found by its file, and by no other method`() throws {
        // What an earlier version took in, it kept as it was.
        var harness = CoreHarness()
        #expect(harness.submit(Self.draft(isOld: true)) == .done(Self.id))
        #expect(harness.sweep?.sweep.search.method == .random)
        var restored = CoordinatorCore(session: 43)
        for fact in harness.facts { restored.restore(fact) }
        #expect(restored.sweep(named: "sample")?.sweep.search.method == .random)

        let facts = harness.facts.count
        #expect(harness.submit(Self.draft()) == .done(Self.id))
        #expect(harness.facts.count == facts && harness.core.sweeps.count == 1)
        #expect(harness.sweep?.sweep.search.method == .random)
        #expect(
            harness.submit(Self.draft("tpe"))
                == .conflict("another sweep is called sample; choose another name")
        )
    }

    @Test func `one that is taken in now is kept with auto`() throws {
        var harness = CoreHarness()
        #expect(harness.submit(Self.draft()) == .done(Self.id))
        let sources: [SpecNode] = harness.facts.compactMap {
            if case .sweepSubmitted(let submission) = $0 { submission.source } else { nil }
        }
        #expect(sources.map { $0["search"]?["method"] } == [.text("auto")])
        #expect(harness.submit(Self.draft()) == .done(Self.id))
        #expect(
            harness.submit(Self.draft("random"))
                == .conflict("another sweep is called sample; choose another name")
        )
    }
}
