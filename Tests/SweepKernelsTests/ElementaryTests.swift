import Glibc
import KernelAPI
import SweepKernels
import Testing

struct `Elementary functions` {
    /// The distance from the exact value in units in the last place of the float32 nearest to it.
    static func units(_ value: Float, _ exact: Double) -> Double {
        abs(Double(value) - exact) / Double(Float(exact).ulp)
    }

    @Test func `the exponential is within two units in the last place`() {
        var worst = 0.0
        for i in 0...350_000 {
            let x = min(-87 + Float(i) * 0.0005, 88)
            worst = max(worst, Self.units(ReferenceMath.exp(x), Glibc.exp(Double(x))))
        }
        #expect(worst < 2, "worst error \(worst) units")
    }

    @Test func `the exponential is bounded, zero far below and keeps a NaN`() {
        #expect(ReferenceMath.exp(0) == 1)
        #expect(ReferenceMath.exp(-87.5) == 0)
        #expect(ReferenceMath.exp(-.infinity) == 0)
        #expect(ReferenceMath.exp(.infinity) == ReferenceMath.exp(88))
        #expect(ReferenceMath.exp(.nan).isNaN)
    }

    @Test func `the logarithm is within two units in the last place of the larger of it and one`() {
        var worst = 0.0
        for i in 0...200_000 {
            // From 1 to about 10⁵, the sums of powers of any number of classes.
            let x = Float(Glibc.exp(Double(i) / 200_000 * 11.5))
            let exact = Glibc.log(Double(x))
            worst = max(worst, abs(Double(ReferenceMath.log(x)) - exact) / Double(Float(max(exact, 1)).ulp))
        }
        #expect(worst < 2, "worst error \(worst) units")
        #expect(ReferenceMath.log(1) == 0)
    }

    @Test func `the hyperbolic tangent is odd and within two units in the last place`() {
        var worst = 0.0
        for i in 0...400_000 {
            let x = Float(i) * 0.000_03 + 1e-6
            let value = ReferenceMath.tanh(x)
            worst = max(worst, Self.units(value, Glibc.tanh(Double(x))))
            #expect(ReferenceMath.tanh(-x) == -value)
        }
        #expect(worst < 2, "worst error \(worst) units")
        #expect(ReferenceMath.tanh(0) == 0)
        #expect(ReferenceMath.tanh(.infinity) == 1)
        #expect(ReferenceMath.tanh(-200) == -1)
        #expect(ReferenceMath.tanh(.nan).isNaN)
    }

    @Test func `the sigmoid is within three units in the last place`() {
        var worst = 0.0
        for i in -200_000...200_000 {
            let x = Float(i) * 0.0004
            worst = max(worst, Self.units(ReferenceMath.sigmoid(x), 1 / (1 + Glibc.exp(-Double(x)))))
        }
        #expect(worst < 3, "worst error \(worst) units")
        #expect(ReferenceMath.sigmoid(0) == 0.5)
        #expect(ReferenceMath.sigmoid(-1000) == 0)
        #expect(ReferenceMath.sigmoid(1000) == 1)
        #expect(ReferenceMath.sigmoid(.nan).isNaN)
    }

    @Test func `the exponential minus one is within three units in the last place below zero`() {
        var worst = 0.0
        for i in 1...400_000 {
            let x = -Float(i) * (i % 2 == 0 ? 0.000_2 : 0.000_002)
            worst = max(worst, Self.units(ReferenceMath.expMinusOne(x), Glibc.expm1(Double(x))))
        }
        #expect(worst < 3, "worst error \(worst) units")
        #expect(ReferenceMath.expMinusOne(0) == 0)
        #expect(ReferenceMath.expMinusOne(-.infinity) == -1)
        #expect(ReferenceMath.expMinusOne(1) == 0)
        #expect(ReferenceMath.expMinusOne(-0x1p-130) == -0x1p-130)
        #expect(ReferenceMath.expMinusOne(.nan).isNaN)
    }

    @Test func `the logarithm of one plus a number is within two units in the last place`() {
        var worst = 0.0
        for i in 1...200_000 {
            for x in [Float(i) / 200_000, Float(i) * 1e-9, Float(i) * 1e-30] {
                worst = max(worst, Self.units(ReferenceMath.logOfOnePlus(x), Glibc.log1p(Double(x))))
            }
        }
        #expect(worst < 2, "worst error \(worst) units")
        #expect(ReferenceMath.logOfOnePlus(0) == 0)
        #expect(ReferenceMath.logOfOnePlus(.nan).isNaN)
    }

    @Test func `a power has the stated relative error`() {
        var random = TestRandom(11)
        var worst = 0.0
        for _ in 0..<200_000 {
            let x = abs(random.signed()) * Float(sign: .plus, exponent: -random.below(100), significand: 1)
            let exponent = Float(random.below(80)) / 8
            let exact = Glibc.pow(Double(x), Double(exponent))
            let log = max(1, abs(Glibc.log(Double(x))))
            if x < .leastNormalMagnitude || Double(exponent) * log > 86.9 { continue }
            let error = abs(Double(ReferenceMath.pow(x, exponent)) / exact - 1)
            worst = max(worst, error / ((4 + 4 * Double(exponent) * log) * 0x1p-23))
        }
        #expect(worst < 1, "\(worst) of the stated error")
        #expect(ReferenceMath.pow(1, 2.5) == 1)
        #expect(ReferenceMath.pow(0, 2) == 0)
        #expect(ReferenceMath.pow(0x1p-130, 0.5) == 0)
        #expect(ReferenceMath.pow(.nan, 2).isNaN)
    }

    @Test func `the normal distribution's share is within six units in the last place`() {
        var worst = (units: 0.0, at: Float(0))
        for i in -130_000...130_000 {
            let x = Float(i) * 0.0001
            let exact = 0.5 * Glibc.erfc(-Double(x) * 0.5.squareRoot())
            let error = Self.units(ReferenceMath.normalShare(x).share, exact)
            if !(error <= worst.units) { worst = (error, x) }
        }
        #expect(worst.units < 6, "worst error \(worst.units) units at \(worst.at)")
        #expect(ReferenceMath.normalShare(0).share == 0.5)
        #expect(ReferenceMath.normalShare(-.infinity).share == 0)
        #expect(ReferenceMath.normalShare(.infinity).share == 1)
        #expect(ReferenceMath.normalShare(.nan).share.isNaN)
    }
}
