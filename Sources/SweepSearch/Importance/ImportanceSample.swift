package import SweepCore
import SweepNumerics

/// The results of a sweep as a regression: points of the space's box and their costs.
///
/// Repeats of a configuration are one point with their mean. Costs far out are brought to a bound that lies as far
/// above the third quartile of the finite ones as the least lies below it: a diverged run would be all the variance there is. (The
/// distance of the quartiles, as in Tukey's fences, is no measure: it is nothing where half of the results are equal.) A result without a number costs as
/// much as the worst that has one.
package struct ImportanceSample: Sendable {
    /// The axes on which there is something to choose, in the space's order.
    let axes: [SearchAxis]
    /// For each axis the coordinate of each point; NaN where it is inactive.
    let columns: [[Double]]
    /// The cost of each point: less is better, all finite.
    let costs: [Double]
    /// How many points stand at the bound, those without a number among them.
    package let bounded: Int

    /// How many points there are.
    package var count: Int { costs.count }

    /// The sample of `results`, configurations of `space` with costs on the scale of `Objective.cost`.
    package init(space: SearchSpace, results: [(configuration: Configuration, cost: Double)]) {
        let box = SearchBox(space)
        let free = box.free
        axes = free.map { box.axes[$0] }
        var places: [ConfigurationID: Int] = [:]
        var points: [[Double]] = []
        var sums: [(cost: Double, count: Double)] = []
        for result in results {
            let id = result.configuration.id
            if let place = places[id] {
                sums[place].cost += result.cost
                sums[place].count += 1
            } else {
                places[id] = points.count
                let point = box.point(of: result.configuration)
                points.append(free.map { point[$0] })
                sums.append((result.cost, 1))
            }
        }
        columns = free.indices.map { axis in points.map { $0[axis] } }
        let means = sums.map { $0.cost / $0.count }
        let finite = means.filter(\.isFinite).sorted()
        var bound = finite.last ?? 0
        if let least = finite.first, let third = Quantiles.linear(sorted: finite, 0.75), third > least {
            bound = min(bound, third + (third - least))
        }
        costs = means.map { $0.isFinite ? min($0, bound) : bound }
        bounded = means.count { !$0.isFinite || $0 > bound }
    }

    private init(axes: [SearchAxis], columns: [[Double]], costs: [Double], bounded: Int) {
        self.axes = axes
        self.columns = columns
        self.costs = costs
        self.bounded = bounded
    }

    /// Whether any point has a value on both axes.
    func haveBoth(_ first: Int, _ second: Int) -> Bool {
        zip(columns[first], columns[second]).contains { !$0.isNaN && !$1.isNaN }
    }

    /// At most `limit` of the points, drawn by `stream`; all when there are no more.
    func thinned(to limit: Int, _ stream: inout RandomStream) -> ImportanceSample {
        guard count > limit else { return self }
        var rows = Array(costs.indices)
        stream.shuffle(&rows)
        let kept = rows.prefix(limit).sorted()
        return ImportanceSample(
            axes: axes,
            columns: columns.map { column in kept.map { column[$0] } },
            costs: kept.map { costs[$0] },
            bounded: bounded
        )
    }

    /// The points in order of cost, equal ones in their own order.
    var order: [Int] { costs.indices.sorted { (costs[$0], $0) < (costs[$1], $1) } }
}

extension SearchAxis {
    /// How many options an axis of options has; nil for one of numbers.
    var options: Int? { isCategorical ? count : nil }
}
