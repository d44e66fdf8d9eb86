package import SweepCore

/// Says of a trial by its own curve alone that it cannot recover, though its losses are numbers.
///
/// So the answer is the same whenever and wherever the curve was heard of, and stopping by it takes nothing from what virtual time
/// promises: a trial that is stopped counts with an infinite cost at the end of its segment, like one that lost its numbers.
///
/// **Exploded**: each loss stands above `multiple` times its start for `patience` epochs, got no lower in the last half of them than
/// in the first, and the objective was never better than at the start, by `learnt`. The start is what guessing costs, or where that is not known the
/// trial's first epoch. **Dead**: no loss on fixed rows has changed by a bit in `patience` epochs after the first, with a learning
/// rate that is above 0 and does not rise.
///
/// What it spares: spikes and oscillations (they come back), warm-up (the rate rises), a plateau before a step of the schedule (a plateau
/// moves by bits, and stands below or near the start), who starts late (near the start), and whatever was once good. Limits: chosen on four
/// TaskSet tasks, docs/decisions/0060. Cost: O(`patience`) for most epochs, O(epochs) for one in question.
package enum HopelessRule {
    /// How many times its start an exploded loss is.
    package static let multiple = 5.0
    /// Epochs that a symptom lasts.
    package static let patience = 10
    /// A loss below this share of its start has learnt something.
    package static let learnt = 0.98

    /// What the curve shows after its last epoch; nil while there is hope, and for a thinned curve.
    ///
    /// `objectives` are the losses that the trial is compared by; there must be one. `chance` is the loss of guessing in the unit of the curve's
    /// losses, nil or not above 0 where nobody knows.
    package static func verdict(
        _ curve: LearningCurve,
        objectives: [Metric],
        chance: @autoclosure () -> Double?
    ) -> Hopelessness? {
        let first = curve.inherited + 1
        let last = curve.epochs
        guard curve.isWhole, last - first + 1 >= patience else { return nil }
        let losses = curve.metrics.indices.filter { curve.metrics[$0].mustBeFinite }
        let compared = losses.filter { objectives.contains(curve.metrics[$0]) }
        guard let shown = compared.first else { return nil }
        let range = first...last
        return exploded(curve, losses, compared, range, chance: chance)
            ?? dead(curve, losses, shown: shown, range)
    }

    private static func exploded(
        _ curve: LearningCurve,
        _ losses: [Int],
        _ compared: [Int],
        _ range: ClosedRange<Int>,
        chance: () -> Double?
    ) -> Hopelessness? {
        let window = range.upperBound - patience + 1...range.upperBound
        let half = range.upperBound - patience / 2
        func least(_ column: Int, _ epochs: ClosedRange<Int>) -> Double {
            epochs.reduce(Double.infinity) { min($0, curve.value(at: $1, column: column)) }
        }
        // Numbers that were lost are another rule's.
        guard losses.allSatisfy({ column in window.allSatisfy { curve.value(at: $0, column: column).isFinite } }) else {
            return nil
        }
        // What needs no start is looked at first: most trials fall.
        for column in losses {
            let before = least(column, window.lowerBound...half)
            guard before > 0, least(column, half + 1...window.upperBound) >= before else { return nil }
        }
        let guess = chance().flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
        for column in losses {
            let start = guess ?? curve.value(at: range.lowerBound, column: column)
            guard start > 0, least(column, window) > multiple * start else { return nil }
            // Other losses may have been low once: what is ranked by the best epoch is this.
            guard !compared.contains(column) || least(column, range) >= learnt * start else { return nil }
        }
        let shown = compared[0]
        return Hopelessness(
            kind: .exploded,
            epoch: range.upperBound,
            metric: curve.metrics[shown],
            value: curve.value(at: range.upperBound, column: shown),
            start: guess ?? curve.value(at: range.lowerBound, column: shown),
            isChance: guess != nil,
            epochs: patience
        )
    }

    private static func dead(
        _ curve: LearningCurve,
        _ losses: [Int],
        shown: Int,
        _ range: ClosedRange<Int>
    ) -> Hopelessness? {
        // The mean of the steps' losses goes by their order. What a program prints may be rounded, and its rate nobody knows.
        let fixed = losses.filter { [.probeLoss, .validationLoss].contains(curve.metrics[$0]) }
        guard range.count > patience, fixed.count > 1, let rate = curve.metrics.firstIndex(of: .learningRate),
            fixed.allSatisfy({ column in
                let value = curve.value(at: range.lowerBound, column: column)
                return range.allSatisfy { curve.value(at: $0, column: column) == value }
            })
        else { return nil }
        let rates = range.map { curve.value(at: $0, column: rate) }
        guard rates.allSatisfy({ $0 > 0 }), rates[rates.count - 1] <= rates[0] else { return nil }
        let value = curve.value(at: range.upperBound, column: shown)
        return Hopelessness(
            kind: .dead,
            epoch: range.upperBound,
            metric: curve.metrics[shown],
            value: value,
            start: value,
            isChance: false,
            epochs: range.count - 1
        )
    }
}

/// Why a trial with numbers cannot recover, with those that say so.
package struct Hopelessness: Hashable, Sendable {
    /// What became of it.
    package enum Kind: String, CaseIterable, Sendable {
        case exploded, dead
    }

    package let kind: Kind
    /// The epoch after which it was stopped.
    package let epoch: Int
    /// The loss that is shown, and what it is.
    package let metric: Metric
    package let value: Double
    /// What it began at: the loss of guessing if `isChance`, else that of its first epoch.
    package let start: Double
    package let isChance: Bool
    /// How many epochs it has been so.
    package let epochs: Int

    package init(
        kind: Kind,
        epoch: Int,
        metric: Metric,
        value: Double,
        start: Double,
        isChance: Bool,
        epochs: Int
    ) {
        self.kind = kind
        self.epoch = epoch
        self.metric = metric
        self.value = value
        self.start = start
        self.isChance = isChance
        self.epochs = epochs
    }
}
