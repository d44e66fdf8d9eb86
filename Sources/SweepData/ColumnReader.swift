import SweepCore

/// Reads a table's cells into feature rows and targets and notes what is wrong in each column.
///
/// What a column is, unless that is settled: when more than half of its present cells are no numbers it is a date column, if
/// more than half of the present cells are dates, or else a column of categories, unless they are numbers with a comma, which are
/// a mistake of the column; any other column holds numbers, and each text in it is a mistake. The cells are read twice where a
/// column is not of numbers: what it is must be known first.
struct ColumnReader {
    private let table: CSVTable
    private let rows: ArraySlice<CSVTable.Row>
    private let names: [String]
    private let targetIndices: [Int]
    private let task: TaskKind?
    private let given: [ColumnUse?]
    /// Whether a column of texts is one of categories, and no mistake.
    private let allowsText: Bool
    private var columns: [Column]
    /// The place of each column in `features`; nil for targets and what is ignored.
    private let places: [Int?]
    private let width: Int

    /// Bytes of cells beyond which they are held in a file.
    private let resident: Int
    /// (rows × columns that are read, a date being two), row after row; nil until they were read, and when there is no room.
    private var memory: FeatureMemory?
    private(set) var targets: [RawTarget] = []
    /// The texts of a target of which nobody says what it is.
    private var targetTexts = Column()
    /// What each column is; numeric for targets.
    private(set) var uses: [ColumnUse] = []

    /// A cell that may be a mistake: row and position of the first byte, and the text.
    private typealias Cell = (row: CSVTable.Row, position: Int, text: String)

    /// What was seen in one column.
    private struct Column {
        var numbers = 0
        var missing = 0
        var texts = 0
        /// How many of the texts are dates.
        var dates = 0
        /// How many of the texts are numbers with a comma.
        var commas = 0
        /// The first text cells.
        var firstTexts: [Cell] = []
        /// Up to four different texts.
        var samples: [String] = []
        /// Numbers that are too large.
        var tooLarge = 0
        var firstTooLarge: [Cell] = []
        /// Lines of the first missing cells.
        var missingLines: [Int] = []
        /// Categories in the order they came.
        var categories: [String] = []
        var lookup: [String: Int] = [:]
        var hasTime = false
    }

    /// Lines named for missing values; enough to look at, short enough for a line of text.
    private static let namedLines = 5
    /// Integers that a float holds exactly; a column of more different texts is none of categories.
    private static let greatestCategories = 1 << 24

    /// `targets` is empty when the target is not known; several columns hold a class each, one of them 1 in each row.
    init(
        table: CSVTable,
        rows: ArraySlice<CSVTable.Row>,
        names: [String],
        targets: [Int],
        task: TaskKind?,
        uses: [ColumnUse?],
        allowsText: Bool,
        resident: Int = ResidentLimit.bytes
    ) {
        self.table = table
        self.rows = rows
        self.names = names
        targetIndices = targets
        self.task = task
        given = uses
        self.allowsText = allowsText
        self.resident = resident
        columns = [Column](repeating: Column(), count: names.count)
        self.uses = [ColumnUse](repeating: .numeric, count: names.count)
        var width = 0
        places = names.indices.map { index in
            guard !targets.contains(index), uses[index] != .ignore else { return nil }
            width += 1
            return width - 1
        }
        self.width = width
    }

    /// Reads all rows.
    mutating func read(problems: inout ProblemList) {
        guard let memory = allocate(width, problems: &problems) else { return }
        self.memory = memory
        targets.reserveCapacity(rows.count)
        var next = memory.floats
        var isTarget = [Bool](repeating: false, count: names.count)
        for index in targetIndices { isTarget[index] = true }
        scan { reader, row, fields, scanner in
            if reader.targetIndices.count > 1 {
                reader.readFlags(fields, row, scanner, problems: &problems)
            } else if let index = reader.targetIndices.first {
                let value = CellValue(scanner.content(of: fields[index]))
                reader.readTarget(value, fields[index], row, scanner, problems: &problems)
            }
            for (index, field) in fields.enumerated() where !isTarget[index] && reader.places[index] != nil {
                next.pointee = reader.readFeature(field, index, row, scanner)
                next += 1
            }
        }
        uses = columns.indices.map(use)
        let others = columns.indices.filter {
            places[$0] != nil && (uses[$0] == .categorical || uses[$0] == .date)
        }
        guard !others.isEmpty, let (all, joinedPlaces) = spread(memory, problems: &problems) else { return }
        self.memory = all
        var start = all.floats
        let step = joined.count
        scan { reader, row, fields, scanner in
            for index in others {
                let cell = start + joinedPlaces[index]
                let field = fields[index]
                if reader.uses[index] == .date {
                    let date = reader.date(field, index, row, scanner, problems: &problems)
                    (cell[0], cell[1]) = date.map { (Float($0.day), Float($0.second)) } ?? (.nan, .nan)
                } else {
                    cell[0] = reader.category(field, index, row, scanner, problems: &problems)
                }
            }
            start += step
        }
    }

