import SweepCore
import SweepNumerics

/// S-COLLAPSE: one answer to everything, or a class that is never recognised.
enum CollapseDetector {
    /// Recall that is none. Source: the catalogue.
    private static let recall = 0.05
    /// Share of rows that a class must have for that to count. Source: the catalogue.
    private static let share = 0.02
    /// Share of predictions of one class. Source: the catalogue; beside the class's own share, as 95 % may be the truth.
    private static let predictions = 0.95
    /// Var(ŷ) / Var(y). Source: the catalogue.
    private static let variance = 0.01
    /// Epochs in a row, after the part of the budget in which a run may still begin.
    private static let epochs = 2
    private static let after = 0.3

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let schema = run.schema else { return .unknown("no predictions by class") }
        let first = max(epochs, Int((after * Double(run.series.budget)).rounded(.up)))
        guard run.epochs >= first else { return .unknown("fewer than \(first) epochs") }
        switch schema.task {
        case .classification(let classes, let counts): return Judgement(neglected(run, classes, counts, from: first))
        case .regression:
            guard let reading = run.instruments?.readings.last, reading.epoch >= first,
                let ratio = reading.predictionVariance
            else { return .unknown("the predictions' variance was not measured") }
            guard ratio < variance else { return .absent }
            return .found(
                Finding(
                    symptom: .collapsed,
                    sinceEpoch: reading.epoch,
                    evidence: "predictions vary by \(EvidenceText.percent(ratio)) of the targets' variance (limit: "
                        + "\(EvidenceText.percent(variance))): nearly the same number for every row"
                )
            )
        }
    }

    private static func neglected(
        _ run: RunEvidence,
        _ classes: [String],
        _ counts: [Int],
        from first: Int
    ) -> Finding? {
        let total = Double(max(1, counts.reduce(0, +)))
        let last = run.epochs
        if let reading = run.instruments?.readings.last, reading.epoch >= first,
            let common = reading.commonestPrediction,
            common > predictions, Double(counts.max() ?? 0) / total < predictions - 0.05
        {
            return Finding(
                symptom: .collapsed,
                sinceEpoch: reading.epoch,
                evidence: "\(EvidenceText.percent(common)) of the predictions are of one class, which has at most "
                    + "\(EvidenceText.percent(Double(counts.max() ?? 0) / total)) of the rows (limit: "
                    + "\(EvidenceText.percent(predictions)))"
            )
        }
        var named: [(label: String, recall: Double, share: Double)] = []
        for (label, count) in zip(classes, counts) where Double(count) / total > share {
            let values = (0..<epochs).compactMap { run.curve.value(.validationRecall(label), at: last - $0) }
            guard values.count == epochs, values.allSatisfy({ $0 < recall }) else { continue }
            named.append((label, values[0], Double(count) / total))
        }
        guard let worst = named.first else { return nil }
        let others = named.count > 1 ? ", and so \(named.count - 1) more classes" : ""
        let losses = run.classes.first { $0.label == worst.label }?.lossText.map { ": \($0)" } ?? ""
        return Finding(
            symptom: .collapsed,
            sinceEpoch: last - epochs + 1,
            evidence:
                "recall of class \(worst.label) is \(EvidenceText.percent(worst.recall)) for \(epochs) epochs, although "
                + "\(EvidenceText.percent(worst.share)) of the rows are of it\(others) (limits: "
                + "\(EvidenceText.percent(recall)) of classes with more than \(EvidenceText.percent(share)))\(losses)"
        )
    }
}
