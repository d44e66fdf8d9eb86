import KernelAPI

extension KernelTable {
    /// A table in which some functions are others: what a bug in one of them would be.
    func replacing(
        sumColumns: (@Sendable (ColumnSums) -> Void)? = nil,
        gemm: (@Sendable (Gemm) -> Void)? = nil,
        updateWithAdam: (@Sendable (AdamUpdate) -> UpdateNorms)? = nil,
        convolveInputGradient: (@Sendable (ConvolutionInputGradient) -> Void)? = nil,
        convolveWeightGradient: (@Sendable (ConvolutionWeightGradient) -> Void)? = nil,
        differentiate: (@Sendable (ActivationGradient) -> Void)? = nil,
        softmaxCrossEntropy: (@Sendable (SoftmaxCrossEntropy) -> Double)? = nil,
        binaryCrossEntropy: (@Sendable (BinaryCrossEntropy) -> Double)? = nil,
        squaredError: (@Sendable (SquaredError) -> Double)? = nil,
        robustError: (@Sendable (RobustError) -> Double)? = nil,
        countCorrect: (@Sendable (CorrectCount) -> Int)? = nil,
        gatherRows: (@Sendable (RowGather) -> Void)? = nil,
        poolMaxGradient: (@Sendable (MaxPoolGradient) -> Void)? = nil,
        poolAverageGradient: (@Sendable (AveragePoolGradient) -> Void)? = nil,
        normalizeBatchGradient: (@Sendable (BatchNormalizationGradient) -> Void)? = nil,
        normalizeLayerGradient: (@Sendable (LayerNormalizationGradient) -> Void)? = nil
    ) -> KernelTable {
        KernelTable(
            name: name,
            gemm: gemm ?? self.gemm,
            transposePanels: transposePanels,
            sumColumns: sumColumns ?? self.sumColumns,
            activate: activate,
            differentiate: differentiate ?? self.differentiate,
            dropOut: dropOut,
            softmaxCrossEntropy: softmaxCrossEntropy ?? self.softmaxCrossEntropy,
            softTargetCrossEntropy: softTargetCrossEntropy,
            binaryCrossEntropy: binaryCrossEntropy ?? self.binaryCrossEntropy,
            squaredError: squaredError ?? self.squaredError,
            robustError: robustError ?? self.robustError,
            countCorrect: countCorrect ?? self.countCorrect,
            softmax: softmax,
            updateWithMomentum: updateWithMomentum,
            updateWithAdam: updateWithAdam ?? self.updateWithAdam,
            updateWithRMSprop: updateWithRMSprop,
            updateWithAdagrad: updateWithAdagrad,
            updateWithLion: updateWithLion,
            updateWithNAdam: updateWithNAdam,
            averageWeights: averageWeights,
            accumulate: accumulate,
            scaleValues: scaleValues,
            clampValues: clampValues,
            limitColumnNorms: limitColumnNorms,
            sumOfSquares: sumOfSquares,
            squaredDistance: squaredDistance,
            sumPenalties: sumPenalties,
            allFinite: allFinite,
            firstNonFinite: firstNonFinite,
            countActive: countActive,
            gatherRows: gatherRows ?? self.gatherRows,
            exercise: exercise,
            copyImages: copyImages,
            addImages: addImages,
            convolve: convolve,
            flipConvolutionWeights: flipConvolutionWeights,
            convolveInputGradient: convolveInputGradient ?? self.convolveInputGradient,
            convolveWeightGradient: convolveWeightGradient ?? self.convolveWeightGradient,
            poolMax: poolMax,
            poolMaxGradient: poolMaxGradient ?? self.poolMaxGradient,
            poolAverage: poolAverage,
            poolAverageGradient: poolAverageGradient ?? self.poolAverageGradient,
            normalizeBatch: normalizeBatch,
            normalizeBatchEvaluation: normalizeBatchEvaluation,
            normalizeBatchGradient: normalizeBatchGradient ?? self.normalizeBatchGradient,
            normalizeLayer: normalizeLayer,
            normalizeLayerGradient: normalizeLayerGradient ?? self.normalizeLayerGradient
        )
    }
}

extension KernelTable {
    /// A table whose losses are `factor` times what they should be, and gradients `gradientFactor` times.
    func withLosses(_ factor: Float, gradients gradientFactor: Float) -> KernelTable {
        @Sendable func scale(_ losses: MutableFloats?, _ rows: Int, _ sum: Double) -> Double {
            if let losses { for row in 0..<rows { losses[row] *= factor } }
            return sum * Double(factor)
        }
        return replacing(
            softmaxCrossEntropy: { [softmaxCrossEntropy] loss in
                var loss = loss
                loss.gradientScale *= gradientFactor
                return scale(loss.losses, loss.rows, softmaxCrossEntropy(loss))
            },
            binaryCrossEntropy: { [binaryCrossEntropy] loss in
                var loss = loss
                loss.gradientScale *= gradientFactor
                return scale(loss.losses, loss.rows, binaryCrossEntropy(loss))
            },
            squaredError: { [squaredError] loss in
                var loss = loss
                loss.gradientScale *= gradientFactor
                return scale(loss.losses, loss.rows, squaredError(loss))
            },
            robustError: { [robustError] loss in
                var loss = loss
                loss.gradientScale *= gradientFactor
                return scale(loss.losses, loss.rows, robustError(loss))
            }
        )
    }

    /// A table in which the gradients of biases are zero.
    var withoutBiasGradients: KernelTable {
        replacing(sumColumns: { sums in sums.sums.update(repeating: 0, count: sums.columns) })
    }

    /// A table whose products that are weight gradients (A with its strides exchanged) are half of what they should be.
    var withHalvedWeightGradients: KernelTable {
        replacing(gemm: { [gemm] product in
            gemm(product)
            guard product.leftRowStride == 1, product.leftDepthStride != 1 else { return }
            for row in 0..<product.rows {
                for column in 0..<product.columns {
                    let place = row * product.outputRowStride + column / 16 * product.outputVectorStride + column % 16
                    product.output[place] /= 2
                }
            }
        })
    }
}
