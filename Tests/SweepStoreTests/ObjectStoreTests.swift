import SweepCore
import SweepStore
import Testing

@Suite struct ObjectStoreTests {
    let directory: TemporaryDirectory
    let objects: ObjectStore

    init() throws {
        directory = try TemporaryDirectory()
        objects = ObjectStore(directory: directory.path)
    }

    /// SHA-256 of "abc", the example of FIPS 180-4.
    private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    private func hash(_ hex: String) throws -> ContentHash { try #require(ContentHash(hex: hex)) }

    /// The object's file below the test's directory.
    private func file(_ hash: ContentHash) -> String { "objects/\(hash.hex.prefix(2))/\(hash.hex)" }

    /// Bytes of all objects kept.
    private func totalSize() throws -> Int {
        try objects.all().reduce(0) { try $0 + (objects.size(of: $1) ?? 0) }
    }

    @Test func `an object is named by the SHA-256 of its bytes`() throws {
        let hash = try objects.put(Array("abc".utf8))
        #expect(hash.hex == Self.abc)
        #expect(try objects.read(hash) == Array("abc".utf8))
        #expect(try objects.size(of: hash) == 3)
        #expect(try directory.read(file(hash)) == Array("abc".utf8))
        #expect(try directory.names(in: "objects/temporary").isEmpty)
    }

    @Test func `nothing is made before the first object`() throws {
        #expect(try objects.all().isEmpty)
        #expect(try totalSize() == 0)
        #expect(try !objects.contains(hash(Self.abc)))
        try objects.removeLeftovers()
        #expect(try directory.names().isEmpty)
    }

    @Test func `the same bytes are one object, and the total counts each once`() throws {
        let hashes = try objects.put([[1, 2, 3], [], [1, 2, 3], Array(repeating: 9, count: 1000)])
        #expect(hashes[0] == hashes[2])
        #expect(try objects.all().count == 3)
        #expect(try totalSize() == 1003)
        try objects.put([1, 2, 3])
        #expect(try totalSize() == 1003)
        #expect(try objects.read(hashes[1]).isEmpty)
    }

    @Test func `bytes that are not those that were named leave nothing`() throws {
        let hash = try objects.put([1, 2, 3])
        #expect(throws: StoreError.objectCorrupt(hash)) { try objects.put([4, 5], as: hash) }
        try objects.put([1, 2, 3], as: hash)
        #expect(try objects.all() == [hash])
    }

    @Test func `a deleted object is gone`() throws {
        let hash = try objects.put([1])
        #expect(try objects.delete(hash))
        #expect(try !objects.delete(hash))
        #expect(throws: StoreError.objectMissing(hash)) { try objects.read(hash) }
        #expect(throws: StoreError.objectMissing(hash)) { try objects.verify(hash) }
        #expect(throws: StoreError.objectMissing(hash)) { try objects.read(hash, offset: 0, count: 1) }
    }

    @Test func `a changed byte is found`() throws {
        let hash = try objects.put(Array(repeating: 5, count: 700_000))
        try objects.verify(hash)
        var bytes = try directory.read(file(hash))
        bytes[600_000] ^= 1
        try directory.write(bytes, to: file(hash))
        #expect(throws: StoreError.objectCorrupt(hash)) { try objects.read(hash) }
        #expect(throws: StoreError.objectCorrupt(hash)) { try objects.verify(hash) }
    }

    @Test func `pieces are read from any place`() throws {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        let hash = try objects.put(bytes)
        #expect(try objects.read(hash, offset: 0, count: 10) == Array(bytes[..<10]))
        #expect(try objects.read(hash, offset: 990, count: 100) == Array(bytes[990...]))
        for (offset, count) in [(1000, 1), (5000, 1), (-1, 4), (Int.max, 4), (0, 0), (0, -3)] {
            #expect(try objects.read(hash, offset: offset, count: count).isEmpty)
        }
    }

    @Test func `an upload in pieces becomes an object at its end`() throws {
        let hash = try hash(Self.abc)
        #expect(try objects.received(hash) == 0)
        try objects.receive(hash, offset: 0, Array("a".utf8))
        try objects.receive(hash, offset: 1, [])
        #expect(try objects.received(hash) == 1)
        #expect(try !objects.contains(hash))
        try objects.receive(hash, offset: 1, Array("bc".utf8))
        try objects.finish(hash)
        #expect(try objects.read(hash) == Array("abc".utf8))
        #expect(try objects.received(hash) == 3)
        #expect(try directory.names(in: "objects/partial").isEmpty)
        try objects.finish(hash)
    }

    @Test func `an upload goes on after a restart where it was cut`() throws {
        let hash = try hash(Self.abc)
        try objects.receive(hash, offset: 0, Array("ab".utf8))
        let restarted = ObjectStore(directory: directory.path)
        try restarted.removeLeftovers()
        #expect(try restarted.received(hash) == 2)
        #expect(throws: StoreError.wrongOffset(hash, expected: 2, found: 0)) {
            try restarted.receive(hash, offset: 0, Array("a".utf8))
        }
        #expect(throws: StoreError.wrongOffset(hash, expected: 2, found: 3)) {
            try restarted.receive(hash, offset: 3, Array("c".utf8))
        }
        try restarted.receive(hash, offset: 2, Array("c".utf8))
        try restarted.finish(hash)
        #expect(try restarted.read(hash) == Array("abc".utf8))
    }

    @Test func `an upload with a wrong byte is thrown away and can begin again`() throws {
        let hash = try hash(Self.abc)
        try objects.receive(hash, offset: 0, Array("abd".utf8))
        #expect(throws: StoreError.objectCorrupt(hash)) { try objects.finish(hash) }
        #expect(try objects.received(hash) == 0)
        #expect(throws: StoreError.objectMissing(hash)) { try objects.finish(hash) }
        try objects.receive(hash, offset: 0, Array("abc".utf8))
        try objects.abandon(hash)
        #expect(try objects.received(hash) == 0)
    }

    @Test func `what a write cut short has left is removed, uploads and objects stay`() throws {
        let kept = try objects.put([1, 2])
        try objects.receive(hash(Self.abc), offset: 0, [97])
        try directory.write([1], to: "objects/temporary/" + Self.abc)
        try objects.removeLeftovers()
        #expect(try directory.names(in: "objects/temporary").isEmpty)
        #expect(try objects.received(hash(Self.abc)) == 1)
        #expect(try objects.all() == [kept])
    }

    @Test(arguments: [
        "", "../../etc/passwd", "..", "ba78", String(repeating: "A", count: 64), String(repeating: "/", count: 64),
    ])
    func `a name that is no hash names nothing`(name: String) throws {
        #expect(ContentHash(hex: name) == nil)
    }

    @Test func `files that are no objects are not listed`() throws {
        let kept = try objects.put([3])
        let folder = "objects/\(kept.hex.prefix(2))/"
        try directory.write([1], to: folder + "notes.txt")
        try directory.write(
            [1],
            to: folder + String(repeating: "f", count: 64).replacing(kept.hex.prefix(2), with: "00")
        )
        #expect(try objects.all().first == kept)
        #expect(try totalSize() == 1)
    }

    @Test func `what cannot be given its name leaves no temporary file`() throws {
        let bytes: [UInt8] = Array("abc".utf8)
        // A file stands where the object's folder would be.
        let elsewhere = ObjectStore(directory: directory.path + "/elsewhere")
        try elsewhere.put(bytes)
        let other = try objects.put([1])
        let blocked = "objects/" + Self.abc.prefix(2)
        try directory.write([0], to: blocked)
        #expect(throws: StoreError.self) { try objects.put(bytes) }
        #expect(throws: StoreError.self) { try objects.put([[2], bytes, [3]]) }
        #expect(throws: StoreError.self) { try bytes.withUnsafeBytes { try objects.put(pieces: $0) } }
        #expect(throws: StoreError.self) { try elsewhere.copy(hash(Self.abc), to: objects) }
        #expect(try directory.names(in: "objects/temporary").isEmpty)
        #expect(try objects.contains(other) && !objects.contains(hash(Self.abc)))
        // An upload, which can go on, stays.
        try objects.receive(hash(Self.abc), offset: 0, bytes)
        #expect(throws: StoreError.self) { try objects.finish(hash(Self.abc)) }
        #expect(try objects.received(hash(Self.abc)) == bytes.count)
    }

    @Test(.enabled(if: TemporaryMount.isPossible, TemporaryMount.requirement))
    func `a full disk leaves nothing of a batch`() throws {
        let mount = try TemporaryMount(bytes: 1 << 20)
        let objects = ObjectStore(directory: mount.path)
        #expect(throws: StoreError.self) {
            try objects.put([Array(repeating: 1, count: 1000), Array(repeating: 2, count: 2 << 20)])
        }
        #expect(try objects.all().isEmpty)
        #expect(try mount.directory.names(in: "objects/temporary").isEmpty)
    }

    @Test(.enabled(if: TemporaryMount.isPossible, TemporaryMount.requirement))
    func `a full disk keeps no part of an object`() throws {
        let mount = try TemporaryMount(bytes: 1 << 20)
        let objects = ObjectStore(directory: mount.path)
        let small = try objects.put(Array(repeating: 1, count: 1000))
        do {
            try objects.put(Array(repeating: 2, count: 2 << 20))
            Issue.record("2 MiB fitted into 1 MiB")
        } catch {
            guard case .full = error else {
                Issue.record("\(error)")
                return
            }
        }
        #expect(try objects.all() == [small])
        #expect(try mount.directory.names(in: "objects/temporary").isEmpty)
        let upload = try hash(Self.abc)
        try objects.receive(upload, offset: 0, Array(repeating: 3, count: 5000))
        #expect(throws: StoreError.self) {
            try objects.receive(upload, offset: 5000, Array(repeating: 4, count: 2 << 20))
        }
        #expect(try objects.received(upload) == 5000)
    }
}
