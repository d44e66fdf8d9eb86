/// Sentences for a terminal, which would break them in the middle of a word.
package enum Prose {
    /// The text with its lines folded between words, where they are longer than `width`; nil leaves all as they are.
    ///
    /// What follows goes under what it continues: behind the word that names the line, where two spaces follow it, else as deep
    /// as the line began. What stands between backticks stays together, as do tables, and lines that are there to be copied.
    package static func folded(_ text: String, width: Int?) -> String {
        guard let width, width >= 20 else { return text }
        var gaps: [Int] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.indices.map { index in
            let line = lines[index]
            // A rule tells where a table's columns end; its head stands above.
            let rule =
                isRule(line) ? line : index + 1 < lines.count && isRule(lines[index + 1]) ? lines[index + 1] : nil
            if let rule {
                gaps = rule.enumerated().filter { $0.element == " " }.map(\.offset)
                return line
            }
            if !isRow(line, gaps) { gaps = [] }
            return gaps.isEmpty ? folded(line: line, width) : line
        }.joined(separator: "\n")
    }

    private static func isRule(_ line: String) -> Bool {
        line.contains("─") && line.allSatisfy { $0 == "─" || $0 == " " }
    }

    /// Whether nothing stands between the columns.
    private static func isRow(_ line: String, _ gaps: [Int]) -> Bool {
        guard !gaps.isEmpty, !line.isEmpty else { return false }
        let line = Array(line)
        return gaps.allSatisfy { $0 >= line.count || line[$0] == " " }
    }

    private static func folded(line: String, _ width: Int) -> String {
        let letters = Array(line)
        let start = letters.firstIndex { $0 != " " } ?? letters.count
        guard letters.count > width, !line.dropFirst(start).hasPrefix("--") else { return line }
        let hang = depth(letters, start).flatMap { $0 <= width / 2 ? $0 : nil } ?? min(start, width / 2)
        var output = ""
        var column = 0
        for (space, word) in words(letters[start...]) {
            if column == 0 {
                column = start + word.count
                output += String(repeating: " ", count: start) + word
            } else if column + space + word.count <= width {
                column += space + word.count
                output += String(repeating: " ", count: space) + word
            } else {
                column = hang + word.count
                output += "\n" + String(repeating: " ", count: hang) + word
            }
        }
        return output
    }

    /// Where the text begins that a word at the line's beginning names; nil without one.
    private static func depth(_ letters: [Character], _ start: Int) -> Int? {
        let gap = letters.indices.first {
            $0 > start && $0 + 1 < letters.count && letters[$0...($0 + 1)] == [" ", " "]
        }
        guard let gap, gap <= start + 12 else { return nil }
        return letters[gap...].firstIndex { $0 != " " }
    }

    /// Words, each with the number of spaces before it; what stands between backticks is one.
    private static func words(_ letters: ArraySlice<Character>) -> [(space: Int, word: String)] {
        var words: [(space: Int, word: String)] = []
        var (space, word, isCode) = (0, "", false)
        for (index, letter) in letters.enumerated() {
            if letter == "`" { isCode = !isCode && letters.dropFirst(index + 1).contains("`") }
            guard letter == " ", !isCode else {
                word.append(letter)
                continue
            }
            if !word.isEmpty {
                words.append((space, word))
                (space, word) = (0, "")
            }
            space += 1
        }
        if !word.isEmpty { words.append((space, word)) }
        return words
    }
}
