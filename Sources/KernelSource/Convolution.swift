import KernelAPI

/// A product whose rows are the pixels of a grid and whose depth has three levels: every product of a convolution.
///
/// Row (n, y, x) of the left side begins at its place in `leftLayout`, and step (outer, middle, inner) of the depth is
/// `outer · leftOuter + middle · leftMiddle + inner · leftInner` after it; the right side has one row of vectors for
/// each step. The chain of an element goes over the steps in order.
struct PixelProduct {
    /// What the chains begin with; see `Gemm.Start`.
    enum Start {
        case zero
        case bias(Floats)
        case output
    }

    /// What happens to a finished chain; see `Gemm.Epilogue`.
    enum Finish {
        case none
        case relu
        case reluMask
    }

    /// The pixels of the grid, counted over its images.
    var pixels: Int
    var height: Int
    var width: Int
    /// Vectors of an output pixel.
    var vectors: Int

    var left: Floats
    var leftLayout: ImageLayout
    var right: Floats
    var rightVectorStride: Int
    var output: MutableFloats
    var outputLayout: ImageLayout
    var outputVectorStride: Int

    /// At least 1.
    var outerDepth: Int
    var leftOuter: Int
    var rightOuter: Int
    /// At least 1.
    var middleDepth: Int
    var leftMiddle: Int
    var rightMiddle: Int
    /// May be 0.
    var innerDepth: Int
    var leftInner: Int
    var rightInner: Int

    var start: Start
    var finish: Finish
    /// Read with `.reluMask` only.
    var mask: Floats
    var maskLayout: ImageLayout
}

/// A pixel of a grid.
struct PixelPosition {
    var x: Int
    var y: Int
}

/// What a pointer skips at the end of a row and, on top of that, at the end of an image.
struct Turn {
    var row: Int
    var sample: Int
}

@inline(__always)
func turn(_ layout: ImageLayout, _ height: Int, _ width: Int) -> Turn {
    Turn(
        row: layout.rowStride &- width &* layout.pixelStride,
        sample: layout.sampleStride &- height &* layout.rowStride
    )
}

@inline(__always)
func place(_ layout: ImageLayout, _ sample: Int, _ position: PixelPosition) -> Int {
    sample &* layout.sampleStride &+ position.y &* layout.rowStride &+ position.x &* layout.pixelStride
}

/// Goes to the next pixel with two pointers.
@inline(__always)
func advance(
    _ position: inout PixelPosition,
    _ left: inout Floats,
    _ output: inout MutableFloats,
    _ leftPixel: Int,
    _ outputPixel: Int,
    _ leftTurn: Turn,
    _ outputTurn: Turn,
    _ height: Int,
    _ width: Int
) {
    left += leftPixel
    output += outputPixel
    position.x &+= 1
    guard position.x == width else { return }
    position.x = 0
    left += leftTurn.row
    output += outputTurn.row
    position.y &+= 1
    guard position.y == height else { return }
    position.y = 0
    left += leftTurn.sample
    output += outputTurn.sample
}

/// Goes to the next pixel with one pointer.
@inline(__always)
func step(
    _ position: inout PixelPosition,
    _ pointer: inout Floats,
    _ pixel: Int,
    _ turn: Turn,
    _ height: Int,
    _ width: Int
) {
    pointer += pixel
    position.x &+= 1
    guard position.x == width else { return }
    position.x = 0
    pointer += turn.row
    position.y &+= 1
    guard position.y == height else { return }
    position.y = 0
    pointer += turn.sample
}

/// The pixels that one pass over the panels covers: their inputs and outputs stay in the second cache meanwhile.
let pixelBlock = 960

/// Computes a product over pixels in register tiles.
private func multiply(_ product: PixelProduct) {
    #if ISA_V4
        if multiplyByRuns(product) { return }
    #endif
    multiplyAnyPixels(product)
}

