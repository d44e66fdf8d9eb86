import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// Which members of a population are replaced, by copies of which others.
@Suite struct PopulationSchedulerTests {
    private func scheduler(
        _ members: Int,
        quantile: Double = 0.25,
        interval: Int = 2,
        epochs: Int = 6,
        seed: UInt64 = 1
    ) -> PopulationScheduler {
        let spec = PopulationSpec(members: members, interval: interval, quantile: quantile)
        return PopulationScheduler(spec, size: members, epochs: epochs, seed: seed)
    }

    /// Members 1, 2, … with these costs at the first level.
    private func decided(_ costs: [Double], quantile: Double = 0.25, seed: UInt64 = 1) -> PopulationScheduler {
        var scheduler = scheduler(costs.count, quantile: quantile, seed: seed)
        for trial in 1...costs.count { scheduler.started(trial: trial) }
        for (index, cost) in costs.enumerated() {
            #expect(isAtRest(&scheduler))
            scheduler.finished(trial: index + 1, epoch: 2, cost: cost)
            if !cost.isFinite { scheduler.removed(trial: index + 1) }
        }
        return scheduler
    }

    /// Whether nothing is decided.
    private func isAtRest(_ scheduler: inout PopulationScheduler) -> Bool {
        scheduler.copyDue() == nil && scheduler.promotion() == nil
    }

    /// All that is decided at a level: the copies, begun as trials from `first` on, and then the promotions.
    private func take(_ scheduler: inout PopulationScheduler, first: Int) -> (copies: [MemberCopy], promoted: [Int]) {
        var (copies, promoted): ([MemberCopy], [Int]) = ([], [])
        while let copy = scheduler.copyDue() {
            let early = scheduler.promotion()
            #expect(early == nil, "whose state is copied must wait")
            copies.append(copy)
            scheduler.started(trial: first + copies.count - 1)
        }
        while let next = scheduler.promotion() { promoted.append(next.trial) }
        return (copies, promoted)
    }

    @Test func `the worst quarter is replaced by copies of the best quarter, and all others go on`() {
        var scheduler = decided([8, 1, 7, 2, 6, 3, 5, 4])
        #expect(scheduler.levels == [2, 4, 6])
        let (copies, promoted) = take(&scheduler, first: 9)
        #expect(copies.map(\.replaced) == [1, 3])
        #expect(copies.allSatisfy { [2, 4].contains($0.donor) && $0.epoch == 2 && $0.to == 4 })
        #expect(promoted == [2, 4, 5, 6, 7, 8])
    }

    @Test(arguments: [(2, 0.25, 1), (3, 0.5, 1), (4, 0.25, 1), (5, 0.25, 2), (16, 0.25, 4), (10, 0.5, 5), (7, 0.01, 1)])
    func `of so many members so many are replaced`(_ members: Int, _ quantile: Double, _ count: Int) {
        #expect(PopulationSpec(members: members, quantile: quantile).replaced(of: members) == count)
        var scheduler = decided((1...members).map { Double($0) }, quantile: quantile)
        let (copies, promoted) = take(&scheduler, first: members + 1)
        #expect(copies.map(\.replaced) == Array(members - count + 1...members))
        #expect(copies.allSatisfy { $0.donor <= count })
        #expect(promoted.count == members - count)
    }

    @Test func `of equal costs the earlier member is better, and one that is no worse than its donor goes on`() {
        var equal = decided([3, 3, 3, 3])
        let (none, all) = take(&equal, first: 5)
        #expect(none.isEmpty && all == [1, 2, 3, 4])
        var ties = decided([2, 2, 5, 5])
        let (copies, promoted) = take(&ties, first: 5)
        #expect(copies.map(\.replaced) == [4] && copies.map(\.donor) == [1] && promoted == [1, 2, 3])
    }

    @Test(arguments: [Double.nan, .infinity]) func `members without a number are replaced, however many they are`(
        _ lost: Double
    ) {
        var scheduler = decided([lost, 1, lost, lost, 2, lost, lost, lost])
        let (copies, promoted) = take(&scheduler, first: 9)
        #expect(copies.map(\.replaced) == [1, 3, 4, 6, 7, 8])
        #expect(copies.allSatisfy { [2, 5].contains($0.donor) } && promoted == [2, 5])
    }

