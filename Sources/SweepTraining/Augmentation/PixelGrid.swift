import KernelAPI
import SweepCore
import SweepNumerics

/// The geometry of an image of height × width × channels floats, and the changes of its pixels.
struct PixelGrid: Sendable {
    let height: Int
    let width: Int
    let channels: Int

    /// Floats of a row of pixels.
    private var rowCount: Int { width * channels }
    /// Floats of the image.
    var count: Int { height * rowCount }
    /// Floats of the image with a pixel before and two pixels behind each row and column, which `rotate` reads.
    var borderedCount: Int { (height + 3) * (width + 3) * channels }

    /// Left and right change places.
    func flipHorizontal(_ pixels: MutableFloats) {
        for row in 0..<height {
            let start = pixels + row * rowCount
            for column in 0..<(width / 2) {
                let other = width - 1 - column
                for channel in 0..<channels {
                    let kept = start[column * channels + channel]
                    start[column * channels + channel] = start[other * channels + channel]
                    start[other * channels + channel] = kept
                }
            }
        }
    }

    /// Top and bottom change places.
    func flipVertical(_ pixels: MutableFloats) {
        for row in 0..<(height / 2) {
            let (upper, lower) = (pixels + row * rowCount, pixels + (height - 1 - row) * rowCount)
            for index in 0..<rowCount {
                let kept = upper[index]
                upper[index] = lower[index]
                lower[index] = kept
            }
        }
    }

    /// Moves the image by whole pixels.
    func shift(_ pixels: MutableFloats, down: Int, right: Int, fill: AugmentStep.Fill, _ scratch: MutableFloats) {
        guard down != 0 || right != 0 else { return }
        scratch.update(from: pixels, count: count)
        let down = min(max(down, -height), height)
        let right = min(max(right, -width), width)
        // Columns first..<end come from the image, moved by `right`.
        let (first, end) = (max(right, 0), width + min(right, 0))
        for row in 0..<height {
            let target = pixels + row * rowCount
            let from = row - down
            let isInside = from >= 0 && from < height
            guard isInside || fill == .edge else {
                target.update(repeating: 0, count: rowCount)
                continue
            }
            let source = scratch + min(max(from, 0), height - 1) * rowCount
            if end > first {
                (target + first * channels)
                    .update(from: source + (first - right) * channels, count: (end - first) * channels)
            }
            for column in 0..<first { fillPixel(target + column * channels, fill, source) }
            for column in end..<width { fillPixel(target + column * channels, fill, source + (width - 1) * channels) }
        }
    }

    private func fillPixel(_ pixel: MutableFloats, _ fill: AugmentStep.Fill, _ edge: MutableFloats) {
        for channel in 0..<channels { pixel[channel] = fill == .edge ? edge[channel] : 0 }
    }

    /// Sets a square to zero where it lies on the image.
    func clear(_ pixels: MutableFloats, top: Int, left: Int, size: Int) {
        let (first, end) = (max(left, 0), min(left + size, width))
        guard end > first else { return }
        for row in max(top, 0)..<max(min(top + size, height), max(top, 0)) {
            (pixels + row * rowCount + first * channels).update(repeating: 0, count: (end - first) * channels)
        }
    }

    /// Adds a number to all values.
    func add(_ value: Float, to pixels: MutableFloats) {
        for index in 0..<count { pixels[index] += value }
    }

    /// x → mean + factor · (x − mean).
    ///
    /// The mean is a sum of eight partial sums in double precision, values taken in turn.
    func scaleAboutMean(_ pixels: MutableFloats, by factor: Double) {
        var sums = SIMD8<Double>(repeating: 0)
        let whole = count / 8 * 8
        var index = 0
        while index < whole {
            sums += SIMD8<Double>(UnsafeRawPointer(pixels + index).loadUnaligned(as: SIMD8<Float>.self))
            index += 8
        }
        var sum = 0.0
        for lane in 0..<8 { sum += sums[lane] }
        for rest in whole..<count { sum += Double(pixels[rest]) }
        let mean = sum / Double(count)
        let scale = Float(factor)
        let offset = Float(mean * (1 - factor))
        for index in 0..<count { pixels[index] = pixels[index] * scale + offset }
    }
}

/// A place between pixels as a whole number: 24 bits behind the point, so that a weight is exact as a float.
private enum Place {
    static let bits = 24
    static let one = 1 << 24
    static let mask = one - 1
    static let unit: Float = 0x1p-24

    static func of(_ value: Double) -> Int { Int((value * 0x1p24).rounded()) }
}

