import GRDB
import SweepCore
import SweepStore
import Testing

@Suite struct BackupTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func entries(_ path: String) throws -> [JournalEntry] {
        var all: [JournalEntry] = []
        try Store.open(directory: path, mode: .readOnly).forEachEntry { all.append($1) }
        return all
    }

    @Test func `a copy of a store that is written to holds what was committed before it, in one file`() throws {
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        let first = (0..<50).map { JournalEntry(kind: $0, body: Array(repeating: UInt8($0), count: 2000)) }
        try store.append(first)
        try store.setValue("7700", for: "port")
        let copy = try TemporaryDirectory()
        try Store.open(directory: directory.path, mode: .readOnly).copyDatabase(to: copy.path)
        try store.append([JournalEntry(kind: 99, body: [])])
        #expect(try copy.names() == ["sweepd.db"])
        #expect(try entries(copy.path) == first)
        #expect(try copy.names() == ["sweepd.db"], "reading a copy makes no files beside it")
        let opened = try Store.open(directory: copy.path, mode: .readWrite)
        #expect(try opened.value(for: "port") == "7700")
        #expect(try opened.synchronousLevel == 2)
        #expect(try opened.append([JournalEntry(kind: 1, body: [])]) == 51)
    }

    @Test func `a copy never goes over another store`() throws {
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        #expect(throws: StoreError.notEmpty(path: directory.path)) { try store.copyDatabase(to: directory.path) }
    }

    @Test func `a directory for a copy is made, or must be empty`() throws {
        try Store.makeEmptyDirectory(directory.path + "/a/b")
        try Store.makeEmptyDirectory(directory.path + "/a/b")
        #expect(throws: StoreError.notEmpty(path: directory.path)) { try Store.makeEmptyDirectory(directory.path) }
    }

    @Test func `a sound file has no problem, a changed page is one`() throws {
        do {
            let store = try Store.open(directory: directory.path, mode: .readWrite)
            try store.append((0..<200).map { JournalEntry(kind: $0, body: Array(repeating: 1, count: 1000)) })
            #expect(try store.integrityProblems().isEmpty)
        }
        var bytes = try directory.read("sweepd.db")
        let page = bytes.count / 4096 / 2 * 4096
        bytes.replaceSubrange(page..<(page + 4096), with: repeatElement(0xa5, count: 4096))
        try directory.write(bytes, to: "sweepd.db")
        #expect(try Store.open(directory: directory.path, mode: .readOnly).integrityProblems().isEmpty == false)
    }

    @Test func `the hold is seen by others, shared, and ends with its holders`() throws {
        #expect(!ObjectHold.isHeld(directory: directory.path))
        do {
            let one = try ObjectHold(directory: directory.path)
            do {
                let two = try ObjectHold(directory: directory.path)
                withExtendedLifetime(two) {}
            }
            #expect(ObjectHold.isHeld(directory: directory.path))
            withExtendedLifetime(one) {}
        }
        #expect(!ObjectHold.isHeld(directory: directory.path))
    }

    @Test func `an object is copied whole, and a damaged one is not`() throws {
        let (from, to) = (ObjectStore(directory: directory.path + "/a"), ObjectStore(directory: directory.path + "/b"))
        let bytes = Array(repeating: UInt8(5), count: 700_000)
        let hash = try from.put(bytes)
        try from.copy(hash, to: to)
        #expect(try to.read(hash) == bytes)
        let other = try from.put([1, 2, 3])
        try directory.write([1, 2, 4], to: "a/objects/\(other.hex.prefix(2))/\(other.hex)")
        #expect(throws: StoreError.objectCorrupt(other)) { try from.copy(other, to: to) }
        #expect(try to.all() == [hash])
        #expect(try directory.names(in: "b/objects/temporary").isEmpty)
    }
}
