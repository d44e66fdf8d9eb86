package import SweepCore
import SweepNumerics

/// The loss of the best guess that ignores the features, for each loss.
package enum ChanceLoss {
    /// In the unit of a curve's losses; nil where a schema does not tell (mean absolute error and Huber's on numbers).
    ///
    /// With class shares pₖ: softmax cross-entropy Σ −pₖ ln pₖ; binary cross-entropy the same for two classes, else the mean over
    /// classes of −pₖ ln pₖ − (1 − pₖ) ln(1 − pₖ); squared error the mean of pₖ(1 − pₖ); absolute error that of min(pₖ, 1 − pₖ).
    package static func of(_ training: TrainingSpec, on schema: DataSchema) -> Double? {
        let kind = training.loss(on: schema).kind
        switch schema.task {
        case .regression(_, let variance): return kind == .meanSquaredError ? variance : nil
        case .classification(_, let counts):
            let total = Double(counts.reduce(0, +))
            guard total > 0 else { return nil }
            let shares = counts.map { Double($0) / total }
            func mean(_ value: (Double) -> Double) -> Double {
                shares.reduce(0) { $0 + value($1) } / Double(shares.count)
            }
            func entropy(_ p: Double) -> Double { p > 0 ? -p * Elementary.log(p) : 0 }
            switch kind {
            case .softmaxCrossEntropy: return schema.chanceLoss
            case .binaryCrossEntropy:
                return shares.count == 2 ? schema.chanceLoss : mean { entropy($0) + entropy(1 - $0) }
            case .meanSquaredError: return mean { $0 * (1 - $0) }
            case .meanAbsoluteError: return mean { min($0, 1 - $0) }
            case .huber: return nil
            }
        }
    }
}

extension ChanceLoss {
    /// Cross-entropy of guessing among so many classes of equal share.
    package static func even(classes: Int) -> Double { Elementary.log(Double(classes)) }
}
