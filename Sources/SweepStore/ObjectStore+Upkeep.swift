import Glibc
package import SweepCore

extension ObjectStore {
    /// What a directory's objects take of its disk.
    package struct Usage: Hashable, Sendable {
        package var objects = 0
        package var bytes = 0
        /// Uploads under way or broken off.
        package var uploads = 0
        package var uploadBytes = 0

        package init() {}
    }

    /// How uploads that do not come to their end are bounded.
    package struct UploadLimits: Hashable, Sendable {
        /// Seconds without a byte after which an upload is given up: an hour, so that a machine may be away for a while and
        /// go on where it was.
        package var idleSeconds: Int
        /// Bytes of all of them together: two of the largest objects (16 GiB each). Beyond, those that rest longest go.
        package var bytes: Int

        package init(idleSeconds: Int = 3600, bytes: Int = 32 << 30) {
            self.idleSeconds = idleSeconds
            self.bytes = bytes
        }
    }

    /// What is on the disk now; a system call an object.
    package func usage() throws(StoreError) -> Usage {
        var usage = Usage()
        for hash in try all() {
            guard let size = try size(of: hash) else { continue }
            usage.objects += 1
            usage.bytes += size
        }
        for name in try FileSystem.names(in: partialDirectory) {
            guard let size = try FileSystem.size(of: partialDirectory + "/" + name) else { continue }
            usage.uploads += 1
            usage.uploadBytes += size
        }
        return usage
    }

    /// Gives up uploads that rest for too long, and the oldest of the others when all together are too large; those given
    /// up. An upload given up begins again when its sender goes on.
    ///
    /// Those that are spared stay whatever their age, and their bytes count: all of them are there, and they are being compared.
    @discardableResult
    package func evictUploads(
        _ limits: UploadLimits = UploadLimits(),
        sparing spared: Set<ContentHash> = []
    ) throws(StoreError) -> [ContentHash] {
        var rest: [(hash: ContentHash, age: Int, bytes: Int)] = []
        var evicted: [ContentHash] = []
        for name in try FileSystem.names(in: partialDirectory) {
            let path = partialDirectory + "/" + name
            guard let hash = ContentHash(hex: name) else { continue }
            guard let age = try FileSystem.secondsSinceChange(of: path), let bytes = try FileSystem.size(of: path)
            else {
                continue
            }
            if age > limits.idleSeconds, !spared.contains(hash) {
                try abandon(hash)
                evicted.append(hash)
            } else {
                rest.append((hash, age, bytes))
            }
        }
        var total = rest.reduce(0) { $0 + $1.bytes }
        let oldestFirst = rest.sorted { ($0.age, $0.hash.hex) > ($1.age, $1.hash.hex) }
        for upload in oldestFirst where total > limits.bytes && !spared.contains(upload.hash) {
            try abandon(upload.hash)
            evicted.append(upload.hash)
            total -= upload.bytes
        }
        return evicted
    }

    /// Copies an object to another store, comparing its bytes with its name on the way; on the disk when it returns.
    ///
    /// Throws `objectMissing`, or `objectCorrupt` and leaves nothing. Memory does not grow with the object.
    package func copy(_ hash: ContentHash, to other: ObjectStore) throws(StoreError) {
        guard try contains(hash) else { throw .objectMissing(hash) }
        try FileSystem.makeDirectories(other.temporaryDirectory)
        let temporary = other.temporaryPath(hash)
        let source = try FileSystem.open(path(hash), O_RDONLY)
        do throws(StoreError) {
            let target = try FileSystem.open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
            var hasher = ContentHasher()
            while true {
                let piece = try source.read(upTo: Self.pieceSize)
                if piece.isEmpty { break }
                piece.withUnsafeBytes { hasher.update($0) }
                try target.write(piece)
            }
            guard hasher.finish() == hash else { throw StoreError.objectCorrupt(hash) }
            try target.synchronize()
            try other.moveIntoPlace([(temporary, hash)])
        } catch {
            other.removeTemporaries([temporary])
            throw error
        }
    }

    /// Removes the folders that only writing needs, when they are empty: a backup is made of what is kept alone.
    package func tidy() { _ = rmdir(temporaryDirectory) }
}
