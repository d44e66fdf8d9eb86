import KernelAPI

/// The pixels of an image row that are summed into one block.
private let pixelRun = 256

@inline(__always)
private func squared(_ chain: Lanes, _ place: Floats, _ mean: Lanes) -> Lanes {
    let deviation = load(place) - mean
    return chain.addingProduct(deviation, deviation)
}

/// The sum of squared deviations of a run of pixels: four chains, added as (0 + 1) + (2 + 3).
@inline(__always)
private func sumOfSquares(_ first: Floats, _ pixel: Int, _ count: Int, _ mean: Lanes) -> Lanes {
    var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var p = first
    var x = 0
    while x &+ 4 <= count {
        a = squared(a, p, mean)
        b = squared(b, p + pixel, mean)
        c = squared(c, p + 2 &* pixel, mean)
        d = squared(d, p + 3 &* pixel, mean)
        p += 4 &* pixel
        x &+= 4
    }
    if x < count { a = squared(a, p, mean) }
    if x &+ 1 < count { b = squared(b, p + pixel, mean) }
    if x &+ 2 < count { c = squared(c, p + 2 &* pixel, mean) }
    return (a + b) + (c + d)
}

@inline(__always)
private func correlated(_ chain: Lanes, _ gradient: Floats, _ input: Floats, _ mean: Lanes, _ inverse: Lanes) -> Lanes {
    chain.addingProduct(load(gradient), (load(input) - mean) * inverse)
}

/// The sum of dy · x̂ of a run of pixels: four chains, added as (0 + 1) + (2 + 3).
@inline(__always)
private func sumOfProducts(
    _ gradient: Floats,
    _ gradientPixel: Int,
    _ input: Floats,
    _ inputPixel: Int,
    _ count: Int,
    _ mean: Lanes,
    _ inverse: Lanes
) -> Lanes {
    var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var (g, p) = (gradient, input)
    var x = 0
    while x &+ 4 <= count {
        a = correlated(a, g, p, mean, inverse)
        b = correlated(b, g + gradientPixel, p + inputPixel, mean, inverse)
        c = correlated(c, g + 2 &* gradientPixel, p + 2 &* inputPixel, mean, inverse)
        d = correlated(d, g + 3 &* gradientPixel, p + 3 &* inputPixel, mean, inverse)
        g += 4 &* gradientPixel
        p += 4 &* inputPixel
        x &+= 4
    }
    if x < count { a = correlated(a, g, p, mean, inverse) }
    if x &+ 1 < count { b = correlated(b, g + gradientPixel, p + inputPixel, mean, inverse) }
    if x &+ 2 < count { c = correlated(c, g + 2 &* gradientPixel, p + 2 &* inputPixel, mean, inverse) }
    return (a + b) + (c + d)
}

/// Sets so many elements, a multiple of 16, to zero.
@inline(__always)
private func clear(_ values: MutableFloats, _ count: Int) {
    var n = 0
    while n < count {
        store(Lanes.zero, values + n)
        n &+= 16
    }
}

/// Batch normalisation in training: two passes for the moments, one for the outputs.
func normalizeBatch(_ batch: BatchNormalization) {
    let layout = batch.inputLayout
    let pixels = batch.batch &* batch.height &* batch.width
    let share = splat(1 / Float(Int32(truncatingIfNeeded: pixels)))
    clear(batch.mean, batch.channels)
    clear(batch.inverseDeviation, batch.channels)
    var sample = 0
    while sample < batch.batch {
        var n = 0
        while n < batch.channels {
            var total = Lanes.zero
            var y = 0
            while y < batch.height {
                var p = batch.input + (sample &* layout.sampleStride &+ y &* layout.rowStride &+ n)
                var x = 0
                while x < batch.width {
                    let run = batch.width &- x < pixelRun ? batch.width &- x : pixelRun
                    total += sumOfPixels(p, layout.pixelStride, run)
                    p += run &* layout.pixelStride
                    x &+= run
                }
                y &+= 1
            }
            store(load(batch.mean + n) + total, batch.mean + n)
            n &+= 16
        }
        sample &+= 1
    }
    var n = 0
    while n < batch.channels {
        store(load(batch.mean + n) * share, batch.mean + n)
        n &+= 16
    }
    sample = 0
    while sample < batch.batch {
        n = 0
        while n < batch.channels {
            let mean = load(batch.mean + n)
            var total = Lanes.zero
            var y = 0
            while y < batch.height {
                var p = batch.input + (sample &* layout.sampleStride &+ y &* layout.rowStride &+ n)
                var x = 0
                while x < batch.width {
                    let run = batch.width &- x < pixelRun ? batch.width &- x : pixelRun
                    total += sumOfSquares(p, layout.pixelStride, run, mean)
                    p += run &* layout.pixelStride
                    x &+= run
                }
                y &+= 1
            }
            store(load(batch.inverseDeviation + n) + total, batch.inverseDeviation + n)
            n &+= 16
        }
        sample &+= 1
    }
    let unbiased = splat(1 / Float(Int32(truncatingIfNeeded: pixels > 1 ? pixels &- 1 : 1)))
    let momentum = splat(batch.momentum)
    n = 0
    while n < batch.channels {
        let squares = load(batch.inverseDeviation + n)
        let inverse = splat(1) / (squares * share + splat(batch.epsilon)).squareRoot()
        store(inverse, batch.inverseDeviation + n)
        let runningMean = load(batch.runningMean + n)
        let runningVariance = load(batch.runningVariance + n)
        store(runningMean.addingProduct(momentum, load(batch.mean + n) - runningMean), batch.runningMean + n)
        store(
            runningVariance.addingProduct(momentum, squares * unbiased - runningVariance),
            batch.runningVariance + n
        )
        n &+= 16
    }
    normalize(
        BatchNormalizationEvaluation(
            batch: batch.batch,
            height: batch.height,
            width: batch.width,
            channels: batch.channels,
            input: batch.input,
            inputLayout: layout,
            gain: batch.gain,
            shift: batch.shift,
            runningMean: batch.mean,
            runningVariance: batch.inverseDeviation,
            epsilon: batch.epsilon,
            output: batch.output,
            outputLayout: batch.outputLayout,
            relu: batch.relu
        ),
        inverted: true
    )
}

