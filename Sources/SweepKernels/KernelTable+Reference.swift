package import KernelAPI

extension KernelTable {
    /// The plain scalar versions: the oracle of the tests, one element after another, slow.
    ///
    /// They state the same chains and trees as the kernels, so their results agree with every table bit for bit.
    package static let reference = KernelTable(
        name: "reference",
        gemm: Reference.gemm,
        transposePanels: Reference.transposePanels,
        denseInputGradient: Reference.denseInputGradient,
        sumColumns: Reference.sumColumns,
        activate: Reference.activate,
        differentiate: Reference.differentiate,
        dropOut: Reference.dropOut,
        softmaxCrossEntropy: Reference.softmaxCrossEntropy,
        softTargetCrossEntropy: Reference.softTargetCrossEntropy,
        binaryCrossEntropy: Reference.binaryCrossEntropy,
        squaredError: Reference.squaredError,
        robustError: Reference.robustError,
        countCorrect: Reference.countCorrect,
        softmax: Reference.softmax,
        updateWithMomentum: Reference.updateWithMomentum,
        updateWithAdam: Reference.updateWithAdam,
        updateWithRMSprop: Reference.updateWithRMSprop,
        updateWithAdagrad: Reference.updateWithAdagrad,
        updateWithLion: Reference.updateWithLion,
        updateWithNAdam: Reference.updateWithNAdam,
        averageWeights: Reference.averageWeights,
        accumulate: Reference.accumulate,
        limitColumnNorms: Reference.limitColumnNorms,
        sumOfSquares: Reference.sumOfSquares,
        sumPenalties: Reference.sumPenalties,
        allFinite: Reference.allFinite,
        gatherRows: Reference.gatherRows,
        exercise: Reference.exercise,
        copyImages: Reference.copyImages,
        addImages: Reference.addImages,
        convolve: Reference.convolve,
        flipConvolutionWeights: Reference.flipConvolutionWeights,
        convolveInputGradient: Reference.convolveInputGradient,
        convolveWeightGradient: Reference.convolveWeightGradient,
        poolMax: Reference.poolMax,
        poolMaxGradient: Reference.poolMaxGradient,
        convolveAndPool: Reference.convolveAndPool,
        convolveAndPoolGradient: Reference.convolveAndPoolGradient,
        poolAverage: Reference.poolAverage,
        poolAverageGradient: Reference.poolAverageGradient,
        normalizeBatch: Reference.normalizeBatch,
        normalizeBatchEvaluation: Reference.normalizeBatchEvaluation,
        normalizeBatchGradient: Reference.normalizeBatchGradient,
        normalizeLayer: Reference.normalizeLayer,
        normalizeLayerGradient: Reference.normalizeLayerGradient
    )
}

/// The plain scalar versions of the kernels; KernelAPI says what each computes.
enum Reference {
    /// Sixteen lanes added as the kernels add them: halves onto halves.
    static func sum(_ lanes: [Float]) -> Float {
        var values = lanes
        while values.count > 1 {
            let half = values.count / 2
            values = (0..<half).map { values[$0] + values[$0 + half] }
        }
        return values[0]
    }

    /// Where channel 0 of a pixel is; the pixel may be in the border.
    static func place(_ layout: ImageLayout, _ sample: Int, _ y: Int, _ x: Int) -> Int {
        sample * layout.sampleStride + y * layout.rowStride + x * layout.pixelStride
    }
}
