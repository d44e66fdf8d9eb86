import KernelAPI

/// A range of numbers: taps of a window, or windows over a pixel.
private struct Span {
    var first: Int
    /// One past the last.
    var end: Int
}

/// The taps of a window that are in the image.
@inline(__always)
private func taps(_ output: Int, _ stride: Int, _ padding: Int, _ kernel: Int, _ size: Int) -> Span {
    let begin = output &* stride &- padding
    return Span(first: begin < 0 ? 0 &- begin : 0, end: begin &+ kernel > size ? size &- begin : kernel)
}

/// The windows that hold an input pixel.
@inline(__always)
private func windows(_ input: Int, _ stride: Int, _ padding: Int, _ kernel: Int, _ outputs: Int) -> Span {
    let last = (input &+ padding) / stride
    let reach = input &+ padding &- kernel
    return Span(first: reach < 0 ? 0 : reach / stride &+ 1, end: last < outputs ? last &+ 1 : outputs)
}

/// The winner so far and its code.
private struct Champion {
    var value: Lanes
    var code: Lanes
}

/// Lets a value contend: it wins if it is larger, or a NaN.
@inline(__always)
private func contend(_ champion: inout Champion, _ value: Lanes, _ code: Float) {
    let wins = (value .> champion.value) .| (value .!= value)
    champion.value = champion.value.replacing(with: value, where: wins)
    champion.code = champion.code.replacing(with: splat(code), where: wins)
}

/// Max pooling; windows of 2 × 2 without overlap or padding, the usual ones, without loops over taps.
func poolMax(_ pool: MaxPool) {
    let shape = pool.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let layout = pool.inputLayout
    let two = shape.kernelHeight == 2 && shape.kernelWidth == 2 && shape.strideY == 2 && shape.strideX == 2
    let plain = two && shape.paddingY == 0 && shape.paddingX == 0
    var code = 0
    var sample = 0
    while sample < shape.batch {
        let image = pool.input + sample &* layout.sampleStride
        var y = 0
        while y < height {
            let rows = taps(y, shape.strideY, shape.paddingY, shape.kernelHeight, shape.inputHeight)
            var output =
                pool.output
                + (sample &* pool.outputLayout.sampleStride &+ y &* pool.outputLayout.rowStride)
            var x = 0
            while x < width {
                let columns = taps(x, shape.strideX, shape.paddingX, shape.kernelWidth, shape.inputWidth)
                let first =
                    image
                    + ((y &* shape.strideY &- shape.paddingY &+ rows.first) &* layout.rowStride
                        &+ (x &* shape.strideX &- shape.paddingX &+ columns.first) &* layout.pixelStride)
                var n = 0
                while n < shape.channels {
                    var champion = Champion(
                        value: load(first + n),
                        code: splat(Float(Int32(truncatingIfNeeded: rows.first &* shape.kernelWidth &+ columns.first)))
                    )
                    if plain {
                        let below = first + (layout.rowStride &+ n)
                        contend(&champion, load(first + (layout.pixelStride &+ n)), 1)
                        contend(&champion, load(below), 2)
                        contend(&champion, load(below + layout.pixelStride), 3)
                    } else {
                        var ky = rows.first
                        var row = first + n
                        while ky < rows.end {
                            var kx = columns.first
                            var p = row
                            while kx < columns.end {
                                contend(
                                    &champion,
                                    load(p),
                                    Float(Int32(truncatingIfNeeded: ky &* shape.kernelWidth &+ kx))
                                )
                                p += layout.pixelStride
                                kx &+= 1
                            }
                            row += layout.rowStride
                            ky &+= 1
                        }
                    }
                    store(champion.value, output + n)
                    if let codes = pool.codes { store(champion.code, codes + (code &+ n)) }
                    n &+= 16
                }
                code &+= shape.channels
                output += pool.outputLayout.pixelStride
                x &+= 1
            }
            y &+= 1
        }
        sample &+= 1
    }
}

/// The gradient where the code is a tap's, else zero.
@inline(__always)
private func won(_ gradient: Lanes, _ code: Lanes, _ tap: Float) -> Lanes {
    gradient.replacing(with: Lanes.zero, where: code .!= splat(tap))
}

/// Stores a gradient, masked by the activation if there is one.
@inline(__always)
private func store(_ gradient: Lanes, _ destination: MutableFloats, _ mask: Floats?, _ place: Int) {
    if let mask {
        store(passed(gradient, load(mask + place)), destination)
    } else {
        store(gradient, destination)
    }
}

