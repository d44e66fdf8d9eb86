import KernelAPI

/// Four chains of a sample's sum.
private struct Chains {
    var a = Lanes.zero
    var b = Lanes.zero
    var c = Lanes.zero
    var d = Lanes.zero

    @inline(__always)
    init() {}

    /// The chains as (0 + 1) + (2 + 3), then the lanes halves onto halves.
    @inline(__always)
    var total: Float { sum((a + b) + (c + d)) }
}

/// The elements of a row of an image.
@inline(__always)
private func runLength(_ width: Int, _ channels: Int) -> Int {
    width &* paddedCount(channels)
}

/// Zeros in the lanes of a vector that are padding of its pixel.
@inline(__always)
private func unpadded(_ x: Lanes, _ column: Int, _ channels: Int) -> Lanes {
    x.replacing(with: Lanes.zero, where: padding(column, channels))
}

/// The column of the vector after the one at a column.
@inline(__always)
private func nextColumn(_ column: Int, _ channels: Int) -> Int {
    column &+ 16 < channels ? column &+ 16 : 0
}

/// Adds a vector's squared deviations to a chain.
@inline(__always)
private func square(_ chain: inout Lanes, _ place: Floats, _ mean: Lanes, _ column: inout Int, _ channels: Int) {
    let deviation = unpadded(load(place) - mean, column, channels)
    chain = chain.addingProduct(deviation, deviation)
    column = nextColumn(column, channels)
}

/// Layer normalisation: three passes over a sample, which stays in a cache.
func normalizeLayer(_ layer: LayerNormalization) {
    let run = runLength(layer.width, layer.channels)
    let share = 1 / Float(Int32(truncatingIfNeeded: layer.height &* layer.width &* layer.channels))
    var sample = 0
    while sample < layer.batch {
        let input = layer.input + sample &* layer.inputLayout.sampleStride
        var sums = Chains()
        var y = 0
        while y < layer.height {
            let row = input + y &* layer.inputLayout.rowStride
            var i = 0
            while i &+ 64 <= run {
                sums.a += load(row + i)
                sums.b += load(row + (i &+ 16))
                sums.c += load(row + (i &+ 32))
                sums.d += load(row + (i &+ 48))
                i &+= 64
            }
            if i < run { sums.a += load(row + i) }
            if i &+ 16 < run { sums.b += load(row + (i &+ 16)) }
            if i &+ 32 < run { sums.c += load(row + (i &+ 32)) }
            y &+= 1
        }
        let mean = sums.total * share
        let means = splat(mean)
        var squares = Chains()
        y = 0
        while y < layer.height {
            let row = input + y &* layer.inputLayout.rowStride
            var column = 0
            var i = 0
            while i &+ 64 <= run {
                square(&squares.a, row + i, means, &column, layer.channels)
                square(&squares.b, row + (i &+ 16), means, &column, layer.channels)
                square(&squares.c, row + (i &+ 32), means, &column, layer.channels)
                square(&squares.d, row + (i &+ 48), means, &column, layer.channels)
                i &+= 64
            }
            if i < run { square(&squares.a, row + i, means, &column, layer.channels) }
            if i &+ 16 < run { square(&squares.b, row + (i &+ 16), means, &column, layer.channels) }
            if i &+ 32 < run { square(&squares.c, row + (i &+ 32), means, &column, layer.channels) }
            y &+= 1
        }
        let inverse = 1 / (squares.total * share + layer.epsilon).squareRoot()
        layer.means[sample] = mean
        layer.inverseDeviations[sample] = inverse
        let inverses = splat(inverse)
        let output = layer.output + sample &* layer.outputLayout.sampleStride
        y = 0
        while y < layer.height {
            let row = input + y &* layer.inputLayout.rowStride
            let destination = output + y &* layer.outputLayout.rowStride
            let (gain, shift) = (layer.gain + y &* run, layer.shift + y &* run)
            var i = 0
            while i < run {
                let normalized = (load(row + i) - means) * inverses
                store(load(shift + i).addingProduct(normalized, load(gain + i)), destination + i)
                i &+= 16
            }
            y &+= 1
        }
        sample &+= 1
    }
}

/// Adds g and g · x̂ of a vector to a chain each, and dy and dy · x̂ to the gradients of shift and gain.
@inline(__always)
private func gather(
    _ sum: inout Lanes,
    _ products: inout Lanes,
    _ gradient: Floats,
    _ input: Floats,
    _ mean: Lanes,
    _ inverse: Lanes,
    _ gain: Floats,
    _ gainGradient: MutableFloats,
    _ shiftGradient: MutableFloats
) {
    let dy = load(gradient)
    let normalized = (load(input) - mean) * inverse
    let g = dy * load(gain)
    sum += g
    products = products.addingProduct(g, normalized)
    store(load(gainGradient).addingProduct(dy, normalized), gainGradient)
    store(load(shiftGradient) + dy, shiftGradient)
}

/// The gradients of a layer normalisation: two passes over each sample.
func normalizeLayerGradient(_ layer: LayerNormalizationGradient) {
    let run = runLength(layer.width, layer.channels)
    let share = 1 / Float(Int32(truncatingIfNeeded: layer.height &* layer.width &* layer.channels))
    var n = 0
    while n < layer.height &* run {
        store(Lanes.zero, layer.gainGradient + n)
        store(Lanes.zero, layer.shiftGradient + n)
        n &+= 16
    }
    var sample = 0
    while sample < layer.batch {
        let input = layer.input + sample &* layer.inputLayout.sampleStride
        let gradient = layer.outputGradient + sample &* layer.outputGradientLayout.sampleStride
        let means = splat(layer.means[sample])
        let inverses = splat(layer.inverseDeviations[sample])
        var sums = Chains()
        var products = Chains()
        var y = 0
        while y < layer.height {
            let p = input + y &* layer.inputLayout.rowStride
            let g = gradient + y &* layer.outputGradientLayout.rowStride
            let gain = layer.gain + y &* run
            let (dGain, dShift) = (layer.gainGradient + y &* run, layer.shiftGradient + y &* run)
            var i = 0
            while i < run {
                gather(&sums.a, &products.a, g + i, p + i, means, inverses, gain + i, dGain + i, dShift + i)
                i &+= 16
                if i < run {
                    gather(&sums.b, &products.b, g + i, p + i, means, inverses, gain + i, dGain + i, dShift + i)
                    i &+= 16
                }
                if i < run {
                    gather(&sums.c, &products.c, g + i, p + i, means, inverses, gain + i, dGain + i, dShift + i)
                    i &+= 16
                }
                if i < run {
                    gather(&sums.d, &products.d, g + i, p + i, means, inverses, gain + i, dGain + i, dShift + i)
                    i &+= 16
                }
            }
            y &+= 1
        }
        let mean = splat(sums.total * share)
        let slope = splat(0 - products.total * share)
        let destination = layer.inputGradient + sample &* layer.inputGradientLayout.sampleStride
        y = 0
        while y < layer.height {
            let p = input + y &* layer.inputLayout.rowStride
            let g = gradient + y &* layer.outputGradientLayout.rowStride
            let d = destination + y &* layer.inputGradientLayout.rowStride
            let gain = layer.gain + y &* run
            var column = 0
            var i = 0
            while i < run {
                let normalized = (load(p + i) - means) * inverses
                let centered = load(g + i) * load(gain + i) - mean
                let dx = centered.addingProduct(normalized, slope) * inverses
                store(unpadded(dx, column, layer.channels), d + i)
                column = nextColumn(column, layer.channels)
                i &+= 16
            }
            y &+= 1
        }
        sample &+= 1
    }
}
