/// Short decimal numbers for computed grid values.
enum Decimals {
    /// The decimal number of at most 12 digits that `value` was meant to be, else `value` itself.
    ///
    /// Steps and points are meant as decimals: 0.1 + 2 · 0.1 gives 0.3 and not 0.30000000000000004. The tolerance,
    /// 1e-14 of the value, is above the error of `Elementary.exp` over the range of learning rates (|x| ε with |x| < 20);
    /// numbers of more digits are nobody's intention and stay as computed. Powers of ten up to 10^22 are exact, and so
    /// is every whole number below 2^53: the quotient is rounded once, so the result is the same on every machine.
    static func snap(_ value: Double) -> Double {
        guard value != 0, value.isFinite else { return value }
        let magnitude = abs(value)
        var power = 1.0
        for _ in 0...22 {
            let whole = (magnitude * power).rounded()
            if whole > 1e12 { return value }
            let decimal = whole / power
            if abs(decimal - magnitude) <= 1e-14 * magnitude { return value < 0 ? -decimal : decimal }
            power *= 10
        }
        return value
    }
}
