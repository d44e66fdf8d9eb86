/// The file of allowed keys, beside a coordinator's store: what `sweepd keys allow` and `keys revoke` edit.
///
/// It holds no secrets, but who can write it decides who may connect: a file that others may write is refused.
package struct AuthorizedKeysFile: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Reads the file; any mistake in it is an error, which tells them all.
    ///
    /// A missing file is an error too.
    package func read() throws(KeyError) -> AuthorizedKeys {
        let (keys, mistakes) = try readLeniently()
        guard mistakes.isEmpty else { throw KeyError(.malformed(mistakes), path: path) }
        return keys
    }

    /// Reads the file and leaves out the lines with mistakes.
    func readLeniently() throws(KeyError) -> (keys: AuthorizedKeys, mistakes: [KeyMistake]) {
        AuthorizedKeys.parse(try text())
    }

    /// Adds a key, making the file where there is none.
    ///
    /// A key that is there gets the new role and name. Everything else in the file stays as it is, remarks included.
    package func add(_ entry: AuthorizedKey) throws(KeyError) {
        try edit(createIfMissing: true) { lines in
            lines.removeAll { Self.entry(in: $0)?.key == entry.key }
            lines.append(entry.line)
        }
    }

    /// Removes the entries that `isRevoked` picks, and returns them.
    ///
    /// Their holders' next message is rejected.
    package func remove(where isRevoked: (AuthorizedKey) -> Bool) throws(KeyError) -> [AuthorizedKey] {
        var removed: [AuthorizedKey] = []
        try edit(createIfMissing: false) { lines in
            lines.removeAll { line in
                guard let entry = Self.entry(in: line), isRevoked(entry) else { return false }
                removed.append(entry)
                return true
            }
        }
        return removed
    }

    private func text() throws(KeyError) -> String {
        try KeyStorage.read(path, forbidden: 0o022)
    }

    private func edit(createIfMissing: Bool, _ change: (inout [String]) -> Void) throws(KeyError) {
        try KeyStorage.withFolderLocked(of: path) { () throws(KeyError) in
            var old = ""
            do throws(KeyError) {
                old = try text()
            } catch {
                guard createIfMissing, error.reason == .missing else { throw error }
            }
            var lines = old.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
            // The end of the last line is no line of its own.
            if lines.last == "" { lines.removeLast() }
            let before = lines
            change(&lines)
            guard lines != before else { return }
            try KeyStorage.write(lines.map { $0 + "\n" }.joined(), to: path, replacing: true)
        }
    }

    /// The entry of one line, if it has one without mistake.
    private static func entry(in line: String) -> AuthorizedKey? {
        AuthorizedKeys.parse(line).keys.entries.first
    }
}
