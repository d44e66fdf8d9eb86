/// Softmax and cross-entropy of a batch of logits against one label per row, with the gradient by the logits.
///
/// The result is the sum over the rows of −log softmax(z)[label], each row's loss a float32, the sum a float64 taken in
/// row order. The largest logit is subtracted first: of finite logits only a loss beyond float32's range is infinite.
/// A row with an infinite or NaN logit has a NaN loss and a NaN gradient, a label outside `0 ..< classes` a NaN loss.
/// dZ = (softmax(z) − onehot(label)) · `gradientScale`; its padding is set to zero.
///
/// With p = softmax(z), ε = `labelSmoothing` and γ = `focalExponent` a row's loss is
/// (1 − ε)(1 − p[label])^γ (−log p[label]) + ε · (the mean over the classes of −log p), and the gradient is its
/// derivative. With γ = 0 that is the cross-entropy against (1 − ε) · onehot + ε / classes, PyTorch's convention.
/// 1 − p[label] is the sum of the other powers, so a confident row keeps its small loss and gradient.
/// Sources: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna 2016; Lin, Goyal, Girshick, He, Dollár 2017.
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
    /// `rows` factors of the single losses and gradients, or nil for ones.
    ///
    /// A class's weight is passed to its rows this way; the caller decides what a mean divides by.
    package var rowWeights: Floats?
    /// ε, in 0 ... 1.
    package var labelSmoothing: Float
    /// γ, at least 0; the power is exp(γ · log), its relative error below (4 + 4γ · max(1, |log|)) · 2⁻²³.
    package var focalExponent: Float

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
        losses: MutableFloats? = nil,
        rowWeights: Floats? = nil,
        labelSmoothing: Float = 0,
        focalExponent: Float = 0
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
        self.rowWeights = rowWeights
        self.labelSmoothing = labelSmoothing
        self.focalExponent = focalExponent
    }
}

/// Softmax and cross-entropy of a batch of logits against rows of target shares, with the gradient by the logits.
///
/// A row's loss is −Σ y[c] · log softmax(z)[c], a float32; the result is their sum, a float64 taken in row order.
/// The targets are ≥ 0 and usually add up to 1 (mixed or smoothed classes); dZ = (softmax(z) · Σy − y) · `gradientScale`
/// holds for any sum; its padding is set to zero. A row with an infinite or NaN logit or a NaN target has a NaN loss.
package struct SoftTargetCrossEntropy {
    package var rows: Int
    /// Real columns, at least 1; any number.
    package var classes: Int
    /// Row i begins at `logits[i · logitStride]` and has `paddedCount(classes)` elements.
    package var logits: Floats
    package var logitStride: Int
    /// Row i begins at `targets[i · targetStride]` and has `paddedCount(classes)` elements.
    package var targets: Floats
    package var targetStride: Int
    /// dZ, overwritten; nil for an evaluation.
    ///
    /// May be the logits with the same stride.
    package var gradient: MutableFloats?
    package var gradientStride: Int
    /// Usually 1 / rows.
    package var gradientScale: Float
    /// `rows` elements for the single losses, or nil.
    package var losses: MutableFloats?
    /// `rows` factors of the single losses and gradients, or nil for ones.
    ///
    /// A class's weight is passed to its rows this way; the caller decides what a mean divides by.
    package var rowWeights: Floats?

    /// Describes a loss; see the fields.
    package init(
        rows: Int,
        classes: Int,
        logits: Floats,
        logitStride: Int,
        targets: Floats,
        targetStride: Int,
        gradient: MutableFloats? = nil,
        gradientStride: Int = 0,
        gradientScale: Float = 1,
        losses: MutableFloats? = nil,
        rowWeights: Floats? = nil
    ) {
        self.rows = rows
        self.classes = classes
        self.logits = logits
        self.logitStride = logitStride
        self.targets = targets
        self.targetStride = targetStride
        self.gradient = gradient
        self.gradientStride = gradientStride
        self.gradientScale = gradientScale
        self.losses = losses
        self.rowWeights = rowWeights
    }
}

