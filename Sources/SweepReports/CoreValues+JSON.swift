package import SweepCore
import SweepSearch

extension [Objective] {
    /// Of several objectives all, as an array; nil for one, which stands alone.
    var jsonOfSeveral: JSONValue? { count > 1 ? .array(map(\.json)) : nil }

    /// `minimize validation.loss, maximize validation.accuracy`.
    package var words: String { map { "\($0.direction.rawValue) \($0.metric.rawValue)" }.joined(separator: ", ") }

    /// Those after the first, where the document names several.
    static func further(_ reader: DocumentReader) throws(DocumentError) -> [Objective] {
        let all = try reader.optional("objectives")?.items().each { reader throws(DocumentError) in
            try Objective(reader)
        }
        return Array((all ?? []).dropFirst())
    }
}

extension FirstFront {
    /// `{"members", "of", "reference", "hypervolume", "history": [{"trial", "hypervolume"}] (where it was asked for)}`.
    var json: JSONValue {
        var fields = [
            JSONMember("members", .integer(members)),
            JSONMember("of", .integer(of)),
            JSONMember("reference", .array(reference.map { .number($0) })),
            JSONMember("hypervolume", .number(hypervolume)),
        ]
        if !history.isEmpty { fields.append(JSONMember("history", .array(history.map(\.json)))) }
        return .object(fields)
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            members: try reader.field("members").integer(),
            of: try reader.field("of").integer(),
            reference: try reader.field("reference").items().each { reader throws(DocumentError) in
                try reader.number()
            },
            hypervolume: try reader.field("hypervolume").number(),
            history: try reader.optional("history")?.items().each { reader throws(DocumentError) in
                try Step(reader)
            } ?? []
        )
    }

    /// The front for people, of a sweep with these objectives.
    func words(_ objectives: [Objective]) -> String {
        let point = zip(objectives, reference).map { "\($0.metric.rawValue) \(NumberText.significant($1))" }
        return
            "\(members) of \(of) completed configurations; hypervolume \(NumberText.significant(hypervolume)) before "
            + point.joined(separator: ", ") + " (the worst of each)"
    }
}

extension FirstFront.Step {
    fileprivate var json: JSONValue {
        .object([JSONMember("trial", .integer(trial)), JSONMember("hypervolume", .number(hypervolume))])
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(trial: try reader.field("trial").integer(), hypervolume: try reader.field("hypervolume").number())
    }
}

extension Objective {
    /// `{"metric", "direction", "epoch"}`.
    var json: JSONValue {
        .object([
            JSONMember("metric", .text(metric.rawValue)),
            JSONMember("direction", .text(direction.rawValue)),
            JSONMember("epoch", .text(epoch.rawValue)),
        ])
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            metric: try Metric(reader.field("metric")),
            direction: try reader.field("direction").word(Direction.self),
            epoch: try reader.field("epoch").word(EpochRule.self)
        )
    }
}

extension Metric {
    init(_ reader: DocumentReader) throws(DocumentError) {
        guard let metric = Metric(rawValue: try reader.text()) else {
            throw reader.wrong("one of " + Metric.words.joined(separator: ", "))
        }
        self = metric
    }
}

extension TrialNote {
    /// `{"epoch", "text"}`.
    var json: JSONValue { .object([JSONMember("epoch", .integer(epoch)), JSONMember("text", .text(text))]) }

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(epoch: try reader.field("epoch").integer(), text: try reader.field("text").text())
    }
}

/// How a trial that completed before its sweep's last epoch came to its end: the word after `"stopped"`.
enum Stopped {
    /// Adds `"stopped": "early"` where it did.
    static func add(_ early: Bool, to object: inout JSONObjectBuilder) {
        if early { object.add("stopped", "early") }
    }

    /// Whether `"stopped"` of an object says so.
    static func early(of reader: DocumentReader) throws(DocumentError) -> Bool {
        guard let field = reader.optional("stopped") else { return false }
        return try field.text() == "early"
    }
}

extension Configuration {
    /// `{path: value}`, values with their types: a real keeps its point.
    package var json: JSONValue {
        .object(
            entries.map { JSONMember($0.path, $0.value.json) }
        )
    }

    /// Reads a configuration from JSON.
    package init(_ reader: DocumentReader) throws(DocumentError) {
        var entries: [Entry] = []
        for (path, field) in try reader.members() {
            entries.append(Entry(path: path, value: try ParameterValue(field)))
        }
        self.init(entries)
    }
}

extension ParameterValue {
    /// The value with its type.
    package var json: JSONValue {
        switch self {
        case .none: .null
        case .flag(let flag): .boolean(flag)
        case .integer(let number): .integer(number)
        case .real(let number): .number(number)
        case .text(let text): .text(text)
        }
    }

    /// Reads a value with its type.
    init(_ reader: DocumentReader) throws(DocumentError) {
        switch reader.value {
        case .null: self = .none
        case .boolean(let flag): self = .flag(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .real(number)
        case .text(let text): self = .text(text)
        case .unsigned, .array, .object: throw reader.wrong("a single value")
        }
    }
}

extension TrialState {
    /// Why a trial was pruned or failed; nil for the other states.
    package var reason: String? {
        switch self {
        case .pruned(let reason): reason.rawValue
        case .failed(let reason): reason
        case .waiting, .running, .paused, .completed: nil
        }
    }

    /// The state for people.
    func words(stoppedEarly: Bool) -> String { stoppedEarly ? "\(name) early" : name }

    /// Adds `"state"` and, where there is one, `"reason"`.
    func add(to object: inout JSONObjectBuilder) {
        object.add("state", name)
        if let reason { object.add("reason", reason) }
    }

    /// Reads `"state"` and `"reason"` of an object.
    init(of reader: DocumentReader) throws(DocumentError) {
        let state = try reader.field("state")
        switch try state.text() {
        case "waiting": self = .waiting
        case "running": self = .running
        case "paused": self = .paused
        case "completed": self = .completed
        case "pruned": self = .pruned(try reader.field("reason").word(PruneReason.self))
        case "failed": self = .failed(try reader.optional("reason")?.text() ?? "")
        default: throw state.wrong("one of waiting, running, paused, completed, pruned, failed")
        }
    }
}

extension Finding {
    /// `{"id", "since_epoch", "evidence"}`.
    var json: JSONValue {
        .object([
            JSONMember("id", .text(symptom.rawValue)),
            JSONMember("since_epoch", .integer(sinceEpoch)),
            JSONMember("evidence", .text(evidence)),
        ])
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            symptom: try reader.field("id").word(Symptom.self),
            sinceEpoch: try reader.field("since_epoch").integer(),
            evidence: try reader.field("evidence").text()
        )
    }
}

extension Array where Element == DocumentReader {
    /// Each item read by `read`.
    package func each<Value>(_ read: (DocumentReader) throws(DocumentError) -> Value) throws(DocumentError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for reader in self { values.append(try read(reader)) }
        return values
    }
}
