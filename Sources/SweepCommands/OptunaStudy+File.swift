import SweepReports
import SweepStore

/// Why a file of Optuna gave no study, and what would.
struct OptunaRefusal: Error {
    let wrong: String
    let allowed: String

    init(_ wrong: String, allowed: String = "a journal or an SQLite storage of Optuna") {
        self.wrong = wrong
        self.allowed = allowed
    }
}

extension OptunaStudy {
    /// The study `name` of the SQLite database at `path`; the only one where `name` is nil.
    static func read(database path: String, name: String?) throws(OptunaRefusal) -> OptunaStudy {
        try told { () throws -> OptunaStudy in
            let database = try OptunaDatabase(path: path)
            let studies = try database.studies()
            let chosen = studies[try choose(name, among: studies.map(\.name))]
            return try OptunaStudy(chosen, try database.trials(of: chosen))
        }
    }

    /// The study `name` of a journal with the content `bytes`; the only one where `name` is nil.
    ///
    /// Nil where the content is no journal of Optuna.
    static func read(journal bytes: [UInt8], name: String?) throws(OptunaRefusal) -> OptunaStudy? {
        guard isJournal(bytes) else { return nil }
        return try told { () throws -> OptunaStudy in
            let studies = try Self.studies(journal: bytes)
            return studies[try choose(name, among: studies.map(\.name))]
        }
    }

    /// What `body` returns; its errors in words for the user.
    private static func told<Value>(_ body: () throws -> Value) throws(OptunaRefusal) -> Value {
        do {
            return try body()
        } catch let error as OptunaRefusal {
            throw error
        } catch let error as OptunaDatabaseError {
            throw OptunaRefusal(error.wrong)
        } catch let error as OptunaJournalError {
            throw OptunaRefusal(error.description)
        } catch {
            throw OptunaRefusal("it cannot be read: \(error)")
        }
    }

    /// The place of the study that is meant.
    private static func choose(_ name: String?, among names: [String]) throws(OptunaRefusal) -> Int {
        guard let first = names.first else { throw OptunaRefusal("it has no study", allowed: "a file with a study") }
        let list = names.joined(separator: ", ")
        let form = "the file's name, # and the study's: FILE#\(first)"
        guard let name else {
            guard names.count == 1 else {
                throw OptunaRefusal("it has \(names.count) studies: \(list)", allowed: form)
            }
            return 0
        }
        guard let place = names.firstIndex(of: name) else {
            throw OptunaRefusal("it has no study \(name); its studies are \(list)", allowed: form)
        }
        return place
    }

    private init(_ study: OptunaDatabase.Study, _ trials: [OptunaDatabase.Trial]) throws {
        let directions = study.directions.map { word -> Direction in
            switch word {
            case "MINIMIZE": .minimize
            case "MAXIMIZE": .maximize
            default: .unset
            }
        }
        var names: [String] = []
        if let json = study.metricNames {
            names = try DocumentReader(JSONValue(parsing: Array(json.utf8))).items().map { try $0.text() }
        }
        self.init(name: study.name, directions: directions, metricNames: names)
        for trial in trials {
            let state: State
            switch trial.state {
            case "RUNNING": state = .running
            case "COMPLETE": state = .complete
            case "PRUNED": state = .pruned
            case "FAIL": state = .failed
            case "WAITING": state = .waiting
            default: throw OptunaRefusal("a trial of it has the state \(trial.state), which Optuna does not know")
            }
            let parameters = try trial.parameters.map {
                try Parameter(name: $0.name, inner: $0.value, distribution: $0.distribution)
            }
            self.trials.append(
                Trial(state: state, value: trial.value, parameters: parameters, reports: trial.reports)
            )
        }
    }
}
