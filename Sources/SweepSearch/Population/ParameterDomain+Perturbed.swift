package import SweepCore

extension ParameterDomain {
    /// `value`, one of this domain, as a factor changes it; always a value of the domain again.
    ///
    /// A number is multiplied and moved into its range; where values are counted, to the nearest one, and to the next in the factor's
    /// direction when the nearest is the same. Zero, which no factor changes, moves by |factor - 1| of the range. A choice moves to the option
    /// beside it, forwards for a factor above 1; at its first and last option inwards. Options of weight 0 are passed over.
    package func perturbed(_ value: ParameterValue, by factor: Double) -> ParameterValue {
        switch (range, value) {
        case (.choice(let all), _):
            let options = all.filter { $0.weight != 0 || $0.label == value }
            guard options.count > 1, let place = options.firstIndex(where: { $0.label == value }) else { return value }
            let next = factor > 1 ? place + 1 : place - 1
            return options[options.indices.contains(next) ? next : 2 * place - next].label
        case (.uniform(let low, let high, nil, _), .real(let real)),
            (.logUniform(let low, let high, _), .real(let real)):
            return .real(min(max(Self.moved(real, factor, low, high), low), high))
        case (.uniform(let low, let high, _?, _), .real(let real)):
            let moved = Self.moved(real, factor, low, high)
            guard let values = allValues, case .real(let first) = values[0], values.count > 1,
                case .real(let second) = values[1]
            else { return value }
            let place = Self.place(
                from: (real - first) / (second - first),
                to: (moved - first) / (second - first),
                values.count
            )
            return values[place]
        case (.integer(let low, let high, let step), .integer(let integer)):
            let moved = Self.moved(Double(integer), factor, Double(low), Double(high))
            let (first, width) = (Double(low), Double(step))
            let place = Self.place(
                from: (Double(integer) - first) / width,
                to: (moved - first) / width,
                (high - low) / step + 1
            )
            return .integer(low + place * step)
        case (.logInteger(let low, let high, _), .integer(let integer)):
            let moved = Self.moved(Double(integer), factor, Double(low), Double(high))
            return .integer(low + Self.place(from: Double(integer - low), to: moved - Double(low), high - low + 1))
        default: return value
        }
    }

    /// A number times a factor; zero by a part of its range, inwards where it is an end.
    private static func moved(_ real: Double, _ factor: Double, _ low: Double, _ high: Double) -> Double {
        guard real == 0 else { return real * factor }
        let isUpwards = high > 0 && (low == 0 || factor > 1)
        return (isUpwards ? 1 : -1) * abs(factor - 1) * (high - low)
    }

    /// The counted value, of `count`, that is nearest to `to`; beside `from` where that is the same.
    private static func place(from: Double, to: Double, _ count: Int) -> Int {
        let last = Double(count - 1)
        let own = min(max(from.rounded(), 0), last)
        var place = min(max(to.rounded(), 0), last)
        if place == own, to != from { place = min(max(own + (to > from ? 1 : -1), 0), last) }
        return Int(place)
    }
}
