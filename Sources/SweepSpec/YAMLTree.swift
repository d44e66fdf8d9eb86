import SweepCore

/// A YAML document as it was written, scalars resolved, ranges not yet recognised; every value knows its place.
struct YAMLTree {
    enum Content {
        case scalar(SpecNode)
        case list([YAMLTree])
        case map([Entry])
    }

    struct Entry {
        let key: String
        let place: SourcePlace
        var value: YAMLTree
    }

    var content: Content
    var place: SourcePlace

    /// The tree as a node in which maps that look like ranges are still maps: for messages.
    var plain: SpecNode {
        switch content {
        case .scalar(let node): node
        case .list(let items): .list(items.map(\.plain))
        case .map(let entries): .map(entries.map { SpecEntry($0.key, $0.value.plain) })
        }
    }

    /// The value under `key`, when this is a map that has it.
    subscript(key: String) -> YAMLTree? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }
}
