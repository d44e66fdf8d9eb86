import KernelAPI
import SweepKernels

/// A batch of images in a buffer that ends right behind its last element, with a border of zeros.
struct Images {
    let batch, height, width, channels: Int
    let layout: ImageLayout
    let border: ImageBorder
    let buffer: Fenced<Float>

    /// Images of so many real channels: values in −1 ..< 1 or one value, zeros in the padding and the border.
    ///
    /// A dense batch has no padding; `gap` elements after each sample are canaries, as are the border's rows if there
    /// must be no border.
    init(
        _ batch: Int,
        _ height: Int,
        _ width: Int,
        _ channels: Int,
        dense: Bool = false,
        border: ImageBorder = ImageBorder(),
        gap: Int = 0,
        value: Float? = nil,
        random: inout TestRandom
    ) {
        (self.batch, self.height, self.width) = (batch, height, width)
        self.channels = dense ? channels : paddedCount(channels)
        self.border = border
        var layout = ImageLayout(height: height, width: width, pixelStride: self.channels, border: border)
        let used = layout.sampleStride
        layout.sampleStride += gap
        self.layout = layout
        buffer = Fenced((batch - 1) * layout.sampleStride + used, repeating: 0)
        for sample in 0..<batch {
            for y in 0..<height {
                for x in 0..<width {
                    for c in 0..<channels { base[place(sample, y, x) + c] = value ?? random.signed() }
                }
            }
            guard sample < batch - 1 else { continue }
            for i in 0..<gap { buffer.base[sample * layout.sampleStride + used + i] = canary }
        }
    }

    private init(_ other: Images, _ buffer: Fenced<Float>) {
        (batch, height, width, channels) = (other.batch, other.height, other.width, other.channels)
        (layout, border) = (other.layout, other.border)
        self.buffer = buffer
    }

    /// The first pixel inside the border.
    var base: MutableFloats { buffer.base + layout.origin(border) }

    func place(_ sample: Int, _ y: Int, _ x: Int) -> Int {
        sample * layout.sampleStride + y * layout.rowStride + x * layout.pixelStride
    }

    func copy() -> Images { Images(self, buffer.copy()) }

    /// An element, or 0 outside the image.
    subscript(sample: Int, y: Int, x: Int, c: Int) -> Double {
        guard (0..<height).contains(y), (0..<width).contains(x) else { return 0 }
        return Double(base[place(sample, y, x) + c])
    }

    /// Every element of every pixel, padding included.
    var places: [(sample: Int, y: Int, x: Int, c: Int)] {
        var places: [(sample: Int, y: Int, x: Int, c: Int)] = []
        for sample in 0..<batch {
            for y in 0..<height {
                for x in 0..<width {
                    for c in 0..<channels { places.append((sample, y, x, c)) }
                }
            }
        }
        return places
    }

    /// The inner product of two batches of one shape in float64, and that of their magnitudes.
    func dot(_ other: Images) -> (sum: Double, size: Double) {
        var result = (sum: 0.0, size: 0.0)
        for (sample, y, x, c) in places {
            let term = self[sample, y, x, c] * other[sample, y, x, c]
            result.sum += term
            result.size += abs(term)
        }
        return result
    }
}

extension Fenced where Element == Float {
    /// So many values in −1 ..< 1 times a scale plus an offset, then zeros up to whole vectors.
    convenience init(padded count: Int, scale: Float = 1, offset: Float = 0, random: inout TestRandom) {
        self.init(paddedCount(count), repeating: 0)
        for i in 0..<count { base[i] = random.signed() * scale + offset }
    }
}
