import SweepNumerics
import SweepSearch
import Testing

@Suite struct RankedRunsTests {
    @Test(arguments: [1, 2, 3])
    func `places, order and count are those of a sorted array, whatever is added and removed`(seed: UInt64) {
        var stream = RandomStream(key: seed)
        var runs = RankedRuns<Int>()
        var sorted: [Int] = []
        for step in 0..<6000 {
            let value = stream.below(20_000)
            let place = sorted.firstIndex { $0 >= value } ?? sorted.count
            #expect(runs.place(of: value) == place, "seed \(seed), step \(step)")
            let isThere = place < sorted.count && sorted[place] == value
            // Grows first, then shrinks.
            if stream.below(10) < (step < 4000 ? 8 : 2) {
                if !isThere {
                    runs.insert(value)
                    sorted.insert(value, at: place)
                }
            } else if isThere {
                runs.remove(value)
                sorted.remove(at: place)
            } else {
                runs.remove(value)
                if let last = sorted.last, step > 4000 {
                    runs.remove(last)
                    sorted.removeLast()
                }
            }
            #expect(runs.count == sorted.count && runs.first == sorted.first)
        }
        #expect(Array(runs.descending) == sorted.reversed())
        for value in sorted { runs.remove(value) }
        #expect(runs.count == 0 && runs.first == nil && runs.place(of: 5) == 0)
    }
}
