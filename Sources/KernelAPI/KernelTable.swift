/// The kernels of one instruction set.
///
/// Every table computes the same bits: products and polynomials are explicit fused multiply-adds, divisions and square
/// roots are exact, and every reduction has one written-out order. Only the payload of a NaN may differ.
/// Pointers need no alignment beyond `Float`'s, though 64 bytes is fastest. Nothing allocates or traps.
///
/// A class, as a value of fifty functions would be copied, and each of them retained, wherever it is handed on in a step.
package final class KernelTable: Sendable {
    /// `v2`, `v3`, `v4`, `neon` or `reference`.
    package let name: String
    package let gemm: @Sendable (Gemm) -> Void
    package let transposePanels: @Sendable (PanelTranspose) -> Void
    package let denseInputGradient: @Sendable (DenseInputGradient) -> Void
    package let sumColumns: @Sendable (ColumnSums) -> Void
    package let activate: @Sendable (Activation) -> Void
    package let differentiate: @Sendable (ActivationGradient) -> Void
    package let dropOut: @Sendable (Dropout) -> Void
    /// Returns the sum of the rows' losses.
    package let softmaxCrossEntropy: @Sendable (SoftmaxCrossEntropy) -> Double
    /// Returns the sum of the rows' losses.
    package let softTargetCrossEntropy: @Sendable (SoftTargetCrossEntropy) -> Double
    /// Returns the sum of the rows' losses.
    package let binaryCrossEntropy: @Sendable (BinaryCrossEntropy) -> Double
    /// Returns the sum of the rows' losses.
    package let squaredError: @Sendable (SquaredError) -> Double
    /// Returns the sum of the rows' losses.
    package let robustError: @Sendable (RobustError) -> Double
    /// Returns the number of rows predicted correctly.
    package let countCorrect: @Sendable (CorrectCount) -> Int
    package let softmax: @Sendable (Softmax) -> Void
    package let updateWithMomentum: @Sendable (MomentumUpdate) -> UpdateNorms
    package let updateWithAdam: @Sendable (AdamUpdate) -> UpdateNorms
    package let updateWithRMSprop: @Sendable (RMSpropUpdate) -> UpdateNorms
    package let updateWithAdagrad: @Sendable (AdagradUpdate) -> UpdateNorms
    package let updateWithLion: @Sendable (LionUpdate) -> UpdateNorms
    package let updateWithNAdam: @Sendable (NAdamUpdate) -> UpdateNorms
    package let averageWeights: @Sendable (WeightAverage) -> Void
    package let accumulate: @Sendable (Accumulation) -> Void
    package let limitColumnNorms: @Sendable (ColumnNormLimit) -> Void
    /// The sum of the squares of so many elements, a multiple of 16.
    ///
    /// Blocks of 4096 elements are summed in float32 (64 interleaved chains, then a fixed tree), the blocks in float64.
    package let sumOfSquares: @Sendable (Floats, Int) -> Double
    /// The sums of the magnitudes and squares of so many elements, a multiple of 16; each the tree of `sumOfSquares`.
    package let sumPenalties: @Sendable (Floats, Int) -> PenaltySums
    /// Whether none of so many elements, a multiple of 16, is infinite or NaN.
    package let allFinite: @Sendable (Floats, Int) -> Bool
    package let gatherRows: @Sendable (RowGather) -> Void
    /// Keeps the multiply-add units busy from registers alone for so many rounds: the yardstick of the other kernels.
    package let exercise: @Sendable (Int) -> Exercise

    // Images, convolution, pooling and normalisation.
    package let copyImages: @Sendable (ImageCopy) -> Void
    package let addImages: @Sendable (ImageSum) -> Void
    package let convolve: @Sendable (Convolution) -> Void
    package let flipConvolutionWeights: @Sendable (ConvolutionFlip) -> Void
    package let convolveInputGradient: @Sendable (ConvolutionInputGradient) -> Void
    package let convolveWeightGradient: @Sendable (ConvolutionWeightGradient) -> Void
    package let poolMax: @Sendable (MaxPool) -> Void
    package let poolMaxGradient: @Sendable (MaxPoolGradient) -> Void
    package let convolveAndPool: @Sendable (PooledConvolution) -> Void
    package let convolveAndPoolGradient: @Sendable (PooledConvolutionGradient) -> Void
    package let poolAverage: @Sendable (AveragePool) -> Void
    package let poolAverageGradient: @Sendable (AveragePoolGradient) -> Void
    package let normalizeBatch: @Sendable (BatchNormalization) -> Void
    package let normalizeBatchEvaluation: @Sendable (BatchNormalizationEvaluation) -> Void
    package let normalizeBatchGradient: @Sendable (BatchNormalizationGradient) -> Void
    package let normalizeLayer: @Sendable (LayerNormalization) -> Void
    package let normalizeLayerGradient: @Sendable (LayerNormalizationGradient) -> Void

    /// Collects the kernels of one instruction set.
    package init(
        name: String,
        gemm: @escaping @Sendable (Gemm) -> Void,
        transposePanels: @escaping @Sendable (PanelTranspose) -> Void,
        denseInputGradient: @escaping @Sendable (DenseInputGradient) -> Void,
        sumColumns: @escaping @Sendable (ColumnSums) -> Void,
        activate: @escaping @Sendable (Activation) -> Void,
        differentiate: @escaping @Sendable (ActivationGradient) -> Void,
        dropOut: @escaping @Sendable (Dropout) -> Void,
        softmaxCrossEntropy: @escaping @Sendable (SoftmaxCrossEntropy) -> Double,
        softTargetCrossEntropy: @escaping @Sendable (SoftTargetCrossEntropy) -> Double,
        binaryCrossEntropy: @escaping @Sendable (BinaryCrossEntropy) -> Double,
        squaredError: @escaping @Sendable (SquaredError) -> Double,
        robustError: @escaping @Sendable (RobustError) -> Double,
        countCorrect: @escaping @Sendable (CorrectCount) -> Int,
        softmax: @escaping @Sendable (Softmax) -> Void,
        updateWithMomentum: @escaping @Sendable (MomentumUpdate) -> UpdateNorms,
        updateWithAdam: @escaping @Sendable (AdamUpdate) -> UpdateNorms,
        updateWithRMSprop: @escaping @Sendable (RMSpropUpdate) -> UpdateNorms,
        updateWithAdagrad: @escaping @Sendable (AdagradUpdate) -> UpdateNorms,
        updateWithLion: @escaping @Sendable (LionUpdate) -> UpdateNorms,
        updateWithNAdam: @escaping @Sendable (NAdamUpdate) -> UpdateNorms,
        averageWeights: @escaping @Sendable (WeightAverage) -> Void,
        accumulate: @escaping @Sendable (Accumulation) -> Void,
        limitColumnNorms: @escaping @Sendable (ColumnNormLimit) -> Void,
        sumOfSquares: @escaping @Sendable (Floats, Int) -> Double,
        sumPenalties: @escaping @Sendable (Floats, Int) -> PenaltySums,
        allFinite: @escaping @Sendable (Floats, Int) -> Bool,
        gatherRows: @escaping @Sendable (RowGather) -> Void,
        exercise: @escaping @Sendable (Int) -> Exercise,
        copyImages: @escaping @Sendable (ImageCopy) -> Void,
        addImages: @escaping @Sendable (ImageSum) -> Void,
        convolve: @escaping @Sendable (Convolution) -> Void,
        flipConvolutionWeights: @escaping @Sendable (ConvolutionFlip) -> Void,
        convolveInputGradient: @escaping @Sendable (ConvolutionInputGradient) -> Void,
        convolveWeightGradient: @escaping @Sendable (ConvolutionWeightGradient) -> Void,
        poolMax: @escaping @Sendable (MaxPool) -> Void,
        poolMaxGradient: @escaping @Sendable (MaxPoolGradient) -> Void,
        convolveAndPool: @escaping @Sendable (PooledConvolution) -> Void,
        convolveAndPoolGradient: @escaping @Sendable (PooledConvolutionGradient) -> Void,
        poolAverage: @escaping @Sendable (AveragePool) -> Void,
        poolAverageGradient: @escaping @Sendable (AveragePoolGradient) -> Void,
        normalizeBatch: @escaping @Sendable (BatchNormalization) -> Void,
        normalizeBatchEvaluation: @escaping @Sendable (BatchNormalizationEvaluation) -> Void,
        normalizeBatchGradient: @escaping @Sendable (BatchNormalizationGradient) -> Void,
        normalizeLayer: @escaping @Sendable (LayerNormalization) -> Void,
        normalizeLayerGradient: @escaping @Sendable (LayerNormalizationGradient) -> Void
    ) {
        self.name = name
        self.gemm = gemm
        self.transposePanels = transposePanels
        self.denseInputGradient = denseInputGradient
        self.sumColumns = sumColumns
        self.activate = activate
        self.differentiate = differentiate
        self.dropOut = dropOut
        self.softmaxCrossEntropy = softmaxCrossEntropy
        self.softTargetCrossEntropy = softTargetCrossEntropy
        self.binaryCrossEntropy = binaryCrossEntropy
        self.squaredError = squaredError
        self.robustError = robustError
        self.countCorrect = countCorrect
        self.softmax = softmax
        self.updateWithMomentum = updateWithMomentum
        self.updateWithAdam = updateWithAdam
        self.updateWithRMSprop = updateWithRMSprop
        self.updateWithAdagrad = updateWithAdagrad
        self.updateWithLion = updateWithLion
        self.updateWithNAdam = updateWithNAdam
        self.averageWeights = averageWeights
        self.accumulate = accumulate
        self.limitColumnNorms = limitColumnNorms
        self.sumOfSquares = sumOfSquares
        self.sumPenalties = sumPenalties
        self.allFinite = allFinite
        self.gatherRows = gatherRows
        self.exercise = exercise
        self.copyImages = copyImages
        self.addImages = addImages
        self.convolve = convolve
        self.flipConvolutionWeights = flipConvolutionWeights
        self.convolveInputGradient = convolveInputGradient
        self.convolveWeightGradient = convolveWeightGradient
        self.poolMax = poolMax
        self.poolMaxGradient = poolMaxGradient
        self.convolveAndPool = convolveAndPool
        self.convolveAndPoolGradient = convolveAndPoolGradient
        self.poolAverage = poolAverage
        self.poolAverageGradient = poolAverageGradient
        self.normalizeBatch = normalizeBatch
        self.normalizeBatchEvaluation = normalizeBatchEvaluation
        self.normalizeBatchGradient = normalizeBatchGradient
        self.normalizeLayer = normalizeLayer
        self.normalizeLayerGradient = normalizeLayerGradient
    }
}

/// What a run of the multiply-add units did.
package struct Exercise: Sendable {
    /// Floating-point operations, two for a fused multiply-add; divided by the time taken, the peak of one core.
    package let operations: Int
    /// Depends on every one of them, so that none can be left out.
    package let value: Float

    /// Reports a run.
    package init(operations: Int, value: Float) {
        self.operations = operations
        self.value = value
    }
}
