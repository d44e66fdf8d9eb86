/// Order statistics of small samples.
package enum Quantiles {
    /// The `fraction` quantile of `values` by linear interpolation; nil when there is none, NaN if any is NaN.
    ///
    /// Source: Hyndman & Fan, The American Statistician 50(4), 1996, definition 7 (numpy's default).
    package static func linear(_ values: [Double], _ fraction: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        if values.contains(where: \.isNaN) { return .nan }
        return linear(sorted: values.sorted(), fraction)
    }

    /// The same of values that ascend already, none of them NaN.
    package static func linear(sorted: [Double], _ fraction: Double) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let position = min(max(fraction, 0), 1) * Double(sorted.count - 1)
        let below = Int(position)
        let above = min(below + 1, sorted.count - 1)
        let weight = position - Double(below)
        // Equal neighbours are returned as they are: interpolating two infinities would give NaN.
        return sorted[below] == sorted[above]
            ? sorted[below] : sorted[below] + weight * (sorted[above] - sorted[below])
    }

    /// The median of `values`; nil when there is none.
    package static func median(_ values: [Double]) -> Double? { linear(values, 0.5) }
}
