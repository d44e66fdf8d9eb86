/// What one epoch of a trial measured.
package struct Observation: Hashable, Sendable {
    /// From 1.
    package let epoch: Int
    /// One value a metric, in the order of the curve's metrics.
    package let values: [Double]
    /// Core seconds the epoch took, training and measuring; not part of the answer, so not compared.
    package let seconds: Double

    package init(epoch: Int, values: [Double], seconds: Double) {
        self.epoch = epoch
        self.values = values
        self.seconds = seconds
    }

    /// Whether both hold the same bits (seconds aside): an epoch trained twice must.
    package func matches(_ other: Observation) -> Bool {
        epoch == other.epoch && values.count == other.values.count
            && zip(values, other.values).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
    }
}

/// A trial's observations: epochs 1, 2, 3, … without a gap.
package struct LearningCurve: Hashable, Sendable {
    package let metrics: [Metric]
    package private(set) var observations: [Observation] = []

    package init(metrics: [Metric], observations: [Observation] = []) {
        self.metrics = metrics
        for observation in observations { append(observation) }
    }

    /// How many epochs were trained.
    package var epochs: Int { observations.count }

    /// Adds the next epoch; anything but the next epoch, or a wrong number of values, is ignored and answered with false.
    @discardableResult
    package mutating func append(_ observation: Observation) -> Bool {
        guard observation.epoch == observations.count + 1, observation.values.count == metrics.count else {
            return false
        }
        observations.append(observation)
        return true
    }

    /// The series of `metric`, one value an epoch; empty when the curve does not have it.
    package func series(_ metric: Metric) -> [Double] {
        guard let column = metrics.firstIndex(of: metric) else { return [] }
        return observations.map { $0.values[column] }
    }

    /// The value of `metric` at `epoch` (from 1); nil when there is none.
    package func value(_ metric: Metric, at epoch: Int) -> Double? {
        guard let column = metrics.firstIndex(of: metric), observations.indices.contains(epoch - 1) else { return nil }
        return observations[epoch - 1].values[column]
    }

    /// The epoch that counts for `objective`, and its value; nil for an empty curve.
    ///
    /// `best` takes the first of equal epochs and prefers any number to none; `last` takes the last epoch, NaN or not.
    package func best(for objective: Objective) -> (epoch: Int, value: Double)? {
        let series = series(objective.metric)
        guard let last = series.indices.last else { return nil }
        if objective.epoch == .last { return (last + 1, series[last]) }
        var best = 0
        for index in series.indices where objective.cost(series[index]) < objective.cost(series[best]) { best = index }
        return (best + 1, series[best])
    }

    /// The first epoch with a loss that is not finite; nil when there is none.
    package var firstNonFiniteEpoch: Int? { observations.first(where: isNonFinite)?.epoch }

    /// Whether any of `observations`, made of this curve's metrics, has a loss that is not finite.
    package func hasNonFinite(_ observations: [Observation]) -> Bool { observations.contains(where: isNonFinite) }

    private func isNonFinite(_ observation: Observation) -> Bool {
        zip(metrics, observation.values).contains { metric, value in
            !value.isFinite && [.trainingLoss, .probeLoss, .validationLoss].contains(metric)
        }
    }

    /// Core seconds over all epochs.
    package var seconds: Double { observations.reduce(0) { $0 + $1.seconds } }
}
