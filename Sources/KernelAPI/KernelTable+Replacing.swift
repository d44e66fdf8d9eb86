extension KernelTable {
    /// The same table but for some functions.
    ///
    /// What computes a convolution and a pooling at once is put together anew where one of the two is replaced.
    package func replacing(
        gemm: (@Sendable (Gemm) -> Void)? = nil,
        transposePanels: (@Sendable (PanelTranspose) -> Void)? = nil,
        denseInputGradient: (@Sendable (DenseInputGradient) -> Void)? = nil,
        sumColumns: (@Sendable (ColumnSums) -> Void)? = nil,
        activate: (@Sendable (Activation) -> Void)? = nil,
        differentiate: (@Sendable (ActivationGradient) -> Void)? = nil,
        dropOut: (@Sendable (Dropout) -> Void)? = nil,
        softmaxCrossEntropy: (@Sendable (SoftmaxCrossEntropy) -> Double)? = nil,
        binaryCrossEntropy: (@Sendable (BinaryCrossEntropy) -> Double)? = nil,
        squaredError: (@Sendable (SquaredError) -> Double)? = nil,
        robustError: (@Sendable (RobustError) -> Double)? = nil,
        countCorrect: (@Sendable (CorrectCount) -> Int)? = nil,
        updateWithMomentum: (@Sendable (MomentumUpdate) -> UpdateNorms)? = nil,
        updateWithAdam: (@Sendable (AdamUpdate) -> UpdateNorms)? = nil,
        updateWithRMSprop: (@Sendable (RMSpropUpdate) -> UpdateNorms)? = nil,
        updateWithAdagrad: (@Sendable (AdagradUpdate) -> UpdateNorms)? = nil,
        updateWithLion: (@Sendable (LionUpdate) -> UpdateNorms)? = nil,
        updateWithNAdam: (@Sendable (NAdamUpdate) -> UpdateNorms)? = nil,
        averageWeights: (@Sendable (WeightAverage) -> Void)? = nil,
        accumulate: (@Sendable (Accumulation) -> Void)? = nil,
        limitColumnNorms: (@Sendable (ColumnNormLimit) -> Void)? = nil,
        gatherRows: (@Sendable (RowGather) -> Void)? = nil,
        copyImages: (@Sendable (ImageCopy) -> Void)? = nil,
        addImages: (@Sendable (ImageSum) -> Void)? = nil,
        convolve: (@Sendable (Convolution) -> Void)? = nil,
        convolveInputGradient: (@Sendable (ConvolutionInputGradient) -> Void)? = nil,
        convolveWeightGradient: (@Sendable (ConvolutionWeightGradient) -> Void)? = nil,
        poolMax: (@Sendable (MaxPool) -> Void)? = nil,
        poolMaxGradient: (@Sendable (MaxPoolGradient) -> Void)? = nil,
        poolAverage: (@Sendable (AveragePool) -> Void)? = nil,
        poolAverageGradient: (@Sendable (AveragePoolGradient) -> Void)? = nil,
        normalizeBatch: (@Sendable (BatchNormalization) -> Void)? = nil,
        normalizeBatchEvaluation: (@Sendable (BatchNormalizationEvaluation) -> Void)? = nil,
        normalizeBatchGradient: (@Sendable (BatchNormalizationGradient) -> Void)? = nil,
        normalizeLayer: (@Sendable (LayerNormalization) -> Void)? = nil,
        normalizeLayerGradient: (@Sendable (LayerNormalizationGradient) -> Void)? = nil
    ) -> KernelTable {
        let (convolution, pooling) = (convolve ?? self.convolve, poolMax ?? self.poolMax)
        let weightGradient = convolveWeightGradient ?? self.convolveWeightGradient
        let poolingGradient = poolMaxGradient ?? self.poolMaxGradient
        var convolveAndPool = self.convolveAndPool
        if convolve != nil || poolMax != nil {
            convolveAndPool = { (pooled: PooledConvolution) in
                convolution(pooled.convolution)
                pooling(pooled.pool)
            }
        }
        var convolveAndPoolGradient = self.convolveAndPoolGradient
        if convolveWeightGradient != nil || poolMaxGradient != nil {
            convolveAndPoolGradient = { (pooled: PooledConvolutionGradient) in
                poolingGradient(pooled.pool)
                weightGradient(pooled.weights)
            }
        }
        return KernelTable(
            name: name,
            gemm: gemm ?? self.gemm,
            transposePanels: transposePanels ?? self.transposePanels,
            denseInputGradient: denseInputGradient ?? self.denseInputGradient,
            sumColumns: sumColumns ?? self.sumColumns,
            activate: activate ?? self.activate,
            differentiate: differentiate ?? self.differentiate,
            dropOut: dropOut ?? self.dropOut,
            softmaxCrossEntropy: softmaxCrossEntropy ?? self.softmaxCrossEntropy,
            softTargetCrossEntropy: softTargetCrossEntropy,
            binaryCrossEntropy: binaryCrossEntropy ?? self.binaryCrossEntropy,
            squaredError: squaredError ?? self.squaredError,
            robustError: robustError ?? self.robustError,
            countCorrect: countCorrect ?? self.countCorrect,
            softmax: softmax,
            updateWithMomentum: updateWithMomentum ?? self.updateWithMomentum,
            updateWithAdam: updateWithAdam ?? self.updateWithAdam,
            updateWithRMSprop: updateWithRMSprop ?? self.updateWithRMSprop,
            updateWithAdagrad: updateWithAdagrad ?? self.updateWithAdagrad,
            updateWithLion: updateWithLion ?? self.updateWithLion,
            updateWithNAdam: updateWithNAdam ?? self.updateWithNAdam,
            averageWeights: averageWeights ?? self.averageWeights,
            accumulate: accumulate ?? self.accumulate,
            limitColumnNorms: limitColumnNorms ?? self.limitColumnNorms,
            sumOfSquares: sumOfSquares,
            sumPenalties: sumPenalties,
            allFinite: allFinite,
            gatherRows: gatherRows ?? self.gatherRows,
            exercise: exercise,
            copyImages: copyImages ?? self.copyImages,
            addImages: addImages ?? self.addImages,
            convolve: convolution,
            flipConvolutionWeights: flipConvolutionWeights,
            convolveInputGradient: convolveInputGradient ?? self.convolveInputGradient,
            convolveWeightGradient: weightGradient,
            poolMax: pooling,
            poolMaxGradient: poolingGradient,
            convolveAndPool: convolveAndPool,
            convolveAndPoolGradient: convolveAndPoolGradient,
            poolAverage: poolAverage ?? self.poolAverage,
            poolAverageGradient: poolAverageGradient ?? self.poolAverageGradient,
            normalizeBatch: normalizeBatch ?? self.normalizeBatch,
            normalizeBatchEvaluation: normalizeBatchEvaluation ?? self.normalizeBatchEvaluation,
            normalizeBatchGradient: normalizeBatchGradient ?? self.normalizeBatchGradient,
            normalizeLayer: normalizeLayer ?? self.normalizeLayer,
            normalizeLayerGradient: normalizeLayerGradient ?? self.normalizeLayerGradient
        )
    }
}
