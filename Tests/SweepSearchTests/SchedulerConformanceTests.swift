import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// What every scheduler owes, whatever its rule.
@Suite struct SchedulerConformanceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let method: PruneSpec.Method
        let seed: UInt64
        var objectives = 1
        var testDescription: String { "\(method.rawValue) seed \(seed) \(objectives) objectives" }

        var spec: PruneSpec {
            var spec = PruneSpec(method: method)
            spec.patience = 3
            spec.above = 0.95
            spec.objectives = objectives
            spec.budget = seed.isMultiple(of: 2) ? 0.11 : 0.4
            return spec
        }

        func make() -> any FidelityScheduler { SchedulerFactory.make(prune: spec, epochs: epochs, trials: trials) }
        var epochs: Int { [27, 50, 9, 2][Int(seed % 4)] }
        var trials: Int { [40, 81, 7, 1][Int(seed / 4 % 4)] }

        /// Curves that fall, some of which lose their numbers.
        var curves: [[Double]] {
            var stream = RandomStream(key: seed)
            return (0..<trials).map { _ in
                var level = 0.3 + 0.7 * stream.uniform()
                let lost = stream.below(6) == 0 ? 1 + stream.below(epochs) : epochs + 1
                return (1...epochs).map { epoch in
                    level *= 0.9 + 0.11 * stream.uniform()
                    return epoch >= lost ? .infinity : level
                }
            }
        }
    }

    static let cases: [Case] = {
        let single: [Case] = PruneSpec.Method.allCases.flatMap { method in
            (0..<16).map { seed in Case(method: method, seed: UInt64(seed)) }
        }
        let several: [Case] = PruneSpec.Method.allCases.filter(\.weighsObjectives).flatMap { method in
            (0..<16).map { seed in Case(method: method, seed: UInt64(seed), objectives: 2 + seed % 2) }
        }
        return single + several
    }()

    /// What a scheduler was told, so that another one can be told the same.
    enum Told: Equatable {
        case started(Int), observed(Int, Int, [Double]), finished(Int, Int, [Double]), removed(Int), promoted(Int, Int)

        func tell(_ scheduler: inout any FidelityScheduler) {
            switch self {
            case .started(let trial): scheduler.started(trial: trial)
            case .observed(let trial, let first, let costs): scheduler.observed(trial: trial, from: first, costs: costs)
            case .finished(let trial, let epoch, let costs) where costs.count == 1:
                scheduler.finished(trial: trial, epoch: epoch, cost: costs[0])
            case .finished(let trial, let epoch, let costs):
                scheduler.finished(trial: trial, epoch: epoch, costs: costs)
            case .removed(let trial): scheduler.removed(trial: trial)
            case .promoted(let trial, let level): scheduler.promoted(trial: trial, to: level)
            }
        }
    }

    /// A sweep with `slots` segments in flight, which end in the order of their length and beginning.
    struct Run {
        var scheduler: any FidelityScheduler
        var told: [Told] = []
        var reached: [Int: Int] = [:]
        var lost: Set<Int> = []
        var problems: [String] = []

        init(_ example: Case, slots: Int, prunesHopeless: Bool = false, rebuilds: Bool = false) {
            scheduler = example.make()
            let curves = example.curves
            var flying: [(trial: Int, to: Int, end: Int)] = []
            var now = 0
            var next = 1
            var removed: Set<Int> = []
            var steps = 0
            while true {
                while flying.count < slots {
                    if let promotion = scheduler.promotion() {
                        told.append(.promoted(promotion.trial, promotion.to))
                        scheduler.promoted(trial: promotion.trial, to: promotion.to)
                        let from = reached[promotion.trial] ?? 0
                        if promotion.to <= from { problems.append("\(promotion) from \(from)") }
                        if !scheduler.levels.contains(promotion.to) { problems.append("\(promotion) is no level") }
                        if removed.contains(promotion.trial) { problems.append("\(promotion) was hopeless") }
                        if lost.contains(promotion.trial) { problems.append("\(promotion) has no number") }
                        if flying.contains(where: { $0.trial == promotion.trial }) {
                            problems.append("\(promotion) runs")
                        }
                        flying.append((promotion.trial, promotion.to, now + promotion.to - from))
                    } else if next <= curves.count {
                        let level = scheduler.firstLevel(of: next)
                        if !scheduler.levels.contains(level) { problems.append("\(level) is no level") }
                        tell(.started(next))
                        flying.append((next, level, now + level))
                        next += 1
                    } else {
                        break
                    }
                }
                let hopeless = scheduler.hopeless(remaining: curves.count - next + 1)
                if hopeless != hopeless.sorted() { problems.append("hopeless ones do not ascend") }
                for trial in hopeless {
                    if flying.contains(where: { $0.trial == trial }) {
                        problems.append("\(trial) runs and is hopeless")
                    }
                    removed.insert(trial)
                    if prunesHopeless { tell(.removed(trial)) }
                }
                guard let index = flying.indices.min(by: { flying[$0].end < flying[$1].end }) else { break }
                let done = flying.remove(at: index)
                now = done.end
                let curve = curves[done.trial - 1]
                let first = (scheduler.levels.last { $0 < done.to } ?? 0) + 1
                let end = curve.prefix(done.to).firstIndex(of: .infinity).map { $0 + 1 } ?? done.to
                if scheduler.readsCurves, first <= end {
                    tell(.observed(done.trial, first, Array(curve[first - 1..<end])))
                }
                reached[done.trial] = done.to
                let cost = curve[end - 1]
                // Other objectives, that say something else.
                let others = (1..<example.objectives).map { axis in
                    cost == .infinity ? .infinity : Double((done.trial * (31 + axis) + done.to) % 17) - cost
                }
                tell(.finished(done.trial, done.to, [cost] + others))
                if cost == .infinity {
                    lost.insert(done.trial)
                    tell(.removed(done.trial))
                }
                steps += 1
                // In a long run not every step, as each tells all that was told before.
                guard rebuilds, steps.isMultiple(of: max(1, example.trials * scheduler.levels.count / 64)) else {
                    continue
                }
                var again: any FidelityScheduler = example.make()
                for fact in told { fact.tell(&again) }
                scheduler = again
            }
        }

        private mutating func tell(_ fact: Told) {
            told.append(fact)
            fact.tell(&scheduler)
        }
    }

    @Test(arguments: cases) func `every trial begins, goes up level by level and never without a number`(
        _ example: Case
    ) {
        for slots in [1, 5, 100] {
            let run = Run(example, slots: slots)
            #expect(run.problems.isEmpty, "\(slots) slots")
            #expect(run.reached.count == example.trials)
            #expect(run.scheduler.levels.last == example.epochs)
            #expect(zip(run.scheduler.levels, run.scheduler.levels.dropFirst()).allSatisfy(<))
        }
    }

    @Test(arguments: cases) func `the same sweep gives the same decisions, also when it is restarted on the way`(
        _ example: Case
    ) {
        let whole = Run(example, slots: 5)
        #expect(Run(example, slots: 5).told == whole.told)
        #expect(Run(example, slots: 5, rebuilds: true).told == whole.told)
    }

    @Test(arguments: cases) func `pruning hopeless trials early changes no other decision`(_ example: Case) {
        let kept = Run(example, slots: 5)
        let pruned = Run(example, slots: 5, prunesHopeless: true)
        #expect(pruned.problems.isEmpty)
        #expect(pruned.reached == kept.reached)
    }

    @Test(arguments: cases) func `facts told twice change nothing`(_ example: Case) {
        let once = Run(example, slots: 5)
        var twice: any FidelityScheduler = example.make()
        for fact in once.told {
            fact.tell(&twice)
            fact.tell(&twice)
        }
        let left = twice.promotion()
        #expect(left == nil)
        #expect(twice.hopeless(remaining: 0) == once.scheduler.hopeless(remaining: 0))
    }

    @Test(arguments: cases) func `a method that prunes nothing is the only one that ignores results`(_ example: Case) {
        let scheduler = example.make()
        #expect(scheduler.ignoresResults == (scheduler.levels.count == 1))
        if example.method == .none { #expect(scheduler.levels == [example.epochs]) }
    }
}