    /// Room for all rows of so many columns; nil when there is none, and then it is reported.
    private func allocate(_ width: Int, problems: inout ProblemList) -> FeatureMemory? {
        do throws(NoRoom) {
            return try FeatureMemory(count: rows.count * width, mappedAbove: resident)
        } catch {
            problems.add(DataProblem(noRoom: error, file: table.file))
            return nil
        }
    }

    /// The cells with a second place beside each date, and where each column begins (0 for what is not read).
    private func spread(
        _ narrow: FeatureMemory,
        problems: inout ProblemList
    ) -> (memory: FeatureMemory, places: [Int])? {
        var places = [Int](repeating: 0, count: names.count)
        var wide = 0
        // Where each column that is read goes to.
        var moved: [Int] = []
        for index in names.indices where self.places[index] != nil {
            places[index] = wide
            moved.append(wide)
            wide += uses[index] == .date ? 2 : 1
        }
        guard wide > width else { return (narrow, places) }
        guard let memory = allocate(wide, problems: &problems) else { return nil }
        for row in 0..<rows.count {
            let (from, to) = (narrow.floats + row * width, memory.floats + row * wide)
            for (place, target) in moved.enumerated() { to[target] = from[place] }
        }
        return (memory, places)
    }

    private mutating func scan(
        _ body: (inout ColumnReader, CSVTable.Row, [CSVField], CSVScanner) -> Void
    ) {
        let (table, rows) = (table, rows)
        table.scan(rows) { row, fields, scanner in body(&self, row, fields, scanner) }
    }

    private func use(_ index: Int) -> ColumnUse {
        if let use = given[index] { return use }
        let column = columns[index]
        guard column.texts > column.numbers else { return .numeric }
        if 2 * column.dates > column.texts + column.numbers { return .date }
        return allowsText && !holdsCommas(column) ? .categorical : .numeric
    }

    /// Whether more than half of the cells that are no numbers are numbers with a comma: programs of half of the world write them so,
    /// and a category for each of them would be learned as if it were a name.
    private func holdsCommas(_ column: Column) -> Bool { 2 * column.commas > column.texts }

    /// The number of a cell, NaN for all else, which is noted.
    private mutating func readFeature(
        _ field: CSVField,
        _ index: Int,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner
    ) -> Float {
        let content = scanner.content(of: field)
        switch CellValue(content) {
        case .number(let number):
            columns[index].numbers += 1
            return Float(number)
        case .missing:
            columns[index].missing += 1
            if columns[index].missingLines.count < Self.namedLines {
                columns[index].missingLines.append(Int(row.line))
            }
        case .tooLarge:
            columns[index].numbers += 1
            columns[index].tooLarge += 1
            if columns[index].firstTooLarge.count < DataProblems.limitOfAKind {
                columns[index].firstTooLarge.append((row, field.start, Self.short(scanner.text(of: field))))
            }
        case .text:
            if given[index] == nil {
                if CivilDate(content) != nil { columns[index].dates += 1 }
                if Self.isNumberWithComma(content) { columns[index].commas += 1 }
            }
            Self.noteText(field, row, scanner, in: &columns[index])
        }
        return .nan
    }

    /// The index of a cell's category; −1 for a missing one.
    private mutating func category(
        _ field: CSVField,
        _ index: Int,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        problems: inout ProblemList
    ) -> Float {
        let content = scanner.content(of: field)
        if CellValue(content) == .missing { return -1 }
        let text = scanner.text(of: field)
        if let known = columns[index].lookup[text] { return Float(known) }
        let code = columns[index].categories.count
        if text.contains("\u{FFFD}") {
            problems.add(.encoding, file: table.file) {
                problem(
                    .encoding,
                    field,
                    index,
                    row,
                    scanner,
                    wrong: "the category is not UTF-8",
                    allowed: "UTF-8 text"
                )
            }
        } else if code == Self.greatestCategories {
            problems.add(.tooLarge, file: table.file) {
                problem(
                    .tooLarge,
                    field,
                    index,
                    row,
                    scanner,
                    wrong: "there are too many different texts",
                    allowed: "at most \(Self.greatestCategories), or data.columns: {\(names[index]): ignore}"
                )
            }
        }
        if code < Self.greatestCategories {
            columns[index].categories.append(text)
            columns[index].lookup[text] = code
        }
        return Float(code)
    }

