package import SweepCore

/// A part of the search space whose trials share a symptom: what one or two parameters have to be, and how sure that is.
package struct SickRegion: Hashable, Sendable {
    /// What one parameter has to be. Bounds are values that trials have, so that nothing is said of what nobody tried.
    package enum Bound: Hashable, Sendable {
        case atLeast(ParameterValue)
        case atMost(ParameterValue)
        case equal(ParameterValue)
    }

    /// One parameter's part of the box.
    package struct Condition: Hashable, Sendable {
        package let path: String
        package let bound: Bound

        package init(path: String, bound: Bound) {
            self.path = path
            self.bound = bound
        }

        /// Whether a configuration meets it; one in which the parameter is inactive does not.
        package func holds(_ configuration: Configuration) -> Bool {
            guard let value = configuration[path] else { return false }
            switch bound {
            case .equal(let wanted): return value == wanted
            case .atLeast(let least):
                return value.number.flatMap { a in least.number.map { a >= $0 } } ?? false
            case .atMost(let most):
                return value.number.flatMap { a in most.number.map { a <= $0 } } ?? false
            }
        }
    }

    /// What the trials suffer from.
    package let symptom: Symptom
    /// One or two, in the order of the configuration's parameters.
    package let conditions: [Condition]
    /// Trials in the region, and those of them with the symptom.
    package let inside: Int
    package let sick: Int
    /// All trials with the symptom, and all that were looked at; of a second region of a symptom those outside of the first.
    package let sickInAll: Int
    package let all: Int
    /// The probability of a region as good as this if the symptom fell on trials by chance, corrected for all regions that were
    /// tried: at most one.
    package let chance: Double

    package init(
        symptom: Symptom,
        conditions: [Condition],
        inside: Int,
        sick: Int,
        sickInAll: Int,
        all: Int,
        chance: Double
    ) {
        self.symptom = symptom
        self.conditions = conditions
        self.inside = inside
        self.sick = sick
        self.sickInAll = sickInAll
        self.all = all
        self.chance = chance
    }
}
