internal import Glibc

/// Bytes that do not change: in memory, or in a mapped file where they are many.
package struct Blob: RandomAccessCollection, Sendable {
    private let storage: Storage

    private enum Storage: Sendable {
        case own([UInt8])
        case mapped(MappedBytes)
    }

    /// These bytes, in memory.
    package init(_ bytes: [UInt8]) { storage = .own(bytes) }

    fileprivate init(_ mapped: MappedBytes) { storage = .mapped(mapped) }

    package var startIndex: Int { 0 }
    package var endIndex: Int {
        switch storage {
        case .own(let bytes): bytes.count
        case .mapped(let bytes): bytes.count
        }
    }

    /// The byte at a place, wherever it is held.
    package subscript(index: Int) -> UInt8 {
        switch storage {
        case .own(let bytes): return bytes[index]
        case .mapped(let bytes):
            precondition(index >= 0 && index < bytes.count, "there is no such byte")
            return withExtendedLifetime(bytes) { bytes.start[index] }
        }
    }

    /// Whether they are in a file.
    package var isMapped: Bool { if case .mapped = storage { true } else { false } }

    /// The bytes as an array: a copy where they are in a file.
    package var array: [UInt8] {
        switch storage {
        case .own(let bytes): bytes
        case .mapped: withUnsafeBufferPointer { Array($0) }
        }
    }

    /// A copy of the bytes of a range.
    package func bytes(in range: Range<Int>) -> [UInt8] {
        withUnsafeBufferPointer { Array(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// Calls `body` with all bytes.
    package func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
        -> Result
    {
        switch storage {
        case .own(let bytes): try bytes.withUnsafeBufferPointer(body)
        case .mapped(let bytes):
            try withExtendedLifetime(bytes) {
                try body(UnsafeBufferPointer(start: bytes.start, count: bytes.count))
            }
        }
    }

    /// Calls `body` with all bytes.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBufferPointer { try body(UnsafeRawBufferPointer($0)) }
    }

    /// Calls `body` with all bytes as they lie: they are in one piece in memory and in a mapped file alike.
    package func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        try withUnsafeBufferPointer(body)
    }
}

/// A mapped file that nobody writes to any more.
private final class MappedBytes: Sendable {
    nonisolated(unsafe) let start: UnsafePointer<UInt8>
    let count: Int

    init(_ memory: UnsafeMutableRawPointer, count: Int) {
        start = UnsafePointer(memory.bindMemory(to: UInt8.self, capacity: count))
        self.count = count
    }

    deinit { munmap(UnsafeMutablePointer(mutating: start), count) }
}

/// Puts a blob together, piece after piece: in memory at first, and in an `UnnamedFile` once it is larger than a limit.
package final class BlobWriter {
    /// Bytes so far.
    package private(set) var count = 0
    private let limit: Int
    /// What is in memory: everything, or what is not in the file yet.
    private var bytes: [UInt8] = []
    private var descriptor: Int32 = -1

    /// Enough for a write to cost more than its call.
    private static let pieceSize = 1 << 20

    /// A writer that holds at most `limit` bytes, and a piece, in memory; `capacity` is how many are expected.
    package init(limit: Int = ResidentLimit.bytes, capacity: Int = 0) {
        self.limit = limit
        if capacity <= limit { bytes.reserveCapacity(capacity) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Adds bytes.
    package func append(_ piece: UnsafeRawBufferPointer) throws(NoRoom) {
        count += piece.count
        bytes.append(contentsOf: piece)
        try flushIfLarge()
    }

    /// Adds bytes.
    package func append(_ piece: [UInt8]) throws(NoRoom) {
        count += piece.count
        bytes += piece
        try flushIfLarge()
    }

    /// All bytes that were added; the writer is used up.
    package func finish() throws(NoRoom) -> Blob {
        guard descriptor >= 0 else {
            defer { bytes = [] }
            return Blob(bytes)
        }
        try flush()
        return Blob(MappedBytes(try UnnamedFile.map(descriptor, count), count: count))
    }

    private func flushIfLarge() throws(NoRoom) {
        if descriptor >= 0 ? bytes.count >= Self.pieceSize : count > limit { try flush() }
    }

    private func flush() throws(NoRoom) {
        if descriptor < 0 { descriptor = try UnnamedFile.open(for: count) }
        let descriptor = descriptor
        let failure: Int32 = bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let written = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return written < 0 ? errno : ENOSPC }
                done += written
            }
            return 0
        }
        guard failure == 0 else { throw UnnamedFile.failure(failure, count) }
        // What was in memory until now was large, and is not needed again.
        if bytes.capacity > 2 * Self.pieceSize { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
    }
}
