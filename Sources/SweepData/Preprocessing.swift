import SweepCore
import SweepNumerics

/// Why features cannot be prepared for training.
package enum PreprocessingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A column has missing values where a step, or training, needs them all.
    case missing(feature: String, count: Int, before: String)
    /// A column has no value in any training row, so there is nothing to put in.
    case nothingToImpute(feature: String)
    /// A step made a number that 32 bits do not hold.
    case notFinite(feature: String)
    /// `normalize` does not fit the rows: they are no images, or have another number of channels than it gives.
    case channels(given: Int?, found: Int?)
    /// The inputs of all rows take more memory than is allowed.
    case tooLarge(rows: Int, inputs: Int, limit: Int)
    /// There is no room for the file that holds large rows.
    case noSpace(bytes: Int, folder: String, reason: String)

    package var description: String {
        switch self {
        case .missing(let feature, let count, let before):
            "\(count) values of feature '\(feature)' are missing before \(before); "
                + "put the step impute first in data.preprocess, or remove or fill these rows"
        case .nothingToImpute(let feature):
            "feature '\(feature)' has no value in any training row, so impute has nothing to put in"
        case .notFinite(let feature): "preprocessing makes feature '\(feature)' too large for 32 bits"
        case .channels(_, nil): "normalize needs images, but the rows are a table"
        case .channels(let given, let found?):
            "normalize gives \(given ?? 0) channels, but the images have \(found)"
        case .tooLarge(let rows, let inputs, let limit):
            "\(rows) rows of \(inputs) inputs take more than \(limit) bytes; "
                + "write data.categorical: {hash: BUCKETS} or take fewer columns"
        case .noSpace(let bytes, let folder, let reason):
            "no room for \(bytes) bytes of rows in \(folder): \(reason); let TMPDIR name a folder with room"
        }
    }
}

/// A step with what it learned from the training rows.
package enum FittedStep: Hashable, Sendable {
    /// x → (x − shift) / divisor, each by column.
    case affine(shift: [Double], divisor: [Double])
    /// x → factor · x.
    case scale(Double)
    /// Missing → a value, by column.
    case fill([Double])
    /// x → the nearest number within the bounds, by column; a bound may be infinite.
    case clip(lower: [Double], upper: [Double])
    /// x → Yeo and Johnson's ψ(x, λ), λ by column: see `YeoJohnson`.
    case power(exponents: [Double])
    /// x → sign(x) · log(1 + |x|).
    case logarithm

    /// The step's result for one value of `column`.
    ///
    /// Determinism: double precision, elementary functions of our own, one rounding to float.
    package func apply(_ value: Float, column: Int) -> Float {
        switch self {
        case .affine(let shift, let divisor): Float((Double(value) - shift[column]) / divisor[column])
        case .scale(let factor): Float(Double(value) * factor)
        case .fill(let values): value.isNaN ? Float(values[column]) : value
        case .clip(let lower, let upper):
            Double(value) < lower[column]
                ? Float(lower[column]) : Double(value) > upper[column] ? Float(upper[column]) : value
        case .power(let exponents): Float(YeoJohnson.apply(Double(value), exponent: exponents[column]))
        case .logarithm:
            Float(value < 0 ? -Elementary.log(1 - Double(value)) : Elementary.log(1 + Double(value)))
        }
    }
}

/// Fits steps on training rows.
///
/// Sums are taken in double precision, in ascending row order, one sum a column, so that the result has the same bits
/// everywhere.
struct StepFitter {
    let names: [String]
    /// Channels of images; nil for tables.
    let channels: Int?
    let training: [Int32]
    let stride: Int
    /// Bytes of columns that are gathered at once.
    let gathered: Int

    var columns: Range<Int> { names.indices }

    /// What `step` learns from the training rows of `values` (rows × stride).
    func fit(
        _ step: PreprocessStep,
        _ values: UnsafePointer<Float>
    ) throws(PreprocessingError) -> FittedStep {
        switch step {
        case .scale(let factor): return .scale(factor)
        case .imputing(let imputation): return .fill(try fill(imputation.value, values))
        case .standardize:
            try refuseMissing(values, before: "standardize")
            return standardize(values)
        case .minmax:
            try refuseMissing(values, before: "minmax")
            let (least, greatest) = bounds(values)
            let range = zip(least, greatest).map { $1 > $0 ? Double($1) - Double($0) : 1 }
            return .affine(shift: least.map { Double($0) }, divisor: range)
        case .robust:
            try refuseMissing(values, before: "robust")
            return robust(values)
        case .winsorize(let rule):
            try refuseMissing(values, before: "winsorize")
            return winsorize(rule, values)
        case .power:
            try refuseMissing(values, before: "power")
            var exponents: [Double] = []
            forEachColumn(values) { exponents.append(YeoJohnson.exponent($0.map { Double($0) })) }
            return .power(exponents: exponents)
        case .log1p: return .logarithm
        case .normalize(let given):
            if given == nil { try refuseMissing(values, before: "normalize") }
            return try normalize(given, values)
        }
    }

