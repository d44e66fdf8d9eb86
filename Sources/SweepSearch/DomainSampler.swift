import SweepCore
import SweepNumerics

/// A domain ready to be drawn from: what does not depend on the draw is worked out once.
enum DomainSampler: Sendable {
    case linear(low: Double, high: Double)
    case logarithmic(low: Double, high: Double, logLow: Double, logHigh: Double)
    case logIntegers(low: Int, high: Int, logLow: Double, logHigh: Double)
    case values(DomainValues)
    /// By what is believed of the range.
    case believed(SearchAxis, AxisPrior)
    /// By what is believed of the options of a choice, which are called so.
    case weighed([ParameterValue], OptionPrior)
    /// A choice without options.
    case nothing

    init(_ domain: ParameterDomain) {
        switch domain {
        case .uniform(let low, let high, nil, _): self = .linear(low: low, high: high)
        case .logUniform(let low, let high, _):
            self = .logarithmic(low: low, high: high, logLow: Elementary.log(low), logHigh: Elementary.log(high))
        case .logInteger(let low, let high, _) where low >= 1:
            self = .logIntegers(
                low: low,
                high: high,
                logLow: Elementary.log(Double(low) - 0.5),
                logHigh: Elementary.log(Double(high) + 0.5)
            )
        case .believed(let range, _):
            let axis = SearchAxis(Parameter(path: "", domain: domain, condition: nil), parent: nil)
            guard let prior = axis.prior else {
                self.init(range)
                return
            }
            self = .believed(axis, prior)
        case .uniform, .integer, .logInteger, .choice:
            if case .choice(let options) = domain, let weights = domain.weights {
                self = .weighed(options.map(\.label), OptionPrior(weights: weights))
                return
            }
            guard let values = domain.allValues, values.count > 0 else {
                self = .nothing
                return
            }
            self = .values(values)
        }
    }

    /// One value, within the bounds, even on the domain's scale or by what is believed of it.
    ///
    /// Of `logIntegers` k has the probability of [k - ½, k + ½) on the logarithmic scale between low - ½ and high + ½.
    func sample(_ stream: inout RandomStream) -> ParameterValue {
        switch self {
        case .linear(let low, let high):
            let share = stream.uniform()
            return .real(min(max(low * (1 - share) + high * share, low), high))
        case .logarithmic(let low, let high, let logLow, let logHigh):
            let share = stream.uniform()
            let exponent = logLow * (1 - share) + logHigh * share
            return .real(min(max(Elementary.exp(exponent), low), high))
        case .logIntegers(let low, let high, let logLow, let logHigh):
            let share = stream.uniform()
            let exponent = logLow * (1 - share) + logHigh * share
            // Clamped as a real first: the conversion must not meet a number beyond Int's.
            let real = min(max(Elementary.exp(exponent).rounded(), Double(low)), 0x1p62)
            return .integer(min(max(Int(real), low), high))
        case .values(let values): return values[stream.below(values.count)]
        case .believed(let axis, let prior): return axis.value(at: prior.coordinate(below: stream.uniform()))
        case .weighed(let labels, let prior): return labels[prior.option(below: stream.uniform())]
        case .nothing: return .none
        }
    }
}

extension ParameterDomain {
    /// One value, within the bounds, even on the domain's scale or by what is believed of it.
    func sample(_ stream: inout RandomStream) -> ParameterValue { DomainSampler(self).sample(&stream) }
}
