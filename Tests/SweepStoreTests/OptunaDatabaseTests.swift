import GRDB
import SweepStore
import Testing

/// The SQLite storage of Optuna. The fixture is one that Optuna 5.0.0 wrote, see its folder.
@Suite struct OptunaDatabaseTests {
    let directory: TemporaryDirectory
    private var path: String { directory.path + "/optuna.db" }

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(try TestFiles.fixture("optuna.db"), to: "optuna.db")
    }

    /// Why the file, after `change` of it, cannot be read.
    private func mistake(_ change: String) throws -> String? {
        try DatabaseQueue(path: path).write { try $0.execute(sql: change) }
        do throws(OptunaDatabaseError) {
            let database = try OptunaDatabase(path: path)
            for study in try database.studies() { _ = try database.trials(of: study) }
            return nil
        } catch { return error.wrong }
    }

    @Test func `a recorded storage is read, and stays as it was`() throws {
        let before = try directory.read("optuna.db")
        #expect(OptunaDatabase.isDatabase(before))
        let database = try OptunaDatabase(path: path)
        let studies = try database.studies()
        #expect(studies.map(\.name) == ["digits", "other"])
        #expect(studies.map(\.directions) == [["MINIMIZE"], ["MAXIMIZE"]])
        let trials = try database.trials(of: studies[0])
        #expect(
            trials.map(\.state) == [
                "COMPLETE", "COMPLETE", "PRUNED", "FAIL", "FAIL", "COMPLETE", "COMPLETE", "RUNNING", "WAITING",
            ]
        )
        #expect(trials[0].value == 0.5 && trials[0].reports == [1: 0.9, 2: 0.8, 3: 0.7])
        #expect(trials[3].reports[1] == 0.9 && trials[3].reports[2]?.isNaN == true && trials[3].value == nil)
        #expect(trials[5].value == .infinity)
        #expect(trials[0].parameters.map(\.name) == ["learning_rate", "width", "optimizer"])
        #expect(trials[0].parameters.map(\.value) == [0.01, 32, 0])
        #expect(try database.trials(of: studies[1]).count == 1)
        #expect(try directory.read("optuna.db") == before)
        #expect(try directory.names() == ["optuna.db"])
    }

    @Test func `other databases, older ones and rows of other kinds are refused`() throws {
        #expect(try mistake("UPDATE trials SET number = number") == nil)
        #expect(
            try mistake("UPDATE trial_params SET param_value = 'a lot' WHERE param_id = 1")
                == "it holds a row that Optuna does not write"
        )
        #expect(
            try mistake("ALTER TABLE trial_values RENAME COLUMN value_type TO kind")?.contains("before version 3")
                == true
        )
        #expect(
            try mistake("DROP TABLE trial_values") == "it is an SQLite database, but not one of Optuna"
        )
        try directory.write(Array("SQLite format 3\0 and then nothing".utf8), to: "optuna.db")
        #expect(throws: OptunaDatabaseError.self) { try OptunaDatabase(path: path) }
    }
}
