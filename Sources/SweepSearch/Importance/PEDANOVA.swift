import SweepNumerics

/// How much a parameter's values among the best differ from its values among all: what matters for being among the best.
///
/// The Pearson divergence of two densities on a grid, ∫ q (p/q - 1)², of the best tenth (p) and of all (q). Unlike a share of the
/// variance it does not see what only makes bad results worse. Source: Watanabe, Bansal & Hutter, "PED-ANOVA: Efficiently
/// Quantifying Hyperparameter Importance in Arbitrary Subspaces", IJCAI 2023, equation 16; bandwidths by Scott's rule as there.
struct PEDANOVA: Sendable {
    /// Of each axis, together 1; all nil when the best do not differ from the others anywhere.
    let shares: [Double?]

    /// The best of them that are looked at, and at least `leastBest`.
    static let bestShare = 0.1
    private static let leastBest = 2
    /// Cells of the grid on an axis whose values are not counted, or are more than these.
    private static let steps = 50

    /// How many of `count` points are the best.
    static func best(of count: Int) -> Int {
        min(count, max(leastBest, Int((bestShare * Double(count)).rounded(.up))))
    }

    init(_ sample: ImportanceSample) {
        let best = sample.order.prefix(Self.best(of: sample.count))
        let divergences = sample.axes.indices.map { axis -> Double in
            let column = sample.columns[axis]
            let cells = min(sample.axes[axis].count ?? Self.steps, Self.steps)
            func place(_ row: Int) -> Int? {
                let coordinate = column[row]
                if coordinate.isNaN { return nil }
                if sample.axes[axis].isCategorical { return min(Int(coordinate), cells - 1) }
                // Ends of the range in the middle of the first and the last cell, as where a grid is laid from end to end.
                let counted = sample.axes[axis].count.map { $0 <= Self.steps } ?? false
                return counted
                    ? min(Int(coordinate * Double(cells)), cells - 1)
                    : Int((coordinate * Double(cells - 1)).rounded())
            }
            let top = best.compactMap(place)
            let all = column.indices.compactMap(place)
            let isCategorical = sample.axes[axis].isCategorical
            let p = Self.density(top, cells: cells, isCategorical: isCategorical)
            let q = Self.density(all, cells: cells, isCategorical: isCategorical)
            var sum = 0.0
            for cell in 0..<cells {
                let ratio = (p[cell] + 1e-12) / (q[cell] + 1e-12) - 1
                sum += (q[cell] + 1e-12) * ratio * ratio
            }
            return sum
        }
        let whole = divergences.reduce(0, +)
        shares = divergences.map { whole > 0 ? $0 / whole : nil }
    }

    /// The probabilities of cells: a kernel over each value and one over the whole range, all of one weight.
    private static func density(_ places: [Int], cells: Int, isCategorical: Bool) -> [Double] {
        var counts = Array(repeating: 0.0, count: cells)
        for place in places { counts[place] += 1 }
        let whole = Double(places.count) + 1
        if isCategorical {
            return counts.map { ($0 + 1 / Double(cells)) / whole }
        }
        var density = kernel(middle: 0.5 * Double(cells - 1), width: Double(cells), cells: cells).map { $0 / whole }
        guard !places.isEmpty else { return density }
        let width = max(bandwidth(places), 0.5 / 1.64)
        for (place, count) in counts.enumerated() where count > 0 {
            for (cell, mass) in kernel(middle: Double(place), width: width, cells: cells).enumerated() {
                density[cell] += count * mass / whole
            }
        }
        return density
    }

    /// A normal density's mass in each cell, within the range.
    private static func kernel(middle: Double, width: Double, cells: Int) -> [Double] {
        let masses = (0..<cells).map { cell in
            NormalDistribution.mass(
                from: (Double(cell) - 0.5 - middle) / width,
                to: (Double(cell) + 0.5 - middle) / width
            )
        }
        let whole = masses.reduce(0, +)
        return masses.map { $0 / whole }
    }

    /// Scott's rule, 1.059 n^(-1/5) times the lesser of the deviation and the distance of the quartiles over 1.34, in cells.
    private static func bandwidth(_ places: [Int]) -> Double {
        let sorted = places.sorted().map(Double.init)
        let deviation = Moments(of: sorted).sampleDeviation ?? 0
        let quartiles = sorted[min(sorted.count - 1, sorted.count * 3 / 4)] - sorted[max(0, sorted.count / 4 - 1)]
        let shrinking = Elementary.exp(-0.2 * Elementary.log(Double(sorted.count)))
        return 1.059 * min(quartiles / 1.34, deviation) * shrinking
    }
}