/// Computes a product in tiles of any pixels, a block of pixels at a time, split evenly as in `gemm`.
private func multiplyAnyPixels(_ product: PixelProduct) {
    var first = 0
    while first < product.pixels {
        let rest = product.pixels &- first
        let pixels = rest < pixelBlock ? rest : pixelBlock
        let tiles = (pixels &+ (largestPixelRows &- 1)) / largestPixelRows
        let tileRows = pixels / tiles
        let longTiles = pixels &- tiles &* tileRows
        let shortFirst = first &+ longTiles &* (tileRows &+ 1)
        var vector = 0
        while vector < product.vectors {
            #if ISA_V4
                if vector &+ 1 < product.vectors {
                    multiplyPixelsWide(tileRows &+ 1, product, vector, first, longTiles)
                    multiplyPixelsWide(tileRows, product, vector, shortFirst, tiles &- longTiles)
                    vector &+= 2
                    continue
                }
            #endif
            if longTiles > 0 { multiplyPixelsNarrow(tileRows &+ 1, product, vector, first, longTiles) }
            multiplyPixelsNarrow(tileRows, product, vector, shortFirst, tiles &- longTiles)
            vector &+= 1
        }
        first &+= pixels
    }
}

/// Y = epilogue(b + X ∗ W): rows are output pixels, the depth is kernel rows of (kx, c), which lie side by side.
func convolve(_ convolution: Convolution) {
    let shape = convolution.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let channels = shape.inputChannels
    let layout = convolution.inputLayout
    let kernelRow = shape.kernelWidth &* channels
    var start = PixelProduct.Start.zero
    if let bias = convolution.bias { start = .bias(bias) }
    var finish = PixelProduct.Finish.none
    if case .relu = convolution.epilogue { finish = .relu }
    multiply(
        PixelProduct(
            pixels: shape.batch &* height &* width,
            height: height,
            width: width,
            vectors: shape.outputChannels / 16,
            left: convolution.input
                - (shape.paddingTop &* layout.rowStride &+ shape.paddingLeft &* layout.pixelStride),
            leftLayout: ImageLayout(
                pixelStride: shape.strideX &* layout.pixelStride,
                rowStride: shape.strideY &* layout.rowStride,
                sampleStride: layout.sampleStride
            ),
            right: convolution.weights,
            rightVectorStride: convolution.panelStride,
            output: convolution.output,
            outputLayout: convolution.outputLayout,
            outputVectorStride: 16,
            outerDepth: 1,
            leftOuter: 0,
            rightOuter: 0,
            middleDepth: shape.kernelHeight,
            leftMiddle: layout.rowStride,
            rightMiddle: kernelRow &* 16,
            innerDepth: kernelRow,
            leftInner: 1,
            rightInner: 16,
            start: start,
            finish: finish,
            mask: convolution.input,
            maskLayout: layout
        )
    )
}

/// Rewrites weights tap by tap in blocks of 16 × 16.
func flipConvolutionWeights(_ flip: ConvolutionFlip) {
    let shape = flip.shape
    let taps = shape.kernelHeight &* shape.kernelWidth
    let flippedPanel = taps &* shape.outputChannels &* 16
    var tap = 0
    while tap < taps {
        var output = 0
        while output < shape.outputChannels {
            let source = flip.weights + (output / 16 &* flip.panelStride &+ tap &* shape.inputChannels &* 16)
            let destination = flip.flipped + ((taps &- 1 &- tap) &* shape.outputChannels &+ output) &* 16
            var input = 0
            while input < shape.inputChannels {
                transposeBlock(source + input &* 16, 16, destination + input / 16 &* flippedPanel, 16)
                input &+= 16
            }
            output &+= 16
        }
        tap &+= 1
    }
}

/// The kernel taps of one dimension that meet the input pixels of one residue modulo the stride.
private struct Phase {
    /// Taps.
    var count: Int
    /// The flipped number of the first; the next are `stride` further.
    var firstTap: Int
    /// The output pixel that the first tap of the residue's first input pixel meets; may be in the border.
    var firstOutput: Int
    /// Input pixels of the residue.
    var pixels: Int
}

/// Input pixel i = q · stride + residue meets tap k where i + padding − k is a multiple of the stride.
@inline(__always)
private func phase(_ residue: Int, stride: Int, padding: Int, kernel: Int, size: Int) -> Phase {
    let smallestTap = (residue &+ padding) % stride
    let count = kernel > smallestTap ? (kernel &- smallestTap &+ (stride &- 1)) / stride : 0
    return Phase(
        count: count,
        firstTap: kernel &- 1 &- smallestTap &- (count &- 1) &* stride,
        firstOutput: (residue &+ padding) / stride &- (count &- 1),
        pixels: size > residue ? (size &- residue &+ (stride &- 1)) / stride : 0
    )
}

