import KernelAPI

/// The depth that one pass over a tile covers: 512 rows of two vectors of B are 64 KiB and stay in the second cache.
private let depthBlock = 512

/// The same where a row of A is a column of what is stored: each step of the depth is on other cache lines then, and
/// 128 of them with as many of B stay in the first cache.
private let stridedDepthBlock = 128

/// The elements of A that all of B passes by before the next are taken: 512 KiB stay in the second cache.
private let leftBlock = 128 << 10

/// C = epilogue(start + A·B) in register tiles.
///
/// The rows are split evenly over the tiles (64 rows are 5 tiles of 13 and 12, not 4 of 14 and one of 8), the depth
/// evenly over blocks.
func gemm(_ product: Gemm) {
    guard product.rows > 0 else { return }
    if let scratch = product.scratch, isCopied(product) { return gemmFromCopies(product, scratch) }
    #if ISA_V4
        if product.leftRowStride == 1, product.columns == 16, product.rows > largestTileRows {
            return gemmOfOneVector(product)
        }
    #endif
    let tiles = (product.rows &+ (largestTileRows &- 1)) / largestTileRows
    let tileRows = tiles == 1 ? product.rows : product.rows / tiles
    let longTiles = product.rows &- tiles &* tileRows
    let vectors = product.columns / 16
    let block = product.leftDepthStride == 1 ? depthBlock : stridedDepthBlock
    let tileElements = largestTileRows &* product.depth
    // Where B's rows are far apart, walking over them once for each block of A would cost more than A's way through a cache.
    let isBlocked = product.rightDepthStride == 16 || product.leftDepthStride != 1
    // Small products take as long as a few divisions: those that tell nothing about them are left out.
    let isSmall = tiles &* (tileElements &+ 1) <= leftBlock
    let tilesAtOnce =
        !isBlocked || isSmall ? tiles : tileElements < leftBlock ? leftBlock / (tileElements &+ 1) : 1
    var firstTile = 0
    var firstRow = 0
    while firstTile < tiles {
        let left = tiles &- firstTile
        let group = left < tilesAtOnce ? left : tilesAtOnce
        var vector = 0
        var row = firstRow
        while vector < vectors {
            let wide = largestTileVectors == 2 && vector &+ 1 < vectors
            var first = 0
            var blocks = product.depth <= block ? 1 : (product.depth &+ (block &- 1)) / block
            repeat {
                let remaining = product.depth &- first
                let depth = blocks > 1 ? (remaining &+ (blocks &- 1)) / blocks : remaining
                row = firstRow
                var tile = firstTile
                while tile < firstTile &+ group {
                    let rows = tile < longTiles ? tileRows &+ 1 : tileRows
                    multiplyTile(rows, wide, product, row, vector, first, depth)
                    row &+= rows
                    tile &+= 1
                }
                first &+= depth
                blocks &-= 1
            } while blocks > 0
            vector &+= wide ? 2 : 1
        }
        firstTile &+= group
        firstRow = row
    }
}

#if ISA_V4
    /// A product of one vector whose rows lie side by side on the left: tiles of twice as many rows are half as many calls.
    private func gemmOfOneVector(_ product: Gemm) {
        let tiles = (product.rows &+ (largestTallRows &- 1)) / largestTallRows
        let tileRows = tiles == 1 ? product.rows : product.rows / tiles
        let longTiles = product.rows &- tiles &* tileRows
        let block = product.leftDepthStride == 1 ? depthBlock : stridedDepthBlock
        var blocks = product.depth <= block ? 1 : (product.depth &+ (block &- 1)) / block
        var first = 0
        repeat {
            let remaining = product.depth &- first
            let depth = blocks > 1 ? (remaining &+ (blocks &- 1)) / blocks : remaining
            var row = 0
            var tile = 0
            while tile < tiles {
                let rows = tile < longTiles ? tileRows &+ 1 : tileRows
                multiplyTallNear1(rows, product, row, first, depth)
                row &+= rows
                tile &+= 1
            }
            first &+= depth
            blocks &-= 1
        } while blocks > 0
    }
#endif

/// One tile of a product, two vectors wide or one.
@inline(__always)
func multiplyTile(
    _ rows: Int,
    _ wide: Bool,
    _ product: Gemm,
    _ row: Int,
    _ vector: Int,
    _ first: Int,
    _ depth: Int
) {
    #if ISA_V4
        if product.leftRowStride == 1 {
            // The gradients by weights: what is stored has a row of A in each column.
            if wide { return multiplyWideNear1(rows, product, row, vector, first, depth) }
            return multiplyNarrowNear1(rows, product, row, vector, first, depth)
        }
        if wide { return multiplyWide(rows, product, row, vector, first, depth) }
    #endif
    multiplyNarrow(rows, product, row, vector, first, depth)
}
