/// A convolution and the max pooling behind it at once, so that what lies between need not pass through the caches.
///
/// **Determinism.** The bits of one after the other.
package struct PooledConvolution {
    /// Its output need not be written; where it is, it has the bits that it has alone.
    package var convolution: Convolution
    /// Reads that output.
    package var pool: MaxPool

    /// Describes both; the pooling's input is the convolution's output, of as many samples.
    package init(convolution: Convolution, pool: MaxPool) {
        self.convolution = convolution
        self.pool = pool
    }
}

/// The gradients of a convolution's weights and bias from the gradient of the max pooling behind it.
///
/// **Determinism.** The bits of one after the other.
package struct PooledConvolutionGradient {
    /// Its `inputGradient` need not be written; where it is, it has the bits that it has alone.
    package var pool: MaxPoolGradient
    /// Reads that gradient.
    package var weights: ConvolutionWeightGradient

    /// Describes both; the convolution's output gradient is the pooling's input gradient, of as many samples.
    package init(pool: MaxPoolGradient, weights: ConvolutionWeightGradient) {
        self.pool = pool
        self.weights = weights
    }
}
