/// What is wrong with a document that is JSON but not what was expected.
package struct DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where, for example `rows[3].state`.
    package let path: String
    /// What was expected there.
    package let message: String
    package var description: String { "\(path.isEmpty ? "the document" : path): expected \(message)" }
}

/// Reads typed values out of a JSON document that came from another process.
package struct DocumentReader {
    package let value: JSONValue
    package let path: String

    /// A reader of the document, or of the part of it that is at `path`.
    package init(_ value: JSONValue, path: String = "") {
        self.value = value
        self.path = path
    }

    /// The error that something else was expected here.
    package func wrong(_ message: String) -> DocumentError { DocumentError(path: path, message: message) }

    /// The reader of the member `key`, which must be there.
    package func field(_ key: String) throws(DocumentError) -> DocumentReader {
        guard let found = value[key] else {
            throw DocumentError(path: join(key), message: "a value")
        }
        return DocumentReader(found, path: join(key))
    }

    /// The reader of the member `key`; nil when it is missing or null.
    package func optional(_ key: String) -> DocumentReader? {
        guard let found = value[key], found != .null else { return nil }
        return DocumentReader(found, path: join(key))
    }

    private func join(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    /// The text that must be here.
    package func text() throws(DocumentError) -> String {
        guard case .text(let text) = value else { throw wrong("a text") }
        return text
    }

    /// The whole number that must be here; `3.0` is one too, as some languages write it and JSON Schema's `integer` says.
    package func integer() throws(DocumentError) -> Int {
        switch value {
        case .integer(let number): return number
        case .number(let number):
            guard let whole = Int(exactly: number) else { throw wrong("a whole number") }
            return whole
        default: throw wrong("a whole number")
        }
    }

    /// The whole number from 0 that must be here.
    package func unsigned() throws(DocumentError) -> UInt64 {
        switch value {
        case .integer(let number) where number >= 0: return UInt64(number)
        case .unsigned(let number): return number
        case .number(let number):
            guard let whole = UInt64(exactly: number) else { throw wrong("a whole number from 0") }
            return whole
        default: throw wrong("a whole number from 0")
        }
    }

    /// The number that must be here.
    package func number() throws(DocumentError) -> Double {
        switch value {
        case .number(let number): return number
        case .integer(let number): return Double(number)
        case .unsigned(let number): return Double(number)
        default: throw wrong("a number")
        }
    }

    /// The flag that must be here.
    package func boolean() throws(DocumentError) -> Bool {
        guard case .boolean(let flag) = value else { throw wrong("true or false") }
        return flag
    }

    /// The readers of the list that must be here.
    package func items() throws(DocumentError) -> [DocumentReader] {
        guard case .array(let items) = value else { throw wrong("a list") }
        return items.enumerated().map { DocumentReader($0.element, path: "\(path)[\($0.offset)]") }
    }

    /// The keys of the object that must be here, with readers of their values.
    package func members() throws(DocumentError) -> [(key: String, value: DocumentReader)] {
        guard case .object(let members) = value else { throw wrong("an object") }
        return members.map { ($0.key, DocumentReader($0.value, path: join($0.key))) }
    }

    /// The word that must be here, one of those of the type.
    package func word<Word: RawRepresentable & CaseIterable>(_: Word.Type) throws(DocumentError) -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: try text()) else {
            throw wrong("one of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return word
    }

    /// The number that must stand under `key`, by the rule for numbers that are not finite; NaN where it is null and nothing says why.
    package func measuredNumber(_ key: String) throws(DocumentError) -> Double {
        _ = try field(key)
        return try measured(key) ?? .nan
    }

    /// The number under `key` by the rule for numbers that are not finite; nil when it was not measured.
    package func measured(_ key: String) throws(DocumentError) -> Double? {
        if let found = optional(key) { return try found.number() }
        guard value[key] != nil else { return nil }
        let word: JSONValue?
        if let each = value["nonfinite_by"] { word = each[key] } else { word = value["nonfinite"] }
        switch word {
        case .text("nan"): return .nan
        case .text("inf"): return .infinity
        case .text("-inf"): return -.infinity
        default: return nil
        }
    }
}
