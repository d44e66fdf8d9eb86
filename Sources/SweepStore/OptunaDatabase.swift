import GRDB

/// Why a file could not be read as an SQLite storage of Optuna, in words for its user.
package struct OptunaDatabaseError: Error, Hashable, Sendable {
    package let wrong: String
}

/// A file of Optuna's relational storage in SQLite, opened for reading only: it is left as it was, also while Optuna writes it.
///
/// Source: optuna/storages/_rdb/models.py as Optuna 3 to 5 have it.
package struct OptunaDatabase {
    /// A row of `studies` with what belongs to it.
    package struct Study: Hashable, Sendable {
        fileprivate let id: Int
        package let name: String
        /// `MINIMIZE`, `MAXIMIZE` or `NOT_SET`, one of each objective.
        package let directions: [String]
        /// JSON: a list of texts.
        package let metricNames: String?
    }

    /// A row of `trials` with what belongs to it.
    package struct Trial: Hashable, Sendable {
        /// `RUNNING`, `COMPLETE`, `PRUNED`, `FAIL` or `WAITING`.
        package let state: String
        /// Of its first objective.
        package fileprivate(set) var value: Double?
        package fileprivate(set) var parameters: [Parameter] = []
        package fileprivate(set) var reports: [Int: Double] = [:]
    }

    /// A row of `trial_params`: the value as Optuna keeps it, and the JSON of its distribution.
    package struct Parameter: Hashable, Sendable {
        package let name: String
        package let value: Double
        package let distribution: String
    }

    private let path: String
    private let queue: DatabaseQueue

    private static let signature = "SQLite format 3\0"
    /// So many bytes of a file tell whether it is an SQLite database.
    package static let signatureBytes = signature.utf8.count

    /// Whether a file that begins with `bytes` is an SQLite database.
    package static func isDatabase(_ bytes: [UInt8]) -> Bool { bytes.starts(with: signature.utf8) }

    /// Opens the file at `path`. Throws where it is not readable, not of Optuna, or of an Optuna before 3.
    package init(path: String) throws(OptunaDatabaseError) {
        self.path = path
        do {
            let queue = try Store.openQueue(path, label: "sweepd.optuna")
            try queue.read { db in
                for table in Self.tables {
                    guard try db.tableExists(table) else {
                        throw OptunaDatabaseError(wrong: "it is an SQLite database, but not one of Optuna")
                    }
                }
                for (table, column) in Self.newest {
                    guard try db.columns(in: table).contains(where: { $0.name == column }) else {
                        throw OptunaDatabaseError(
                            wrong: "an Optuna before version 3 made it; `optuna storage upgrade` brings it up to date"
                        )
                    }
                }
            }
            self.queue = queue
        } catch { throw Self.told(error, path) }
    }

    private static let tables = [
        "studies", "study_directions", "study_system_attributes", "trials", "trial_params", "trial_values",
        "trial_intermediate_values",
    ]

    /// The columns that Optuna 3 added.
    private static let newest = [
        ("trial_values", "value_type"), ("trial_intermediate_values", "intermediate_value_type"),
    ]

    /// Its studies, in the order in which they were made.
    package func studies() throws(OptunaDatabaseError) -> [Study] {
        try reading { db in
            var directions: [Int: [String]] = [:]
            let directed = "SELECT study_id, direction FROM study_directions ORDER BY study_id, objective"
            for row in try Row.fetchAll(db, sql: directed) {
                let id = try Self.integer(row, 0)
                directions[id, default: []].append(try Self.text(row, 1))
            }
            var names: [Int: String] = [:]
            let named = "SELECT study_id, value_json FROM study_system_attributes WHERE key = 'study:metric_names'"
            for row in try Row.fetchAll(db, sql: named) {
                let id = try Self.integer(row, 0)
                names[id] = try Self.text(row, 1)
            }
            return try Row.fetchAll(db, sql: "SELECT study_id, study_name FROM studies ORDER BY study_id").map { row in
                let id = try Self.integer(row, 0)
                return Study(
                    id: id,
                    name: try Self.text(row, 1),
                    directions: directions[id] ?? [],
                    metricNames: names[id]
                )
            }
        }
    }

    /// The trials of `study`, in the order of their numbers, all as they were at one moment.
    package func trials(of study: Study) throws(OptunaDatabaseError) -> [Trial] {
        try reading { db in
            var trials: [Trial] = []
            var places: [Int: Int] = [:]
            let listed = "SELECT trial_id, state FROM trials WHERE study_id = ? ORDER BY trial_id"
            for row in try Row.fetchAll(db, sql: listed, arguments: [study.id]) {
                let id = try Self.integer(row, 0)
                places[id] = trials.count
                trials.append(Trial(state: try Self.text(row, 1)))
            }
            /// Calls `body` with the place of the trial and each row of `table`, which begins with the trial's id.
            func each(_ table: String, _ columns: String, _ order: String, _ body: (Int, Row) throws -> Void) throws {
                let sql =
                    "SELECT t.trial_id, \(columns) FROM \(table) x JOIN trials t ON t.trial_id = x.trial_id "
                    + "WHERE t.study_id = ? ORDER BY \(order)"
                let rows = try Row.fetchCursor(db, sql: sql, arguments: [study.id])
                while let row = try rows.next() {
                    let id = try Self.integer(row, 0)
                    if let place = places[id] { try body(place, row) }
                }
            }
            try each("trial_params", "x.param_name, x.param_value, x.distribution_json", "x.param_id") { place, row in
                trials[place].parameters.append(
                    Parameter(
                        name: try Self.text(row, 1),
                        value: try Self.number(row, 2),
                        distribution: try Self.text(row, 3)
                    )
                )
            }
            try each("trial_values", "x.objective, x.value, x.value_type", "x.trial_value_id") { place, row in
                if try Self.integer(row, 1) == 0 { trials[place].value = try Self.measured(row, 2) }
            }
            try each(
                "trial_intermediate_values",
                "x.step, x.intermediate_value, x.intermediate_value_type",
                "x.trial_intermediate_value_id"
            ) { place, row in
                let step = try Self.integer(row, 1)
                trials[place].reports[step] = try Self.measured(row, 2)
            }
            return trials
        }
    }

    private func reading<Result>(_ body: (Database) throws -> Result) throws(OptunaDatabaseError) -> Result {
        do { return try queue.read(body) } catch { throw Self.told(error, path) }
    }

    private static func told(_ error: any Error, _ path: String) -> OptunaDatabaseError {
        if let error = error as? OptunaDatabaseError { return error }
        if let error = error as? DatabaseError {
            return OptunaDatabaseError(wrong: "SQLite cannot read it: \(error.message ?? "\(error.resultCode)")")
        }
        return OptunaDatabaseError(wrong: "it cannot be read: \(Store.storeError(error, path))")
    }

    // A conversion that GRDB is asked for directly stops the process where a column holds something else.

    private static func integer(_ row: Row, _ column: Int) throws -> Int {
        try converted(row, column) { Int.fromDatabaseValue($0) }
    }

    private static func number(_ row: Row, _ column: Int) throws -> Double {
        try converted(row, column) { Double.fromDatabaseValue($0) }
    }

    private static func text(_ row: Row, _ column: Int) throws -> String {
        try converted(row, column) { String.fromDatabaseValue($0) }
    }

    /// A number at `column` by the word for its kind in the next one.
    private static func measured(_ row: Row, _ column: Int) throws -> Double {
        switch try text(row, column + 1) {
        case "INF_POS": .infinity
        case "INF_NEG": -.infinity
        case "NAN": .nan
        default: try number(row, column)
        }
    }

    private static func converted<Value>(
        _ row: Row,
        _ column: Int,
        _ convert: (DatabaseValue) -> Value?
    ) throws -> Value {
        let stored: DatabaseValue = row[column]
        guard let value = convert(stored) else {
            throw OptunaDatabaseError(wrong: "it holds a row that Optuna does not write")
        }
        return value
    }
}