/// dX: rows are input pixels, for each pair of residues modulo the strides a product over the taps that meet them.
///
/// All residues of a few samples before the next, so that dY stays in a cache.
func convolveInputGradient(_ gradient: ConvolutionInputGradient) {
    let shape = gradient.shape
    let size = shape.inputHeight &* shape.inputWidth
    let group = shape.strideY &* shape.strideX == 1 ? shape.batch : 1 &+ 2 &* pixelBlock / size
    var sample = 0
    while sample < shape.batch {
        let rest = shape.batch &- sample
        convolveInputGradient(gradient, sample, rest < group ? rest : group)
        sample &+= group
    }
}

/// dX of so many samples from a given one on.
private func convolveInputGradient(_ gradient: ConvolutionInputGradient, _ sample: Int, _ samples: Int) {
    let shape = gradient.shape
    let channels = shape.outputChannels
    let source = gradient.outputGradientLayout
    let destination = gradient.inputGradientLayout
    let outputGradient = gradient.outputGradient + sample &* source.sampleStride
    var mask = outputGradient
    var maskLayout = source
    var finish = PixelProduct.Finish.none
    if let relu = gradient.reluMask {
        mask = relu + sample &* gradient.reluMaskLayout.sampleStride
        maskLayout = gradient.reluMaskLayout
        finish = .reluMask
    }
    // With stride 1 the taps of a kernel row lie side by side on both sides.
    let dense = shape.strideX == 1 && source.pixelStride == channels
    var residueY = 0
    while residueY < shape.strideY {
        let y = phase(
            residueY,
            stride: shape.strideY,
            padding: shape.paddingTop,
            kernel: shape.kernelHeight,
            size: shape.inputHeight
        )
        var residueX = 0
        while residueX < shape.strideX {
            let x = phase(
                residueX,
                stride: shape.strideX,
                padding: shape.paddingLeft,
                kernel: shape.kernelWidth,
                size: shape.inputWidth
            )
            let empty = y.count == 0 || x.count == 0
            let first =
                sample &* destination.sampleStride &+ residueY &* destination.rowStride
                &+ residueX &* destination.pixelStride
            let tap = y.firstTap &* shape.kernelWidth &+ x.firstTap
            let pixels = samples &* y.pixels &* x.pixels
            let product = PixelProduct(
                pixels: pixels,
                height: y.pixels,
                width: x.pixels,
                vectors: shape.inputChannels / 16,
                left: empty
                    ? outputGradient
                    : outputGradient
                        + (y.firstOutput &* source.rowStride &+ x.firstOutput &* source.pixelStride),
                leftLayout: source,
                right: empty ? gradient.flippedWeights : gradient.flippedWeights + tap &* channels &* 16,
                rightVectorStride: shape.flippedRows &* 16,
                output: gradient.inputGradient + first,
                outputLayout: ImageLayout(
                    pixelStride: shape.strideX &* destination.pixelStride,
                    rowStride: shape.strideY &* destination.rowStride,
                    sampleStride: destination.sampleStride
                ),
                outputVectorStride: 16,
                outerDepth: empty ? 1 : y.count,
                leftOuter: source.rowStride,
                rightOuter: shape.strideY &* shape.kernelWidth &* channels &* 16,
                middleDepth: empty || dense ? 1 : x.count,
                leftMiddle: source.pixelStride,
                rightMiddle: shape.strideX &* channels &* 16,
                innerDepth: empty ? 0 : dense ? x.count &* channels : channels,
                leftInner: 1,
                rightInner: 16,
                start: .zero,
                finish: finish,
                mask: mask + (residueY &* maskLayout.rowStride &+ residueX &* maskLayout.pixelStride),
                maskLayout: ImageLayout(
                    pixelStride: shape.strideX &* maskLayout.pixelStride,
                    rowStride: shape.strideY &* maskLayout.rowStride,
                    sampleStride: maskLayout.sampleStride
                )
            )
            if pixels > 0 { multiply(product) }
            residueX &+= 1
        }
        residueY &+= 1
    }
}

