import GRDB
import Glibc

extension Store {
    /// How long a statement waits for another process's transaction: longer than a migration or a checkpoint takes.
    private static let busySeconds = 5.0

    /// Opens the database for writing, brings its schema up to date and makes commits durable.
    static func openPool(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "sweepd.store"
        configuration.busyMode = .timeout(busySeconds)
        let pool = try DatabasePool(path: path, configuration: configuration)
        try StoreSchema.migrator.migrate(pool)
        // The pool sets NORMAL while it opens, so FULL must come after, and is asked for again to be sure.
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            let level = try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0
            guard level == 2 else { throw StoreError.notDurable(path: path, found: level) }
        }
        return pool
    }

    /// Opens the database for reading and refuses what is not a store that this version can use.
    ///
    /// It changes nothing, so that a file of another program is left as it was.
    @discardableResult
    static func inspect(_ path: String, allowsOlder: Bool) throws(StoreError) -> DatabaseQueue {
        try checkHeader(path)
        return try storing(path) {
            let queue = try openQueue(path)
            try queue.read { db in
                let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
                guard application == StoreSchema.applicationID else {
                    // A coordinator that was killed while it made the file leaves an empty database.
                    let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
                    if application == 0, tables == 0 {
                        if allowsOlder { return }
                        throw StoreError.missing(path: path)
                    }
                    throw StoreError.notAStore(path: path, reason: "it is the database of another program")
                }
                let migrator = StoreSchema.migrator
                if try migrator.hasBeenSuperseded(db) {
                    let unknown = try migrator.appliedIdentifiers(db).subtracting(migrator.migrations)
                    throw StoreError.tooNew(path: path, version: unknown.max() ?? "")
                }
                if !allowsOlder, try !migrator.hasCompletedMigrations(db) { throw StoreError.tooOld(path: path) }
            }
            return queue
        }
    }

    /// A connection for reading. On a medium where SQLite's shared memory cannot be made (a read-only file system) and
    /// nothing is left in a write-ahead log, the file is opened as one that does not change.
    static func openQueue(_ path: String, label: String = "sweepd.store.read") throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = label
        configuration.readonly = true
        configuration.busyMode = .timeout(busySeconds)
        do {
            return try openAndRead(path, configuration)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            guard access(path, R_OK) == 0, try FileSystem.size(of: path + "-wal") ?? 0 == 0 else { throw error }
            return try openAndRead("file:\(uriPath(path))?immutable=1", configuration)
        }
    }

    /// Opens a connection and reads the schema once, which is when SQLite meets what it cannot open.
    private static func openAndRead(_ path: String, _ configuration: Configuration) throws -> DatabaseQueue {
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.read { _ = try Int.fetchOne($0, sql: "PRAGMA schema_version") }
        return queue
    }

    /// The path with what means something in a URI escaped.
    private static func uriPath(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch UnicodeScalar(byte) {
            case "%", "?", "#": text += "%" + String(byte, radix: 16, uppercase: true)
            default: text.unicodeScalars.append(UnicodeScalar(byte))
            }
        }
        return text
    }

    /// Refuses a file that does not begin as every SQLite database does.
    private static func checkHeader(_ path: String) throws(StoreError) {
        let file = try FileSystem.open(path, O_RDONLY)
        guard try file.read(upTo: 16) == Array("SQLite format 3\0".utf8) else {
            throw .notAStore(path: path, reason: "it is not an SQLite database")
        }
    }

    /// Runs database work; what it throws comes out as a `StoreError`.
    static func storing<Result>(_ path: String, _ work: () throws -> Result) throws(StoreError) -> Result {
        do { return try work() } catch { throw storeError(error, path) }
    }

    /// The store's error for an error of the database.
    static func storeError(_ error: any Error, _ path: String) -> StoreError {
        if let error = error as? StoreError { return error }
        guard let error = error as? DatabaseError else {
            return .inputOutput(path: path, operation: "use the database", reason: "\(error)")
        }
        let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        return switch error.resultCode {
        case .SQLITE_CORRUPT: .corrupt(path: path, reason: reason)
        case .SQLITE_NOTADB: .notAStore(path: path, reason: reason)
        case .SQLITE_FULL: .full(path: path)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .notPermitted(path: path, reason: reason)
        case .SQLITE_CANTOPEN where access(path, R_OK) != 0: .notPermitted(path: path, reason: reason)
        default: .inputOutput(path: path, operation: "use the database", reason: reason)
        }
    }
}
