import KernelAPI

#if ISA_V4
    /// The tiles that one call computes: in so many rows of a grid, so many runs of pixels side by side.
    struct PixelRuns {
        /// The column of the first pixel.
        var first: Int
        /// Tiles of a row.
        var tiles: Int
        /// The first row, counted over the images.
        var line: Int
        /// Rows.
        var lines: Int
        /// From a pixel of a tile to the third after it, on the left side and in the output.
        var leftGroup: Int
        var outputGroup: Int
    }

    /// The shortest runs that keep the multiply-add units busy, where tiles are one vector wide and where two.
    private let shortestRun = 7
    private let shortestWideRun = 5

    /// Computes a product over pixels in tiles of neighbours, where that is faster and its rows are long enough; else false.
    ///
    /// A tile of neighbours needs few addresses, so that it can be larger than one of any pixels, and it need not look for
    /// the ends of rows. AVX2 has too few registers for larger tiles, and there it is slower.
    func multiplyByRuns(_ product: PixelProduct) -> Bool {
        let width = product.width
        let isOfWeights = product.leftLayout.sampleStride == 0
        let shortest = product.vectors > 1 ? shortestWideRun : shortestRun
        // A kernel 3 wide over one channel: its weights are one tile.
        if isOfWeights, width == 3, product.pixels >= shortest, product.pixels <= largestRun {
            let runs = PixelRuns(
                first: 0,
                tiles: 1,
                line: 0,
                lines: 1,
                leftGroup: product.leftLayout.rowStride,
                outputGroup: product.outputLayout.rowStride
            )
            multiply(product, product.pixels, runs)
            return true
        }
        let tiles = (width &+ (largestRun &- 1)) / largestRun
        let pixels = width / tiles
        guard pixels >= shortest else { return false }
        let longTiles = width &- tiles &* pixels
        let lines = product.pixels / width
        let block = pixelBlock > width ? pixelBlock / width : 1
        var runs = PixelRuns(
            first: 0,
            tiles: 0,
            line: 0,
            lines: 0,
            leftGroup: 3 &* product.leftLayout.pixelStride,
            outputGroup: 3 &* product.outputLayout.pixelStride
        )
        while runs.line < lines {
            let rest = lines &- runs.line
            runs.lines = rest < block ? rest : block
            runs.first = 0
            runs.tiles = longTiles
            if longTiles > 0 { multiply(product, pixels &+ 1, runs) }
            runs.first = longTiles &* (pixels &+ 1)
            runs.tiles = tiles &- longTiles
            multiply(product, pixels, runs)
            runs.line &+= runs.lines
        }
        return true
    }

    /// Computes runs of so many pixels for all vectors.
    private func multiply(_ product: PixelProduct, _ pixels: Int, _ runs: PixelRuns) {
        var vector = 0
        while vector < product.vectors {
            if vector &+ 1 < product.vectors {
                multiplyWide(product, pixels, runs, vector)
                vector &+= 2
            } else {
                multiplyNarrow(product, pixels, runs, vector)
                vector &+= 1
            }
        }
    }

    /// Computes runs of so many pixels for one vector; the usual distances of pixels have tiles of their own.
    private func multiplyNarrow(_ product: PixelProduct, _ pixels: Int, _ runs: PixelRuns, _ vector: Int) {
        let isOfNeighbours = runs.leftGroup == 3 &* product.leftLayout.pixelStride && pixels >= shortestRun
        switch isOfNeighbours ? product.leftLayout.pixelStride : 0 {
        case 1: multiplyRunsNear1(pixels, product, runs, vector)
        case 16: multiplyRunsNear16(pixels, product, runs, vector)
        case 32: multiplyRunsNear32(pixels, product, runs, vector)
        case 64: multiplyRunsNear64(pixels, product, runs, vector)
        default: multiplyRunsNarrow(pixels, product, runs, vector)
        }
    }

    /// The same for two vectors; the rows of weights have tiles of their own.
    private func multiplyWide(_ product: PixelProduct, _ pixels: Int, _ runs: PixelRuns, _ vector: Int) {
        if runs.leftGroup == 3, product.leftLayout.pixelStride == 1, pixels >= shortestRun {
            multiplyRunsWideNear1(pixels, product, runs, vector)
        } else {
            multiplyRunsWide(pixels, product, runs, vector)
        }
    }
#endif
