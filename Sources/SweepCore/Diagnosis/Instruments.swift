/// What a training run was seen to do inside, beside its learning curve.
///
/// Readings are taken between epochs and change nothing: a run that is read has the bits of one that is not.
package struct Instruments: Hashable, Sendable {
    /// Loss on the probe's rows before the first step.
    package var initialLoss: Double?
    /// The mean loss of each step's rows, before its update, in training mode, from the first step on.
    package var stepLosses: [Double] = []
    /// Steps of an epoch whose batches are full; a last, smaller batch is among `stepLosses` too.
    package var stepsPerEpoch = 0
    /// Standard error over rows of the last validation loss; nil without validation rows.
    package var validationError: Double?
    /// The same of the last probe loss, as a mean of the training rows; nil where the probe is all of them.
    package var probeError: Double?
    /// By rising epoch; the first, of epoch 0, was taken before the first step.
    package var readings: [Reading] = []

    package init() {}

    /// The state of the network after an epoch.
    package struct Reading: Hashable, Sendable {
        /// Epochs finished.
        package var epoch: Int
        /// Layers with weights, first to last; the last is the head.
        package var layers: [Layer]
        /// Layers with weights that there are: more than `layers` where not all are told.
        package var layerCount: Int
        /// The gradient's noise at these weights; nil where it was not measured.
        package var noise: GradientNoise?
        /// The share of probe rows that are predicted to be of the class predicted most often; nil for numbers.
        package var commonestPrediction: Double?
        /// Variance of the predictions over that of the targets, on the probe's rows; nil for classes.
        package var predictionVariance: Double?
        /// The largest eigenvalue of the loss's Hessian on probe rows; nil where it was not measured.
        package var sharpness: Double?
        /// The mean loss of each step's rows in the first epoch, before its update and in training mode; empty where it was not kept.
        package var stepLosses: [Float]
        /// What is achieved class by class, by rising index; empty for numbers, and where it was not measured.
        package var classes: [ClassReading]

        package init(
            epoch: Int,
            layers: [Layer],
            layerCount: Int? = nil,
            noise: GradientNoise? = nil,
            commonestPrediction: Double? = nil,
            predictionVariance: Double? = nil,
            sharpness: Double? = nil,
            stepLosses: [Float] = [],
            classes: [ClassReading] = []
        ) {
            self.epoch = epoch
            self.layers = layers
            self.layerCount = layerCount ?? layers.count
            self.noise = noise
            self.commonestPrediction = commonestPrediction
            self.predictionVariance = predictionVariance
            self.sharpness = sharpness
            self.stepLosses = stepLosses
            self.classes = classes
        }
    }

    /// What the network achieves on the rows of one class; losses are plain and in the loss's own unit.
    package struct ClassReading: Hashable, Sendable {
        /// Its place among the data's classes, from 0.
        package var index: Int
        /// Validation rows of the class.
        package var rows: Int
        /// The mean loss of these rows; nil without any.
        package var loss: Double?
        /// The share of these rows that is predicted right; nil without any.
        package var recall: Double?
        /// The mean loss of the probe's rows of the class; nil without any.
        package var probeLoss: Double?

        package init(index: Int, rows: Int, loss: Double? = nil, recall: Double? = nil, probeLoss: Double? = nil) {
            self.index = index
            self.rows = rows
            self.loss = loss
            self.recall = recall
            self.probeLoss = probeLoss
        }
    }

    /// One layer with weights, and the units behind them.
    package struct Layer: Hashable, Sendable {
        /// Its place among all layers, from 1, as notes name it; in a residual block the inner place follows.
        package var name: String
        /// Whether it is the head, whose units are predictions.
        package var isHead: Bool
        /// What its units apply; nil: nothing, or it could not be told.
        package var activation: Activation?
        /// Root mean squares over the weights: of their gradient, of themselves, and of their change in the last step; nil
        /// before the first step.
        package var gradient: Double?
        package var weights: Double
        package var change: Double?
        /// How many weights they are the root mean squares of.
        package var weightCount: Int
        /// Standard deviation of the units' outputs over units and probe rows.
        package var deviation: Double
        package var units: Int
        /// Share of units that are above zero on less than 1 % of the probe's rows; nil where zero is not their floor.
        package var dead: Double?
        /// Share of units that are within 5 % of the ends of a sigmoid or tanh on 85 % of the rows; nil for others.
        package var saturated: Double?
        /// Units whose incoming weights equal those of another, bit for bit.
        package var equalUnits: Int

        package init(
            name: String,
            isHead: Bool = false,
            activation: Activation? = nil,
            gradient: Double? = nil,
            weights: Double,
            change: Double? = nil,
            weightCount: Int = 1,
            deviation: Double,
            units: Int,
            dead: Double? = nil,
            saturated: Double? = nil,
            equalUnits: Int = 0
        ) {
            self.name = name
            self.isHead = isHead
            self.activation = activation
            self.gradient = gradient
            self.weights = weights
            self.change = change
            self.weightCount = weightCount
            self.deviation = deviation
            self.units = units
            self.dead = dead
            self.saturated = saturated
            self.equalUnits = equalUnits
        }

        /// The Euclidean norm of the weights.
        package var weightNorm: Double { weights * Double(weightCount).squareRoot() }
    }

    /// How much the gradients of single rows differ from their mean.
    ///
    /// Source: McCandlish et al. 2018, appendix A: the trace of the rows' covariance, and the squared length of the mean.
    package struct GradientNoise: Hashable, Sendable {
        package var variance: Double
        package var squaredMean: Double
        /// Rows that were looked at; nil where nobody told.
        package var rows: Int?

        package init(variance: Double, squaredMean: Double, rows: Int? = nil) {
            self.variance = variance
            self.squaredMean = squaredMean
            self.rows = rows
        }

        /// The estimate from gradients of single rows; nil below two rows, and of numbers that are not finite.
        ///
        /// Neither part is biased: the mean of B gradients is longer than the true one by the variance over B, which is taken off.
        /// Below zero, `squaredMean` says that the mean cannot be told from none.
        /// - Parameters:
        ///   - rows: B, how many rows.
        ///   - meanSquare: The mean of their gradients' squared lengths.
        ///   - squareOfMean: The squared length of their mean gradient.
        package init?(rows: Int, meanSquare: Double, squareOfMean: Double) {
            guard rows > 1, meanSquare.isFinite, squareOfMean.isFinite else { return nil }
            let count = Double(rows)
            let variance = max(0, meanSquare - squareOfMean) * count / (count - 1)
            self.init(variance: variance, squaredMean: squareOfMean - variance / count, rows: rows)
        }

        /// Rows a batch at which noise and signal are equal; nil where the mean cannot be told from zero.
        package var simpleScale: Double? { squaredMean > 0 ? variance / squaredMean : nil }
    }

    /// The newest reading after a step that tells the gradient's noise; nil where it was not measured. It speaks alone: the mean
    /// gradient shrinks as the run learns, so that in a mean with earlier ones theirs would decide.
    package var newestNoise: Reading? { readings.last { $0.epoch > 0 && $0.noise != nil } }

    /// The newest reading that tells of classes; nil where none does.
    package var newestClasses: Reading? { readings.last { !$0.classes.isEmpty } }

    /// The reading before the first step.
    package var atStart: Reading? { readings.first.flatMap { $0.epoch == 0 ? $0 : nil } }
}
