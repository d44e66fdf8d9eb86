extension ParameterDomain {
    /// What is believed of a choice before the first trial: how likely each option is held to be, in any unit, in the options' order; nil
    /// where nothing is, and of a range of numbers.
    package var weights: [Double]? {
        guard case .choice(let options) = self, options.contains(where: { $0.weight != nil }) else { return nil }
        return options.map { $0.weight ?? 0 }
    }

    /// Whether an option of it has the weight 0.
    package var hasRuledOut: Bool { weights?.contains(0) ?? false }

    /// The belief as the sweep file writes it.
    package static func text(ofWeights weights: [Double]) -> String {
        "{weights: [" + weights.map { ParameterValue.real($0).description }.joined(separator: ", ") + "]}"
    }

    /// What is wrong with the weights of `options`, which are those of a choice that stands at `path`.
    static func faults(ofWeights options: [ChoiceOption], at path: SpecPath) -> [SpecProblem] {
        let weights = options.compactMap(\.weight)
        guard !weights.isEmpty else { return [] }
        let place = path.appending(.key("prior")).appending(.key("weights"))
        guard weights.count == options.count else {
            return [weightsDoNotMatch(weights.count, options: options.count, at: place)]
        }
        let faults = weights.enumerated().compactMap { index, weight -> SpecProblem? in
            guard !(weight >= 0 && weight.isFinite) else { return nil }
            return SpecProblem(
                path: place.appending(.index(index)),
                message: "not a weight",
                found: ParameterValue.real(weight).description,
                allowed: "a number from 0"
            )
        }
        guard faults.isEmpty, weights.allSatisfy({ $0 == 0 }) else { return faults }
        return [
            SpecProblem(
                path: place,
                message: "a prior that allows no option",
                found: "weights of 0 alone",
                allowed: "at least one weight above 0"
            )
        ]
    }

    /// The mistake of `count` weights beside a choice of so many options.
    package static func weightsDoNotMatch(_ count: Int, options: Int, at place: SpecPath) -> SpecProblem {
        SpecProblem(
            path: place,
            message: "a prior has a weight for each option",
            found: "\(count) weight\(count == 1 ? "" : "s")",
            allowed: "\(options), in the options' order"
        )
    }
}
