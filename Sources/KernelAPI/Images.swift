/// Where the pixels of a batch of images lie, in float32 elements.
///
/// Channel c of sample n's pixel (y, x) is `base[n · sampleStride + y · rowStride + x · pixelStride + c]`, where the base
/// is the first sample's first pixel inside its border, if there is one. The pixels of the rows of a matrix, as dense
/// layers have them, are a batch of one image of one row (`ImageLayout(rowsOf:)`) or of so many images of one pixel.
///
/// **Padding.** A pixel holds `paddedCount(channels)` elements, those past the channels zero, except in a network's
/// first input, whose pixels may hold the channels alone.
package struct ImageLayout: Sendable, Equatable {
    package var pixelStride: Int
    package var rowStride: Int
    package var sampleStride: Int

    /// A layout with free strides.
    package init(pixelStride: Int, rowStride: Int, sampleStride: Int) {
        self.pixelStride = pixelStride
        self.rowStride = rowStride
        self.sampleStride = sampleStride
    }

    /// The layout of images one after another, each with its border.
    package init(height: Int, width: Int, pixelStride: Int, border: ImageBorder = ImageBorder()) {
        self.pixelStride = pixelStride
        rowStride = (border.left + width + border.right) * pixelStride
        sampleStride = (border.top + height + border.bottom) * rowStride
    }

    /// The layout of a matrix whose rows are the pixels of one image one pixel high.
    package init(rowsOf stride: Int) {
        self.init(pixelStride: stride, rowStride: 0, sampleStride: 0)
    }

    /// The elements from the beginning of a sample's storage to its first pixel inside the border.
    package func origin(_ border: ImageBorder) -> Int {
        border.top * rowStride + border.left * pixelStride
    }
}

/// The pixels around an image that a kernel reads as zeros.
///
/// The owner of a buffer zeroes them once; every kernel writes inside the border only.
package struct ImageBorder: Sendable, Equatable {
    package var top: Int
    package var left: Int
    package var bottom: Int
    package var right: Int

    /// A border of so many pixels on each side.
    package init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
        self.top = top
        self.left = left
        self.bottom = bottom
        self.right = right
    }

    /// The smallest border that covers both: one buffer may serve two kernels.
    package func union(_ other: ImageBorder) -> ImageBorder {
        ImageBorder(
            top: max(top, other.top),
            left: max(left, other.left),
            bottom: max(bottom, other.bottom),
            right: max(right, other.right)
        )
    }
}

/// Copies a batch of images from one layout to another: into a border, out of it, or between strides.
package struct ImageCopy {
    package var batch: Int
    package var height: Int
    package var width: Int
    /// Elements of a pixel that are copied, the padding among them: at most either pixel stride.
    package var channels: Int
    /// The first pixel; nothing but pixels is read.
    package var source: Floats
    package var sourceLayout: ImageLayout
    /// The first pixel, overwritten; does not overlap the source.
    package var destination: MutableFloats
    package var destinationLayout: ImageLayout

    /// Describes a copy; see the fields.
    package init(
        batch: Int,
        height: Int,
        width: Int,
        channels: Int,
        source: Floats,
        sourceLayout: ImageLayout,
        destination: MutableFloats,
        destinationLayout: ImageLayout
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        self.source = source
        self.sourceLayout = sourceLayout
        self.destination = destination
        self.destinationLayout = destinationLayout
    }
}

/// Adds two batches of images element by element: y = a + b, or y = max(a + b, 0); a NaN stays NaN.
///
/// A residual connection forward, and the sum of the gradients of its two branches backward.
package struct ImageSum {
    package var batch: Int
    package var height: Int
    package var width: Int
    /// A multiple of 16, at most each pixel stride.
    package var channels: Int
    package var left: Floats
    package var leftLayout: ImageLayout
    package var right: Floats
    package var rightLayout: ImageLayout
    /// y, overwritten; may be a or b with the same layout.
    package var output: MutableFloats
    package var outputLayout: ImageLayout
    /// Whether negative sums become zero.
    package var relu: Bool

    /// Describes a sum; see the fields.
    package init(
        batch: Int,
        height: Int,
        width: Int,
        channels: Int,
        left: Floats,
        leftLayout: ImageLayout,
        right: Floats,
        rightLayout: ImageLayout,
        output: MutableFloats,
        outputLayout: ImageLayout,
        relu: Bool = false
    ) {
        self.batch = batch
        self.height = height
        self.width = width
        self.channels = channels
        self.left = left
        self.leftLayout = leftLayout
        self.right = right
        self.rightLayout = rightLayout
        self.output = output
        self.outputLayout = outputLayout
        self.relu = relu
    }
}