    /// The date of a cell, nil for a missing one.
    private mutating func date(
        _ field: CSVField,
        _ index: Int,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        problems: inout ProblemList
    ) -> CivilDate? {
        let content = scanner.content(of: field)
        guard let date = CivilDate(content) else {
            if CellValue(content) != .missing {
                problems.add(.number, file: table.file) {
                    problem(
                        .number,
                        field,
                        index,
                        row,
                        scanner,
                        wrong: "the cell is no date",
                        found: "'\(Self.short(scanner.text(of: field)))'",
                        allowed:
                            "YYYY-MM-DD, YYYY/MM/DD or DD.MM.YYYY, with a time hh:mm[:ss] and Z or ±hh:mm at choice"
                    )
                }
            }
            return nil
        }
        if date.hasTime { columns[index].hasTime = true }
        return date
    }

    /// The rows of features, once they were read; nobody writes to them any more.
    var cells: FeatureCells? { memory.map { FeatureCells($0) } }

    /// The columns of features; a date gives its day and its second.
    var joined: [RawColumn] {
        var joined: [RawColumn] = []
        for index in names.indices where places[index] != nil {
            switch uses[index] {
            case .categorical:
                joined.append(RawColumn(name: names[index], kind: .category(columns[index].categories)))
            case .date:
                joined.append(RawColumn(name: names[index], kind: .day))
                joined.append(
                    RawColumn(name: names[index] + "_time", kind: .secondOfDay(isGiven: columns[index].hasTime))
                )
            case .numeric, .ignore: joined.append(RawColumn(name: names[index]))
            }
        }
        return joined
    }

    /// Reads the class of a row from columns of 0 and 1.
    private mutating func readFlags(
        _ fields: [CSVField],
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        problems: inout ProblemList
    ) {
        var chosen: [Int] = []
        var isWhole = true
        for index in targetIndices {
            switch CellValue(scanner.content(of: fields[index])) {
            case .number(0): break
            case .number(1): chosen.append(index)
            default:
                isWhole = false
                problems.add(.target, file: table.file) {
                    problem(
                        .target,
                        fields[index],
                        index,
                        row,
                        scanner,
                        wrong: "the cell of a one-hot target is neither 0 nor 1",
                        found: "'\(Self.short(scanner.text(of: fields[index])))'",
                        allowed: "0 or 1"
                    )
                }
            }
        }
        if isWhole, chosen.count != 1 {
            problems.add(.target, file: table.file) {
                DataProblem(
                    .target,
                    file: table.file,
                    line: Int(row.line),
                    wrong: "the one-hot target has not one 1",
                    found: chosen.isEmpty ? "none" : CSVHeader.list(chosen.map { names[$0] }),
                    allowed: "exactly one of \(CSVHeader.list(targetIndices.map { names[$0] }))"
                )
            }
        }
        targets.append(.text(chosen.first.map { names[$0] } ?? ""))
    }

    private mutating func readTarget(
        _ value: CellValue,
        _ field: CSVField,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        problems: inout ProblemList
    ) {
        guard let index = targetIndices.first else { return }
        switch value {
        case .number(let number): targets.append(.number(number))
        case .text:
            let text = scanner.text(of: field)
            if task == nil {
                if Self.isNumberWithComma(scanner.content(of: field)) { targetTexts.commas += 1 }
                Self.noteText(field, row, scanner, in: &targetTexts)
            }
            if task == .regression {
                problems.add(.number, file: table.file) {
                    problem(
                        .number,
                        field,
                        index,
                        row,
                        scanner,
                        wrong: "the target is not a number",
                        found: "'\(Self.short(text))'",
                        allowed: "numbers, or data.task: classification"
                    )
                }
            } else if text.contains("\u{FFFD}") {
                problems.add(.encoding, file: table.file) {
                    problem(
                        .encoding,
                        field,
                        index,
                        row,
                        scanner,
                        wrong: "the label is not UTF-8",
                        allowed: "UTF-8 text"
                    )
                }
            }
            targets.append(.text(text))
        case .missing:
            problems.add(.target, file: table.file) {
                problem(
                    .target,
                    field,
                    index,
                    row,
                    scanner,
                    wrong: "the target is missing",
                    found: "'\(scanner.text(of: field))'",
                    allowed: "a value in each row; remove or fill this row"
                )
            }
            targets.append(.text(""))
        case .tooLarge:
            problems.add(.number, file: table.file) {
                problem(
                    .number,
                    field,
                    index,
                    row,
                    scanner,
                    wrong: Self.tooLarge,
                    found: Self.short(scanner.text(of: field)),
                    allowed: Self.finite
                )
            }
            targets.append(.text(""))
        }
    }

