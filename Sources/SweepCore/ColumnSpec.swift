/// What a table's column is taken for.
package enum ColumnUse: String, CaseIterable, Sendable {
    case numeric, categorical, date, ignore
}

/// What the sweep file says of one column, in place of what its cells look like.
package struct ColumnRule: Hashable, Sendable {
    /// The column's name, or its index from 0 where no column has that name.
    package let column: String
    package let use: ColumnUse

    package init(_ column: String, _ use: ColumnUse) {
        self.column = column
        self.use = use
    }
}

/// How categories become numbers.
package enum CategoryRule: Hashable, Sendable {
    /// An input of 0 or 1 for each category of the training rows.
    case oneHot
    /// One input: the category's place among the training rows' categories.
    case ordinal
    /// This many inputs of 0 or 1, chosen by a hash of the category.
    case hash(Int)
    /// Text columns are mistakes.
    case refuse

    /// The greatest number of buckets: each is an input of the model.
    package static let greatestBuckets = 65_536
}

/// What is put in place of missing values, and whether the model is told.
package struct Imputation: Hashable, Sendable {
    /// What is put in, of the training rows' present values of the column.
    package enum Value: Hashable, Sendable {
        case mean
        /// The middle one; between two, their mean.
        case median
        /// The most frequent one; of equals the least.
        case mostFrequent
        case constant(Double)
    }

    package let value: Value
    /// Whether each column that lacks values in training rows gets an input beside it that is 1 where one is missing.
    package let hasIndicator: Bool

    package init(_ value: Value = .mean, hasIndicator: Bool = false) {
        self.value = value
        self.hasIndicator = hasIndicator
    }
}

extension SpecReader {
    /// Reads `columns`.
    func columnRules() -> [ColumnRule]? {
        guard case .map(let entries) = node, let fields = fields(entries.map(\.key)) else {
            refuse("a map of columns, each numeric, categorical, date or ignore")
            return nil
        }
        let rules = entries.map { entry -> ColumnRule? in
            fields.required(entry.key, "numeric, categorical, date or ignore")?.word(ColumnUse.self)
                .map { ColumnRule(entry.key, $0) }
        }
        return rules.contains { $0 == nil } ? nil : rules.compactMap { $0 }
    }

    /// Reads `categorical`.
    func categoryRule() -> CategoryRule? {
        guard let (kind, settings) = tagged(["one_hot", "ordinal", "hash", "refuse"]) else { return nil }
        switch kind {
        case "one_hot": return settings.fields([]).map { _ in .oneHot }
        case "ordinal": return settings.fields([]).map { _ in .ordinal }
        case "refuse": return settings.fields([]).map { _ in .refuse }
        default:
            if settings.node == .map([]) {
                settings.reportMissing("a number of buckets, as in {hash: 64}")
                return nil
            }
            return settings.integer(in: 2...CategoryRule.greatestBuckets).map { .hash($0) }
        }
    }

    /// Reads the settings of `impute`.
    func imputation() -> Imputation? {
        alternatives { reader -> Imputation? in
            guard let fields = reader.fields(["with", "value", "indicator"]) else { return nil }
            let with = fields.optional("with").map { $0.word(ImputeWord.self) } ?? .mean
            let indicator = fields.optional("indicator").map { $0.boolean() } ?? false
            let number: Double?? = fields.optional("value").map { $0.real(in: -1e30...1e30) }
            if let with, with != .constant, number != nil {
                fields.optional("value")?.report("only a constant has a value", allowed: "with: constant")
                return nil
            }
            guard let with, let indicator else { return nil }
            switch with {
            case .mean: return Imputation(.mean, hasIndicator: indicator)
            case .median: return Imputation(.median, hasIndicator: indicator)
            case .mostFrequent: return Imputation(.mostFrequent, hasIndicator: indicator)
            case .constant:
                guard let number else {
                    _ = fields.required("value", "a number")
                    return nil
                }
                return number.map { Imputation(.constant($0), hasIndicator: indicator) }
            }
        }
    }
}

/// The words of `impute.with`.
private enum ImputeWord: String, CaseIterable {
    case mean, median
    case mostFrequent = "most_frequent"
    case constant
}
