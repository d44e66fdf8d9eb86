package import SweepCore
package import SweepDiagnosis

/// Reports on runs: what `diagnose` and `why` answer.
///
/// JSON of one run: `{"trial", "name", "metric", "value", "best_of_sweep", "symptoms": [{"id", "words", "remark", "since_epoch",
/// "evidence"}], "causes": [{"id", "words", "probability", "confirmed", "evidence": [..], "neighbours": [{"id", "experiment"}],
/// "remedy": {"change", "changes": [..], "text"}}], "verdict", "verdict_kind", "not_judged": [{"id", "reason"}], "unknown": [..]}`, and of
/// a trial that was asked for `"in_sweep": [{"trial", "path", "from", "to", "value"}]` where there are any. Where the network was read:
/// `"gradient_noise": {"epoch", "scale", "rows", "batch"}`, and of a run or a trial that was asked for alone `"classes": [{"class",
/// "training_rows", "rows", "loss", "recall", "probe_loss", "guess_loss"}], "classes_epoch", "classes_differ"`, `rows` being validation rows.
/// Of a whole sweep: `{"sweep", "trials": [..], "regions": [..]}`; a region is told of at `SickRegion.json`. Of a sweep on which its
/// coordinator made experiments by itself also `"experiments": [{"trial", "sweeps": [..], "state", "sentences": [..]}]`.
package struct DiagnosisDocument: Hashable, Sendable {
    /// The sweep's name; nil for a single run.
    package let sweep: String?
    package let reports: [Report]
    /// Parts of the sweep's space whose trials share a symptom, the surest first.
    package let regions: [SickRegion]
    /// The experiments that the coordinator made by itself, in their order.
    package let experiments: [Experiment]
    /// After which trial's number the next part begins; nil of the last one, and of a whole.
    package let next: Int?

    package init(
        sweep: String?,
        reports: [Report],
        regions: [SickRegion] = [],
        experiments: [Experiment] = [],
        next: Int? = nil
    ) {
        self.sweep = sweep
        self.reports = reports
        self.regions = regions
        self.experiments = experiments
        self.next = next
    }

    /// An experiment that the coordinator made by itself.
    package struct Experiment: Hashable, Sendable {
        package let trial: Int
        /// The sweeps that train its arms.
        package let sweeps: [String]
        package let isOver: Bool
        /// What it showed; none before it is over, and where its sweeps are gone.
        package let sentences: [String]

        package init(trial: Int, sweeps: [String], isOver: Bool, sentences: [String]) {
            self.trial = trial
            self.sweeps = sweeps
            self.isOver = isOver
            self.sentences = sentences
        }

        /// What is to be said of it, a line each.
        package var lines: [String] {
            let names = sweeps.isEmpty ? "" : " (\(sweeps.joined(separator: ", ")))"
            let subject = "experiment on trial \(trial)\(names): "
            guard isOver else { return [subject + "under way"] }
            return sentences.isEmpty ? [subject + "nothing is left of it"] : sentences.map { subject + $0 }
        }
    }

    /// One run's.
    package struct Report: Hashable, Sendable {
        /// The trial's number; nil for a run outside of a sweep.
        package var trial: Int?
        /// What the run is, for people.
        package var name: String
        package var metric: Metric
        /// The objective's value of the run, and the best of its sweep.
        package var value: Double?
        package var bestOfSweep: Double?
        package var symptoms: [Finding]
        package var causes: [CauseFinding]
        package var verdict: String
        package var verdictKind: String
        package var notJudged: [NotJudged]
        /// What nobody looked at, so that the report cannot know it.
        package var unknown: [String]
        /// Trials of the sweep that differ from this one in one parameter and did better; looked for where one trial is asked for.
        package var inSweep: [SweepPair] = []
        /// Class by class, where the network was read and one run is asked for.
        package var classes: [ClassState] = []
        /// After which epoch they were so.
        package var classesEpoch: Int?
        /// Whether these fare so differently that the text shows them.
        package var classesDiffer = false
        /// The gradient's noise, where the network was read.
        package var noise: NoiseState?
    }

    /// A symptom that could not be judged, and why.
    package struct NotJudged: Hashable, Sendable {
        package let symptom: Symptom
        package let reason: String
    }
}

