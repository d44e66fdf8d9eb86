import Glibc
package import SweepCore

extension ObjectStore {
    /// Bytes of the object received so far: where an upload goes on. The object's whole size if it is kept already.
    package func received(_ hash: ContentHash) throws(StoreError) -> Int {
        if let size = try size(of: hash) { return size }
        return try FileSystem.size(of: partialPath(hash)) ?? 0
    }

    /// Adds the next bytes of an upload. They may be lost by a power failure (the end of the upload tells), not by the
    /// end of the process.
    ///
    /// Throws `wrongOffset` when `offset` is not `received(hash)`, which the error carries, so that the sender goes on
    /// from there.
    package func receive(_ hash: ContentHash, offset: Int, _ bytes: [UInt8]) throws(StoreError) {
        let expected = try received(hash)
        guard offset == expected else { throw .wrongOffset(hash, expected: expected, found: offset) }
        guard !bytes.isEmpty else { return }
        try FileSystem.makeDirectories(partialDirectory)
        let file = try FileSystem.open(partialPath(hash), O_WRONLY | O_CREAT)
        try file.seek(to: offset)
        do throws(StoreError) { try file.write(bytes) } catch {
            _ = ftruncate(file.descriptor, off_t(offset))
            throw error
        }
    }

    /// Ends an upload: checks the hash and keeps the object; on the disk when it returns.
    ///
    /// Throws `objectMissing` when nothing was received, `objectCorrupt` when the bytes have another hash: they are
    /// thrown away, and the upload begins again.
    package func finish(_ hash: ContentHash) throws(StoreError) {
        if try contains(hash) { return }
        let partial = partialPath(hash)
        if try FileSystem.size(of: partial) == nil { throw .objectMissing(hash) }
        guard try Self.hashOfFile(partial) == hash else {
            try FileSystem.remove(partial)
            throw .objectCorrupt(hash)
        }
        try FileSystem.open(partial, O_RDWR).synchronize()
        try moveIntoPlace([(partial, hash)])
    }

    /// Throws away what was received of an upload.
    package func abandon(_ hash: ContentHash) throws(StoreError) { try FileSystem.remove(partialPath(hash)) }
}
