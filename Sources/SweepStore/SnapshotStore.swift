import FoundationEssentials
import GRDB
import Glibc
import Synchronization

/// What saves a restart the reading of the whole journal, in `DIR/snapshot.db`: the state at some entry, and the curves that it
/// leaves out.
///
/// A cache beside the journal. It is written in one transaction of its own, so that the journal's commits never wait for it and a
/// process killed meanwhile leaves the one before; it may be deleted at any time. Every part carries a checksum, and the whole is
/// bound to the journal's entry, so that a damaged file, and one that belongs to another journal, is not taken for a state.
/// Calls block their thread.
package final class SnapshotStore: Sendable {
    /// The state at an entry of the journal.
    package struct Head: Hashable, Sendable {
        /// The last entry that is in it.
        package let sequence: Int
        /// Checksum of that entry.
        package let entry: UInt64
        /// How many parts it has, and their bytes.
        package let parts: Int
        package let bytes: Int
    }

    /// A trial's curve as bytes.
    package struct Curve: Hashable, Sendable {
        package let sweep: Int
        package let trial: Int
        package let body: [UInt8]
        package init(sweep: Int, trial: Int, body: [UInt8]) {
            self.sweep = sweep
            self.trial = trial
            self.body = body
        }
    }

    /// How much was asked of the file for curves.
    package struct CurveReads: Hashable, Sendable {
        /// Statements, each a read of its own.
        package fileprivate(set) var statements = 0
        /// Rows that came of them.
        package fileprivate(set) var rows = 0
    }

    /// `DIR/snapshot.db`.
    package let path: String
    private let connection: any DatabaseReader & Sendable
    private let writer: DatabasePool?
    private let reads = Mutex(CurveReads())

    private init(path: String, connection: any DatabaseReader & Sendable, writer: DatabasePool?) {
        self.path = path
        self.connection = connection
        self.writer = writer
    }

    /// Where the file of a directory is.
    package static func path(_ directory: String) -> String { directory + "/snapshot.db" }

    /// SQLite's `user_version` of the file: other tables have another number, and are thrown away.
    private static let version = 1

    /// Opens the snapshot for reading; nil when there is none.
    ///
    /// Throws a `StoreError` for one that cannot be used. Nothing is lost with it.
    package static func open(readOnly directory: String) throws(StoreError) -> SnapshotStore? {
        let path = path(directory)
        guard try FileSystem.size(of: path) ?? 0 > 0 else { return nil }
        return try Store.storing(path) {
            let queue = try Store.openQueue(path, label: "sweepd.snapshot.read")
            let found = try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
            guard found == version else {
                throw StoreError.corrupt(path: path, reason: "its version is \(found), this program's is \(version)")
            }
            return SnapshotStore(path: path, connection: queue, writer: nil)
        }
    }

    /// Opens the snapshot for the coordinator that holds the directory; one that cannot be opened, and none at all, becomes an empty
    /// one. `damage` says why the one that was there is gone.
    package static func open(
        writing directory: String,
        damage: (StoreError) -> Void = { _ in }
    ) throws(StoreError) -> SnapshotStore {
        let path = path(directory)
        do throws(StoreError) {
            if try FileSystem.size(of: path) ?? 0 > 0 { return try make(path, isNew: false) }
        } catch { damage(error) }
        remove(directory: directory)
        return try make(path, isNew: true)
    }

    /// Deletes the file.
    package static func remove(directory: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path(directory) + suffix) }
    }

    private static func make(_ path: String, isNew: Bool) throws(StoreError) -> SnapshotStore {
        try Store.storing(path) {
            var configuration = Configuration()
            configuration.label = "sweepd.snapshot"
            configuration.busyMode = .timeout(5)
            // A curve has some KiB: in pages of 4 KiB half of their space would be lost, in these a twentieth. Before anything is in
            // the file.
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA page_size = 32768") }
            // The pool's write-ahead log keeps readers and the writer apart. Its level of `synchronous`, NORMAL, may lose the
            // newest state in a power failure; it leaves the one before whole.
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                if isNew {
                    try db.execute(
                        sql: """
                            BEGIN IMMEDIATE;
                            CREATE TABLE head (sequence INTEGER, entry INTEGER, parts INTEGER, bytes INTEGER);
                            CREATE TABLE part (
                                number INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, body BLOB NOT NULL);
                            CREATE TABLE curve (
                                id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, body BLOB NOT NULL);
                            PRAGMA user_version = \(version);
                            COMMIT;
                            """
                    )
                }
                let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                guard found == version else {
                    throw StoreError.corrupt(
                        path: path,
                        reason: "its version is \(found), this program's is \(version)"
                    )
                }
            }
            return SnapshotStore(path: path, connection: pool, writer: pool)
        }
    }

    /// The newest state; nil when there is none.
    package var head: Head? {
        get throws(StoreError) {
            try Store.storing(path) { try connection.read { try storedHead($0) } }
        }
    }

    private func storedHead(_ db: Database) throws -> Head? {
        try Row.fetchOne(db, sql: "SELECT sequence, entry, parts, bytes FROM head").map { row in
            Head(
                sequence: try row.integer(0, of: path),
                entry: UInt64(bitPattern: Int64(try row.integer(1, of: path))),
                parts: try row.integer(2, of: path),
                bytes: try row.integer(3, of: path)
            )
        }
    }

    /// Gives the parts of the state in order; answers with its head, nil when there is none.
    ///
    /// `body` is first asked whether the state is wanted. One read: a newer snapshot may be written meanwhile. Throws `corrupt` for a
    /// part that is missing or not as it was written, and what `body` throws.
    package func readParts(if wanted: (Head) throws -> Bool, _ body: ([UInt8]) throws -> Void) throws -> Head? {
        try connection.read { db in
            guard let head = try storedHead(db), try wanted(head) else { return nil }
            let rows = try Row.fetchCursor(db, sql: "SELECT checksum, body FROM part ORDER BY number")
            var count = 0
            while let row = try rows.next() {
                let bytes = try row.withUnsafeData(atIndex: 1) { $0.map { [UInt8]($0) } ?? [] }
                guard Self.checksum(row, 0) == Checksum.of(bytes) else {
                    throw StoreError.corrupt(path: path, reason: "part \(count + 1) is not as it was written")
                }
                count += 1
                try body(bytes)
            }
            guard count == head.parts else { throw StoreError.corrupt(path: path, reason: "parts are missing") }
            return head
        }
    }

    /// Keeps curves, all of them or none; before a state that leaves them out. The curve of an ended trial does not change any more.
    package func add(_ curves: [Curve]) throws(StoreError) {
        guard let writer else { throw .readOnly(path: path) }
        try Store.storing(path) {
            try writer.write { db in
                let statement = try db.cachedStatement(
                    sql: "INSERT OR REPLACE INTO curve (id, checksum, body) VALUES (?, ?, ?)"
                )
                for curve in curves {
                    let sum = Int64(bitPattern: Checksum.of(curve.body))
                    statement.setUncheckedArguments([Self.id(curve.sweep, curve.trial), sum, Data(curve.body)])
                    try statement.execute()
                }
            }
        }
    }

    /// The row of a trial: both numbers are below 2^31.
    private static func id(_ sweep: Int, _ trial: Int) -> Int { sweep << 32 | trial }

    /// Keeps a new state in place of the one before; all of it or nothing. `fill` gives the parts in order.
    package func replace(
        sequence: Int,
        entry: UInt64,
        _ fill: (_ part: ([UInt8]) throws -> Void) throws -> Void
    ) throws -> Head {
        guard let writer else { throw StoreError.readOnly(path: path) }
        do {
            return try writer.write { db in
                try db.execute(sql: "DELETE FROM head; DELETE FROM part")
                let partRow = try db.makeStatement(sql: "INSERT INTO part (checksum, body) VALUES (?, ?)")
                var (parts, bytes) = (0, 0)
                try fill { body in
                    partRow.setUncheckedArguments([Int64(bitPattern: Checksum.of(body)), Data(body)])
                    try partRow.execute()
                    parts += 1
                    bytes += body.count
                }
                try db.execute(
                    sql: "INSERT INTO head (sequence, entry, parts, bytes) VALUES (?, ?, ?, ?)",
                    arguments: [sequence, Int64(bitPattern: entry), parts, bytes]
                )
                return Head(sequence: sequence, entry: entry, parts: parts, bytes: bytes)
            }
        } catch { throw Store.storeError(error, path) }
    }

    /// Writes a copy of the file, as it is at this moment, into `directory`.
    package func copy(to directory: String) throws(StoreError) {
        let target = Self.path(directory)
        try Store.storing(target) {
            let copy = try DatabaseQueue(path: target)
            try connection.backup(to: copy)
            try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        }
        try FileSystem.open(target, O_RDWR).synchronize()
    }

    /// Bytes of the file on the disk, its write-ahead log included.
    package static func bytesOnDisk(directory: String) throws(StoreError) -> Int {
        try (FileSystem.size(of: path(directory)) ?? 0) + (FileSystem.size(of: path(directory) + "-wal") ?? 0)
    }

    /// Forgets everything: what the file holds is of no use.
    package func clear() throws(StoreError) {
        guard let writer else { throw .readOnly(path: path) }
        try Store.storing(path) {
            try writer.write { try $0.execute(sql: "DELETE FROM head; DELETE FROM part; DELETE FROM curve") }
        }
    }

    /// Forgets the state, and the curves of a sweep.
    package func forget(sweep: Int) throws(StoreError) {
        guard let writer else { throw .readOnly(path: path) }
        try Store.storing(path) {
            try writer.write { db in
                try db.execute(sql: "DELETE FROM head; DELETE FROM part")
                try db.execute(
                    sql: "DELETE FROM curve WHERE id >= ? AND id < ?",
                    arguments: [Self.id(sweep, 0), Self.id(sweep + 1, 0)]
                )
            }
        }
    }

    /// The curve of a trial; nil when it is not here, or not as it was written.
    package func curve(sweep: Int, trial: Int) throws(StoreError) -> [UInt8]? {
        try Store.storing(path) {
            try connection.read { db in
                let statement = try db.cachedStatement(
                    sql: "SELECT checksum, body FROM curve WHERE id = ?"
                )
                let row = try Row.fetchOne(statement, arguments: [Self.id(sweep, trial)])
                noteRead(rows: row == nil ? 0 : 1)
                return try row.flatMap { try Self.body($0, checksum: 0, body: 1) }
            }
        }
    }

    /// How many curves one statement reads.
    package static let curvesAtOnce = 512

    /// Gives the curves of some trials of a sweep, in no order: `curvesAtOnce` to a statement. Left out are those that are not here, or
    /// not as they were written.
    ///
    /// Each statement is a read of its own, so that nothing that is written meanwhile has to be kept for a reader of all.
    package func forEachCurve(
        sweep: Int,
        trials: [Int],
        _ body: (_ trial: Int, _ curve: [UInt8]) -> Void
    ) throws(StoreError) {
        for start in stride(from: 0, to: trials.count, by: Self.curvesAtOnce) {
            let part = trials[start..<min(start + Self.curvesAtOnce, trials.count)]
            guard let last = part.last else { return }
            // Always as many places, so that it is one statement for SQLite: a number that is named twice is one.
            let ids = (part + Array(repeating: last, count: Self.curvesAtOnce - part.count)).map { Self.id(sweep, $0) }
            try Store.storing(path) {
                try connection.read { db in
                    let statement = try db.cachedStatement(sql: Self.someCurves)
                    let rows = try Row.fetchCursor(statement, arguments: StatementArguments(ids))
                    var count = 0
                    while let row = try rows.next() {
                        count += 1
                        guard let curve = try Self.body(row, checksum: 1, body: 2) else { continue }
                        body(try row.integer(0, of: path) & 0xffff_ffff, curve)
                    }
                    noteRead(rows: count)
                }
            }
        }
    }

    private static let someCurves =
        "SELECT id, checksum, body FROM curve WHERE id IN (?" + String(repeating: ",?", count: curvesAtOnce - 1) + ")"

    /// What a row holds; nil when it is not as it was written.
    private static func body(_ row: Row, checksum: Int, body: Int) throws -> [UInt8]? {
        let bytes = try row.withUnsafeData(atIndex: body) { $0.map { [UInt8]($0) } ?? [] }
        return Self.checksum(row, checksum) == Checksum.of(bytes) ? bytes : nil
    }

    /// The checksum in a column; nil when none stands there.
    private static func checksum(_ row: Row, _ column: Int) -> UInt64? {
        Int64.fromDatabaseValue(row[column]).map { UInt64(bitPattern: $0) }
    }

    /// What was asked for curves since the file was opened.
    package var curveReads: CurveReads { reads.withLock { $0 } }

    private func noteRead(rows: Int) {
        reads.withLock { reads in
            reads.statements += 1
            reads.rows += rows
        }
    }

    /// What SQLite's own check finds wrong, and curves that are not as they were written.
    package func problems(_ curve: (_ sweep: Int, _ trial: Int, _ body: [UInt8]) -> String?) throws(StoreError)
        -> [String]
    {
        do throws(StoreError) {
            return try Store.storing(path) {
                try connection.read { db in
                    var found = try String.fetchAll(db, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
                    let rows = try Row.fetchCursor(db, sql: "SELECT id, checksum, body FROM curve")
                    while let row = try rows.next() {
                        let bytes = try row.withUnsafeData(atIndex: 2) { $0.map { [UInt8]($0) } ?? [] }
                        let id = try row.integer(0, of: path)
                        let (sweep, trial) = (id >> 32, id & 0xffff_ffff)
                        if Self.checksum(row, 1) != Checksum.of(bytes) {
                            found.append("the curve of trial \(sweep)/\(trial) is not as it was written")
                        } else if let problem = curve(sweep, trial, bytes) {
                            found.append(problem)
                        }
                    }
                    return found
                }
            }
        } catch .corrupt(_, let reason) { return [reason] }
    }
}

