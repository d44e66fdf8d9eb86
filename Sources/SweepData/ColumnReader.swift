import SweepCore

/// Reads a table's cells into feature rows and targets and notes what is wrong in each column.
///
/// What a column is, unless that is settled: when more than half of its present cells are no numbers it is a date column, if
/// more than half of the present cells are dates, or else a column of categories, unless they are numbers with a comma, which are
/// a mistake of the column; any other column holds numbers, and each text in it is a mistake. The cells are read twice where a
/// column is not of numbers: what it is must be known first.
struct ColumnReader {
    let table: CSVTable
    let rows: ArraySlice<CSVTable.Row>
    let names: [String]
    let targetIndices: [Int]
    private let task: TaskKind?
    let given: [ColumnUse?]
    /// Whether a column of texts is one of categories, and no mistake.
    private let allowsText: Bool
    private(set) var columns: [Column]
    /// The place of each column in `features`; nil for targets and what is ignored.
    let places: [Int?]
    private let width: Int

    /// Bytes of cells beyond which they are held in a file.
    private let resident: Int
    /// (rows × columns that are read, a date being two), row after row; nil until they were read, and when there is no room.
    private var memory: FeatureMemory?
    private(set) var targets: [RawTarget] = []
    /// The texts of a target of which nobody says what it is.
    private(set) var targetTexts = Column()
    /// What each column is; numeric for targets.
    private(set) var uses: [ColumnUse] = []

    /// A cell that may be a mistake: row and position of the first byte, and the text.
    typealias Cell = (row: CSVTable.Row, position: Int, text: String)

    /// What was seen in one column.
    struct Column {
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
    static let namedLines = 5
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
    func holdsCommas(_ column: Column) -> Bool { 2 * column.commas > column.texts }

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
                if NumberWithComma.isOne(content) { columns[index].commas += 1 }
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
                if NumberWithComma.isOne(scanner.content(of: field)) { targetTexts.commas += 1 }
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

    static let tooLarge = "the number is infinite or too large"
    static let finite = "finite numbers up to 3.4e38"

    /// At most 40 characters of a cell, on one line.
    static func short(_ text: String) -> String {
        let line = String(text.prefix(40).map { $0.isNewline ? " " : $0 })
        return text.count > 40 ? line + "…" : line
    }
}
