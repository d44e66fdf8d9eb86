import SweepNumerics
import SweepReports
import Testing

@Suite struct NumberTextTests {
    @Test(arguments: [
        (0.0, "0"), (1.0, "1.000"), (0.123456, "0.1235"), (-0.123456, "-0.1235"), (99.995, "100.0"), (9.9995, "10.00"),
        (12345.6, "12346"), (1_234_567.8, "1234568"), (12_345_678.0, "1.235e7"), (0.00001234, "1.234e-5"),
        (0.000001, "1.000e-6"), (1e300, "1.000e300"), (.leastNonzeroMagnitude, "5.000e-324"), (.infinity, "inf"),
        (-.infinity, "-inf"),
        (.nan, "nan"), (0.99999, "1.000"), (123.4, "123.4"),
    ]) func `measurements have four digits`(_ value: Double, _ expected: String) {
        #expect(NumberText.significant(value) == expected)
    }

    @Test(arguments: [
        (0.001, "0.001"), (1e-7, "1e-7"), (0.1, "0.1"), (100.0, "100"), (2.5e-5, "2.5e-5"), (1234.5678, "1235"),
        (1_000_000.0, "1000000"), (-3.10, "-3.1"), (0.0, "0"),
    ]) func `settings have as few digits as they need`(_ value: Double, _ expected: String) {
        #expect(NumberText.short(value) == expected)
    }

    @Test(arguments: [
        (0.0, 1, "0.0"), (0.04, 1, "0.0"), (0.05, 1, "0.1"), (-0.04, 1, "0.0"), (1.25, 1, "1.3"),
        (1234.567, 2, "1234.57"),
        (9.99, 1, "10.0"), (0.5, 0, "1"), (0.4, 0, "0"), (1e-9, 3, "0.000"), (-2.345, 2, "-2.35"),
        (1e20, 1, "100000000000000000000.0"),
    ]) func `fixed decimals are rounded half away from zero`(_ value: Double, _ decimals: Int, _ expected: String) {
        #expect(NumberText.fixed(value, decimals: decimals) == expected)
    }

    @Test func `spans of time are words`() {
        #expect(NumberText.seconds(0.85) == "850 ms")
        #expect(NumberText.seconds(12.34) == "12.3 s")
        #expect(NumberText.seconds(245) == "4 min 05 s")
        #expect(NumberText.seconds(11220) == "3 h 07 min")
        #expect(NumberText.seconds(.nan) == "?")
        #expect(NumberText.seconds(1e300) == "?")
    }

    @Test(arguments: 0..<200) func `the text is within half a unit of its last digit`(_ seed: UInt64) throws {
        var stream = RandomStream(key: seed)
        let value = Elementary.exp(stream.normal() * 20) * (stream.below(2) == 0 ? 1 : -1)
        let back = try #require(Double(NumberText.significant(value)))
        #expect(abs(back - value) <= 0.5001e-3 * abs(value), "seed \(seed): \(value)")
    }
}