/// dX of a max pooling: each input pixel collects from the windows over it.
///
/// Windows of 2 × 2 without overlap or padding hand out their gradient instead.
func poolMaxGradient(_ pool: MaxPoolGradient) {
    let shape = pool.shape
    let two = shape.kernelHeight == 2 && shape.kernelWidth == 2 && shape.strideY == 2 && shape.strideX == 2
    var height = 0
    var width = 0
    if two && shape.paddingY == 0 && shape.paddingX == 0 {
        spread(pool)
        height = 2 &* shape.outputHeight
        width = 2 &* shape.outputWidth
    }
    collect(pool, pastHeight: height, pastWidth: width)
}

/// Hands the gradients of windows of 2 × 2 to their four pixels.
private func spread(_ pool: MaxPoolGradient) {
    let shape = pool.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let source = pool.outputGradientLayout
    let layout = pool.inputGradientLayout
    let maskLayout = pool.reluMaskLayout
    var codes = pool.codes
    var sample = 0
    while sample < shape.batch {
        var y = 0
        while y < height {
            var gradient = pool.outputGradient + (sample &* source.sampleStride &+ y &* source.rowStride)
            var top = pool.inputGradient + (sample &* layout.sampleStride &+ 2 &* y &* layout.rowStride)
            var at = sample &* maskLayout.sampleStride &+ 2 &* y &* maskLayout.rowStride
            var x = 0
            while x < width {
                let bottom = top + layout.rowStride
                var n = 0
                while n < shape.channels {
                    // A chain that begins at zero: a gradient of −0 becomes 0.
                    let value = Lanes.zero + load(gradient + n)
                    let code = load(codes + n)
                    let right = layout.pixelStride &+ n
                    let below = at &+ maskLayout.rowStride
                    store(won(value, code, 0), top + n, pool.reluMask, at &+ n)
                    store(won(value, code, 1), top + right, pool.reluMask, at &+ maskLayout.pixelStride &+ n)
                    store(won(value, code, 2), bottom + n, pool.reluMask, below &+ n)
                    store(won(value, code, 3), bottom + right, pool.reluMask, below &+ maskLayout.pixelStride &+ n)
                    n &+= 16
                }
                codes += shape.channels
                gradient += source.pixelStride
                top += 2 &* layout.pixelStride
                at &+= 2 &* maskLayout.pixelStride
                x &+= 1
            }
            y &+= 1
        }
        sample &+= 1
    }
}

/// Collects the gradients of the pixels that are not both above and left of the given ones.
private func collect(_ pool: MaxPoolGradient, pastHeight: Int, pastWidth: Int) {
    let shape = pool.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let source = pool.outputGradientLayout
    let layout = pool.inputGradientLayout
    var sample = 0
    while sample < shape.batch {
        let gradients = pool.outputGradient + sample &* source.sampleStride
        let codes = pool.codes + sample &* height &* width &* shape.channels
        var y = 0
        while y < shape.inputHeight {
            let rows = windows(y, shape.strideY, shape.paddingY, shape.kernelHeight, height)
            var x = y < pastHeight ? pastWidth : 0
            while x < shape.inputWidth {
                let columns = windows(x, shape.strideX, shape.paddingX, shape.kernelWidth, width)
                let destination =
                    pool.inputGradient
                    + (sample &* layout.sampleStride &+ y &* layout.rowStride &+ x &* layout.pixelStride)
                let maskPlace =
                    sample &* pool.reluMaskLayout.sampleStride
                    &+ y &* pool.reluMaskLayout.rowStride &+ x &* pool.reluMaskLayout.pixelStride
                var n = 0
                while n < shape.channels {
                    var sum = Lanes.zero
                    var oy = rows.first
                    while oy < rows.end {
                        let ky = y &+ shape.paddingY &- oy &* shape.strideY
                        var ox = columns.first
                        while ox < columns.end {
                            let kx = x &+ shape.paddingX &- ox &* shape.strideX
                            let value = load(gradients + (oy &* source.rowStride &+ ox &* source.pixelStride &+ n))
                            let code = load(codes + ((oy &* width &+ ox) &* shape.channels &+ n))
                            let tap = Float(Int32(truncatingIfNeeded: ky &* shape.kernelWidth &+ kx))
                            sum += won(value, code, tap)
                            ox &+= 1
                        }
                        oy &+= 1
                    }
                    store(sum, destination + n, pool.reluMask, maskPlace &+ n)
                    n &+= 16
                }
                x &+= 1
            }
            y &+= 1
        }
        sample &+= 1
    }
}

