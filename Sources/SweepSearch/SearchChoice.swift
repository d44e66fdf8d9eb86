package import SweepCore

/// What a sweep is searched with: its method, or what `auto` picks and why.
package struct SearchChoice: Hashable, Sendable {
    /// Never `auto`.
    package let method: SearchSpec.Method
    /// Why `auto` picked it; nil where the sweep file names the method.
    package let reason: String?

    /// The choice for `spec` over `space`.
    ///
    /// A space that the trials can go through is gone through; a Gaussian process costs some 25 ms a proposal and learns most
    /// from few trials; the Parzen estimator goes on where it would become slow, or the space large.
    package init(spec: SearchSpec, space: SearchSpace) {
        guard spec.method == .auto else {
            method = spec.method
            reason = nil
            return
        }
        let box = SearchBox(space)
        let trials = spec.trials.map { $0 / max(1, spec.repeats) }
        let total = SpaceEnumeration(space) { $0.allValues }?.count
        let free = box.free.count
        let conditional = box.axes.contains { $0.parent != nil }
        if free == 0 {
            method = .random
            reason = "nothing is searched"
        } else if let total, trials.map({ total <= $0 }) ?? true {
            method = .random
            reason = "all \(total) configurations can be tried"
        } else if let trials, trials <= Self.greatestTrialsOfModels, free <= Self.greatestAxesOfModels, !conditional {
            method = .gp
            let weighed = spec.objectives > 1 ? ", with the objectives weighed anew for each proposal" : ""
            reason =
                "\(free) parameters and \(trials) configurations are few enough for a Gaussian process\(weighed)"
        } else {
            method = .tpe
            let many = (trials ?? .max) > Self.greatestTrialsOfModels
            reason =
                conditional
                ? "parameters depend on choices"
                : many
                    ? "there are more than \(Self.greatestTrialsOfModels) configurations to try"
                    : "there are more than \(Self.greatestAxesOfModels) parameters"
        }
    }

    /// Configurations up to which a Gaussian process is chosen.
    private static let greatestTrialsOfModels = 1000
    /// Parameters up to which a Gaussian process is chosen.
    private static let greatestAxesOfModels = 20
}
