package import SweepCore
import SweepNumerics

/// What the best configurations say of a parameter's range: it may be too narrow, or wider than it needs to be.
package struct RangeAdvice: Hashable, Sendable {
    /// What to do with the range.
    package enum Change: Hashable, Sendable {
        /// The best lie at an end: `low` or `high` is a new end beyond it, nil where that end stays.
        case widen(low: ParameterValue?, high: ParameterValue?)
        /// The best lie in a part of it.
        case narrow(low: ParameterValue, high: ParameterValue)
        /// No good configuration has these options.
        case drop([ParameterValue])
    }

    package let path: String
    package let change: Change
    /// How many of the best are meant, and of how many.
    package let agreeing: Int
    package let best: Int
    /// The probability of so many agreeing ones, if values did not matter.
    package let chance: Double

    package init(path: String, change: Change, agreeing: Int, best: Int, chance: Double) {
        self.path = path
        self.change = change
        self.agreeing = agreeing
        self.best = best
        self.chance = chance
    }

    /// The part of a range, on its own scale, that counts as its end.
    private static let edge = 0.1
    /// Best ones that are looked at: fewer prove nothing, more are not the best.
    private static let leastBest = 6
    private static let mostBest = 30
    /// What is said by chance for one parameter in two hundred.
    private static let greatestChance = 0.005
    /// A range that is not made smaller by this part is left as it is.
    private static let greatestKept = 0.5

    /// The advice on the parameters of `sample`, at most one each, in the space's order; a range is widened to what `allows` alone.
    static func all(
        _ sample: ImportanceSample,
        _ parameters: [String: Parameter],
        allows: (Parameter, ParameterValue) -> Bool
    ) -> [RangeAdvice] {
        let order = sample.order
        return sample.axes.indices.compactMap { axis in
            guard let parameter = parameters[sample.axes[axis].path] else { return nil }
            let column = sample.columns[axis]
            let active = order.filter { !column[$0].isNaN }
            let count = min(max(leastBest, PEDANOVA.best(of: active.count)), mostBest)
            // The best must be a selection.
            guard active.count >= 3 * count else { return nil }
            let best = active.prefix(count).map { column[$0] }
            let all = active.map { column[$0] }
            return sample.axes[axis].isCategorical
                ? options(sample.axes[axis], parameter, best, all)
                : range(sample.axes[axis], parameter, best, all) { allows(parameter, $0) }
        }
    }

    private static func range(
        _ axis: SearchAxis,
        _ parameter: Parameter,
        _ best: [Double],
        _ all: [Double],
        allows: (ParameterValue) -> Bool
    ) -> RangeAdvice? {
        guard axis.count ?? .max > 2 else { return nil }
        // With few values the first and the last one are the ends.
        let edge = max(edge, axis.count.map { 1 / Double($0) } ?? 0)
        for isLow in [true, false] {
            func atEnd(_ coordinate: Double) -> Bool { isLow ? coordinate < edge : coordinate > 1 - edge }
            let agreeing = best.count(where: atEnd)
            // Most of the best, the very best among them.
            guard 2 * agreeing >= best.count, let first = best.first, atEnd(first) else { continue }
            let share = (Double(all.count(where: atEnd)) + 1) / Double(all.count + 1)
            let chance = tail(agreeing, of: best.count, share)
            if chance <= greatestChance, let end = beyond(parameter.domain, isLow: isLow), allows(end) {
                return RangeAdvice(
                    path: parameter.path,
                    change: .widen(low: isLow ? end : nil, high: isLow ? nil : end),
                    agreeing: agreeing,
                    best: best.count,
                    chance: chance
                )
            }
        }
        guard let least = best.min(), let greatest = best.max() else { return nil }
        // A margin of half the extent, and at least of an edge: the best of few do not reach as far as good values do.
        let margin = max(0.5 * (greatest - least), self.edge)
        let low = max(0, least - margin)
        let high = min(1, greatest + margin)
        let inside = Double(all.count { least <= $0 && $0 <= greatest })
        let chance = tail(best.count, of: best.count, inside / Double(all.count))
        guard high - low <= greatestKept, chance <= greatestChance else { return nil }
        // Ends that stay are as they are in the file.
        let from = low == 0 ? axis.value(at: 0) : axis.value(at: low).shortened
        let to = high == 1 ? axis.value(at: 1) : axis.value(at: high).shortened
        return from == to
            ? nil
            : RangeAdvice(
                path: parameter.path,
                change: .narrow(low: from, high: to),
                agreeing: best.count,
                best: best.count,
                chance: chance
            )
    }

    private static func options(
        _ axis: SearchAxis,
        _ parameter: Parameter,
        _ best: [Double],
        _ all: [Double]
    ) -> RangeAdvice? {
        guard let count = axis.count, count > 1 else { return nil }
        var greatest = 0.0
        let dropped = (0..<count).filter { option in
            guard !best.contains(Double(option)) else { return false }
            let share = Double(all.count { $0 == Double(option) }) / Double(all.count)
            let chance = tail(best.count, of: best.count, 1 - share)
            guard share > 0, chance <= greatestChance else { return false }
            greatest = max(greatest, chance)
            return true
        }
        guard !dropped.isEmpty else { return nil }
        return RangeAdvice(
            path: parameter.path,
            change: .drop(dropped.map { axis.value(at: Double($0)) }),
            agreeing: best.count,
            best: best.count,
            chance: greatest
        )
    }

    /// An end beyond the low or the high one: by half the range on its own scale, never through zero; nil when there is none.
    private static func beyond(_ domain: ParameterDomain, isLow: Bool) -> ParameterValue? {
        switch domain {
        case .uniform(let low, let high, _, _):
            let reach = 0.5 * (high - low)
            guard isLow else { return .real(high < 0 ? min(high + reach, 0) : high + reach).shortened }
            let end = low >= 0 ? max(low - reach, 0) : low - reach
            return end < low ? ParameterValue.real(end).shortened : nil
        case .logUniform(let low, let high, _):
            let factor = (high / low).squareRoot()
            return ParameterValue.real(isLow ? low / factor : high * factor).shortened
        case .integer(let low, let high, let step):
            let reach = max(1, (high - low) / 2 / step) * step
            guard isLow else { return .integer(high + reach) }
            let end = low >= 1 ? max(low - reach, low % step == 0 ? step : low % step) : low - reach
            return end < low ? .integer(end) : nil
        case .logInteger(let low, let high, _):
            let factor = (Double(high) / Double(max(1, low))).squareRoot()
            guard isLow else { return .integer(Int(min((Double(high) * factor).rounded(), 0x1p53))) }
            let end = max(1, Int((Double(low) / factor).rounded()))
            return end < low ? .integer(end) : nil
        case .choice: return nil
        case .believed(let range, _): return beyond(range, isLow: isLow)
        }
    }

    /// The probability of at least `successes` of `count` draws of probability `share`.
    private static func tail(_ successes: Int, of count: Int, _ share: Double) -> Double {
        guard share < 1 else { return 1 }
        var sum = 0.0
        for hits in successes...count {
            var term = 1.0
            for place in 0..<hits { term *= Double(count - place) / Double(place + 1) * share }
            for _ in hits..<count { term *= 1 - share }
            sum += term
        }
        return min(1, sum)
    }
}

extension ParameterValue {
    /// A real to two digits that a person would write.
    fileprivate var shortened: ParameterValue {
        guard case .real(let real) = self, real != 0, real.isFinite else { return self }
        var scale = 1.0
        var size = abs(real)
        // Powers of ten by products and quotients of small whole numbers: the same bits everywhere.
        while size >= 100 {
            size /= 10
            scale *= 10
        }
        while size < 10 {
            size *= 10
            scale *= 10
            if size >= 10 { return .real((real * scale).rounded() / scale) }
        }
        return .real((real / scale).rounded() * scale)
    }
}
