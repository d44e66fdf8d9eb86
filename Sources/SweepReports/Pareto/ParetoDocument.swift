package import SweepCore
package import SweepSearch

/// A sweep's configurations by fronts of two or three objectives: what `rank --pareto` shows.
///
/// JSON: `{"sweep", "objectives": [{"name", "direction"}], "reference": [..], "hypervolume", "configurations", "unmeasured", "rows":
/// [{"front", "place", "configuration_id", "trial", "configuration", "values": {name: value}, "state"}]}`. `place` is that of `rank`;
/// `unmeasured` counts configurations without a finite value of each objective, those that failed and those of which a run lost its
/// numbers: they have no row.
package struct ParetoDocument: Hashable, Sendable {
    /// A configuration with its front, from 1.
    package struct Row: Hashable, Sendable {
        package let front: Int
        package let row: RankRow
        /// One of each objective, as measured.
        package let values: [Double]
    }

    package let sweep: String
    package let objectives: [ParetoObjective]
    package let directions: [Objective.Direction]
    /// The point that the hypervolume lies before, as measured.
    package let reference: [Double]
    /// Whether `reference` is the worst that was measured of each, not given.
    package let isWorst: Bool
    /// Of the first front, in the product of the objectives' units.
    package let hypervolume: Double
    /// How many there are, shown or not.
    package let configurations: Int
    package let unmeasured: Int
    /// By fronts; in one, the best of the first objective first.
    package let rows: [Row]

    /// The fronts of the ranked configurations; `reference` as measured, nil for the worst that was measured. Nil while no configuration
    /// has a value of each objective.
    package init?(_ document: RankDocument, objectives: [ParetoObjective], reference: [Double]? = nil) {
        let directions = objectives.map { $0.direction(in: document.objectives) }
        func costs(_ values: [Double]) -> [Double] { zip(values, directions).map { $1 == .minimize ? $0 : -$0 } }
        let measured: [(row: RankRow, values: [Double])] = document.rows.compactMap { row in
            let values = objectives.compactMap { $0.value(of: row, in: document.objectives) }
            guard values.count == objectives.count else { return nil }
            return (row: row, values: values)
        }
        guard !measured.isEmpty else { return nil }
        let points = measured.map { costs($0.values) }
        let worst = objectives.indices.map { axis in points.map { $0[axis] }.max() ?? 0 }
        let limit = reference.map(costs) ?? worst
        let fronts = ParetoFronts.fronts(points)
        let order = points.indices.sorted {
            (fronts[$0], points[$0][0], measured[$0].row.place) < (fronts[$1], points[$1][0], measured[$1].row.place)
        }
        sweep = document.sweep
        self.objectives = objectives
        self.directions = directions
        self.reference = costs(limit)
        isWorst = reference == nil
        hypervolume = ParetoFronts.hypervolume(points, reference: limit)
        configurations = document.configurations
        unmeasured = document.rows.count - measured.count
        rows = order.map { Row(front: fronts[$0], row: measured[$0].row, values: measured[$0].values) }
    }

    /// The document as JSON, cut to its first `top` rows.
    package func json(top: Int? = nil) -> JSONValue {
        let aims: [JSONValue] = zip(objectives, directions).map { objective, direction in
            .object([
                JSONMember("name", .text(objective.name)), JSONMember("direction", .text(direction.rawValue)),
            ])
        }
        return .object([
            JSONMember("sweep", .text(sweep)),
            JSONMember("objectives", .array(aims)),
            JSONMember("reference", .array(reference.map { .number($0) })),
            JSONMember("hypervolume", .number(hypervolume)),
            JSONMember("configurations", .integer(configurations)),
            JSONMember("unmeasured", .integer(unmeasured)),
            JSONMember("rows", .array(rows.prefix(top ?? rows.count).map { object($0) })),
        ])
    }

    private func object(_ row: Row) -> JSONValue {
        let values = zip(objectives, row.values).map { JSONMember($0.name, .number($1)) }
        return .object([
            JSONMember("front", .integer(row.front)),
            JSONMember("place", .integer(row.row.place)),
            JSONMember("configuration_id", .text(row.row.configuration.id.description)),
            JSONMember("trial", .integer(row.row.trial)),
            JSONMember("configuration", row.row.configuration.json),
            JSONMember("values", .object(values)),
            JSONMember("state", .text(row.row.state.name)),
        ])
    }

    /// The fronts for people, cut to the first `top` rows, with the direction of each objective beside its name; with `exact` numbers,
    /// full paths and the names alone, for programs that read tables.
    package func table(top: Int? = nil, exact: Bool = false) -> Table {
        var columns = [
            Table.Column("front", isNumeric: true), Table.Column("#", isNumeric: true), Table.Column("id", rank: 1),
            Table.Column("trial", isNumeric: true, rank: 2),
        ]
        columns += zip(objectives, directions).map { objective, direction in
            let word = direction == .minimize ? "min" : "max"
            return Table.Column(exact ? objective.name : "\(objective.name) (\(word))", isNumeric: true)
        }
        columns += [Table.Column("configuration"), Table.Column("state")]
        var table = Table(columns: columns)
        for row in rows.prefix(top ?? rows.count) {
            let ranked = row.row
            let entries = ranked.configuration.entries.map { "\($0.path)=\($0.value)" }.joined(separator: " ")
            var cells = [
                String(row.front), String(ranked.place), ranked.configuration.id.description, String(ranked.trial),
            ]
            cells += row.values.map { exact ? "\($0)" : NumberText.significant($0) }
            cells.append(exact ? entries : ranked.configuration.shortText)
            cells.append(exact ? ranked.state.name : ranked.state.words(stoppedEarly: ranked.stoppedEarly))
            table.add(cells)
        }
        return table
    }

    /// What the first front comes to, in a sentence.
    package var summary: String {
        let first = rows.count { $0.front == 1 }
        let point = zip(objectives, reference).map { "\($0.name) \(NumberText.significant($1))" }
        let measured = configurations - unmeasured
        let volume = NumberText.significant(hypervolume)
        var text = "front 1: \(first) of \(measured) configurations"
        if unmeasured > 0 { text += "; \(unmeasured) without a value of each" }
        text += "; hypervolume \(volume) before \(point.joined(separator: ", "))"
        if isWorst { text += " (the worst of each)" }
        return text
    }
}
