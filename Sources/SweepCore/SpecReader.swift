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
        problems.add(SpecProblem(path: path, message: message, found: node.excerpt, allowed: allowed))
    }

    /// Reports that nothing stands here where `allowed` must.
    package func reportMissing(_ allowed: String) {
        problems.add(SpecProblem(path: path, message: "missing", allowed: allowed))
    }

    /// Reports that what stands here is not one of `allowed`, with a hint where a range seems to be meant.
    func refuse(_ allowed: String) {
        var allowed = allowed
        switch node {
        case .domain where !allowsDomains:
            return report("a range is not allowed here", allowed: allowed)
        case .map(let entries) where allowsDomains:
            let keyword = entries.lazy.compactMap { Self.guess(ParameterDomain.keywords, for: $0.key) }.first
            if let meant = ParameterDomain.meant(by: node) ?? keyword.map({ "{\($0): …}" }) {
                allowed += " (did you mean \(meant)?)"
            }
        case .list where allowsDomains: allowed += " (or {choice: […]} to try each)"
        default: break
        }
        report("not an allowed value", allowed: allowed)
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
            switch reader.node.unbelieved {
            case .integer(let value) where range.contains(value): return value
            case .real(let value) where value == value.rounded() && abs(value) < 1e15 && range.contains(Int(value)):
                return Int(value)
            case .domain(.integer(let low, let high, _)), .domain(.logInteger(let low, let high, _)):
                if range.contains(low), range.contains(high) { return low }
                reader.report("the range leaves what is allowed", allowed: allowed)
            case .domain: reader.report("a range of reals where integers are needed", allowed: "int, log_int or choice")
            default: reader.refuse(allowed)
            }
            return nil
        }
    }

    /// A finite number within `range`; `above` and `below` make the lower or the upper bound itself not allowed.
    package func real(in range: ClosedRange<Double>, above: Bool = false, below: Bool = false) -> Double? {
        let lower = "\(above ? "above" : "from") \(ParameterValue.real(range.lowerBound))"
        let upper = "\(below ? ", below" : above ? ", at most" : " to") \(ParameterValue.real(range.upperBound))"
        let allowed = "a number \(lower)\(upper)"
        func fits(_ value: Double) -> Bool {
            range.contains(value) && !(above && value == range.lowerBound) && !(below && value == range.upperBound)
        }
        return alternatives { reader in
            switch reader.node.unbelieved {
            case .integer(let value) where fits(Double(value)): return Double(value)
            case .real(let value) where fits(value): return value
            case .domain(.uniform(let low, let high, _, _)), .domain(.logUniform(let low, let high, _)):
                if fits(low), fits(high) { return low }
                reader.report("the range leaves what is allowed", allowed: allowed)
            case .domain(.integer(let low, let high, _)), .domain(.logInteger(let low, let high, _)):
                if fits(Double(low)), fits(Double(high)) { return Double(low) }
                reader.report("the range leaves what is allowed", allowed: allowed)
            default: reader.refuse(allowed)
            }
            return nil
        }
    }

    /// True or false.
    package func boolean() -> Bool? {
        alternatives { reader in
            if case .boolean(let value) = reader.node { return value }
            reader.refuse("true or false")
            return nil
        }
    }

    /// Any text but the empty one; a number is not taken for text, as its own text (`1.10`) is not kept.
    package func text() -> String? {
        alternatives { reader in
            switch reader.node {
            case .text(let value) where !value.isEmpty: return value
            case .integer, .real, .boolean:
                reader.report("not text", allowed: "text; in quotes if it looks like a number, true or false")
            default: reader.refuse("text")
            }
            return nil
        }
    }

    /// One of the cases of an enumeration of texts; `planned` are words of later versions.
    package func word<Value: RawRepresentable & CaseIterable>(_: Value.Type, planned: [String] = []) -> Value?
    where Value.RawValue == String {
        alternatives { reader in
            let words = Value.allCases.map(\.rawValue)
            switch reader.node {
            case .text(let text):
                if let value = Value(rawValue: text) { return value }
                reader.reportWord(text, words, planned: planned)
            default: reader.refuse(Self.oneOf(words))
            }
            return nil
        }
    }

    /// Reports a word that is none of `words`.
    private func reportWord(_ word: String, _ words: [String], planned: [String]) {
        if planned.contains(word) {
            report("not available in this version", allowed: Self.oneOf(words))
        } else {
            report("not an allowed value", allowed: Self.oneOf(words, for: word))
        }
    }

    /// The items of a list that holds `count` items.
    package func items(count: ClosedRange<Int>) -> [SpecReader]? {
        let allowed = "a list of \(count.lowerBound) to \(count.upperBound) items"
        guard case .list(let items) = node else {
            if case .text(let text) = node {
                report("not an allowed value", allowed: "\(allowed) (did you mean [\(text)]?)")
                return nil
            }
            report(isDomain ? "a range is not allowed here" : "not an allowed value", allowed: allowed)
            return nil
        }
        guard count.contains(items.count) else {
            let isShort = items.count < count.lowerBound
            report(items.isEmpty ? "an empty list" : isShort ? "too few items" : "too many items", allowed: allowed)
            return nil
        }
        return items.enumerated().map { index, item in
            SpecReader(item, path: path.appending(.index(index)), problems: problems, allowsDomains: allowsDomains)
        }
    }

    /// The fields of a map that may have the keys of `keys`; unknown keys and those of later versions are reported.
    package func fields(_ keys: [String], planned: [String] = []) -> SpecFields? {
        guard case .map(let entries) = node else {
            report(
                isDomain ? "a range is not allowed here" : "not an allowed value",
                allowed: keys.isEmpty ? "nothing, or an empty map {}" : "a map with " + keys.joined(separator: ", ")
            )
            return nil
        }
        for entry in entries where !keys.contains(entry.key) {
            let isPlanned = planned.contains(entry.key)
            if !isPlanned, let meant = Self.guess(keys, for: entry.key), node[meant] == nil {
                // The key that is probably meant is not also told to be missing.
                problems.mute(path.appending(.key(meant)))
            }
            problems.add(
                SpecProblem(
                    path: path.appending(.key(entry.key)),
                    message: isPlanned ? "not available in this version" : "unknown key",
                    found: entry.key,
                    allowed: keys.isEmpty
                        ? "no keys" : isPlanned ? Self.oneOf(keys) : Self.oneOf(keys, for: entry.key, at: path),
                    side: .key
                )
            )
        }
        return SpecFields(reader: self)
    }

    /// A kind with its settings: `{kind: {…}}`, or `kind` alone where all settings have defaults.
    package func tagged(_ kinds: [String], planned: [String] = []) -> (kind: String, settings: SpecReader)? {
        switch node {
        case .text(let kind):
            if kinds.contains(kind) { return (kind, settings(of: kind, .map([]))) }
            reportWord(kind, kinds, planned: planned)
        case .map(let entries) where entries.count == 1:
            let kind = entries[0].key
            if kinds.contains(kind) { return (kind, settings(of: kind, entries[0].value)) }
            let isPlanned = planned.contains(kind)
            problems.add(
                SpecProblem(
                    path: path.appending(.key(kind)),
                    message: isPlanned ? "not available in this version" : "unknown kind",
                    found: kind,
                    allowed: Self.oneOf(kinds, for: isPlanned ? nil : kind),
                    side: .key
                )
            )
        case .map(let entries) where entries.contains { kinds.contains($0.key) }:
            report(
                "more than one key beside a kind",
                allowed: Self.oneOf(kinds) + (allowsDomains ? " (or {choice: […]} to try each)" : "")
            )
        default: report(isDomain ? "a range is not allowed here" : "not an allowed value", allowed: Self.oneOf(kinds))
        }
        return nil
    }

    private func settings(of kind: String, _ node: SpecNode) -> SpecReader {
        SpecReader(
            node == .null ? .map([]) : node,
            path: path.appending(.key(kind)),
            problems: problems,
            allowsDomains: allowsDomains
        )
    }

    private var isDomain: Bool {
        if case .domain = node { return true }
        return false
    }

    /// "a, b or c", with a guess when one of them is close to what was found.
    package static func oneOf(_ words: [String], for found: String? = nil) -> String {
        let list =
            words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        guard let found, let guess = guess(words, for: found) else { return list }
        return "\(list) (did you mean \(guess)?)"
    }

    /// The same for a key that stands at `path`, with its own place as a guess where that is another.
    private static func oneOf(_ keys: [String], for key: String, at path: SpecPath) -> String {
        // A word that is known elsewhere is no slip of the pen, unless it is one for a key of this place.
        guard let home = KeyHome.path(of: key),
            !(keys + [key]).contains(where: { path.appending(.key($0)).description == home })
        else { return oneOf(keys, for: key) }
        return "\(oneOf(keys)) (did you mean \(home)?)"
    }

    /// The word that `found` is most likely to mean; nil when none is within a third of its letters, or one.
    package static func guess(_ words: [String], for found: String) -> String? {
        // What PyTorch calls them.
        for (short, long) in [("lr", "learning_rate"), ("lr_decay", "learning_rate_decay")]
        where found == short && words.contains(long) { return long }
        let found = found.prefix(64).lowercased()
        let nearest = words.map { ($0, editDistance($0, found)) }.min { $0.1 < $1.1 }
        guard let (word, distance) = nearest, distance <= max(1, found.count / 3) else { return nil }
        return word
    }

    /// The number of letters to add, drop, change or swap with the next to make one word of the other.
    static func editDistance(_ a: String, _ b: String) -> Int {
        let a = Array(a)
        let b = Array(b)
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var distance = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, before[j - 1] + 1) }
                row.append(distance)
            }
            before = last
            last = row
        }
        return last[b.count]
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
