/// A change of the features, fitted on training rows only.
package enum PreprocessStep: Hashable, Sendable {
    /// Zero mean, unit variance; constant columns become zero.
    case standardize
    /// Onto [0, 1] by the training rows' least and greatest value.
    case minmax
    /// Times a constant.
    case scale(Double)
    /// Missing values are replaced.
    case imputing(Imputation)
    /// Minus the median, by the distance of the quartiles: outliers do not move it.
    case robust
    /// Values beyond what is usual become the bound of what is usual.
    case winsorize(WinsorRule)
    /// Yeo and Johnson's power with the exponent of the greatest likelihood, then zero mean and unit variance.
    case power
    /// x → sign(x) · log(1 + |x|).
    case log1p
    /// Zero mean, unit variance of each channel of images over all pixels.
    case normalize(ChannelMoments?)

    /// Missing values become the column's training mean.
    package static let impute = PreprocessStep.imputing(Imputation())
}

/// Where winsorizing puts its bounds.
package enum WinsorRule: Hashable, Sendable {
    /// At this quantile of the training rows, and at 1 minus it.
    case quantile(Double)
    /// So many deviations from the median, a deviation being 1.4826 times the median absolute one.
    case deviations(Double)
}

/// Mean and standard deviation of each channel, as the file gives them.
package struct ChannelMoments: Hashable, Sendable {
    package let means: [Double]
    package let deviations: [Double]
    package init(means: [Double], deviations: [Double]) {
        self.means = means
        self.deviations = deviations
    }
}

extension PreprocessStep {
    static let kinds = [
        "standardize", "minmax", "scale", "impute", "robust", "winsorize", "power", "log1p", "normalize",
    ]
    static let plannedKinds = ["one_hot", "quantile", "pca", "unit_norm"]

    /// Reads `preprocess`, a list of steps.
    package static func readList(_ reader: SpecReader) -> [PreprocessStep]? {
        reader.alternatives { reader in
            guard let items = reader.items(count: 0...32) else { return nil }
            let steps = items.map { item in item.alternatives(read) }
            return steps.contains { $0 == nil } ? nil : steps.compactMap { $0 }
        }
    }

    private static func read(_ item: SpecReader) -> PreprocessStep? {
        guard let (kind, settings) = item.tagged(kinds, planned: plannedKinds) else { return nil }
        func plain(_ step: PreprocessStep) -> PreprocessStep? { settings.fields([]).map { _ in step } }
        switch kind {
        case "standardize": return plain(.standardize)
        case "minmax": return plain(.minmax)
        case "impute": return settings.imputation().map { .imputing($0) }
        case "robust": return plain(.robust)
        case "power": return plain(.power)
        case "log1p": return plain(.log1p)
        case "winsorize": return settings.alternatives { $0.winsorRule() }.map { .winsorize($0) }
        case "normalize":
            return settings.alternatives { settings -> PreprocessStep? in
                settings.node == .map([]) ? .normalize(nil) : settings.channelMoments().map { .normalize($0) }
            }
        default:
            if settings.node == .map([]) {
                settings.reportMissing("a number above 0, as in {scale: 0.0625}")
                return nil
            }
            return settings.real(in: 0...1e12, above: true).map { .scale($0) }
        }
    }

    /// What of `steps` cannot work on data of this schema; `path` is that of the list.
    package static func problems(
        of steps: [PreprocessStep],
        on schema: DataSchema,
        at path: SpecPath
    ) -> [SpecProblem] {
        steps.enumerated().compactMap { index, step in
            guard case .normalize(let given) = step else { return nil }
            let place = path.appending(.index(index))
            guard let channels = schema.image?.channels else {
                return SpecProblem(
                    path: place,
                    message: "normalize needs images, but the rows are a table",
                    found: "normalize",
                    allowed: "standardize, which works column by column"
                )
            }
            guard let given, given.means.count != channels else { return nil }
            return SpecProblem(
                path: place.appending(.key("normalize")),
                message: "not as many numbers as the images have channels",
                found: String(given.means.count),
                allowed: "\(channels)"
            )
        }
    }
}

extension SpecReader {
    fileprivate func winsorRule() -> WinsorRule? {
        guard let fields = fields(["quantile", "mads"]) else { return nil }
        let quantile = fields.optional("quantile")
        if let deviations = fields.optional("mads") {
            quantile?.report("both quantile and mads", allowed: "one of them")
            return deviations.real(in: 0...1e6, above: true).map { .deviations($0) }
        }
        guard let quantile else { return .quantile(0.01) }
        return quantile.real(in: 0...0.5, above: true, below: true).map { .quantile($0) }
    }

    fileprivate func channelMoments() -> ChannelMoments? {
        guard let fields = fields(["mean", "std"]) else { return nil }
        let what = "a list of numbers, one a channel"
        let means = fields.required("mean", what)?.allowingDomains(false).numbers(in: -1e12...1e12)
        let deviations = fields.required("std", what)?.allowingDomains(false).numbers(in: 0...1e12, above: true)
        guard let means, let deviations else { return nil }
        guard means.count == deviations.count else {
            report("mean and std differ in length", allowed: "as many numbers in both")
            return nil
        }
        return ChannelMoments(means: means, deviations: deviations)
    }

    /// A list of 1 to 4096 numbers within `range`.
    func numbers(in range: ClosedRange<Double>, above: Bool = false) -> [Double]? {
        guard let items = items(count: 1...4096) else { return nil }
        let numbers = items.map { $0.real(in: range, above: above) }
        return numbers.contains { $0 == nil } ? nil : numbers.compactMap { $0 }
    }
}
