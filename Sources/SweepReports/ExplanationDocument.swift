package import SweepCore
package import SweepSearch

/// Why a trial was proposed, and why it went on or was stopped: what `explain` answers.
///
/// JSON: `{"sweep", "objective": {…}, "trial", "configuration", "state", "reason" (of pruned and failed), "method", "picked", "rule", "rule_picked",
/// "proposal": {"because", "text", "first_run", "results", "pending", and the numbers of its kind, "priors": [{"path", "log_density"}] (where
/// the file believes something of ranges), "neighbours": [{"trial", "distance",
/// "epoch", "objective"}]}, "levels": [{"epoch", "objective", "place", "of", "best", "median", "went_on", "verdict", "to"}],
/// "hopeless": {"kind", "epoch", "metric", "value", "start", "start_is_chance", "epochs"} or null}`.
/// `method` is the searcher's word and `rule` the scheduler's; `picked` and `rule_picked` say why `auto` picked them, or are null. `because` is `try_first`, `enqueued`, `regardless`, `startup`, `independent`,
/// `densities`, `improvement`, `generation`, `mutation`, `crossover`, `finalist`, or null where the replay proposes something else. `verdict` is `promoted`
/// (to the epoch `to`), `stopped`, `completed`, `waits`, `lost` or `hopeless`; `kind` is `exploded` or `dead`.
package struct ExplanationDocument: Hashable, Sendable {
    package let sweep: String
    package let objective: Objective
    package let state: TrialState
    /// The words of searcher and scheduler; why `auto` picked each, nil where the file names one.
    package let method: String
    package let picked: String?
    package let rule: String
    package let rulePicked: String?
    package let explanation: TrialExplanation

    package init(
        sweep: String,
        objective: Objective,
        state: TrialState,
        method: String,
        picked: String?,
        rule: String,
        rulePicked: String? = nil,
        explanation: TrialExplanation
    ) {
        self.sweep = sweep
        self.objective = objective
        self.state = state
        self.method = method
        self.picked = picked
        self.rule = rule
        self.rulePicked = rulePicked
        self.explanation = explanation
    }

    /// The document as JSON.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        object.add("objective", objective.json)
        object.add("trial", explanation.trial)
        object.add("configuration", explanation.configuration.json)
        state.add(to: &object)
        object.add("method", method)
        object.add("picked", picked)
        object.add("rule", rule)
        object.add("rule_picked", rulePicked)
        var proposal = JSONObjectBuilder()
        proposal.add("because", explanation.reason?.word)
        proposal.add("text", explanation.reason?.sentence(method: method) ?? Self.otherVersion)
        proposal.add("first_run", explanation.firstRun)
        proposal.add("results", explanation.results)
        proposal.add("pending", explanation.pending)
        explanation.reason?.addNumbers(to: &proposal)
        if !explanation.beliefs.isEmpty { proposal.add("priors", .array(explanation.beliefs.map(\.json))) }
        proposal.add("neighbours", .array(explanation.neighbours.map(\.json)))
        object.add("proposal", proposal.object)
        object.add("levels", .array(explanation.standings.map(\.json)))
        object.add("hopeless", explanation.hopelessness?.json ?? .null)
        return object.object
    }

    /// Reads the document from JSON.
    package init(json: JSONValue) throws(DocumentError) {
        let reader = DocumentReader(json)
        let proposal = try reader.field("proposal")
        self.init(
            sweep: try reader.field("sweep").text(),
            objective: try Objective(reader.field("objective")),
            state: try TrialState(of: reader),
            method: try reader.field("method").text(),
            picked: try reader.optional("picked")?.text(),
            rule: try reader.field("rule").text(),
            rulePicked: try reader.optional("rule_picked")?.text(),
            explanation: TrialExplanation(
                trial: try reader.field("trial").integer(),
                configuration: try Configuration(reader.field("configuration")),
                reason: try ProposalReason(proposal),
                firstRun: try proposal.field("first_run").integer(),
                results: try proposal.field("results").integer(),
                pending: try proposal.field("pending").integer(),
                neighbours: try proposal.field("neighbours").items().each { reader throws(DocumentError) in
                    try TrialExplanation.Neighbour(reader)
                },
                standings: try reader.field("levels").items().each { reader throws(DocumentError) in
                    try TrialExplanation.Standing(reader)
                },
                beliefs: try proposal.optional("priors")?.items().each { reader throws(DocumentError) in
                    try TrialExplanation.Belief(reader)
                } ?? [],
                hopelessness: try reader.optional("hopeless").map { reader throws(DocumentError) in
                    try Hopelessness(reader)
                }
            )
        )
    }

    // MARK: For people

    private static let otherVersion =
        "the replay proposes another configuration: the sweep was searched by another version of the program"

    /// The explanation for people.
    package func plainText(width: Int?) -> String {
        var lines = ["Trial \(explanation.trial): \(explanation.configuration.shortText)", ""]
        lines.append("Proposed: \(explanation.reason?.sentence(method: method) ?? Self.otherVersion).")
        if let believed = explanation.believedText { lines.append(believed) }
        if let picked { lines.append("The search is auto: \(method), as \(picked).") }
        if explanation.firstRun != explanation.trial {
            lines.append("It repeats the configuration of trial \(explanation.firstRun) with another seed.")
        }
        let known = if case .finalist = explanation.reason { "runs of finalists" } else { "trials" }
        lines.append("Known then: \(explanation.results) \(known) with a result, \(explanation.pending) without.")
        var text = lines.joined(separator: "\n") + "\n"
        if !explanation.neighbours.isEmpty {
            var table = Table(columns: [
                Table.Column("nearest", isNumeric: true), Table.Column("distance", isNumeric: true),
                Table.Column("at epoch", isNumeric: true), Table.Column(objective.metric.rawValue, isNumeric: true),
            ])
            for neighbour in explanation.neighbours {
                table.add([
                    String(neighbour.trial), NumberText.fixed(neighbour.distance, decimals: 3),
                    String(neighbour.epoch), NumberText.significant(neighbour.objective),
                ])
            }
            text += "\n" + table.plainText(width: width)
        }
        if let hopelessness = explanation.hopelessness { text += "\n\(hopelessness.sentence)\n" }
        var failure: String?
        if case .failed(let reason) = state { failure = reason }
        if let failure { text += "\nIt failed: \(failure)\n" }
        guard !explanation.standings.isEmpty else {
            let isTold = explanation.hopelessness != nil || failure != nil
            return text + (isTold ? "" : "\nNothing was decided of it yet.\n")
        }
        var table = Table(columns: [
            Table.Column("at epoch", isNumeric: true), Table.Column(objective.metric.rawValue, isNumeric: true),
            Table.Column("place", isNumeric: true), Table.Column("of", isNumeric: true),
            Table.Column("best", isNumeric: true, rank: 2), Table.Column("median", isNumeric: true, rank: 1),
            Table.Column("went on before", isNumeric: true, rank: 0), Table.Column("verdict"),
        ])
        for standing in explanation.standings {
            table.add([
                String(standing.epoch), NumberText.significant(standing.objective), String(standing.place),
                String(standing.of), NumberText.significant(standing.best), NumberText.significant(standing.median),
                String(standing.wentOn), standing.verdict.phrase(state),
            ])
        }
        let why = rulePicked.map { " It is auto, as \($0)." } ?? ""
        return text + "\n" + table.plainText(width: width) + "Rule: \(rule).\(why)\n"
    }
}

