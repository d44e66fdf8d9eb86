package import SweepNumerics

/// A mixture of products over the axes of a space, one kernel for each of some rows, and a wide one for the prior.
///
/// On a numeric axis a kernel is a normal distribution around the row's coordinate, cut to [0, 1]; on an axis of counted
/// values its probability of the value's cell; on a choice it prefers the row's option. Where a row's axis is inactive its
/// kernel has the prior there, so that the parameters of a branch are modelled together with what lies above them by the
/// rows that took the branch. The prior is what the sweep file believes of a parameter, else a normal distribution around ½ with deviation 1,
/// cut, or even over options. What a kernel of an option leaves to the others is shared out by the prior.
///
/// Kernel widths on an axis, of n rows that have it: the larger distance to the neighbours (an outermost row's: to its only
/// one), at least 1 / min(100, n + 2), at most 1. Weights: 1 for the newest 25 rows, falling in a line to 1/n for the
/// oldest; the prior has 1.
/// Where axes are independent each has the mixture of its own rows, those that have it: a point takes a kernel for each axis, and its
/// density is the product of the axes'.
/// Source: Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; the widths and weights are those of
/// Watanabe, "Tree-structured Parzen estimator", arXiv:2304.11127, appendix, in the field's usual settings.
package struct ParzenMixture {
    /// Cells beyond which a kernel's probability of one is its density in the middle times the width: with the least width
    /// of a kernel, 0.01, the error at 256 cells is below 1 %.
    static let greatestCellCount = 256
    /// The least probability of an option in a density, as a part of that of an even draw.
    private static let leastShare = 0.01

    private let box: SearchBox
    private let rows: [Int]
    /// How many kernels it has beside the prior.
    package var count: Int { rows.count }
    /// log of each kernel's share; the prior's is last.
    private let logWeights: [Double]
    private let cumulativeWeights: [Double]
    private var dimensions: [Dimension]
    private let isIndependent: Bool

    /// One axis: centre and width of each kernel.
    private struct Dimension {
        var centres: [Double]
        var inverseWidths: [Double]
        /// log of the density's factor before the exponential.
        var logFactors: [Double]
        /// For choices: how much a kernel prefers its own option, in logs.
        var logOwn = 0.0
        var logOther = 0.0
        /// Where something is believed of the options: the same by option, and log of what is believed.
        var believed: [(own: Double, other: Double, prior: Double)] = []
        /// Where axes are independent: log of each kernel's share among those of rows that have the axis, and the shares added up.
        var logWeights: [Double] = []
        var cumulativeWeights: [Double] = []
    }

    /// The mixture over `rows` (ascending) of `history`, whose sorted rows of each axis are in `order`.
    ///
    /// `widths` remembers what was reckoned for a row before: a logarithm and two error functions each. `weights` of the rows, above 0,
    /// take the place of those by age.
    package init(
        history: SearchHistory,
        rows: [Int],
        members: [Bool],
        order: [[Int]],
        widths: inout KernelWidths,
        isIndependent: Bool = false,
        weights given: [Double]? = nil
    ) {
        self.isIndependent = isIndependent
        box = history.box
        self.rows = rows
        let n = rows.count
        var weights = given ?? (0..<n).map { Self.weight($0, of: n) }
        weights.append(1)
        var sum = 0.0
        for weight in weights { sum += weight }
        var running = 0.0
        cumulativeWeights = weights.map { weight in
            running += weight / sum
            return running
        }
        logWeights = weights.map { Elementary.log($0 / sum) }
        var kernels = Array(repeating: 0, count: history.count)
        for (kernel, row) in rows.enumerated() { kernels[row] = kernel }
        dimensions = []
        dimensions.reserveCapacity(box.axes.count)
        for (index, axis) in box.axes.enumerated() {
            guard axis.isFree else {
                dimensions.append(Dimension(centres: [], inverseWidths: [], logFactors: []))
                continue
            }
            if axis.isCategorical {
                dimensions.append(Self.options(history.columns[index], axis, rows))
            } else {
                let sorted = order[index].filter { members[$0] }
                dimensions.append(
                    Self.numeric(history.columns[index], index, sorted, kernels, n, prior: axis.prior, &widths)
                )
            }
        }
        guard isIndependent else { return }
        for (index, axis) in box.axes.enumerated() where axis.isFree {
            let own = zip(weights, rows).map { history.columns[index][$1].isNaN ? 0 : $0 } + [1]
            let all = own.reduce(0, +)
            var running = 0.0
            dimensions[index].cumulativeWeights = own.map { weight in
                running += weight / all
                return running
            }
            dimensions[index].logWeights = own.map { $0 > 0 ? Elementary.log($0 / all) : -.infinity }
        }
    }

    private static func weight(_ index: Int, of n: Int) -> Double {
        let ramp = n - 25
        guard ramp > 0, index < ramp else { return 1 }
        let least = 1 / Double(n)
        return ramp == 1 ? least : least + (1 - least) * Double(index) / Double(ramp - 1)
    }

    private static func options(_ column: [Double], _ axis: SearchAxis, _ rows: [Int]) -> Dimension {
        let options = Double(axis.count ?? 1)
        var present = 0.0
        for row in rows where !column[row].isNaN { present += 1 }
        // A prior of one observation is shared out over the kernels, and each kernel's share over the options.
        let prior = 1 / (present + 1)
        let total = 1 + options * prior
        let believed = axis.optionPrior?.shares.map { share in
            // What is held to be impossible is not drawn, but results of it are compared all the same.
            let share = max(share, leastShare / options)
            let other = options * prior * share
            return (
                own: Elementary.log((1 + other) / total), other: Elementary.log(other / total),
                prior: Elementary.log(share)
            )
        }
        return Dimension(
            centres: rows.map { column[$0].isNaN ? -1 : column[$0] } + [-1],
            inverseWidths: [],
            logFactors: [-Elementary.log(options)],
            logOwn: Elementary.log((1 + prior) / total),
            logOther: Elementary.log(prior / total),
            believed: believed ?? []
        )
    }

    private static func numeric(
        _ column: [Double],
        _ axis: Int,
        _ sorted: [Int],
        _ kernels: [Int],
        _ n: Int,
        prior: AxisPrior?,
        _ widths: inout KernelWidths
    ) -> Dimension {
        var dimension = Dimension(
            centres: Array(repeating: prior?.mean ?? 0.5, count: n + 1),
            inverseWidths: Array(repeating: prior.map { 1 / $0.deviation } ?? 1, count: n + 1),
            logFactors: Array(repeating: prior?.logFactor ?? KernelWidths.priorLogFactor, count: n + 1)
        )
        let least = 1 / Swift.min(100, Double(sorted.count) + 2)
        for (place, row) in sorted.enumerated() {
            let centre = column[row]
            let below = place > 0 ? centre - column[sorted[place - 1]] : nil
            let above = place < sorted.count - 1 ? column[sorted[place + 1]] - centre : nil
            let width: Double
            switch (below, above) {
            case (let below?, let above?): width = Swift.max(below, above)
            case (let only?, nil), (nil, let only?): width = only
            // A row alone: the larger distance to an end.
            case (nil, nil): width = Swift.max(centre, 1 - centre)
            }
            let clamped = Swift.min(Swift.max(width, least), 1)
            let kernel = kernels[row]
            dimension.centres[kernel] = centre
            let known = widths.factors(axis: axis, row: row, centre: centre, width: clamped)
            dimension.inverseWidths[kernel] = known.inverse
            dimension.logFactors[kernel] = known.logFactor
        }
        return dimension
    }

    /// A point drawn from the mixture.
    package func draw(_ stream: inout RandomStream) -> [Double] {
        var kernel = isIndependent ? 0 : Self.kernel(cumulativeWeights, at: stream.uniform())
        var point = Array(repeating: Double.nan, count: box.axes.count)
        for (index, axis) in box.axes.enumerated() where box.isActive(index, at: point) {
            if isIndependent, axis.isFree {
                kernel = Self.kernel(dimensions[index].cumulativeWeights, at: stream.uniform())
            }
            point[index] = draw(axis, dimensions[index], kernel: kernel, &stream)
        }
        return point
    }

    /// The first kernel whose cumulative weight is above the share.
    private static func kernel(_ cumulativeWeights: [Double], at share: Double) -> Int {
        var low = 0
        var high = cumulativeWeights.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulativeWeights[middle] > share { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func draw(
        _ axis: SearchAxis,
        _ dimension: Dimension,
        kernel: Int,
        _ stream: inout RandomStream
    ) -> Double {
        guard axis.isFree else { return axis.coordinate(ofValue: 0) }
        if axis.isCategorical {
            let own = dimension.centres[kernel]
            // What a kernel gives its own option beyond what it gives each.
            let extra = Elementary.exp(dimension.logOwn) - Elementary.exp(dimension.logOther)
            if own >= 0, stream.uniform() < extra, !axis.isRuledOut(own) { return own }
            return axis.draw(&stream)
        }
        let centre = dimension.centres[kernel]
        let width = 1 / dimension.inverseWidths[kernel]
        while true {
            // Cut by drawing again: with the centre in [0, 1] and a width of at most 1 at least a third are within.
            let coordinate = centre + width * stream.normal()
            if coordinate >= 0, coordinate <= 1 { return axis.snapped(coordinate) }
        }
    }

    /// log of the density (probability, where values are counted) at each of `points`.
    ///
    /// O(points · kernels · axes); the exponential is taken once for each point and kernel.
    package func logDensities(at points: [[Double]]) -> [Double] {
        let n = logWeights.count
        var sums = Array(repeating: 0.0, count: n)
        var tables = Array(repeating: [Double: [Double]](), count: box.axes.count)
        return points.map { point in
            var product = 0.0
            for kernel in 0..<n { sums[kernel] = logWeights[kernel] }
            for (index, axis) in box.axes.enumerated() where axis.isFree && !point[index].isNaN {
                let dimension = dimensions[index]
                if isIndependent { for kernel in 0..<n { sums[kernel] = dimension.logWeights[kernel] } }
                if !dimension.believed.isEmpty {
                    let logs = dimension.believed[Int(point[index])]
                    for kernel in 0..<n {
                        let own = dimension.centres[kernel]
                        sums[kernel] += own == point[index] ? logs.own : own < 0 ? logs.prior : logs.other
                    }
                } else if axis.isCategorical {
                    let even = dimension.logFactors[0]
                    for kernel in 0..<n {
                        let own = dimension.centres[kernel]
                        sums[kernel] += own == point[index] ? dimension.logOwn : own < 0 ? even : dimension.logOther
                    }
                } else if let count = axis.count, count <= Self.greatestCellCount {
                    let logs = tables[index][point[index]] ?? Self.cellLogs(axis.cell(around: point[index]), dimension)
                    tables[index][point[index]] = logs
                    for kernel in 0..<n { sums[kernel] += logs[kernel] }
                } else {
                    Self.addNormals(at: point[index], dimension, to: &sums)
                }
                if isIndependent { product += Self.logOfSum(sums) }
            }
            return isIndependent ? product : Self.logOfSum(sums)
        }
    }

    private static func addNormals(at x: Double, _ dimension: Dimension, to sums: inout [Double]) {
        let n = sums.count
        sums.withUnsafeMutableBufferPointer { sums in
            dimension.centres.withUnsafeBufferPointer { centres in
                dimension.inverseWidths.withUnsafeBufferPointer { inverses in
                    dimension.logFactors.withUnsafeBufferPointer { factors in
                        for kernel in 0..<n {
                            let z = (x - centres[kernel]) * inverses[kernel]
                            sums[kernel] += factors[kernel] - 0.5 * z * z
                        }
                    }
                }
            }
        }
    }

    /// log of each kernel's probability of a cell; kernels with the same centre and width, neighbours in most histories of
    /// counted values, are reckoned once.
    private static func cellLogs(_ cell: (low: Double, high: Double), _ dimension: Dimension) -> [Double] {
        struct Shape: Hashable {
            let centre: Double
            let inverse: Double
        }
        var known: [Shape: Double] = [:]
        return dimension.centres.indices.map { kernel in
            let shape = Shape(centre: dimension.centres[kernel], inverse: dimension.inverseWidths[kernel])
            if let log = known[shape] { return log }
            let mass = NormalDistribution.mass(
                from: (cell.low - shape.centre) * shape.inverse,
                to: (cell.high - shape.centre) * shape.inverse
            )
            // log of the cut-off share and of the density's factor differ by log(1 / (√2π width)).
            let cut = dimension.logFactors[kernel] - Elementary.log(shape.inverse) + KernelWidths.halfLogTwoPi
            let log = Elementary.log(Swift.max(mass, 1e-300)) + cut
            known[shape] = log
            return log
        }
    }

    /// log Σ exp, with what is below e⁻⁴⁰ of the largest left out: less than the last bit of a sum of 10⁶.
    private static func logOfSum(_ logs: [Double]) -> Double {
        var largest = -Double.infinity
        for log in logs where log > largest { largest = log }
        guard largest > -.infinity else { return largest }
        var sum = 0.0
        for log in logs where log > largest - 40 { sum += Elementary.exp(log - largest) }
        return largest + Elementary.log(sum)
    }
}

/// What the densities of kernels need of their widths, remembered from proposal to proposal.
package struct KernelWidths: Sendable {
    static let halfLogTwoPi = 0.9189385332046727
    /// For the prior: around ½, width 1, of which 0.3829 lies in [0, 1].
    static let priorLogFactor = -halfLogTwoPi - Elementary.log(NormalDistribution.mass(from: -0.5, to: 0.5))

    private var known: [[(width: Double, inverse: Double, logFactor: Double)]] = []

    /// Nothing is remembered yet.
    package init() {}

    /// 1/width, and log(1 / (√2π width · share of the kernel within [0, 1])).
    mutating func factors(
        axis: Int,
        row: Int,
        centre: Double,
        width: Double
    ) -> (inverse: Double, logFactor: Double) {
        while known.count <= axis { known.append([]) }
        if known[axis].count <= row {
            known[axis] += Array(repeating: (0, 0, 0), count: row + 1 - known[axis].count)
        }
        let entry = known[axis][row]
        if entry.width == width { return (entry.inverse, entry.logFactor) }
        let inverse = 1 / width
        var logFactor = Elementary.log(inverse) - Self.halfLogTwoPi
        // Beyond eight widths from both ends what is cut off is below the last bit.
        if centre < 8 * width || 1 - centre < 8 * width {
            logFactor -= Elementary.log(
                NormalDistribution.mass(from: -centre * inverse, to: (1 - centre) * inverse)
            )
        }
        known[axis][row] = (width, inverse, logFactor)
        return (inverse, logFactor)
    }
}
