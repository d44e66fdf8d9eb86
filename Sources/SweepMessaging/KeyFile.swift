/// The file that holds a key pair.
///
/// ```
/// # sweepd key pair: keep it secret, never copy it to another machine
/// public Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID
/// secret D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs
/// ```
package enum KeyFile {
    /// Writes a new file with mode 0600.
    ///
    /// A file that is there is never replaced: losing a coordinator's key would lock out every worker that was given
    /// its public half.
    package static func write(_ keys: CurveKeyPair, to path: String) throws(KeyError) {
        let text = """
            # sweepd key pair: keep it secret, never copy it to another machine
            public \(keys.publicKey)
            secret \(keys.secretKey)

            """
        try KeyStorage.write(text, to: path, replacing: false)
    }

    /// Whether there are keys, or what is to be told as a mistake and not taken for none: a link to nothing, a folder that may not be
    /// looked into.
    package static func isThere(_ path: String) -> Bool { KeyStorage.isThere(path) }

    /// Reads a key pair.
    ///
    /// Refuses a file to which anyone but its owner has access.
    package static func read(_ path: String) throws(KeyError) -> CurveKeyPair {
        let text = try KeyStorage.read(path, forbidden: 0o077)
        var values: [String: (line: Int, value: String)] = [:]
        var mistakes: [KeyMistake] = []
        for (line, fields) in KeyText.lines(of: text) {
            let field = String(fields[0])
            if field != "public" && field != "secret" {
                mistakes.append(KeyMistake(line: line, text: "a line starts with `public`, `secret` or `#`"))
            } else if fields.count != 2 || !Z85.isKey(String(fields[1])) {
                mistakes.append(KeyMistake(line: line, text: "`\(field)` is followed by one key: 40 characters of Z85"))
            } else if let first = values[field] {
                mistakes.append(KeyMistake(line: line, text: "a second `\(field)`; the first is in line \(first.line)"))
            } else {
                values[field] = (line, String(fields[1]))
            }
        }
        let keys = values["secret"].flatMap { CurveKeyPair(secretKey: $0.value) }
        if let keys, let (line, value) = values["public"], value != keys.publicKey.z85 {
            mistakes.append(KeyMistake(line: line, text: "this is not the public half of the secret key"))
        } else if keys == nil, mistakes.isEmpty {
            mistakes.append(KeyMistake(line: 1, text: "there is no `secret` line"))
        }
        guard let keys, mistakes.isEmpty else { throw KeyError(.malformed(mistakes), path: path) }
        return keys
    }
}

/// The line format that all files of keys share: words between blanks; empty lines and lines from `#` on are remarks.
enum KeyText {
    /// The lines that say something, with their numbers from 1; none of them is without words.
    static func lines(of text: String) -> [(line: Int, fields: [Substring])] {
        // "\r\n" is one Character, so the split is by what ends a line, not by the byte.
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
            .compactMap { index, line in
                let fields = line.split(whereSeparator: \.isWhitespace)
                guard let first = fields.first, !first.hasPrefix("#") else { return nil }
                return (index + 1, fields)
            }
    }
}
