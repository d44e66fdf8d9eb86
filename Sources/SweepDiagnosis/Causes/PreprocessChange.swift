import SweepCore

/// A trial's preprocessing with one thing changed, as `--set` takes it.
///
/// What stands there and is not in the way stays: without its `impute`, data that lack values are refused.
struct PreprocessChange {
    private var steps: [PreprocessStep]

    init(_ steps: [PreprocessStep]) { self.steps = steps }

    /// `data.preprocess=[…]`.
    var change: [String] { ["data.preprocess=[\(steps.map(Self.text).joined(separator: ", "))]"] }

    /// This step as the last.
    func appending(_ step: PreprocessStep) -> PreprocessChange { PreprocessChange(steps + [step]) }

    /// This step as the last, and no other that scales.
    func scaled(by step: PreprocessStep) -> PreprocessChange {
        let kept = steps.filter { step in
            if case .scale = step { false } else { !Self.fitsScale(step) }
        }
        return PreprocessChange(kept + [step])
    }

    /// Far values bounded, and features of one size.
    func bounded() -> PreprocessChange {
        // Bounds come first: a scale that is fitted with the outlier in is the outlier's.
        let first = steps.prefix { step in
            if case .imputing = step { true } else { false }
        }
        return PreprocessChange(
            first + [.winsorize(.deviations(5))] + steps.dropFirst(first.count)
                + (steps.contains(where: Self.fitsScale) ? [] : [.standardize])
        )
    }

    private static func fitsScale(_ step: PreprocessStep) -> Bool {
        switch step {
        case .standardize, .minmax, .robust, .power, .normalize: true
        case .scale, .imputing, .winsorize, .log1p: false
        }
    }

    /// The step as a sweep file has it, its numbers to the last bit.
    private static func text(_ step: PreprocessStep) -> String {
        switch step {
        case .standardize: "standardize"
        case .minmax: "minmax"
        case .robust: "robust"
        case .power: "power"
        case .log1p: "log1p"
        case .scale(let factor): "{scale: \(factor)}"
        case .winsorize(.deviations(let count)): "{winsorize: {mads: \(shortest(count))}}"
        case .winsorize(.quantile(let quantile)): "{winsorize: {quantile: \(quantile)}}"
        case .normalize(nil): "normalize"
        case .normalize(let moments?): "{normalize: {mean: \(moments.means), std: \(moments.deviations)}}"
        case .impute: "impute"
        case .imputing(let imputation): "{impute: {\(settings(imputation))}}"
        }
    }

    private static func settings(_ imputation: Imputation) -> String {
        let with =
            switch imputation.value {
            case .mean: "mean"
            case .median: "median"
            case .mostFrequent: "most_frequent"
            case .constant(let value): "constant, value: \(value)"
            }
        return "with: \(with)" + (imputation.hasIndicator ? ", indicator: true" : "")
    }

    /// `5` for 5.0.
    private static func shortest(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
}
