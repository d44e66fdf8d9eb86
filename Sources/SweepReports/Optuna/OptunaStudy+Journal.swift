import SweepCore

/// What is wrong with a line of a file that should be a journal of Optuna.
package struct OptunaJournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    package let reason: String
    package var description: String { "its line \(line) is no operation of Optuna's journal: \(reason)" }
}

extension OptunaStudy {
    /// Whether `bytes` begin as a file of Optuna's journal storage does: with an object that has an `op_code`.
    package static func isJournal(_ bytes: [UInt8]) -> Bool {
        guard let line = bytes.split(separator: 10, maxSplits: 1).first, line.first == UInt8(ascii: "{"),
            let first = try? JSONValue(parsing: Array(line), allowsNonFinite: true)
        else { return false }
        return first["op_code"] != nil
    }

    /// The studies of a file of Optuna's journal storage, in the order in which they were made; deleted ones aside.
    ///
    /// Source: optuna/storages/journal/_storage.py, the enumeration JournalOperation, as Optuna 3 to 5 write it. As there, a last line
    /// without its end is one that is still being written, and a trial that has ended is not changed any more.
    package static func studies(journal bytes: [UInt8]) throws(OptunaJournalError) -> [OptunaStudy] {
        var replay = JournalReplay()
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        for (index, line) in lines.dropLast().enumerated() {
            let json: JSONValue
            do { json = try JSONValue(parsing: Array(line), allowsNonFinite: true) } catch {
                throw OptunaJournalError(line: index + 1, reason: "\(error)")
            }
            do { try replay.apply(DocumentReader(json)) } catch {
                throw OptunaJournalError(line: index + 1, reason: "\(error)")
            }
        }
        return replay.studies
    }
}

/// The state that the operations of a journal lead to.
private struct JournalReplay {
    private struct Entry {
        let study: Int
        var trial: OptunaStudy.Trial
    }

    /// By ids, which count up; nil where it was deleted.
    private var found: [OptunaStudy?] = []
    private var entries: [Entry] = []

    var studies: [OptunaStudy] {
        var trials: [Int: [OptunaStudy.Trial]] = [:]
        for entry in entries { trials[entry.study, default: []].append(entry.trial) }
        return found.indices.compactMap { id in
            var study = found[id]
            study?.trials = trials[id] ?? []
            return study
        }
    }

    mutating func apply(_ operation: DocumentReader) throws(DocumentError) {
        let code = try operation.field("op_code")
        switch try code.integer() {
        case 0: try createStudy(operation)
        case 1: if let id = try studyID(operation) { found[id] = nil }
        case 3: try setMetricNames(operation)
        case 4: try createTrial(operation)
        case 5: try setParameter(operation)
        case 6: try setState(operation)
        case 7: try setReport(operation)
        // Attributes of users and of trials, which tell a sweep nothing; trials to discard, which Optuna passes over as well.
        case 2, 8, 9, 10: break
        default: throw code.wrong("an operation from 0 to 10")
        }
    }

    private mutating func createStudy(_ operation: DocumentReader) throws(DocumentError) {
        let name = try operation.field("study_name").text()
        let directions = try operation.field("directions").items().each {
            reader throws(DocumentError) -> OptunaStudy.Direction in
            guard let direction = OptunaStudy.Direction(rawValue: try reader.integer()) else {
                throw reader.wrong("a direction from 0 to 2")
            }
            return direction
        }
        // Of two workers that make one study the second is told that it is there.
        guard !found.contains(where: { $0?.name == name }) else { return }
        found.append(OptunaStudy(name: name, directions: directions))
    }

    /// The study that an operation is about; nil where it is not there.
    private func studyID(_ operation: DocumentReader) throws(DocumentError) -> Int? {
        let id = try operation.field("study_id").integer()
        return found.indices.contains(id) && found[id] != nil ? id : nil
    }

    private mutating func setMetricNames(_ operation: DocumentReader) throws(DocumentError) {
        guard let id = try studyID(operation),
            let names = try operation.field("system_attr").optional("study:metric_names")
        else { return }
        found[id]?.metricNames = try names.items().each { name throws(DocumentError) in try name.text() }
    }

    private mutating func createTrial(_ operation: DocumentReader) throws(DocumentError) {
        guard let id = try studyID(operation) else { return }
        var trial = OptunaStudy.Trial(state: .running)
        if let state = operation.optional("state") { trial.state = try Self.state(state) }
        trial.value = try operation.optional("value")?.number()
        if let values = operation.optional("values") { trial.value = try values.items().first?.number() }
        if let parameters = operation.optional("params") {
            let distributions = try operation.field("distributions")
            for (name, value) in try parameters.members() {
                trial.parameters.append(
                    try OptunaStudy.Parameter(
                        name: name,
                        inner: try value.number(),
                        distribution: try distributions.field(name).text()
                    )
                )
            }
        }
        if let reports = operation.optional("intermediate_values") {
            for (step, value) in try reports.members() {
                guard let step = Int(step) else { throw reports.wrong("steps that are whole numbers") }
                trial.reports[step] = try Self.report(value)
            }
        }
        entries.append(Entry(study: id, trial: trial))
    }

    /// The trial that an operation changes; nil where it is not there or has ended.
    private func open(_ operation: DocumentReader) throws(DocumentError) -> Int? {
        let id = try operation.field("trial_id").integer()
        guard entries.indices.contains(id) else { return nil }
        return [.running, .waiting].contains(entries[id].trial.state) ? id : nil
    }

    private mutating func setParameter(_ operation: DocumentReader) throws(DocumentError) {
        guard let id = try open(operation) else { return }
        let parameter = try OptunaStudy.Parameter(
            name: try operation.field("param_name").text(),
            inner: try operation.field("param_value_internal").number(),
            distribution: try operation.field("distribution").text()
        )
        if let place = entries[id].trial.parameters.firstIndex(where: { $0.name == parameter.name }) {
            entries[id].trial.parameters[place] = parameter
        } else {
            entries[id].trial.parameters.append(parameter)
        }
    }

    private mutating func setState(_ operation: DocumentReader) throws(DocumentError) {
        guard let id = try open(operation) else { return }
        entries[id].trial.state = try Self.state(operation.field("state"))
        if let values = operation.optional("values") { entries[id].trial.value = try values.items().first?.number() }
    }

    private mutating func setReport(_ operation: DocumentReader) throws(DocumentError) {
        guard let id = try open(operation) else { return }
        let step = try operation.field("step").integer()
        entries[id].trial.reports[step] = try Self.report(operation.field("intermediate_value"))
    }

    private static func state(_ reader: DocumentReader) throws(DocumentError) -> OptunaStudy.State {
        guard let state = OptunaStudy.State(rawValue: try reader.integer()) else {
            throw reader.wrong("a state from 0 to 4")
        }
        return state
    }

    private static func report(_ reader: DocumentReader) throws(DocumentError) -> Double {
        try reader.value == .null ? Double.nan : reader.number()
    }
}
