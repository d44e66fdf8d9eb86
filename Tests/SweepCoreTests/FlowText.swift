import SweepCore

/// Reads values written on one line, as in `{adam: {learning_rate: 0.1}}`: enough of YAML's flow form for tests.
struct FlowText {
    private let text: [Character]
    private var place = 0

    /// The node that `text` says; a `{choice: […]}` is a domain.
    static func node(_ text: String) -> SpecNode {
        var flow = FlowText(text: Array(text))
        return flow.value()
    }

    private init(text: [Character]) { self.text = text }

    private mutating func value() -> SpecNode {
        skipSpaces()
        switch next {
        case "{": return map()
        case "[": return list()
        default: return scalar()
        }
    }

    private var next: Character? { place < text.count ? text[place] : nil }

    private mutating func skipSpaces() { while next == " " || next == "\n" { place += 1 } }

    private mutating func take(_ character: Character) -> Bool {
        skipSpaces()
        guard next == character else { return false }
        place += 1
        return true
    }

    private mutating func word() -> String {
        skipSpaces()
        let start = place
        while let character = next, !",:{}[]\n".contains(character) { place += 1 }
        return String(text[start..<place])
    }

    private mutating func map() -> SpecNode {
        place += 1
        var entries: [SpecEntry] = []
        while !take("}"), next != nil {
            let key = word()
            _ = take(":")
            entries.append(SpecEntry(key, value()))
            _ = take(",")
        }
        if entries.count == 1, entries[0].key == "choice", case .list(let options) = entries[0].value {
            return .domain(.choice(options.map { ChoiceOption($0) }))
        }
        return .map(entries)
    }

    private mutating func list() -> SpecNode {
        place += 1
        var items: [SpecNode] = []
        while !take("]"), next != nil {
            items.append(value())
            _ = take(",")
        }
        return .list(items)
    }

    private mutating func scalar() -> SpecNode {
        let word = word()
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null", "": return .null
        default: return Int(word).map { .integer($0) } ?? Double(word).map { .real($0) } ?? .text(word)
        }
    }
}
