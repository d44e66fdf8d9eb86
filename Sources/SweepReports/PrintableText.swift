/// Text of others (names, reasons, lines of logs) as a terminal may have it.
///
/// A peer chooses its name, and a terminal obeys what it is sent: escape sequences move its cursor, set its title or write
/// into its input. So what is shown has no control characters; each becomes its number, `\u{1b}`.
package enum PrintableText {
    /// For one line: line breaks and tabs are replaced as well.
    package static func line(_ text: String) -> String { escaped(text, keeping: []) }

    /// For several lines: line feeds and tabs stay.
    package static func lines(_ text: String) -> String { escaped(text, keeping: ["\n", "\t"]) }

    /// For one line of Markdown outside of code: what others wrote is text there, and no element of HTML.
    package static func markdown(_ text: String) -> String {
        line(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    /// True for C0, DEL, C1, the line and paragraph separators, and the signs that turn the direction of what follows, by
    /// which a text can pass for another.
    package static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C: true
        default: false
        }
    }

    private static func escaped(_ text: String, keeping kept: Set<Unicode.Scalar>) -> String {
        guard text.unicodeScalars.contains(where: { isUnprintable($0) && !kept.contains($0) }) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isUnprintable(scalar), !kept.contains(scalar) {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
