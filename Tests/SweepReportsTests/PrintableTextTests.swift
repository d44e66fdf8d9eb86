import SweepReports
import Testing

@Suite struct PrintableTextTests {
    /// Sets the title, clears the screen, rings, goes back in the line, turns the direction.
    private let hostile = "a\u{1B}]0;owned\u{7}\u{1B}[2Jb\rc\u{9B}31m\u{202E}d\u{7F}\u{85}"

    @Test func `control characters become their numbers`() {
        let shown = PrintableText.line(hostile)
        #expect(!shown.unicodeScalars.contains(where: PrintableText.isUnprintable))
        #expect(shown.hasPrefix("a\\u{1b}]0;owned\\u{7}\\u{1b}[2Jb\\u{d}c\\u{9b}31m\\u{202e}d"))
        #expect(PrintableText.line("a\nb\tc") == "a\\u{a}b\\u{9}c")
        #expect(PrintableText.lines("a\nb\tc\u{1B}") == "a\nb\tc\\u{1b}")
        // A carriage return before the line feed is one Character with it, and is found all the same.
        #expect(PrintableText.lines("a\r\nb") == "a\\u{d}\nb")
    }

    @Test(arguments: ["", "digits", "Grüße, 日本 · ─ “x”", "e\u{301}", "🧪"])
    func `what can be printed stays as it is`(text: String) {
        #expect(PrintableText.line(text) == text)
        #expect(PrintableText.lines(text) == text)
    }

    @Test func `a worker's name steers no terminal and makes no line of its own`() {
        var status = Samples.status
        status.workers[0].id = hostile
        status.workers[0].host = "x\nforged line"
        let lines = status.plainText().split(separator: "\n")
        #expect(!status.plainText().unicodeScalars.contains { $0 != "\n" && PrintableText.isUnprintable($0) })
        #expect(!lines.contains { $0.hasPrefix("forged") })
        // Programs get what was sent.
        #expect(status.json["workers"] != nil && status.json.text().contains("\\u001b"))
    }
}
