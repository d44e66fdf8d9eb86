import KernelAPI

/// The depth that one pass over a tile covers: 512 rows of two vectors of B are 64 KiB and stay in the second cache.
private let depthBlock = 512

/// C = epilogue(start + A·B) in register tiles.
///
/// The rows are split evenly over the tiles (64 rows are 5 tiles of 13 and 12, not 4 of 14 and one of 8), the depth
/// evenly over blocks.
func gemm(_ product: Gemm) {
    guard product.rows > 0 else { return }
    let tiles = (product.rows &+ (largestTileRows &- 1)) / largestTileRows
    let tileRows = product.rows / tiles
    let longTiles = product.rows &- tiles &* tileRows
    let vectors = product.columns / 16
    var vector = 0
    while vector < vectors {
        let wide = largestTileVectors == 2 && vector &+ 1 < vectors
        var first = 0
        var blocks = (product.depth &+ (depthBlock &- 1)) / depthBlock
        repeat {
            let remaining = product.depth &- first
            let depth = blocks > 1 ? (remaining &+ (blocks &- 1)) / blocks : remaining
            var row = 0
            var tile = 0
            while tile < tiles {
                let rows = tile < longTiles ? tileRows &+ 1 : tileRows
                #if ISA_V4
                    if wide {
                        multiplyWide(rows, product, row, vector, first, depth)
                    } else {
                        multiplyNarrow(rows, product, row, vector, first, depth)
                    }
                #else
                    multiplyNarrow(rows, product, row, vector, first, depth)
                #endif
                row &+= rows
                tile &+= 1
            }
            first &+= depth
            blocks &-= 1
        } while blocks > 0
        vector &+= wide ? 2 : 1
    }
}
