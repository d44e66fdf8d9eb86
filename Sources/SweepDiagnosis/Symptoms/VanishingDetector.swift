import SweepCore
import SweepNumerics

/// S-VANISH: signal or gradient dies on its way through the layers.
///
/// Three ways to see it: outputs that shrink from the first hidden layer to the last before any step; gradients that shrink by
/// layers from the head to the input; steps that are nothing beside their weights in half of the layers. The ratio of the
/// last to the first layer's gradient alone (AutoTrainer) sees no fault of ReLU networks: there all gradients shrink alike.
/// Small gradients at the end of a run are success, so nothing counts where the loss is near its floor.
enum VanishingDetector {
    /// Deviation of the last hidden layer's outputs over the first's. Source: the catalogue.
    private static let shrinking = 0.1
    /// Decades a layer by which gradients grow towards the head. Source: the catalogue.
    private static let slope = 0.3
    private static let layersForSlope = 4
    /// RMS of a step over RMS of the weights. Source: TheDeepChecker's 1e-6.
    private static let step = 1e-6

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let readings = run.instruments?.readings, !readings.isEmpty else {
            return .unknown("layers were not measured")
        }
        guard run.isFarFromDone else { return .absent }
        let start = run.instruments?.atStart
        let hidden = start?.layers.filter { !$0.isHead } ?? []
        if let start, hidden.count > 1, let first = hidden.first, let last = hidden.last, first.deviation > 0 {
            let ratio = last.deviation / first.deviation
            if ratio < shrinking {
                return found(
                    start.epoch,
                    "outputs of hidden layers shrink from a deviation of \(EvidenceText.number(first.deviation)) in layer "
                        + "\(first.name) to \(EvidenceText.number(last.deviation)) in layer \(last.name), "
                        + "\(EvidenceText.number(ratio)) times (limit: \(EvidenceText.number(shrinking)))"
                )
            }
        }
        for reading in readings where reading.epoch > 0 {
            if let finding = gradients(reading) { return finding }
        }
        return .absent
    }

    private static func gradients(_ reading: Instruments.Reading) -> Judgement? {
        let gradients = reading.layers.compactMap(\.gradient).map { max($0, 1e-30) }
        if gradients.count >= layersForSlope, gradients.count == reading.layers.count,
            let rise = Trend.theilSen(gradients.map(Elementary.log10)), rise > slope
        {
            return found(
                reading.epoch,
                "gradients grow by \(EvidenceText.number(rise)) decades a layer towards the head, from "
                    + "\(EvidenceText.number(gradients[0])) to \(EvidenceText.number(gradients[gradients.count - 1])) (limit: "
                    + "\(EvidenceText.number(slope)))"
            )
        }
        let steps = reading.layers.compactMap { layer in layer.change.map { layer.weights > 0 ? $0 / layer.weights : 1 }
        }
        guard steps.count > 1, 2 * steps.count(where: { $0 < step }) >= steps.count,
            let middle = Quantiles.median(steps)
        else { return nil }
        // A rate of nothing makes small steps too, and is S-SLOW's: here the gradient itself must be small.
        guard gradients.allSatisfy({ $0 < step }) else { return nil }
        return found(
            reading.epoch,
            "half of the layers change by less than \(EvidenceText.number(step)) of their weights a step (median "
                + "\(EvidenceText.number(middle))), and no gradient reaches \(EvidenceText.number(step))"
        )
    }

    private static func found(_ epoch: Int, _ evidence: String) -> Judgement {
        .found(Finding(symptom: .vanishing, sinceEpoch: epoch, evidence: evidence))
    }
}
