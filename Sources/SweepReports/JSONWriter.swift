extension JSONValue {
    /// The document as text: the same value gives the same bytes everywhere.
    ///
    /// Numbers are the shortest decimals that give the same bits back; whole reals keep their `.0`, so that an integer
    /// and a real are told apart on reading. A number that is not finite becomes `null`. `pretty` puts each member of
    /// an object and each object or array of an array on a line of its own, indented by two spaces.
    package func text(pretty: Bool = false) -> String {
        var output = ""
        write(to: &output, pretty: pretty, indent: 0)
        return output
    }

    /// The document's UTF-8 bytes, on one line.
    package var bytes: [UInt8] { Array(text().utf8) }

    private func write(to output: inout String, pretty: Bool, indent: Int) {
        switch self {
        case .null: output += "null"
        case .boolean(let value): output += value ? "true" : "false"
        case .integer(let value): output += String(value)
        case .unsigned(let value): output += String(value)
        case .number(let value): output += value.isFinite ? "\(value)" : "null"
        case .text(let value): Self.quote(value, into: &output)
        case .array(let items):
            let nested = pretty && items.contains(where: \.isContainer)
            Self.list(items, "[", "]", to: &output, pretty: nested, indent: indent) { item, output in
                item.write(to: &output, pretty: pretty, indent: indent + 1)
            }
        case .object(let members):
            Self.list(members, "{", "}", to: &output, pretty: pretty, indent: indent) { member, output in
                Self.quote(member.key, into: &output)
                output += pretty ? ": " : ":"
                member.value.write(to: &output, pretty: pretty, indent: indent + 1)
            }
        }
    }

    private var isContainer: Bool {
        switch self {
        case .array(let items): !items.isEmpty
        case .object(let members): !members.isEmpty
        default: false
        }
    }

    private static func list<Item>(
        _ items: [Item],
        _ open: String,
        _ close: String,
        to output: inout String,
        pretty: Bool,
        indent: Int,
        write: (Item, inout String) -> Void
    ) {
        output += open
        for (index, item) in items.enumerated() {
            if index > 0 { output += "," }
            if pretty {
                output += "\n" + String(repeating: "  ", count: indent + 1)
            } else if index > 0 {
                output += " "
            }
            write(item, &output)
        }
        if pretty, !items.isEmpty { output += "\n" + String(repeating: "  ", count: indent) }
        output += close
    }

    private static func quote(_ text: String, into output: inout String) {
        output += "\""
        // Nearly every key and word is as it stands, and is copied at once.
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F }) else {
            output += text
            output += "\""
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}
