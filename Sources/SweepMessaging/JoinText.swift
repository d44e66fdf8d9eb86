/// All that a machine needs to reach a coordinator as somebody whom it knows: where it is, its key, and a key pair of the
/// machine's own.
///
/// As text it is one word, `sweepd1:` and letters that no shell changes. It holds a secret: whoever reads it can do what its
/// role may.
package struct JoinText: Sendable, Equatable {
    /// Where the coordinator is.
    package let endpoint: Endpoint
    /// The coordinator's public key.
    package let server: CurvePublicKey
    /// The machine's pair.
    package let keys: CurveKeyPair
    /// What the coordinator lets it do.
    package let role: Role
    /// What the coordinator calls it; one line, not empty.
    package let name: String

    /// Nil when the name does not fit (see `isName`), or the endpoint leaves the port to the system.
    package init?(endpoint: Endpoint, server: CurvePublicKey, keys: CurveKeyPair, role: Role, name: String) {
        guard Self.isName(name), endpoint.transport != .inproc, endpoint.transport != .tcp || endpoint.port != nil
        else {
            return nil
        }
        self.endpoint = endpoint
        self.server = server
        self.keys = keys
        self.role = role
        self.name = name
    }

    /// Whether an invited machine may be called so: it names a file, and stands in lists between blanks.
    package static func isName(_ name: String) -> Bool {
        let letters = name.utf8
        return (1...maximumNameBytes).contains(letters.count) && letters.first != UInt8(ascii: ".")
            && letters.first != UInt8(ascii: "-")
            && letters.allSatisfy { letter in
                switch letter {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(letter)
                }
            }
    }

    /// A host's name has at most 64 bytes on Linux.
    package static let maximumNameBytes = 64
    /// What the text begins with; the number is its version.
    package static let mark = "sweepd1:"
    /// An endpoint of the longest host name stays far below; more is no join text.
    package static let maximumBytes = 4_096

    /// The one word.
    package var text: String {
        let body = [endpoint.description, server.z85, keys.secretKey, role.rawValue, name].joined(separator: "\n")
        return Self.mark + Base64URL.encode(Array("\(body)\n\(Self.check(body))".utf8))
    }

    /// Finds the join text in what was pasted: the word alone, or a whole line with it.
    package init(pasted: String) throws(JoinTextError) {
        guard pasted.utf8.count <= Self.maximumBytes else { throw .missing }
        let words = pasted.split { $0.isWhitespace || $0 == "'" || $0 == "\"" }
        guard let word = words.first(where: { $0.hasPrefix(Self.mark) }) else {
            throw words.contains { $0.hasPrefix("sweepd") && $0.contains(":") } ? .otherVersion : .missing
        }
        guard let bytes = Base64URL.decode(String(word.dropFirst(Self.mark.count))) else { throw .damaged }
        let fields = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 6, Self.check(fields.dropLast().joined(separator: "\n")) == fields[5],
            let endpoint = try? Endpoint(fields[0]), let server = CurvePublicKey(z85: fields[1]),
            let keys = CurveKeyPair(secretKey: fields[2]), let role = Role(rawValue: fields[3]),
            let joined = JoinText(endpoint: endpoint, server: server, keys: keys, role: role, name: fields[4])
        else { throw .damaged }
        self = joined
    }

    /// Eight digits that change with each letter: FNV-1a. It finds what was lost in copying, it protects nothing.
    private static func check(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt32(0x811C_9DC5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// Why a text is no join text; never repeats it, as it may hold a secret.
package enum JoinTextError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nothing in it begins as a join text does.
    case missing
    /// It begins as one of a later version does.
    case otherVersion
    /// Letters are missing or changed.
    case damaged

    package var description: String {
        switch self {
        case .missing: "there is no join text in it; it begins with \(JoinText.mark) and `sweepd invite` prints it"
        case .otherVersion: "the join text is of another version of sweepd; this one reads \(JoinText.mark)"
        case .damaged: "the join text is damaged: letters were lost or changed in copying; paste it whole"
        }
    }
}