/// 1 / n for a window that has so many taps in the image.
@inline(__always)
private func share(_ rows: Span, _ columns: Span, _ shape: PoolShape, _ countsPadding: Bool) -> Float {
    let inside = (rows.end &- rows.first) &* (columns.end &- columns.first)
    let count = countsPadding ? shape.kernelHeight &* shape.kernelWidth : inside
    return 1 / Float(Int32(truncatingIfNeeded: count))
}

/// Average pooling.
func poolAverage(_ pool: AveragePool) {
    let shape = pool.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let layout = pool.inputLayout
    var sample = 0
    while sample < shape.batch {
        let image = pool.input + sample &* layout.sampleStride
        var y = 0
        while y < height {
            let rows = taps(y, shape.strideY, shape.paddingY, shape.kernelHeight, shape.inputHeight)
            var output =
                pool.output
                + (sample &* pool.outputLayout.sampleStride &+ y &* pool.outputLayout.rowStride)
            var x = 0
            while x < width {
                let columns = taps(x, shape.strideX, shape.paddingX, shape.kernelWidth, shape.inputWidth)
                let first =
                    image
                    + ((y &* shape.strideY &- shape.paddingY &+ rows.first) &* layout.rowStride
                        &+ (x &* shape.strideX &- shape.paddingX &+ columns.first) &* layout.pixelStride)
                let share = splat(share(rows, columns, shape, pool.countsPadding))
                var n = 0
                while n < shape.channels {
                    var sum = Lanes.zero
                    var row = first + n
                    var ky = rows.first
                    while ky < rows.end {
                        var p = row
                        var kx = columns.first
                        while kx < columns.end {
                            sum += load(p)
                            p += layout.pixelStride
                            kx &+= 1
                        }
                        row += layout.rowStride
                        ky &+= 1
                    }
                    store(sum * share, output + n)
                    n &+= 16
                }
                output += pool.outputLayout.pixelStride
                x &+= 1
            }
            y &+= 1
        }
        sample &+= 1
    }
}

/// dX of an average pooling: each input pixel collects from the windows over it.
func poolAverageGradient(_ pool: AveragePoolGradient) {
    let shape = pool.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let source = pool.outputGradientLayout
    let layout = pool.inputGradientLayout
    var sample = 0
    while sample < shape.batch {
        let gradients = pool.outputGradient + sample &* source.sampleStride
        var y = 0
        while y < shape.inputHeight {
            let rows = windows(y, shape.strideY, shape.paddingY, shape.kernelHeight, height)
            var x = 0
            while x < shape.inputWidth {
                let columns = windows(x, shape.strideX, shape.paddingX, shape.kernelWidth, width)
                let destination =
                    pool.inputGradient
                    + (sample &* layout.sampleStride &+ y &* layout.rowStride &+ x &* layout.pixelStride)
                let maskPlace =
                    sample &* pool.reluMaskLayout.sampleStride
                    &+ y &* pool.reluMaskLayout.rowStride &+ x &* pool.reluMaskLayout.pixelStride
                var n = 0
                while n < shape.channels {
                    var sum = Lanes.zero
                    var oy = rows.first
                    while oy < rows.end {
                        let tapRows = taps(oy, shape.strideY, shape.paddingY, shape.kernelHeight, shape.inputHeight)
                        var ox = columns.first
                        while ox < columns.end {
                            let tapColumns = taps(
                                ox,
                                shape.strideX,
                                shape.paddingX,
                                shape.kernelWidth,
                                shape.inputWidth
                            )
                            let value = load(gradients + (oy &* source.rowStride &+ ox &* source.pixelStride &+ n))
                            let share = splat(share(tapRows, tapColumns, shape, pool.countsPadding))
                            sum = sum.addingProduct(value, share)
                            ox &+= 1
                        }
                        oy &+= 1
                    }
                    store(sum, destination + n, pool.reluMask, maskPlace &+ n)
                    n &+= 16
                }
                x &+= 1
            }
            y &+= 1
        }
        sample &+= 1
    }
}
