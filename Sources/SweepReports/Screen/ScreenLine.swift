/// What a terminal can show.
package struct ScreenStyle: Hashable, Sendable {
    /// Columns and rows.
    package var width: Int
    package var height: Int
    package var hasColour: Bool
    /// Whether only ASCII may be written.
    package var isASCII: Bool

    package init(width: Int, height: Int, hasColour: Bool, isASCII: Bool) {
        self.width = width
        self.height = height
        self.hasColour = hasColour
        self.isASCII = isASCII
    }
}

/// A line in pieces, some of them emphasised.
struct ScreenLine {
    /// How a piece is emphasised, by the number that terminals know it by (ECMA-48, SGR).
    enum Emphasis: Int {
        case bold = 1, dim = 2, red = 31, green = 32, yellow = 33
    }

    private var pieces: [(text: String, emphasis: Emphasis?)] = []

    mutating func add(_ text: String, _ emphasis: Emphasis? = nil) { pieces.append((text, emphasis)) }

    /// The line as it is written: no wider than the terminal, without control characters of others.
    func text(_ style: ScreenStyle) -> String {
        let plain = pieces.map { (text: Self.plain($0.text, style), emphasis: $0.emphasis) }
        let isWhole = plain.reduce(0) { $0 + DisplayWidth.of($1.text) } <= style.width
        let mark = isWhole ? "" : style.isASCII ? "..." : "…"
        var room = style.width - DisplayWidth.of(mark)
        var written = ""
        for (text, emphasis) in plain {
            let kept = DisplayWidth.cut(text, to: max(0, room), mark: "")
            room -= DisplayWidth.of(kept)
            let isEmphasised = style.hasColour && !kept.isEmpty
            written += isEmphasised ? emphasis.map { "\u{1B}[\($0.rawValue)m\(kept)\u{1B}[0m" } ?? kept : kept
            if kept != text { break }
        }
        return written + DisplayWidth.cut(mark, to: style.width, mark: "")
    }

    private static func plain(_ text: String, _ style: ScreenStyle) -> String {
        let line = PrintableText.line(text)
        return style.isASCII ? String(line.map { $0.isASCII ? $0 : "?" }) : line
    }
}
