import Glibc
import SweepNumerics
import Testing

@Suite struct ElementaryTests {
    /// How many representable numbers lie between two finite numbers of one sign.
    private func ulps(_ a: Double, _ b: Double) -> UInt64 {
        if a == b { return 0 }
        if a.sign != b.sign { return a.magnitude.bitPattern + b.magnitude.bitPattern }
        return a.bitPattern > b.bitPattern ? a.bitPattern - b.bitPattern : b.bitPattern - a.bitPattern
    }

    @Test func `log agrees with the C library to one unit in the last place`() {
        var random = RandomStream(key: 11)
        var worst: UInt64 = 0
        for _ in 0..<200_000 {
            // All positive bit patterns, so all exponents alike; every third close to 1, where cancellation would show.
            let bits = 1 + random.next() % (Double.infinity.bitPattern - 1)
            let near = 1 + (random.uniform() - 0.5) * 0.1
            for x in [Double(bitPattern: bits), near] { worst = max(worst, ulps(Elementary.log(x), Glibc.log(x))) }
        }
        #expect(worst <= 1)
    }

    @Test func `exp agrees with the C library to one unit in the last place`() {
        var random = RandomStream(key: 12)
        var worst: UInt64 = 0
        for _ in 0..<200_000 {
            // Results below 2^-1022 have fewer bits; there a unit is larger, and rounding twice may cost one more.
            let x = -708 + 1417 * random.uniform()
            for x in [x, x * 0x1p-10] { worst = max(worst, ulps(Elementary.exp(x), Glibc.exp(x))) }
        }
        #expect(worst <= 1)
    }

    @Test func `exp of results too small for full precision is right to their last bit but one`() {
        for step in 0..<3_700 {
            let x = -708 - Double(step) * 0.01
            #expect(ulps(Elementary.exp(x), Glibc.exp(x)) <= 1, "x = \(x)")
        }
    }

    @Test func `special values follow IEEE 754`() {
        #expect(Elementary.log(0) == -.infinity)
        #expect(Elementary.log(-1).isNaN)
        #expect(Elementary.log(.infinity) == .infinity)
        #expect(Elementary.log(.nan).isNaN)
        #expect(Elementary.log(1) == 0)
        #expect(Elementary.log(.leastNonzeroMagnitude) == Glibc.log(.leastNonzeroMagnitude))
        #expect(Elementary.exp(0) == 1)
        #expect(Elementary.exp(.infinity) == .infinity)
        #expect(Elementary.exp(-.infinity) == 0)
        #expect(Elementary.exp(.nan).isNaN)
        #expect(Elementary.exp(710) == .infinity)
        #expect(Elementary.exp(-746) == 0)
        #expect(Elementary.exp(709.782712893384).isFinite)
        #expect(Elementary.pow(0, 2) == 0)
        #expect(Elementary.pow(0, -1) == .infinity)
        #expect(Elementary.pow(5, 0) == 1)
        #expect(Elementary.pow(-2, 0.5).isNaN)
    }

    @Test func `powers have the error of an exponential of a rounded logarithm`() {
        var random = RandomStream(key: 13)
        for _ in 0..<20_000 {
            let x = 1e-6 + 1e3 * random.uniform()
            let y = -20 + 40 * random.uniform()
            let expected = Glibc.pow(x, y)
            // The product y·log x is off by two roundings, which exp turns into a relative error of |y log x| · 2ε.
            let bound = (abs(y * Glibc.log(x)) + 2) * 2 * Double.ulpOfOne * expected
            #expect(abs(Elementary.pow(x, y) - expected) <= bound, "\(x)^\(y)")
        }
    }

    @Test func `log10 of powers of ten is within two units`() {
        for exponent in -300...300 {
            let x = Double("1e\(exponent)") ?? .nan
            #expect(ulps(Elementary.log10(x), Double(exponent)) <= 2 || exponent == 0, "1e\(exponent)")
        }
        #expect(Elementary.log10(1) == 0)
    }

    @Test func `the bits of a few results are fixed`() {
        #expect(Elementary.log(2).bitPattern == 0x3FE6_2E42_FEFA_39EF)
        #expect(Elementary.log(10).bitPattern == 0x4002_6BB1_BBB5_5516)
        #expect(Elementary.exp(1).bitPattern == 0x4005_BF0A_8B14_576A)
        #expect(Elementary.exp(-1).bitPattern == 0x3FD7_8B56_362C_EF38)
    }
}
