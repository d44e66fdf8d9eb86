import SweepCore

/// Why a part of a snapshot cannot be used; whoever meets it does without the snapshot.
package struct SnapshotError: Error, Hashable, CustomStringConvertible {
    package let reason: String
    /// Whether an earlier version of the program wrote it: passed over like any other, but nothing is wrong with it.
    package let isEarlier: Bool

    package init(reason: String, isEarlier: Bool = false) {
        self.reason = reason
        self.isEarlier = isEarlier
    }

    package var description: String { reason }
}

/// Writes the values of a snapshot's part.
///
/// Numbers are as in protobuf (base 128, least first), reals eight bytes, texts that come often stand once and are then named by
/// their place. Equal values give equal bytes.
struct SnapshotWriter {
    private(set) var bytes: [UInt8] = []
    private var texts: [String: UInt64] = [:]

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// A number that is small and not negative in most cases; any is kept.
    mutating func integer(_ value: Int) { number(UInt64(bitPattern: Int64(value << 1 ^ value >> (Int.bitWidth - 1)))) }

    mutating func word(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func real(_ value: Double) { word(value.bitPattern) }

    mutating func reals(_ values: [Double]) {
        number(UInt64(values.count))
        #if _endian(little)
            values.withUnsafeBytes { bytes.append(contentsOf: $0) }
        #else
            for value in values { real(value) }
        #endif
    }

    mutating func blob(_ value: [UInt8]) {
        number(UInt64(value.count))
        bytes += value
    }

    /// A text that stands here alone.
    mutating func text(_ value: String) {
        number(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// A text that comes often.
    mutating func name(_ value: String) {
        if let place = texts[value] { return number(place) }
        number(0)
        text(value)
        texts[value] = UInt64(texts.count + 1)
    }

    mutating func optional<Value>(_ value: Value?, _ write: (inout SnapshotWriter, Value) -> Void) {
        flag(value != nil)
        if let value { write(&self, value) }
    }

    mutating func list<Values: Collection>(_ values: Values, _ write: (inout SnapshotWriter, Values.Element) -> Void) {
        number(UInt64(values.count))
        for value in values { write(&self, value) }
    }
}

/// Reads what `SnapshotWriter` wrote, from bytes that outlive it; throws for anything else, and traps for nothing.
struct SnapshotReader {
    private let base: UnsafeRawBufferPointer
    private var position = 0
    private var texts: [String] = []

    init(_ bytes: UnsafeRawBufferPointer) { base = bytes }

    var isEmpty: Bool { position == base.count }

    static func failure(_ reason: String = "its bytes are not those of a snapshot") -> SnapshotError {
        SnapshotError(reason: reason)
    }

    mutating func byte() throws(SnapshotError) -> UInt8 {
        guard position < base.count else { throw Self.failure() }
        defer { position += 1 }
        return base[position]
    }

    mutating func flag() throws(SnapshotError) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw Self.failure()
        }
    }

    mutating func number() throws(SnapshotError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < base.count, shift < 64 {
            let byte = base[position]
            position += 1
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Self.failure()
    }

    mutating func integer() throws(SnapshotError) -> Int {
        let value = try number()
        return Int(Int64(bitPattern: value >> 1)) ^ -Int(value & 1)
    }

    /// A number from 0 to `limit`.
    mutating func count(upTo limit: Int = Int(Int32.max)) throws(SnapshotError) -> Int {
        let value = try number()
        guard value <= UInt64(limit) else { throw Self.failure() }
        return Int(value)
    }

    /// An integer of this range.
    mutating func integer(in range: ClosedRange<Int>) throws(SnapshotError) -> Int {
        let value = try integer()
        guard range.contains(value) else { throw Self.failure() }
        return value
    }

    mutating func word() throws(SnapshotError) -> UInt64 {
        guard base.count - position >= 8 else { throw Self.failure() }
        defer { position += 8 }
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    mutating func real() throws(SnapshotError) -> Double { Double(bitPattern: try word()) }

    mutating func reals() throws(SnapshotError) -> [Double] {
        let count = try count(upTo: (base.count - position) / 8)
        guard count * 8 <= base.count - position else { throw Self.failure() }
        // All empty arrays share one storage, to which an array made by its capacity writes, also of capacity 0: a race of threads.
        guard count > 0 else { return [] }
        defer { position += count * 8 }
        let part = UnsafeRawBufferPointer(rebasing: base[position..<position + count * 8])
        return [Double](unsafeUninitializedCapacity: count) { target, initialized in
            for index in 0..<count {
                let bits = part.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
                target.initializeElement(at: index, to: Double(bitPattern: UInt64(littleEndian: bits)))
            }
            initialized = count
        }
    }

    mutating func blob() throws(SnapshotError) -> [UInt8] {
        let count = try count(upTo: base.count - position)
        guard count <= base.count - position else { throw Self.failure() }
        defer { position += count }
        return [UInt8](base[position..<position + count])
    }

    mutating func text() throws(SnapshotError) -> String {
        guard let text = String(validating: try blob(), as: UTF8.self) else { throw Self.failure() }
        return text
    }

    mutating func name() throws(SnapshotError) -> String {
        let place = try number()
        if place == 0 {
            texts.append(try text())
            return texts[texts.count - 1]
        }
        guard place <= UInt64(texts.count) else { throw Self.failure() }
        return texts[Int(place) - 1]
    }

    mutating func optional<Value>(
        _ read: (inout SnapshotReader) throws(SnapshotError) -> Value
    ) throws(SnapshotError) -> Value? {
        try flag() ? try read(&self) : nil
    }

    mutating func list<Value>(
        _ read: (inout SnapshotReader) throws(SnapshotError) -> Value
    ) throws(SnapshotError) -> [Value] {
        // Each value takes a byte at least, so that no count asks for more memory than there are bytes.
        let count = try count(upTo: base.count - position)
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }
}
