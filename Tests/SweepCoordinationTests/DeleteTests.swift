import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Sweeps that are removed.
@Suite struct DeleteTests {
    private static let first = SweepID(rawValue: 1)

    /// Two sweeps that share a worker, the first of which is cancelled while it is trained; both are over then.
    private static func over() -> CoreHarness {
        var other = SampleSweep()
        (other.name, other.seed, other.trials) = ("other", 8, 6)
        return CoreHarness.over(beside: other)
    }

    @Test(arguments: [nil, Steering.pause]) func `one that is not over is refused, and stays as it was`(
        before: Steering?
    ) {
        var harness = CoreHarness()
        _ = harness.submit(SampleSweep())
        if let before { _ = harness.steer("sample", before) }
        let facts = harness.facts.count
        guard case .conflict(let sentence)? = harness.steer("sample", .delete) else {
            Issue.record("it was not refused")
            return
        }
        #expect(sentence.contains("sweepd cancel sample"))
        #expect(harness.facts.count == facts && harness.core.sweeps.count == 1)
    }

    @Test func `one that is over is gone, with its data when nobody else needs it, and its number is not given again`()
    {
        var harness = Self.over()
        #expect(harness.core.sweeps.values.allSatisfy { $0.state.isOver })
        #expect(harness.steer("sample", .delete) == .done(Self.first))
        #expect(harness.core.sweep(named: "sample") == nil && harness.core.deleted == [Self.first])
        #expect(!harness.effects.contains(.drop(SampleSweep.dataSet.hash)), "the other one has the same data")
        guard case .notFound? = harness.steer("sample", .delete) else {
            Issue.record("it is there twice")
            return
        }
        #expect(harness.steer("other", .delete) == .done(SweepID(rawValue: 2)))
        #expect(harness.effects.contains(.drop(SampleSweep.dataSet.hash)))
        #expect(harness.core.neededObjects.isEmpty)
        #expect(harness.submit(SampleSweep()) == .done(SweepID(rawValue: 3)), "the name is free, the number is new")
        #expect(harness.broken == [])
    }

    @Test func `a worker that still trains a trial of it is told to stop, and nothing of it comes back`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 1)
        _ = harness.submit(SampleSweep())
        let assignment = try #require(harness.assigned(to: worker).first)
        _ = harness.steer("sample", .cancel)
        _ = harness.steer("sample", .delete)
        let facts = harness.facts.count
        harness.report(assignment, 1...1, by: &worker)
        harness.end(assignment, by: &worker)
        #expect(harness.facts[facts...].allSatisfy { $0.sweep == nil })
        let beat = Heartbeat.Progress(lease: assignment.lease, epoch: 1, step: 1)
        harness.say(.heartbeat(Heartbeat(running: [beat], busySlots: 1)), by: worker)
        #expect(harness.stopped(at: worker).map(\.lease) == [assignment.lease])
        #expect(harness.broken == [])
    }

    /// What a coordinator is killed in the middle of: entries before some place are cleared, those after it not yet.
    @Test func `a journal that is cleared up to any entry leads to the same state as the whole one`() throws {
        var harness = Self.over()
        _ = harness.steer("sample", .delete)
        var third = SampleSweep()
        (third.name, third.trials) = ("third", 3)
        _ = harness.submit(third)
        let entries = try harness.facts.map { try JournalCodec.encode([$0]) }
        let cleared = try entries.map { try JournalCodec.cleared($0, of: [Self.first]) ?? $0 }
        #expect(zip(entries, cleared).count { $0 != $1 } > 20, "much is cleared, or this shows little")
        func state(_ entries: [[UInt8]]) throws -> [[UInt8]] {
            var core = CoordinatorCore(session: 1)
            for entry in entries { try core.restore(entry: entry) }
            #expect(core.brokenInvariants() == [])
            return core.snapshot.parts
        }
        let whole = try state(entries)
        #expect(whole == harness.core.snapshot.parts, "the state of who has removed it")
        for place in 0...entries.count {
            #expect(try state(Array(cleared[..<place] + entries[place...])) == whole, "cleared up to \(place)")
        }
        let text = String(decoding: cleared.flatMap { $0 }, as: UTF8.self)
        #expect(!text.contains("sample.yaml") && text.contains("other.yaml"))
    }

    @Test func `a snapshot keeps that it was removed`() throws {
        var harness = Self.over()
        _ = harness.steer("other", .delete)
        var restoration = SnapshotRestoration(options: nil, session: 1)
        for part in harness.core.snapshot.parts { try restoration.add(part) }
        var core = try restoration.finish()
        #expect(core.deleted == [SweepID(rawValue: 2)])
        _ = core.handle(.submit(SampleSweep(named: "new").draft, ReplyToken(rawValue: 1)), at: .zero)
        #expect(core.sweep(named: "new")?.id == SweepID(rawValue: 3))
    }
}

extension SampleSweep {
    fileprivate init(named name: String) {
        self.init()
        self.name = name
    }
}
