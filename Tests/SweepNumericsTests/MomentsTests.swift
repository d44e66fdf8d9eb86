import SweepNumerics
import Testing

@Suite struct MomentsTests {
    @Test func `mean and variances of a small sample are exact`() {
        let moments = Moments(of: [2, 4, 4, 4, 5, 5, 7, 9])
        #expect(moments.count == 8)
        #expect(moments.mean == 5)
        #expect(abs(moments.populationVariance - 4) < 1e-15)
        #expect(moments.sampleVariance.map { abs($0 - 32.0 / 7) < 1e-14 } == true)
        #expect(moments.sampleDeviation.map { abs($0 - (32.0 / 7).squareRoot()) < 1e-14 } == true)
    }

    @Test func `too few numbers have no sample variance`() {
        #expect(Moments().mean == 0)
        #expect(Moments().populationVariance == 0)
        #expect(Moments().sampleVariance == nil)
        #expect(Moments(of: [3]).sampleVariance == nil)
        #expect(Moments(of: [3]).mean == 3)
        #expect(Moments(of: [3]).populationVariance == 0)
    }

    @Test func `a great offset does not eat the variance`() {
        // The sum of squares would lose all of it: 1e9² has no bits left for 0.01.
        let values = (0..<1000).map { 1e9 + Double($0 % 10) }
        #expect(abs(Moments(of: values).populationVariance - 8.25) < 1e-6)
    }

    @Test func `a number that is not one shows`() {
        #expect(Moments(of: [1, .nan, 2]).mean.isNaN)
        #expect(!Moments(of: [1, .infinity, 2]).mean.isFinite)
    }
}

@Suite struct QuantilesTests {
    @Test func `quantiles are those of numpy's default`() {
        // numpy.quantile([7, 1, 3, 9, 5], [0, .1, .25, .5, .75, 1])
        let values: [Double] = [7, 1, 3, 9, 5]
        let expected = [(0, 1), (0.1, 1.8), (0.25, 3), (0.5, 5), (0.75, 7), (1, 9)]
        for (fraction, value) in expected {
            #expect(Quantiles.linear(values, fraction).map { abs($0 - value) < 1e-14 } == true, "\(fraction)")
        }
        #expect(Quantiles.median([4, 1, 3, 2]) == 2.5)
    }

    @Test func `edges: nothing, one number, NaN, infinities, fractions outside`() {
        #expect(Quantiles.linear([], 0.5) == nil)
        #expect(Quantiles.median([]) == nil)
        #expect(Quantiles.linear([4], 0.3) == 4)
        #expect(Quantiles.linear([1, .nan, 3], 0.5)?.isNaN == true)
        #expect(Quantiles.median([.infinity, .infinity, 1]) == .infinity)
        #expect(Quantiles.median([1, .infinity]) == .infinity)
        #expect(Quantiles.linear([1, 2, 3], -1) == 1)
        #expect(Quantiles.linear([1, 2, 3], 2) == 3)
    }
}

@Suite struct StableHashTests {
    @Test func `texts are told apart by where they end`() {
        func hash(_ texts: String...) -> UInt64 {
            var hash = StableHash()
            for text in texts { hash.combine(text) }
            return hash.value
        }
        #expect(hash("ab", "c") != hash("a", "bc"))
        #expect(hash("ab") != hash("ab", ""))
        #expect(hash("ä") == hash("ä"))
    }

    @Test func `the hash of a word is the hash of its eight bytes, and its value is fixed`() {
        var word = StableHash()
        word.combine(0x0102_0304_0506_0708 as UInt64)
        var bytes = StableHash()
        for byte in [8, 7, 6, 5, 4, 3, 2, 1] as [UInt8] { bytes.combine(byte: byte) }
        #expect(word.value == bytes.value)
        // FNV-1a's published value of the empty text, through the finaliser.
        #expect(StableHash().value == RandomStream.mix(0xCBF2_9CE4_8422_2325))
    }
}
