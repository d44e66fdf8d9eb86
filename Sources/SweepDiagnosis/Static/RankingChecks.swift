package import SweepCore

extension StaticChecks {
    /// The largest class over the smallest from which on plain scores are those of the largest. Source: SageMaker Debugger's
    /// ClassImbalance (10).
    private static let unequal = 10

    /// Whether what ranks the configurations can see all classes: plain losses and accuracy are those of the largest class, so that
    /// the best of a sweep may be one that neglects the others.
    package static func ranking(by objective: Objective, on schema: DataSchema) -> [StaticFinding] {
        let plain: [Metric] = [.validationLoss, .validationAccuracy, .trainingLoss, .probeLoss]
        guard plain.contains(objective.metric), case .classification(let classes, let counts) = schema.task,
            let most = counts.max(), let least = counts.filter({ $0 > 0 }).min(), most >= unequal * least,
            let rare = counts.firstIndex(of: least)
        else { return [] }
        return [
            StaticFinding(
                .warning,
                .imbalance,
                SpecProblem(
                    path: SpecPath([.key("objective")]),
                    message: "the largest class has \(most) training rows, class \(classes[rare]) has \(least), and "
                        + "\(objective.metric.rawValue) is nearly that of the largest alone",
                    found: objective.metric.rawValue,
                    allowed: "{maximize: validation.balanced_accuracy}, which counts each class alike"
                )
            )
        ]
    }
}
