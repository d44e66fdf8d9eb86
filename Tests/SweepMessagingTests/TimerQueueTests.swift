import SweepMessaging
import Testing

struct TimerQueueTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `timers come due by deadline, equal ones by age, cancelled ones never`(seed: UInt64) {
        var state = seed
        func random(below bound: Int) -> Int {
            // Xorshift64*, from Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled" (2016).
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return Int((state &* 2_685_821_657_736_338_717) >> 33) % bound
        }
        let start = ContinuousClock.now
        var queue = TimerQueue()
        var reference: [(deadline: Int, id: TimerID)] = []
        for _ in 0..<2_000 {
            if random(below: 3) == 0, !reference.isEmpty {
                let victim = reference.remove(at: random(below: reference.count))
                let removals = (first: queue.remove(victim.id), second: queue.remove(victim.id))
                #expect(removals == (true, false), "seed \(seed)")
            } else {
                let deadline = random(below: 100)
                let id = queue.insert(deadline: start + .milliseconds(deadline)) {}
                reference.append((deadline, id))
            }
        }
        // `sorted` is stable, and ids rise with age.
        let expected = reference.sorted { $0.deadline < $1.deadline }
        #expect(queue.count == expected.count, "seed \(seed)")
        let nearest = queue.nearestDeadline
        #expect(nearest == expected.first.map { start + .milliseconds($0.deadline) }, "seed \(seed)")
        let half = queue.takeDue(at: start + .milliseconds(49))
        #expect(half == expected.filter { $0.deadline <= 49 }.map(\.id), "seed \(seed)")
        let rest = queue.takeDue(at: start + .milliseconds(100))
        #expect(rest == expected.filter { $0.deadline > 49 }.map(\.id), "seed \(seed)")
        #expect(queue.places == 0, "seed \(seed)")
    }

    @Test func `a deadline moved again and again costs no memory`() {
        var queue = TimerQueue()
        var timer = queue.insert(deadline: .now + .seconds(3)) {}
        for _ in 0..<100_000 {
            _ = queue.remove(timer)
            timer = queue.insert(deadline: .now + .seconds(3)) {}
        }
        #expect(queue.places <= 20)
    }
}
