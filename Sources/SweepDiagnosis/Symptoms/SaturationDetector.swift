import SweepCore

/// S-SATUR: sigmoid or tanh units that lie at their ends, where the slope is below 5 % of its largest.
enum SaturationDetector {
    /// Share of a layer's units. Source: TheDeepChecker's rule, at |z| > 4.4 (sigmoid) or 2.2 (tanh) on 85 % of the rows; the
    /// bounds of other tools (|z| from 5 to 23) see it far too late.
    private static let limit = 0.5

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let readings = run.instruments?.readings, let last = readings.last else {
            return .unknown("units were not measured")
        }
        for reading in readings {
            for layer in reading.layers where !layer.isHead {
                guard let share = layer.saturated, share >= limit,
                    let now = last.layers.first(where: { $0.name == layer.name })?.saturated, now >= limit
                else { continue }
                return .found(
                    Finding(
                        symptom: .saturated,
                        sinceEpoch: reading.epoch,
                        evidence:
                            "\(EvidenceText.percent(share)) of the \(layer.activation?.name ?? "") units of layer "
                            + "\(layer.name) lie within 5 % of their ends on 85 % of the probe's rows (limit: "
                            + "\(EvidenceText.percent(limit)))"
                    )
                )
            }
        }
        return .absent
    }
}
