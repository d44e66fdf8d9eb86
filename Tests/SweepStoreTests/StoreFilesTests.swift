import GRDB
import Glibc
import SweepStore
import Testing

/// What is found in place of a good store.
@Suite struct StoreFilesTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var database: String { directory.path + "/sweepd.db" }

    /// The error of opening the directory's store; nil if it opens.
    private func openingError(_ mode: Store.Mode, _ path: String? = nil) -> StoreError? {
        do throws(StoreError) {
            _ = try Store.open(directory: path ?? directory.path, mode: mode)
            return nil
        } catch { return error }
    }

    @Test func `a version-1 store opens with everything in it`() throws {
        let fixture = try TestFiles.fixture("version-1.db")
        try directory.write(fixture, to: "sweepd.db")
        for mode in [Store.Mode.readOnly, .readWrite] {
            let store = try Store.open(directory: directory.path, mode: mode)
            var entries: [JournalEntry] = []
            try store.forEachEntry { entries.append($1) }
            #expect(entries == TestFiles.versionOneEntries)
            #expect(try store.value(for: "written-by") == "schema version 1")
            if mode == .readWrite { #expect(try store.append([JournalEntry(kind: 1, body: [])]) == 4) }
        }
    }

    @Test func `a new store has the schema of the newest fixture`() throws {
        try directory.write(TestFiles.fixture("version-1.db"), to: "sweepd.db")
        let fresh = try TemporaryDirectory()
        do {
            _ = try Store.open(directory: directory.path, mode: .readWrite)
            _ = try Store.open(directory: fresh.path, mode: .readWrite)
        }
        func schema(_ path: String) throws -> [String] {
            try DatabaseQueue(path: path + "/sweepd.db").read { db in
                try String.fetchAll(db, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
                    + String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
            }
        }
        #expect(try schema(directory.path) == schema(fresh.path))
    }

    @Test(arguments: [Store.Mode.readWrite, .readOnly])
    func `a store of a newer version is refused and left as it was`(mode: Store.Mode) throws {
        do { _ = try Store.open(directory: directory.path, mode: .readWrite) }
        try DatabaseQueue(path: database).write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('0099-later')")
        }
        let before = try directory.read("sweepd.db")
        #expect(openingError(mode) == .tooNew(path: database, version: "0099-later"))
        #expect(try directory.read("sweepd.db") == before)
        #expect(!DirectoryLock.isHeld(directory: directory.path))
    }

    @Test func `a store of an older version is brought up to date by a coordinator only`() throws {
        do { _ = try Store.open(directory: directory.path, mode: .readWrite) }
        try DatabaseQueue(path: database).write { db in
            try db.execute(sql: "DELETE FROM grdb_migrations; DROP TABLE journal; DROP TABLE meta")
        }
        #expect(openingError(.readOnly) == .tooOld(path: database))
        #expect(openingError(.readWrite) == nil)
        #expect(openingError(.readOnly) == nil)
    }

    @Test(arguments: [Store.Mode.readWrite, .readOnly])
    func `another program's database is refused and left as it was`(mode: Store.Mode) throws {
        do {
            try DatabaseQueue(path: database).write { db in
                try db.execute(sql: "CREATE TABLE journal (mine TEXT); INSERT INTO journal VALUES ('keep')")
            }
        }
        let before = try directory.read("sweepd.db")
        #expect(
            openingError(mode) == .notAStore(path: database, reason: "it is the database of another program")
        )
        #expect(try directory.read("sweepd.db") == before)
    }

    @Test(arguments: [Store.Mode.readWrite, .readOnly])
    func `a file that is no database is refused and left as it was`(mode: Store.Mode) throws {
        for content in ["no database at all, but some text that is long enough", "short"] {
            try directory.write(Array(content.utf8), to: "sweepd.db")
            #expect(openingError(mode) == .notAStore(path: database, reason: "it is not an SQLite database"))
            #expect(try directory.read("sweepd.db") == Array(content.utf8))
        }
    }

    @Test func `a file cut short is damaged, not empty`() throws {
        do {
            let store = try Store.open(directory: directory.path, mode: .readWrite)
            try store.append((0..<100).map { JournalEntry(kind: $0, body: Array(repeating: 1, count: 1000)) })
        }
        try directory.write(Array(directory.read("sweepd.db").prefix(9000)), to: "sweepd.db")
        for mode in [Store.Mode.readWrite, .readOnly] {
            guard case .corrupt(database, _) = openingError(mode) else {
                Issue.record("\(mode): \(String(describing: openingError(mode)))")
                continue
            }
        }
    }

    @Test func `damage within the journal is found when it is read`() throws {
        do {
            let store = try Store.open(directory: directory.path, mode: .readWrite)
            try store.append((0..<200).map { JournalEntry(kind: $0, body: Array(repeating: 1, count: 1000)) })
        }
        var bytes = try directory.read("sweepd.db")
        // The pages of the rows stand behind those of the schema: overwrite one in the middle.
        let page = bytes.count / 4096 / 2 * 4096
        bytes.replaceSubrange(page..<(page + 4096), with: repeatElement(0xa5, count: 4096))
        try directory.write(bytes, to: "sweepd.db")
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        do {
            try store.forEachEntry { _, _ in }
            Issue.record("the damage was not found")
        } catch let error as StoreError {
            guard case .corrupt(database, _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func `an entry whose kind is no more a number is damage, and no end of the process`() throws {
        do {
            let store = try Store.open(directory: directory.path, mode: .readWrite)
            try store.append((1...3).map { JournalEntry(kind: $0, body: [7]) })
        }
        try DatabaseQueue(path: database).write { try $0.execute(sql: "UPDATE journal SET kind = 'x' WHERE seq = 2") }
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        #expect(try store.entry(1) == JournalEntry(kind: 1, body: [7]))
        #expect(throws: StoreError.self) { try store.entry(2) }
        var read: [Int] = []
        #expect(throws: StoreError.self) { try store.forEachEntry { number, _ in read.append(number) } }
        #expect(read == [1])
    }

    @Test func `a database file left empty by a kill is taken as a new one`() throws {
        try directory.write([], to: "sweepd.db")
        #expect(openingError(.readOnly) == .missing(path: database))
        let store = try Store.open(directory: directory.path, mode: .readWrite)
        #expect(try store.append([JournalEntry(kind: 1, body: [])]) == 1)
    }

    @Test func `a database made but not yet filled when its coordinator was killed is taken as a new one`() throws {
        do {
            try DatabaseQueue(path: database).writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA journal_mode = WAL")
            }
        }
        #expect(openingError(.readOnly) == .missing(path: database))
        #expect(openingError(.readWrite) == nil)
    }

    @Test(.enabled(if: getuid() != 0, "SKIPPED: root may write anywhere"))
    func `a directory one may not write to is named`() throws {
        #expect(chmod(directory.path, 0o555) == 0)
        defer { chmod(directory.path, 0o755) }
        guard case .notPermitted(let path, _) = openingError(.readWrite) else {
            Issue.record("\(String(describing: openingError(.readWrite)))")
            return
        }
        #expect(path.hasPrefix(directory.path))
    }

    /// As in a working directory that was removed, where `.` is there and nothing can be made in it.
    @Test func `a place where no directory can be made is named, and is no endless attempt`() {
        let failure = StoreError.inputOutput(
            path: "/proc/sweepd-test",
            operation: "make the directory",
            reason: "No such file or directory"
        )
        #expect(openingError(.readWrite, "/proc/sweepd-test") == failure)
        #expect(openingError(.readWrite, "/proc/sweepd-test/deeper") == failure)
        #expect(openingError(.readWrite, "") != nil)
        #expect(failure.description == "/proc/sweepd-test: cannot make the directory: No such file or directory")
    }

    @Test func `directories above that are missing are made`() {
        let deep = directory.path + "/a/b/c"
        #expect(openingError(.readWrite, deep) == nil)
        #expect(openingError(.readOnly, deep) == nil)
    }

    @Test(.enabled(if: TemporaryMount.isPossible, TemporaryMount.requirement))
    func `a read-only file system is named, and a store on it can be read`() throws {
        let mount = try TemporaryMount(bytes: 4 << 20)
        let place = mount.path + "/sweep"
        do { try Store.open(directory: place, mode: .readWrite).append([JournalEntry(kind: 3, body: [4])]) }
        try mount.freeze()
        do {
            let store = try Store.open(directory: place, mode: .readOnly)
            var entries: [JournalEntry] = []
            try store.forEachEntry { entries.append($1) }
            #expect(entries == [JournalEntry(kind: 3, body: [4])])
        }
        guard case .notPermitted(place + "/lock", _) = openingError(.readWrite, place) else {
            Issue.record("\(String(describing: openingError(.readWrite, place)))")
            return
        }
        #expect(
            openingError(.readWrite, mount.path + "/new")
                == .notPermitted(path: mount.path + "/new", reason: "cannot make the directory: Read-only file system")
        )
    }

    @Test(.enabled(if: TemporaryMount.isPossible, TemporaryMount.requirement))
    func `a full disk fails the batch and keeps the ones before it`() throws {
        let mount = try TemporaryMount(bytes: 1 << 20)
        let kept: Int
        do {
            let store = try Store.open(directory: mount.path, mode: .readWrite)
            var appended = 0
            var failure: StoreError?
            // A file system of 1 MiB cannot hold 300 batches of 8 KiB.
            while failure == nil, appended < 300 {
                do throws(StoreError) {
                    try store.append([1, 2].map { JournalEntry(kind: $0, body: Array(repeating: 7, count: 4096)) })
                    appended += 1
                } catch { failure = error }
            }
            #expect(failure == .full(path: mount.path + "/sweepd.db"))
            #expect(appended > 10)
            kept = 2 * appended
            #expect(try store.lastSequence == kept)
        }
        var count = 0
        try Store.open(directory: mount.path, mode: .readOnly).forEachEntry { sequence, entry in
            count += 1
            #expect(sequence == count)
            #expect(entry.body.count == 4096)
        }
        #expect(count == kept)
    }
}
