import SweepCore
package import SweepDiagnosis

/// What a controlled experiment on one trial showed: what `diagnose --confirm` adds.
///
/// JSON: `{"rounds": [a document of compare, …], "cures": [{"arm", "from_epoch" (of a branch), "change",
/// "causes", "size", "sentence"}], "batch_noise":
/// {"k", "before", "after", "ratio", "is_noise"} or null, "sentences": […]}`. `cures` are equal as far as the runs can
/// tell; the first is the smallest change.
package struct ExperimentDocument: Hashable, Sendable {
    package let rounds: [ComparisonDocument]
    package let cures: [Experiment.Cure]
    package let batchNoise: BatchNoiseTest?

    package init(rounds: [ComparisonDocument], cures: [Experiment.Cure], batchNoise: BatchNoiseTest?) {
        self.rounds = rounds
        self.cures = cures
        self.batchNoise = batchNoise
    }

    /// What was found, a sentence a line; never empty.
    package var sentences: [String] {
        var lines: [String] = []
        for (index, cure) in cures.enumerated() {
            guard let document = document(of: cure) else { continue }
            lines.append((index == 0 ? "" : "equally: ") + document.sentence(cure.comparison))
        }
        if cures.isEmpty {
            let tried = rounds.flatMap { $0.comparisons.map(\.arm) }
            let help = rounds.flatMap { document in
                document.comparisons.filter { $0.verdict == .better }.map(document.sentence)
            }
            lines.append(
                "no change of \(tried.count) tried improved \(rounds.first?.objective.metric.rawValue ?? "the objective") "
                    + "beyond doubt; tried were: \(tried.joined(separator: ", "))"
            )
            lines += help
        }
        if let batchNoise { lines.append(batchNoise.sentence) }
        return lines
    }

    /// The comparison that showed a cure.
    fileprivate func document(of cure: Experiment.Cure) -> ComparisonDocument? {
        rounds.first { $0.comparisons.contains(cure.comparison) }
    }

    /// The document as JSON.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("rounds", .array(rounds.map(\.json)))
        object.add(
            "cures",
            .array(
                cures.map { cure in
                    var entry = JSONObjectBuilder()
                    let document = self.document(of: cure)
                    entry.add("arm", cure.intervention.name)
                    if let from = document?.fromEpoch { entry.add("from_epoch", from) }
                    var change = JSONObjectBuilder()
                    for part in cure.intervention.changes {
                        change.add(part.path.joined(separator: "."), part.value.text)
                    }
                    entry.add("change", change.object)
                    entry.add("causes", .array(cure.intervention.causes.map { .text($0.rawValue) }))
                    entry.add("size", "\(cure.intervention.size)")
                    entry.add("sentence", document?.sentence(cure.comparison))
                    return entry.object
                }
            )
        )
        object.add("batch_noise", batchNoise?.json ?? .null)
        object.add("sentences", .array(sentences.map { .text($0) }))
        return object.object
    }
}

extension BatchNoiseTest {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("k", k)
        object.add("before", before)
        object.add("after", after)
        object.add("ratio", ratio.isFinite ? ratio : nil)
        object.add("is_noise", .boolean(isNoise))
        return object.object
    }

    fileprivate var sentence: String {
        let root = NumberText.short(Double(k).squareRoot(), digits: 2)
        let fell =
            !ratio.isFinite
            ? "all but stops" : ratio <= 1 ? "is no less" : "is \(NumberText.significant(ratio, digits: 2)) times less"
        return
            "with \(k) times the batch the fluctuation of the probe loss \(fell); noise of the gradient alone falls by at "
            + "least \(root) times: "
            + (isNoise
                ? "the batch is what makes it fluctuate" : "the learning rate, not the batch, makes it fluctuate")
    }
}

extension DiagnosisDocument.Report {
    /// The report after an experiment: causes whose change cured are confirmed and come first.
    ///
    /// The smallest of equal cures names the verdict. A cause that was suspected, and whose own change was tried and did nothing,
    /// stays in the list with what it had.
    package func confirmed(by experiment: ExperimentDocument) -> DiagnosisDocument.Report {
        guard let cure = experiment.cures.first else { return self }
        let from = experiment.document(of: cure)?.fromEpoch.map { ", from epoch \($0) on" } ?? ""
        var confirmed: [CauseFinding] = []
        for id in cure.intervention.confirmed(suspects: causes.map(\.cause)) {
            let known = causes.first { $0.cause == id }
            confirmed.append(
                CauseFinding(
                    cause: id,
                    probability: max(known?.probability ?? 0, 0.95),
                    isConfirmed: true,
                    evidence: experiment.sentences.prefix(1) + (known?.evidence ?? []),
                    neighbours: known?.neighbours ?? [],
                    remedy: .init(
                        cure.intervention.changes.map { "\($0.path.joined(separator: "."))=\($0.value.text)" },
                        cure.intervention.name + from
                    )
                )
            )
        }
        var report = self
        report.causes = confirmed + causes.filter { cause in !confirmed.contains { $0.cause == cause.cause } }
        let words = confirmed.map { "\($0.cause.words) (\($0.cause.rawValue))" }.joined(separator: " and ")
        let equal = experiment.cures.count - 1
        report.verdict =
            "\(words), confirmed by experiment"
            + (equal > 0 ? "; \(equal) other \(equal == 1 ? "change does" : "changes do") as well" : "")
        report.verdictKind = "causes"
        return report
    }
}
