package import SweepCore

/// A histogram of few bins.
package enum ValueBins {
    package static let most = 16

    /// Bins of equal width over all values, from the least to the greatest; none of no values. None of the values is NaN.
    ///
    /// Whole numbers have bins of whole width, both ends included, so that none stands for a value between them; few of them, and a
    /// single value, have a bin each.
    package static func bins(_ values: [Double]) -> [DataOverview.Bin] {
        guard let low = values.min(), let high = values.max() else { return [] }
        guard low < high else { return [DataOverview.Bin(from: low, to: high, count: values.count)] }
        // Beyond 2^53 every number is whole, and a width of 1 is none.
        let isWhole = values.allSatisfy { $0 == $0.rounded() } && max(abs(low), abs(high)) < 9e15
        let width = isWhole ? ((high - low + 1) / Double(most)).rounded(.up) : (high - low) / Double(most)
        let count = isWhole ? Int(((high - low + 1) / width).rounded(.up)) : most
        var counts = [Int](repeating: 0, count: count)
        for value in values { counts[min(count - 1, max(0, Int((value - low) / width)))] += 1 }
        return counts.indices.map { index in
            let from = low + Double(index) * width
            let end = isWhole ? from + width - 1 : low + Double(index + 1) * width
            return DataOverview.Bin(from: from, to: index == count - 1 ? high : end, count: counts[index])
        }
    }

    /// Far values apart, and bins over the others.
    static func numbers(_ values: [Double], areTargets: Bool = false) -> DataOverview.Numbers {
        let far = FarValues.Middle(values).map { FarValues.places(in: values, $0, areTargets: areTargets) } ?? []
        guard !far.isEmpty else { return DataOverview.Numbers(bins: bins(values), outliers: nil) }
        let places = Set(far)
        let outliers = far.map { values[$0] }
        return DataOverview.Numbers(
            bins: bins(values.indices.filter { !places.contains($0) }.map { values[$0] }),
            outliers: DataOverview.Outliers(
                count: far.count,
                least: outliers.min() ?? 0,
                greatest: outliers.max() ?? 0
            )
        )
    }
}