extension ProposalReason {
    fileprivate var word: String {
        switch self {
        case .triedFirst: "try_first"
        case .enqueued: "enqueued"
        case .regardless: "regardless"
        case .startup: "startup"
        case .independent: "independent"
        case .densities: "densities"
        case .improvement: "improvement"
        case .generation: "generation"
        case .mutation: "mutation"
        case .copy: "copy"
        case .crossover: "crossover"
        case .finalist: "finalist"
        }
    }

    fileprivate func sentence(method: String) -> String {
        switch self {
        case .triedFirst: return "the sweep file asks for it in try_first"
        case .enqueued: return "it was enqueued by hand while the sweep ran, so it came before what \(method) proposes"
        case .regardless: return "\(method) proposes it whatever the results are"
        case .startup(let results, let needed):
            return "\(method) begins with points of its own until \(needed) results are known; there were \(results)"
        case .independent: return "an independent draw of \(method)"
        case .densities(let best, let others, let logBest, let logOthers, let candidates, let median, let rung):
            let at = rung.map { " at epoch \($0)" } ?? ""
            return "of \(candidates) candidates it has the greatest quotient of densities, e^"
                + "\(Self.text(logBest - logOthers)) (the middle one e^\(Self.text(median))): among the \(best) best\(at) e^"
                + "\(Self.text(logBest)), among the \(others) others e^\(Self.text(logOthers))"
        case .improvement(let results, let pending, let mean, let deviation, let incumbent, let log, let prior):
            let improvement = "expected improvement, e^\(Self.text(log))"
            let product = prior.map { "product of \(improvement), and the prior to the power \(Self.text($0))" }
            return "it has the greatest \(product ?? improvement): of \(results) results"
                + (pending > 0 ? " and \(pending) pending trials" : "")
                + " a Gaussian process predicts \(Self.text(mean)) ± "
                + "\(Self.text(deviation)) (in deviations of the results, less is better), the best so far has "
                + Self.text(incumbent)
        case .generation(let number, let run, let population, let stepSize):
            return "a draw of generation \(number + 1) (run \(run + 1), \(population) points), step size "
                + "\(NumberText.significant(stepSize, digits: 2)) of the ranges"
        case .mutation(let parent, let living, let changed):
            return
                "a child of configuration \(parent + 1), the best of five drawn among the newest \(living); changed: "
                + (changed.isEmpty ? "nothing" : changed.joined(separator: ", "))
        case .copy(let trial, let epoch, let replaced, let changes):
            return
                "a copy of trial \(trial) after epoch \(epoch), one of the best members then, in the place of trial \(replaced); "
                + (changes.isEmpty ? "with its settings" : changes.map(\.phrase).joined(separator: ", "))
        case .crossover(let parents, let population, let changed):
            let names = parents.map { String($0 + 1) }.joined(separator: " and ")
            return
                "a child of configuration\(parents.count > 1 ? "s" : "") \(names), of the best \(population) by fronts; mutated: "
                + (changed.isEmpty ? "nothing" : changed.joined(separator: ", "))
        case .finalist(let place, let run, let fold):
            return
                "the search is over and its configuration was at place \(place); this is run \(run) of it with a new seed"
                + (fold.map { ", on fold \($0)" } ?? "")
        }
    }

