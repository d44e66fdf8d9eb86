import Glibc
import SweepNumerics
import Testing

@Suite struct `Sine and cosine of turns` {
    @Test func `quarters of a turn are exact`() {
        for turns in [-3.0, 0, 1, 7, 0x1p50] {
            #expect(Elementary.sine(turns: turns) == 0 && Elementary.cosine(turns: turns) == 1)
            guard abs(turns) < 1e9 else { continue }
            #expect(Elementary.sine(turns: turns + 0.25) == 1 && Elementary.cosine(turns: turns + 0.25) == 0)
            #expect(Elementary.sine(turns: turns + 0.5) == 0 && Elementary.cosine(turns: turns + 0.5) == -1)
            #expect(Elementary.sine(turns: turns + 0.75) == -1 && Elementary.cosine(turns: turns + 0.75) == 0)
        }
        #expect(Elementary.sine(turns: .nan).isNaN && Elementary.cosine(turns: .infinity).isNaN)
    }

    @Test func `the error is that of a few roundings`() {
        var random = RandomStream(key: 17)
        for _ in 0..<20_000 {
            // Ours 4e-16; the angle that libm gets is off by half a unit of π (2.2e-16) and by 2π's own rounding (1.3e-16), and
            // libm by half a unit (1.1e-16).
            let turns = random.uniform() - 0.5
            let angle = 2 * Double.pi * turns
            #expect(abs(Elementary.sine(turns: turns) - sin(angle)) < 8.6e-16, "\(turns)")
            #expect(abs(Elementary.cosine(turns: turns) - cos(angle)) < 8.6e-16, "\(turns)")
        }
    }
}
