package import KernelAPI

#if ISA_V4
    private let name = "v4"
#elseif ISA_V3
    private let name = "v3"
#elseif ISA_V2
    private let name = "v2"
#else
    private let name = "neon"
#endif

/// The kernels compiled for this target's instruction set.
package let kernels = KernelTable(
    name: name,
    gemm: gemm,
    transposePanels: transposePanels,
    denseInputGradient: denseInputGradient,
    sumColumns: sumColumns,
    activate: activate,
    differentiate: differentiate,
    dropOut: dropOut,
    softmaxCrossEntropy: softmaxCrossEntropy,
    softTargetCrossEntropy: softTargetCrossEntropy,
    binaryCrossEntropy: binaryCrossEntropy,
    squaredError: squaredError,
    robustError: robustError,
    countCorrect: countCorrect,
    softmax: softmax,
    updateWithMomentum: updateWithMomentum,
    updateWithAdam: updateWithAdam,
    updateWithRMSprop: updateWithRMSprop,
    updateWithAdagrad: updateWithAdagrad,
    updateWithLion: updateWithLion,
    updateWithNAdam: updateWithNAdam,
    averageWeights: averageWeights,
    accumulate: accumulate,
    limitColumnNorms: limitColumnNorms,
    sumOfSquares: sumOfSquares,
    sumPenalties: sumPenalties,
    allFinite: allFinite,
    gatherRows: gatherRows,
    exercise: exercise,
    copyImages: copyImages,
    addImages: addImages,
    convolve: convolve,
    flipConvolutionWeights: flipConvolutionWeights,
    convolveInputGradient: convolveInputGradient,
    convolveWeightGradient: convolveWeightGradient,
    poolMax: poolMax,
    poolMaxGradient: poolMaxGradient,
    convolveAndPool: convolveAndPool,
    convolveAndPoolGradient: convolveAndPoolGradient,
    poolAverage: poolAverage,
    poolAverageGradient: poolAverageGradient,
    normalizeBatch: normalizeBatch,
    normalizeBatchEvaluation: normalizeBatchEvaluation,
    normalizeBatchGradient: normalizeBatchGradient,
    normalizeLayer: normalizeLayer,
    normalizeLayerGradient: normalizeLayerGradient
)
