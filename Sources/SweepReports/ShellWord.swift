/// Text as one word of a POSIX shell.
package enum ShellWord {
    /// In single quotes, whatever is in it.
    package static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }

    /// As people type it: in quotes only where a shell would take it for something else.
    package static func typed(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "/._-=:,+@%".utf8.contains($0)
        }
        return isPlain && !text.isEmpty ? text : quoted(text)
    }
}
