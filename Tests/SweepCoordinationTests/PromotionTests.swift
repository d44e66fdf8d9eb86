import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

@Suite struct PromotionTests {
    static func sweep(trials: Int, parallelism: Int) -> SampleSweep {
        var sweep = SampleSweep()
        sweep.trials = trials
        sweep.parallelism = parallelism
        sweep.epochs = 9
        return sweep
    }

    /// A harness with all trials of the first rung reported, none of them ended yet.
    static func atFirstRung(
        _ trials: Int
    ) throws -> (CoreHarness, CoreHarness.Worker, [Assignment]) {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: trials)
        _ = harness.submit(sweep(trials: trials, parallelism: trials))
        let rung = harness.assigned(to: worker)
        #expect(rung.count == trials)
        for assignment in rung { harness.report(assignment, 1...1, by: &worker) }
        return (harness, worker, rung)
    }

    @Test func `a promotion before the checkpoint has come waits for the end of the lease`() throws {
        var (harness, worker, rung) = try Self.atFirstRung(3)
        let promoted = try #require(harness.sweep?.timeline.head)
        #expect(promoted.to == 3)
        let trial = try #require(harness.trial(promoted.trial))
        #expect(trial.goal?.to == 3)
        #expect(trial.lease != nil)
        #expect(harness.assigned(to: worker) == [])
        let assignment = try #require(rung.first { $0.lease.trial.number == promoted.trial })
        harness.end(assignment, by: &worker)
        let next = try #require(harness.assigned(to: worker).first)
        #expect(next.lease.trial.number == promoted.trial)
        #expect(next.from == 1)
        #expect(next.checkpoint == CoreHarness.checkpoint(assignment, 1))
        #expect(harness.broken == [])
    }

    @Test func `a promotion survives that its worker dies before the checkpoint has come`() throws {
        var (harness, _, _) = try Self.atFirstRung(3)
        let promoted = try #require(harness.sweep?.timeline.head)
        harness.tick(after: .seconds(7))
        #expect(harness.trial(promoted.trial)?.fruitlessAttempts == 0)
        var second = harness.join("b")
        let again = try #require(harness.assigned(to: second).first)
        #expect(again.lease.trial.number == promoted.trial)
        #expect(again.from == 0)
        #expect(again.to == 3)
        harness.trainAll(&second, [again])
        #expect(harness.trial(promoted.trial)?.curve.epochs == 3)
        #expect(harness.sweep?.state == .finished)
        #expect(harness.broken == [])
    }

    @Test func `a promotion survives that the checkpoint could not be stored`() throws {
        var (harness, worker, rung) = try Self.atFirstRung(3)
        let promoted = try #require(harness.sweep?.timeline.head)
        let assignment = try #require(rung.first { $0.lease.trial.number == promoted.trial })
        worker.sequence += 1
        let end = SegmentEnded(sequence: worker.sequence, lease: assignment.lease, epoch: 1, outcome: .reached)
        harness.say(.segmentEnded(end), by: worker)
        let next = try #require(harness.assigned(to: worker).first)
        #expect(next.from == 0)
        #expect(next.to == 3)
    }

    @Test func `trials that no promotion can reach are pruned early and give their checkpoints back`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4)
        _ = harness.submit(Self.sweep(trials: 60, parallelism: 4))
        var queue = harness.assigned(to: worker)
        var early = 0
        var drops = 0
        while !queue.isEmpty {
            let assignment = queue.removeFirst()
            harness.report(assignment, assignment.from + 1...assignment.to, by: &worker)
            queue += harness.assigned(to: worker)
            early += harness.effects.count { effect in
                guard case .record(.trialEnded(_, .pruned(.scheduler))) = effect else { return false }
                return true
            }
            harness.end(assignment, by: &worker)
            queue += harness.assigned(to: worker)
            drops += harness.effects.count { if case .drop = $0 { true } else { false } }
        }
        #expect(harness.sweep?.state == .finished)
        #expect(early > 10)
        #expect(drops > 0)
        #expect(harness.core.neededObjects == [SampleSweep.dataSet.hash])
        #expect(harness.broken == [])
    }

    @Test func `pruning early changes no promotion`() throws {
        // The scheduler alone, without pruning, fed in the order in which the core resolved its segments.
        let sweep = Self.sweep(trials: 60, parallelism: 4)
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4)
        _ = harness.submit(sweep)
        harness.trainAll(&worker, harness.assigned(to: worker))
        let read = try #require(sweep.sweep)
        var scheduler = SchedulerFactory.make(prune: read.prune, epochs: read.epochs, trials: 60)
        for fact in harness.facts {
            switch fact {
            case .segmentDecided(let trial, let from, let to, _, _) where from > 0:
                let promotion = scheduler.promotion()
                #expect(promotion?.trial == trial.number)
                #expect(promotion?.to == to)
            case .segmentDecided(let trial, _, _, _, _):
                let promotion = scheduler.promotion()
                #expect(promotion == nil)
                scheduler.started(trial: trial.number)
            case .segmentResolved(let trial, let epoch, let cost):
                scheduler.finished(trial: trial.number, epoch: epoch, cost: cost)
            default: break
            }
        }
        let left = scheduler.promotion()
        #expect(left == nil)
    }

    @Test func `a trial that fails after its rung holds its place until the virtual end`() throws {
        var (harness, worker, rung) = try Self.atFirstRung(3)
        let promoted = try #require(harness.sweep?.timeline.head)
        let assignment = try #require(rung.first { $0.lease.trial.number == promoted.trial })
        harness.end(assignment, .failed(reason: "disk", log: ""), by: &worker)
        #expect(harness.trial(promoted.trial)?.ended == .failed("disk"))
        #expect(harness.sweep?.state == .finished)
        let last = harness.facts.last { if case .segmentResolved = $0 { true } else { false } }
        let trial = TrialID(sweep: SweepID(rawValue: 1), number: promoted.trial)
        #expect(last == .segmentResolved(trial, epoch: 3, cost: .infinity))
        #expect(harness.broken == [])
    }

    @Test func `a sweep of nothing but failures ends`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 2)
        _ = harness.submit(Self.sweep(trials: 6, parallelism: 4))
        var queue = harness.assigned(to: worker)
        while !queue.isEmpty {
            harness.end(queue.removeFirst(), .failed(reason: "no", log: ""), epoch: 0, by: &worker)
            queue += harness.assigned(to: worker)
        }
        #expect(harness.sweep?.state == .finished)
        #expect(harness.sweep?.trials.allSatisfy { $0.ended == .failed("no") } == true)
    }

    @Test func `a trial that lost any of its losses counts as worst at its rung, whatever the objective says`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 3)
        var sweep = Self.sweep(trials: 3, parallelism: 3)
        sweep.objective = .validationAccuracy
        _ = harness.submit(sweep)
        let rung = harness.assigned(to: worker)
        for assignment in rung.dropFirst() { harness.report(assignment, 1...1, by: &worker) }
        // The best accuracy of all, but a loss that is not a number.
        let values = rung[0].metrics.map { $0 == .validationAccuracy ? 1.0 : $0 == .probeLoss ? .nan : 0.1 }
        worker.sequence += 1
        let item = Reports.Item(
            lease: rung[0].lease,
            observations: [Observation(epoch: 1, values: values, seconds: 0.1)]
        )
        harness.say(.reports(Reports(sequence: worker.sequence, items: [item])), by: worker)
        #expect(harness.trial(1)?.ended == .pruned(.cannotRecover))
        let trial = TrialID(sweep: SweepID(rawValue: 1), number: 1)
        #expect(harness.facts.contains(.segmentResolved(trial, epoch: 1, cost: .infinity)))
        #expect(harness.sweep?.timeline.head.map { $0.trial != 1 } == true)
        #expect(harness.broken == [])
    }
}
