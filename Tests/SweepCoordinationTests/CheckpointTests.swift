import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

@Suite struct CheckpointTests {
    @Test func `a newer checkpoint takes the place of the older, and the last goes with the trial`() throws {
        var (harness, worker, rung) = try PromotionTests.atFirstRung(9)
        var dropped: Set<ContentHash> = []
        func note() {
            for case .drop(let hash) in harness.effects {
                #expect(dropped.insert(hash).inserted)
                #expect(!harness.core.needs(hash))
            }
        }
        var queue: [Assignment] = []
        for assignment in rung {
            harness.end(assignment, by: &worker)
            note()
            queue += harness.assigned(to: worker)
        }
        #expect(queue.map(\.to) == [3, 3, 3])
        for assignment in queue { harness.report(assignment, 2...3, by: &worker) }
        let best = try #require(harness.sweep?.timeline.head).trial
        let segment = try #require(queue.first { $0.lease.trial.number == best })
        let old = CoreHarness.checkpoint(segment, 1).hash
        let new = CoreHarness.checkpoint(segment, 3).hash
        #expect(harness.core.needs(old))
        harness.end(segment, by: &worker)
        #expect(harness.effects.contains(.drop(old)))
        #expect(harness.core.needs(new))
        note()
        let last = try #require(harness.assigned(to: worker).first)
        #expect(last.checkpoint?.hash == new)
        harness.report(last, 4...9, by: &worker)
        note()
        #expect(harness.sweep?.state == .finished)
        #expect(dropped.contains(new))
        #expect(harness.core.neededObjects == [SampleSweep.dataSet.hash])
        #expect(harness.broken == [])
    }

    @Test func `bytes that two trials keep are dropped with the second`() throws {
        var (harness, worker, rung) = try PromotionTests.atFirstRung(6)
        let shared = CoreHarness.checkpoint(rung[0], 1)
        for assignment in rung.prefix(2) {
            worker.sequence += 1
            let end = SegmentEnded(
                sequence: worker.sequence,
                lease: assignment.lease,
                epoch: 1,
                outcome: .reached,
                checkpoint: shared
            )
            harness.say(.segmentEnded(end), by: worker)
        }
        #expect(harness.core.needs(shared.hash))
        _ = harness.steer("sample", .cancel)
        #expect(harness.effects.count { $0 == .drop(shared.hash) } == 1)
        #expect(!harness.core.needs(shared.hash))
    }

    @Test func `the checkpoint of a late attempt is dropped unless a trial keeps the same bytes`() throws {
        var (harness, worker, rung) = try PromotionTests.atFirstRung(3)
        let promoted = try #require(harness.sweep?.timeline.head).trial
        let old = try #require(rung.first { $0.lease.trial.number == promoted })
        harness.tick(after: .seconds(7))
        var second = harness.join("b")
        let again = try #require(harness.assigned(to: second).first)
        harness.report(again, 1...3, by: &second)
        let back = harness.reconnected(worker)
        harness.register(back)
        worker = back
        harness.end(old, by: &worker)
        #expect(harness.effects.contains(.drop(CoreHarness.checkpoint(old, 1).hash)))
        #expect(harness.trial(promoted)?.checkpoint == nil)
        #expect(harness.broken == [])
    }

    @Test func `a late attempt's checkpoint is kept when the trial keeps the same bytes`() throws {
        var harness = CoreHarness()
        let first = harness.join("a")
        _ = harness.submit(PromotionTests.sweep(trials: 9, parallelism: 1))
        let old = try #require(harness.assigned(to: first).first)
        harness.tick(after: .seconds(7))
        var second = harness.join("b")
        let new = try #require(harness.assigned(to: second).first)
        #expect(new.lease.trial == old.lease.trial)
        harness.report(new, 1...1, by: &second)
        harness.end(new, by: &second)
        let hash = CoreHarness.checkpoint(new, 1).hash
        #expect(harness.core.needs(hash))
        var back = harness.reconnected(first)
        harness.register(back)
        harness.end(old, by: &back)
        #expect(!harness.effects.contains(.drop(hash)))
        #expect(harness.core.needs(hash))
    }
}
