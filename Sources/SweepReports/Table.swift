/// Rows and columns with one text each, for every format that people or spreadsheets read.
package struct Table: Hashable, Sendable {
    /// A column's name and how it stands.
    package struct Column: Hashable, Sendable {
        package let name: String
        /// Whether it holds numbers: to the right, aligned at their ends.
        package let isNumeric: Bool
        /// The lower, the earlier it is left out when the table is too wide; nil: never.
        package let rank: Int?

        package init(_ name: String, isNumeric: Bool = false, rank: Int? = nil) {
            self.name = name
            self.isNumeric = isNumeric
            self.rank = rank
        }
    }

    package private(set) var columns: [Column]
    package private(set) var rows: [[String]] = []

    package init(columns: [Column]) { self.columns = columns }

    /// Adds a row; missing cells are empty, surplus ones are dropped.
    package mutating func add(_ cells: [String]) {
        rows.append(columns.indices.map { $0 < cells.count ? cells[$0] : "" })
    }

    /// Aligned lines, two spaces between columns, a rule below the names; words are never broken.
    ///
    /// With a `width`, whole columns are left out, the least needed first and of equal ones the last, until the lines fit or only
    /// needed columns are left, and a last line names them. Control characters are shown as their numbers (see `PrintableText`).
    package func plainText(width: Int? = nil) -> String {
        var table = self
        for row in table.rows.indices { table.rows[row] = table.rows[row].map(PrintableText.line) }
        var omitted: [String] = []
        if let width {
            while table.lineWidth > width, let index = table.leastNeeded {
                omitted.append(table.columns[index].name)
                table.remove(index)
            }
        }
        var lines = table.alignedLines
        if !omitted.isEmpty {
            lines += Self.wrapped("(left out for width: \(omitted.joined(separator: ", ")))", width ?? .max)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A Markdown table, numbers to the right.
    package var markdown: String {
        func line(_ cells: [String]) -> String {
            "| "
                + cells.map { PrintableText.markdown($0.replacing("\n", with: " ")).replacing("|", with: "\\|") }
                .joined(separator: " | ")
                + " |"
        }
        let rule = "|" + columns.map { $0.isNumeric ? " ---: |" : " --- |" }.joined()
        return ([line(columns.map(\.name)), rule] + rows.map(line)).joined(separator: "\n") + "\n"
    }

    /// Comma-separated values with a header (RFC 4180, but lines end in a single line feed).
    package var csv: String {
        func line(_ cells: [String]) -> String { cells.map(Self.csvField).joined(separator: ",") + "\n" }
        return ([columns.map(\.name)] + rows).map(line).joined()
    }

    /// `text` as one field of a CSV line.
    package static func csvField(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r\r\n".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    private var widths: [Int] {
        columns.indices.map { index in
            rows.reduce(columns[index].name.count) { max($0, $1[index].count) }
        }
    }

    private var lineWidth: Int { widths.reduce(0, +) + 2 * max(0, columns.count - 1) }

    private var leastNeeded: Int? {
        columns.indices.reversed().filter { columns[$0].rank != nil }
            .min { (columns[$0].rank ?? 0) < (columns[$1].rank ?? 0) }
    }

    /// The words of a text in lines of at most `width`, where no word is longer.
    private static func wrapped(_ text: String, _ width: Int) -> [String] {
        text.split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
    }

    private mutating func remove(_ index: Int) {
        columns.remove(at: index)
        for row in rows.indices { rows[row].remove(at: index) }
    }

    private var alignedLines: [String] {
        let widths = widths
        func line(_ cells: [String]) -> String {
            var text = ""
            for (index, cell) in cells.enumerated() {
                if index > 0 { text += "  " }
                let space = String(repeating: " ", count: widths[index] - cell.count)
                text += columns[index].isNumeric ? space + cell : cell + space
            }
            while text.hasSuffix(" ") { text.removeLast() }
            return text
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return [line(columns.map(\.name)), rule] + rows.map(line)
    }
}