/// The output pixels that one pass over dW takes in: their gradients stay in the first cache meanwhile.
private let gradientBlock = 256

/// dW: rows are the rows of the weights, the depth is the output pixels; later blocks of them continue the chains.
func convolveWeightGradient(_ gradient: ConvolutionWeightGradient) {
    let shape = gradient.shape
    let height = shape.outputHeight
    let width = shape.outputWidth
    let layout = gradient.inputLayout
    let source = gradient.outputGradientLayout
    let kernelRow = shape.kernelWidth &* shape.inputChannels
    var product = PixelProduct(
        pixels: shape.weightRows,
        height: shape.kernelHeight,
        width: kernelRow,
        vectors: shape.outputChannels / 16,
        left: gradient.input,
        leftLayout: ImageLayout(pixelStride: 1, rowStride: layout.rowStride, sampleStride: 0),
        right: gradient.outputGradient,
        rightVectorStride: 16,
        output: gradient.weightGradient,
        outputLayout: ImageLayout(pixelStride: 16, rowStride: kernelRow &* 16, sampleStride: 0),
        outputVectorStride: gradient.panelStride,
        outerDepth: 1,
        leftOuter: layout.sampleStride,
        rightOuter: source.sampleStride,
        middleDepth: 1,
        leftMiddle: shape.strideY &* layout.rowStride,
        rightMiddle: source.rowStride,
        innerDepth: width,
        leftInner: shape.strideX &* layout.pixelStride,
        rightInner: source.pixelStride,
        start: gradient.continues ? .output : .zero,
        finish: .none,
        mask: gradient.input,
        maskLayout: layout
    )
    if let sums = gradient.biasGradient, !gradient.continues {
        var n = 0
        while n < shape.outputChannels {
            store(Lanes.zero, sums + n)
            n &+= 16
        }
    }
    if shape.batch == 0 {
        product.innerDepth = 0
        multiply(product)
        return
    }
    // Whole samples while they fit into a block, else rows of one sample.
    let rows = gradientBlock / width < 1 ? 1 : gradientBlock / width
    let samples = rows / height < 1 ? 1 : rows / height
    let origin = gradient.input - (shape.paddingTop &* layout.rowStride &+ shape.paddingLeft &* layout.pixelStride)
    var sample = 0
    while sample < shape.batch {
        product.outerDepth = shape.batch &- sample < samples ? shape.batch &- sample : samples
        var row = 0
        while row < height {
            product.middleDepth = height &- row < rows ? height &- row : rows
            product.left =
                origin + (sample &* layout.sampleStride &+ row &* shape.strideY &* layout.rowStride)
            product.right = gradient.outputGradient + (sample &* source.sampleStride &+ row &* source.rowStride)
            // First, for it reads the gradients in order and so brings them into the cache.
            if let sums = gradient.biasGradient { addRows(product, sums) }
            multiply(product)
            product.start = .output
            row &+= product.middleDepth
        }
        sample &+= product.outerDepth
    }
}

/// Adds the sums of the rows of a block of output gradients to the bias gradient.
private func addRows(_ product: PixelProduct, _ sums: MutableFloats) {
    let channels = product.vectors &* 16
    var outer = 0
    while outer < product.outerDepth {
        var middle = 0
        while middle < product.middleDepth {
            let row = product.right + (outer &* product.rightOuter &+ middle &* product.rightMiddle)
            var n = 0
            while n < channels {
                store(load(sums + n) + sumOfPixels(row + n, product.rightInner, product.innerDepth), sums + n)
                n &+= 16
            }
            middle &+= 1
        }
        outer &+= 1
    }
}

/// The sum of the first vectors of so many pixels: four chains, added as (0 + 1) + (2 + 3).
@inline(__always)
func sumOfPixels(_ first: Floats, _ pixel: Int, _ count: Int) -> Lanes {
    var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var p = first
    var x = 0
    while x &+ 4 <= count {
        a += load(p)
        b += load(p + pixel)
        c += load(p + 2 &* pixel)
        d += load(p + 3 &* pixel)
        p += 4 &* pixel
        x &+= 4
    }
    if x < count { a += load(p) }
    if x &+ 1 < count { b += load(p + pixel) }
    if x &+ 2 < count { c += load(p + 2 &* pixel) }
    return (a + b) + (c + d)
}
