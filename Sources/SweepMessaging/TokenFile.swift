/// The file with the token that HTTP asks for where keys are used: one word, mode 0600, made when it is missing.
package enum TokenFile {
    /// 32 bytes from the system's random source: nobody guesses them.
    private static let bytes = 32
    /// What a person may put there instead has at least so many letters.
    private static let fewestLetters = 20

    /// The token of a file; one that is not there is made.
    ///
    /// Refuses a file to which anyone but its owner has access.
    package static func readOrMake(_ path: String) throws(KeyError) -> String {
        do throws(KeyError) { return try read(path) } catch {
            guard error.reason == .missing else { throw error }
        }
        var random = SystemRandomNumberGenerator()
        let token = Base64URL.encode((0..<bytes).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        try KeyStorage.write(token + "\n", to: path, replacing: false)
        return token
    }

    private static func read(_ path: String) throws(KeyError) -> String {
        let text = try KeyStorage.read(path, forbidden: 0o077)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, words[0].utf8.count >= fewestLetters,
            words[0].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            let mistake = KeyMistake(line: 1, text: "a token is one word of at least \(fewestLetters) ASCII letters")
            throw KeyError(.malformed([mistake]), path: path)
        }
        return String(words[0])
    }
}
