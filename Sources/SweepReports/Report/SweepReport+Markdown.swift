extension SweepReport {
    /// The report as Markdown, charts drawn with characters.
    package var markdown: String {
        var text = "# \(PrintableText.markdown(title))\n"
        for section in sections {
            text += "\n## \(section.title)\n"
            for written in section.parts.map(Self.markdown) where !written.isEmpty { text += "\n" + written }
        }
        return text
    }

    private static func markdown(_ part: Part) -> String {
        switch part {
        case .paragraph(let text): PrintableText.markdown(text) + "\n"
        case .table(let table): table.markdown
        case .chart(let chart): fenced(chart.terminalText(width: 100, height: 18))
        case .pictures: ""
        case .code(let text): fenced(text)
        }
    }

    /// A block of code, behind a fence that is longer than any within.
    private static func fenced(_ text: String) -> String {
        var fence = "```"
        while text.contains(fence) { fence += "`" }
        return "\(fence)text\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)\n"
    }
}