    @Test func `when no member has a number nothing goes on`() {
        var scheduler = decided([.nan, .infinity, .nan])
        #expect(isAtRest(&scheduler))
        #expect(scheduler.hopeless(remaining: 0).isEmpty)
    }

    @Test func `a copy is a member at the next level, and at the last one nothing is copied`() throws {
        var scheduler = decided([4, 1, 2, 3])
        #expect(take(&scheduler, first: 5).copies.map(\.replaced) == [1])
        // Member 1 is now trial 5; trial 1 is nobody any more.
        scheduler.removed(trial: 1)
        scheduler.finished(trial: 1, epoch: 4, cost: 0)
        for (trial, cost) in [(5, 1.0), (2, 9), (3, 2), (4, 3)] {
            scheduler.finished(trial: trial, epoch: 4, cost: cost)
        }
        let (copies, promoted) = take(&scheduler, first: 6)
        #expect(copies == [MemberCopy(replaced: 2, donor: 5, epoch: 4, to: 6)] && promoted == [5, 3, 4])
        for trial in [5, 6, 3, 4] { scheduler.finished(trial: trial, epoch: 6, cost: Double(trial)) }
        #expect(isAtRest(&scheduler))
    }

    @Test func `one that fails before its level is replaced there`() {
        var scheduler = scheduler(4)
        for trial in 1...4 { scheduler.started(trial: trial) }
        scheduler.finished(trial: 2, epoch: 2, cost: .infinity)
        scheduler.removed(trial: 2)
        for trial in [1, 3, 4] { scheduler.finished(trial: trial, epoch: 2, cost: Double(trial)) }
        #expect(take(&scheduler, first: 5).copies == [MemberCopy(replaced: 2, donor: 1, epoch: 2, to: 4)])
    }

    @Test func `told the same a second time nothing changes, and told it anew it decides the same`() {
        var stream = RandomStream(key: 11)
        for seed in 0..<40 {
            let members = 2 + stream.below(9)
            let costs = (0..<members).map { _ in stream.below(5) == 0 ? Double.infinity : stream.uniform() }
            var one = decided(costs, seed: UInt64(seed))
            var other = scheduler(members, seed: UInt64(seed))
            for trial in 1...members {
                other.started(trial: trial)
                other.started(trial: trial)
            }
            // In another order: what is decided is a function of the costs.
            for trial in (1...members).reversed() {
                other.finished(trial: trial, epoch: 2, cost: costs[trial - 1])
                if costs[trial - 1] == .infinity { other.removed(trial: trial) }
            }
            other.finished(trial: 1, epoch: 2, cost: -1)
            let (first, second) = (take(&one, first: members + 1), take(&other, first: members + 1))
            #expect(first.copies == second.copies && first.promoted == second.promoted, "seed \(seed)")
            for copy in first.copies {
                #expect(copy.replaced.map { costs[copy.donor - 1] < costs[$0 - 1] } == true)
            }
        }
    }

    @Test func `another seed copies other members`() {
        let costs = (1...40).map { Double($0) }
        let donors = (UInt64(0)..<8).map { seed in
            var scheduler = decided(costs, seed: seed)
            return take(&scheduler, first: 41).copies.map(\.donor)
        }
        #expect(Set(donors).count == 8)
        // Each of the best quarter is copied at some time.
        #expect(Set(donors.joined()) == Set(1...10))
    }

    @Test func `levels are the intervals and the last epoch`() {
        #expect(PopulationSpec(members: 4, interval: 4).levels(epochs: 10) == [4, 8, 10])
        #expect(PopulationSpec(members: 4, interval: 5).levels(epochs: 10) == [5, 10])
        #expect(PopulationSpec(members: 4).levels(epochs: 27) == [3, 6, 9, 12, 15, 18, 21, 24, 27])
        #expect(PopulationSpec(members: 4).levels(epochs: 5) == [1, 2, 3, 4, 5])
    }
}

/// What copies are trained with.
@Suite struct PopulationExplorerTests {
    @Test(arguments: [(0.8, 0.08), (1.2, 0.12), (100.0, 1), (1e-9, 0.001)])
    func `numbers are multiplied and stay within their range`(_ factor: Double, _ expected: Double) {
        let log = ParameterDomain.logUniform(low: 0.001, high: 1, points: nil)
        let even = ParameterDomain.uniform(low: 0.001, high: 1, step: nil, points: nil)
        for domain in [log, even] {
            guard case .real(let found) = domain.perturbed(.real(0.1), by: factor) else {
                Issue.record("no number")
                continue
            }
            #expect(abs(found - expected) < 1e-12 && domain.contains(.real(found)))
        }
    }

