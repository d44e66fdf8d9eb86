import SweepNumerics

/// Values so far from all others of their column that they may decide alone.
enum FarValues {
    /// What half of the values are like, whatever a few others are.
    struct Middle {
        let median: Double
        /// Of `Quantiles.robustDeviation`.
        let deviation: Double
        let quartiles: (low: Double, high: Double)

        /// Nil when there is no value.
        init?(_ values: [Double]) {
            guard let robust = Quantiles.robustDeviation(values) else { return nil }
            let sorted = values.sorted()
            self.init(
                median: robust.median,
                deviation: robust.deviation,
                quartiles: (sorted[sorted.count / 4], sorted[sorted.count * 3 / 4])
            )
        }

        init(median: Double, deviation: Double, quartiles: (low: Double, high: Double)) {
            self.median = median
            self.deviation = deviation
            self.quartiles = quartiles
        }
    }

    /// Their places, ascending: more than ten robust deviations from the median, and three quartile ranges beyond the quartiles.
    ///
    /// None where there are so many that they are a heavy tail, which is skew's to name, or too few values to judge by. Of targets the
    /// deviations alone count, however few there are.
    static func places(in values: [Double], _ middle: Middle, areTargets: Bool = false) -> [Int] {
        guard middle.deviation > 0, areTargets || values.count >= 20 else { return [] }
        let range = middle.quartiles.high - middle.quartiles.low
        let far = values.indices.filter { place in
            let value = values[place]
            return abs(value - middle.median) > 10 * middle.deviation
                && (areTargets || value > middle.quartiles.high + 3 * range || value < middle.quartiles.low - 3 * range)
        }
        return far.count * 50 <= values.count || far.count <= 2 ? far : []
    }
}
