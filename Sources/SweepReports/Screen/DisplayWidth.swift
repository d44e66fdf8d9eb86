/// How many columns text takes on a terminal.
package enum DisplayWidth {
    /// Columns of a text without control characters.
    package static func of(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + columns(of: $1) } }

    /// Columns of one character as people see it: 0, 1 or 2.
    ///
    /// Source: Unicode Standard Annex 11, East Asian Width: wide and full-width characters take two columns; what only marks another
    /// character takes none.
    package static func columns(of character: Character) -> Int {
        var columns = 0
        for scalar in character.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format, .control: continue
            default: columns = max(columns, isWide(scalar) ? 2 : 1)
            }
        }
        return columns
    }

    /// The longest beginning of `text` that takes at most `columns`, with `mark` at its end where something is left out.
    package static func cut(_ text: String, to columns: Int, mark: String) -> String {
        guard of(text) > columns else { return text }
        let room = max(0, columns - of(mark))
        var kept = ""
        var used = 0
        for character in text {
            used += Self.columns(of: character)
            guard used <= room else { break }
            kept.append(character)
        }
        return kept + (columns < of(mark) ? "" : mark)
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            true
        default: scalar.properties.isEmojiPresentation
        }
    }
}
