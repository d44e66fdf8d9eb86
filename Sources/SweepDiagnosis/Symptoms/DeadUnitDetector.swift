import SweepCore

/// S-DEAD: units that are zero on all but 1 % of the rows.
///
/// By rows, not by values or gradients: half of a sound ReLU layer's values are zero, and zero inputs give zero gradients.
enum DeadUnitDetector {
    /// Share of a layer's units. Source: SageMaker Debugger's DeadRelu (1 % of rows, 50 % of units).
    private static let layer = 0.5
    /// The lower bound, when the share grows. Source: the catalogue.
    private static let growing = 0.2

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let readings = run.instruments?.readings, let last = readings.last else {
            return .unknown("units were not measured")
        }
        for reading in readings {
            guard let worst = worst(reading), worst.share >= layer else { continue }
            // A layer that comes back to life was not dead.
            guard let now = last.layers.first(where: { $0.name == worst.name })?.dead, now >= layer else { continue }
            return found(reading.epoch, worst, "limit: \(EvidenceText.percent(layer))")
        }
        guard readings.count > 1, let worst = worst(last), worst.share >= growing,
            let first = readings.first, let before = first.layers.first(where: { $0.name == worst.name })?.dead,
            worst.share >= before + growing
        else { return .absent }
        let then = first.epoch == 0 ? "at the start" : "after epoch \(first.epoch)"
        return found(
            last.epoch,
            worst,
            "\(EvidenceText.percent(before)) \(then); limit: \(EvidenceText.percent(growing)) and as much more than then"
        )
    }

    private static func worst(_ reading: Instruments.Reading) -> (name: String, share: Double)? {
        reading.layers.compactMap { layer in layer.dead.map { (layer.name, $0) } }
            .max { $0.1 < $1.1 }.map { (name: $0.0, share: $0.1) }
    }

    private static func found(_ epoch: Int, _ worst: (name: String, share: Double), _ limits: String) -> Judgement {
        .found(
            Finding(
                symptom: .dead,
                sinceEpoch: epoch,
                evidence:
                    "\(EvidenceText.percent(worst.share)) of the units of layer \(worst.name) are active on less than "
                    + "1 % of the probe's rows (\(limits))"
            )
        )
    }
}
