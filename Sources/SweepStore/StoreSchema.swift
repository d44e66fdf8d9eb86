import GRDB

/// The tables of `sweepd.db` and their history: migrations are numbered, run forward only, one transaction each.
enum StoreSchema {
    /// SQLite's `application_id` of our files: the letters "swpd", so that another program's database is never touched.
    static let applicationID: Int32 = 0x7377_7064

    /// Every migration in order. A released one is never edited; the next is added below it.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001-journal") { db in
            // Sequence numbers are never used again (AUTOINCREMENT), not even after rows were deleted.
            try db.execute(
                sql: """
                    CREATE TABLE journal (
                        seq INTEGER PRIMARY KEY AUTOINCREMENT,
                        kind INTEGER NOT NULL,
                        body BLOB NOT NULL
                    );
                    CREATE TABLE meta (
                        key TEXT PRIMARY KEY NOT NULL,
                        value TEXT NOT NULL
                    ) WITHOUT ROWID;
                    """
            )
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
        return migrator
    }
}
