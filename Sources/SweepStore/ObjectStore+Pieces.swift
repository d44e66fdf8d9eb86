import Glibc
package import SweepCore

extension ObjectStore {
    /// Keeps bytes that need not be in memory, as those of a mapped file: they are hashed and written piece by piece. On the
    /// disk when it returns.
    @discardableResult
    package func put(pieces bytes: UnsafeRawBufferPointer) throws(StoreError) -> ContentHash {
        var hasher = ContentHasher()
        for start in stride(from: 0, to: bytes.count, by: Self.pieceSize) {
            hasher.update(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Self.pieceSize, bytes.count)]))
        }
        let hash = hasher.finish()
        if try size(of: hash) == bytes.count { return hash }
        try FileSystem.makeDirectories(temporaryDirectory)
        let path = temporaryPath(hash)
        let file = try FileSystem.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        do throws(StoreError) {
            for start in stride(from: 0, to: bytes.count, by: Self.pieceSize) {
                try file.write(Array(bytes[start..<min(start + Self.pieceSize, bytes.count)]))
            }
            try file.synchronize()
            try moveIntoPlace([(path, hash)])
        } catch {
            removeTemporaries([path])
            throw error
        }
        return hash
    }

    /// Calls `body` with the object's bytes, piece after piece. Throws `objectMissing`, or after the last piece `objectCorrupt`
    /// when the bytes no longer have the hash.
    package func forEachPiece(of hash: ContentHash, _ body: ([UInt8]) throws -> Void) throws {
        guard try contains(hash) else { throw StoreError.objectMissing(hash) }
        let file = try FileSystem.open(path(hash), O_RDONLY)
        var hasher = ContentHasher()
        while true {
            let piece = try file.read(upTo: Self.pieceSize)
            if piece.isEmpty { break }
            piece.withUnsafeBytes { hasher.update($0) }
            try body(piece)
        }
        guard hasher.finish() == hash else { throw StoreError.objectCorrupt(hash) }
    }
}