    private static func text(_ value: Double) -> String { NumberText.fixed(value, decimals: 2) }

    fileprivate func addNumbers(to object: inout JSONObjectBuilder) {
        switch self {
        case .triedFirst, .enqueued, .regardless, .independent: break
        case .startup(let results, let needed):
            object.add("known", results)
            object.add("needed", needed)
        case .densities(let best, let others, let logBest, let logOthers, let candidates, let median, let rung):
            object.add("best", best)
            object.add("others", others)
            object.add("log_density_best", logBest)
            object.add("log_density_others", logOthers)
            object.add("candidates", candidates)
            object.add("median_log_quotient", median)
            object.add("rung", rung)
        case .improvement(let results, let pending, let mean, let deviation, let incumbent, let log, let prior):
            object.add("model_results", results)
            object.add("model_pending", pending)
            object.add("mean", mean)
            object.add("deviation", deviation)
            object.add("incumbent", incumbent)
            object.add("log_improvement", log)
            if let prior { object.add("prior_power", prior) }
        case .generation(let number, let run, let population, let stepSize):
            object.add("generation", number)
            object.add("run", run)
            object.add("population", population)
            object.add("step_size", stepSize)
        case .mutation(let parent, let living, let changed):
            object.add("parent", parent)
            object.add("living", living)
            object.add("changed", .array(changed.map { .text($0) }))
        case .copy(let trial, let epoch, let replaced, let changes):
            object.add("copied_from", trial)
            object.add("copied_after", epoch)
            object.add("replaced", replaced)
            object.add("changes", .array(changes.map(\.json)))
        case .crossover(let parents, let population, let changed):
            object.add("parents", .array(parents.map { .integer($0) }))
            object.add("population", population)
            object.add("changed", .array(changed.map { .text($0) }))
        case .finalist(let place, let run, let fold):
            object.add("search_place", place)
            object.add("final_run", run)
            if let fold { object.add("fold", fold) }
        }
    }

