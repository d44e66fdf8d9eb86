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

/// The rows of one source, before targets become classes and rows are split.
struct RawTable: Sendable {
    /// The file whose lines `lines` counts, as the sweep file names it.
    let file: String
    let featureNames: [String]
    /// Whether the names stood in the file.
    let isNamed: Bool
    let targetName: String
    /// (rows × featureNames.count), row after row; missing values are NaN.
    let features: [Float]
    let targets: [RawTarget]
    /// Height and width of images.
    let image: (height: Int, width: Int)?
    /// The line of each row; empty where the format has no lines.
    let lines: [Int32]
    /// The column that groups rows or gives their time, where the sweep file names one.
    var splitColumn: SplitColumn?

    var rowCount: Int { targets.count }

    /// The line of `row`, when rows have lines.
    func line(_ row: Int) -> Int? {
        lines.isEmpty ? nil : Int(lines[row])
    }
}
