import SweepCore
import SweepSearch
import Testing

@Suite struct HalvingTests {
    /// Runs all trials one after another with these costs at each level, and answers how far each came.
    private func reached(_ scheduler: any FidelityScheduler, _ curves: [[Double]]) -> [Int] {
        var scheduler = scheduler
        var reached = Array(repeating: 0, count: curves.count)
        func run(_ trial: Int, to level: Int) {
            let curve = curves[trial - 1]
            let first = reached[trial - 1] + 1
            scheduler.observed(trial: trial, from: first, costs: Array(curve[first - 1..<level]))
            reached[trial - 1] = level
            scheduler.finished(trial: trial, epoch: level, cost: curve[level - 1])
        }
        for trial in 1...curves.count {
            while let promotion = scheduler.promotion() { run(promotion.trial, to: promotion.to) }
            scheduler.started(trial: trial)
            run(trial, to: scheduler.firstLevel(of: trial))
        }
        while let promotion = scheduler.promotion() { run(promotion.trial, to: promotion.to) }
        return reached
    }

    @Test func `no trial goes on before the last one has come`() {
        let plan = HalvingPlan.byFactor(3, levels: [1, 3, 9], trials: 9)
        #expect(plan.places == [3, 1])
        var halving = SuccessiveHalving(plan: plan, trials: 9, outlooks: .asTheyAre)
        for trial in 1...9 {
            halving.started(trial: trial)
            let early = halving.promotion()
            #expect(early == nil)
            halving.finished(trial: trial, epoch: 1, cost: Double(10 - trial))
        }
        var promoted: [Int] = []
        while let promotion = halving.promotion() { promoted.append(promotion.trial) }
        #expect(promoted == [9, 8, 7])
        #expect(halving.hopeless(remaining: 0) == [1, 2, 3, 4, 5, 6])
    }

    @Test func `a trial is hopeless as soon as as many are better as there are places`() {
        let plan = HalvingPlan(levels: [1, 9], places: [2])
        var halving = SuccessiveHalving(plan: plan, trials: 5, outlooks: .asTheyAre)
        for (trial, cost) in [(1, 3.0), (2, 1.0)] {
            halving.started(trial: trial)
            halving.finished(trial: trial, epoch: 1, cost: cost)
        }
        #expect(halving.hopeless(remaining: 3).isEmpty)
        halving.finished(trial: 3, epoch: 1, cost: 2)
        #expect(halving.hopeless(remaining: 2) == [1])
    }

    @Test func `places stay empty where trials have no number`() {
        let plan = HalvingPlan(levels: [1, 3], places: [2])
        let curves = [[Double]](repeating: [.infinity, .infinity, .infinity], count: 3) + [[1, 1, 1]]
        #expect(reached(SuccessiveHalving(plan: plan, trials: 4, outlooks: .asTheyAre), curves) == [1, 1, 1, 3])
    }

    @Test func `the plan of a budget spends about it`() {
        #expect(
            HalvingPlan.budgeted(share: 0.11, epochs: 50, trials: 100)
                == .init(levels: [2, 5, 12, 50], places: [20, 8, 6])
        )
        #expect(
            HalvingPlan.budgeted(share: 0.11, epochs: 27, trials: 81)
                == .init(levels: [1, 2, 6, 27], places: [18, 7, 5])
        )
        for (share, epochs, trials) in [
            (0.11, 100, 1000), (0.2, 50, 100), (0.3, 50, 200), (0.5, 27, 81), (0.11, 1000, 100),
        ] {
            let plan = HalvingPlan.budgeted(share: share, epochs: epochs, trials: trials)
            var spent = plan.levels[0] * trials
            for (index, places) in plan.places.enumerated() {
                spent += places * (plan.levels[index + 1] - plan.levels[index])
            }
            let target = share * Double(epochs * trials)
            #expect(
                abs(Double(spent) - target) < 0.05 * target,
                "\(share) of \(trials) × \(epochs): \(plan) costs \(spent)"
            )
            #expect(zip(plan.places, plan.places.dropFirst()).allSatisfy(>=), "\(plan)")
        }
    }

    @Test(arguments: 1...30) func `few or short trials leave a plan that can be followed`(_ epochs: Int) {
        for trials in [1, 2, 3, 10, 100] {
            for share in [0.01, 0.11, 0.5, 1] {
                let plan = HalvingPlan.budgeted(share: share, epochs: epochs, trials: trials)
                #expect(plan.levels.last == epochs)
                #expect(plan.places.allSatisfy { (1...trials).contains($0) })
                if let last = plan.places.last { #expect(last >= min(3, trials)) }
            }
        }
    }

    @Test func `a trial that still falls goes on beside those that are low already`() {
        // Ten trials stand still at 0.50, 0.51, …; the last is higher and falls fast.
        let still = (0..<10).map { Array(repeating: 0.5 + Double($0) / 100, count: 50) }
        let falling = (1...50).map { 1.2 / Double($0).squareRoot() }
        let plan = HalvingPlan(levels: [4, 50], places: [2])
        let curves = still + [falling]
        let extrapolating = reached(SuccessiveHalving(plan: plan, trials: 11, outlooks: .extrapolating), curves)
        #expect(extrapolating == [50] + Array(repeating: 4, count: 9) + [50])
        let plain = reached(SuccessiveHalving(plan: plan, trials: 11, outlooks: .asTheyAre), curves)
        #expect(plain == [50, 50] + Array(repeating: 4, count: 9))
    }

    @Test func `Hyperband deals trials to brackets that begin at each rung`() {
        let hyperband = Hyperband(levels: [1, 3, 9], reductionFactor: 3, trials: 34)
        // ⌈3/3·9⌉ = 9, ⌈3/2·3⌉ = 5 and 3 of each 17.
        let counts = (0..<3).map { bracket in (1...34).count { hyperband.bracket(of: $0) == bracket } }
        #expect(counts == [18, 10, 6])
        #expect(hyperband.firstLevel(of: 1) == 1)
        #expect(hyperband.firstLevel(of: 17) == 9)
        let curves = (0..<34).map { Array(repeating: Double($0), count: 9) }
        let reached = reached(hyperband, curves)
        #expect(reached.count { $0 == 9 } == 2 + 3 + 6)
        #expect(reached[0] == 9)
    }

    @Test func `PASHA opens no rung while rankings agree, and opens it when they do not`() {
        let steady = (0..<27).map { Array(repeating: Double($0), count: 27) }
        #expect(reached(PASHA(levels: [1, 3, 9, 27], reductionFactor: 3), steady).max() == 3)
        let turning = (0..<27).map { trial in (1...27).map { $0 < 3 ? Double(trial) : Double(-trial) } }
        #expect(reached(PASHA(levels: [1, 3, 9, 27], reductionFactor: 3), turning).max() ?? 0 > 3)
    }
}
