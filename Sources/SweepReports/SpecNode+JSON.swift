package import SweepCore

extension SpecNode {
    /// The node as JSON: a range, which no resolved specification has, by its text; a number that is not finite as null.
    package var json: JSONValue {
        switch self {
        case .null: .null
        case .boolean(let value): .boolean(value)
        case .integer(let value): .integer(value)
        case .real(let value): value.isFinite ? .number(value) : .null
        case .text(let value): .text(value)
        case .list(let items): .array(items.map(\.json))
        case .map(let entries): .object(entries.map { JSONMember($0.key, $0.value.json) })
        case .domain: .text(text)
        }
    }

    /// Reads a node that `json` wrote: no key of an object makes it a range.
    package init(_ reader: DocumentReader) throws(DocumentError) {
        switch reader.value {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .real(value)
        case .text(let value): self = .text(value)
        case .unsigned: throw reader.wrong("a whole number of 63 bits")
        case .array:
            self = .list(try reader.items().each { item throws(DocumentError) in try SpecNode(item) })
        case .object:
            var entries: [SpecEntry] = []
            for (key, value) in try reader.members() { entries.append(SpecEntry(key, try SpecNode(value))) }
            self = .map(entries)
        }
    }
}
