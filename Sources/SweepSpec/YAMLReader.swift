import SweepCore
import Yams

/// Reads YAML text into a `YAMLTree`, within bounds, by the rules of sweep files.
///
/// Anchors and aliases are allowed, and of tags only `!!str`. Other tags, merge keys, keys that are not text and keys that occur twice are mistakes that
/// leave the rest readable; what breaks the syntax or a bound is reported alone.
struct YAMLReader {
    /// Values in the whole file, aliases written out: a hundred times what a large sweep needs.
    static let greatestNodeCount = 100_000
    /// Values within values.
    static let greatestDepth = 64

    /// Mistakes that leave the rest readable.
    private(set) var problems: [LocatedProblem] = []
    /// Where a mark of the text is; a constant for the text of an option.
    private let place: (Mark?) -> SourcePlace
    private let restore: [Unicode.Scalar: Unicode.Scalar]
    private var count = 0

    /// The text's one document; a text without any value is an empty map.
    ///
    /// `option` is the option that `text` is the value of; nil for a file's text.
    static func read(
        _ text: String,
        option: String? = nil
    ) throws(YAMLFault) -> (tree: YAMLTree, problems: [LocatedProblem]) {
        let composed = try YAMLDocument.compose(text)
        func place(_ mark: Mark?) -> SourcePlace {
            option.map(SourcePlace.option) ?? .file(line: mark?.line ?? 1, column: mark?.column ?? 1)
        }
        guard let root = composed.root else {
            let nothing: YAMLTree.Content = option == nil ? .map([]) : .scalar(.null)
            return (YAMLTree(content: nothing, place: place(nil)), [])
        }
        var reader = YAMLReader(place: place, restore: composed.restore)
        let tree = try reader.tree(root, path: SpecPath(), depth: 0)
        return (tree, reader.problems)
    }

    private init(place: @escaping (Mark?) -> SourcePlace, restore: [Unicode.Scalar: Unicode.Scalar]) {
        self.place = place
        self.restore = restore
    }

    private mutating func tree(_ node: Node, path: SpecPath, depth: Int) throws(YAMLFault) -> YAMLTree {
        count += 1
        guard count <= Self.greatestNodeCount else {
            throw YAMLFault(node.mark, "more than \(Self.greatestNodeCount) values, aliases written out")
        }
        guard depth <= Self.greatestDepth else {
            throw YAMLFault(node.mark, "values nested more than \(Self.greatestDepth) deep")
        }
        let here = place(node.mark)
        switch node {
        case .scalar(let scalar):
            reportTag(scalar.tag.description, path, here)
            let isText = scalar.tag.description == Tag.Name.str.rawValue
            let isPlain = (scalar.style == .plain || scalar.style == .any) && !isText
            return YAMLTree(
                content: .scalar(isPlain ? YAMLScalar.resolve(scalar.string) : .text(scalar.string)),
                place: here
            )
        case .sequence(let sequence):
            reportTag(sequence.tag.description, path, here)
            var items: [YAMLTree] = []
            for (index, item) in sequence.enumerated() {
                items.append(try tree(item, path: path.appending(.index(index)), depth: depth + 1))
            }
            return YAMLTree(content: .list(items), place: here)
        case .mapping(let mapping):
            reportTag(mapping.tag.description, path, here)
            return YAMLTree(content: .map(try entries(mapping, path: path, depth: depth)), place: here)
        case .alias:
            throw YAMLFault(node.mark, "an alias that leads nowhere")
        }
    }

    private mutating func entries(
        _ mapping: Node.Mapping,
        path: SpecPath,
        depth: Int
    ) throws(YAMLFault) -> [YAMLTree.Entry] {
        var entries: [YAMLTree.Entry] = []
        var first: [String: SourcePlace] = [:]
        for (keyNode, valueNode) in mapping {
            let keyPlace = place(keyNode.mark)
            guard let key = key(keyNode, path, keyPlace) else { continue }
            let keyPath = path.appending(.key(key))
            if let earlier = first[key] {
                var text = "the same key twice: \(keyPath)"
                if case .file(let line, _) = earlier { text += ", first on line \(line)" }
                problems.append(LocatedProblem(place: keyPlace, kind: "the same key twice", text: text))
                continue
            }
            first[key] = keyPlace
            var value = try tree(valueNode, path: keyPath, depth: depth + 1)
            // A value that is not written has no place of its own.
            if case .scalar(let scalar) = valueNode, scalar.style == .plain, scalar.string.isEmpty {
                value.place = keyPlace
            }
            entries.append(YAMLTree.Entry(key: key, place: keyPlace, value: value))
        }
        return entries
    }

    /// The text of a key; nil (and reported) when it is not text.
    private mutating func key(_ node: Node, _ path: SpecPath, _ place: SourcePlace) -> String? {
        let at = path.steps.isEmpty ? "" : " in \(path)"
        guard case .scalar(let scalar) = node else {
            report("a key that is not text", "a key that is not text\(at), found a list or map", place)
            return nil
        }
        var key = scalar.string
        if let marker = key.unicodeScalars.first, let original = restore[marker] {
            key = String(String.UnicodeScalarView([original] + key.unicodeScalars.dropFirst()))
        }
        let isPlain = scalar.style == .plain || scalar.style == .any
        if isPlain, key == "<<" {
            report(
                "merge keys are not available",
                "merge keys are not available\(at): write the keys out (anchors and aliases work)",
                place
            )
            return nil
        }
        if isPlain, case let value = YAMLScalar.resolve(key) {
            if case .text = value { return key }
            report("a key that is not text", "a key that is not text\(at), found \(value.excerpt)", place)
            return nil
        }
        return key
    }

    private mutating func reportTag(_ tag: String, _ path: SpecPath, _ place: SourcePlace) {
        // The library itself writes these three into what stands in a key.
        let harmless = ["", Tag.Name.str.rawValue, Tag.Name.seq.rawValue, Tag.Name.map.rawValue]
        guard !harmless.contains(tag) else { return }
        let at = path.steps.isEmpty ? "" : ": \(path)"
        report("tags are not available", "tags are not available\(at), found \(tag)", place)
    }

    private mutating func report(_ kind: String, _ text: String, _ place: SourcePlace) {
        problems.append(LocatedProblem(place: place, kind: kind, text: text))
    }
}
