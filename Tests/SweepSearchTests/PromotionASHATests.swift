import SweepCore
import SweepNumerics
import SweepSearch
import Testing

@Suite struct PromotionASHATests {
    private func asha() -> PromotionASHA { PromotionASHA(levels: [3, 9, 27], reductionFactor: 3) }

    /// The next promotion as [trial, level], or nothing.
    private func following(_ scheduler: inout PromotionASHA) -> [Int] {
        scheduler.promotion().map { [$0.trial, $0.to] } ?? []
    }

    /// Runs a whole sweep one trial after another (promotions first) and answers the epochs each trial reached.
    private func sweep(_ costs: [[Double]], _ scheduler: inout PromotionASHA) -> [Int: Int] {
        var reached: [Int: Int] = [:]
        var next = 0
        while true {
            let work: (trial: Int, to: Int)
            if let promotion = scheduler.promotion() {
                work = promotion
            } else if next < costs.count {
                work = (next, scheduler.firstLevel)
                scheduler.started(trial: next)
                next += 1
            } else {
                return reached
            }
            let rung = scheduler.levels.firstIndex(of: work.to) ?? 0
            reached[work.trial] = work.to
            scheduler.finished(trial: work.trial, epoch: work.to, cost: costs[work.trial][rung])
        }
    }

    @Test func `of n results at a rung the best third goes on`() {
        var asha = asha()
        let costs = [0.5, 0.2, 0.9, 0.1, 0.7, 0.3]
        for trial in costs.indices { asha.started(trial: trial) }
        for trial in 0..<2 { asha.finished(trial: trial, epoch: 3, cost: costs[trial]) }
        #expect(following(&asha).isEmpty)
        asha.finished(trial: 2, epoch: 3, cost: costs[2])
        #expect(following(&asha) == [1, 9])
        #expect(following(&asha).isEmpty)
        for trial in 3..<6 { asha.finished(trial: trial, epoch: 3, cost: costs[trial]) }
        #expect(following(&asha) == [3, 9])
        #expect(following(&asha).isEmpty)
    }

    @Test func `the top rung is looked at first`() {
        var asha = asha()
        for trial in 0..<12 {
            asha.started(trial: trial)
            asha.finished(trial: trial, epoch: 3, cost: Double(trial))
        }
        for trial in 0..<3 {
            #expect(following(&asha) == [trial, 9])
            asha.finished(trial: trial, epoch: 9, cost: Double(-trial))
        }
        #expect(following(&asha) == [2, 27])
        #expect(following(&asha) == [3, 9])
    }

    @Test func `equal costs are ordered by trial number`() {
        var asha = asha()
        for trial in [5, 4, 6] {
            asha.started(trial: trial)
            asha.finished(trial: trial, epoch: 3, cost: 1)
        }
        #expect(following(&asha) == [4, 9])
    }

    @Test func `results that are not finite count and are never promoted`() {
        var asha = asha()
        for trial in 0..<9 {
            asha.started(trial: trial)
            asha.finished(trial: trial, epoch: trial == 0 ? 2 : 3, cost: trial == 8 ? .nan : .infinity)
        }
        #expect(following(&asha).isEmpty)
        #expect(asha.results == [9, 0, 0])
        for trial in 9..<12 {
            asha.started(trial: trial)
            asha.finished(trial: trial, epoch: 3, cost: 1)
        }
        var promoted: [Int] = []
        while let promotion = asha.promotion() { promoted.append(promotion.trial) }
        #expect(promoted == [9, 10, 11])
        #expect(asha.hopeless(remaining: 1000) == [0, 1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test func `a removed trial is passed over and its results stay`() {
        var asha = asha()
        for trial in 0..<6 {
            asha.started(trial: trial)
            asha.finished(trial: trial, epoch: 3, cost: Double(trial))
        }
        asha.removed(trial: 0)
        #expect(following(&asha) == [1, 9])
        #expect(following(&asha).isEmpty)
        asha.finished(trial: 0, epoch: 9, cost: -1)
        #expect(asha.results == [6, 0, 0])
    }

    @Test func `facts told twice change nothing`() {
        var once = asha()
        var twice = asha()
        for trial in 0..<9 {
            once.started(trial: trial)
            once.finished(trial: trial, epoch: 3, cost: Double(trial % 4))
            for _ in 0..<2 {
                twice.started(trial: trial)
                twice.finished(trial: trial, epoch: 3, cost: Double(trial % 4))
            }
        }
        #expect(once.results == twice.results)
        let promotion = following(&once)
        twice.promoted(trial: promotion[0], to: promotion[1])
        twice.promoted(trial: promotion[0], to: promotion[1])
        #expect(once.waiting == twice.waiting)
        #expect(following(&once) == following(&twice))
    }