    @Test func `zero moves by a share of its range, inwards`() {
        let positive = ParameterDomain.uniform(low: 0, high: 0.5, step: nil, points: nil)
        #expect(positive.perturbed(.real(0), by: 0.8) == .real(abs(0.8 - 1) * 0.5))
        #expect(positive.perturbed(.real(0), by: 1.5) == .real(0.25))
        let negative = ParameterDomain.uniform(low: -1, high: 0, step: nil, points: nil)
        #expect(negative.perturbed(.real(0), by: 1.5) == .real(-0.5))
        let both = ParameterDomain.uniform(low: -1, high: 1, step: nil, points: nil)
        #expect(both.perturbed(.real(0), by: 1.5) == .real(1) && both.perturbed(.real(0), by: 0.5) == .real(-1))
    }

    @Test func `counted values move to the nearest one, at least to the next, and stop at the ends`() {
        let integers = ParameterDomain.integer(low: 1, high: 9, step: 2)
        #expect(integers.perturbed(.integer(3), by: 1.2) == .integer(5))
        #expect(integers.perturbed(.integer(3), by: 0.8) == .integer(1))
        #expect(integers.perturbed(.integer(3), by: 2.5) == .integer(7))
        #expect(integers.perturbed(.integer(9), by: 1.2) == .integer(9))
        #expect(integers.perturbed(.integer(1), by: 0.8) == .integer(1))
        let powers = ParameterDomain.logInteger(low: 2, high: 64, points: nil)
        #expect(powers.perturbed(.integer(2), by: 1.2) == .integer(3))
        #expect(powers.perturbed(.integer(40), by: 2) == .integer(64))
        #expect(powers.perturbed(.integer(40), by: 0.8) == .integer(32))
        let steps = ParameterDomain.uniform(low: 0, high: 0.9, step: 0.1, points: nil)
        for (value, factor) in [(0.3, 1.2), (0.3, 0.8), (0.0, 0.8), (0.9, 1.2), (0.9, 0.8)] {
            guard case .real(let moved) = steps.perturbed(.real(value), by: factor) else { continue }
            #expect(abs(moved * 10 - (moved * 10).rounded()) < 1e-9 && (0...0.9).contains(moved))
            let isEnd = value == 0.9 && factor > 1
            #expect(isEnd ? abs(moved - value) < 1e-9 : abs(moved - value) > 0.05, "\(value) × \(factor): \(moved)")
        }
    }

    @Test func `a choice moves to the option beside it, at an end inwards`() {
        let domain = ParameterDomain.choice([16, 32, 64].map { ChoiceOption(.integer($0)) })
        #expect(domain.perturbed(.integer(32), by: 1.2) == .integer(64))
        #expect(domain.perturbed(.integer(32), by: 0.8) == .integer(16))
        #expect(domain.perturbed(.integer(64), by: 1.2) == .integer(32))
        #expect(domain.perturbed(.integer(16), by: 0.8) == .integer(32))
        let one = ParameterDomain.choice([ChoiceOption(.integer(1))])
        #expect(one.perturbed(.integer(1), by: 1.2) == .integer(1))
    }

    /// A whole run whose width is of the state, and whose rate, batch and dropout are not.
    private static let space = SearchSpace(
        template: .map([
            SpecEntry(
                "train",
                Spaces.map(
                    (
                        "model",
                        Spaces.map(
                            (
                                "mlp",
                                Spaces.map(
                                    ("layers", .integer(1)),
                                    ("width", Spaces.choice(.integer(8), .integer(16))),
                                    ("dropout", .domain(.uniform(low: 0, high: 0.5, step: nil, points: nil)))
                                )
                            )
                        )
                    ),
                    (
                        "optimizer",
                        Spaces.choice(
                            Spaces.map(
                                (
                                    "sgd",
                                    Spaces.map(("learning_rate", .domain(.logUniform(low: 1e-3, high: 1, points: nil))))
                                )
                            ),
                            Spaces.map(
                                (
                                    "adam",
                                    Spaces.map(("learning_rate", .domain(.logUniform(low: 1e-4, high: 1, points: nil))))
                                )
                            )
                        )
                    ),
                    ("batch_size", Spaces.choice(.integer(8), .integer(16), .integer(32))),
                    ("epochs", .integer(9))
                )
            )
        ])
    )
    private static let rate = "train.optimizer.adam.learning_rate"

