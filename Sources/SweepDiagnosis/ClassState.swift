import SweepCore
import SweepNumerics

/// What a run achieves on the rows of one class; losses are plain and in the loss's own unit.
package struct ClassState: Hashable, Sendable {
    package var label: String
    /// Training rows of the class.
    package var trainingRows: Int?
    /// Validation rows of the class.
    package var rows: Int
    /// The mean loss of its validation rows, and the share of them that is predicted right; nil without any.
    package var loss: Double?
    package var recall: Double?
    /// The mean loss of its rows in the probe; nil without any.
    package var probeLoss: Double?
    /// What its rows lose when it is guessed by its share of the training rows; nil where the loss is no cross-entropy.
    package var guessLoss: Double?

    package init(
        label: String,
        trainingRows: Int? = nil,
        rows: Int,
        loss: Double? = nil,
        recall: Double? = nil,
        probeLoss: Double? = nil,
        guessLoss: Double? = nil
    ) {
        self.label = label
        self.trainingRows = trainingRows
        self.rows = rows
        self.loss = loss
        self.recall = recall
        self.probeLoss = probeLoss
        self.guessLoss = guessLoss
    }

    /// Its losses beside that of guessing, in words; nil where none is known.
    var lossText: String? {
        let own = loss.map { "its loss is \(EvidenceText.number($0))" }
        let probe = probeLoss.map { "on training rows \(EvidenceText.number($0))" }
        let losses = [own, probe].compactMap { $0 }
        guard !losses.isEmpty else { return nil }
        let guess = guessLoss.map { ", guessing by its share would have \(EvidenceText.number($0))" } ?? ""
        return losses.joined(separator: ", ") + guess
    }

    /// The classes with the least and the greatest of a loss, where the greatest is far above: twice the least, and a fifth of
    /// `chance` at least, as ratios of next to nothing say nothing. Nil otherwise.
    static func gap(
        _ classes: [ClassState],
        by loss: (ClassState) -> Double?,
        chance: Double?
    ) -> (worst: ClassState, best: ClassState)? {
        let known = classes.compactMap { state in loss(state).flatMap { $0.isFinite ? (state, $0) : nil } }
        guard let worst = known.max(by: { $0.1 < $1.1 }), let best = known.min(by: { $0.1 < $1.1 }),
            worst.1 >= 2 * best.1, worst.1 > 0.2 * (chance ?? 0), worst.1 > 0
        else { return nil }
        return (worst.0, best.0)
    }

    /// Whether classes fare so differently that somebody should see them: by a loss, or by recalls, of which one is below 0.6 of another
    /// (the limit of K-IMBAL).
    package static func differ(_ classes: [ClassState], chance: Double?) -> Bool {
        if gap(classes, by: \.loss, chance: chance) != nil { return true }
        let recalls = classes.compactMap(\.recall)
        guard let least = recalls.min(), let most = recalls.max() else { return false }
        return least < 0.6 * most
    }
}

/// The gradient's noise of a run beside its batch.
package struct NoiseState: Hashable, Sendable {
    /// After which epoch it was last measured.
    package var epoch: Int
    /// Rows at which noise and signal are equal; nil where the mean gradient cannot be told from none.
    package var scale: Double?
    /// Rows that were looked at.
    package var rows: Int?
    /// Rows of a step.
    package var batch: Int?

    package init(epoch: Int, scale: Double?, rows: Int?, batch: Int?) {
        self.epoch = epoch
        self.scale = scale
        self.rows = rows
        self.batch = batch
    }
}

extension RunEvidence {
    /// The classes, as the newest reading that tells of them has them.
    var classes: [ClassState] {
        guard let schema, case .classification(let labels, let counts) = schema.task,
            let readings = instruments?.newestClasses?.classes
        else { return [] }
        let total = Double(counts.reduce(0, +))
        let isEntropy =
            trial.map { trial in
                switch trial.training.loss(on: schema).kind {
                case .softmaxCrossEntropy: true
                case .binaryCrossEntropy: trial.training.outputs(on: schema) == 1
                case .meanSquaredError, .meanAbsoluteError, .huber: false
                }
            } ?? false
        return readings.compactMap { reading in
            guard labels.indices.contains(reading.index), counts.indices.contains(reading.index) else { return nil }
            let count = counts[reading.index]
            return ClassState(
                label: labels[reading.index],
                trainingRows: count,
                rows: reading.rows,
                loss: reading.loss,
                recall: reading.recall,
                probeLoss: reading.probeLoss,
                guessLoss: isEntropy && count > 0 ? -Elementary.log(Double(count) / total) : nil
            )
        }
    }

    /// The gradient's noise, as the newest reading that has it tells; nil where it was not measured.
    var noise: NoiseState? {
        guard let reading = instruments?.newestNoise, let noise = reading.noise else { return nil }
        return NoiseState(
            epoch: reading.epoch,
            scale: noise.simpleScale,
            rows: noise.rows,
            batch: trial.map { $0.training.batchSize * $0.training.accumulation }
        )
    }

    /// Rows below which a noise scale beyond the batch is a guess: eight batches', or all where there are fewer. Few rows tell a long
    /// mean gradient and not how short a short one is: a default reading looks at 64 to 128 rows.
    var noiseRowsNeeded: Int { min(8 * (trial?.training.batchSize ?? 1), max(0, (schema?.trainingRows ?? 0) - 7)) }
}