    fileprivate init?(_ reader: DocumentReader) throws(DocumentError) {
        func integer(_ key: String) throws(DocumentError) -> Int { try reader.field(key).integer() }
        func number(_ key: String) throws(DocumentError) -> Double { try reader.measuredNumber(key) }
        guard let word = try reader.optional("because")?.text() else { return nil }
        switch word {
        case "try_first": self = .triedFirst
        case "enqueued": self = .enqueued
        case "regardless": self = .regardless
        case "startup": self = .startup(results: try integer("known"), needed: try integer("needed"))
        case "independent": self = .independent
        case "densities":
            self = .densities(
                best: try integer("best"),
                others: try integer("others"),
                logBest: try number("log_density_best"),
                logOthers: try number("log_density_others"),
                candidates: try integer("candidates"),
                median: try number("median_log_quotient"),
                rung: try reader.optional("rung")?.integer()
            )
        case "improvement":
            self = .improvement(
                results: try integer("model_results"),
                pending: try integer("model_pending"),
                mean: try number("mean"),
                deviation: try number("deviation"),
                incumbent: try number("incumbent"),
                logImprovement: try number("log_improvement"),
                priorPower: try reader.optional("prior_power")?.number()
            )
        case "generation":
            self = .generation(
                number: try integer("generation"),
                run: try integer("run"),
                population: try integer("population"),
                stepSize: try number("step_size")
            )
        case "mutation":
            self = .mutation(
                parent: try integer("parent"),
                living: try integer("living"),
                changed: try reader.field("changed").items().each { reader throws(DocumentError) in try reader.text() }
            )
        case "copy":
            self = .copy(
                trial: try integer("copied_from"),
                epoch: try integer("copied_after"),
                replaced: try integer("replaced"),
                changes: try reader.field("changes").items().each { reader throws(DocumentError) in
                    try PopulationExplorer.Change(reader)
                }
            )
        case "crossover":
            self = .crossover(
                parents: try reader.field("parents").items().each { reader throws(DocumentError) in
                    try reader.integer()
                },
                population: try integer("population"),
                changed: try reader.field("changed").items().each { reader throws(DocumentError) in try reader.text() }
            )
        case "finalist":
            self = .finalist(
                place: try integer("search_place"),
                run: try integer("final_run"),
                fold: try reader.optional("fold")?.integer()
            )
        default: throw try reader.field("because").wrong("a reason that this version knows")
        }
    }
}

extension TrialExplanation {
    /// What the belief in its values had to do with the proposal; nil where there is none.
    fileprivate var believedText: String? {
        guard !beliefs.isEmpty, let reason else { return nil }
        let part: String
        switch reason {
        case .densities: part = "the prior is one kernel of both densities, of the weight of one new result"
        case .improvement: part = "the prior multiplies the improvement, with a power that falls as results come"
        case .generation: part = "the first generation was drawn by the prior"
        case .mutation, .crossover: part = "values that are drawn anew follow the prior"
        case .regardless, .startup, .independent, .triedFirst, .enqueued, .copy, .finalist:
            part = "the draw follows the prior"
        }
        let values = beliefs.map { belief in
            // Nothing is believed to be impossible but an option of weight 0.
            let density = belief.logDensity
            return "\(belief.path) \(density == -.infinity ? "0" : "e^" + NumberText.fixed(density, decimals: 2))"
        }
        return "Prior: as likely as in an even draw times " + values.joined(separator: ", ") + "; \(part)."
    }
}

extension TrialExplanation.Belief {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("path", path)
        object.add("log_density", logDensity)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(path: try reader.field("path").text(), logDensity: try reader.measuredNumber("log_density"))
    }
}

extension PopulationExplorer.Change {
    fileprivate var phrase: String {
        let values = "\(path) \(Self.text(from)) → \(Self.text(to))"
        return factor.map { "\(values) (× \(ParameterValue.real($0)))" } ?? "\(values) (drawn anew)"
    }

