/// The text of a sweep file as it is kept with the sweep: what the command line replaced stands below it, as comments.
package enum OverriddenText {
    private static let mark = "# --set "

    /// The file's text with what was replaced.
    package static func of(_ text: String, overrides: [String]) -> String {
        guard !overrides.isEmpty else { return text }
        let end = text.isEmpty || text.hasSuffix("\n") ? "" : "\n"
        // A line break within a value would end the comment.
        return text + end + overrides.map { mark + $0.replacing("\n", with: " ") + "\n" }.joined()
    }

    /// What was replaced, as words of a shell: nothing when the file was taken as it is.
    package static func options(in text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: true)[...]
        var values: [String] = []
        while let line = lines.last, line.hasPrefix(mark) {
            values.append(String(line.dropFirst(mark.count)))
            lines.removeLast()
        }
        return values.reversed().map { " --set " + ShellWord.typed($0) }.joined()
    }
}
