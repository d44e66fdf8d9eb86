package import SweepCore

extension EnqueueRequest {
    /// The arguments of an `enqueue` request; nothing for values that JSON has not, which no range has either.
    func add(to object: inout JSONObjectBuilder) {
        object.add("configurations", configurations.json)
        if addsTrials { object.add("more", .boolean(true)) }
        if let key { object.add("key", key) }
    }

    /// Reads what `add` wrote.
    init(_ reader: DocumentReader) throws(DocumentError) {
        let list = try reader.field("configurations")
        let items = try list.items()
        guard (1...SearchSpec.greatestTriedFirst).contains(items.count) else {
            throw list.wrong("a list of 1 to \(SearchSpec.greatestTriedFirst) configurations")
        }
        for item in items { _ = try item.members() }
        self.init(
            configurations: try SpecNode(list),
            addsTrials: try reader.optional("more")?.boolean() ?? false,
            key: try reader.optional("key").map { field throws(DocumentError) in
                let key = try field.text()
                guard Self.keyBytes.contains(key.utf8.count) else {
                    throw field.wrong("a text of \(Self.keyBytes.lowerBound) to \(Self.keyBytes.upperBound) bytes")
                }
                return key
            }
        )
    }

    /// How much a request may demand before it is refused.
    package static let limits = JSONValue.Limits(bytes: bodyLimit, depth: 8, values: 100_000)
}
