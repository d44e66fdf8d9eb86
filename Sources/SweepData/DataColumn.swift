/// A column of a data set: its name, and what the numbers in it stand for.
package struct DataColumn: Hashable, Sendable {
    /// What the numbers of a column stand for.
    package enum Kind: Hashable, Sendable {
        /// Themselves; missing values are NaN.
        case number
        /// Indices of categories, to be inputs of 0 and 1; −1 is none of them. A missing value's category is called "".
        case oneHot(categories: [String])
        /// Indices of categories, to be one input; −1 is none of them. A missing value's category is called "".
        case ordinal(categories: [String])
        /// Indices of buckets of categories' hashes, to be inputs of 0 and 1; −1 is none.
        case buckets(Int)
        /// Days since 1970-01-01; missing values are NaN.
        case day
        /// Seconds since midnight; missing values are NaN.
        case secondOfDay
    }

    /// The name in the file, or one made from the column's index.
    package let name: String
    /// What the numbers stand for.
    package let kind: Kind

    /// A column.
    package init(name: String, kind: Kind = .number) {
        self.name = name
        self.kind = kind
    }

    /// How many categories the numbers of the column can name; nil where they are no indices.
    var categoryCount: Int? {
        switch kind {
        case .number, .day, .secondOfDay: nil
        case .oneHot(let categories), .ordinal(let categories): categories.count
        case .buckets(let count): count
        }
    }

    /// Whether a missing value of the column is NaN, so that it has to be imputed.
    var canMiss: Bool { categoryCount == nil }
}
