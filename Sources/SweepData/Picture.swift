internal import CImages
import SweepCore

/// A decoded image: height × width × channels bytes.
struct Picture {
    let height: Int
    let width: Int
    let channels: Int
    let pixels: [UInt8]

    /// The most pixels an image may have, 2^27 (a square of 11,585): at most a gigabyte while it is decoded.
    static let greatestPixels = 1 << 27

    /// Whether bytes begin as PNG or JPEG.
    static func isPicture(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { cimages_recognise($0.baseAddress, $0.count) != CIMAGES_OTHER }
    }

    /// Decodes PNG or JPEG; throws a mistake of `file`.
    init(bytes: [UInt8], channels: Int, file: String) throws(DataProblem) {
        var image = cimages_image()
        let result = bytes.withUnsafeBufferPointer {
            cimages_decode($0.baseAddress, $0.count, Int32(channels), UInt64(Self.greatestPixels), &image)
        }
        defer { cimages_free(&image) }
        guard result != -1 else {
            throw DataProblem(
                .tooLarge,
                file: file,
                wrong: "the picture is too large",
                found: "\(image.height) × \(image.width) pixels",
                allowed: "at most \(Self.greatestPixels)"
            )
        }
        guard result == 1, let decoded = image.pixels else {
            let reason = withUnsafeBytes(of: &image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw DataProblem(
                .picture,
                file: file,
                wrong: "the picture cannot be read: \(reason)",
                allowed: "a whole PNG or JPEG file"
            )
        }
        height = Int(image.height)
        width = Int(image.width)
        self.channels = channels
        pixels = Array(UnsafeBufferPointer(start: decoded, count: height * width * channels))
    }

    /// The picture at another size.
    ///
    /// Bilinear: each pixel is a mean of those of the source under a triangle as wide as the step from pixel to pixel, in
    /// the source or the result, whichever is wider, so that shrinking leaves no pixel out. First along rows, then along
    /// columns, in double precision in ascending order, rounded once to the nearest integer: the same bytes everywhere.
    func fitted(height: Int, width: Int, _ fit: ImageFolder.Fit) -> [UInt8] {
        let (rows, columns) = (Double(self.height), Double(self.width))
        switch fit {
        case .stretch: return resampled(0...rows, 0...columns, height, width)
        case .crop:
            let scale = min(rows / Double(height), columns / Double(width))
            let (tall, wide) = (scale * Double(height), scale * Double(width))
            let (top, left) = (max(0, (rows - tall) / 2), max(0, (columns - wide) / 2))
            return resampled(top...min(rows, top + tall), left...min(columns, left + wide), height, width)
        case .pad:
            let scale = max(rows / Double(height), columns / Double(width))
            let tall = min(height, max(1, Int((rows / scale).rounded())))
            let wide = min(width, max(1, Int((columns / scale).rounded())))
            let inner = resampled(0...rows, 0...columns, tall, wide)
            var padded = [UInt8](repeating: 0, count: height * width * channels)
            let (top, left) = ((height - tall) / 2, (width - wide) / 2)
            for row in 0..<tall {
                let target = ((top + row) * width + left) * channels
                let source = row * wide * channels
                padded.replaceSubrange(
                    target..<target + wide * channels,
                    with: inner[source..<source + wide * channels]
                )
            }
            return padded
        }
    }

    /// The part of the picture between these lines, as `height` × `width` pixels.
    private func resampled(
        _ rows: ClosedRange<Double>,
        _ columns: ClosedRange<Double>,
        _ height: Int,
        _ width: Int
    ) -> [UInt8] {
        let across = Self.weights(columns, from: self.width, to: width)
        let down = Self.weights(rows, from: self.height, to: height)
        let rowSize = width * channels
        // Rows of the source come one by one and are added to all rows of the result that they count for, so memory is the
        // result's, however large the source is.
        var narrow = [Double](repeating: 0, count: rowSize)
        var sums = [Double](repeating: 0, count: height * rowSize)
        var open = 0
        for row in (down.first?.start ?? 0)..<(down.last.map { $0.start + $0.weights.count } ?? 0) {
            narrowRow(row, across, into: &narrow)
            while open < height, down[open].start + down[open].weights.count <= row { open += 1 }
            var target = open
            while target < height, down[target].start <= row {
                if row < down[target].start + down[target].weights.count {
                    let weight = down[target].weights[row - down[target].start]
                    for place in 0..<rowSize { sums[target * rowSize + place] += weight * narrow[place] }
                }
                target += 1
            }
        }
        return sums.map { UInt8(min(max($0.rounded(), 0), 255)) }
    }

    /// A row of the source at the wanted width.
    private func narrowRow(
        _ row: Int,
        _ across: [(start: Int, weights: [Double])],
        into narrow: inout [Double]
    ) {
        let source = row * width * channels
        for (column, part) in across.enumerated() {
            for channel in 0..<channels {
                var sum = 0.0
                for (offset, weight) in part.weights.enumerated() {
                    sum += weight * Double(pixels[source + (part.start + offset) * channels + channel])
                }
                narrow[column * channels + channel] = sum
            }
        }
    }

    /// For each of `count` pixels the first pixel of the source that counts, and the weights of it and those after it;
    /// weights sum to 1.
    private static func weights(
        _ range: ClosedRange<Double>,
        from size: Int,
        to count: Int
    ) -> [(start: Int, weights: [Double])] {
        let step = (range.upperBound - range.lowerBound) / Double(count)
        let reach = max(step, 1)
        return (0..<count).map { index in
            let centre = range.lowerBound + (Double(index) + 0.5) * step
            let start = max(0, Int((centre - reach).rounded(.down)))
            let end = min(size, Int((centre + reach).rounded(.up)) + 1)
            let raw = (start..<end).map { max(0, 1 - abs(Double($0) + 0.5 - centre) / reach) }
            let first = raw.firstIndex { $0 > 0 } ?? 0
            let last = raw.lastIndex { $0 > 0 } ?? 0
            let kept = raw[first...last]
            let sum = kept.reduce(0, +)
            return (start + first, kept.map { $0 / sum })
        }
    }
}