extension DiagnosisDocument.Report {
    /// The report that a diagnosis makes.
    package init(
        trial: Int? = nil,
        name: String,
        metric: Metric,
        value: Double?,
        bestOfSweep: Double? = nil,
        _ diagnosis: Diagnosis,
        withClasses: Bool = true,
        unknown: [String] = []
    ) {
        self.init(
            trial: trial,
            name: name,
            metric: metric,
            value: value,
            bestOfSweep: bestOfSweep,
            symptoms: diagnosis.symptoms.findings,
            causes: diagnosis.causes,
            verdict: Self.verdict(diagnosis),
            verdictKind: diagnosis.verdict.kind,
            notJudged: diagnosis.symptoms.notJudged.map {
                DiagnosisDocument.NotJudged(symptom: $0.symptom, reason: $0.reason)
            },
            unknown: unknown,
            classes: withClasses ? diagnosis.classes : [],
            classesEpoch: withClasses ? diagnosis.classesEpoch : nil,
            classesDiffer: withClasses && diagnosis.classesDiffer,
            noise: diagnosis.noise
        )
    }

    /// The verdict in a sentence; what goes up and down and yet is no fault is named, with what it most likely comes from.
    private static func verdict(_ diagnosis: Diagnosis) -> String {
        let text = diagnosis.verdict.text
        let wavers = diagnosis.symptoms.alarms.filter { [.oscillating, .spiking].contains($0.symptom) }
        guard diagnosis.verdict == .noFault, let first = wavers.first else { return text }
        let reason = diagnosis.causes.first.map {
            "; most likely it comes of: \($0.cause.words) (\(NumberText.fixed(100 * $0.probability, decimals: 0)) %)"
        }
        return
            "\(text): it fluctuates (\(first.symptom.words)), but little of the loss is left, and that alone does no harm"
            + (reason ?? "")
    }

    /// The report for people: one screen.
    package var text: String { plainText(width: nil) }

    /// The report for people, its tables not wider than `width`.
    package func plainText(width: Int?) -> String {
        var head = trial.map { "trial \($0)  " } ?? ""
        head += name
        if let value {
            head += "   \(metric.rawValue) \(NumberText.significant(value, digits: 3))"
            if let bestOfSweep { head += " (best of the sweep \(NumberText.significant(bestOfSweep, digits: 3)))" }
        }
        var lines = [head, "verdict   \(verdict)"]
        func section(_ title: String, _ texts: [String]) {
            for (index, text) in texts.enumerated() {
                lines.append((index == 0 ? title : "").padding(10) + text)
            }
        }
        // Where no fault is found, nothing of what is shown asks for a cause.
        let isSound = verdictKind == "no_fault"
        let alarms = symptoms.filter { !isSound && !$0.symptom.isRemark }
        let none = symptoms.isEmpty ? "none" : "none that asks for a cause"
        section(
            "symptoms",
            alarms.isEmpty
                ? [none] : alarms.map { "\($0.symptom.rawValue) \($0.symptom.words), \($0.since): \($0.evidence)" }
        )
        let remarks = symptoms.filter { isSound || $0.symptom.isRemark }
        section("remarks", remarks.map { "\($0.symptom.rawValue) \($0.symptom.words): \($0.evidence)" })
        var causeLines: [String] = []
        for cause in causes.prefix(4) {
            let confirmed = cause.isConfirmed ? ", confirmed" : ""
            causeLines.append(
                "\(cause.cause.rawValue) \(cause.cause.words), \(Int((cause.probability * 100).rounded())) %\(confirmed)"
            )
            // A symptom's own numbers stand above.
            causeLines += cause.evidence.prefix(4).map {
                "  "
                    + ($0.split(separator: ":").first.map(String.init).flatMap(Symptom.init) != nil
                        ? "shows \($0.prefix { $0 != ":" })" : $0)
            }
        }
        section("causes", causeLines)
        if classesDiffer { section("classes", classLines(width: width.map { $0 - 10 })) }
        if !isSound, let noiseLine { section("noise", [noiseLine]) }
        if let first = causes.first, verdictKind != "no_fault" {
            section("remedy", [first.remedy.text] + first.remedy.change.map { "--set '\($0)'" })
            let alike = first.neighbours.filter { neighbour in causes.contains { $0.cause == neighbour.cause } }.prefix(
                2
            )
            section("or", alike.map { "\($0.cause.words): to tell them apart, \($0.experiment)" })
        }
        section(
            "in sweep",
            inSweep.map { pair in
                let name = ParameterNames.short([pair.path]).first ?? pair.path
                return
                    "trial \(pair.trial), with \(name) \(pair.to.shortText) in place of \(pair.from.shortText) alone: "
                    + "\(metric.rawValue) \(NumberText.significant(pair.value, digits: 3)) (one run)"
            }
        )
        var reasons: [(reason: String, ids: [String])] = []
        for item in notJudged {
            if let index = reasons.firstIndex(where: { $0.reason == item.reason }) {
                reasons[index].ids.append(item.symptom.rawValue)
            } else {
                reasons.append((item.reason, [item.symptom.rawValue]))
            }
        }
        section("not known", unknown + reasons.map { "\($0.ids.joined(separator: ", ")): \($0.reason)" })
        return lines.joined(separator: "\n") + "\n"
    }
}

