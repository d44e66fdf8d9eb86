import SweepNumerics

/// Several costs as one: the augmented Tchebycheff function, by weights from a lattice.
///
/// With weights w (sum 1) and costs as shares of the range that was measured, max(w_i c_i) + 0.05 Σ w_i c_i: each point of a front is the
/// least for some weights, also in its hollows. Source: Knowles, "ParEGO", IEEE Trans. Evol. Comput. 10(1), 2006, section III.
package enum Scalarisation {
    /// Parts of the lattice: 11 weights of two objectives and 15 of three, as in the source.
    private static func parts(_ objectives: Int) -> Int { objectives == 2 ? 10 : 4 }

    /// Weights of two or three objectives, each as probable as any other.
    static func weights(of objectives: Int, _ stream: inout RandomStream) -> [Double] {
        let all = lattice(objectives)
        return all[stream.below(all.count)]
    }

    /// All weights that there are.
    package static func lattice(_ objectives: Int) -> [[Double]] {
        let parts = parts(objectives)
        var all: [[Int]] = [[]]
        for _ in 1..<max(1, objectives) {
            all = all.flatMap { begun in (0...(parts - begun.reduce(0, +))).map { begun + [$0] } }
        }
        return all.map { begun in (begun + [parts - begun.reduce(0, +)]).map { Double($0) / Double(parts) } }
    }

    /// The one cost of each of `points`; infinite for those of which a cost is not finite.
    package static func costs(_ points: [[Double]], _ weights: [Double]) -> [Double] {
        let finite = points.filter { $0.allSatisfy(\.isFinite) }
        let bounds = weights.indices.map { axis in
            finite.reduce((low: Double.infinity, high: -Double.infinity)) {
                (low: min($0.low, $1[axis]), high: max($0.high, $1[axis]))
            }
        }
        return points.map { point in
            guard point.allSatisfy(\.isFinite) else { return .infinity }
            var (greatest, sum) = (0.0, 0.0)
            for (axis, weight) in weights.enumerated() {
                let (low, high) = bounds[axis]
                // Halved, as the range itself may be beyond what a number holds.
                let half = high / 2 - low / 2
                let share = half > 0 ? weight * ((point[axis] / 2 - low / 2) / half) : 0
                greatest = max(greatest, share)
                sum += share
            }
            return greatest + 0.05 * sum
        }
    }
}
