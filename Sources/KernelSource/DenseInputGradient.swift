import KernelAPI

/// The inputs and the rows of a part, as `DenseInputGradient.scratchCount` reckons with: 8 tiles of 14 rows or 7 blocks of 16, and
/// two vectors.
private let partInputs = 112
private let partRows = 32

/// dX = mask(dY·Wᵀ) as the transpose of W·dYᵀ, a part of it at a time.
///
/// A part is as many inputs by two vectors of rows as stay in the first cache until they are turned.
func denseInputGradient(_ gradient: DenseInputGradient) {
    guard gradient.rows > 0 else { return }
    let part = gradient.scratch
    let turned = part + partInputs &* partRows
    let right = turned + partInputs &* partRows
    turnOutputGradient(gradient, right, turned)
    // Rows of W that pass by more than once are to stay in the second cache beside dYᵀ.
    let largest = gradient.rows > partRows && gradient.outputs > 512 ? 64 : partInputs
    var parts = (gradient.inputs &+ (largest &- 1)) / largest
    var input = 0
    while parts > 0 {
        // Split evenly, in whole vectors.
        let inputs = ((gradient.inputs &- input) / 16 &+ (parts &- 1)) / parts &* 16
        var row = 0
        while row < gradient.rows {
            let rest = gradient.rows &- row
            let rows = rest < partRows ? rest : partRows
            let place = Part(row: row, rows: rows, input: input, inputs: inputs)
            multiplyPart(gradient, right, part, place)
            storePart(gradient, part, turned, place)
            row &+= rows
        }
        input &+= inputs
        parts &-= 1
    }
}

/// A part of dX.
private struct Part {
    var row: Int
    var rows: Int
    var input: Int
    var inputs: Int
}

/// Writes dYᵀ in panels of 16 rows of dY each; zeros in the place of rows that are not there.
private func turnOutputGradient(_ gradient: DenseInputGradient, _ right: MutableFloats, _ block: MutableFloats) {
    let outputs = (gradient.outputs &+ 15) & ~15
    let stride = gradient.outputGradientStride
    var row = 0
    while row < gradient.rows {
        let source = gradient.outputGradient + row &* stride
        let panel = right + row &* outputs
        let rest = gradient.rows &- row
        var n = 0
        while n < outputs {
            if rest >= 16 {
                transposeBlock(source + n, stride, panel + n &* 16, 16)
            } else {
                var i = 0
                while i < 16 {
                    store(i < rest ? load(source + (i &* stride &+ n)) : Lanes.zero, block + i &* 16)
                    i &+= 1
                }
                transposeBlock(Floats(block), 16, panel + n &* 16, 16)
            }
            n &+= 16
        }
        row &+= 16
    }
}

/// A part of W·dYᵀ: inputs by one or two vectors of rows, the inputs split evenly over the tiles as in `gemm`.
private func multiplyPart(
    _ gradient: DenseInputGradient,
    _ right: MutableFloats,
    _ output: MutableFloats,
    _ part: Part
) {
    let rightStride = (gradient.outputs &+ 15) & ~15 &* 16
    let product = PanelRows(
        depth: gradient.outputs,
        left: gradient.weights + part.input &* 16,
        panelStride: gradient.inputs &* 16,
        right: Floats(right) + part.row / 16 &* rightStride,
        rightVectorStride: rightStride,
        output: output,
        outputStride: partRows
    )
    let tiles = (part.inputs &+ (largestTileRows &- 1)) / largestTileRows
    let tileRows = part.inputs / tiles
    let longTiles = part.inputs &- tiles &* tileRows
    var tile = 0
    var first = 0
    while tile < tiles {
        let rows = tile < longTiles ? tileRows &+ 1 : tileRows
        multiplyPanels(rows, product, first, wide: part.rows > 16)
        first &+= rows
        tile &+= 1
    }
}

/// One tile, for one vector of rows or two.
@inline(__always)
private func multiplyPanels(_ rows: Int, _ product: PanelRows, _ first: Int, wide: Bool) {
    #if ISA_V4
        if wide { return multiplyPanelsWide(rows, product, first) }
        multiplyPanelsNarrow(rows, product, first)
    #else
        multiplyPanelsNarrow(rows, product, first)
        guard wide else { return }
        var second = product
        second.right += product.rightVectorStride
        second.output += 16
        multiplyPanelsNarrow(rows, second, first)
    #endif
}

/// Turns a part and stores its real rows through the mask.
private func storePart(_ gradient: DenseInputGradient, _ part: MutableFloats, _ turned: MutableFloats, _ place: Part) {
    let width = partInputs
    var k = 0
    while k < place.inputs {
        let source = Floats(part) + k &* partRows
        transposeBlock(source, partRows, turned + k, width)
        if place.rows > 16 {
            transposeBlock(source + 16, partRows, turned + (16 &* width &+ k), width)
        }
        k &+= 16
    }
    var i = 0
    while i < place.rows {
        let offset = (place.row &+ i) &* gradient.inputGradientStride &+ place.input
        let source = turned + i &* width
        k = 0
        while k < place.inputs {
            var lanes = load(source + k)
            if let mask = gradient.reluMask { lanes = passed(lanes, load(mask + (offset &+ k))) }
            store(lanes, gradient.inputGradient + (offset &+ k))
            k &+= 16
        }
        i &+= 1
    }
}
