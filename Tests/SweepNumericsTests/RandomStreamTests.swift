import SweepNumerics
import Testing

@Suite struct RandomStreamTests {
    @Test func `the draws of key 0 are those published for SplitMix64 with seed 0`() {
        var stream = RandomStream(key: 0)
        #expect(stream.next() == 0xE220_A839_7B1D_CDAF)
        #expect(stream.next() == 0x6E78_9E6A_A1B9_65F4)
        #expect(stream.next() == 0x06C4_5D18_8009_454F)
        #expect(stream.next() == 0xF88B_B8A8_724C_81EC)
    }

    @Test func `draw i depends on key and counter alone`() {
        var stream = RandomStream(key: 99)
        let draws = (0..<50).map { _ in stream.next() }
        for (counter, draw) in draws.enumerated() {
            var resumed = RandomStream(key: 99, counter: UInt64(counter))
            #expect(resumed.next() == draw)
        }
        var far = RandomStream(key: 7, counter: .max)
        _ = far.next()
        #expect(far.counter == 0)
    }

    @Test func `a bounded draw is without bias`() {
        // 7 does not divide 2^64; counts of 70,000 draws lie within 6 standard deviations (√(n p q) = 92.6) of 10,000.
        var stream = RandomStream(key: 1)
        var counts = Array(repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[stream.below(7)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 556 })
    }

    @Test func `a bound above 2^63 - 2 keeps the halves even, where a plain remainder would not`() {
        // A remainder by 3·2^61 would hit the lowest third of values 3/8 + … more often; here each third has p = 1/3.
        var stream = RandomStream(key: 5)
        let bound = 3 << 61
        var low = 0
        for _ in 0..<30_000 where stream.below(bound) < 1 << 61 { low += 1 }
        #expect(abs(low - 10_000) < 490)
    }

    @Test(arguments: [1, 2, 3, 7, 1000, 10_000, 1 << 20, 3 << 61, Int.max])
    func `a bounded draw is Lemire's, whether or not it needs the division`(bound: Int) {
        var stream = RandomStream(key: 11)
        var words = RandomStream(key: 11)
        let wide = UInt64(bound)
        for _ in 0..<2000 {
            var product = words.next().multipliedFullWidth(by: wide)
            while product.low < (0 &- wide) % wide { product = words.next().multipliedFullWidth(by: wide) }
            #expect(stream.below(bound) == Int(product.high))
        }
        #expect(stream.counter == words.counter)
    }

    @Test func `a bound of one is always zero and the largest bound works`() {
        var stream = RandomStream(key: 3)
        #expect((0..<10).allSatisfy { _ in stream.below(1) == 0 })
        #expect((0..<1000).allSatisfy { _ in (0..<Int.max).contains(stream.below(.max)) })
    }

    @Test func `uniform draws lie in [0, 1) and have the right mean and variance`() {
        var stream = RandomStream(key: 2)
        let draws = (0..<100_000).map { _ in stream.uniform() }
        #expect(draws.allSatisfy { (0..<1).contains($0) })
        let moments = Moments(of: draws)
        // Five standard errors: √(1/12/n) = 0.00091 for the mean, √((1/180)/n) = 0.00024 for the variance.
        #expect(abs(moments.mean - 0.5) < 0.0046)
        #expect(abs(moments.populationVariance - 1.0 / 12) < 0.0012)
    }

    @Test func `normal draws have mean 0, variance 1 and the right tails`() {
        var stream = RandomStream(key: 4)
        let draws = (0..<100_000).map { _ in stream.normal() }
        let moments = Moments(of: draws)
        // Five standard errors: 1/√n = 0.0032; √(2/n) = 0.0045; P(|x| > 1.96) = 0.05 with √(p q / n) = 0.00069.
        #expect(abs(moments.mean) < 0.016)
        #expect(abs(moments.populationVariance - 1) < 0.023)
        let tail = Double(draws.count { abs($0) > 1.959963984540054 }) / 100_000
        #expect(abs(tail - 0.05) < 0.0035)
    }

    @Test func `a shuffle is a permutation, and each order of three comes equally often`() {
        var stream = RandomStream(key: 6)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<60_000 {
            var values = [0, 1, 2]
            stream.shuffle(&values)
            counts[values, default: 0] += 1
        }
        // Six orders, 10,000 each, standard deviation 91.3; six of them.
        #expect(counts.count == 6)
        #expect(counts.values.allSatisfy { abs($0 - 10_000) < 548 })
        var none: [Int] = []
        stream.shuffle(&none)
        #expect(none.isEmpty)
    }
}
