/// What a sweep optimises.
package struct Objective: Hashable, Sendable {
    package let metric: Metric
    package let direction: Direction
    /// Which epoch of a curve counts.
    package let epoch: EpochRule

    package init(metric: Metric = .validationLoss, direction: Direction = .minimize, epoch: EpochRule = .best) {
        self.metric = metric
        self.direction = direction
        self.epoch = epoch
    }

    /// Which values are better.
    package enum Direction: String, CaseIterable, Sendable {
        case minimize, maximize
    }

    /// Which epoch of a curve is the trial's objective: its best one, or its last.
    package enum EpochRule: String, CaseIterable, Sendable {
        case best, last
    }

    /// `value` on a scale where less is better and everything that is not finite is worst.
    ///
    /// The one rule for NaN and infinity: a number outranks no number, whatever the direction.
    package func cost(_ value: Double) -> Double {
        guard value.isFinite else { return .infinity }
        return direction == .minimize ? value : -value
    }
}

/// A number measured at the end of each epoch.
package enum Metric: String, CaseIterable, Sendable {
    /// Mean of the step losses of the epoch, measured while the weights change and dropout is on.
    case trainingLoss = "training.loss"
    /// Loss on fixed training rows in evaluation mode: what symptoms are read from.
    case probeLoss = "probe.loss"
    case validationLoss = "validation.loss"
    /// Share of validation rows whose largest output is their class; NaN for regression.
    case validationAccuracy = "validation.accuracy"
    /// 1 - loss / variance on validation rows; NaN for classification.
    case validationR2 = "validation.r2"
    /// Euclidean norm of the last step's gradient over all weights and biases, penalty included.
    case gradientNorm = "gradient.norm"

    /// Which direction is better.
    package var direction: Objective.Direction {
        switch self {
        case .trainingLoss, .probeLoss, .validationLoss, .gradientNorm: .minimize
        case .validationAccuracy, .validationR2: .maximize
        }
    }

    /// The metrics a trial on a task of this kind reports, in the order of an observation's values.
    package static func reported(for task: TaskKind) -> [Metric] {
        switch task {
        case .classification: [.trainingLoss, .probeLoss, .validationLoss, .validationAccuracy, .gradientNorm]
        case .regression: [.trainingLoss, .probeLoss, .validationLoss, .validationR2, .gradientNorm]
        }
    }
}

extension Objective {
    /// Reads `objective`: `{minimize: METRIC}` or `{maximize: METRIC}`, and `epoch`.
    package static func read(_ reader: SpecReader) -> Objective? {
        let keys = ["minimize", "maximize", "epoch"]
        guard let fields = reader.fields(keys) else { return nil }
        let epoch = fields.optional("epoch").map { $0.word(EpochRule.self) } ?? .best
        let minimize = fields.optional("minimize")
        let maximize = fields.optional("maximize")
        if minimize != nil, let maximize {
            maximize.report("both minimize and maximize", allowed: "one of them")
            return nil
        }
        guard let chosen = minimize ?? maximize else {
            if case .map(let entries) = reader.node, entries.allSatisfy({ keys.contains($0.key) }) {
                reader.report("nothing to optimise", allowed: "minimize: METRIC or maximize: METRIC")
            }
            return nil
        }
        let direction: Direction = minimize == nil ? .maximize : .minimize
        guard let metric = chosen.word(Metric.self), let epoch else { return nil }
        if metric.direction != direction, metric != .gradientNorm {
            chosen.report(
                "this metric is better when it is \(direction == .minimize ? "greater" : "less")",
                allowed: "\(metric.direction.rawValue): \(metric.rawValue)"
            )
            return nil
        }
        return Objective(metric: metric, direction: direction, epoch: epoch)
    }
}
