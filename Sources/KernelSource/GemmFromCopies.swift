import KernelAPI

/// The row tiles of a copied part of A.
private let copiedTiles = 10

#if ISA_V4
    /// As many neighbours of a row as are copied at once, no fewer than a tile has rows.
    private typealias Strip = SIMD16<Float>
    private let stripRows = 16
#else
    private typealias Strip = SIMD8<Float>
    private let stripRows = 8
#endif

/// Where the next tile's copy begins.
private var copiedTileStride: Int { Gemm.copiedDepth &* stripRows }

/// Whether a product is one that is computed from copies.
@inline(__always)
func isCopied(_ product: Gemm) -> Bool {
    product.leftRowStride == 1 && product.rightVectorStride == 16
        && Gemm.copiesPay(
            rows: product.rows,
            columns: product.columns,
            depth: product.depth,
            leftDepthStride: product.leftDepthStride,
            rightDepthStride: product.rightDepthStride
        )
}

/// The product C = epilogue(start + A·B) where A's columns and B's rows lie far apart, from copies of parts of them.
///
/// Ten row tiles of A by 128 of the depth are copied, and two vectors of B by the same depth, to where they lie
/// together; the chains of C go on from one depth to the next as without copies.
func gemmFromCopies(_ product: Gemm, _ scratch: MutableFloats) {
    let tiles = (product.rows &+ (largestTileRows &- 1)) / largestTileRows
    let tileRows = product.rows / tiles
    let longTiles = product.rows &- tiles &* tileRows
    let vectors = product.columns / 16
    let leftCopy = scratch
    let rightCopy = scratch + copiedTiles &* copiedTileStride
    var part = product
    part.leftDepthStride = stripRows
    part.rightDepthStride = 16 &* largestTileVectors
    var firstTile = 0
    var firstRow = 0
    while firstTile < tiles {
        let left = tiles &- firstTile
        let lastTile = firstTile &+ (left < copiedTiles ? left : copiedTiles)
        var row = firstRow
        var first = 0
        var blocks = (product.depth &+ (Gemm.copiedDepth &- 1)) / Gemm.copiedDepth
        while blocks > 0 {
            let depth = (product.depth &- first &+ (blocks &- 1)) / blocks
            row = firstRow
            var tile = firstTile
            while tile < lastTile {
                let rows = tile < longTiles ? tileRows &+ 1 : tileRows
                copyTile(product, row, rows, first, depth, leftCopy + (tile &- firstTile) &* copiedTileStride)
                row &+= rows
                tile &+= 1
            }
            var vector = 0
            while vector < vectors {
                let wide = largestTileVectors == 2 && vector &+ 1 < vectors
                copyVectors(product, vector, wide, first, depth, rightCopy)
                // The tiles add what their place in the whole is; these products begin at the copies.
                part.right = Floats(rightCopy) - (first &* part.rightDepthStride &+ vector &* 16)
                row = firstRow
                tile = firstTile
                while tile < lastTile {
                    let rows = tile < longTiles ? tileRows &+ 1 : tileRows
                    let copy = leftCopy + (tile &- firstTile) &* copiedTileStride
                    part.left = Floats(copy) - (row &+ first &* stripRows)
                    multiplyTile(rows, wide, part, row, vector, first, depth)
                    row &+= rows
                    tile &+= 1
                }
                vector &+= wide ? 2 : 1
            }
            first &+= depth
            blocks &-= 1
        }
        firstTile = lastTile
        firstRow = row
    }
}

/// Copies so many rows of A, which are neighbours in memory at each step of the depth.
@inline(__always)
private func copyTile(
    _ product: Gemm,
    _ row: Int,
    _ rows: Int,
    _ first: Int,
    _ depth: Int,
    _ copy: MutableFloats
) {
    var from = product.left + (row &+ first &* product.leftDepthStride)
    var to = copy
    var step = 0
    // Nothing behind the last row may be read.
    let isWhole = row &+ stripRows <= product.rows
    while step < depth {
        if isWhole {
            let strip = UnsafeRawPointer(from).loadUnaligned(as: Strip.self)
            UnsafeMutableRawPointer(to).storeBytes(of: strip, as: Strip.self)
        } else {
            var i = 0
            while i < rows {
                to[i] = from[i]
                i &+= 1
            }
        }
        from += product.leftDepthStride
        to += stripRows
        step &+= 1
    }
}

/// Copies a vector of B, or two of them side by side.
@inline(__always)
private func copyVectors(
    _ product: Gemm,
    _ vector: Int,
    _ wide: Bool,
    _ first: Int,
    _ depth: Int,
    _ copy: MutableFloats
) {
    var from = product.right + (first &* product.rightDepthStride &+ vector &* product.rightVectorStride)
    var to = copy
    var step = 0
    while step < depth {
        store(load(from), to)
        if wide { store(load(from + product.rightVectorStride), to + 16) }
        from += product.rightDepthStride
        to += 16 &* largestTileVectors
        step &+= 1
    }
}
