/// What a data set looks like, small whatever its size: counts, distributions, a few pictures, and what the checks found.
package struct DataOverview: Hashable, Sendable {
    package let schema: DataSchema
    /// What the checks of data find, faults first.
    package let findings: [DataFinding]
    package let target: Target
    /// The first `DataOverview.columnLimit` columns; of pictures one, of all their values.
    package let columns: [Column]
    /// How many columns the data set has.
    package let columnsTotal: Int
    /// The training rows that distributions are of: all, or a sample drawn by a fixed seed.
    package let judgedRows: Int
    /// A few training rows where rows are pictures.
    package let pictures: Pictures?

    package init(
        schema: DataSchema,
        findings: [DataFinding],
        target: Target,
        columns: [Column],
        columnsTotal: Int,
        judgedRows: Int,
        pictures: Pictures?
    ) {
        self.schema = schema
        self.findings = findings
        self.target = target
        self.columns = columns
        self.columnsTotal = columnsTotal
        self.judgedRows = judgedRows
        self.pictures = pictures
    }

    package static let columnLimit = 64
    package static let classLimit = 100

    /// What rows are to be predicted as.
    package enum Target: Hashable, Sendable {
        /// The first `DataOverview.classLimit` classes, and what all others have together.
        case classes(name: String, [ClassRows], others: ClassRows?, total: Int)
        case numbers(name: String, Numbers)
    }

    /// Rows of a class in each part, or of several classes together.
    package struct ClassRows: Hashable, Sendable {
        package let label: String
        package let training: Int
        package let validation: Int
        package let test: Int

        package init(label: String, training: Int, validation: Int, test: Int) {
            self.label = label
            self.training = training
            self.validation = validation
            self.test = test
        }
    }

    /// What the judged rows hold in one column.
    package struct Column: Hashable, Sendable {
        package let name: String
        package let kind: Kind
        /// Judged rows without a value.
        package let missing: Int
        package let values: Values

        package init(name: String, kind: Kind, missing: Int, values: Values) {
            self.name = name
            self.kind = kind
            self.missing = missing
            self.values = values
        }

        /// What the numbers of a column stand for.
        package enum Kind: String, CaseIterable, Sendable {
            case number
            case category
            /// Buckets of categories' hashes.
            case bucket
            /// Days since 1970-01-01.
            case day
            /// Seconds since midnight.
            case second
            /// All values of all pictures that were looked at.
            case pixel
        }

        /// How its values are distributed.
        package enum Values: Hashable, Sendable {
            case numbers(Numbers)
            case categories(Categories)
        }
    }

    /// The distribution of numbers.
    package struct Numbers: Hashable, Sendable {
        /// All but the far values, from the least on.
        package let bins: [Bin]
        /// By the rule of the check for far values; nil where it names none.
        package let outliers: Outliers?

        package init(bins: [Bin], outliers: Outliers?) {
            self.bins = bins
            self.outliers = outliers
        }
    }

    /// Values from `from` up to `to`: without `to` itself, but for the last bin and for whole numbers. A single value has both.
    package struct Bin: Hashable, Sendable {
        package let from: Double
        package let to: Double
        package let count: Int

        package init(from: Double, to: Double, count: Int) {
            self.from = from
            self.to = to
            self.count = count
        }
    }

    /// Values that are far from all others.
    package struct Outliers: Hashable, Sendable {
        package let count: Int
        package let least: Double
        package let greatest: Double

        package init(count: Int, least: Double, greatest: Double) {
            self.count = count
            self.least = least
            self.greatest = greatest
        }
    }

    /// The distribution of categories.
    package struct Categories: Hashable, Sendable {
        /// The most frequent six, the most frequent first.
        package let frequent: [Share]
        /// How many other categories there are, and their rows.
        package let others: (kinds: Int, count: Int)
        /// Rows with none of the categories, which are those of training rows that were frequent enough.
        package let none: Int

        package init(frequent: [Share], others: (kinds: Int, count: Int), none: Int) {
            self.frequent = frequent
            self.others = others
            self.none = none
        }

        package static func == (one: Self, other: Self) -> Bool {
            one.frequent == other.frequent && one.others == other.others && one.none == other.none
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(frequent)
            hasher.combine(others.kinds)
            hasher.combine(others.count)
            hasher.combine(none)
        }
    }

    /// A category and its rows.
    package struct Share: Hashable, Sendable {
        package let label: String
        package let count: Int

        package init(label: String, count: Int) {
            self.label = label
            self.count = count
        }
    }

    /// A few training rows as pictures.
    package struct Pictures: Hashable, Sendable {
        /// The size of the rows, and of what is shown of them.
        package let original: ImageShape
        package let shown: ImageShape
        /// The values that are black and white.
        package let black: Double
        package let white: Double
        /// Of classes equally many of each; of numbers one list.
        package let groups: [Group]
        /// Classes that have training rows; 0 of numbers.
        package let classesTotal: Int

        package init(
            original: ImageShape,
            shown: ImageShape,
            black: Double,
            white: Double,
            groups: [Group],
            classesTotal: Int
        ) {
            self.original = original
            self.shown = shown
            self.black = black
            self.white = white
            self.groups = groups
            self.classesTotal = classesTotal
        }

        /// Those of one class, or of all where numbers are predicted.
        package struct Group: Hashable, Sendable {
            /// The class; nil of numbers.
            package let label: String?
            package let pictures: [Picture]

            package init(label: String?, pictures: [Picture]) {
                self.label = label
                self.pictures = pictures
            }
        }

        /// One row, made small.
        package struct Picture: Hashable, Sendable {
            /// As a person counts them, from 1.
            package let row: Int
            /// The number that it is to be predicted as; nil of classes.
            package let target: Double?
            /// `shown` values of 0 to 255, as a row of an image has them.
            package let bytes: [UInt8]

            package init(row: Int, target: Double?, bytes: [UInt8]) {
                self.row = row
                self.target = target
                self.bytes = bytes
            }
        }
    }
}
