package import SweepCore
import SwiftProtobuf

/// A value with its protobuf form; the form never leaves this target.
protocol WireForm {
    associatedtype Form: SwiftProtobuf.Message
    /// The value's form; throws when no receiver would take it.
    func form() throws(WireError) -> Form
    /// The value of a form from a peer; every field is checked.
    init(_ form: Form) throws(WireError)
}

extension WireForm {
    /// The form's bytes.
    func bytes() throws(WireError) -> [UInt8] { try serialize(form()) }

    /// The value of a form's bytes.
    init(bytes: [UInt8]) throws(WireError) { try self.init(parse(bytes)) }
}

/// `form` as bytes.
func serialize(_ form: some SwiftProtobuf.Message) throws(WireError) -> [UInt8] {
    do { return try form.serializedBytes() } catch { throw .undecodable("not encodable: \(error)") }
}

/// The form that `bytes` are.
///
/// Three messages a level of a tree (node, map, entry), and a few around it, bound how deep the decoder goes.
func parse<Form: SwiftProtobuf.Message>(_ bytes: [UInt8]) throws(WireError) -> Form {
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 3 * WireLimits.treeDepth + 16
    options.discardUnknownFields = true
    do { return try Form(serializedBytes: bytes, options: options) } catch {
        throw .undecodable("not a body of this kind: \(error)")
    }
}

/// Bytes as protobuf holds them, whatever type that is.
func field<Bytes: SwiftProtobufContiguousBytes>(_ bytes: [UInt8]) -> Bytes { Bytes(bytes) }

/// A bytes field as an array.
func array(_ bytes: some SwiftProtobufContiguousBytes) -> [UInt8] {
    bytes.withUnsafeBytes { unsafe [UInt8]($0) }
}

/// The checks that fields of a peer's message go through.
enum Check {
    /// A count or measure, at most `limit`.
    static func integer(
        _ value: some BinaryInteger,
        _ name: String,
        in range: ClosedRange<Int> = 0...Int(Int32.max)
    ) throws(WireError) -> Int {
        guard let exact = Int(exactly: value), range.contains(exact) else {
            throw .undecodable("\(name) is \(value), allowed is \(range.lowerBound) to \(range.upperBound)")
        }
        return exact
    }

    /// A text of at most `limit` bytes.
    static func text(_ value: String, _ name: String, limit: Int = WireLimits.name) throws(WireError) -> String {
        guard value.utf8.count <= limit else {
            throw .undecodable("\(name) has \(value.utf8.count) bytes, at most \(limit) are allowed")
        }
        return value
    }

    /// Every element of `values`, read; at most `limit` of them.
    static func list<Source, Value>(
        _ values: [Source],
        _ name: String,
        limit: Int = WireLimits.entries,
        _ read: (Source) throws(WireError) -> Value
    ) throws(WireError) -> [Value] {
        guard values.count <= limit else {
            throw .undecodable("\(values.count) \(name), at most \(limit) are allowed")
        }
        var result: [Value] = []
        result.reserveCapacity(values.count)
        for value in values { result.append(try read(value)) }
        return result
    }

    /// The SHA-256 that `bytes` are.
    static func hash(_ bytes: some SwiftProtobufContiguousBytes) throws(WireError) -> ContentHash {
        guard let hash = ContentHash(bytes: array(bytes)) else {
            throw .undecodable("a hash of \(bytes.count) bytes, it has 32")
        }
        return hash
    }

    /// The most list entries a sender may put into one message.
    static func count(_ values: [some Any], _ name: String, limit: Int = WireLimits.entries) throws(WireError) {
        guard values.count <= limit else {
            throw WireError(.tooLarge, "\(values.count) \(name), at most \(limit) are allowed")
        }
    }

    /// The first `limit` bytes of `text`, cut between characters.
    static func head(_ text: String, limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var kept = text.utf8.prefix(limit)
        while !kept.isEmpty {
            if let whole = String(kept) { return whole }
            kept = kept.dropLast()
        }
        return ""
    }

    /// The last `limit` bytes of `text`, cut between characters.
    static func tail(_ text: String, limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var kept = text.utf8.suffix(limit)
        while !kept.isEmpty {
            if let whole = String(kept) { return whole }
            kept = kept.dropFirst()
        }
        return ""
    }
}

extension ContentHash {
    /// The hash's 32 bytes.
    package var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(32)
        var high: UInt8?
        for digit in hex.utf8 {
            let nibble = digit < 58 ? digit - 48 : digit - 87
            if let first = high {
                result.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return result
    }
}
