import SweepNumerics

/// Maps values onto [0, 1] and knows which of them to label.
struct ChartScale: Hashable, Sendable {
    let isLogarithmic: Bool
    /// The ends, on the scale itself (logarithms to base 10 when it is logarithmic).
    private let low: Double
    private let high: Double
    /// Labelled values, ascending.
    let ticks: [Double]

    /// The scale over the finite ones of `values`; `padded` leaves 4 % of room on either side.
    init(_ values: [Double], logarithmic: Bool, padded: Bool) {
        isLogarithmic = logarithmic
        let scaled = values.filter { $0.isFinite && (!logarithmic || $0 > 0) }.map {
            logarithmic ? Elementary.log10($0) : Self.held($0)
        }
        var low = scaled.min() ?? 0
        var high = scaled.max() ?? 1
        // A span below the precision of the values would give equal labels.
        let least = max(abs(low), abs(high), 1e-300) * 1e-9
        if high - low < least {
            let room = low == 0 && high == 0 ? 0.5 : max(abs(low) * 0.05, least)
            low -= room
            high += room
        } else if padded {
            let room = (high - low) * 0.04
            low -= room
            high += room
        }
        self.low = low
        self.high = high
        ticks = logarithmic ? Self.decades(low, high) : Self.steps(low, high)
    }

    /// What stands at the ticks: each with as many digits as tell it from its neighbours.
    var labels: [String] {
        let step = zip(ticks, ticks.dropFirst()).map { $1 - $0 }.filter { $0 > 0 && $0.isFinite }.min()
        guard let step else { return ticks.map { NumberText.short($0) } }
        return ticks.map { tick in
            guard tick != 0 else { return NumberText.short(tick) }
            return NumberText.short(tick, digits: min(max(Self.power(tick) - Self.power(step) + 1, 1), 15))
        }
    }

    /// The power of ten of a number's first digit; what was computed may be a little less than the power itself.
    private static func power(_ value: Double) -> Int { Int((Elementary.log10(abs(value)) + 1e-9).rounded(.down)) }

    /// Where `value` stands between the ends; nil when it is not finite (or not positive on a logarithmic scale).
    func position(_ value: Double) -> Double? {
        guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
        return ((isLogarithmic ? Elementary.log10(value) : Self.held(value)) - low) / (high - low)
    }

    /// `value` within ±10³⁰⁰, so that differences stay finite.
    private static func held(_ value: Double) -> Double { min(max(value, -1e300), 1e300) }

    /// Multiples of 1, 2 or 5 times a power of ten, about five of them.
    private static func steps(_ low: Double, _ high: Double) -> [Double] {
        let rough = (high - low) / 5
        let power = Elementary.log10(rough).rounded(.down)
        let (unit, divides) = powerOfTen(power)
        func scaled(_ factor: Double) -> Double { divides ? factor / unit : factor * unit }
        let factor = [1.0, 2, 5, 10].first { scaled($0) >= rough * 0.999 } ?? 10
        let step = scaled(factor)
        guard step > 0, step.isFinite else { return [] }
        var ticks: [Double] = []
        var index = (low / step).rounded(.up)
        while index * step <= high, ticks.count < 20 {
            ticks.append(divides ? index * factor / unit : index * factor * unit)
            index += 1
        }
        return ticks
    }

    /// Powers of ten; with fewer than three of them also 2 and 5 times each; at most about eight.
    private static func decades(_ low: Double, _ high: Double) -> [Double] {
        let first = Int(low.rounded(.down))
        let last = Int(high.rounded(.up))
        let stride = max(1, (last - first) / 8)
        let factors: [Double] = last - first <= 3 ? [1, 2, 5] : [1]
        var ticks: [Double] = []
        for exponent in Swift.stride(from: first, through: last, by: stride) {
            let (unit, divides) = powerOfTen(Double(exponent))
            for factor in factors {
                let value = divides ? factor / unit : factor * unit
                let place = Elementary.log10(value)
                if place >= low, place <= high { ticks.append(value) }
            }
        }
        return ticks
    }

    /// 10 to the power |exponent|, exact up to 22, and whether to divide by it: so that ticks are exact decimals.
    private static func powerOfTen(_ exponent: Double) -> (unit: Double, divides: Bool) {
        var unit = 1.0
        for _ in 0..<Int(min(abs(exponent), 300)) { unit *= 10 }
        return (unit, exponent < 0)
    }
}
