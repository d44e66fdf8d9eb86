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
struct Champion {
    var value: Lanes
    var code: Lanes
}

/// Lets a value contend: it wins if it is larger, or a NaN.
@inline(__always)
func contend(_ champion: inout Champion, _ value: Lanes, _ code: Float) {
    let wins = (value .> champion.value) .| (value .!= value)
    champion.value = champion.value.replacing(with: value, where: wins)
    champion.code = champion.code.replacing(with: splat(code), where: wins)
}

/// Whether the windows are 2 × 2 without overlap or padding, the usual ones: these have no loops over taps.
@inline(__always)
func areQuarters(_ shape: PoolShape) -> Bool {
    shape.kernelHeight == 2 && shape.kernelWidth == 2 && shape.strideY == 2 && shape.strideX == 2
        && shape.paddingY == 0 && shape.paddingX == 0
}

/// Max pooling.
func poolMax(_ pool: MaxPool) {
    if areQuarters(pool.shape) {
        poolQuarters(pool)
    } else {
        poolWindows(pool)
    }
}

/// Max pooling in windows of 2 × 2 without overlap or padding.
private func poolQuarters(_ pool: MaxPool) {
    let shape = pool.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let channels = shape.channels
    let rowStride = pool.inputLayout.rowStride
    let pixelStride = pool.inputLayout.pixelStride
    var code = 0
    var sample = 0
    while sample < shape.batch {
        var y = 0
        while y < height {
            var input = pool.input + (sample &* pool.inputLayout.sampleStride &+ 2 &* y &* rowStride)
            var output = pool.output + (sample &* pool.outputLayout.sampleStride &+ y &* pool.outputLayout.rowStride)
            var x = 0
            while x < width {
                var n = 0
                while n < channels {
                    let top = input + n
                    let bottom = top + rowStride
                    var champion = Champion(value: load(top), code: Lanes.zero)
                    contend(&champion, load(top + pixelStride), 1)
                    contend(&champion, load(bottom), 2)
                    contend(&champion, load(bottom + pixelStride), 3)
                    store(champion.value, output + n)
                    if let codes = pool.codes { store(champion.code, codes + (code &+ n)) }
                    n &+= 16
                }
                code &+= channels
                input += 2 &* pixelStride
                output += pool.outputLayout.pixelStride
                x &+= 1
            }
            y &+= 1
        }
        sample &+= 1
    }
}

/// Max pooling in any windows.
private func poolWindows(_ pool: MaxPool) {
    let shape = pool.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let layout = pool.inputLayout
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
func won(_ gradient: Lanes, _ code: Lanes, _ tap: Float) -> Lanes {
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
    var height = 0
    var width = 0
    if areQuarters(shape) {
        spread(pool)
        height = 2 &* shape.outputHeight
        width = 2 &* shape.outputWidth
    }
    if height < shape.inputHeight || width < shape.inputWidth {
        collect(pool, pastHeight: height, pastWidth: width)
    }
}

/// Hands the gradients of windows of 2 × 2 to their four pixels.
private func spread(_ pool: MaxPoolGradient) {
    let shape = pool.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let channels = shape.channels
    let source = pool.outputGradientLayout
    let rowStride = pool.inputGradientLayout.rowStride
    let pixelStride = pool.inputGradientLayout.pixelStride
    let maskLayout = pool.reluMaskLayout
    var codes = pool.codes
    var sample = 0
    while sample < shape.batch {
        var y = 0
        while y < height {
            var gradient = pool.outputGradient + (sample &* source.sampleStride &+ y &* source.rowStride)
            var input =
                pool.inputGradient + (sample &* pool.inputGradientLayout.sampleStride &+ 2 &* y &* rowStride)
            var at = sample &* maskLayout.sampleStride &+ y &* maskLayout.rowStride
            var x = 0
            while x < width {
                var n = 0
                while n < channels {
                    // A chain that begins at zero: a gradient of −0 becomes 0.
                    var value = Lanes.zero + load(gradient + n)
                    if let mask = pool.reluMask { value = passed(value, load(mask + (at &+ n))) }
                    let code = load(codes + n)
                    let top = input + n
                    let bottom = top + rowStride
                    store(won(value, code, 0), top)
                    store(won(value, code, 1), top + pixelStride)
                    store(won(value, code, 2), bottom)
                    store(won(value, code, 3), bottom + pixelStride)
                    n &+= 16
                }
                codes += channels
                gradient += source.pixelStride
                input += 2 &* pixelStride
                at &+= maskLayout.pixelStride
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
    let maskLayout = pool.reluMaskLayout
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
                var n = 0
                while n < shape.channels {
                    var sum = Lanes.zero
                    var oy = rows.first
                    while oy < rows.end {
                        let ky = y &+ shape.paddingY &- oy &* shape.strideY
                        let maskRow = sample &* maskLayout.sampleStride &+ oy &* maskLayout.rowStride &+ n
                        var ox = columns.first
                        while ox < columns.end {
                            let kx = x &+ shape.paddingX &- ox &* shape.strideX
                            var value = load(gradients + (oy &* source.rowStride &+ ox &* source.pixelStride &+ n))
                            let code = load(codes + ((oy &* width &+ ox) &* shape.channels &+ n))
                            let tap = Float(Int32(truncatingIfNeeded: ky &* shape.kernelWidth &+ kx))
                            if let mask = pool.reluMask {
                                value = passed(value, load(mask + (maskRow &+ ox &* maskLayout.pixelStride)))
                            }
                            sum += won(value, code, tap)
                            ox &+= 1
                        }
                        oy &+= 1
                    }
                    store(sum, destination + n)
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

/// 1 / n for a window that counts its taps in the image.
@inline(never)
private func raggedShare(_ shape: PoolShape, _ oy: Int, _ ox: Int) -> Float {
    let rows = taps(oy, shape.strideY, shape.paddingY, shape.kernelHeight, shape.inputHeight)
    let columns = taps(ox, shape.strideX, shape.paddingX, shape.kernelWidth, shape.inputWidth)
    return share(rows, columns, shape, false)
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
    // Without padding every window is whole.
    let padded = shape.paddingY > 0 || shape.paddingX > 0
    let whole = splat(1 / Float(Int32(truncatingIfNeeded: shape.kernelHeight &* shape.kernelWidth)))
    let ragged = padded && !pool.countsPadding
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
                        var ox = columns.first
                        while ox < columns.end {
                            let value = load(gradients + (oy &* source.rowStride &+ ox &* source.pixelStride &+ n))
                            let share = ragged ? splat(raggedShare(shape, oy, ox)) : whole
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
