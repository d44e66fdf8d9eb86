import SweepCore
import SweepSearch
import Testing

/// Arms that part after an epoch: who begins when, and in which plan.
@Suite struct BranchSchedulerTests {
    @Test func `all but the first go on from its state, once it is there`() throws {
        var scheduler = BranchScheduler(after: 4, epochs: 9, trials: 3)
        #expect(scheduler.levels == [4, 9] && scheduler.firstLevel(of: 1) == 4 && scheduler.firstLevel(of: 2) == 9)
        #expect(scheduler.copyDue() == nil)
        scheduler.started(trial: 1)
        #expect(scheduler.copyDue() == nil)
        scheduler.finished(trial: 1, epoch: 4, cost: 0.5)
        for number in 2...3 {
            #expect(scheduler.copyDue() == MemberCopy(replaced: nil, donor: 1, epoch: 4, to: 9))
            scheduler.started(trial: number)
        }
        #expect(scheduler.copyDue() == nil && scheduler.promotion() == nil)
        // The end of another is not the first's.
        scheduler.finished(trial: 2, epoch: 9, cost: 0.5)
        #expect(scheduler.copyDue() == nil && scheduler.hopeless(remaining: 0) == [])
    }

    @Test func `from one that is lost before nobody goes on`() {
        var scheduler = BranchScheduler(after: 4, epochs: 9, trials: 3)
        scheduler.started(trial: 1)
        scheduler.finished(trial: 1, epoch: 4, cost: .infinity)
        scheduler.removed(trial: 1)
        #expect(scheduler.copyDue() == nil)
    }

    @Test func `a search with a branch is scheduled so, and its plan has the shared trial before all runs`() {
        let search = SearchSpec(method: .grid, repeats: 2, branch: BranchSpec(after: 4))
        let plan = TrialPlan(search: search, total: 3)
        #expect(plan.trials == 7 && plan.greatest(total: 3) == 7)
        #expect((0..<7).map { plan[$0].configuration } == [0, 0, 0, 1, 1, 2, 2])
        #expect((0..<7).map { plan[$0].repeat } == [0, 0, 1, 0, 1, 0, 1])
        #expect(plan.with(trials: 5).trials == 5 && plan.with(trials: 5)[3].configuration == 1)
        let scheduler = SchedulerFactory.make(
            prune: PruneSpec(method: .none),
            epochs: 9,
            trials: plan.trials,
            search: search
        )
        #expect(scheduler.levels == [4, 9] && scheduler.plansTrials && scheduler.ignoresResults)
    }
}
