package import SweepCore
import SweepNumerics

/// Bayesian optimisation: a Gaussian process over the results, and the proposal with the greatest expected improvement.
///
/// - **Kernel:** Matérn 5/2 with a length scale for each parameter (`MaternKernel`), of greatest posterior density
///   (`KernelFit`): fitted anew at each result up to 24 of them, then whenever there are 6 % more. A fit is a function of the
///   results at that moment alone.
/// - **Values:** above the median they are drawn in by a logarithm, so that a few very bad results do not flatten the rest;
///   what is not finite counts as the worst. In a pruned sweep: the results at the highest rung with enough of them.
/// - **Many results:** of more than 200, the 120 best and 80 spread evenly over the places of the others.
/// - **Pending:** each is added as if it came out at its mean (the kriging believer), in their order.
/// - **Proposal:** the best of 512 points, drawn evenly and around the best results; from the first five and the best
///   results so far a climb along the gradient in the real axes, and value by value in the counted ones and choices.
///
/// - **Priors:** where something is believed of a parameter, what is climbed is log EI + β/n log π, n the results and π the density that is
///   believed over an even one: the belief leads while little is known, and fades as results come. One in four points is drawn evenly
///   all the same, so that a wrong belief does not hide the rest (πBO: Hvarfner et al., ICLR 2022, arXiv:2204.11051). An option of
///   weight 0 is worth nothing.
///
/// Of several objectives each proposal weighs them anew (`Scalarisation`): the process is of the weighed costs (ParEGO: Knowles, IEEE
/// Trans. Evol. Comput. 10(1), 2006). There are so few weights that a kernel is fitted once for each of them, when it is asked for.
///
/// Before ten results, points of a scrambled Sobol' sequence. Nothing is proposed twice.
/// Cost at 10 parameters and 1,000 results: see Benchmarks. Source: Jones, Schonlau & Welch, "Efficient global optimization of
/// expensive black-box functions", J. Global Optim. 13, 1998; log EI as in `ExpectedImprovement`.
package struct GPSearcher: Searcher {
    private static let startup = 10
    private static let greatestFit = 120
    private static let bestKept = 120
    private static let spreadKept = 80
    private static let candidates = 512
    private static let starts = 5
    /// β: how many results a prior is worth, so to say.
    private static let priorWeight = 10.0

    private let seed: UInt64
    private let box: SearchBox
    private let free: [Int]
    private let isCategorical: [Bool]
    private let hasPriors: Bool
    private var history: SearchHistory
    private var novelty: Novelty
    private var begin: SequenceSearcher<SobolSequence>
    private let objectives: Int
    /// The results at the last count at which a kernel is fitted, and by weights the kernels that were asked for.
    private var fitted: (results: [Costs], kernels: [[Double]: MaternKernel])?
    private var nextFit = Self.startup

    /// Points and standardised values to learn from; less is better.
    private struct Data: Sendable {
        var points: [[Double]] = []
        var values: [Double] = []
        var rows: [Int] = []
    }

    /// What a row came to: one cost of each objective.
    private typealias Costs = (row: Int, costs: [Double])

    /// Starts over `space` with the sweep's seed; every proposal meets `constraints`. Results have so many `objectives`.
    package init(space: SearchSpace, seed: UInt64, constraints: [Constraint] = [], objectives: Int = 1) {
        self.seed = seed
        self.objectives = objectives
        box = SearchBox(space)
        free = box.free
        isCategorical = box.free.map { [box] in box.axes[$0].isCategorical }
        hasPriors = !box.believed.isEmpty
        history = SearchHistory(box: box)
        novelty = Novelty(space: space, box: box, constraints: constraints)
        begin = SequenceSearcher(space: space, seed: seed, constraints: constraints)
    }

    package var ignoresResults: Bool { false }

    package var total: Int? { novelty.total }

    package mutating func proposed(number: Int, configuration: Configuration) {
        if history.add(number: number, configuration: configuration) { novelty.add(configuration) }
    }

    package mutating func observe(number: Int, objective cost: Double, epoch: Int) {
        observe(number: number, costs: [cost], epoch: epoch)
    }

    package mutating func observe(number: Int, costs: [Double], epoch: Int) {
        guard history.add(number: number, costs: costs, epoch: epoch) != nil else { return }
        let count = history.finished.count
        guard count >= nextFit else { return }
        fitted = (compared(), [:])
        nextFit = count + (count < 24 ? 1 : max(1, count * 6 / 100))
    }

    package mutating func propose(number: Int) -> Configuration? {
        guard number >= 0 else { return nil }
        if let known = history.configuration(number: number) { return known }
        return proposal(number: number)?.configuration
    }

    package mutating func reason(number: Int) -> ProposalReason { proposal(number: number)?.reason ?? .independent }

    private mutating func proposal(number: Int) -> (configuration: Configuration, reason: ProposalReason)? {
        if novelty.isExhausted { return nil }
        var stream = RandomStream(key: proposalKey(seed: seed, number: number))
        let weights = objectives > 1 ? Scalarisation.weights(of: objectives, &stream) : []
        guard let kernel = kernel(weights) else {
            let needed = ProposalReason.startup(results: history.finished.count, needed: Self.startup)
            // Numbers that were brought left out points of the beginning: an option of weight 0 comes after all that is new.
            if let first = begin.propose(number: number), novelty.admits(first),
                !box.isRuledOut(box.point(of: first))
            {
                return (first, needed)
            }
            return novelty.draw(&stream).map { ($0, needed) }
        }
        let data = data(compared(), weights, limit: Self.bestKept + Self.spreadKept)
        let pending = history.results.indices.filter { history.results[$0].isEmpty }
        guard
            var process = GaussianProcess(
                kernel: kernel,
                points: data.points,
                values: data.values,
                room: pending.count
            )
        else { return novelty.draw(&stream).map { ($0, .independent) } }
        for row in pending { process.believe(embedded(history.point(row))) }
        let power = hasPriors ? Self.priorWeight / Double(max(1, history.finished.count)) : 0
        guard let found = best(process, data, priorPower: power, &stream) else {
            return novelty.draw(&stream).map { ($0, .independent) }
        }
        let (mean, variance) = process.predict(embedded(box.point(of: found.configuration)))
        let reason = ProposalReason.improvement(
            results: data.rows.count,
            pending: pending.count,
            mean: mean,
            deviation: variance.squareRoot(),
            incumbent: data.values.min() ?? 0,
            logImprovement: hasPriors
                ? ExpectedImprovement.log(mean: mean, variance: variance, below: data.values.min() ?? 0).value
                : found.score,
            priorPower: hasPriors ? power : nil
        )
        return (found.configuration, reason)
    }

    private mutating func kernel(_ weights: [Double]) -> MaternKernel? {
        guard let fitted, !free.isEmpty, fitted.results.count >= 2 else { return nil }
        if let kernel = fitted.kernels[weights] { return kernel }
        let data = data(fitted.results, weights, limit: Self.greatestFit)
        let kernel = KernelFit.fit(points: data.points, values: data.values, isCategorical: isCategorical)
        self.fitted?.kernels[weights] = kernel
        return kernel
    }

    // MARK: Data

    /// The coordinates of the free axes; an inactive one stands in the middle, or at an option of its own.
    private func embedded(_ point: [Double]) -> [Double] {
        free.map { axis in
            if !point[axis].isNaN { return point[axis] }
            return box.axes[axis].isCategorical ? -1 : 0.5
        }
    }

    /// The results that are compared with each other: those at the highest rung with enough of them.
    private func compared() -> [Costs] {
        let enough = max(Self.startup, 2 * free.count)
        let rung = history.highestRung(with: enough)
        return history.finished.sorted().compactMap { row in
            let result = history.results[row].last { rung == nil || $0.epoch == rung }
            return result.map { (row, $0.costs) }
        }
    }

    /// What is learned from `results`: from their costs, or from what several come to by `weights`.
    private func data(_ results: [Costs], _ weights: [Double], limit: Int) -> Data {
        let single = objectives > 1 ? Scalarisation.costs(results.map(\.costs), weights) : results.map { $0.costs[0] }
        let costs = zip(results, single).map { (row: $0.0.row, cost: $0.1) }
        let values = Self.drawnIn(costs.map(\.cost))
        var chosen = Array(costs.indices)
        if chosen.count > limit {
            let ranked = costs.indices.sorted { (costs[$0].cost, $0) < (costs[$1].cost, $1) }
            let kept = limit * Self.bestKept / (Self.bestKept + Self.spreadKept)
            let others = ranked[kept...]
            chosen = Array(ranked[..<kept])
            let spread = limit - kept
            for place in 0..<spread { chosen.append(others[others.startIndex + place * others.count / spread]) }
            chosen.sort()
        }
        var data = Data()
        data.rows = chosen.map { costs[$0].row }
        data.points = data.rows.map { embedded(history.point($0)) }
        data.values = Self.standardised(chosen.map { values[$0] })
        return data
    }

    /// Costs on a scale that a few bad ones do not stretch: m + s log(1 + (c - m)/s) above the median m, with s the distance
    /// from the least to it; what is not finite is the greatest.
    private static func drawnIn(_ costs: [Double]) -> [Double] {
        let finite = costs.filter(\.isFinite).sorted()
        guard let least = finite.first, let greatest = finite.last else { return costs.map { _ in 0 } }
        let median = finite[finite.count / 2]
        let scale = max(median - least, 1e-12 * max(abs(least), abs(median)), 1e-300)
        return costs.map { cost in
            let cost = cost.isFinite ? cost : greatest
            guard cost > median, scale.isFinite else { return scale.isFinite ? cost : 0 }
            let share = cost / scale - median / scale
            return median + scale * Elementary.log(1 + min(share, 1e300))
        }
    }

    private static func standardised(_ values: [Double]) -> [Double] {
        let largest = values.reduce(0) { max($0, abs($1)) }
        guard largest > 0, largest.isFinite else { return values.map { _ in 0 } }
        let scaled = values.map { $0 / largest }
        let mean = scaled.reduce(0, +) / Double(scaled.count)
        var squares = 0.0
        for value in scaled { squares += (value - mean) * (value - mean) }
        let deviation = (squares / Double(scaled.count)).squareRoot()
        guard deviation > 1e-14 else { return values.map { _ in 0 } }
        return scaled.map { ($0 - mean) / deviation }
    }

    // MARK: The proposal

    private func best(_ process: GaussianProcess, _ data: Data, priorPower: Double, _ stream: inout RandomStream)
        -> (configuration: Configuration, score: Double)?
    {
        guard let threshold = data.values.min() else { return nil }
        let ranked = data.values.indices.sorted { (data.values[$0], $0) < (data.values[$1], $1) }
        let leaders = ranked.prefix(4).map { box.completed(history.point(data.rows[$0])) }
        func score(_ point: [Double]) -> Double {
            let (mean, variance) = process.predict(embedded(point))
            let improvement = ExpectedImprovement.log(mean: mean, variance: variance, below: threshold).value
            return priorPower > 0 ? improvement + priorPower * box.logPrior(at: point) : improvement
        }
        var points: [(point: [Double], score: Double)] = []
        for index in 0..<Self.candidates {
            let point =
                index % 4 == 3
                ? moved(leaders[index / 4 % leaders.count], &stream)
                : box.randomPoint(&stream, evenly: index % 4 == 1)
            points.append((point, score(point)))
        }
        let order = points.indices.sorted {
            points[$0].score != points[$1].score ? points[$0].score > points[$1].score : $0 < $1
        }
        var climbed: [(point: [Double], score: Double)] = []
        for place in order.prefix(Self.starts) {
            climbed.append(climb(points[place].point, points[place].score, process, threshold, priorPower, score))
        }
        for leader in leaders.prefix(2) {
            climbed.append(climb(leader, score(leader), process, threshold, priorPower, score))
        }
        climbed.sort { $0.score > $1.score }
        for (point, score) in climbed where score > -.infinity {
            let configuration = box.configuration(at: point)
            if novelty.admits(configuration) { return (configuration, score) }
        }
        for place in order where !box.isRuledOut(points[place].point) {
            let configuration = box.configuration(at: points[place].point)
            if novelty.admits(configuration) { return (configuration, points[place].score) }
        }
        return nil
    }

    /// A point near `point`: each active axis a little, or, one in ten, anywhere.
    private func moved(_ point: [Double], _ stream: inout RandomStream) -> [Double] {
        var point = point
        let width = Elementary.exp(-4 * stream.uniform()) * 0.3
        for index in free where !point[index].isNaN {
            let axis = box.axes[index]
            if axis.isCategorical {
                if stream.below(10) == 0 { point[index] = axis.draw(&stream) }
            } else {
                point[index] = min(max(point[index] + width * stream.normal(), 0), 1)
            }
        }
        return box.completed(point) { box.axes[$0].draw(&stream) }
    }

    /// The top of the hill on which `start` stands: turns of a climb in the reals and of trying each other axis's values.
    private func climb(
        _ start: [Double],
        _ startScore: Double,
        _ process: GaussianProcess,
        _ threshold: Double,
        _ priorPower: Double,
        _ score: ([Double]) -> Double
    ) -> (point: [Double], score: Double) {
        var point = start
        var value = startScore
        for _ in 0..<4 {
            let before = value
            let reals = free.indices.filter { box.axes[free[$0]].count == nil && !point[free[$0]].isNaN }
            // What is believed of the axes that stay where they are; with an option of weight 0 no climb is of use.
            let rest = priorPower > 0 ? box.logPrior(at: excepting(reals, of: point)) : 0
            if !reals.isEmpty, rest > -.infinity {
                var minimizer = BoundedMinimizer(
                    low: Array(repeating: 0, count: reals.count),
                    high: Array(repeating: 1, count: reals.count)
                )
                minimizer.evaluations = 40
                minimizer.tolerance = 1e-3
                var at = embedded(point)
                let found = minimizer.minimize(from: reals.map { point[free[$0]] }) { coordinates, gradient in
                    for (place, axis) in reals.enumerated() { at[axis] = coordinates[place] }
                    let (mean, variance, byMean, byVariance) = process.predict(at, slopesOf: reals)
                    let improvement = ExpectedImprovement.log(mean: mean, variance: variance, below: threshold)
                    for place in reals.indices {
                        gradient[place] =
                            -(improvement.byMean * byMean[place] + improvement.byVariance * byVariance[place])
                    }
                    guard priorPower > 0 else { return -improvement.value }
                    var believed = rest
                    for (place, axis) in reals.enumerated() {
                        guard let prior = box.axes[free[axis]].prior else { continue }
                        believed += prior.logDensity(at: coordinates[place])
                        gradient[place] -= priorPower * prior.slope(at: coordinates[place])
                    }
                    return -improvement.value - priorPower * believed
                }
                if -found.value > value {
                    for (place, axis) in reals.enumerated() { point[free[axis]] = found.point[place] }
                    value = -found.value
                }
            }
            guard reals.count < free.count else { break }
            for index in free where box.axes[index].count != nil && !point[index].isNaN {
                for coordinate in neighbours(point[index], box.axes[index]) {
                    var other = point
                    other[index] = coordinate
                    other = box.completed(other)
                    let own = score(other)
                    if own > value {
                        point = other
                        value = own
                    }
                }
            }
            if value <= before + 1e-6 { break }
        }
        return (point, value)
    }

    /// `point` without the coordinates of `reals`, which are places among the free axes.
    private func excepting(_ reals: [Int], of point: [Double]) -> [Double] {
        var point = point
        for place in reals { point[free[place]] = .nan }
        return point
    }

    /// All values of an axis of few; of many, those 1, 2, 4, … cells away.
    private func neighbours(_ coordinate: Double, _ axis: SearchAxis) -> [Double] {
        let count = axis.count ?? 1
        if axis.isCategorical || count <= 16 { return (0..<count).map(axis.coordinate(ofValue:)) }
        let cell = axis.cell(around: coordinate)
        var found: [Double] = []
        var step = cell.high - cell.low
        while step < 1 {
            for sign in [-1.0, 1] {
                let other = axis.snapped(min(max(coordinate + sign * step, 0), 1))
                if other != coordinate { found.append(other) }
            }
            step *= 2
        }
        return found
    }
}