/// Batch normalisation in evaluation.
func normalizeBatchEvaluation(_ batch: BatchNormalizationEvaluation) {
    normalize(batch, inverted: false)
}

/// y = (x − mean) · scale + shift; `inverted` says that the variances are 1/√(σ² + ε) already.
private func normalize(_ batch: BatchNormalizationEvaluation, inverted: Bool) {
    if batch.relu {
        normalize(batch, inverted: inverted, relu: true)
    } else {
        normalize(batch, inverted: inverted, relu: false)
    }
}

@inline(__always)
private func normalize(_ batch: BatchNormalizationEvaluation, inverted: Bool, relu: Bool) {
    let layout = batch.inputLayout
    let outputLayout = batch.outputLayout
    var sample = 0
    while sample < batch.batch {
        var y = 0
        while y < batch.height {
            let input = batch.input + (sample &* layout.sampleStride &+ y &* layout.rowStride)
            let output = batch.output + (sample &* outputLayout.sampleStride &+ y &* outputLayout.rowStride)
            var n = 0
            while n < batch.channels {
                let mean = load(batch.runningMean + n)
                let shift = load(batch.shift + n)
                let variance = load(batch.runningVariance + n)
                let inverse = inverted ? variance : splat(1) / (variance + splat(batch.epsilon)).squareRoot()
                let scale = load(batch.gain + n) * inverse
                var (p, o) = (input + n, output + n)
                var x = 0
                while x < batch.width {
                    let value = shift.addingProduct(load(p) - mean, scale)
                    store(relu ? rectified(value) : value, o)
                    p += layout.pixelStride
                    o += outputLayout.pixelStride
                    x &+= 1
                }
                n &+= 16
            }
            y &+= 1
        }
        sample &+= 1
    }
}

/// The gradients of a batch normalisation: one pass for the sums, one for dx.
func normalizeBatchGradient(_ batch: BatchNormalizationGradient) {
    let layout = batch.inputLayout
    let source = batch.outputGradientLayout
    clear(batch.gainGradient, batch.channels)
    clear(batch.shiftGradient, batch.channels)
    var sample = 0
    while sample < batch.batch {
        var n = 0
        while n < batch.channels {
            let mean = load(batch.mean + n)
            let inverse = load(batch.inverseDeviation + n)
            var gain = Lanes.zero
            var shift = Lanes.zero
            var y = 0
            while y < batch.height {
                var p = batch.input + (sample &* layout.sampleStride &+ y &* layout.rowStride &+ n)
                var g = batch.outputGradient + (sample &* source.sampleStride &+ y &* source.rowStride &+ n)
                var x = 0
                while x < batch.width {
                    let run = batch.width &- x < pixelRun ? batch.width &- x : pixelRun
                    gain += sumOfProducts(g, source.pixelStride, p, layout.pixelStride, run, mean, inverse)
                    shift += sumOfPixels(g, source.pixelStride, run)
                    p += run &* layout.pixelStride
                    g += run &* source.pixelStride
                    x &+= run
                }
                y &+= 1
            }
            store(load(batch.gainGradient + n) + gain, batch.gainGradient + n)
            store(load(batch.shiftGradient + n) + shift, batch.shiftGradient + n)
            n &+= 16
        }
        sample &+= 1
    }
    guard let inputGradient = batch.inputGradient else { return }
    let pixels = batch.batch &* batch.height &* batch.width
    let share = splat(1 / Float(Int32(truncatingIfNeeded: pixels)))
    let destination = batch.inputGradientLayout
    sample = 0
    while sample < batch.batch {
        var y = 0
        while y < batch.height {
            let input = batch.input + (sample &* layout.sampleStride &+ y &* layout.rowStride)
            let gradient = batch.outputGradient + (sample &* source.sampleStride &+ y &* source.rowStride)
            let output = inputGradient + (sample &* destination.sampleStride &+ y &* destination.rowStride)
            var n = 0
            while n < batch.channels {
                let mean = load(batch.mean + n)
                let inverse = load(batch.inverseDeviation + n)
                let scale = load(batch.gain + n) * inverse
                let meanGradient = load(batch.shiftGradient + n) * share
                let slope = Lanes.zero - load(batch.gainGradient + n) * share
                var (p, g, d) = (input + n, gradient + n, output + n)
                var x = 0
                while x < batch.width {
                    let normalized = (load(p) - mean) * inverse
                    store((load(g) - meanGradient).addingProduct(normalized, slope) * scale, d)
                    p += layout.pixelStride
                    g += source.pixelStride
                    d += destination.pixelStride
                    x &+= 1
                }
                n &+= 16
            }
            y &+= 1
        }
        sample &+= 1
    }
}
