import SweepCore

/// S-UNCHANGED: a layer whose weights do not move.
enum UnchangedDetector {
    /// ‖ΔW‖ / ‖W‖ of a step. Source: the catalogue; SageMaker Debugger's relative tolerance of 1e-5 is a slow rate's.
    private static let ratio = 1e-9

    static func judge(_ run: RunEvidence) -> Judgement {
        let readings = (run.instruments?.readings ?? []).filter { $0.epoch > 0 }
        guard let last = readings.last else { return .unknown("steps were not measured by layer") }
        for layer in last.layers {
            guard
                readings.allSatisfy({ reading in
                    guard let same = reading.layers.first(where: { $0.name == layer.name }), let change = same.change
                    else {
                        return false
                    }
                    return change <= ratio * same.weights
                })
            else { continue }
            return .found(
                Finding(
                    symptom: .unchanged,
                    sinceEpoch: readings[0].epoch,
                    evidence:
                        "a step changes layer \(layer.name) by less than \(EvidenceText.number(ratio)) of its weights, in "
                        + "all \(readings.count) readings"
                )
            )
        }
        return .absent
    }
}
