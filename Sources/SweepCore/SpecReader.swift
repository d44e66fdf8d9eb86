/// Reads typed values out of a `SpecNode` and reports every mistake.
///
/// One reader serves both sides: on a sweep file, where a value may be a domain, it checks every value that the domain
/// can give (both bounds, every option, every branch) and answers with a representative; on a resolved trial there is
/// only the value. A configuration of a sweep file without problems therefore always reads without problems.
package struct SpecReader {
    /// What is read.
    package let node: SpecNode
    /// Where it stands.
    package let path: SpecPath
    /// Where mistakes go.
    package let problems: SpecProblems
    /// Whether a domain may stand here or below.
    package let allowsDomains: Bool

    package init(_ node: SpecNode, path: SpecPath = SpecPath(), problems: SpecProblems, allowsDomains: Bool = false) {
        self.node = node
        self.path = path
        self.problems = problems
        self.allowsDomains = allowsDomains
    }

    /// Reports a mistake at this place.
    package func report(_ message: String, allowed: String? = nil) {
        problems.add(SpecProblem(path: path, message: message, found: node.text, allowed: allowed))
    }

    /// The same reader, where domains are or are not allowed.
    package func allowingDomains(_ allowed: Bool) -> SpecReader {
        SpecReader(node, path: path, problems: problems, allowsDomains: allowed)
    }

    /// Reads each alternative that stands here (the options of a choice, else the node itself); the first one's result.
    package func alternatives<Value>(_ read: (SpecReader) -> Value?) -> Value? {
        guard case .domain(let domain) = node else { return read(self) }
        guard allowsDomains else {
            report("a range is not allowed here", allowed: "a single value")
            return nil
        }
        guard case .choice(let options) = domain else { return read(self) }
        var first: Value?
        for (index, option) in options.enumerated() {
            let reader = SpecReader(
                option.node,
                path: path.appending(.option(index)),
                problems: problems,
                allowsDomains: true
            )
            let value = read(reader)
            if index == 0 { first = value }
        }
        return first
    }

    /// An integer within `range`.
    package func integer(in range: ClosedRange<Int>) -> Int? {
        let allowed = "an integer from \(range.lowerBound) to \(range.upperBound)"
        return alternatives { reader in
            switch reader.node {
            case .integer(let value) where range.contains(value): return value
            case .real(let value) where value == value.rounded() && abs(value) < 1e15 && range.contains(Int(value)):
                return Int(value)
            case .domain(.integer(let low, let high, _)), .domain(.logInteger(let low, let high, _)):
                if range.contains(low), range.contains(high) { return low }
                reader.report("the range leaves what is allowed", allowed: allowed)
            default: reader.report("not an allowed value", allowed: allowed)
            }
            return nil
        }
    }

    /// A finite number within `range`; `above` makes the lower bound itself not allowed.
    package func real(in range: ClosedRange<Double>, above: Bool = false, below: Bool = false) -> Double? {
        let lower =
            above ? "above \(ParameterValue.real(range.lowerBound))" : "from \(ParameterValue.real(range.lowerBound))"
        let upper =
            below ? "below \(ParameterValue.real(range.upperBound))" : "to \(ParameterValue.real(range.upperBound))"
        let allowed = "a number \(lower) \(upper)"
        func fits(_ value: Double) -> Bool {
            range.contains(value) && !(above && value == range.lowerBound) && !(below && value == range.upperBound)
        }
        return alternatives { reader in
            switch reader.node {
            case .integer(let value) where fits(Double(value)): return Double(value)
            case .real(let value) where fits(value): return value
            case .domain(.uniform(let low, let high, _, _)), .domain(.logUniform(let low, let high, _)):
                if fits(low), fits(high) { return low }
                reader.report("the range leaves what is allowed", allowed: allowed)
            case .domain(.integer(let low, let high, _)), .domain(.logInteger(let low, let high, _)):
                if fits(Double(low)), fits(Double(high)) { return Double(low) }
                reader.report("the range leaves what is allowed", allowed: allowed)
            default: reader.report("not an allowed value", allowed: allowed)
            }
            return nil
        }
    }

    /// True or false.
    package func boolean() -> Bool? {
        alternatives { reader in
            if case .boolean(let value) = reader.node { return value }
            reader.report("not an allowed value", allowed: "true or false")
            return nil
        }
    }

    /// Any text; a number or truth value counts as its text.
    package func text() -> String? {
        alternatives { reader in
            switch reader.node {
            case .text(let value) where !value.isEmpty: return value
            case .integer, .real, .boolean: return reader.node.text
            default:
                reader.report("not an allowed value", allowed: "text")
                return nil
            }
        }
    }

    /// One of the cases of an enumeration of texts.
    package func word<Value: RawRepresentable & CaseIterable>(_: Value.Type) -> Value? where Value.RawValue == String {
        alternatives { reader in
            if case .text(let text) = reader.node, let value = Value(rawValue: text) { return value }
            let words = Value.allCases.map(\.rawValue)
            reader.report("not an allowed value", allowed: Self.oneOf(words, for: reader.node.text))
            return nil
        }
    }

    /// The items of a list that holds `count` items.
    package func items(count: ClosedRange<Int>) -> [SpecReader]? {
        guard case .list(let items) = node, count.contains(items.count) else {
            report("not an allowed value", allowed: "a list of \(count.lowerBound) to \(count.upperBound) items")
            return nil
        }
        return items.enumerated().map { index, item in
            SpecReader(item, path: path.appending(.index(index)), problems: problems, allowsDomains: allowsDomains)
        }
    }

    /// The fields of a map that may have the keys of `keys`; unknown keys are reported.
    package func fields(_ keys: [String]) -> SpecFields? {
        guard case .map(let entries) = node else {
            report("not an allowed value", allowed: "a map with " + keys.joined(separator: ", "))
            return nil
        }
        for entry in entries where !keys.contains(entry.key) {
            problems.add(
                SpecProblem(
                    path: path.appending(.key(entry.key)),
                    message: "unknown key",
                    found: entry.key,
                    allowed: Self.oneOf(keys, for: entry.key)
                )
            )
        }
        return SpecFields(reader: self)
    }

    /// A kind with its settings: `{kind: {…}}`, or `kind` alone where all settings have defaults.
    package func tagged(_ kinds: [String]) -> (kind: String, settings: SpecReader)? {
        let empty = SpecNode.map([])
        switch node {
        case .text(let kind) where kinds.contains(kind):
            return (kind, SpecReader(empty, path: path, problems: problems, allowsDomains: allowsDomains))
        case .map(let entries) where entries.count == 1 && kinds.contains(entries[0].key):
            let value = entries[0].value == .null ? empty : entries[0].value
            return (
                entries[0].key,
                SpecReader(
                    value,
                    path: path.appending(.key(entries[0].key)),
                    problems: problems,
                    allowsDomains: allowsDomains
                )
            )
        case .map(let entries) where entries.count == 1:
            report("unknown kind", allowed: Self.oneOf(kinds, for: entries[0].key))
        default:
            report("not an allowed value", allowed: Self.oneOf(kinds, for: node.text))
        }
        return nil
    }

    /// "a, b or c", with a guess first when one of them is close to what was found.
    package static func oneOf(_ words: [String], for found: String) -> String {
        let list =
            words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        guard let guess = words.min(by: { editDistance($0, found) < editDistance($1, found) }),
            editDistance(guess, found) <= max(1, found.count / 3)
        else { return list }
        return "\(list) (did you mean \(guess)?)"
    }

    /// Levenshtein's distance between two words.
    static func editDistance(_ a: String, _ b: String) -> Int {
        let a = Array(a), b = Array(b.prefix(64))
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}

/// The fields of a map under reading.
package struct SpecFields {
    let reader: SpecReader

    /// The reader of the value under `key`; nil when the key is absent or has no value.
    package func optional(_ key: String) -> SpecReader? {
        guard let value = reader.node[key], value != .null else { return nil }
        return SpecReader(
            value,
            path: reader.path.appending(.key(key)),
            problems: reader.problems,
            allowsDomains: reader.allowsDomains
        )
    }

    /// The reader of the value under `key`; a missing one is reported.
    package func required(_ key: String, _ what: String) -> SpecReader? {
        if let found = optional(key) { return found }
        reader.problems.add(
            SpecProblem(path: reader.path.appending(.key(key)), message: "missing", allowed: what)
        )
        return nil
    }
}
