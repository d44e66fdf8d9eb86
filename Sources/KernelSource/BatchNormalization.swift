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

/// Where the gradients, masks and inputs of a run of pixels begin, and how far apart their pixels are.
private struct GradientRun {
    var gradient: Floats
    var mask: Floats
    var input: Floats
    let gradientPixel: Int
    let maskPixel: Int
    let inputPixel: Int

    /// Goes on by so many pixels.
    @inline(__always)
    mutating func advance(_ pixels: Int) {
        gradient += pixels &* gradientPixel
        mask += pixels &* maskPixel
        input += pixels &* inputPixel
    }

    /// dy of a pixel from the beginning on, zero where a mask is not above zero.
    @inline(__always)
    func outputGradient(_ pixel: Int, masks: Bool) -> Lanes {
        let values = load(gradient + pixel &* gradientPixel)
        return masks ? passed(values, load(mask + pixel &* maskPixel)) : values
    }

    /// The chain with dy · x̂ of such a pixel added.
    @inline(__always)
    func correlated(_ chain: Lanes, _ pixel: Int, _ mean: Lanes, _ inverse: Lanes, masks: Bool) -> Lanes {
        chain.addingProduct(outputGradient(pixel, masks: masks), (load(input + pixel &* inputPixel) - mean) * inverse)
    }
}

/// The sum of dy · x̂ of a run of so many pixels: four chains, added as (0 + 1) + (2 + 3).
@inline(__always)
private func sumOfProducts(_ first: GradientRun, _ count: Int, _ mean: Lanes, _ inverse: Lanes, masks: Bool) -> Lanes {
    var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var run = first
    var x = 0
    while x &+ 4 <= count {
        a = run.correlated(a, 0, mean, inverse, masks: masks)
        b = run.correlated(b, 1, mean, inverse, masks: masks)
        c = run.correlated(c, 2, mean, inverse, masks: masks)
        d = run.correlated(d, 3, mean, inverse, masks: masks)
        run.advance(4)
        x &+= 4
    }
    if x < count { a = run.correlated(a, 0, mean, inverse, masks: masks) }
    if x &+ 1 < count { b = run.correlated(b, 1, mean, inverse, masks: masks) }
    if x &+ 2 < count { c = run.correlated(c, 2, mean, inverse, masks: masks) }
    return (a + b) + (c + d)
}

/// The sum of dy of a run of so many pixels, in the same order.
@inline(__always)
private func sumOfGradients(_ first: GradientRun, _ count: Int, masks: Bool) -> Lanes {
    var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var run = first
    var x = 0
    while x &+ 4 <= count {
        a += run.outputGradient(0, masks: masks)
        b += run.outputGradient(1, masks: masks)
        c += run.outputGradient(2, masks: masks)
        d += run.outputGradient(3, masks: masks)
        run.advance(4)
        x &+= 4
    }
    if x < count { a += run.outputGradient(0, masks: masks) }
    if x &+ 1 < count { b += run.outputGradient(1, masks: masks) }
    if x &+ 2 < count { c += run.outputGradient(2, masks: masks) }
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
    switch batch.pass {
    case .whole:
        addSums(batch, continues: false)
        takeMoments(batch)
        writeOutputs(batch)
    case .sums(let continues): addSums(batch, continues: continues)
    case .moments: takeMoments(batch)
    case .outputs: writeOutputs(batch)
    }
}

/// Adds the inputs, sample by sample, to what stands in the place of the means.
private func addSums(_ batch: BatchNormalization, continues: Bool) {
    let layout = batch.inputLayout
    if !continues { clear(batch.mean, batch.channels) }
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
}

/// The means from the sums that stand in their place, the deviations from the inputs, and what runs on from both.
private func takeMoments(_ batch: BatchNormalization) {
    let layout = batch.inputLayout
    let pixels = batch.batch &* batch.height &* batch.width
    let share = splat(1 / Float(Int32(truncatingIfNeeded: pixels)))
    var n = 0
    while n < batch.channels {
        store(load(batch.mean + n) * share, batch.mean + n)
        n &+= 16
    }
    clear(batch.inverseDeviation, batch.channels)
    var sample = 0
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
}

