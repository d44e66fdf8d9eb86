import SweepCore

/// A target as a file writes it.
enum RawTarget: Hashable, Sendable {
    case number(Double)
    case text(String)

    /// The class label it stands for: `7`, `7.0` and `07` are one class.
    var label: String {
        switch self {
        case .text(let text): text
        case .number(let value):
            if value == value.rounded(), abs(value) < 0x1p53 { String(Int64(value)) } else { value.description }
        }
    }
}

/// A column of one source, before its categories are fitted.
struct RawColumn: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case number
        /// Indices of these texts, in the order they came; −1 is a missing value.
        case category([String])
        case day
        /// Follows the day; whether any cell of the source gives a time.
        case secondOfDay(isGiven: Bool)
    }

    let name: String
    var kind = Kind.number
}

/// The rows of one source, before targets become classes and rows are split.
struct RawTable: Sendable {
    /// The file whose lines `lines` counts, as the sweep file names it.
    let file: String
    let columns: [RawColumn]
    /// Whether the names stood in the file.
    let isNamed: Bool
    let targetName: String
    /// (rows × columns.count), row after row; missing values are NaN, missing categories −1.
    let features: FeatureCells
    let targets: [RawTarget]
    var image: ImageShape?
    /// The line of each row; empty where the format has no lines.
    var lines: [Int32] = []
    /// What each column of a text table was taken for, the target's too; the other sources have none.
    var uses: [ColumnUse] = []
    /// The column that groups rows or gives their time, where the sweep file names one.
    var splitColumn: SplitColumn?

    var rowCount: Int { targets.count }

    /// The line of `row`, when rows have lines.
    func line(_ row: Int) -> Int? {
        lines.isEmpty ? nil : Int(lines[row])
    }
}
