/// Mean and variance of a stream of numbers, in one pass.
///
/// Determinism: depends on the order of the numbers, nothing else. Source: Welford, Technometrics 4(3), 1962.
package struct Moments: Hashable, Sendable {
    /// How many numbers were added.
    package private(set) var count = 0
    /// Their mean; zero while there is none.
    package private(set) var mean = 0.0
    private var squares = 0.0

    /// Starts with no numbers.
    package init() {}

    /// The moments of `values`, added in order.
    package init(of values: some Sequence<Double>) {
        for value in values { add(value) }
    }

    /// Adds one number.
    package mutating func add(_ value: Double) {
        count += 1
        let before = value - mean
        mean += before / Double(count)
        squares += before * (value - mean)
    }

    /// The variance with n - 1 in the denominator; nil below two numbers.
    package var sampleVariance: Double? { count > 1 ? squares / Double(count - 1) : nil }

    /// The variance with n in the denominator; zero while there is none.
    package var populationVariance: Double { count > 0 ? squares / Double(count) : 0 }

    /// The standard deviation with n - 1 in the denominator; nil below two numbers.
    package var sampleDeviation: Double? { sampleVariance.map { $0.squareRoot() } }
}
