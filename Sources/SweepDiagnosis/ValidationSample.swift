package import SweepCore
import SweepNumerics

/// The validation rows as a sample: how far two losses on the same rows must lie apart to be told apart.
package struct ValidationSample: Hashable, Sendable {
    /// Validation rows.
    private let rows: Int
    /// The loss whose mean over them is told.
    private let loss: LossKind

    /// `loss` nil: the usual one of the task. Nil where nothing is known of the rows, or there are none.
    package init?(_ schema: DataSchema?, loss: LossKind? = nil) {
        guard let schema, schema.validationRows > 0 else { return nil }
        rows = schema.validationRows
        self.loss = loss ?? (schema.task.kind == .classification ? .softmaxCrossEntropy : .meanSquaredError)
    }

    /// The sample of a whole sweep's trials, by the loss that its file sets; the usual one where it sets none or searches for it.
    package init?(_ schema: DataSchema?, of space: SearchSpace) {
        let name = space.template["train"]?["loss"]?.onlyKey
        self.init(schema, loss: name.flatMap(LossKind.init(rawValue:)))
    }

    /// The standard error of a share of the rows.
    func error(ofShare share: Double) -> Double { (max(0, share * (1 - share)) / Double(rows)).squareRoot() }

    /// The loss that lies `errors` standard errors of the mean of paired differences above `least`, at least.
    ///
    /// A curve holds means and no rows, but for two states of one network the rows need not be known: the difference of two
    /// log-likelihoods that lie near each other has twice its mean as its variance, so that a rise of R nats a row over n rows is
    /// n·R / √(2·n·R) = √(n·R / 2) errors, and z errors are R = 2·z² / n. Rows that a network grows wildly wrong on make the
    /// variance greater, never less. Cross-entropy is in nats; of squared errors, with the variance that they imply, R is half the
    /// logarithm of their ratio; of absolute ones the logarithm.
    /// Source: Vuong, "Likelihood ratio tests for model selection and non-nested hypotheses", Econometrica 57 (1989).
    func limit(above least: Double, errors: Double) -> Double {
        let nats = 2 * errors * errors / Double(rows)
        return switch loss {
        case .softmaxCrossEntropy, .binaryCrossEntropy: least + nats
        case .meanSquaredError, .huber: least * Elementary.exp(2 * nats)
        case .meanAbsoluteError: least * Elementary.exp(nats)
        }
    }
}
