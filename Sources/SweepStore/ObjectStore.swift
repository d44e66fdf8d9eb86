import Glibc
package import SweepCore
import Synchronization

/// Bytes named by their hash (packed data sets, checkpoints), each a file of its own: `objects/ab/abcdef…`.
///
/// An object appears whole or not at all: it is written under another name, brought to the disk, then renamed. Putting
/// the same bytes twice is one object. Not for two processes at a time: the coordinator that holds the directory's lock
/// writes; others may read.
package struct ObjectStore: Sendable {
    /// The coordinator's directory.
    package let directory: String
    private let root: String

    /// The objects of a coordinator's directory; makes nothing.
    package init(directory: String) {
        self.directory = directory
        root = directory + "/objects"
    }

    /// Removes what writes that were cut short have left; uploads that can go on stay. Called once by a coordinator
    /// that starts.
    package func removeLeftovers() throws(StoreError) {
        for name in try FileSystem.names(in: temporaryDirectory) {
            try FileSystem.remove(temporaryDirectory + "/" + name)
        }
    }

    /// Keeps the bytes; on the disk when it returns.
    @discardableResult
    package func put(_ bytes: [UInt8]) throws(StoreError) -> ContentHash {
        try put([bytes])[0]
    }

    /// Keeps bytes that are said to have this hash; throws `objectCorrupt`, and keeps nothing, when they have another.
    package func put(_ bytes: [UInt8], as hash: ContentHash) throws(StoreError) {
        guard ContentHasher.hash(bytes) == hash else { throw .objectCorrupt(hash) }
        _ = try put([bytes])
    }

    /// Keeps several objects; all are on the disk when it returns. Cheaper than one by one: each folder reaches the
    /// disk once.
    package func put(_ objects: [[UInt8]]) throws(StoreError) -> [ContentHash] {
        let hashes = objects.map { ContentHasher.hash($0) }
        var temporaries: [(path: String, hash: ContentHash)] = []
        var seen: Set<ContentHash> = []
        do throws(StoreError) {
            for (bytes, hash) in zip(objects, hashes) where seen.insert(hash).inserted {
                if try size(of: hash) == bytes.count { continue }
                try FileSystem.makeDirectories(temporaryDirectory)
                let path = temporaryPath(hash)
                temporaries.append((path, hash))
                let file = try FileSystem.open(path, O_WRONLY | O_CREAT | O_TRUNC)
                try file.write(bytes)
                try file.synchronize()
            }
            try moveIntoPlace(temporaries)
        } catch {
            removeTemporaries(temporaries.map(\.path))
            throw error
        }
        return hashes
    }

    /// Removes what a write that failed has left, as far as it was not given its name.
    func removeTemporaries(_ paths: [String]) {
        for path in paths { _ = try? FileSystem.remove(path) }
    }

    /// Whether the object is kept.
    package func contains(_ hash: ContentHash) throws(StoreError) -> Bool { try size(of: hash) != nil }

    /// The object's bytes on disk; nil if it is not kept.
    package func size(of hash: ContentHash) throws(StoreError) -> Int? { try FileSystem.size(of: path(hash)) }

    /// The whole object. Throws `objectMissing`, or `objectCorrupt` when the bytes no longer have the hash.
    package func read(_ hash: ContentHash) throws(StoreError) -> [UInt8] {
        guard try contains(hash) else { throw .objectMissing(hash) }
        let bytes = try FileSystem.contents(of: path(hash))
        guard ContentHasher.hash(bytes) == hash else { throw .objectCorrupt(hash) }
        return bytes
    }

    /// Up to `count` bytes from `offset` on, fewer at the object's end, none beyond it. A piece cannot be checked: who
    /// has received all of them checks the whole.
    package func read(_ hash: ContentHash, offset: Int, count: Int) throws(StoreError) -> [UInt8] {
        guard let size = try size(of: hash) else { throw .objectMissing(hash) }
        guard offset >= 0, offset < size, count > 0 else { return [] }
        let file = try FileSystem.open(path(hash), O_RDONLY)
        try file.seek(to: offset)
        return try file.read(upTo: min(count, size - offset))
    }

    /// Reads the object through and compares its hash. Throws as `read` does; memory does not grow with the object.
    package func verify(_ hash: ContentHash) throws(StoreError) {
        guard try contains(hash) else { throw .objectMissing(hash) }
        guard try Self.hashOfFile(path(hash)) == hash else { throw .objectCorrupt(hash) }
    }

    /// Removes the object; false if it was not kept.
    @discardableResult
    package func delete(_ hash: ContentHash) throws(StoreError) -> Bool { try FileSystem.remove(path(hash)) }

    /// Every object kept, sorted by hash.
    package func all() throws(StoreError) -> [ContentHash] {
        var hashes: [ContentHash] = []
        for folder in try FileSystem.names(in: root) where folder.utf8.count == 2 {
            for name in try FileSystem.names(in: root + "/" + folder) {
                if let hash = ContentHash(hex: name), name.hasPrefix(folder) { hashes.append(hash) }
            }
        }
        return hashes
    }

    /// Where the object's file is or would be. The name is made of checked hexadecimal digits, so it cannot leave the
    /// folder.
    func path(_ hash: ContentHash) -> String { root + "/" + hash.hex.prefix(2) + "/" + hash.hex }

    /// Where an upload grows.
    func partialPath(_ hash: ContentHash) -> String { partialDirectory + "/" + hash.hex }

    var partialDirectory: String { root + "/partial" }

    var temporaryDirectory: String { root + "/temporary" }

    /// Where an object is written until it is whole; a new name each time, as two threads may put the same bytes.
    func temporaryPath(_ hash: ContentHash) -> String {
        let number = Self.temporaries.withLock { count in
            count += 1
            return count
        }
        return "\(temporaryDirectory)/\(hash.hex)-\(number)"
    }

    /// How many such names this process has given.
    private static let temporaries = Mutex(0)

    /// Gives files that are on the disk their names, then brings each folder to the disk once.
    func moveIntoPlace(_ files: [(path: String, hash: ContentHash)]) throws(StoreError) {
        var folders: Set<String> = []
        for (old, hash) in files {
            let new = path(hash)
            let folder = FileSystem.parent(of: new)
            if folders.insert(folder).inserted { try FileSystem.makeDirectories(folder) }
            guard rename(old, new) == 0 else { throw FileSystem.error("rename", old) }
        }
        for folder in folders.sorted() { try FileSystem.synchronizeDirectory(folder) }
    }

    /// The hash of a file's bytes, read in pieces.
    static func hashOfFile(_ path: String) throws(StoreError) -> ContentHash {
        let file = try FileSystem.open(path, O_RDONLY)
        var hasher = ContentHasher()
        while true {
            let piece = try file.read(upTo: pieceSize)
            if piece.isEmpty { return hasher.finish() }
            piece.withUnsafeBytes { hasher.update($0) }
        }
    }

    /// Large enough that a read costs more than its call, small enough to stay in a processor's cache.
    static let pieceSize = 256 * 1024
}
