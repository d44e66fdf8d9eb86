/// Student's t distribution with a whole number of degrees of freedom.
package enum StudentT {
    /// The probability of |T| ≤ t; traps unless `degrees` is positive.
    ///
    /// Cost: O(degrees). Source: Abramowitz & Stegun 26.7.3 (odd) and 26.7.4 (even), finite sums in θ = atan(t/√ν).
    package static func within(_ t: Double, degrees: Int) -> Double {
        precondition(degrees > 0, "degrees of freedom must be positive")
        let size = abs(t)
        if size.isInfinite { return 1 }
        let freedom = Double(degrees)
        let hypotenuse = (freedom + size * size).squareRoot()
        let sine = size / hypotenuse
        let cosine = freedom.squareRoot() / hypotenuse
        let square = cosine * cosine
        let odd = degrees % 2 == 1
        var sum = 0.0
        var term = odd ? cosine : 1.0
        var n = odd ? 1 : 0
        while n <= degrees - 2 {
            sum += term
            term *= square * Double(n + 1) / Double(n + 2)
            n += 2
        }
        guard odd else { return sine * sum }
        return 0.6366197723675814 * (arctangent(size / freedom.squareRoot()) + sine * sum)
    }

    /// The t for which |T| ≤ t has probability `confidence`; for example 12.706 for 0.95 and one degree of freedom.
    ///
    /// Bisection, so the bits depend on nothing but the arguments. Traps unless 0 < confidence < 1.
    package static func twoSidedQuantile(confidence: Double, degrees: Int) -> Double {
        precondition(confidence > 0 && confidence < 1, "confidence must lie between 0 and 1")
        var high = 1.0
        while within(high, degrees: degrees) < confidence, high < 1e300 { high *= 2 }
        var low = 0.0
        for _ in 0..<100 {
            let middle = 0.5 * (low + high)
            if middle <= low || middle >= high { break }
            if within(middle, degrees: degrees) < confidence { low = middle } else { high = middle }
        }
        return high
    }

    /// The 95 % interval of the mean of `values`: mean ± t s/√n; nil below two values or when one is not finite.
    ///
    /// `overlap` is added to 1/n for values that are not independent, as they come of training rows that they share: the test rows of
    /// one over its training rows. Source: Nadeau & Bengio, Machine Learning 52 (2003), section 3; for folds Bouckaert & Frank,
    /// PAKDD 2004.
    package static func interval95(_ values: [Double], overlap: Double = 0) -> ClosedRange<Double>? {
        let moments = Moments(of: values)
        guard let deviation = moments.sampleDeviation, deviation.isFinite else { return nil }
        let half =
            twoSidedQuantile(confidence: 0.95, degrees: moments.count - 1) * deviation
            / (Double(moments.count) / (1 + overlap * Double(moments.count))).squareRoot()
        guard half.isFinite else { return nil }
        return (moments.mean - half)...(moments.mean + half)
    }

    /// atan(x) for x ≥ 0: four halvings of the angle, then Taylor's series below 0.1.
    private static func arctangent(_ x: Double) -> Double {
        if x > 1 { return 1.5707963267948966 - arctangent(1 / x) }
        var reduced = x
        for _ in 0..<4 { reduced /= 1 + (1 + reduced * reduced).squareRoot() }
        let square = reduced * reduced
        var sum = 0.0
        for n in stride(from: 21, through: 1, by: -2) { sum = 1 / Double(n) - square * sum }
        return 16 * reduced * sum
    }
}
