package import SweepCore
package import SweepSearch

/// Which parameters of a sweep matter: what `importance` answers.
///
/// JSON: `{"sweep", "objective": {"metric", "direction", "epoch"}, "compared_at", "configurations", "bounded", "explained",
/// "parameters": [{"path", "variance", "deviation", "among_best", "marginal": [{"value", "objective", "deviation"}]}], "pairs":
/// [{"first", "second", "variance", "deviation"}], "advice": [{"path", "change", "low", "high", "options", "agreeing", "best",
/// "chance", "text"}]}`. `compared_at` is an epoch, or null where each configuration counts as in the ranking. `change` is `widen`,
/// `narrow` or `drop`; `low` and `high` are the new ends, null for one that stays; `options` are those to drop.
package struct ImportanceDocument: Hashable, Sendable {
    package let sweep: String
    /// What results are judged by.
    package let objective: Objective
    package let comparedAt: Int?
    package let importance: Importance

    package init(sweep: String, objective: Objective, comparedAt: Int?, importance: Importance) {
        self.sweep = sweep
        self.objective = objective
        self.comparedAt = comparedAt
        self.importance = importance
    }

    /// The document as JSON.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        object.add("objective", objective.json)
        object.add("compared_at", comparedAt)
        object.add("configurations", importance.configurations)
        object.add("bounded", importance.bounded)
        object.add("explained", importance.explained)
        object.add("parameters", .array(importance.parameters.map(\.json)))
        object.add("pairs", .array(importance.pairs.map(\.json)))
        object.add("advice", .array(importance.advice.map(\.json)))
        return object.object
    }

    /// Reads the document from JSON.
    package init(json: JSONValue) throws(DocumentError) {
        let reader = DocumentReader(json)
        self.init(
            sweep: try reader.field("sweep").text(),
            objective: try Objective(reader.field("objective")),
            comparedAt: try reader.optional("compared_at")?.integer(),
            importance: Importance(
                parameters: try reader.field("parameters").items().each { reader throws(DocumentError) in
                    try Importance.ParameterShare(reader)
                },
                pairs: try reader.field("pairs").items().each { reader throws(DocumentError) in
                    try Importance.PairShare(reader)
                },
                advice: try reader.field("advice").items().each { reader throws(DocumentError) in
                    try RangeAdvice(reader)
                },
                explained: try reader.optional("explained")?.number(),
                configurations: try reader.field("configurations").integer(),
                bounded: try reader.field("bounded").integer()
            )
        )
    }

    // MARK: For people

    /// One row a parameter.
    package var table: Table {
        let names = ParameterNames.short(importance.parameters.map(\.path))
        var table = Table(columns: [
            Table.Column("parameter"), Table.Column("share of variance", isNumeric: true),
            Table.Column("±", isNumeric: true, rank: 1), Table.Column("among the best", isNumeric: true),
            Table.Column("best near", isNumeric: true, rank: 2), Table.Column("worst near", isNumeric: true, rank: 0),
        ])
        for (name, parameter) in zip(names, importance.parameters) {
            let order = parameter.marginal.indices.sorted {
                let costs = (
                    objective.cost(parameter.marginal[$0].objective), objective.cost(parameter.marginal[$1].objective)
                )
                return (costs.0, $0) < (costs.1, $1)
            }
            table.add([
                name, Self.percent(parameter.variance), Self.percent(parameter.deviation),
                parameter.amongBest.map(Self.percent) ?? "",
                order.first.map { Self.text(parameter.marginal[$0].value) } ?? "",
                order.last.map { Self.text(parameter.marginal[$0].value) } ?? "",
            ])
        }
        return table
    }

    /// One row a pair of parameters that act together; nil where none do.
    package var pairsTable: Table? {
        guard !importance.pairs.isEmpty else { return nil }
        let paths = importance.parameters.map(\.path)
        let names = Dictionary(zip(paths, ParameterNames.short(paths))) { first, _ in first }
        func name(_ path: String) -> String { names[path] ?? path }
        var pairs = Table(columns: [
            Table.Column("together"), Table.Column("share of variance", isNumeric: true),
            Table.Column("±", isNumeric: true, rank: 1),
        ])
        for pair in importance.pairs {
            pairs.add([
                "\(name(pair.first)) × \(name(pair.second))", Self.percent(pair.variance), Self.percent(pair.deviation),
            ])
        }
        return pairs
    }

    /// The table, pairs, advice, and what they rest on.
    package func plainText(width: Int?) -> String {
        var text = table.plainText(width: width)
        if let pairsTable { text += "\n" + pairsTable.plainText(width: width) }
        text += "\n"
        for advice in importance.advice { text += advice.sentence + "\n" }
        return text + basis + "\n"
    }

    /// What the shares rest on.
    package var basis: String {
        var text = "\(objective.metric.rawValue) of \(importance.configurations) configurations"
        text += comparedAt.map { " at epoch \($0)" } ?? ""
        if let explained = importance.explained {
            text += "; the forest explains \(Self.percent(max(0, explained))) % of results it has not seen"
            if explained < 0.5 { text += ", so take the shares as hints" }
        }
        if importance.bounded > 0 { text += "; \(importance.bounded) far out or without a number count as the bound" }
        return text
    }

    private static func percent(_ share: Double) -> String { NumberText.fixed(100 * share, decimals: 1) }

    fileprivate static func text(_ value: ParameterValue) -> String {
        if case .real(let real) = value { return NumberText.short(real, digits: 3) }
        return value.description
    }
}

