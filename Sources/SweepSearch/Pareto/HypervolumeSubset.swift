/// A few points of a front that dominate as much volume together as so few can.
///
/// All points have two or three finite costs. The volume is measured up to the worst of each cost and a tenth of its range beyond, so
/// that the ends of a front count too, and no unit matters.
package enum HypervolumeSubset {
    /// The places of `count` points that dominate much together, in the order of their choice: each adds the most to those before; of
    /// equal ones the first. The volume is at least 1 − 1/e of the greatest.
    ///
    /// What a point adds only falls as others are chosen, so that few are looked at again: about `count` · log n volumes beyond the
    /// first n. Source: Guerreiro, Fonseca and Paquete, "Greedy hypervolume subset selection in low dimensions", Evol. Comput. 24(3),
    /// 2016.
    package static func choose(_ points: [[Double]], count: Int) -> [Int] {
        guard count < points.count else { return Array(points.indices) }
        let scaled = scaled(points)
        let reference = Array(repeating: 1.1, count: scaled.first?.count ?? 0)
        var gains = scaled.map { ParetoFronts.hypervolume([$0], reference: reference) }
        var left = Array(scaled.indices)
        var chosen: [Int] = []
        var volume = 0.0
        while chosen.count < count {
            // The greatest bound whose gain is known of these.
            var known = Set<Int>()
            var best: Int?
            while let next = left.max(by: { (gains[$0], -$0) < (gains[$1], -$1) }) {
                if chosen.isEmpty || known.contains(next) {
                    best = next
                    break
                }
                let with = ParetoFronts.hypervolume((chosen + [next]).map { scaled[$0] }, reference: reference)
                gains[next] = max(0, with - volume)
                known.insert(next)
            }
            guard let best else { break }
            volume += gains[best]
            chosen.append(best)
            left.removeAll { $0 == best }
        }
        return chosen
    }

    /// Each cost as a share of its range; of one value 0.
    private static func scaled(_ points: [[Double]]) -> [[Double]] {
        guard let axes = points.first?.indices else { return [] }
        let bounds = axes.map { axis in
            points.reduce((low: Double.infinity, high: -Double.infinity)) {
                (low: min($0.low, $1[axis]), high: max($0.high, $1[axis]))
            }
        }
        return points.map { point in
            axes.map { axis in
                let (low, high) = bounds[axis]
                // Halved, as the range itself may be beyond what a number holds.
                let half = high / 2 - low / 2
                return half > 0 ? (point[axis] / 2 - low / 2) / half : 0
            }
        }
    }
}
