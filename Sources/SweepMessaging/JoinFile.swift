/// The file that a machine keeps what it joined with, mode 0600: what `sweepd join` writes and `--join` reads.
///
/// ```
/// # sweepd join file: keep it secret, never copy it to another machine
/// endpoint tcp://10.0.0.7:7700
/// server Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID
/// secret D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs
/// role worker
/// name node1
/// ```
package enum JoinFile {
    /// Writes a new file; one that holds the same already is left as it is, any other is an error.
    package static func write(_ joined: JoinText, to path: String) throws(KeyError) {
        if let present = try? read(path), present == joined { return }
        let text = """
            # sweepd join file: keep it secret, never copy it to another machine
            endpoint \(joined.endpoint)
            server \(joined.server)
            secret \(joined.keys.secretKey)
            role \(joined.role.rawValue)
            name \(joined.name)

            """
        try KeyStorage.write(text, to: path, replacing: false)
    }

    /// Reads a join file; refuses one to which anyone but its owner has access.
    package static func read(_ path: String) throws(KeyError) -> JoinText {
        let text = try KeyStorage.read(path, forbidden: 0o077)
        var values: [String: String] = [:]
        var mistakes: [KeyMistake] = []
        for (line, fields) in KeyText.lines(of: text) {
            let field = String(fields[0])
            if !Self.fields.contains(field) {
                mistakes.append(
                    KeyMistake(line: line, text: "a line starts with \(Self.fields.joined(separator: ", "))")
                )
            } else if fields.count != 2 {
                mistakes.append(KeyMistake(line: line, text: "`\(field)` is followed by one word"))
            } else if values.updateValue(String(fields[1]), forKey: field) != nil {
                mistakes.append(KeyMistake(line: line, text: "a second `\(field)`"))
            }
        }
        guard mistakes.isEmpty else { throw KeyError(.malformed(mistakes), path: path) }
        for field in Self.fields where values[field] == nil {
            mistakes.append(KeyMistake(line: 1, text: "there is no `\(field)` line"))
        }
        guard mistakes.isEmpty else { throw KeyError(.malformed(mistakes), path: path) }
        guard let endpoint = try? Endpoint(values["endpoint"] ?? ""),
            let server = CurvePublicKey(z85: values["server"] ?? ""),
            let keys = CurveKeyPair(secretKey: values["secret"] ?? ""),
            let role = Role(rawValue: values["role"] ?? ""),
            let joined = JoinText(
                endpoint: endpoint,
                server: server,
                keys: keys,
                role: role,
                name: values["name"] ?? ""
            )
        else {
            throw KeyError(.malformed([KeyMistake(line: 1, text: "its values are not those of a join")]), path: path)
        }
        return joined
    }

    private static let fields = ["endpoint", "server", "secret", "role", "name"]
}