extension RangeAdvice {
    /// The advice for people.
    package var sentence: String {
        let of = "\(agreeing) of the \(best) best"
        switch change {
        case .widen(let low?, _):
            return "\(path): \(of) lie at the low end; try a range from \(ImportanceDocument.text(low))"
        case .widen(_, let high?):
            return "\(path): \(of) lie at the high end; try a range up to \(ImportanceDocument.text(high))"
        case .widen: return "\(path): \(of) lie at an end"
        case .narrow(let low, let high):
            return "\(path): all of the \(best) best lie within \(ImportanceDocument.text(low)) to "
                + "\(ImportanceDocument.text(high)); a narrower range saves trials"
        case .drop(let options):
            return
                "\(path): none of the \(best) best has \(options.map(ImportanceDocument.text).joined(separator: ", ")); "
                + "leave \(options.count == 1 ? "it" : "them") out"
        }
    }

    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        var ends: (low: ParameterValue?, high: ParameterValue?) = (nil, nil)
        var options: [ParameterValue] = []
        object.add("path", path)
        switch change {
        case .widen(let low, let high):
            object.add("change", "widen")
            ends = (low, high)
        case .narrow(let low, let high):
            object.add("change", "narrow")
            ends = (low, high)
        case .drop(let dropped):
            object.add("change", "drop")
            options = dropped
        }
        object.add("low", ends.low?.json ?? .null)
        object.add("high", ends.high?.json ?? .null)
        object.add("options", .array(options.map(\.json)))
        object.add("agreeing", agreeing)
        object.add("best", best)
        object.add("chance", chance)
        object.add("text", sentence)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        let low = try reader.optional("low").map { reader throws(DocumentError) in try ParameterValue(reader) }
        let high = try reader.optional("high").map { reader throws(DocumentError) in try ParameterValue(reader) }
        let change: Change
        switch try reader.field("change").text() {
        case "widen": change = .widen(low: low, high: high)
        case "narrow":
            guard let low, let high else { throw reader.wrong("both ends of a narrower range") }
            change = .narrow(low: low, high: high)
        case "drop":
            change = .drop(
                try reader.field("options").items().each { reader throws(DocumentError) in try ParameterValue(reader) }
            )
        default: throw try reader.field("change").wrong("widen, narrow or drop")
        }
        self.init(
            path: try reader.field("path").text(),
            change: change,
            agreeing: try reader.field("agreeing").integer(),
            best: try reader.field("best").integer(),
            chance: try reader.field("chance").number()
        )
    }
}

extension Importance.ParameterShare {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("path", path)
        object.add("variance", variance)
        object.add("deviation", deviation)
        object.add("among_best", amongBest)
        object.add(
            "marginal",
            .array(
                marginal.map { point in
                    .object([
                        JSONMember("value", point.value.json), JSONMember("objective", .number(point.objective)),
                        JSONMember("deviation", .number(point.deviation)),
                    ])
                }
            )
        )
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            path: try reader.field("path").text(),
            variance: try reader.field("variance").number(),
            deviation: try reader.field("deviation").number(),
            amongBest: try reader.optional("among_best")?.number(),
            marginal: try reader.field("marginal").items().each { reader throws(DocumentError) in
                Importance.MarginalPoint(
                    value: try ParameterValue(reader.field("value")),
                    objective: try reader.field("objective").number(),
                    deviation: try reader.field("deviation").number()
                )
            }
        )
    }
}

extension Importance.PairShare {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("first", .text(first)), JSONMember("second", .text(second)),
            JSONMember("variance", .number(variance)), JSONMember("deviation", .number(deviation)),
        ])
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            first: try reader.field("first").text(),
            second: try reader.field("second").text(),
            variance: try reader.field("variance").number(),
            deviation: try reader.field("deviation").number()
        )
    }
}
