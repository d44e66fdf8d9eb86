import SweepCore
import SweepSearch
import Testing

@Suite struct TrialPlanTests {
    @Test func `repeats of a configuration are adjacent`() {
        let plan = TrialPlan(search: SearchSpec(trials: 7, repeats: 3), total: nil)
        let runs = (0..<7).map { plan[$0] }
        #expect(runs.map(\.configuration) == [0, 0, 0, 1, 1, 1, 2])
        #expect(runs.map(\.repeat) == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test func `the number of trials is the least of what is asked and what there is`() {
        #expect(TrialPlan(search: SearchSpec(trials: 10, repeats: 2), total: 48).trials == 10)
        #expect(TrialPlan(search: SearchSpec(trials: 100, repeats: 2), total: 48).trials == 96)
        #expect(TrialPlan(search: SearchSpec(repeats: 2), total: 48).trials == 96)
        #expect(TrialPlan(search: SearchSpec(trials: 10), total: nil).trials == 10)
        #expect(TrialPlan(search: SearchSpec(), total: nil).trials == nil)
        #expect(TrialPlan(search: SearchSpec(repeats: 3), total: .max).trials == .max)
    }
}