extension DiagnosisDocument.Report {
    /// Classes that are shown as text: those with the greatest losses.
    private static let shownClasses = 12

    /// The classes as a table's lines, in the data's order; none where there are none.
    func classLines(width: Int?) -> [String] {
        guard !classes.isEmpty else { return [] }
        func loss(_ index: Int) -> Double { classes[index].loss ?? classes[index].probeLoss ?? -.infinity }
        let worst = classes.indices.sorted { loss($0) != loss($1) ? loss($0) > loss($1) : $0 < $1 }
        var table = Table(columns: [
            .init("class"), .init("training rows", isNumeric: true, rank: 2),
            .init("validation rows", isNumeric: true, rank: 3),
            .init("loss", isNumeric: true), .init("recall", isNumeric: true),
            .init("loss in training", isNumeric: true, rank: 1),
            .init("guessing", isNumeric: true, rank: 0),
        ])
        func number(_ value: Double?) -> String { value.map { NumberText.significant($0, digits: 3) } ?? "–" }
        for index in worst.prefix(Self.shownClasses).sorted() {
            let state = classes[index]
            table.add([
                state.label, state.trainingRows.map(String.init) ?? "–", String(state.rows), number(state.loss),
                state.recall.map { NumberText.fixed($0, decimals: 2) } ?? "–", number(state.probeLoss),
                number(state.guessLoss),
            ])
        }
        var lines = table.plainText(width: width).split(separator: "\n").map(String.init)
        let left = classes.count - Self.shownClasses
        if left > 0 { lines.append("and \(left) class\(left == 1 ? "" : "es") more, with smaller losses") }
        if let classesEpoch { lines.append("after epoch \(classesEpoch)") }
        return lines
    }

    /// The gradient's noise beside the batch, in a sentence; nil where it was not measured.
    var noiseLine: String? {
        guard let noise else { return nil }
        let rows = noise.rows.map { " (of \($0) rows)" } ?? ""
        let batch = noise.batch.map { ", a batch has \($0)" } ?? ""
        let scale = noise.scale.map { "\(NumberText.short($0, digits: 3)) rows" } ?? "beyond what was measured"
        return "the gradient's noise scale after epoch \(noise.epoch) is \(scale)\(rows)\(batch)"
    }
}

extension Finding {
    fileprivate var since: String { sinceEpoch == 0 ? "before the first step" : "from epoch \(sinceEpoch)" }
}

extension String {
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension Verdict {
    /// The verdict's word in documents.
    fileprivate var kind: String {
        switch self {
        case .noFault: "no_fault"
        case .causes: "causes"
        case .undecided: "undecided"
        case .unexplained: "unexplained"
        }
    }
}

extension DiagnosisDocument {
    /// The reports for people, a blank line between two.
    package var text: String { plainText(width: nil) }

    /// The same, with tables not wider than `width`.
    package func plainText(width: Int?) -> String { reports.map { $0.plainText(width: width) }.joined(separator: "\n") }

