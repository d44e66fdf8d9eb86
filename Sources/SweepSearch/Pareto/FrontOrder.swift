/// Trials in the order in which they go on where several costs are compared.
///
/// By their front; within one so that those named first are spread over it (an ε-net): the best of the first cost, then always the
/// one that is furthest from all that are named, with each cost on the scale of its range in the front. Of equal ones the lower number.
/// Those that have gone on already are named before the others of their front: every result moves the net, and without that nearly all
/// of a front would go on one after another, each when it is its turn to be far from the rest.
/// Costs: those of `ParetoFronts`, and O(named · front) within a front.
/// Source: Schmucker, Donini, Zafar, Salinas and Archambeau, "Multi-objective asynchronous successive halving",
/// arXiv:2106.12639, section 3.
package enum FrontOrder {
    /// The first `count` of `results` (finite costs), best first; all when nil. `gone` have gone on already.
    package static func order(
        _ results: [(trial: Int, costs: [Double])],
        first count: Int? = nil,
        gone: Set<Int> = []
    ) -> [Int] {
        let count = min(count ?? results.count, results.count)
        var order: [Int] = []
        for group in ParetoFronts.groups(results.map(\.costs)) {
            guard order.count < count else { break }
            order += spread(group.map { results[$0] }, first: count - order.count, gone: gone)
        }
        return order
    }

    /// How many of `results` dominate each of them: as many places, at least, come before it whatever comes later.
    package static func dominators(_ results: [(trial: Int, costs: [Double])]) -> [Int] {
        results.map { own in results.count { ParetoFronts.dominates($0.costs, own.costs) } }
    }

    private static func spread(
        _ front: [(trial: Int, costs: [Double])],
        first count: Int,
        gone: Set<Int>
    ) -> [Int] {
        guard let axes = front.first?.costs.indices else { return [] }
        let scales = axes.map { axis in
            let (low, high) = (front.map { $0.costs[axis] }.min() ?? 0, front.map { $0.costs[axis] }.max() ?? 0)
            return high > low && (high - low).isFinite ? 1 / (high - low) : 0
        }
        func distance(_ a: [Double], _ b: [Double]) -> Double {
            var sum = 0.0
            for axis in axes where scales[axis] > 0 {
                let difference = (a[axis] - b[axis]) * scales[axis]
                sum += difference * difference
            }
            return sum
        }
        var left = front.sorted { ($0.costs[0], $0.trial) < ($1.costs[0], $1.trial) }
        let before = left.filter { gone.contains($0.trial) }
        left.removeAll { gone.contains($0.trial) }
        var nearest = left.map { own in before.map { distance(own.costs, $0.costs) }.min() ?? .infinity }
        var named = before.prefix(count).map(\.trial)
        while named.count < count, !left.isEmpty {
            var next = 0
            for place in left.indices {
                let isFurther = nearest[place] > nearest[next]
                if isFurther
                    || (nearest[place] == nearest[next] && !named.isEmpty && left[place].trial < left[next].trial)
                {
                    next = place
                }
            }
            let chosen = left.remove(at: next)
            nearest.remove(at: next)
            named.append(chosen.trial)
            for place in left.indices {
                nearest[place] = min(nearest[place], distance(left[place].costs, chosen.costs))
            }
        }
        return named
    }
}
