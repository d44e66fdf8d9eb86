/// Trend of a short series of equally spaced values, robust against single outliers.
package enum Trend {
    /// The median of all pairwise slopes, in units of value a step; nil below two values or when one is not finite.
    ///
    /// Cost: O(n²) slopes. Source: Sen, JASA 63(324), 1968.
    package static func theilSen(_ values: [Double]) -> Double? {
        guard values.count > 1, values.allSatisfy(\.isFinite) else { return nil }
        var slopes: [Double] = []
        slopes.reserveCapacity(values.count * (values.count - 1) / 2)
        for later in values.indices {
            for earlier in 0..<later {
                slopes.append((values[later] - values[earlier]) / Double(later - earlier))
            }
        }
        return Quantiles.median(slopes)
    }

    /// The Mann–Kendall test: S, the number of rising less the number of falling pairs, and its two-sided p.
    ///
    /// Nil below three values or when one is not finite; p is 1 when all values are equal. Normal approximation with
    /// continuity and tie correction, good from about eight values; below it p is too small by up to a third.
    /// Source: Kendall, "Rank correlation methods", 4th edition, 1975.
    package static func mannKendall(_ values: [Double]) -> (s: Int, p: Double)? {
        guard values.count > 2, values.allSatisfy(\.isFinite) else { return nil }
        var s = 0
        for later in values.indices {
            for earlier in 0..<later {
                if values[later] > values[earlier] { s += 1 } else if values[later] < values[earlier] { s -= 1 }
            }
        }
        let n = Double(values.count)
        var variance = n * (n - 1) * (2 * n + 5)
        let sorted = values.sorted()
        var start = 0
        for end in 1...sorted.count where end == sorted.count || sorted[end] != sorted[start] {
            let ties = Double(end - start)
            variance -= ties * (ties - 1) * (2 * ties + 5)
            start = end
        }
        guard variance > 0, s != 0 else { return (s, 1) }
        let z = Double(abs(s) - 1) / (variance / 18).squareRoot()
        return (s, min(1, 2 * NormalDistribution.upperTail(z)))
    }
}
