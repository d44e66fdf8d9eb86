/// Softmax and cross-entropy of a batch of logits against one label per row, with the gradient by the logits.
///
/// The result is the sum over the rows of −log softmax(z)[label], each row's loss a float32, the sum a float64 taken in
/// row order. The largest logit is subtracted first: of finite logits only a loss beyond float32's range is infinite.
/// A row with an infinite or NaN logit has a NaN loss and a NaN gradient, a label outside `0 ..< classes` a NaN loss.
/// dZ = (softmax(z) − onehot(label)) · `gradientScale`; its padding is set to zero.
package struct SoftmaxCrossEntropy {
    package var rows: Int
    /// Real columns, at least 1; any number.
    package var classes: Int
    /// Row i begins at `logits[i · logitStride]` and has `paddedCount(classes)` elements.
    package var logits: Floats
    package var logitStride: Int
    /// One class index per row.
    package var labels: UnsafePointer<Int32>
    /// dZ, overwritten; nil for an evaluation.
    ///
    /// May be the logits with the same stride.
    package var gradient: MutableFloats?
    package var gradientStride: Int
    /// Usually 1 / rows.
    package var gradientScale: Float
    /// `rows` elements for the single losses, or nil.
    package var losses: MutableFloats?

    /// Describes a loss; see the fields.
    package init(
        rows: Int,
        classes: Int,
        logits: Floats,
        logitStride: Int,
        labels: UnsafePointer<Int32>,
        gradient: MutableFloats? = nil,
        gradientStride: Int = 0,
        gradientScale: Float = 1,
        losses: MutableFloats? = nil
    ) {
        self.rows = rows
        self.classes = classes
        self.logits = logits
        self.logitStride = logitStride
        self.labels = labels
        self.gradient = gradient
        self.gradientStride = gradientStride
        self.gradientScale = gradientScale
        self.losses = losses
    }
}

/// Squared error of a batch of outputs against targets, with the gradient by the outputs.
///
/// A row's loss is the mean over its outputs of (z − y)², and the result is the sum of the rows' losses (a float64 taken
/// in row order); divided by the rows it is the usual mean squared error over all elements.
/// dZ = 2 / outputs · (z − y) · `gradientScale`; its padding is set to zero.
package struct SquaredError {
    package var rows: Int
    /// Real columns, at least 1.
    package var outputs: Int
    /// Row i begins at `values[i · valueStride]` and has `paddedCount(outputs)` elements.
    package var values: Floats
    package var valueStride: Int
    /// Row i begins at `targets[i · targetStride]` and has `paddedCount(outputs)` elements.
    package var targets: Floats
    package var targetStride: Int
    /// dZ, overwritten; nil for an evaluation.
    ///
    /// May be the values with the same stride.
    package var gradient: MutableFloats?
    package var gradientStride: Int
    /// Usually 1 / rows.
    package var gradientScale: Float
    /// `rows` elements for the single losses, or nil.
    package var losses: MutableFloats?

    /// Describes a loss; see the fields.
    package init(
        rows: Int,
        outputs: Int,
        values: Floats,
        valueStride: Int,
        targets: Floats,
        targetStride: Int,
        gradient: MutableFloats? = nil,
        gradientStride: Int = 0,
        gradientScale: Float = 1,
        losses: MutableFloats? = nil
    ) {
        self.rows = rows
        self.outputs = outputs
        self.values = values
        self.valueStride = valueStride
        self.targets = targets
        self.targetStride = targetStride
        self.gradient = gradient
        self.gradientStride = gradientStride
        self.gradientScale = gradientScale
        self.losses = losses
    }
}

/// Counts the rows whose largest logit is the label's.
///
/// Among equal logits the lowest index wins. A NaN never wins; a row without a logit above −∞ has prediction −1.
package struct CorrectCount {
    package var rows: Int
    /// Real columns, at least 1.
    package var classes: Int
    /// Row i begins at `logits[i · logitStride]` and has `paddedCount(classes)` elements.
    package var logits: Floats
    package var logitStride: Int
    package var labels: UnsafePointer<Int32>
    /// `rows` elements for the predicted classes, or nil.
    package var predictions: UnsafeMutablePointer<Int32>?

    /// Describes a count; see the fields.
    package init(
        rows: Int,
        classes: Int,
        logits: Floats,
        logitStride: Int,
        labels: UnsafePointer<Int32>,
        predictions: UnsafeMutablePointer<Int32>? = nil
    ) {
        self.rows = rows
        self.classes = classes
        self.logits = logits
        self.logitStride = logitStride
        self.labels = labels
        self.predictions = predictions
    }
}
