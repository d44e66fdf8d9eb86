import GRDB
import Glibc
import SweepStore
import Testing

@Suite struct StoreTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func entries(_ store: Store, after sequence: Int = 0) throws -> [(Int, JournalEntry)] {
        var all: [(Int, JournalEntry)] = []
        try store.forEachEntry(after: sequence) { all.append(($0, $1)) }
        return all
    }

    @Test func `what was appended is read again in order, also after reopening`() throws {
        let first = (0..<3).map { JournalEntry(kind: $0, body: Array(repeating: UInt8($0), count: $0)) }
        do {
            let store = try Store.open(directory: directory.path, mode: .readWrite)
            #expect(try store.lastSequence == 0)
            #expect(try store.append(first) == 3)
            #expect(try store.append([JournalEntry(kind: 9, body: [0, 255])]) == 4)
        }
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        #expect(try store.lastSequence == 4)
        let read = try entries(store)
        #expect(read.map(\.0) == [1, 2, 3, 4])
        #expect(read.map(\.1) == first + [JournalEntry(kind: 9, body: [0, 255])])
        #expect(try entries(store, after: 3).map(\.0) == [4])
        #expect(try entries(store, after: 4).isEmpty)
        #expect(try store.append([]) == 4)
    }

    @Test func `a missing directory is made, with the ones above it`() throws {
        let deep = directory.path + "/a/b/c"
        let store = try Store.open(directory: deep, mode: .readWrite)
        #expect(try store.append([JournalEntry(kind: 1, body: [])]) == 1)
        #expect(try directory.names(in: "a/b/c").contains("sweepd.db"))
    }

    @Test func `commits are asked to reach the disk`() throws {
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        #expect(try store.synchronousLevel == 2)
        try store.append([JournalEntry(kind: 1, body: [1])])
        #expect(try store.synchronousLevel == 2)
    }

    @Test func `values are kept under their names`() throws {
        do {
            let store = try Store.open(directory: directory.path, mode: .readWrite)
            #expect(try store.value(for: "port") == nil)
            try store.setValue("7700", for: "port")
            try store.setValue("7701", for: "port")
        }
        let store = try Store.open(directory: directory.path, mode: .readOnly)
        #expect(try store.value(for: "port") == "7701")
        #expect(throws: StoreError.readOnly(path: directory.path + "/sweepd.db")) {
            try store.setValue("1", for: "port")
        }
        #expect(throws: StoreError.readOnly(path: directory.path + "/sweepd.db")) {
            try store.append([JournalEntry(kind: 1, body: [])])
        }
    }

    @Test func `a batch that fails half-way leaves nothing`() throws {
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        try store.append([JournalEntry(kind: 1, body: [1])])
        // Another program gives the table a rule that the second entry of the batch breaks.
        try DatabaseQueue(path: directory.path + "/sweepd.db").write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER refuse BEFORE INSERT ON journal WHEN new.kind = 7
                    BEGIN SELECT RAISE(ABORT, 'kind 7'); END
                    """
            )
        }
        #expect(throws: StoreError.self) {
            try store.append([6, 7, 8].map { JournalEntry(kind: $0, body: [2]) })
        }
        #expect(try entries(store).map(\.1) == [JournalEntry(kind: 1, body: [1])])
        #expect(try store.append([JournalEntry(kind: 2, body: [3])]) == 2)
    }

    @Test func `what a reader's own function throws comes through unchanged`() throws {
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        try store.append((1...3).map { JournalEntry(kind: $0, body: []) })
        var seen = 0
        #expect(throws: TestFailure.self) {
            try store.forEachEntry { _, _ in
                seen += 1
                if seen == 2 { throw TestFailure("enough") }
            }
        }
        #expect(seen == 2)
        #expect(try entries(store).count == 3)
    }

    @Test func `a second coordinator on the directory is refused and told which process serves it`() throws {
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        #expect(throws: StoreError.locked(directory: directory.path, process: Int(getpid()))) {
            try Store.open(directory: directory.path, mode: .readWrite)
        }
        #expect(DirectoryLock.isHeld(directory: directory.path))
        withExtendedLifetime(store) {}
    }

    @Test func `the directory is free again when the store goes away`() throws {
        do { _ = try Store.open(directory: directory.path, mode: .readWrite) }
        #expect(!DirectoryLock.isHeld(directory: directory.path))
        _ = try Store.open(directory: directory.path, mode: .readWrite)
    }

    @Test func `a reader looks on while the coordinator writes, and does not make it wait`() throws {
        let writer = try Store.open(directory: directory.path, mode: .readWrite)
        try writer.append((1...100).map { JournalEntry(kind: $0, body: [1]) })
        let reader = try Store.open(directory: directory.path, mode: .readOnly)
        var seen = 0
        try reader.forEachEntry { sequence, _ in
            if seen == 10 { try writer.append([JournalEntry(kind: 1, body: [2])]) }
            seen += 1
            #expect(sequence == seen)
        }
        #expect(seen == 100)
        #expect(try entries(reader).count == 101)
        #expect(try reader.lastSequence == 101)
    }

    @Test func `a reader does not need the coordinator`() throws {
        do { try Store.open(directory: directory.path, mode: .readWrite).append([JournalEntry(kind: 5, body: [6])]) }
        let before = try directory.read("sweepd.db")
        do {
            let reader = try Store.open(directory: directory.path, mode: .readOnly)
            #expect(try entries(reader).map(\.1) == [JournalEntry(kind: 5, body: [6])])
        }
        #expect(try directory.read("sweepd.db") == before)
    }

    @Test func `a reader of a store left by a killed coordinator sees what was committed`() throws {
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        try store.append([JournalEntry(kind: 5, body: [6])])
        // The files as a kill leaves them: the newest commits are in the write-ahead log alone.
        let copy = try TemporaryDirectory()
        for name in try directory.names() { try copy.write(directory.read(name), to: name) }
        #expect(try copy.read("sweepd.db-wal").isEmpty == false)
        let reader = try Store.open(directory: copy.path, mode: .readOnly)
        #expect(try entries(reader).map(\.1) == [JournalEntry(kind: 5, body: [6])])
        withExtendedLifetime(store) {}
    }

    @Test func `reading where there is no store says so and makes nothing`() throws {
        #expect(throws: StoreError.missing(path: directory.path + "/sweepd.db")) {
            try Store.open(directory: directory.path, mode: .readOnly)
        }
        #expect(throws: StoreError.missing(path: directory.path + "/none/sweepd.db")) {
            try Store.open(directory: directory.path + "/none", mode: .readOnly)
        }
        #expect(try directory.names().isEmpty)
    }

    @Test func `bodies of a megabyte and bodies of no bytes are kept`() throws {
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        let large = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try store.append([JournalEntry(kind: 1, body: large), JournalEntry(kind: 2, body: [])])
        #expect(try entries(store).map(\.1.body) == [large, []])
    }
}