    /// The document as JSON: a report, or a sweep with its trials.
    package var json: JSONValue {
        guard let sweep else { return reports.first?.json ?? .null }
        let more = next.map { [JSONMember("next", .integer($0))] } ?? []
        return .object(
            [
                JSONMember("sweep", .text(sweep)), JSONMember("trials", .array(reports.map(\.json))),
                JSONMember("regions", .array(regions.map(\.json))),
            ] + (experiments.isEmpty ? [] : [JSONMember("experiments", .array(experiments.map(\.json)))]) + more
        )
    }

    /// Reads the document of a sweep from JSON.
    package init(json: JSONValue) throws(DocumentError) {
        let reader = DocumentReader(json)
        self.init(
            sweep: try reader.field("sweep").text(),
            reports: try reader.field("trials").items().each { reader throws(DocumentError) in try Report(reader) },
            // A coordinator of an earlier version has none.
            regions: try reader.optional("regions")?.items().each { reader throws(DocumentError) in
                try SickRegion(reader)
            } ?? [],
            experiments: try reader.optional("experiments")?.items().each { reader throws(DocumentError) in
                try Experiment(reader)
            } ?? [],
            next: try reader.optional("next")?.integer()
        )
    }
}

extension DiagnosisDocument.Report {
    /// The report as JSON.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("trial", trial)
        object.add("name", name)
        object.add("metric", metric.rawValue)
        object.add("value", value)
        object.add("best_of_sweep", bestOfSweep)
        object.add(
            "symptoms",
            .array(
                symptoms.map { finding in
                    .object([
                        JSONMember("id", .text(finding.symptom.rawValue)),
                        JSONMember("words", .text(finding.symptom.words)),
                        JSONMember("remark", .boolean(finding.symptom.isRemark)),
                        JSONMember("since_epoch", .integer(finding.sinceEpoch)),
                        JSONMember("evidence", .text(finding.evidence)),
                    ])
                }
            )
        )
        object.add("causes", .array(causes.map(\.json)))
        object.add("verdict", verdict)
        object.add("verdict_kind", verdictKind)
        object.add(
            "not_judged",
            .array(
                notJudged.map {
                    .object([
                        JSONMember("id", .text($0.symptom.rawValue)), JSONMember("reason", .text($0.reason)),
                    ])
                }
            )
        )
        object.add("unknown", .array(unknown.map { .text($0) }))
        if !inSweep.isEmpty { object.add("in_sweep", .array(inSweep.map(\.json))) }
        if !classes.isEmpty {
            object.add("classes", .array(classes.map(\.json)))
            object.add("classes_epoch", classesEpoch)
            object.add("classes_differ", .boolean(classesDiffer))
        }
        if let noise { object.add("gradient_noise", noise.json) }
        return object.object
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            trial: try reader.optional("trial")?.integer(),
            name: try reader.field("name").text(),
            metric: try reader.field("metric").metric(),
            value: try reader.measured("value"),
            bestOfSweep: try reader.measured("best_of_sweep"),
            symptoms: try reader.field("symptoms").items().each { reader throws(DocumentError) in try Finding(reader) },
            causes: try reader.field("causes").items().each { reader throws(DocumentError) in try CauseFinding(reader)
            },
            verdict: try reader.field("verdict").text(),
            verdictKind: try reader.field("verdict_kind").text(),
            notJudged: try reader.field("not_judged").items().each { reader throws(DocumentError) in
                DiagnosisDocument.NotJudged(
                    symptom: try reader.field("id").word(Symptom.self),
                    reason: try reader.field("reason").text()
                )
            },
            unknown: try reader.field("unknown").items().each { reader throws(DocumentError) in try reader.text() },
            // A coordinator of an earlier version tells none.
            inSweep: try reader.optional("in_sweep")?.items().each { reader throws(DocumentError) in
                try SweepPair(reader)
            } ?? [],
            classes: try reader.optional("classes")?.items().each { reader throws(DocumentError) in
                try ClassState(reader)
            } ?? [],
            classesEpoch: try reader.optional("classes_epoch")?.integer(),
            classesDiffer: try reader.optional("classes_differ")?.boolean() ?? false,
            noise: try reader.optional("gradient_noise").map { reader throws(DocumentError) in try NoiseState(reader) }
        )
    }
}

