/// A JSON document as a value; objects keep the order of their members.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    /// A whole number above `Int.max` (trial seeds); smaller ones are `integer`.
    case unsigned(UInt64)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([JSONMember])

    /// The value of `number` in the smallest kind that holds it.
    package static func whole(_ number: UInt64) -> JSONValue {
        number <= UInt64(Int.max) ? .integer(Int(number)) : .unsigned(number)
    }

    /// The value of the member `key`, when this is an object that has it.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }
}

/// One `"key": value` of an object.
package struct JSONMember: Hashable, Sendable {
    package let key: String
    package let value: JSONValue
    package init(_ key: String, _ value: JSONValue) {
        self.key = key
        self.value = value
    }
}

/// Builds an object by the rule for numbers that are not finite.
///
/// JSON has no NaN and no infinity. Such a number is written `null`, and the object that holds it gets a member
/// `"nonfinite"` with `"nan"`, `"inf"` or `"-inf"`. When several numbers of one object are not finite and differ in
/// kind, `"nonfinite"` tells the first one's and `"nonfinite_by"` tells each one's by key.
struct JSONObjectBuilder {
    private var members: [JSONMember] = []
    private var nonFinite: [(key: String, word: String)] = []

    mutating func add(_ key: String, _ value: JSONValue) { members.append(JSONMember(key, value)) }
    mutating func add(_ key: String, _ value: String?) { add(key, value.map { .text($0) } ?? .null) }
    mutating func add(_ key: String, _ value: Int?) { add(key, value.map { .integer($0) } ?? .null) }

    /// Adds a number; nil (not measured) is `null` without a word.
    mutating func add(_ key: String, _ value: Double?) {
        guard let value else { return add(key, .null) }
        if value.isFinite { return add(key, .number(value)) }
        nonFinite.append((key, value.isNaN ? "nan" : value > 0 ? "inf" : "-inf"))
        add(key, .null)
    }

    /// The finished object.
    var object: JSONValue {
        guard let first = nonFinite.first else { return .object(members) }
        var all = members + [JSONMember("nonfinite", .text(first.word))]
        if nonFinite.contains(where: { $0.word != first.word }) {
            all.append(
                JSONMember("nonfinite_by", .object(nonFinite.map { JSONMember($0.key, .text($0.word)) }))
            )
        }
        return .object(all)
    }
}
