package import SweepCore
import SweepNumerics

/// Checks of a data set before any training: what rows and columns may spoil, told with counts, examples and a remedy.
///
/// Looks at training rows, and at the others where parts are compared. Columns are judged on at most 20,000 rows, neighbours on
/// as many as cost a second; both samples are drawn by a fixed seed, so the same data give the same findings.
package enum DataChecks {
    /// How much is looked at.
    package enum Depth: Sendable {
        /// Columns, classes, copies: what costs less than reading the file.
        case quick
        /// Also neighbours: doubtful labels, whether the target can be learnt, rows far from all others.
        case full
    }

    /// What the checks find, faults first, in the catalogue's order within.
    ///
    /// `steps` and `targetScale` are what will be done to the data: what they cure is told as a note.
    package static func findings(
        _ data: DataSet,
        steps: [PreprocessStep] = [],
        targetScale: TargetScale = .none,
        depth: Depth = .full
    ) -> [DataFinding] {
        let sample = CheckSample(data)
        let context = CheckContext(data: data, sample: sample, steps: steps, targetScale: targetScale)
        var found = ColumnChecks.findings(context)
        found += ImageChecks.findings(context)
        found += TargetChecks.findings(context)
        found += CopyChecks.findings(context)
        found += PartChecks.findings(context)
        if depth == .full { found += NeighbourChecks.findings(context) }
        let order = Dictionary(uniqueKeysWithValues: DataCheck.allCases.enumerated().map { ($1, $0) })
        return found.enumerated().sorted { a, b in
            if a.element.severity != b.element.severity { return a.element.severity > b.element.severity }
            let (left, right) = (order[a.element.check] ?? 0, order[b.element.check] ?? 0)
            return left != right ? left < right : a.offset < b.offset
        }.map(\.element)
    }
}

/// What every check is given.
struct CheckContext {
    let data: DataSet
    let sample: CheckSample
    let steps: [PreprocessStep]
    let targetScale: TargetScale

    /// Whether a step brings features to a common size.
    var scalesFeatures: Bool {
        steps.contains { step in
            switch step {
            case .standardize, .minmax, .robust, .power, .normalize: true
            default: false
            }
        }
    }

    /// Whether a step keeps far values from deciding.
    var boundsOutliers: Bool {
        steps.contains { step in
            switch step {
            case .robust, .winsorize, .power, .log1p: true
            default: false
            }
        }
    }

    /// The greatest share of a column of numbers that `scale` steps leave of its size.
    var factor: Double {
        steps.reduce(1) { product, step in
            if case .scale(let factor) = step { product * abs(factor) } else { product }
        }
    }
}

/// The rows that columns are judged on.
struct CheckSample {
    /// Rows of the data set, all of them training rows, ascending.
    let rows: [Int32]

    private static let greatest = 20_000

    init(_ data: DataSet) { rows = Self.draw(data.split.training, Self.greatest) }

    /// At most `count` of some rows, drawn without repetition by a fixed seed, in their order.
    static func draw(_ rows: [Int32], _ count: Int) -> [Int32] {
        guard rows.count > count else { return rows }
        var shuffled = rows
        var stream = RandomStream(key: 0x6461_7461)
        stream.shuffle(&shuffled)
        return shuffled.prefix(count).sorted()
    }
}

/// Numbers and lists inside findings.
enum CheckText {
    /// To three significant digits.
    static func number(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
        let exponent = Int(Elementary.log10(abs(value)).rounded(.down))
        guard (-4...6).contains(exponent) else {
            let scaled = value / Elementary.pow(10, Double(exponent))
            return "\((scaled * 100).rounded() / 100)e\(exponent)"
        }
        if exponent >= 2 { return "\(Int(value.rounded()))" }
        var unit = 1.0
        for _ in 0..<(2 - exponent) { unit *= 10 }
        let text = "\((value * unit).rounded() / unit)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    static func percent(_ share: Double) -> String {
        let hundredths = share * 100
        return hundredths > 0 && hundredths < 1
            ? "\((hundredths * 100).rounded() / 100) %" : "\(Int(hundredths.rounded())) %"
    }

    /// A row as a person counts them.
    static func row(_ row: Int32) -> String { "row \(row + 1)" }

    /// Quoted names, the first few.
    static func names(_ names: [String]) -> String {
        names.prefix(4).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    }
}