/// A checksum against damage; not against people.
package enum Checksum {
    /// 64 bits of `bytes`: words are mixed in by multiplication, one after the other, in four streams.
    package static func of(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { buffer in
            var streams: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
            var place = 0
            while buffer.count - place >= 32 {
                streams.0 = mixed(streams.0, buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                streams.1 = mixed(streams.1, buffer.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self))
                streams.2 = mixed(streams.2, buffer.loadUnaligned(fromByteOffset: place + 16, as: UInt64.self))
                streams.3 = mixed(streams.3, buffer.loadUnaligned(fromByteOffset: place + 24, as: UInt64.self))
                place += 32
            }
            var sum = mixed(mixed(mixed(streams.0, streams.1), streams.2), streams.3)
            while place < buffer.count {
                sum = mixed(sum, UInt64(buffer[place]))
                place += 1
            }
            return mixed(sum, UInt64(buffer.count))
        }
    }

    private static func mixed(_ sum: UInt64, _ word: UInt64) -> UInt64 {
        // The constants are those of SplitMix64; the shift brings the high bits back down. Words as they lie in memory: the file
        // stays on its machine, and elsewhere it is passed over.
        let product = (sum ^ UInt64(littleEndian: word)) &* 0x9E37_79B9_7F4A_7C15
        return product ^ product >> 29
    }
}
