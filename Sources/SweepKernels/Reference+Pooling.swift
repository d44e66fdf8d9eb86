import KernelAPI

extension Reference {
    /// The taps of window (oy, ox) that are in the image, in scan order: their number and the pixel.
    private static func window(_ shape: PoolShape, _ oy: Int, _ ox: Int) -> [(tap: Int, y: Int, x: Int)] {
        var taps: [(tap: Int, y: Int, x: Int)] = []
        for ky in 0..<shape.kernelHeight {
            for kx in 0..<shape.kernelWidth {
                let (y, x) = (oy * shape.strideY + ky - shape.paddingY, ox * shape.strideX + kx - shape.paddingX)
                guard (0..<shape.inputHeight).contains(y), (0..<shape.inputWidth).contains(x) else { continue }
                taps.append((ky * shape.kernelWidth + kx, y, x))
            }
        }
        return taps
    }

    /// Every window of a batch in scan order, with the number of its first element without gaps.
    private static func forEachWindow(
        _ shape: PoolShape,
        _ body: (_ sample: Int, _ oy: Int, _ ox: Int, _ code: Int, _ taps: [(tap: Int, y: Int, x: Int)]) -> Void
    ) {
        var code = 0
        for sample in 0..<shape.batch {
            for oy in 0..<shape.outputHeight {
                for ox in 0..<shape.outputWidth {
                    body(sample, oy, ox, code, window(shape, oy, ox))
                    code += shape.channels
                }
            }
        }
    }

    /// Sets a batch of input gradients to zero.
    private static func clear(_ shape: PoolShape, _ gradient: MutableFloats, _ layout: ImageLayout) {
        for sample in 0..<shape.batch {
            for y in 0..<shape.inputHeight {
                for x in 0..<shape.inputWidth {
                    for c in 0..<shape.channels { gradient[place(layout, sample, y, x) + c] = 0 }
                }
            }
        }
    }

    /// Sets input gradients to zero where the activation is ≤ 0.
    private static func mask(
        _ shape: PoolShape,
        _ gradient: MutableFloats,
        _ layout: ImageLayout,
        _ activation: Floats?,
        _ activationLayout: ImageLayout
    ) {
        guard let activation else { return }
        for sample in 0..<shape.batch {
            for y in 0..<shape.inputHeight {
                for x in 0..<shape.inputWidth {
                    for c in 0..<shape.channels where activation[place(activationLayout, sample, y, x) + c] <= 0 {
                        gradient[place(layout, sample, y, x) + c] = 0
                    }
                }
            }
        }
    }

    static func poolMax(_ pool: MaxPool) {
        forEachWindow(pool.shape) { sample, oy, ox, code, taps in
            for c in 0..<pool.shape.channels {
                var winner = taps[0].tap
                var value = pool.input[place(pool.inputLayout, sample, taps[0].y, taps[0].x) + c]
                for tap in taps {
                    let candidate = pool.input[place(pool.inputLayout, sample, tap.y, tap.x) + c]
                    if candidate > value || candidate.isNaN { (winner, value) = (tap.tap, candidate) }
                }
                pool.output[place(pool.outputLayout, sample, oy, ox) + c] = value
                pool.codes?[code + c] = Float(winner)
            }
        }
    }

    static func poolMaxGradient(_ pool: MaxPoolGradient) {
        clear(pool.shape, pool.inputGradient, pool.inputGradientLayout)
        forEachWindow(pool.shape) { sample, oy, ox, code, taps in
            for tap in taps {
                for c in 0..<pool.shape.channels where pool.codes[code + c] == Float(tap.tap) {
                    let output = place(pool.reluMaskLayout, sample, oy, ox) + c
                    if let mask = pool.reluMask, mask[output] <= 0 { continue }
                    pool.inputGradient[place(pool.inputGradientLayout, sample, tap.y, tap.x) + c] +=
                        pool.outputGradient[place(pool.outputGradientLayout, sample, oy, ox) + c]
                }
            }
        }
    }

    /// 1 / n of a window.
    private static func share(_ shape: PoolShape, _ countsPadding: Bool, _ taps: Int) -> Float {
        1 / Float(countsPadding ? shape.kernelHeight * shape.kernelWidth : taps)
    }

    static func poolAverage(_ pool: AveragePool) {
        forEachWindow(pool.shape) { sample, oy, ox, _, taps in
            for c in 0..<pool.shape.channels {
                var sum: Float = 0
                for tap in taps { sum += pool.input[place(pool.inputLayout, sample, tap.y, tap.x) + c] }
                pool.output[place(pool.outputLayout, sample, oy, ox) + c] =
                    sum * share(pool.shape, pool.countsPadding, taps.count)
            }
        }
    }

    static func poolAverageGradient(_ pool: AveragePoolGradient) {
        clear(pool.shape, pool.inputGradient, pool.inputGradientLayout)
        forEachWindow(pool.shape) { sample, oy, ox, _, taps in
            for tap in taps {
                for c in 0..<pool.shape.channels {
                    pool.inputGradient[place(pool.inputGradientLayout, sample, tap.y, tap.x) + c].addProduct(
                        pool.outputGradient[place(pool.outputGradientLayout, sample, oy, ox) + c],
                        share(pool.shape, pool.countsPadding, taps.count)
                    )
                }
            }
        }
        mask(pool.shape, pool.inputGradient, pool.inputGradientLayout, pool.reluMask, pool.reluMaskLayout)
    }

    static func convolveAndPool(_ pooled: PooledConvolution) {
        convolve(pooled.convolution)
        poolMax(pooled.pool)
    }

    static func convolveAndPoolGradient(_ gradient: PooledConvolutionGradient) {
        poolMaxGradient(gradient.pool)
        convolveWeightGradient(gradient.weights)
    }
}
