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
}
