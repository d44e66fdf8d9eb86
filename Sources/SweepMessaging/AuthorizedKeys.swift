/// What the holder of a key may do.
package enum Role: String, Sendable, Hashable, CaseIterable {
    /// Takes trials and reports on them.
    case worker
    /// Looks: list, status, rank, curves.
    case reader
    /// Everything: submits, pauses, resumes and cancels sweeps too.
    case admin

    /// True when the role includes the permission.
    package func allows(_ permission: Permission) -> Bool {
        switch self {
        case .worker: permission == .work
        case .reader: permission == .read
        case .admin: true
        }
    }
}

/// The three things for which a role is needed.
package enum Permission: Sendable, Hashable, CaseIterable {
    /// To register as a worker, take leases and report.
    case work
    /// To read what the coordinator knows.
    case read
    /// To change what it does.
    case steer
}

/// One key that may connect.
package struct AuthorizedKey: Sendable, Hashable {
    package let key: CurvePublicKey
    package let role: Role
    /// For people: a host, a person.
    ///
    /// May be empty, and need not be unique.
    package let name: String

    package init(key: CurvePublicKey, role: Role, name: String = "") {
        self.key = key
        self.role = role
        self.name = KeyText.singleLine(name)
    }

    /// The line of the file.
    var line: String { name.isEmpty ? "\(role.rawValue) \(key)" : "\(role.rawValue) \(key) \(name)" }
}

/// The keys that may connect, and what each may do.
package struct AuthorizedKeys: Sendable, Equatable {
    /// In the order of the file.
    package let entries: [AuthorizedKey]
    private let byKey: [CurvePublicKey: Int]

    /// Of two entries with one key, the first counts.
    package init(_ entries: [AuthorizedKey] = []) {
        self.entries = entries
        byKey = Dictionary(entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The entry of a key; nil when it is not allowed.
    package subscript(key: CurvePublicKey) -> AuthorizedKey? {
        byKey[key].map { entries[$0] }
    }

    /// Reads the text of a file, one key a line: role, key in Z85, and a name which may be left out or have blanks.
    ///
    /// ```
    /// # role  key                                       name
    /// worker  Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID  node 3
    /// ```
    /// The role stands first because a key may begin with `#`. All mistakes are returned, and the entries without one: a
    /// slip in one line must neither open the port nor lock everyone out.
    package static func parse(_ text: String) -> (keys: AuthorizedKeys, mistakes: [KeyMistake]) {
        var entries: [AuthorizedKey] = []
        var lines: [CurvePublicKey: Int] = [:]
        var mistakes: [KeyMistake] = []
        for (line, fields) in KeyText.lines(of: text) {
            var found = false
            func mistake(_ text: String) {
                mistakes.append(KeyMistake(line: line, text: text))
                found = true
            }
            let role = Role(rawValue: String(fields[0]))
            if role == nil {
                let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
                mistake("unknown role `\(KeyText.quoted(fields[0]))`; the roles are \(roles)")
            }
            let key = fields.count > 1 ? CurvePublicKey(z85: String(fields[1])) : nil
            if fields.count < 2 {
                mistake("the key is missing: after the role come 40 characters of Z85")
            } else if key == nil {
                mistake("`\(KeyText.quoted(fields[1]))` is no key: a key is 40 characters of Z85")
            }
            if let key, let first = lines[key] {
                mistake("the key stands in line \(first) already, and that line counts")
            }
            guard let role, let key, !found else { continue }
            lines[key] = line
            entries.append(AuthorizedKey(key: key, role: role, name: fields.dropFirst(2).joined(separator: " ")))
        }
        return (AuthorizedKeys(entries), mistakes)
    }
}

extension KeyText {
    /// A word of a file as it may be shown: cut where no key or role would reach.
    static func quoted(_ word: Substring) -> String {
        word.count > 48 ? word.prefix(48) + "…" : String(word)
    }

    /// Words with single blanks between them.
    static func singleLine(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
