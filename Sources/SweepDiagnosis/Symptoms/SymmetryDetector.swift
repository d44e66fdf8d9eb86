import SweepCore

/// S-SYMM: units of a hidden layer with the same incoming weights, bit for bit: their gradients are the same for ever.
enum SymmetryDetector {
    static func judge(_ run: RunEvidence) -> Judgement {
        guard let start = run.instruments?.readings.first else { return .unknown("weights were not measured") }
        guard let layer = start.layers.first(where: { !$0.isHead && $0.equalUnits > 1 }) else { return .absent }
        return .found(
            Finding(
                symptom: .symmetric,
                sinceEpoch: start.epoch,
                evidence:
                    "\(layer.equalUnits) of the \(layer.units) units of layer \(layer.name) have the same weights, so they "
                    + "never part (limit: 2)"
            )
        )
    }
}
