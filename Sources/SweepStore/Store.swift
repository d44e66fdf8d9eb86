import FoundationEssentials
import GRDB

/// What a coordinator knows, on disk: an append-only journal of facts in `DIR/sweepd.db`.
///
/// One coordinator at a time writes (`DirectoryLock`); any number of processes read, and never make it wait. State lives
/// in memory and is rebuilt by reading the journal in order. Every call blocks its thread for as long as the disk takes:
/// call from a thread that may wait.
package final class Store: Sendable {
    /// What a store is opened for.
    package enum Mode: Sendable {
        /// Serving: makes what is missing, brings an old schema up to date, excludes other coordinators.
        case readWrite
        /// Looking: changes nothing; the coordinator may run or be stopped.
        case readOnly
    }

    /// The coordinator's directory.
    package let directory: String

    let connection: any DatabaseReader & Sendable
    private let writer: DatabasePool?
    private let lock: DirectoryLock?

    /// Opens the store of `directory`.
    ///
    /// Throws `StoreError`: `locked`, `missing` (reading), `notAStore`, `corrupt`, `tooNew`, `tooOld` (reading),
    /// `notPermitted`, `full`, `notDurable` or `inputOutput`.
    package static func open(directory: String, mode: Mode) throws(StoreError) -> Store {
        let path = databasePath(directory)
        switch mode {
        case .readWrite:
            try FileSystem.makeDirectories(directory)
            let lock = try DirectoryLock(directory: directory)
            if try FileSystem.size(of: path) ?? 0 > 0 { try inspect(path, allowsOlder: true) }
            let pool = try storing(path) { try openPool(path) }
            try FileSystem.synchronizeDirectory(directory)
            return Store(directory: directory, connection: pool, writer: pool, lock: lock)
        case .readOnly:
            guard try FileSystem.size(of: path) ?? 0 > 0 else { throw .missing(path: path) }
            let queue = try inspect(path, allowsOlder: false)
            return Store(directory: directory, connection: queue, writer: nil, lock: nil)
        }
    }

    private init(
        directory: String,
        connection: any DatabaseReader & Sendable,
        writer: DatabasePool?,
        lock: DirectoryLock?
    ) {
        self.directory = directory
        self.connection = connection
        self.writer = writer
        self.lock = lock
    }

    /// Appends the entries in one transaction and returns when they are on the disk.
    ///
    /// All of them are kept or, when it throws, none. Answers with the sequence number of the last one; that of the newest
    /// entry already there if `entries` is empty. A coordinator that cannot append must end: what it decided is not kept.
    @discardableResult
    package func append(_ entries: [JournalEntry]) throws(StoreError) -> Int {
        guard let writer else { throw .readOnly(path: path) }
        guard !entries.isEmpty else { return try lastSequence }
        return try Self.storing(path) {
            try writer.write { db in
                let statement = try db.cachedStatement(sql: "INSERT INTO journal (kind, body) VALUES (?, ?)")
                for entry in entries {
                    statement.setUncheckedArguments([entry.kind, Data(entry.body)])
                    try statement.execute()
                }
                return Int(db.lastInsertedRowID)
            }
        }
    }

    /// Gives entries other bytes, up to `through`, of as many after `sequence` as have so many bytes together, at least one.
    ///
    /// One transaction: all of them are changed or none. Answers with the number of the last entry that was looked at; nil when
    /// none was left. `change` answers nil for an entry that stays. Rethrows what it throws, and has then changed nothing.
    package func rewrite(
        after sequence: Int,
        through: Int,
        bytes limit: Int,
        _ change: (JournalEntry) throws -> JournalEntry?
    ) throws -> Int? {
        guard let writer else { throw StoreError.readOnly(path: path) }
        var changeFailed = false
        do {
            return try writer.write { db in
                let rows = try Row.fetchCursor(
                    db.cachedStatement(
                        sql: "SELECT seq, kind, body FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq"
                    ),
                    arguments: [sequence, through]
                )
                var changed: [(sequence: Int, entry: JournalEntry)] = []
                var last: Int?
                var bytes = 0
                while bytes < limit, let row = try rows.next() {
                    let (number, entry) = try numbered(row)
                    last = number
                    bytes += entry.body.count + 1
                    do {
                        if let other = try change(entry) { changed.append((number, other)) }
                    } catch {
                        changeFailed = true
                        throw error
                    }
                }
                let statement = try db.cachedStatement(sql: "UPDATE journal SET kind = ?, body = ? WHERE seq = ?")
                for (number, entry) in changed {
                    statement.setUncheckedArguments([entry.kind, Data(entry.body), number])
                    try statement.execute()
                }
                return last
            }
        } catch {
            throw changeFailed ? error : Self.storeError(error, path)
        }
    }

    /// Reads the entries after `sequence` (0: all) in order, one in memory at a time.
    ///
    /// It sees the journal as it is at the call; what is appended meanwhile is not read and does not wait. Rethrows what
    /// `body` throws, else a `StoreError`.
    package func forEachEntry(after sequence: Int = 0, _ body: (Int, JournalEntry) throws -> Void) throws {
        var bodyFailed = false
        do {
            try connection.read { db in
                let rows = try Row.fetchCursor(
                    db.cachedStatement(sql: "SELECT seq, kind, body FROM journal WHERE seq > ? ORDER BY seq"),
                    arguments: [sequence]
                )
                while let row = try rows.next() {
                    let (number, entry) = try numbered(row)
                    do { try body(number, entry) } catch {
                        bodyFailed = true
                        throw error
                    }
                }
            }
        } catch {
            throw bodyFailed ? error : Self.storeError(error, path)
        }
    }

    /// An entry with its number, of a row of `seq`, `kind` and `body`.
    private func numbered(_ row: Row) throws -> (sequence: Int, entry: JournalEntry) {
        let (sequence, kind) = (try row.integer(0, of: path), try row.integer(1, of: path))
        return try row.withUnsafeData(atIndex: 2) { data in
            (sequence, JournalEntry(kind: kind, body: data.map(Array.init) ?? []))
        }
    }

    /// The entry with this number; nil when there is none.
    package func entry(_ sequence: Int) throws(StoreError) -> JournalEntry? {
        try Self.storing(path) {
            try connection.read { db in
                let statement = try db.cachedStatement(sql: "SELECT seq, kind, body FROM journal WHERE seq = ?")
                guard let row = try Row.fetchOne(statement, arguments: [sequence]) else { return nil }
                return try numbered(row).entry
            }
        }
    }

    /// The sequence number of the newest entry; 0 if there was never one.
    package var lastSequence: Int {
        get throws(StoreError) {
            try Self.storing(path) {
                try connection.read { db in
                    try Int.fetchOne(db.cachedStatement(sql: "SELECT seq FROM sqlite_sequence WHERE name = 'journal'"))
                        ?? 0
                }
            }
        }
    }

    /// A value kept beside the journal, such as the port to take again; nil if there is none of that name.
    package func value(for key: String) throws(StoreError) -> String? {
        try Self.storing(path) {
            try connection.read { db in
                try String.fetchOne(
                    db.cachedStatement(sql: "SELECT value FROM meta WHERE key = ?"),
                    arguments: [key]
                )
            }
        }
    }

    /// Keeps a value under a name, in place of the one that was there; on the disk when it returns.
    package func setValue(_ value: String, for key: String) throws(StoreError) {
        guard let writer else { throw .readOnly(path: path) }
        try Self.storing(path) {
            try writer.write { db in
                try db.execute(
                    sql:
                        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    arguments: [key, value]
                )
            }
        }
    }

    /// SQLite's `synchronous` level of the connection that writes: 2 (FULL) as long as the store is open.
    package var synchronousLevel: Int {
        get throws(StoreError) {
            guard let writer else { throw .readOnly(path: path) }
            return try Self.storing(path) {
                try writer.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? 0 }
            }
        }
    }

    var path: String { Self.databasePath(directory) }

    static func databasePath(_ directory: String) -> String { directory + "/sweepd.db" }
}