    private static func noteText(
        _ field: CSVField,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        in column: inout Column
    ) {
        column.texts += 1
        let isFirst = column.firstTexts.count < DataProblems.limitOfAKind
        guard isFirst || column.samples.count < 4 else { return }
        let text = short(scanner.text(of: field))
        if isFirst { column.firstTexts.append((row, field.start, text)) }
        if column.samples.count < 4, !column.samples.contains(text) { column.samples.append(text) }
    }

    private func problem(
        _ kind: DataProblem.Kind,
        _ field: CSVField,
        _ index: Int,
        _ row: CSVTable.Row,
        _ scanner: CSVScanner,
        wrong: String,
        found: String? = nil,
        allowed: String?
    ) -> DataProblem {
        let place = scanner.place(of: field.start, rowStart: row.start, rowLine: Int(row.line))
        return DataProblem(
            kind,
            file: table.file,
            line: place.line,
            column: place.column,
            field: names[index],
            wrong: "\(wrong) in column '\(names[index])'",
            found: found,
            allowed: allowed
        )
    }

    private static let tooLarge = "the number is infinite or too large"
    private static let finite = "finite numbers up to 3.4e38"

    /// Adds what was noted of a target whose task is not given and of the feature columns: texts among numbers, numbers too large, missing values.
    func report(allowsMissing: Bool, problems: inout ProblemList) {
        reportTarget(problems: &problems)
        let read = columns.indices.filter { places[$0] != nil }
        let numeric = read.filter { uses[$0] == .numeric }
        let texts = numeric.filter { given[$0] == nil && columns[$0].texts > columns[$0].numbers }
        // When the target is not known, a single text column may well be it.
        let reported = !targetIndices.isEmpty || texts.count > 1 ? texts : []
        for index in reported { reportTextColumn(index, of: texts, problems: &problems) }
        for index in numeric where columns[index].texts > 0 && !texts.contains(index) {
            reportCells(
                index,
                columns[index].firstTexts.map { ($0.row, $0.position, "'\($0.text)'") },
                count: columns[index].texts,
                wrong: "the cell is not a number",
                problems: &problems
            ) {
                Self.hasDecimalComma($0)
                    ? "numbers with a decimal point" : "a number, or nothing, ?, NA, NaN or null for a missing one"
            }
        }
        for index in numeric where columns[index].tooLarge > 0 {
            reportCells(
                index,
                columns[index].firstTooLarge,
                count: columns[index].tooLarge,
                wrong: Self.tooLarge,
                problems: &problems
            ) { _ in Self.finite }
        }
        for index in read where columns[index].missing == rows.count && !rows.isEmpty {
            problems.add(
                DataProblem(
                    .missing,
                    file: table.file,
                    line: columns[index].missingLines.first,
                    field: names[index],
                    wrong: "column '\(names[index])' holds no value at all",
                    allowed: "a value somewhere, or data.columns: {\(names[index]): ignore}"
                )
            )
        }
        if !allowsMissing { reportMissing(problems: &problems) }
    }

    private func place(_ row: CSVTable.Row, _ position: Int) -> (line: Int, column: Int) {
        table.withScanner { $0.place(of: position, rowStart: row.start, rowLine: Int(row.line)) }
    }

    /// A target of numbers with a comma would be one of as many classes.
    private func reportTarget(problems: inout ProblemList) {
        guard let index = targetIndices.first, let first = targetTexts.firstTexts.first, holdsCommas(targetTexts) else {
            return
        }
        problems.add(.target, file: table.file) {
            let place = place(first.row, first.position)
            return DataProblem(
                .target,
                file: table.file,
                line: place.line,
                column: place.column,
                field: names[index],
                wrong: "the target '\(names[index])' holds numbers with a comma",
                found: targetTexts.samples.map { "'\($0)'" }.joined(separator: ", "),
                allowed: "numbers with a decimal point and without groups, or data.task: classification"
            )
        }
    }

