/// The last bytes of a stream.
package struct LogTail: Sendable {
    /// How many bytes are kept.
    package let limit: Int
    private var bytes: [UInt8] = []

    package init(limit: Int) { self.limit = limit }

    /// Adds what comes next.
    package mutating func append(_ more: some Collection<UInt8>) {
        bytes += more.suffix(limit)
        // Moved only when twice the limit is there, so that a long stream costs constant time a byte.
        if bytes.count > 2 * limit { bytes.removeFirst(bytes.count - limit) }
    }

    /// Forgets everything.
    package mutating func clear() { bytes.removeAll(keepingCapacity: true) }

    /// The last `count` bytes at most as text; bytes that are no text become replacement characters.
    package func text(_ count: Int) -> String { String(decoding: bytes.suffix(min(count, limit)), as: UTF8.self) }
}
