/// What one check of a data set found.
package struct DataFinding: Hashable, Sendable {
    package let check: DataCheck
    package let severity: Severity
    /// How many columns, rows or classes are concerned.
    package let count: Int
    /// What was found, in one sentence with its numbers and limits.
    package let text: String
    /// The first few that are concerned: names of columns, numbers of rows (from 1), labels.
    package let examples: [String]
    /// What to do about it.
    package let remedy: String
    /// The number that says how bad it is, in the check's own unit; for diagnosis.
    package let measure: Double

    package init(
        _ check: DataCheck,
        _ severity: Severity,
        count: Int,
        text: String,
        examples: [String] = [],
        remedy: String,
        measure: Double = 0
    ) {
        self.check = check
        self.severity = severity
        self.count = count
        self.text = text
        self.examples = examples
        self.remedy = remedy
        self.measure = measure
    }

    /// How much it matters.
    package enum Severity: String, CaseIterable, Comparable, Sendable {
        /// Worth knowing.
        case note
        /// May well spoil the answer.
        case warning
        /// The answer cannot be trusted as it is.
        case fault

        package static func < (a: Self, b: Self) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }
}

/// The checks of a data set; the identifiers are stable.
package enum DataCheck: String, CaseIterable, Sendable {
    case missing = "D-MISSING"
    case sentinel = "D-SENTINEL"
    case constant = "D-CONSTANT"
    case scale = "D-SCALE"
    case imageRange = "D-RANGE"
    case light = "D-LIGHT"
    case outlier = "D-OUTLIER"
    case farRows = "D-FARROWS"
    case skew = "D-SKEW"
    case duplicate = "D-DUPLICATE"
    case conflict = "D-CONFLICT"
    case overlap = "D-OVERLAP"
    case prescaled = "D-PRESCALED"
    case featureLeak = "D-LEAK"
    case redundant = "D-REDUNDANT"
    case imbalance = "D-IMBALANCE"
    case target = "D-TARGET"
    case labelNoise = "D-LABELNOISE"
    case drift = "D-DRIFT"
    case order = "D-ORDER"
    case size = "D-SIZE"
    case learnability = "D-LEARNABLE"
}
