/// Which rows a part of the split takes.
package enum SplitPart: Hashable, Sendable {
    case none
    /// A share of all rows, drawn by the seed; stratified: class by class.
    case fraction(Double, isStratified: Bool = true)
    /// The last rows of the source, in order.
    case last(Int)
    /// The rows of another file.
    case source(DataSource)
    /// The fold of this number, from 1, of so many folds of equal size; stratified: class by class.
    case fold(Int, of: Int, isStratified: Bool = true)
    /// Each of so many folds in turn: the search works on the first, its finalists are judged over all of them.
    case folds(Int, isStratified: Bool = true)

    /// Whether it is one fold, or all of them in turn.
    var isFolded: Bool {
        switch self {
        case .fold, .folds: true
        case .none, .fraction, .last, .source: false
        }
    }
}

/// A column by its name, or by its index from 0.
package enum ColumnName: Hashable, Sendable {
    case name(String)
    case index(Int)
}

/// What binds rows together or orders them when they are parted.
package enum RowRule: Hashable, Sendable {
    case independent
    /// Rows that are equal in this column, which is no feature, are in one part.
    case group(ColumnName)
    /// Validation and test rows are the latest by this column, which is no feature.
    case time(ColumnName)
}

extension RowRule {
    /// Reads `group` and `time` of `data`; nil when one is wrong (and reported).
    static func read(_ fields: SpecFields) -> RowRule? {
        let group = fields.optional("group")?.allowingDomains(false)
        let time = fields.optional("time")?.allowingDomains(false)
        if group != nil, let time {
            time.report("both group and time", allowed: "one of them")
            return nil
        }
        if let group { return group.columnName().map { .group($0) } }
        if let time { return time.columnName().map { .time($0) } }
        return .independent
    }
}

extension SplitPart {
    /// Reports what `validation` and `test` cannot be together, or with `rowRule`.
    static func check(validation: SplitPart, test: SplitPart, rowRule: RowRule, _ fields: SpecFields) {
        if case .fraction(let a, _) = validation, case .fraction(let b, _) = test, a + b >= 1 {
            fields.optional("test")?.report(
                "validation and test leave no training rows",
                allowed: "shares that sum to less than 1"
            )
        }
        if case .none = validation {
            fields.optional("validation")?.report("a sweep needs validation rows", allowed: "a share above 0")
        }
        if test.isFolded {
            fields.optional("test")?.report("folds are for validation", allowed: "a share, {last: ROWS} or {source: …}")
        }
        if validation.isFolded, case .time = rowRule {
            fields.optional("validation")?.report(
                "a fold has rows earlier than training rows, which data.time rules out",
                allowed: "a share, {last: ROWS} or {source: …}"
            )
        }
        guard rowRule != .independent else { return }
        for key in ["validation", "test"] {
            guard let part = fields.optional(key), part.node["stratify"] == .boolean(true) else { continue }
            part.report(
                "rows of data.group and data.time are not parted by class",
                allowed: "stratify: false, or no stratify"
            )
        }
    }
}

extension SpecReader {
    /// Reads `validation` or `test`.
    func splitPart() -> SplitPart? {
        switch node {
        case .integer(0), .real(0): return SplitPart.none
        case .map:
            let keys = ["share", "last", "source", "fold", "of", "folds", "stratify"]
            guard let fields = fields(keys) else { return nil }
            let kinds = ["share", "last", "source", "fold", "folds"].filter { fields.optional($0) != nil }
            guard kinds.count < 2 else {
                report("both \(kinds[0]) and \(kinds[1])", allowed: "one of them")
                return nil
            }
            return splitPart(kinds.first, fields)
        default: return real(in: 0...1, above: false, below: true).map { .fraction($0) }
        }
    }

    private func splitPart(_ kind: String?, _ fields: SpecFields) -> SplitPart? {
        let isDrawn = kind == "share" || kind == "fold" || kind == "folds"
        if !isDrawn { fields.optional("stratify")?.report("only shares and folds are drawn", allowed: "no stratify") }
        if kind != "fold" { fields.optional("of")?.report("only a fold is one of several", allowed: "fold and of") }
        let stratify = fields.optional("stratify").map { $0.boolean() } ?? true
        switch kind {
        case "share":
            let share = fields.optional("share")?.real(in: 0...1, above: true, below: true)
            guard let share, let stratify else { return nil }
            return .fraction(share, isStratified: stratify)
        case "last": return fields.optional("last")?.integer(in: 1...Int(Int32.max)).map { .last($0) }
        case "source": return fields.optional("source")?.dataSource().map { .source($0) }
        case "fold":
            let count = fields.required("of", "the number of folds, an integer from 2 to 1000")?.integer(in: 2...1000)
            guard let count, let stratify else { return nil }
            return fields.optional("fold")?.integer(in: 1...count)
                .map { .fold($0, of: count, isStratified: stratify) }
        case "folds":
            let count = fields.optional("folds")?.integer(in: 2...DataSpec.greatestFolds)
            guard let count, let stratify else { return nil }
            return .folds(count, isStratified: stratify)
        default:
            report("names no rows", allowed: "share, last, source, fold or folds")
            return nil
        }
    }

    /// Reads a column's name or index.
    fileprivate func columnName() -> ColumnName? {
        switch node {
        case .text(let name) where !name.isEmpty: return .name(name)
        case .integer(let index) where index >= 0: return .index(index)
        default:
            refuse("a column's name or its index from 0")
            return nil
        }
    }
}