    private static func text(_ value: ParameterValue) -> String {
        if case .real(let real) = value { NumberText.significant(real) } else { value.description }
    }

    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("path", path)
        object.add("from", from.json)
        object.add("to", to.json)
        object.add("factor", factor)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            path: try reader.field("path").text(),
            from: try ParameterValue(reader.field("from")),
            to: try ParameterValue(reader.field("to")),
            factor: try reader.optional("factor")?.number()
        )
    }
}

extension TrialExplanation.Neighbour {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("trial", trial)
        object.add("distance", distance)
        object.add("epoch", epoch)
        object.add("objective", objective)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            trial: try reader.field("trial").integer(),
            distance: try reader.field("distance").number(),
            epoch: try reader.field("epoch").integer(),
            objective: try reader.measuredNumber("objective")
        )
    }
}

extension TrialExplanation.Verdict {
    fileprivate func phrase(_ state: TrialState) -> String {
        switch self {
        case .promoted(let to): "went on to \(to)"
        case .stopped:
            switch state {
            case .pruned(.sweepEnded): "waited until the sweep ended"
            case .pruned(.cancelled): "waited until the sweep was cancelled"
            default: "stopped"
            }
        case .completed: "completed"
        case .waits: "waits"
        case .lost: "has no number"
        case .hopeless: "cannot recover"
        }
    }

    fileprivate var word: String {
        switch self {
        case .promoted: "promoted"
        case .stopped: "stopped"
        case .completed: "completed"
        case .waits: "waits"
        case .lost: "lost"
        case .hopeless: "hopeless"
        }
    }
}

extension Hopelessness {
    /// What was seen, for people.
    package var sentence: String {
        switch kind {
        case .exploded:
            let beginning = isChance ? "the loss of guessing, \(Self.text(start))" : "its start, \(Self.text(start))"
            return "Stopped at epoch \(epoch): \(metric.rawValue) \(Self.text(value)) is "
                + "\(NumberText.significant(value / start, digits: 2)) times \(beginning), and in \(epochs) epochs it has "
                + "not come back and gets no lower."
        case .dead:
            return
                "Stopped at epoch \(epoch): \(metric.rawValue) is \(Self.text(value)) to the last bit since the first epoch, "
                + "for \(epochs) epochs: nothing is learnt."
        }
    }

    private static func text(_ value: Double) -> String { NumberText.significant(value) }

    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("kind", kind.rawValue)
        object.add("epoch", epoch)
        object.add("metric", metric.rawValue)
        object.add("value", value)
        object.add("start", start)
        object.add("start_is_chance", .boolean(isChance))
        object.add("epochs", epochs)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        let name = try reader.field("metric")
        guard let metric = Metric(rawValue: try name.text()) else { throw name.wrong("a metric") }
        self.init(
            kind: try reader.field("kind").word(Kind.self),
            epoch: try reader.field("epoch").integer(),
            metric: metric,
            value: try reader.field("value").number(),
            start: try reader.field("start").number(),
            isChance: try reader.field("start_is_chance").boolean(),
            epochs: try reader.field("epochs").integer()
        )
    }
}

extension TrialExplanation.Standing {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("epoch", epoch)
        object.add("objective", objective)
        object.add("place", place)
        object.add("of", of)
        object.add("best", best)
        object.add("median", median)
        object.add("went_on", wentOn)
        object.add("verdict", verdict.word)
        if case .promoted(let to) = verdict { object.add("to", to) }
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        let verdict: TrialExplanation.Verdict
        switch try reader.field("verdict").text() {
        case "promoted": verdict = .promoted(to: try reader.field("to").integer())
        case "stopped": verdict = .stopped
        case "completed": verdict = .completed
        case "waits": verdict = .waits
        case "lost": verdict = .lost
        case "hopeless": verdict = .hopeless
        default: throw try reader.field("verdict").wrong("promoted, stopped, completed, waits, lost or hopeless")
        }
        self.init(
            epoch: try reader.field("epoch").integer(),
            objective: try reader.measuredNumber("objective"),
            place: try reader.field("place").integer(),
            of: try reader.field("of").integer(),
            best: try reader.measuredNumber("best"),
            median: try reader.measuredNumber("median"),
            wentOn: try reader.field("went_on").integer(),
            verdict: verdict
        )
    }
}
