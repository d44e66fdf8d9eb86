import Glibc
import SweepNumerics
import Testing

@Suite struct ArctangentTests {
    @Test func `arctangent agrees with the C library's to a few units in the last place`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var stream = RandomStream(key: seed)
        for _ in 0..<100_000 {
            // Magnitudes from 10⁻¹⁰ to 10¹⁰.
            let size = Elementary.exp(46 * stream.uniform() - 23)
            let x = stream.below(2) == 0 ? size : -size
            let expected = Glibc.atan(x)
            // Four divisions and square roots, each off by half a unit, and the C library's own error.
            #expect(abs(Elementary.arctangent(x) - expected) <= 8 * expected.ulp, "seed \(seed), x \(x)")
        }
    }

    @Test func `arctangent's ends are a quarter of a turn`() {
        #expect(Elementary.arctangent(0) == 0)
        #expect(Elementary.arctangent(.infinity) == Double.pi / 2)
        #expect(Elementary.arctangent(-1e300) == -Double.pi / 2)
        #expect(Elementary.arctangent(.nan).isNaN)
    }
}
