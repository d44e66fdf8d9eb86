package import SweepCore

extension SpecNode {
    /// The node as a YAML text that reads back as the same node: one key a line, lists of plain values and ranges on one.
    package var yaml: String { lines.joined(separator: "\n") + "\n" }

    private var lines: [String] {
        switch self {
        case .map(let entries) where !entries.isEmpty:
            entries.flatMap { entry in
                let key = Self.scalar(entry.key)
                guard entry.value.isNested else { return ["\(key): \(entry.value.flow)"] }
                return ["\(key):"] + entry.value.lines.map { "  " + $0 }
            }
        case .list(let items) where isNested:
            items.flatMap { item in
                let lines = item.isNested ? item.lines : [item.flow]
                return ["- " + lines[0]] + lines.dropFirst().map { "  " + $0 }
            }
        default: [flow]
        }
    }

    /// Whether the node takes lines of its own.
    private var isNested: Bool {
        switch self {
        case .map(let entries): !entries.isEmpty
        case .list(let items): items.contains { if case .map = $0 { true } else { $0.isNested } }
        default: false
        }
    }

    /// The node on one line.
    private var flow: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .real(let value): value.isNaN ? ".nan" : value.isInfinite ? (value < 0 ? "-.inf" : ".inf") : "\(value)"
        case .text(let value): Self.scalar(value)
        case .list(let items): "[" + items.map(\.flow).joined(separator: ", ") + "]"
        case .map(let entries):
            "{" + entries.map { "\(Self.scalar($0.key)): \($0.value.flow)" }.joined(separator: ", ") + "}"
        case .domain(let domain): domain.map.flow
        }
    }

    /// A text in quotes, unless every reader of YAML takes it for text without them.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [45, 46, 47, 95].contains(byte)
            } && text.utf8.first.map { (65...90).contains($0) || (97...122).contains($0) } == true
        // Words that readers of YAML 1.1 take for truth values.
        let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        if isPlain, !words.contains(text.lowercased()) { return text }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): escape(scalar, "u", 4)
            case "\u{2028}", "\u{2029}", "\u{FEFF}": escape(scalar, "u", 4)
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar, _ letter: String, _ digits: Int) -> String {
        let code = String(scalar.value, radix: 16)
        return "\\" + letter + String(repeating: "0", count: max(0, digits - code.count)) + code
    }
}

extension ParameterDomain {
    /// The map by which a sweep file writes this domain.
    fileprivate var map: SpecNode {
        func whole(_ key: String, _ value: Int?) -> [SpecEntry] { value.map { [SpecEntry(key, .integer($0))] } ?? [] }
        let (bounds, more): (SpecNode, [SpecEntry]) =
            switch range {
            case .uniform(let low, let high, let step, let points):
                (
                    .list([.real(low), .real(high)]),
                    (step.map { [SpecEntry("step", .real($0))] } ?? []) + whole("points", points)
                )
            case .logUniform(let low, let high, let points):
                (.list([.real(low), .real(high)]), whole("points", points))
            case .integer(let low, let high, let step):
                (.list([.integer(low), .integer(high)]), step == 1 ? [] : whole("step", step))
            case .logInteger(let low, let high, let points):
                (.list([.integer(low), .integer(high)]), whole("points", points))
            case .choice(let options): (.list(options.map(\.node)), [])
            case .believed: (.null, [])
            }
        var entries = [SpecEntry(keyword, bounds)] + more
        if let prior {
            let settings = [SpecEntry("mean", .real(prior.mean)), SpecEntry("deviation", .real(prior.deviation))]
            entries.append(SpecEntry("prior", .map(settings)))
        }
        if let weights {
            entries.append(SpecEntry("prior", .map([SpecEntry("weights", .list(weights.map { .real($0) }))])))
        }
        return .map(entries)
    }
}