    private func reportTextColumn(_ index: Int, of all: [Int], problems: inout ProblemList) {
        guard let first = columns[index].firstTexts.first else { return }
        problems.add(.text, file: table.file) {
            let place = place(first.row, first.position)
            let others = all.count > 1 ? " (text columns: \(CSVHeader.list(all.map { names[$0] })))" : ""
            let isNumber = holdsCommas(columns[index])
            return DataProblem(
                .text,
                file: table.file,
                line: place.line,
                column: place.column,
                field: names[index],
                wrong: "column '\(names[index])' holds \(isNumber ? "numbers with a comma" : "text")\(others)",
                found: columns[index].samples.map { "'\($0)'" }.joined(separator: ", "),
                allowed: isNumber
                    ? "numbers with a decimal point and without groups; data.columns can take it as categories, or ignore it"
                    : "numbers; data.categorical can take it as categories, data.columns can ignore it"
            )
        }
    }

    private func reportCells(
        _ index: Int,
        _ cells: [Cell],
        count: Int,
        wrong: String,
        problems: inout ProblemList,
        allowed: (String) -> String
    ) {
        for cell in cells {
            problems.add(.number, file: table.file) {
                let place = place(cell.row, cell.position)
                return DataProblem(
                    .number,
                    file: table.file,
                    line: place.line,
                    column: place.column,
                    field: names[index],
                    wrong: "\(wrong) in column '\(names[index])'",
                    found: cell.text,
                    allowed: allowed(cell.text)
                )
            }
        }
        problems.addUncounted(.number, file: table.file, count: count - cells.count)
    }

    private func reportMissing(problems: inout ProblemList) {
        // A missing category is a category.
        let affected = columns.indices.filter {
            places[$0] != nil && uses[$0] != .categorical && columns[$0].missing > 0
        }
        guard !affected.isEmpty else { return }
        let count = affected.reduce(0) { $0 + columns[$1].missing }
        let lines = Set(affected.flatMap { columns[$0].missingLines }).sorted().prefix(Self.namedLines)
        let parts = affected.prefix(10).map { "'\(names[$0])' \(columns[$0].missing)" }.joined(separator: ", ")
        problems.add(
            DataProblem(
                .missing,
                file: table.file,
                line: lines.first,
                field: names[affected[0]],
                wrong: count == 1 ? "a feature value is missing" : "\(count) feature values are missing",
                found: "in columns \(parts)\(affected.count > 10 ? " and \(affected.count - 10) more" : ""); first in "
                    + "line\(lines.count > 1 ? "s" : "") \(lines.map { String($0) }.joined(separator: ", "))",
                allowed: "no missing values; remove or fill these rows, or add the step impute to data.preprocess"
            )
        )
    }

    /// Whether a cell is `1,5`, `-1.234,5` or `1,234`: digits, and points among them, on both sides of one comma; or `1,234,567.8`, where
    /// several commas part thousands.
    private static func isNumberWithComma(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let isSigned = bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+")
        let digits = bytes.dropFirst(isSigned ? 1 : 0)
        guard let first = digits.first, let last = digits.last, Self.isDigit(first), Self.isDigit(last) else {
            return false
        }
        var commas = 0
        for byte in digits where !Self.isDigit(byte) {
            if byte == UInt8(ascii: ",") { commas += 1 } else if byte != UInt8(ascii: ".") { return false }
        }
        guard commas > 1 else { return commas == 1 }
        let whole = digits.prefix { $0 != UInt8(ascii: ".") }
        let groups = whole.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        return (1...3).contains(groups.first?.count ?? 0) && groups.dropFirst().allSatisfy { $0.count == 3 }
            && digits.dropFirst(whole.count + 1).allSatisfy(Self.isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// `1,5` and the like.
    private static func hasDecimalComma(_ text: String) -> Bool {
        text.contains(",") && text.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || $0 == 44 || $0 == 45 || $0 == 39 }
    }

    /// At most 40 characters of a cell, on one line.
    static func short(_ text: String) -> String {
        let line = String(text.prefix(40).map { $0.isNewline ? " " : $0 })
        return text.count > 40 ? line + "…" : line
    }
}
