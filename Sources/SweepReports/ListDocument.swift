package import SweepCore

/// The sweeps of a coordinator: what `list` answers.
///
/// JSON: `{"sweeps": [{"sweep", "number", "state", "trials": {…}, "trials_planned", "epochs", "objective": {"metric",
/// "direction", "epoch"}, "objectives" (of a sweep of several, all), "best" (by the first), "priority", "max_parallel", "requires", "threads" (as in `status`), "experiment":
/// {"sweep", "trial", "round", "first"} (of a part of an experiment)}]}`.
package struct ListDocument: Hashable, Sendable {
    /// In the order of submission.
    package var sweeps: [Entry]

    /// One sweep.
    package struct Entry: Hashable, Sendable {
        package var sweep: String
        /// The number the coordinator gave it.
        package var number: Int
        package var state: String
        package var trials: TrialCounts
        package var trialsPlanned: Int?
        /// Epochs trained, over all trials.
        package var epochs: Int
        /// Of several objectives the first.
        package var objective: Objective
        /// The objectives after the first.
        package var further: [Objective]
        package var best: StatusDocument.Best?
        package var placement: Placement
        /// What it is a part of; nil for a sweep that stands for itself.
        package var experiment: ExperimentPart?

        package init(
            sweep: String,
            number: Int,
            state: String,
            trials: TrialCounts,
            trialsPlanned: Int? = nil,
            epochs: Int,
            objective: Objective,
            further: [Objective] = [],
            best: StatusDocument.Best? = nil,
            placement: Placement = Placement(),
            experiment: ExperimentPart? = nil
        ) {
            self.sweep = sweep
            self.number = number
            self.state = state
            self.trials = trials
            self.trialsPlanned = trialsPlanned
            self.epochs = epochs
            self.objective = objective
            self.further = further
            self.best = best
            self.placement = placement
            self.experiment = experiment
        }
    }

    package init(sweeps: [Entry]) { self.sweeps = sweeps }

    /// The document as JSON.
    package var json: JSONValue { .object([JSONMember("sweeps", .array(sweeps.map(\.json)))]) }

    /// Reads the document from JSON.
    package init(json: JSONValue) throws(DocumentError) {
        sweeps = try DocumentReader(json).field("sweeps").items().each { reader throws(DocumentError) in
            try Entry(reader)
        }
    }

    /// The list for people.
    package var table: Table {
        // Where nobody set one, a column of zeros says nothing.
        let hasPriorities = sweeps.contains { $0.placement.priority != 0 }
        var columns = [
            Table.Column("sweep"), Table.Column("state"), Table.Column("trials", isNumeric: true),
            Table.Column("done", isNumeric: true), Table.Column("epochs", isNumeric: true, rank: 1),
            Table.Column("objective", rank: 0), Table.Column("best", isNumeric: true),
        ]
        if hasPriorities { columns.insert(Table.Column("priority", isNumeric: true), at: 2) }
        var table = Table(columns: columns)
        for sweep in sweeps {
            var cells = [
                sweep.sweep, sweep.state, String(sweep.trialsPlanned ?? sweep.trials.total), String(sweep.trials.ended),
                String(sweep.epochs), ([sweep.objective] + sweep.further).words,
                sweep.best.map { NumberText.significant($0.objective) } ?? "",
            ]
            if hasPriorities { cells.insert(String(sweep.placement.priority), at: 2) }
            table.add(cells)
        }
        return table
    }
}

extension ListDocument.Entry {
    /// One sweep of the document.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        object.add("number", number)
        object.add("state", state)
        object.add("trials", trials.json)
        object.add("trials_planned", trialsPlanned)
        object.add("epochs", epochs)
        object.add("objective", objective.json)
        if let several = ([objective] + further).jsonOfSeveral { object.add("objectives", several) }
        object.add("best", best?.json ?? .null)
        placement.add(to: &object)
        if let experiment { object.add("experiment", experiment.json) }
        return object.object
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            sweep: try reader.field("sweep").text(),
            number: try reader.field("number").integer(),
            state: try reader.field("state").text(),
            trials: try TrialCounts(reader.field("trials")),
            trialsPlanned: try reader.optional("trials_planned")?.integer(),
            epochs: try reader.field("epochs").integer(),
            objective: try Objective(reader.field("objective")),
            further: try [Objective].further(reader),
            best: try reader.optional("best").map { reader throws(DocumentError) in try StatusDocument.Best(reader) },
            placement: try Placement(reader),
            experiment: try reader.optional("experiment").map { part throws(DocumentError) in
                try ExperimentPart(part)
            }
        )
    }
}
