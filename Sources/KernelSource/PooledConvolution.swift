import KernelAPI

/// A convolution and the max pooling behind it.
///
/// With AVX-512 at once where the windows are 2 × 2 and cover its output: what lies between is never written. There are
/// too few registers elsewhere.
func convolveAndPool(_ pooled: PooledConvolution) {
    #if ISA_V4
        if let codes = pooled.pool.codes, isPooledInTiles(pooled) {
            convolveAndPoolInTiles(pooled, codes)
            return
        }
    #endif
    convolve(pooled.convolution)
    poolMax(pooled.pool)
}

/// The gradients of a convolution's weights and bias from that of the max pooling behind it.
///
/// With AVX-512 at once where the kernel is 3 × 3 over one channel and the windows are 2 × 2 and cover its output.
func convolveAndPoolGradient(_ gradient: PooledConvolutionGradient) {
    #if ISA_V4
        if isGatheredFromWindows(gradient) {
            gatherFromWindows(gradient)
            return
        }
    #endif
    poolMaxGradient(gradient.pool)
    convolveWeightGradient(gradient.weights)
}

#if ISA_V4
    /// Whether the windows are 2 × 2 and hold every pixel.
    private func areWholeQuarters(_ shape: PoolShape) -> Bool {
        areQuarters(shape) && shape.inputHeight % 2 == 0 && shape.inputWidth % 2 == 0
    }

    /// Whether the pixels are a distance apart for which there are tiles, and the rows long enough.
    private func isPooledInTiles(_ pooled: PooledConvolution) -> Bool {
        let shape = pooled.convolution.shape
        guard areWholeQuarters(pooled.pool.shape), shape.outputWidth >= 8 else { return false }
        guard shape.strideX == 1, shape.strideY == 1 else { return false }
        let pixel = pooled.convolution.inputLayout.pixelStride
        return pixel == 1 || pixel == 16 || pixel == 32 || pixel == 64
    }

    /// Rows of windows one after another, in each all vectors of a tile before the next.
    private func convolveAndPoolInTiles(_ pooled: PooledConvolution, _ codes: MutableFloats) {
        let convolution = pooled.convolution
        let shape = convolution.shape
        let layout = convolution.inputLayout
        let target = pooled.pool.outputLayout
        let channels = shape.outputChannels
        let height = shape.outputHeight / 2
        let width = shape.outputWidth / 2
        // As equal as they can be: of 4 to 7 windows, as there are 4 at least.
        let most = largestPooledColumns / 2
        let tiles = (width &+ (most &- 1)) / most
        let short = width / tiles
        let longTiles = width &- tiles &* short
        let kernelRow = shape.kernelWidth &* shape.inputChannels
        var relu = false
        if case .relu = convolution.epilogue { relu = true }
        let origin =
            convolution.input - (shape.paddingTop &* layout.rowStride &+ shape.paddingLeft &* layout.pixelStride)
        var tile = PooledTile(
            left: origin,
            leftRow: layout.rowStride,
            middleDepth: shape.kernelHeight,
            innerDepth: kernelRow,
            right: convolution.weights,
            bias: nil,
            relu: relu,
            output: pooled.pool.output,
            outputPixel: target.pixelStride,
            codes: codes,
            codePixel: channels
        )
        var sample = 0
        while sample < shape.batch {
            var y = 0
            while y < height {
                let row = origin + (sample &* layout.sampleStride &+ 2 &* y &* layout.rowStride)
                let outputRow = pooled.pool.output + (sample &* target.sampleStride &+ y &* target.rowStride)
                let codeRow = codes + (sample &* height &+ y) &* width &* channels
                var x = 0
                var number = 0
                while number < tiles {
                    let windows = number < longTiles ? short &+ 1 : short
                    tile.left = row + 2 &* x &* layout.pixelStride
                    var vector = 0
                    while vector < channels {
                        tile.right = convolution.weights + vector / 16 &* convolution.panelStride
                        if let bias = convolution.bias { tile.bias = bias + vector }
                        tile.output = outputRow + (x &* target.pixelStride &+ vector)
                        tile.codes = codeRow + (x &* channels &+ vector)
                        switch layout.pixelStride {
                        case 1: multiplyPooledNear1(2 &* windows, tile)
                        case 16: multiplyPooledNear16(2 &* windows, tile)
                        case 32: multiplyPooledNear32(2 &* windows, tile)
                        default: multiplyPooledNear64(2 &* windows, tile)
                        }
                        vector &+= 16
                    }
                    x &+= windows
                    number &+= 1
                }
                y &+= 1
            }
            sample &+= 1
        }
    }

    /// Whether the weights' gradients fit the registers beside nine pixels' gradients.
    private func isGatheredFromWindows(_ gradient: PooledConvolutionGradient) -> Bool {
        let shape = gradient.weights.shape
        return areWholeQuarters(gradient.pool.shape) && shape.kernelHeight == 3 && shape.kernelWidth == 3
            && shape.inputChannels == 1 && gradient.weights.inputLayout.pixelStride == 1
            && shape.strideX == 1 && shape.strideY == 1
    }

    /// A vector of output channels after another, each over all samples: its nine rows of weights stay in registers.
    private func gatherFromWindows(_ gradient: PooledConvolutionGradient) {
        var channel = 0
        while channel < gradient.weights.shape.outputChannels {
            gatherFromWindows(gradient, channel)
            channel &+= 16
        }
    }

    /// The gradients of 16 output channels. An output pixel's gradient is its window's where it won, else zero.
    private func gatherFromWindows(_ gradient: PooledConvolutionGradient, _ channel: Int) {
        let weights = gradient.weights
        let pool = gradient.pool
        let shape = weights.shape
        let layout = weights.inputLayout
        let source = pool.outputGradientLayout
        let maskLayout = pool.reluMaskLayout
        let height = shape.outputHeight
        let windows = shape.outputWidth / 2
        let channels = shape.outputChannels
        let row = layout.rowStride
        let target = weights.weightGradient + channel / 16 &* weights.panelStride
        let origin = weights.input - (shape.paddingTop &* row &+ shape.paddingLeft)
        var (g0, g1, g2) = (Lanes.zero, Lanes.zero, Lanes.zero)
        var (g3, g4, g5) = (Lanes.zero, Lanes.zero, Lanes.zero)
        var (g6, g7, g8) = (Lanes.zero, Lanes.zero, Lanes.zero)
        var total = Lanes.zero
        if weights.continues {
            (g0, g1, g2) = (load(target), load(target + 16), load(target + 32))
            (g3, g4, g5) = (load(target + 48), load(target + 64), load(target + 80))
            (g6, g7, g8) = (load(target + 96), load(target + 112), load(target + 128))
            if let bias = weights.biasGradient { total = load(bias + channel) }
        }
        var sample = 0
        while sample < shape.batch {
            var y = 0
            while y < height {
                let window = y / 2
                let tap: Float = y % 2 == 0 ? 0 : 2
                var value =
                    pool.outputGradient + (sample &* source.sampleStride &+ window &* source.rowStride &+ channel)
                var code = pool.codes + ((sample &* (height / 2) &+ window) &* windows &* channels &+ channel)
                var mask =
                    (pool.reluMask ?? pool.outputGradient)
                    + (sample &* maskLayout.sampleStride &+ window &* maskLayout.rowStride &+ channel)
                let masks = pool.reluMask != nil
                var x = origin + (sample &* layout.sampleStride &+ y &* row)
                // The sums of the row's pixels, every fourth in one; see `sumOfPixels`.
                var (s0, s1, s2, s3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
                var rest = windows
                while rest > 0 {
                    var lanes = Lanes.zero + load(value)
                    if masks { lanes = passed(lanes, load(mask)) }
                    let winner = load(code)
                    let left = won(lanes, winner, tap)
                    let right = won(lanes, winner, tap + 1)
                    let (t0, t1, t2, t3) = (splat(x[0]), splat(x[1]), splat(x[2]), splat(x[3]))
                    g0 = g0.addingProduct(t0, left).addingProduct(t1, right)
                    g1 = g1.addingProduct(t1, left).addingProduct(t2, right)
                    g2 = g2.addingProduct(t2, left).addingProduct(t3, right)
                    let m = x + row
                    let (m0, m1, m2, m3) = (splat(m[0]), splat(m[1]), splat(m[2]), splat(m[3]))
                    g3 = g3.addingProduct(m0, left).addingProduct(m1, right)
                    g4 = g4.addingProduct(m1, left).addingProduct(m2, right)
                    g5 = g5.addingProduct(m2, left).addingProduct(m3, right)
                    let b = x + 2 &* row
                    let (b0, b1, b2, b3) = (splat(b[0]), splat(b[1]), splat(b[2]), splat(b[3]))
                    g6 = g6.addingProduct(b0, left).addingProduct(b1, right)
                    g7 = g7.addingProduct(b1, left).addingProduct(b2, right)
                    g8 = g8.addingProduct(b2, left).addingProduct(b3, right)
                    let (first, second) = (s0 + left, s1 + right)
                    (s0, s1, s2, s3) = (s2, s3, first, second)
                    x += 2
                    value += source.pixelStride
                    code += channels
                    mask += maskLayout.pixelStride
                    rest &-= 1
                }
                // After an odd number of windows the halves are exchanged: their sum is the same.
                total += (s0 + s1) + (s2 + s3)
                y &+= 1
            }
            sample &+= 1
        }
        store(g0, target)
        store(g1, target + 16)
        store(g2, target + 32)
        store(g3, target + 48)
        store(g4, target + 64)
        store(g5, target + 80)
        store(g6, target + 96)
        store(g7, target + 112)
        store(g8, target + 128)
        if let bias = weights.biasGradient { store(total, bias + channel) }
    }
#endif
