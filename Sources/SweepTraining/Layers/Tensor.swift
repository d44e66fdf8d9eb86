import KernelAPI
import SweepCore
import SweepKernels

/// Room for the values of a batch between two layers: one row a sample, in an arena.
///
/// A vector is a matrix with rows of whole logical vectors. An image has its pixels one after another, each with its
/// channels rounded up to whole vectors (a network's input alone has dense pixels), and perhaps a border of zeros.
struct Tensor {
    let shape: TensorShape
    /// The first number of the first row, inside the border.
    let start: MutableFloats
    /// Elements from one row to the next.
    let rowStride: Int
    /// Elements of a pixel; of a vector all of them, padding included.
    let pixelStride: Int
    let border: ImageBorder

    /// Room for so many rows, all zero.
    init(_ shape: TensorShape, rows: Int, border: ImageBorder = ImageBorder(), arena: Arena) {
        self.shape = shape
        self.border = border
        switch shape {
        case .vector(let count):
            rowStride = RowLayout.stride(columns: count)
            pixelStride = paddedCount(count)
            start = arena.pointer(rows * rowStride)
        case .image(let height, let width, let channels):
            pixelStride = paddedCount(channels)
            let layout = ImageLayout(height: height, width: width, pixelStride: pixelStride, border: border)
            rowStride = layout.sampleStride
            start = arena.pointer(rows * rowStride) + layout.origin(border)
        }
    }

    /// Room for the rows of a data set: pixels are dense, and a row is a whole number of vectors.
    init(input shape: TensorShape, rows: Int, arena: Arena) {
        self.shape = shape
        border = ImageBorder()
        rowStride = RowLayout.stride(columns: shape.count)
        pixelStride =
            if case .image(_, _, let channels) = shape { channels } else { paddedCount(shape.count) }
        start = arena.pointer(rows * rowStride)
    }

    /// Puts a description together.
    init(shape: TensorShape, start: MutableFloats, rowStride: Int, pixelStride: Int, border: ImageBorder) {
        self.shape = shape
        self.start = start
        self.rowStride = rowStride
        self.pixelStride = pixelStride
        self.border = border
    }

    /// The same memory read as another shape with the same numbers in the same places.
    init(_ shape: TensorShape, sharing other: Tensor) {
        self.shape = shape
        start = other.start
        rowStride = other.rowStride
        border = ImageBorder()
        pixelStride =
            if case .image(_, _, let channels) = shape { paddedCount(channels) } else { paddedCount(shape.count) }
    }

    var floats: Floats { Floats(start) }

    /// The same without the samples before a given one.
    func from(_ sample: Int) -> Tensor {
        Tensor(
            shape: shape,
            start: start + sample * rowStride,
            rowStride: rowStride,
            pixelStride: pixelStride,
            border: border
        )
    }

    /// Height, width and real channels; a vector is one pixel.
    var image: (height: Int, width: Int, channels: Int) {
        switch shape {
        case .vector(let count): (1, 1, count)
        case .image(let height, let width, let channels): (height, width, channels)
        }
    }

    /// Where its pixels are.
    var layout: ImageLayout {
        let (_, width, _) = image
        return ImageLayout(
            pixelStride: pixelStride,
            rowStride: (border.left + width + border.right) * pixelStride,
            sampleStride: rowStride
        )
    }

    /// Whether its pixels are the rows of one matrix, `pixelStride` apart: then element-wise kernels take it whole.
    var isMatrix: Bool {
        guard case .image(let height, let width, _) = shape else { return true }
        return border == ImageBorder() && rowStride == height * width * pixelStride
    }

    /// The matrix of so many rows that element-wise kernels read: each sample of a vector, or each pixel, is a row.
    func matrix(rows: Int) -> (rows: Int, columns: Int, stride: Int) {
        switch shape {
        case .vector(let count): (rows, count, rowStride)
        case .image(let height, let width, let channels): (rows * height * width, channels, pixelStride)
        }
    }

    /// Numbers of memory that so many rows of a shape take, border and padding included.
    static func count(_ shape: TensorShape, rows: Int, border: ImageBorder = ImageBorder()) -> Int {
        switch shape {
        case .vector(let count): return rows * RowLayout.stride(columns: count)
        case .image(let height, let width, let channels):
            let pixels = (height + border.top + border.bottom) * (width + border.left + border.right)
            return rows * pixels * paddedCount(channels)
        }
    }
}

extension Arena {
    /// So many zeros (at least one vector of them) that live as long as the arena.
    func pointer(_ count: Int) -> MutableFloats {
        // Never nil: the buffer holds at least one vector.
        floats(max(count, laneCount)).baseAddress!
    }
}
