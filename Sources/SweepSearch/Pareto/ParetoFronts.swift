/// Which points are best where several costs count, each of which is better when it is less.
///
/// Pure and deterministic. All costs are finite, and all points have as many, two or three.
package enum ParetoFronts {
    /// Whether `a` is nowhere worse than `b` and somewhere better.
    package static func dominates(_ a: [Double], _ b: [Double]) -> Bool {
        var better = false
        for (x, y) in zip(a, b) {
            if x > y { return false }
            if x < y { better = true }
        }
        return better
    }

    /// The front of each point, from 1: of the first are those that no point dominates, of the next those that only points of the
    /// fronts before dominate. Equal points are of one front.
    ///
    /// O(n log n) for two costs; for three O(n · log(fronts) · points of a front).
    /// Source: Zhang, Tian, Cheng and Jin 2015, "An efficient approach to nondominated sorting", ENS-BS: in lexicographic order a point
    /// is dominated only by points before it, and where a point of one front dominates it, so does one of each front before.
    package static func fronts(_ points: [[Double]]) -> [Int] {
        let order = points.indices.sorted { first, second in
            for (x, y) in zip(points[first], points[second]) where x != y { return x < y }
            return first < second
        }
        var fronts: [[Int]] = []
        var result = [Int](repeating: 0, count: points.count)
        for index in order {
            let point = points[index]
            var (low, high) = (0, fronts.count)
            while low < high {
                let middle = (low + high) / 2
                // Of two costs the newest of a front has the least second one.
                let isDominated =
                    point.count == 2
                    ? fronts[middle].last.map { dominates(points[$0], point) } ?? false
                    : fronts[middle].reversed().contains { dominates(points[$0], point) }
                if isDominated { low = middle + 1 } else { high = middle }
            }
            if low == fronts.count { fronts.append([]) }
            fronts[low].append(index)
            result[index] = low + 1
        }
        return result
    }

    /// The places of the points by their fronts, the first front first; in each front ascending.
    package static func groups(_ points: [[Double]]) -> [[Int]] {
        let fronts = fronts(points)
        var groups = Array(repeating: [Int](), count: fronts.max() ?? 0)
        for (place, front) in fronts.enumerated() { groups[front - 1].append(place) }
        return groups
    }

    /// The volume that the points dominate below `reference`, in the product of the costs' units; 0 of none.
    ///
    /// Source: Zitzler and Thiele 1998, there "size of the space covered"; exact, by slices along the last cost. O(n log n) for two
    /// costs, O(n² log n) for three.
    package static func hypervolume(_ points: [[Double]], reference: [Double]) -> Double {
        let inside = points.filter { point in zip(point, reference).allSatisfy { $0.0 < $0.1 } }
        return volume(inside, reference, costs: reference.count)
    }

    private static func volume(_ points: [[Double]], _ reference: [Double], costs: Int) -> Double {
        let axis = costs - 1
        guard !points.isEmpty else { return 0 }
        guard axis > 1 else { return area(points, reference, costs: costs) }
        let sorted = points.sorted { $0[axis] < $1[axis] }
        var total = 0.0
        for index in sorted.indices {
            let end = index + 1 < sorted.count ? sorted[index + 1][axis] : reference[axis]
            let height = end - sorted[index][axis]
            guard height > 0 else { continue }
            total += height * volume(Array(sorted[...index]), reference, costs: axis)
        }
        return total
    }

    /// The volume by the first two costs, or the first alone.
    private static func area(_ points: [[Double]], _ reference: [Double], costs: Int) -> Double {
        guard costs == 2 else { return reference[0] - (points.map { $0[0] }.min() ?? reference[0]) }
        var total = 0.0
        var floor = reference[1]
        for point in points.sorted(by: { ($0[0], $0[1]) < ($1[0], $1[1]) }) where point[1] < floor {
            total += (reference[0] - point[0]) * (floor - point[1])
            floor = point[1]
        }
        return total
    }
}
