import SweepNumerics
import Testing

@Suite struct DistributionTests {
    /// Values of Abramowitz & Stegun, tables 7.1 and 7.3.
    @Test(arguments: [
        (0.0, 0.0), (0.5, 0.5204998778130465), (1.0, 0.8427007929497149), (2.0, 0.9953222650189527),
        (-1.0, -0.8427007929497149), (3.0, 0.9999779095030014), (6.0, 1.0),
    ]) func `the error function has its tabled values`(_ x: Double, _ expected: Double) {
        #expect(abs(NormalDistribution.erf(x) - expected) <= 1e-14)
    }

    @Test(arguments: [
        (0.5, 0.4795001221869535), (2.0, 0.004677734981047266), (2.5, 4.069520174449589e-4),
        (3.0, 2.209049699858544e-5), (5.0, 1.537459794428035e-12), (10.0, 2.088487583762545e-45),
        (-2.0, 1.9953222650189527),
    ]) func `the complementary error function keeps its relative precision`(_ x: Double, _ expected: Double) {
        #expect(abs(NormalDistribution.erfc(x) / expected - 1) <= 1e-11)
    }

    @Test func `normal tails are those of the tables`() {
        #expect(abs(NormalDistribution.upperTail(1.959963984540054) - 0.025) < 1e-12)
        #expect(abs(NormalDistribution.upperTail(-1.959963984540054) - 0.975) < 1e-12)
        #expect(NormalDistribution.upperTail(0) == 0.5)
        #expect(NormalDistribution.upperTail(.infinity) == 0)
        #expect(NormalDistribution.erf(.nan).isNaN)
    }

    /// 97.5 % points of t, by arbitrary-precision inversion of the incomplete beta function.
    @Test(arguments: [
        (1, 12.706204736174705), (2, 4.3026527297494639), (3, 3.1824463052837096), (4, 2.7764451051977944),
        (9, 2.2621571627982055), (30, 2.0422724563012383), (120, 1.9799304050824408),
    ]) func `the quantiles of t are those of the tables`(_ degrees: Int, _ expected: Double) {
        let found = StudentT.twoSidedQuantile(confidence: 0.95, degrees: degrees)
        #expect(abs(found / expected - 1) < 1e-13)
    }

    @Test func `an interval needs two finite values`() throws {
        #expect(StudentT.interval95([1]) == nil)
        #expect(StudentT.interval95([1, .nan]) == nil)
        #expect(StudentT.interval95([2, 2, 2]) == 2...2)
        let interval = try #require(StudentT.interval95([1, 2, 3]))
        // Mean 2, deviation 1: half width 4.302653 / √3.
        #expect(abs(interval.upperBound - 4.484137781) < 1e-6)
        #expect(abs(interval.lowerBound + interval.upperBound - 4) < 1e-12)
    }
}
