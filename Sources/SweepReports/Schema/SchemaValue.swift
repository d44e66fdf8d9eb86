import SweepCore

/// Pieces of a JSON Schema (draft 2020-12) of the sweep file.
///
/// A value that may be searched also takes a range; options of a choice are not looked into, as each may be a branch of its own: what
/// `sweepd validate` says is the whole truth, the schema helps while one writes.
enum SchemaValue {
    static func object(_ members: (String, JSONValue)...) -> JSONValue {
        .object(members.map { JSONMember($0.0, $0.1) })
    }

    static func reference(_ name: String) -> JSONValue { object(("$ref", .text("#/$defs/\(name)"))) }

    static func any(_ kinds: [JSONValue]) -> JSONValue { object(("anyOf", .array(kinds))) }

    /// One of some words.
    static func words(_ words: [String]) -> JSONValue { object(("enum", .array(words.map { .text($0) }))) }

    /// A word that may be searched.
    static func searched(words: [String]) -> JSONValue { any([Self.words(words), reference("choice")]) }

    static let text = object(("type", .text("string")))
    static let boolean = any([object(("type", .text("boolean"))), reference("choice")])

    /// A number between bounds that may be searched.
    static func number(_ range: ClosedRange<Double>? = nil) -> JSONValue {
        var plain = [JSONMember("type", .text("number"))]
        if let range {
            plain += [
                JSONMember("minimum", .number(range.lowerBound)), JSONMember("maximum", .number(range.upperBound)),
            ]
        }
        return any([.object(plain), reference("realRange"), reference("choice")])
    }

    /// An integer between bounds that may be searched.
    static func integer(_ range: ClosedRange<Int>) -> JSONValue {
        any([fixed(range), reference("integerRange"), reference("choice")])
    }

    /// An integer between bounds that is the same for all trials.
    static func fixed(_ range: ClosedRange<Int>) -> JSONValue {
        object(
            ("type", .text("integer")),
            ("minimum", .integer(range.lowerBound)),
            ("maximum", .integer(range.upperBound))
        )
    }

    static func list(of item: JSONValue, _ count: ClosedRange<Int>? = nil) -> JSONValue {
        var members = [JSONMember("type", .text("array")), JSONMember("items", item)]
        if let count {
            members += [
                JSONMember("minItems", .integer(count.lowerBound)), JSONMember("maxItems", .integer(count.upperBound)),
            ]
        }
        return .object(members)
    }

    /// A map of these keys and no others.
    static func map(
        _ keys: [(String, JSONValue)],
        required: [String] = [],
        _ description: String? = nil
    ) -> JSONValue {
        var members = [
            JSONMember("type", .text("object")),
            JSONMember("properties", .object(keys.map { JSONMember($0.0, $0.1) })),
            JSONMember("additionalProperties", .boolean(false)),
        ]
        if !required.isEmpty { members.append(JSONMember("required", .array(required.map { .text($0) }))) }
        if let description { members.append(JSONMember("description", .text(description))) }
        return .object(members)
    }

    /// A map of any keys.
    static func dictionary(of value: JSONValue) -> JSONValue {
        object(("type", .text("object")), ("additionalProperties", value))
    }

    /// A kind with its settings: `{kind: {…}}`; `alone` are those that may stand as a word.
    static func kinds(_ kinds: [(String, JSONValue)], alone: [String]) -> JSONValue {
        any(
            [words(alone)] + kinds.map { map([$0], required: [$0.0]) } + [reference("choice")]
        )
    }

    /// The value with what an editor shows beside it.
    static func described(_ value: JSONValue, _ description: String) -> JSONValue {
        guard case .object(let members) = value else { return value }
        return .object(members + [JSONMember("description", .text(description))])
    }
}