    @Test(arguments: 0..<30) func `a sweep ends with a third of each rung or more promoted and all else hopeless`(
        _ seed: UInt64
    ) {
        var stream = RandomStream(key: seed)
        let costs = (0..<81).map { _ in
            (0..<3).map { _ in stream.below(8) == 0 ? Double.nan : stream.uniform() }
        }
        var asha = asha()
        let reached = sweep(costs, &asha)
        let counts = asha.results
        #expect(counts[0] == 81, "seed \(seed)")
        for rung in 0..<2 {
            let numbers = reached.keys.count {
                (reached[$0] ?? 0) >= asha.levels[rung] && costs[$0][rung].isFinite
            }
            #expect(counts[rung + 1] >= min(numbers, counts[rung] / 3), "seed \(seed)")
        }
        for (trial, level) in reached where level > 3 { #expect(costs[trial][0].isFinite, "seed \(seed)") }
        // The best of each rung always goes on.
        let best = costs.indices.min { (Objective().cost(costs[$0][0]), $0) < (Objective().cost(costs[$1][0]), $1) }
        #expect(best.flatMap { reached[$0] } ?? 0 > 3, "seed \(seed)")
        let paused = reached.filter { $0.value < 27 }.keys.sorted()
        #expect(asha.hopeless(remaining: 0) == paused, "seed \(seed)")
    }

    @Test(arguments: 0..<20) func `results between two decisions may come in any order`(_ seed: UInt64) {
        var stream = RandomStream(key: seed)
        var batch = (0..<40).map { ($0, Double(stream.below(20))) }
        var forward = asha()
        for (trial, cost) in batch {
            forward.started(trial: trial)
            forward.finished(trial: trial, epoch: 3, cost: cost)
        }
        stream.shuffle(&batch)
        var shuffled = asha()
        for (trial, _) in batch { shuffled.started(trial: trial) }
        for (trial, cost) in batch { shuffled.finished(trial: trial, epoch: 3, cost: cost) }
        var promotions = 0
        while let a = forward.promotion() {
            let b = shuffled.promotion()
            #expect(b?.trial == a.trial && b?.to == a.to, "seed \(seed)")
            promotions += 1
        }
        #expect(promotions == 13, "seed \(seed)")
        #expect(following(&shuffled).isEmpty, "seed \(seed)")
    }

    @Test(arguments: 0..<30) func `a trial that was called hopeless is never promoted`(_ seed: UInt64) {
        var stream = RandomStream(key: seed)
        var asha = asha()
        let total = 40
        var next = 0
        var running: [(trial: Int, to: Int)] = []
        var lost: Set<Int> = []
        while true {
            while running.count < 4 {
                if let promotion = asha.promotion() {
                    #expect(!lost.contains(promotion.trial), "seed \(seed)")
                    running.append(promotion)
                } else if next < total {
                    asha.started(trial: next)
                    running.append((next, 3))
                    next += 1
                } else {
                    break
                }
            }
            lost.formUnion(asha.hopeless(remaining: total - next))
            guard !running.isEmpty else { break }
            let done = running.remove(at: stream.below(running.count))
            asha.finished(trial: done.trial, epoch: done.to, cost: stream.uniform())
        }
        #expect(next == total && !lost.isEmpty, "seed \(seed)")
    }

    @Test func `pruning a hopeless trial early changes no later decision`() {
        var pruned = asha()
        var kept = asha()
        for trial in 0..<9 {
            for cost in [Double(trial * 7 % 9)] {
                pruned.started(trial: trial)
                kept.started(trial: trial)
                pruned.finished(trial: trial, epoch: 3, cost: cost)
                kept.finished(trial: trial, epoch: 3, cost: cost)
            }
        }
        let hopeless = pruned.hopeless(remaining: 3)
        #expect(hopeless.count == 5)
        for trial in hopeless { pruned.removed(trial: trial) }
        #expect(pruned.hopeless(remaining: 3).isEmpty)
        for trial in 9..<12 {
            pruned.started(trial: trial)
            kept.started(trial: trial)
            pruned.finished(trial: trial, epoch: 3, cost: 100)
            kept.finished(trial: trial, epoch: 3, cost: 100)
        }
        for _ in 0..<4 { #expect(following(&pruned) == following(&kept)) }
        #expect(following(&pruned).isEmpty)
        #expect(following(&kept).isEmpty)
    }

    @Test func `schedulers are made from the sweep file`() {
        let asha = SchedulerFactory.make(prune: PruneSpec(method: .asha), epochs: 27, trials: 81)
        #expect(asha.levels == [3, 9, 27])
        #expect(asha.firstLevel == 3)
        #expect(!asha.ignoresResults)
        var none = SchedulerFactory.make(prune: PruneSpec(method: .none), epochs: 27, trials: 81)
        #expect(none.levels == [27])
        #expect(none.ignoresResults)
        none.started(trial: 1)
        none.finished(trial: 1, epoch: 27, cost: 1)
        #expect(none.promotion() == nil)
        #expect(none.hopeless(remaining: 0).isEmpty)
        #expect(SchedulerFactory.make(prune: PruneSpec(), epochs: 1, trials: 81).ignoresResults)
    }
}
