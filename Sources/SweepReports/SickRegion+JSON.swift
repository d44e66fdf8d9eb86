import SweepCore
package import SweepDiagnosis

extension SickRegion {
    /// The region in a sentence: "36 of the 37 trials with learning_rate at least 0.12 and width at least 128: diverging …".
    package var text: String {
        let names = ParameterNames.short(conditions.map(\.path))
        let box = zip(names, conditions).map { name, condition in
            switch condition.bound {
            case .atLeast(let value): "\(name) at least \(value.shortText)"
            case .atMost(let value): "\(name) at most \(value.shortText)"
            case .equal(let value): "\(name) \(value.shortText)"
            }
        }
        let bound = chance < 1e-12 ? "below 1e-12" : NumberText.short(chance, digits: 1)
        return "\(sick) of the \(inside) trials with \(box.joined(separator: " and ")): \(symptom.words) "
            + "(\(sickInAll) of \(all) in all; by chance \(bound))"
    }

    /// `{"symptom", "words", "conditions": [{"path", "bound": "at_least" | "at_most" | "equal", "value"}], "inside", "sick",
    /// "sick_in_all", "all", "chance", "text"}`.
    var json: JSONValue {
        .object([
            JSONMember("symptom", .text(symptom.rawValue)),
            JSONMember("words", .text(symptom.words)),
            JSONMember("conditions", .array(conditions.map(\.json))),
            JSONMember("inside", .integer(inside)),
            JSONMember("sick", .integer(sick)),
            JSONMember("sick_in_all", .integer(sickInAll)),
            JSONMember("all", .integer(all)),
            JSONMember("chance", .number(chance)),
            JSONMember("text", .text(text)),
        ])
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            symptom: try reader.field("symptom").word(Symptom.self),
            conditions: try reader.field("conditions").items().each { reader throws(DocumentError) in
                try Condition(reader)
            },
            inside: try reader.field("inside").integer(),
            sick: try reader.field("sick").integer(),
            sickInAll: try reader.field("sick_in_all").integer(),
            all: try reader.field("all").integer(),
            chance: try reader.field("chance").number()
        )
    }
}

extension SickRegion.Condition {
    fileprivate var json: JSONValue {
        let (word, value) =
            switch bound {
            case .atLeast(let value): ("at_least", value)
            case .atMost(let value): ("at_most", value)
            case .equal(let value): ("equal", value)
            }
        return .object([
            JSONMember("path", .text(path)), JSONMember("bound", .text(word)), JSONMember("value", value.json),
        ])
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        let value = try ParameterValue(reader.field("value"))
        let bound: SickRegion.Bound
        switch try reader.field("bound").text() {
        case "at_least": bound = .atLeast(value)
        case "at_most": bound = .atMost(value)
        case "equal": bound = .equal(value)
        default: throw try reader.field("bound").wrong("at_least, at_most or equal")
        }
        self.init(path: try reader.field("path").text(), bound: bound)
    }
}
