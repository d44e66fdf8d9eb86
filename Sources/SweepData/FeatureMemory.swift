internal import Glibc

/// Memory for rows of numbers: the process's own, or beyond a size that of an `UnnamedFile`.
///
/// Rows larger than memory can be read, prepared and trained on so, as slowly as the disk reads.
///
/// Sendable because the pointer does not change, and who writes through it is the owner's affair.
final class FeatureMemory: @unchecked Sendable {
    /// The first float, at a multiple of 64 bytes; all floats are 0 at first.
    let floats: UnsafeMutablePointer<Float>
    let count: Int
    private let size: Int
    private let isMapped: Bool

    /// Room for `count` floats; from more than `limit` bytes on in a file.
    init(count: Int, mappedAbove limit: Int) throws(NoRoom) {
        size = max(count, 1) * MemoryLayout<Float>.stride
        self.count = count
        isMapped = size > limit
        if isMapped {
            floats = try UnnamedFile.mapped(size).bindMemory(to: Float.self, capacity: count)
        } else {
            floats = Self.own(count, size)
        }
    }

    /// Memory of the process's own.
    init(count: Int) {
        size = max(count, 1) * MemoryLayout<Float>.stride
        self.count = count
        isMapped = false
        floats = Self.own(count, size)
    }

    private static func own(_ count: Int, _ size: Int) -> UnsafeMutablePointer<Float> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        let floats = memory.bindMemory(to: Float.self, capacity: count)
        floats.initialize(repeating: 0, count: count)
        return floats
    }

    deinit {
        if isMapped {
            munmap(floats, size)
        } else {
            floats.deallocate()
        }
    }
}
