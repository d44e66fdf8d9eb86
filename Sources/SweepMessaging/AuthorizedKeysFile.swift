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

    /// Adds the key that `choose` makes beside the ones that are there, making the file where there is none.
    ///
    /// Nobody else changes the file between the choice and its being written, so that two who choose a free name choose two.
    /// A file with mistakes is refused, as `read` refuses it; with nil nothing is added.
    package func add(
        choosing choose: (AuthorizedKeys) throws(KeyError) -> AuthorizedKey?
    ) throws(KeyError) -> AuthorizedKey? {
        var chosen: AuthorizedKey?
        try edit(createIfMissing: true) { lines throws(KeyError) in
            let (keys, mistakes) = AuthorizedKeys.parse(lines.joined(separator: "\n"))
            guard mistakes.isEmpty else { throw KeyError(.malformed(mistakes), path: path) }
            chosen = try choose(keys)
            if let chosen { lines.append(chosen.line) }
        }
        return chosen
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

    private func edit(createIfMissing: Bool, _ change: (inout [String]) throws(KeyError) -> Void) throws(KeyError) {
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
            try change(&lines)
            guard lines != before else { return }
            try KeyStorage.write(lines.map { $0 + "\n" }.joined(), to: path, replacing: true)
        }
    }

    /// The entry of one line, if it has one without mistake.
    private static func entry(in line: String) -> AuthorizedKey? {
        AuthorizedKeys.parse(line).keys.entries.first
    }
}