/// y of samples whose moments stand.
private func writeOutputs(_ batch: BatchNormalization) {
    normalize(
        BatchNormalizationEvaluation(
            batch: batch.batch,
            height: batch.height,
            width: batch.width,
            channels: batch.channels,
            input: batch.input,
            inputLayout: batch.inputLayout,
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
    switch batch.pass {
    case .whole:
        addGradientSums(batch, continues: false)
        writeInputGradient(batch, pixels: batch.batch &* batch.height &* batch.width)
    case .sums(let continues): addGradientSums(batch, continues: continues)
    case .inputGradient(let pixels): writeInputGradient(batch, pixels: pixels)
    }
}

private func addGradientSums(_ batch: BatchNormalizationGradient, continues: Bool) {
    if !continues {
        clear(batch.gainGradient, batch.channels)
        clear(batch.shiftGradient, batch.channels)
    }
    if let mask = batch.reluMask {
        addGradientSums(batch, mask, batch.reluMaskLayout, masks: true)
    } else {
        addGradientSums(batch, batch.outputGradient, batch.outputGradientLayout, masks: false)
    }
}

@inline(__always)
private func addGradientSums(
    _ batch: BatchNormalizationGradient,
    _ mask: Floats,
    _ maskLayout: ImageLayout,
    masks: Bool
) {
    let layout = batch.inputLayout
    let source = batch.outputGradientLayout
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
                var place = GradientRun(
                    gradient: batch.outputGradient + (sample &* source.sampleStride &+ y &* source.rowStride &+ n),
                    mask: mask + (sample &* maskLayout.sampleStride &+ y &* maskLayout.rowStride &+ n),
                    input: batch.input + (sample &* layout.sampleStride &+ y &* layout.rowStride &+ n),
                    gradientPixel: source.pixelStride,
                    maskPixel: maskLayout.pixelStride,
                    inputPixel: layout.pixelStride
                )
                var x = 0
                while x < batch.width {
                    let run = batch.width &- x < pixelRun ? batch.width &- x : pixelRun
                    gain += sumOfProducts(place, run, mean, inverse, masks: masks)
                    shift += sumOfGradients(place, run, masks: masks)
                    place.advance(run)
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
}

private func writeInputGradient(_ batch: BatchNormalizationGradient, pixels: Int) {
    guard let inputGradient = batch.inputGradient else { return }
    if let mask = batch.reluMask {
        writeInputGradient(batch, inputGradient, pixels, mask, batch.reluMaskLayout, masks: true)
    } else {
        writeInputGradient(
            batch,
            inputGradient,
            pixels,
            batch.outputGradient,
            batch.outputGradientLayout,
            masks: false
        )
    }
}

@inline(__always)
private func writeInputGradient(
    _ batch: BatchNormalizationGradient,
    _ inputGradient: MutableFloats,
    _ pixels: Int,
    _ mask: Floats,
    _ maskLayout: ImageLayout,
    masks: Bool
) {
    let layout = batch.inputLayout
    let source = batch.outputGradientLayout
    let destination = batch.inputGradientLayout
    let share = splat(1 / Float(Int32(truncatingIfNeeded: pixels)))
    var sample = 0
    while sample < batch.batch {
        var y = 0
        while y < batch.height {
            let first = GradientRun(
                gradient: batch.outputGradient + (sample &* source.sampleStride &+ y &* source.rowStride),
                mask: mask + (sample &* maskLayout.sampleStride &+ y &* maskLayout.rowStride),
                input: batch.input + (sample &* layout.sampleStride &+ y &* layout.rowStride),
                gradientPixel: source.pixelStride,
                maskPixel: maskLayout.pixelStride,
                inputPixel: layout.pixelStride
            )
            let output = inputGradient + (sample &* destination.sampleStride &+ y &* destination.rowStride)
            var n = 0
            while n < batch.channels {
                let mean = load(batch.mean + n)
                let inverse = load(batch.inverseDeviation + n)
                let scale = load(batch.gain + n) * inverse
                let meanGradient = load(batch.shiftGradient + n) * share
                let slope = Lanes.zero - load(batch.gainGradient + n) * share
                var place = first
                place.gradient += n
                place.mask += n
                place.input += n
                var d = output + n
                var x = 0
                while x < batch.width {
                    let normalized = (load(place.input) - mean) * inverse
                    let centered = place.outputGradient(0, masks: masks) - meanGradient
                    store(centered.addingProduct(normalized, slope) * scale, d)
                    place.advance(1)
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
