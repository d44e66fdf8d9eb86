import SweepNumerics

/// What is believed of a numeric range before the first trial: a normal distribution on the range's own scale, cut to it.
package struct RangePrior: Hashable, Sendable {
    /// The likeliest value, within the range.
    package let mean: Double
    /// How far a good value may well lie from it: in the values' own unit, on a logarithmic range in powers of ten.
    package let deviation: Double

    package init(mean: Double, deviation: Double) {
        self.mean = mean
        self.deviation = deviation
    }

    /// The least deviation as a part of the range: a narrower belief is a fixed value, or a narrower range.
    package static let leastShare = 0.01

    /// The belief as the sweep file writes it.
    package var text: String { "{mean: \(ParameterValue.real(mean)), deviation: \(ParameterValue.real(deviation))}" }

    /// What is wrong with it as the prior of `range`, which stands at `path` and is itself right.
    func faults(of range: ParameterDomain, at path: SpecPath) -> [SpecProblem] {
        guard let (low, high, length) = range.extent else {
            return [
                SpecProblem(
                    path: path,
                    message: "a prior is of a range of numbers",
                    found: range.keyword,
                    allowed: "uniform, log, int or log_int"
                )
            ]
        }
        var faults: [SpecProblem] = []
        func add(_ key: String, _ message: String, _ found: Double, _ allowed: String) {
            faults.append(
                SpecProblem(
                    path: path.appending(.key(key)),
                    message: message,
                    found: ParameterValue.real(found).description,
                    allowed: allowed
                )
            )
        }
        if !(low <= mean && mean <= high) {
            let bounds = "\(ParameterValue.real(low)) to \(ParameterValue.real(high))"
            add("mean", "the mean of a prior lies outside its range", mean, "a number from \(bounds)")
        }
        // A thousandth forgives the rounding of bounds that are copied from the message.
        if !(Self.leastShare * length * 0.999 <= deviation && deviation <= length * 1.001) {
            let unit = range.isLogarithmic ? " powers of ten" : ""
            add(
                "deviation",
                "the prior does not fit the range",
                deviation,
                "from \(Self.shown(Self.leastShare * length)) to \(Self.shown(length))\(unit), "
                    + "a hundredth of the range to all of it"
            )
        }
        return faults
    }

    /// A bound to at least four digits.
    private static func shown(_ bound: Double) -> ParameterValue {
        guard bound > 1e-300 else { return .real(bound) }
        var scale = 1.0
        while bound * scale < 1000 { scale *= 10 }
        return .real((bound * scale).rounded() / scale)
    }
}

extension ParameterDomain {
    /// The range itself, without what is believed of it.
    package var range: ParameterDomain {
        if case .believed(let range, _) = self { range } else { self }
    }

    /// What is believed of it.
    package var prior: RangePrior? {
        if case .believed(_, let prior) = self { prior } else { nil }
    }

    /// Whether it is searched on a logarithmic scale.
    package var isLogarithmic: Bool {
        switch range {
        case .logUniform, .logInteger: true
        case .uniform, .integer, .choice, .believed: false
        }
    }

    /// The bounds of a numeric range, and its length in the unit of a prior's deviation; nil of a choice.
    var extent: (low: Double, high: Double, length: Double)? {
        switch range {
        case .uniform(let low, let high, _, _): (low, high, high - low)
        case .integer(let low, let high, _): (Double(low), Double(high), Double(high) - Double(low))
        case .logUniform(let low, let high, _): (low, high, Self.powersOfTen(low, high))
        case .logInteger(let low, let high, _): (Double(low), Double(high), Self.powersOfTen(Double(low), Double(high)))
        case .choice, .believed: nil
        }
    }

    private static func powersOfTen(_ low: Double, _ high: Double) -> Double {
        // Logarithms apart: the quotient of two bounds may be beyond what a number holds.
        (Elementary.log(high) - Elementary.log(low)) / logOfTen
    }

    /// ln 10: what a power of ten is on a logarithmic axis.
    package static let logOfTen = 2.302585092994046
}

extension SpecNode {
    /// The node; of a range without what is believed of it.
    package var unbelieved: SpecNode {
        if case .domain(.believed(let range, _)) = self { .domain(range) } else { self }
    }
}
