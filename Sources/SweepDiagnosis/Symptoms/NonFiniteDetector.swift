import SweepCore

/// S-NONFINITE: a loss or the gradient's norm is NaN or infinite.
///
/// Source: SageMaker Debugger's ExplodingTensor and Keras' TerminateOnNaN look at single tensors; here the epoch's numbers.
enum NonFiniteDetector {
    static func finding(_ curve: LearningCurve) -> Finding? {
        guard let first = CurveEvidence.firstNonFinite(curve) else { return nil }
        let before = first.before.map { ", after \(EvidenceText.number($0)) in the epoch before" } ?? ""
        return Finding(
            symptom: .nonFinite,
            sinceEpoch: first.epoch,
            evidence: "\(first.metric.rawValue) is \(EvidenceText.number(first.value)) in epoch \(first.epoch)\(before)"
        )
    }
}