extension PixelGrid {
    /// Turns the image about its centre, bilinearly; positive turns are clockwise as seen.
    func rotate(_ pixels: MutableFloats, turns: Double, fill: AugmentStep.Fill, _ scratch: MutableFloats) {
        addBorder(pixels, fill, scratch)
        let cosine = Place.of(Elementary.cosine(turns: turns))
        let sine = Place.of(Elementary.sine(turns: turns))
        // Places are from the pixel before the first. Beyond the border the place is held on the border, where for zero
        // fill all four pixels that count are zero, for the edge the image's last pixel.
        let lowest = fill == .zero ? 0 : Place.one
        let greatestX = (fill == .zero ? width + 1 : width) * Place.one
        let greatestY = (fill == .zero ? height + 1 : height) * Place.one
        let stride = (width + 3) * channels
        for row in 0..<height {
            let y = 2 * row - (height - 1)
            let x = -(width - 1)
            // Twice the distance from the centre times a 24-bit factor, halved: exact but for the last bit.
            var fromX = (cosine * x + sine * y) >> 1 + (width - 1) * Place.one / 2 + Place.one
            var fromY = (cosine * y - sine * x) >> 1 + (height - 1) * Place.one / 2 + Place.one
            let target = pixels + row * rowCount
            if channels == 1 {
                for column in 0..<width {
                    let heldX = min(max(fromX, lowest), greatestX)
                    let heldY = min(max(fromY, lowest), greatestY)
                    let source = scratch + ((heldY &>> Place.bits) &* stride &+ (heldX &>> Place.bits))
                    target[column] = Self.blend(source, 1, stride, heldX & Place.mask, heldY & Place.mask)
                    fromX &+= cosine
                    fromY &-= sine
                }
            } else {
                for column in 0..<width {
                    let heldX = min(max(fromX, lowest), greatestX)
                    let heldY = min(max(fromY, lowest), greatestY)
                    let source = scratch + ((heldY &>> Place.bits) &* stride &+ (heldX &>> Place.bits) &* channels)
                    for channel in 0..<channels {
                        target[column &* channels &+ channel] = Self.blend(
                            source + channel,
                            channels,
                            stride,
                            heldX & Place.mask,
                            heldY & Place.mask
                        )
                    }
                    fromX &+= cosine
                    fromY &-= sine
                }
            }
        }
    }

    /// The value between four neighbours; weights are 24-bit fractions.
    @inline(__always)
    private static func blend(_ source: MutableFloats, _ next: Int, _ below: Int, _ x: Int, _ y: Int) -> Float {
        let right = Float(Int32(truncatingIfNeeded: x)) * Place.unit
        let down = Float(Int32(truncatingIfNeeded: y)) * Place.unit
        let upper = source[0] + right * (source[next] - source[0])
        let lower = source[below] + right * (source[below &+ next] - source[below])
        return upper + down * (lower - upper)
    }

    /// Writes the image with its border to `scratch`: zeros, or the nearest pixel.
    private func addBorder(_ pixels: MutableFloats, _ fill: AugmentStep.Fill, _ scratch: MutableFloats) {
        let stride = (width + 3) * channels
        if fill == .zero {
            scratch.update(repeating: 0, count: stride)
            (scratch + (height + 1) * stride).update(repeating: 0, count: 2 * stride)
            for row in 0..<height {
                let target = scratch + (row + 1) * stride
                target.update(repeating: 0, count: channels)
                (target + channels).update(from: pixels + row * rowCount, count: rowCount)
                (target + channels + rowCount).update(repeating: 0, count: 2 * channels)
            }
        } else {
            for row in 0..<(height + 3) {
                let source = pixels + min(max(row - 1, 0), height - 1) * rowCount
                let target = scratch + row * stride
                (target + channels).update(from: source, count: rowCount)
                target.update(from: source, count: channels)
                for column in [width + 1, width + 2] {
                    (target + column * channels).update(from: source + rowCount - channels, count: channels)
                }
            }
        }
    }

    /// Enlarges a window to the whole image, bilinearly; the outer edges of the outer pixels are the window's.
    func enlarge(_ pixels: MutableFloats, top: Int, left: Int, height h: Int, width w: Int, _ scratch: MutableFloats) {
        guard h < height || w < width else { return }
        scratch.update(from: pixels, count: count)
        for row in 0..<height {
            // (row + ½) · h/height − ½, held within the window.
            let y = min(max(Self.place(row, h, height), 0), (h - 1) * Place.one)
            let (up, down) = (y >> Place.bits, Float(Int32(y & Place.mask)) * Place.unit)
            let upper = scratch + (top + up) * rowCount
            let lower = scratch + (top + min(up + 1, h - 1)) * rowCount
            for column in 0..<width {
                let x = min(max(Self.place(column, w, width), 0), (w - 1) * Place.one)
                let (at, right) = (x >> Place.bits, Float(Int32(x & Place.mask)) * Place.unit)
                let (here, next) = ((left + at) * channels, (left + min(at + 1, w - 1)) * channels)
                for channel in 0..<channels {
                    let a = upper[here + channel] + right * (upper[next + channel] - upper[here + channel])
                    let b = lower[here + channel] + right * (lower[next + channel] - lower[here + channel])
                    pixels[row * rowCount + column * channels + channel] = a + down * (b - a)
                }
            }
        }
    }

    private static func place(_ index: Int, _ window: Int, _ size: Int) -> Int {
        (2 * index + 1) * window * (Place.one / 2) / size - Place.one / 2
    }
}
