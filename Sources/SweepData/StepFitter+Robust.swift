import SweepCore
import SweepNumerics

extension PreprocessStep {
    /// The steps that this one is made of, each fitted after the ones before it were applied.
    var parts: [PreprocessStep] { self == .power ? [.power, .standardize] : [self] }
}

extension StepFitter {
    /// Calls `body` with the training rows' values of each column, in row order.
    ///
    /// Several columns are gathered in one pass over the rows: where these are in a file, a pass a column would read the whole
    /// file for each.
    func forEachColumn(_ values: UnsafePointer<Float>, _ body: ([Float]) -> Void) {
        let together = max(1, gathered / max(1, training.count * MemoryLayout<Float>.stride))
        for first in Swift.stride(from: 0, to: columns.count, by: together) {
            let some = first..<min(first + together, columns.count)
            var block = [[Float]](repeating: [], count: some.count)
            for index in block.indices { block[index].reserveCapacity(training.count) }
            for row in training {
                let start = values + Int(row) * stride
                for (index, column) in some.enumerated() { block[index].append(start[column]) }
            }
            for index in block.indices {
                body(block[index])
                block[index] = []
            }
        }
    }

    /// Median and distance of the quartiles; where that is 0 the divisor is 1, as in scikit-learn's `RobustScaler`.
    func robust(_ values: UnsafePointer<Float>) -> FittedStep {
        var medians: [Double] = []
        var ranges: [Double] = []
        forEachColumn(values) { column in
            let sorted = column.map { Double($0) }.sorted()
            let range = Self.quantile(sorted, 0.75) - Self.quantile(sorted, 0.25)
            medians.append(Self.quantile(sorted, 0.5))
            ranges.append(range > 0 ? range : 1)
        }
        return .affine(shift: medians, divisor: ranges)
    }

    /// Bounds by quantiles, or by deviations from the median; a column of which more than half is one value has no
    /// deviation, and then no bounds.
    func winsorize(_ rule: WinsorRule, _ values: UnsafePointer<Float>) -> FittedStep {
        var lower: [Double] = []
        var upper: [Double] = []
        forEachColumn(values) { column in
            let sorted = column.map { Double($0) }.sorted()
            switch rule {
            case .quantile(let fraction):
                lower.append(Self.quantile(sorted, fraction))
                upper.append(Self.quantile(sorted, 1 - fraction))
            case .deviations(let count):
                let median = Self.quantile(sorted, 0.5)
                let deviation = 1.4826 * Self.quantile(sorted.map { abs($0 - median) }.sorted(), 0.5)
                lower.append(deviation > 0 ? median - count * deviation : -.infinity)
                upper.append(deviation > 0 ? median + count * deviation : .infinity)
            }
        }
        return .clip(lower: lower, upper: upper)
    }

    /// Mean and population deviation of each channel over the pixels of all training rows, or those given.
    ///
    /// A channel that is constant keeps the divisor 1.
    func normalize(
        _ given: ChannelMoments?,
        _ values: UnsafePointer<Float>
    ) throws(PreprocessingError) -> FittedStep {
        guard let channels, given == nil || given?.means.count == channels else {
            throw .channels(given: given?.means.count, found: channels)
        }
        if let given {
            return .affine(
                shift: columns.map { given.means[$0 % channels] },
                divisor: columns.map { given.deviations[$0 % channels] }
            )
        }
        var moments = [Moments](repeating: Moments(), count: channels)
        for row in training {
            for index in columns { moments[index % channels].add(Double(values[Int(row) * stride + index])) }
        }
        let deviations = moments.map { $0.populationVariance > 0 ? $0.populationVariance.squareRoot() : 1 }
        return .affine(
            shift: columns.map { moments[$0 % channels].mean },
            divisor: columns.map { deviations[$0 % channels] }
        )
    }

    /// A quantile of sorted numbers by linear interpolation, as `Quantiles.linear` without sorting again.
    private static func quantile(_ sorted: [Double], _ fraction: Double) -> Double {
        guard let last = sorted.last else { return 0 }
        let position = fraction * Double(sorted.count - 1)
        let below = Int(position)
        guard below + 1 < sorted.count else { return last }
        let weight = position - Double(below)
        return sorted[below] + weight * (sorted[below + 1] - sorted[below])
    }
}