    private var parent: Configuration {
        Self.space.configuration { parameter in
            switch parameter.path {
            case "train.optimizer": .text("adam")
            case Self.rate: .real(0.01)
            case "train.model.mlp.dropout": .real(0.2)
            case "train.model.mlp.width": .integer(16)
            default: .integer(16)
            }
        }
    }

    private func explorer(resample: Double, _ constraints: [Constraint] = [], seed: UInt64 = 3) -> PopulationExplorer {
        let spec = PopulationSpec(members: 8, resample: resample)
        return PopulationExplorer(spec, space: Self.space, seed: seed, constraints: constraints)
    }

    @Test func `what the state depends on is inherited, and all else changes by a factor`() throws {
        let explorer = explorer(resample: 0)
        var rates: Set<ParameterValue> = []
        for number in 1...40 {
            let (child, changes) = explorer.copy(of: parent, number: number)
            #expect(child["train.model.mlp.width"] == .integer(16) && child["train.optimizer"] == .text("adam"))
            let rate = try #require(child[Self.rate])
            #expect([ParameterValue.real(0.01 * 0.8), .real(0.01 * 1.2)].contains(rate))
            rates.insert(rate)
            #expect(
                [ParameterValue.real(0.2 * 0.8), .real(0.2 * 1.2)].contains(
                    try #require(child["train.model.mlp.dropout"])
                )
            )
            #expect([ParameterValue.integer(8), .integer(32)].contains(try #require(child["train.batch_size"])))
            #expect(changes.map(\.path) == ["train.model.mlp.dropout", Self.rate, "train.batch_size"])
            #expect(changes.allSatisfy { parent[$0.path] == $0.from && child[$0.path] == $0.to && $0.factor != nil })
        }
        #expect(rates.count == 2)
    }

    @Test func `drawn anew a value may be any of its range`() {
        let explorer = explorer(resample: 1)
        var far = 0
        for number in 1...40 {
            let (child, changes) = explorer.copy(of: parent, number: number)
            #expect(Self.space.resolve(child) != nil && changes.allSatisfy { $0.factor == nil })
            if case .real(let rate)? = child[Self.rate], rate > 0.1 || rate < 0.001 { far += 1 }
        }
        #expect(far > 10)
    }

    @Test func `about a quarter is drawn anew, and the same number gives the same copy`() {
        let explorer = explorer(resample: 0.25)
        var drawn = 0
        for number in 1...400 {
            let (child, changes) = explorer.copy(of: parent, number: number)
            #expect(explorer.copy(of: parent, number: number).configuration == child)
            drawn += changes.count { $0.factor == nil }
        }
        #expect((240...360).contains(drawn), "\(drawn) of 1200")
        func copies(_ explorer: PopulationExplorer) -> [Configuration] {
            (1...8).map { explorer.copy(of: parent, number: $0).configuration }
        }
        #expect(copies(self.explorer(resample: 0.25, seed: 4)) != copies(explorer))
    }

    @Test func `every copy meets the conditions, and where none does it has its parent's settings`() throws {
        let small = try Constraint("batch_size <= 16").resolved(in: Self.space)
        for number in 1...40 {
            let child = explorer(resample: 0.25, [small]).copy(of: parent, number: number).configuration
            #expect(small.holds(child))
        }
        let fixed = try Constraint("batch_size == 16").resolved(in: Self.space)
        let (same, changes) = explorer(resample: 0, [fixed]).copy(of: parent, number: 1)
        #expect(same == parent && changes.isEmpty)
    }

    @Test func `what may change is told parameter by parameter, also within a branch`() {
        let told = zip(Self.space.parameters, Self.space.changeable).filter(\.1).map(\.0.path)
        #expect(
            told == [
                "train.model.mlp.dropout", "train.optimizer.sgd.learning_rate", "train.optimizer.adam.learning_rate",
                "train.batch_size",
            ]
        )
    }
}
