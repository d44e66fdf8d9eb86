import FoundationEssentials
import GRDB
import Glibc

extension Store {
    /// What SQLite's own check finds wrong with the file, in its words; empty when it is sound.
    ///
    /// At most a hundred sentences. A file so damaged that it cannot be checked is one sentence too.
    package func integrityProblems() throws(StoreError) -> [String] {
        do throws(StoreError) {
            return try Self.storing(path) {
                try connection.read { db in
                    try String.fetchAll(db, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
                }
            }
        } catch .corrupt(_, let reason) { return [reason] }
    }

    /// Writes a copy of the database, as it is at this moment, into `directory`, which must have none; on the disk when it
    /// returns.
    ///
    /// One read transaction (SQLite's online backup in one step): a coordinator that runs goes on committing meanwhile, and
    /// what it commits is not in the copy. The copy is a single file, without a write-ahead log.
    package func copyDatabase(to directory: String) throws(StoreError) {
        let target = Self.databasePath(directory)
        guard try FileSystem.size(of: target) == nil else {
            throw .notEmpty(path: directory)
        }
        try Self.storing(target) {
            let copy = try DatabaseQueue(path: target)
            try connection.backup(to: copy)
            try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        }
        try FileSystem.open(target, O_RDWR).synchronize()
        try FileSystem.synchronizeDirectory(directory)
    }

    /// Bytes of the journal on disk, its write-ahead log included.
    package static func bytesOnDisk(directory: String) throws(StoreError) -> Int {
        let path = databasePath(directory)
        return try (FileSystem.size(of: path) ?? 0) + (FileSystem.size(of: path + "-wal") ?? 0)
    }

    /// Makes an empty directory for a copy; throws when there is something in it.
    package static func makeEmptyDirectory(_ path: String) throws(StoreError) {
        try FileSystem.makeDirectories(path)
        guard try FileSystem.names(in: path).isEmpty else {
            throw .notEmpty(path: path)
        }
    }

    /// Removes a copy that was not finished, as far as it can be.
    package static func removeDirectory(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    /// Gives a finished copy its name, which must be free or an empty directory's; on the disk when it returns.
    package static func moveDirectory(_ old: String, to new: String) throws(StoreError) {
        try FileSystem.rename(old, to: new)
    }
}