/// Cross-entropy of a batch of independent yes-or-no outputs, given as logits, with the gradient by the logits.
///
/// An element's loss is max(z, 0) − z·y + ln(1 + e^−|z|), which cannot overflow; a row's is the mean over its outputs,
/// and the result the sum of the rows' losses (a float64 taken in row order).
/// dZ = (σ(z) − y) / outputs · `gradientScale`; its padding is set to zero. An infinite or NaN logit makes its row's loss
/// NaN.
///
/// With γ = `focalExponent` above 0 an element's loss is multiplied by u^γ, u = σ(z)(1 − y) + σ(−z)y being the
/// probability given to the wrong answer (Lin et al. 2017; for targets between 0 and 1 as torchvision and Keras do), and
/// the gradient is the derivative of that product.
package struct BinaryCrossEntropy {
    package var rows: Int
    /// Real columns, at least 1.
    package var outputs: Int
    /// Row i begins at `logits[i · logitStride]` and has `paddedCount(outputs)` elements.
    package var logits: Floats
    package var logitStride: Int
    /// Row i begins at `targets[i · targetStride]` and has `paddedCount(outputs)` elements.
    ///
    /// In 0 ... 1.
    package var targets: Floats
    package var targetStride: Int
    /// dZ, overwritten; nil for an evaluation.
    ///
    /// May be the logits with the same stride.
    package var gradient: MutableFloats?
    package var gradientStride: Int
    /// Usually 1 / rows.
    package var gradientScale: Float
    /// `rows` elements for the single losses, or nil.
    package var losses: MutableFloats?
    /// `rows` factors of the single losses and gradients, or nil for ones.
    ///
    /// A class's weight is passed to its rows this way; the caller decides what a mean divides by.
    package var rowWeights: Floats?
    /// γ, at least 0; the power is exp(γ · log), its relative error below (4 + 4γ · max(1, |log|)) · 2⁻²³.
    package var focalExponent: Float

    /// Describes a loss; see the fields.
    package init(
        rows: Int,
        outputs: Int,
        logits: Floats,
        logitStride: Int,
        targets: Floats,
        targetStride: Int,
        gradient: MutableFloats? = nil,
        gradientStride: Int = 0,
        gradientScale: Float = 1,
        losses: MutableFloats? = nil,
        rowWeights: Floats? = nil,
        focalExponent: Float = 0
    ) {
        self.rows = rows
        self.outputs = outputs
        self.logits = logits
        self.logitStride = logitStride
        self.targets = targets
        self.targetStride = targetStride
        self.gradient = gradient
        self.gradientStride = gradientStride
        self.gradientScale = gradientScale
        self.losses = losses
        self.rowWeights = rowWeights
        self.focalExponent = focalExponent
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
    /// `rows` factors of the single losses and gradients, or nil for ones.
    ///
    /// A class's weight is passed to its rows this way; the caller decides what a mean divides by.
    package var rowWeights: Floats?

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
        losses: MutableFloats? = nil,
        rowWeights: Floats? = nil
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
        self.rowWeights = rowWeights
    }
}

/// A loss that grows with the error's magnitude, not its square, with the gradient by the outputs.
///
/// A row's loss is the mean over its outputs, and the result is the sum of the rows' losses (a float64 taken in row
/// order). The gradient is the derivative times `gradientScale` / outputs; its padding is set to zero. An output or
/// target that is NaN makes loss and gradient NaN.
package struct RobustError {
    /// The loss of one error e = z − y.
    package enum Form: Sendable, Hashable {
        /// |e|; derivative sign(e), 0 at 0.
        case absolute
        /// e² / 2 where |e| ≤ δ, else δ(|e| − δ / 2); derivative e bounded to −δ ... δ. δ is > 0 (Huber 1964).
        case huber(delta: Float)
    }

    package var form: Form
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
    /// `rows` factors of the single losses and gradients, or nil for ones.
    ///
    /// A class's weight is passed to its rows this way; the caller decides what a mean divides by.
    package var rowWeights: Floats?

    /// Describes a loss; see the fields.
    package init(
        form: Form,
        rows: Int,
        outputs: Int,
        values: Floats,
        valueStride: Int,
        targets: Floats,
        targetStride: Int,
        gradient: MutableFloats? = nil,
        gradientStride: Int = 0,
        gradientScale: Float = 1,
        losses: MutableFloats? = nil,
        rowWeights: Floats? = nil
    ) {
        self.form = form
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
        self.rowWeights = rowWeights
    }
}

/// Counts the rows whose label's logit is the largest, or among the `top` largest.
///
/// Among equal logits the lowest index wins. A NaN never wins; a row without a logit above −∞ has prediction −1.
/// A label whose logit is NaN or −∞, or that is no class, is never correct.
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
    /// How many of the largest logits count, at least 1.
    package var top: Int

    /// Describes a count; see the fields.
    package init(
        rows: Int,
        classes: Int,
        logits: Floats,
        logitStride: Int,
        labels: UnsafePointer<Int32>,
        predictions: UnsafeMutablePointer<Int32>? = nil,
        top: Int = 1
    ) {
        self.rows = rows
        self.classes = classes
        self.logits = logits
        self.logitStride = logitStride
        self.labels = labels
        self.predictions = predictions
        self.top = top
    }
}

/// Turns rows of logits into probabilities, in place: p = e^z / Σ e^z, the largest logit subtracted first.
///
/// The same bits as the loss's; the padding is set to zero. A row with an infinite or NaN logit becomes NaN.
package struct Softmax {
    package var rows: Int
    /// Real columns, at least 1.
    package var classes: Int
    /// Row i begins at `values[i · stride]` and has `paddedCount(classes)` elements.
    package var values: MutableFloats
    package var stride: Int

    /// Describes a conversion; see the fields.
    package init(
        rows: Int,
        classes: Int,
        values: MutableFloats,
        stride: Int
    ) {
        self.rows = rows
        self.classes = classes
        self.values = values
        self.stride = stride
    }
}
