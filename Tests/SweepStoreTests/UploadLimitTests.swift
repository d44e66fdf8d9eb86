import Glibc
import SweepCore
import SweepStore
import Testing

@Suite struct UploadLimitTests {
    let directory: TemporaryDirectory
    let objects: ObjectStore

    init() throws {
        directory = try TemporaryDirectory()
        objects = ObjectStore(directory: directory.path)
    }

    /// Begins an upload of so many bytes that was last written to so many seconds ago.
    private func begin(_ letter: String, bytes: Int, age: Int) throws -> ContentHash {
        let hash = try #require(ContentHash(hex: String(repeating: letter, count: 64)))
        try objects.receive(hash, offset: 0, Array(repeating: 1, count: bytes))
        let then = timespec(tv_sec: time(nil) - age, tv_nsec: 0)
        let path = directory.path + "/objects/partial/" + hash.hex
        #expect(utimensat(AT_FDCWD, path, [then, then], 0) == 0)
        return hash
    }

    @Test func `an upload that rests too long is given up, one that goes on is not`() throws {
        let old = try begin("a", bytes: 10, age: 100)
        let young = try begin("b", bytes: 10, age: 1)
        #expect(try objects.evictUploads(.init(idleSeconds: 50, bytes: 1000)) == [old])
        #expect(try objects.received(old) == 0)
        #expect(try objects.received(young) == 10)
    }

    @Test func `of too many bytes those go that rest longest, and no more than needed`() throws {
        let uploads = try [("a", 30), ("b", 40), ("c", 20)].map { try begin($0.0, bytes: 100, age: $0.1) }
        #expect(try objects.evictUploads(.init(idleSeconds: 1000, bytes: 300)).isEmpty)
        #expect(try objects.evictUploads(.init(idleSeconds: 1000, bytes: 250)) == [uploads[1]])
        #expect(try objects.usage().uploadBytes == 200)
    }

    @Test func `what is being compared is spared, and counts`() throws {
        let whole = try begin("a", bytes: 100, age: 100)
        let other = try begin("b", bytes: 100, age: 1)
        #expect(try objects.evictUploads(.init(idleSeconds: 50, bytes: 200), sparing: [whole]).isEmpty)
        #expect(try objects.evictUploads(.init(idleSeconds: 1000, bytes: 150), sparing: [whole]) == [other])
        #expect(try objects.received(whole) == 100)
        #expect(try objects.evictUploads(.init(idleSeconds: 1000, bytes: 50)) == [whole])
    }

    @Test func `what is on the disk is counted`() throws {
        #expect(try objects.usage() == ObjectStore.Usage())
        _ = try objects.put([[1, 2, 3], [4]])
        _ = try begin("a", bytes: 7, age: 0)
        let usage = try objects.usage()
        #expect(usage.objects == 2 && usage.bytes == 4 && usage.uploads == 1 && usage.uploadBytes == 7)
    }
}
