/// How two series go together.
package enum Association {
    /// Pearson's correlation; nil below three pairs, when one is not finite or one series does not vary.
    package static func pearson(_ a: [Double], _ b: [Double]) -> Double? {
        guard a.count == b.count, a.count > 2, a.allSatisfy(\.isFinite), b.allSatisfy(\.isFinite) else { return nil }
        let (means, count) = ((Moments(of: a).mean, Moments(of: b).mean), Double(a.count))
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            ab += (x - means.0) * (y - means.1)
            aa += (x - means.0) * (x - means.0)
            bb += (y - means.1) * (y - means.1)
        }
        // A constant series leaves rounding errors only.
        let tiny = 1e-24 * count
        guard aa > tiny * means.0 * means.0, bb > tiny * means.1 * means.1, aa > 0, bb > 0 else { return nil }
        return min(1, max(-1, ab / (aa.squareRoot() * bb.squareRoot())))
    }

    /// Spearman's rank correlation, equal values sharing their mean rank; nil as for `pearson`.
    package static func spearman(_ a: [Double], _ b: [Double]) -> Double? {
        guard a.count == b.count, a.allSatisfy(\.isFinite), b.allSatisfy(\.isFinite) else { return nil }
        return pearson(ranks(a), ranks(b))
    }

    /// The ranks from 1, equal values sharing their mean.
    package static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
            start = end + 1
        }
        return ranks
    }

    /// The correlation of a series with itself `lag` later, after its mean is taken off; nil where fewer than three pairs or no
    /// variance are left.
    package static func autocorrelation(_ values: [Double], lag: Int) -> Double? {
        guard lag > 0, values.count > lag + 2 else { return nil }
        return pearson(Array(values.dropLast(lag)), Array(values.dropFirst(lag)))
    }

    /// The two-sample Kolmogorov–Smirnov statistic: the greatest distance of the empirical distributions, and its p.
    ///
    /// p by Kolmogorov's series with Stephens' correction (JRSS B 32, 1970), good from about eight values a side; nil when a
    /// side is empty or holds a NaN.
    package static func kolmogorovSmirnov(_ a: [Double], _ b: [Double]) -> (distance: Double, p: Double)? {
        guard !a.isEmpty, !b.isEmpty, !a.contains(where: \.isNaN), !b.contains(where: \.isNaN) else { return nil }
        let (a, b) = (a.sorted(), b.sorted())
        var (i, j, distance) = (0, 0, 0.0)
        while i < a.count, j < b.count {
            let value = min(a[i], b[j])
            while i < a.count, a[i] == value { i += 1 }
            while j < b.count, b[j] == value { j += 1 }
            distance = max(distance, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
        }
        let size = (Double(a.count) * Double(b.count) / Double(a.count + b.count)).squareRoot()
        let scaled = (size + 0.12 + 0.11 / size) * distance
        guard scaled > 0.2 else { return (distance, 1) }
        var p = 0.0
        for term in 1...100 {
            let value = 2 * Elementary.exp(-2 * Double(term * term) * scaled * scaled)
            p += term % 2 == 1 ? value : -value
            if value < 1e-12 { break }
        }
        return (distance, min(1, max(0, p)))
    }

    /// Cramér's V of a table of counts, 0 (independent) to 1; nil when a margin leaves nothing to compare.
    package static func cramersV(_ table: [[Int]]) -> Double? {
        let rows = table.map { $0.reduce(0, +) }
        let width = table.map(\.count).max() ?? 0
        let columns = (0..<width).map { column in table.reduce(0) { $0 + (column < $1.count ? $1[column] : 0) } }
        let total = Double(rows.reduce(0, +))
        let degrees = min(rows.count { $0 > 0 }, columns.count { $0 > 0 }) - 1
        guard degrees > 0, total > 0 else { return nil }
        var square = 0.0
        for (row, counts) in table.enumerated() {
            for column in 0..<width where rows[row] > 0 && columns[column] > 0 {
                let expected = Double(rows[row]) * Double(columns[column]) / total
                let found = Double(column < counts.count ? counts[column] : 0)
                square += (found - expected) * (found - expected) / expected
            }
        }
        return min(1, (square / (total * Double(degrees))).squareRoot())
    }
}

extension Quantiles {
    /// 1.4826 times the median distance from the median: the standard deviation of normal values, whatever a few others are.
    ///
    /// Nil when there is no value.
    package static func robustDeviation(_ values: [Double]) -> (median: Double, deviation: Double)? {
        guard let middle = median(values), let spread = median(values.map { abs($0 - middle) }) else { return nil }
        return (middle, 1.4826 * spread)
    }
}
