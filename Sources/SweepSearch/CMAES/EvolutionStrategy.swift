package import SweepNumerics

/// The state of one run of CMA-ES: a normal distribution that moves towards good points.
///
/// Settings are those of the reference, negative weights included. Source: Hansen, "The CMA evolution strategy: a tutorial",
/// arXiv:1604.00772, table 1 and figure 6. For counted values the margin of Hamano et al., "CMA-ES with margin", GECCO 2022:
/// a deviation of each such axis's own, never so small that its value cannot change.
package struct EvolutionStrategy: Sendable {
    let dimensions: Int
    let population: Int
    package private(set) var generation = 0
    package private(set) var mean: [Double]
    private(set) var sigma: Double
    private var covariance: [Double]
    /// A factor of each axis's deviation: that of the beginning, which the margin changes.
    private var stretch: [Double]
    /// The mean of the factors of the beginning.
    private let meanStretch: Double
    private var pathSigma: [Double]
    private var pathC: [Double]
    /// Columns of B and the square roots of the eigenvalues, of the covariance.
    private var basis: [Double]
    private var roots: [Double]

    private let weights: [Double]
    private let parents: Int
    private let muEff: Double
    private let cSigma: Double
    private let damping: Double
    private let cC: Double
    private let c1: Double
    private let cMu: Double
    private let expectedNorm: Double
    /// The best costs of the last generations, for the end of a run.
    private var recent: [Double] = []

    /// Around `mean`, with deviation `sigma` on each axis, times its `stretch`; `population` points a generation (at least 4).
    package init(mean: [Double], sigma: Double, population: Int, stretch: [Double]? = nil) {
        let n = mean.count
        let d = Double(n)
        dimensions = n
        self.population = population
        self.mean = mean
        self.sigma = sigma
        let lambda = Double(population)
        let raw = (1...population).map { (rank: Int) -> Double in
            Elementary.log((lambda + 1) / 2) - Elementary.log(Double(rank))
        }
        let mu = population / 2
        func effective(_ values: ArraySlice<Double>) -> Double {
            var sum = 0.0
            var squares = 0.0
            for value in values {
                sum += value
                squares += value * value
            }
            return squares > 0 ? sum * sum / squares : 0
        }
        let muEff = effective(raw[..<mu])
        let muEffMinus = effective(raw[mu...])
        let c1 = 2 / ((d + 1.3) * (d + 1.3) + muEff)
        let cMu = min(1 - c1 - 1e-8, 2 * (muEff - 2 + 1 / muEff) / ((d + 2) * (d + 2) + muEff))
        let leastAlpha = min(
            1 + c1 / cMu,
            min(1 + 2 * muEffMinus / (muEff + 2), (1 - c1 - cMu) / (d * cMu))
        )
        let positive = raw.filter { $0 >= 0 }.reduce(0, +)
        let negative = -raw.filter { $0 < 0 }.reduce(0, +)
        weights = raw.map { $0 >= 0 ? $0 / positive : negative > 0 ? $0 * leastAlpha / negative : 0 }
        parents = mu
        self.muEff = muEff
        self.c1 = c1
        self.cMu = cMu
        cSigma = (muEff + 2) / (d + muEff + 5)
        damping = 1 + 2 * max(0, ((muEff - 1) / (d + 1)).squareRoot() - 1) + cSigma
        cC = (4 + muEff / d) / (d + 4 + 2 * muEff / d)
        expectedNorm = d.squareRoot() * (1 - 1 / (4 * d) + 1 / (21 * d * d))
        covariance = Array(repeating: 0, count: n * n)
        basis = covariance
        for axis in 0..<n {
            covariance[axis * n + axis] = 1
            basis[axis * n + axis] = 1
        }
        self.stretch = stretch ?? Array(repeating: 1, count: n)
        meanStretch = n > 0 ? self.stretch.reduce(0, +) / d : 1
        roots = Array(repeating: 1, count: n)
        pathSigma = Array(repeating: 0, count: n)
        pathC = pathSigma
    }

    /// A point of the distribution, not yet cut to any box.
    package func draw(_ stream: inout RandomStream) -> [Double] {
        let z = roots.map { $0 * stream.normal() }
        return (0..<dimensions).map { row in
            var sum = 0.0
            for column in 0..<dimensions { sum += basis[row * dimensions + column] * z[column] }
            return mean[row] + sigma * stretch[row] * sum
        }
    }

    /// How far a draw goes along a mean axis, covariance and margin left out: in generation 0 the mean of all deviations.
    package var stepSize: Double { sigma * meanStretch }

    /// The standard deviation on an axis.
    package func deviation(_ axis: Int) -> Double {
        sigma * stretch[axis] * covariance[axis * dimensions + axis].squareRoot()
    }

    /// Takes a generation, best first; costs decide of an end alone.
    package mutating func update(sorted points: [[Double]], best cost: Double, worst: Double) {
        let n = dimensions
        generation += 1
        let steps = points.map { point in
            (0..<n).map { (point[$0] - mean[$0]) / (sigma * stretch[$0]) }
        }
        var meanStep = Array(repeating: 0.0, count: n)
        for (index, step) in steps.prefix(parents).enumerated() {
            for axis in 0..<n { meanStep[axis] += weights[index] * step[axis] }
        }
        for axis in 0..<n { mean[axis] += sigma * stretch[axis] * meanStep[axis] }
        let whitened = whiten(meanStep)
        let keep = 1 - cSigma
        let push = (cSigma * (2 - cSigma) * muEff).squareRoot()
        var norm = 0.0
        for axis in 0..<n {
            pathSigma[axis] = keep * pathSigma[axis] + push * whitened[axis]
            norm += pathSigma[axis] * pathSigma[axis]
        }
        norm = norm.squareRoot()
        let rate = cSigma / damping * (norm / expectedNorm - 1)
        let age = 1 - Elementary.pow(keep, 2 * Double(generation + 1))
        let stalled = norm / age.squareRoot() >= (1.4 + 2 / (Double(n) + 1)) * expectedNorm
        let pushC = stalled ? 0 : (cC * (2 - cC) * muEff).squareRoot()
        for axis in 0..<n { pathC[axis] = (1 - cC) * pathC[axis] + pushC * meanStep[axis] }
        let lost = stalled ? cC * (2 - cC) : 0
        var sum = 0.0
        for weight in weights { sum += weight }
        let old = 1 + c1 * lost - c1 - cMu * sum
        var scaled = weights
        for (index, step) in steps.enumerated() where weights[index] < 0 {
            let length = whiten(step).reduce(0) { $0 + $1 * $1 }
            scaled[index] *= Double(n) / (length + 1e-12)
        }
        for row in 0..<n {
            for column in 0...row {
                var value = old * covariance[row * n + column] + c1 * pathC[row] * pathC[column]
                for (index, step) in steps.enumerated() { value += cMu * scaled[index] * step[row] * step[column] }
                covariance[row * n + column] = value
                covariance[column * n + row] = value
            }
        }
        sigma = min(sigma * Elementary.exp(min(1, rate)), 1e4)
        let eigen = SymmetricEigen(covariance, count: n)
        basis = eigen.vectors
        roots = eigen.values.map { max($0, 1e-20).squareRoot() }
        recent.append(cost)
        if recent.count > 10 + 30 * n / population { recent.removeFirst() }
        lastWorst = worst
    }

    private var lastWorst = Double.infinity

    /// C^-½ v.
    private func whiten(_ v: [Double]) -> [Double] {
        let n = dimensions
        var inner = Array(repeating: 0.0, count: n)
        for column in 0..<n {
            var sum = 0.0
            for row in 0..<n { sum += basis[row * n + column] * v[row] }
            inner[column] = sum / roots[column]
        }
        return (0..<n).map { row in
            var sum = 0.0
            for column in 0..<n { sum += basis[row * n + column] * inner[column] }
            return sum
        }
    }

    /// Keeps the probability of each tail beyond the cell around the mean of a counted axis at `least` or above.
    package mutating func keepMargin(_ axis: Int, cell: (low: Double, high: Double), least: Double) {
        let deviation = deviation(axis)
        guard deviation > 0, cell.high > cell.low else { return }
        mean[axis] = min(max(mean[axis], 0), 1)
        let hasLow = cell.low > 0
        let hasHigh = cell.high < 1
        let below = hasLow ? NormalDistribution.cumulative((cell.low - mean[axis]) / deviation) : 0
        let above = hasHigh ? NormalDistribution.upperTail((cell.high - mean[axis]) / deviation) : 0
        // How many deviations out the tail of probability `least` begins.
        let reach = Self.quantile(above: least)
        switch (hasLow, hasHigh) {
        case (true, true):
            guard below < least || above < least else { return }
            let toLow = below < least ? reach : (mean[axis] - cell.low) / deviation
            let toHigh = above < least ? reach : (cell.high - mean[axis]) / deviation
            guard toLow + toHigh > 0 else { return }
            let wanted = (cell.high - cell.low) / (toLow + toHigh)
            stretch[axis] *= wanted / deviation
            mean[axis] = (cell.low * toHigh + cell.high * toLow) / (toLow + toHigh)
        case (true, false):
            if below < least { mean[axis] = cell.low + reach * deviation }
        case (false, true):
            if above < least { mean[axis] = cell.high - reach * deviation }
        case (false, false): break
        }
    }

    /// z with P(Z > z) = p, 0 < p ≤ ½, by halving.
    private static func quantile(above p: Double) -> Double {
        var low = 0.0
        var high = 10.0
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if NormalDistribution.upperTail(middle) > p { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// Whether the run has come to an end: all steps are below 1e-11 of the range, the last generations' best results differ
    /// by less than 1e-12 of them, or the distribution has become too long.
    package var isOver: Bool {
        let longest = roots.max() ?? 1
        let shortest = roots.min() ?? 1
        if longest / shortest > 1e7 { return true }
        if sigma * longest < 1e-11 { return true }
        guard recent.count >= 10 + 30 * dimensions / population, let least = recent.min(), let most = recent.max()
        else {
            return false
        }
        let scale = max(abs(least), abs(most), 1e-300)
        return most - least <= 1e-12 * scale && lastWorst - least <= 1e-12 * scale
    }
}
