import SweepNumerics

/// How far a point of a front is from its neighbours: where points are sparse, a front is little known.
package enum CrowdingDistance {
    /// Of each of `points`, which are of one front: over the costs the sum of the distance between the neighbours on both sides, as a
    /// share of the front's range; infinite for the ends.
    ///
    /// Of equal costs the earlier point comes first. O(n log n) for each cost.
    /// Source: Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE Trans. Evol.
    /// Comput. 6(2), 2002, section III-B.
    package static func distances(_ points: [[Double]]) -> [Double] {
        var distances = Array(repeating: 0.0, count: points.count)
        for axis in (points.first ?? []).indices {
            let order = points.indices.sorted { (points[$0][axis], $0) < (points[$1][axis], $1) }
            guard let first = order.first, let last = order.last else { continue }
            let range = points[last][axis] - points[first][axis]
            // Where all are equal nobody is at an end.
            guard range > 0, range.isFinite else { continue }
            distances[first] = .infinity
            distances[last] = .infinity
            for place in order.indices.dropFirst().dropLast() {
                distances[order[place]] += (points[order[place + 1]][axis] - points[order[place - 1]][axis]) / range
            }
        }
        return distances
    }
}
