import SweepNumerics
import Testing

@Suite struct TrendTests {
    @Test func `the slope of a line is found in spite of an outlier`() {
        var values = (0..<11).map { 3 - 0.5 * Double($0) }
        #expect(Trend.theilSen(values).map { abs($0 + 0.5) < 1e-12 } == true)
        values[4] = 100
        #expect(Trend.theilSen(values).map { abs($0 + 0.5) < 0.06 } == true)
        #expect(Trend.theilSen([1]) == nil)
        #expect(Trend.theilSen([1, .infinity]) == nil)
    }

    @Test func `a monotone series is significant and a constant one is not`() throws {
        let falling = try #require(Trend.mannKendall((0..<10).map { -Double($0) }))
        #expect(falling.s == -45)
        // z = 44 / √125 = 3.9355; two-sided p = 8.3e-5.
        #expect(abs(falling.p - 8.303e-5) < 1e-7)
        let flat = try #require(Trend.mannKendall([1, 1, 1, 1]))
        #expect(flat.s == 0 && flat.p == 1)
        #expect(Trend.mannKendall([1, 2]) == nil)
    }

    @Test func `noise is called a trend about as often as the level says`() throws {
        var alarms = 0
        for seed in 0..<400 as Range<UInt64> {
            var stream = RandomStream(key: seed)
            let values = (0..<20).map { _ in stream.normal() }
            if let test = Trend.mannKendall(values), test.p < 0.05 { alarms += 1 }
        }
        // Binomial(400, 0.05): mean 20, deviation 4.4; four deviations either way.
        #expect((3...38).contains(alarms))
    }

    @Test func `ties lower the variance`() throws {
        let tied = try #require(Trend.mannKendall([1, 1, 2, 2, 3, 3]))
        #expect(tied.s == 12)
        // Variance (6·5·17 - 3·2·1·9) / 18 = 25.33; z = 11 / 5.033.
        #expect(abs(tied.p - 2 * NormalDistribution.upperTail(11 / (456.0 / 18).squareRoot())) < 1e-15)
    }
}