extension ClassState {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("class", label)
        object.add("training_rows", trainingRows)
        object.add("rows", rows)
        object.add("loss", loss)
        object.add("recall", recall)
        object.add("probe_loss", probeLoss)
        object.add("guess_loss", guessLoss)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            label: try reader.field("class").text(),
            trainingRows: try reader.optional("training_rows")?.integer(),
            rows: try reader.field("rows").integer(),
            loss: try reader.measured("loss"),
            recall: try reader.measured("recall"),
            probeLoss: try reader.measured("probe_loss"),
            guessLoss: try reader.measured("guess_loss")
        )
    }
}

extension NoiseState {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("epoch", epoch)
        object.add("scale", scale)
        object.add("rows", rows)
        object.add("batch", batch)
        return object.object
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            epoch: try reader.field("epoch").integer(),
            scale: try reader.measured("scale"),
            rows: try reader.optional("rows")?.integer(),
            batch: try reader.optional("batch")?.integer()
        )
    }
}

extension DiagnosisDocument.Experiment {
    /// The experiment as JSON.
    var json: JSONValue {
        .object([
            JSONMember("trial", .integer(trial)), JSONMember("sweeps", .array(sweeps.map { .text($0) })),
            JSONMember("state", .text(isOver ? "over" : "under_way")),
            JSONMember("sentences", .array(sentences.map { .text($0) })),
        ])
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            trial: try reader.field("trial").integer(),
            sweeps: try reader.field("sweeps").items().each { reader throws(DocumentError) in try reader.text() },
            isOver: try reader.field("state").text() == "over",
            sentences: try reader.field("sentences").items().each { reader throws(DocumentError) in
                try reader.text()
            }
        )
    }
}

extension SweepPair {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("trial", .integer(trial)), JSONMember("path", .text(path)), JSONMember("from", from.json),
            JSONMember("to", to.json), JSONMember("value", .number(value)),
        ])
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            trial: try reader.field("trial").integer(),
            path: try reader.field("path").text(),
            from: try ParameterValue(reader.field("from")),
            to: try ParameterValue(reader.field("to")),
            value: try reader.field("value").number()
        )
    }
}

extension DocumentReader {
    fileprivate func metric() throws(DocumentError) -> Metric {
        guard let metric = Metric(rawValue: try text()) else { throw wrong("a metric") }
        return metric
    }
}

extension CauseFinding {
    /// The cause as JSON, as it stands in a report.
    var json: JSONValue {
        .object([
            JSONMember("id", .text(cause.rawValue)), JSONMember("words", .text(cause.words)),
            JSONMember("probability", .number((probability * 1000).rounded() / 1000)),
            JSONMember("confirmed", .boolean(isConfirmed)),
            JSONMember("evidence", .array(evidence.map { .text($0) })),
            JSONMember(
                "neighbours",
                .array(
                    neighbours.map {
                        .object([
                            JSONMember("id", .text($0.cause.rawValue)), JSONMember("experiment", .text($0.experiment)),
                        ])
                    }
                )
            ),
            JSONMember(
                "remedy",
                .object([
                    JSONMember("change", .text(remedy.change.joined(separator: "; "))),
                    JSONMember("changes", .array(remedy.change.map { .text($0) })),
                    JSONMember("text", .text(remedy.text)),
                ])
            ),
        ])
    }

    fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
        let remedy = try reader.field("remedy")
        self.init(
            cause: try reader.field("id").word(Cause.self),
            probability: try reader.field("probability").number(),
            isConfirmed: try reader.field("confirmed").boolean(),
            evidence: try reader.field("evidence").items().each { reader throws(DocumentError) in try reader.text() },
            neighbours: try reader.field("neighbours").items().each { reader throws(DocumentError) in
                Neighbour(try reader.field("id").word(Cause.self), try reader.field("experiment").text())
            },
            remedy: Remedy(
                try remedy.field("changes").items().each { reader throws(DocumentError) in try reader.text() },
                try remedy.field("text").text()
            )
        )
    }
}
