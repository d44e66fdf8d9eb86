import SweepCore
import SweepNumerics

extension ParameterDomain {
    /// Every value the domain has, when they can be counted; nil for reals without a step.
    var allValues: DomainValues? {
        switch self {
        case .uniform(let low, let high, let step?, _): Self.stepped(low: low, high: high, step: step)
        case .uniform(let low, let high, nil, _), .logUniform(let low, let high, _):
            low == high ? .list([.real(low)]) : nil
        case .integer(let low, let high, let step): Self.integers(low: low, high: high, step: step)
        case .logInteger(let low, let high, _): Self.integers(low: low, high: high, step: 1)
        case .choice(let options): .list(options.map(\.label))
        case .believed(let range, _): range.allValues
        }
    }

    /// The values a grid takes; nil when the domain does not say which (no `step`, no `points`).
    var gridValues: DomainValues? {
        switch self {
        case .uniform(_, _, _?, _), .integer, .choice: allValues
        case .uniform(let low, let high, nil, let points?):
            .list(
                Self.evenly(points, from: low, to: high) { $0 }.map { .real($0) }
            )
        case .logUniform(let low, let high, let points?):
            .list(
                Self.evenly(points, from: low, to: high, scale: Elementary.log) { Elementary.exp($0) }.map { .real($0) }
            )
        case .logInteger(let low, let high, let points?):
            .list(Self.logIntegers(points, low: low, high: high).map { .integer($0) })
        case .believed(let range, _): range.gridValues
        case .uniform, .logUniform, .logInteger: allValues.flatMap { $0.count == 1 ? $0 : nil }
        }
    }

    private static func stepped(low: Double, high: Double, step: Double) -> DomainValues {
        guard step > 0, high > low else { return .list([.real(low)]) }
        // A billionth of a step forgives the rounding of (high - low) / step when high is meant to be hit.
        let steps = ((high - low) / step + 1e-9).rounded(.down)
        let count = steps < 0x1p62 ? Int(steps) + 1 : Int.max
        return .reals(first: low, step: step, last: high, count: count)
    }

    private static func integers(low: Int, high: Int, step: Int) -> DomainValues {
        guard step > 0, high > low else { return .integers(first: low, step: 1, count: 1) }
        let (span, overflow) = high.subtractingReportingOverflow(low)
        return .integers(first: low, step: step, count: overflow ? Int.max : Saturating.sum(span / step, 1))
    }

    /// `points` values from `low` to `high`, even on `scale`, both ends exact; the middle when there is one point.
    private static func evenly(
        _ points: Int,
        from low: Double,
        to high: Double,
        scale: (Double) -> Double = { $0 },
        _ back: (Double) -> Double
    ) -> [Double] {
        if low == high { return [low] }
        let from = scale(low)
        let to = scale(high)
        func value(_ share: Double) -> Double {
            min(max(Decimals.snap(back(from * (1 - share) + to * share)), low), high)
        }
        if points < 2 { return [value(0.5)] }
        return (0..<points).map { index in
            if index == 0 { return low }
            return index == points - 1 ? high : value(Double(index) / Double(points - 1))
        }
    }

    private static func logIntegers(_ points: Int, low: Int, high: Int) -> [Int] {
        guard low >= 1 else { return [low, high] }
        let reals = evenly(points, from: Double(low), to: Double(high), scale: Elementary.log) { Elementary.exp($0) }
        var values: [Int] = []
        for real in reals {
            let value = min(max(Int(real.rounded()), low), high)
            if values.last != value { values.append(value) }
        }
        return values
    }
}