    func refuseMissing(_ values: UnsafePointer<Float>, before step: String) throws(PreprocessingError) {
        var counts = [Int](repeating: 0, count: names.count)
        for row in training {
            for column in columns where values[Int(row) * stride + column].isNaN { counts[column] += 1 }
        }
        if let column = columns.first(where: { counts[$0] > 0 }) {
            throw .missing(feature: names[column], count: counts[column], before: step)
        }
    }

    private func fill(
        _ value: Imputation.Value,
        _ values: UnsafePointer<Float>
    ) throws(PreprocessingError) -> [Double] {
        switch value {
        case .mean: return try presentMeans(values)
        case .constant(let constant): return columns.map { _ in constant }
        case .median, .mostFrequent:
            var filled: [Double] = []
            var empty: Int?
            forEachColumn(values) { all in
                let present = all.filter { !$0.isNaN }.sorted()
                if present.isEmpty {
                    empty = empty ?? filled.count
                    filled.append(.nan)
                } else {
                    filled.append(value == .median ? Self.median(present) : Self.mostFrequent(present))
                }
            }
            if let empty { throw .nothingToImpute(feature: names[empty]) }
            return filled
        }
    }

    private static func median(_ sorted: [Float]) -> Double {
        let middle = sorted.count / 2
        guard sorted.count % 2 == 0 else { return Double(sorted[middle]) }
        return (Double(sorted[middle - 1]) + Double(sorted[middle])) / 2
    }

    /// The value that stands most often; of equals the least.
    private static func mostFrequent(_ sorted: [Float]) -> Double {
        var best = (value: sorted[0], count: 0)
        var start = 0
        for index in 1...sorted.count where index == sorted.count || sorted[index] != sorted[start] {
            if index - start > best.count { best = (sorted[start], index - start) }
            start = index
        }
        return Double(best.value)
    }

    private func presentMeans(_ values: UnsafePointer<Float>) throws(PreprocessingError) -> [Double] {
        var sums = [Double](repeating: 0, count: names.count)
        var counts = [Int](repeating: 0, count: names.count)
        for row in training {
            for column in columns {
                let value = values[Int(row) * stride + column]
                guard !value.isNaN else { continue }
                sums[column] += Double(value)
                counts[column] += 1
            }
        }
        for column in columns where counts[column] == 0 { throw .nothingToImpute(feature: names[column]) }
        return columns.map { sums[$0] / Double(counts[$0]) }
    }

    /// Mean and population standard deviation (divided by n); a constant column keeps the divisor 1 and becomes zero.
    private func standardize(_ values: UnsafePointer<Float>) -> FittedStep {
        let (least, greatest) = bounds(values)
        let count = Double(training.count)
        var means = [Double](repeating: 0, count: names.count)
        for row in training {
            for column in columns { means[column] += Double(values[Int(row) * stride + column]) }
        }
        // A constant's mean is the constant itself; the sum would be off by rounding.
        for column in columns {
            means[column] = least[column] == greatest[column] ? Double(least[column]) : means[column] / count
        }
        var squares = [Double](repeating: 0, count: names.count)
        for row in training {
            for column in columns {
                let deviation = Double(values[Int(row) * stride + column]) - means[column]
                squares[column] += deviation * deviation
            }
        }
        let deviations = columns.map { least[$0] == greatest[$0] ? 1 : (squares[$0] / count).squareRoot() }
        return .affine(shift: means, divisor: deviations)
    }

    private func bounds(_ values: UnsafePointer<Float>) -> (least: [Float], greatest: [Float]) {
        var least = [Float](repeating: .infinity, count: names.count)
        var greatest = [Float](repeating: -.infinity, count: names.count)
        for row in training {
            for column in columns {
                let value = values[Int(row) * stride + column]
                if value < least[column] { least[column] = value }
                if value > greatest[column] { greatest[column] = value }
            }
        }
        return (least, greatest)
    }
}
