import SweepNumerics

/// Paints digits by strokes: white on black, 28 × 28 whole numbers from 0 to 255, as MNIST's are.
///
/// With jitter 1 an image is moved by up to 2.5 pixels, turned by up to 16°, sheared by up to 0.25, made up to 22 % larger
/// or smaller in each direction, and drawn with strokes 1.4 to 3.4 pixels wide; each control point moves by a normal number
/// of 0.6 pixels. A pixel is as bright as its distance from the nearest stroke says, with an edge one pixel wide.
struct GlyphPainter {
    let jitter: Double
    /// How much of the brightness is background and shading, from 0 to 1.
    let unevenIllumination: Double
    /// Standard deviation of the noise; full brightness is 1.
    let noise: Double

    /// Pixels of a side.
    static let side = 28
    /// Pixels of the box in which glyphs are described.
    private static let box = 22.0

    /// Paints `digit` into `side · side` values.
    func paint(digit: Int, into pixels: UnsafeMutableBufferPointer<Float>, _ stream: inout RandomStream) {
        let side = Self.side
        let forms = GlyphStroke.digits[digit]
        let strokes = forms[jitter > 0 ? stream.below(forms.count) : 0]
        let pose = Pose(jitter: jitter, &stream)
        let halfWidth = 1.2 + 0.5 * jitter * (2 * stream.uniform() - 1)
        let reach = max(halfWidth, 0.3) + 0.5
        var nearest = [Double](repeating: reach * reach, count: side * side)
        for stroke in strokes {
            let points = stroke.points.map { point in
                let x = Self.box * (point.x - 0.5) + 0.6 * jitter * stream.normal()
                let y = Self.box * (point.y - 0.5) + 0.6 * jitter * stream.normal()
                return pose.place(x, y)
            }
            for segment in stroke.segments(through: points) { Self.mark(segment, reach, &nearest) }
        }
        let light = Light(amount: unevenIllumination, &stream)
        for row in 0..<side {
            for column in 0..<side {
                let distance = nearest[row * side + column].squareRoot()
                var value = light.shade(min(max(reach - distance, 0), 1), row: row, column: column)
                if noise > 0 { value += noise * stream.normal() }
                pixels[row * side + column] = Float((255 * min(max(value, 0), 1)).rounded())
            }
        }
    }

    /// Lowers the squares of distances in `nearest` where the piece is nearer.
    private static func mark(_ segment: GlyphSegment, _ reach: Double, _ nearest: inout [Double]) {
        func range(_ from: Double, _ length: Double) -> Range<Int> {
            let low = min(from, from + length) - reach
            let high = max(from, from + length) + reach
            let first = Int(min(max(low.rounded(.up), 0), Double(side)))
            let end = Int(min(max(high.rounded(.down) + 1, 0), Double(side)))
            return first..<max(first, end)
        }
        let columns = range(segment.x, segment.dx)
        for row in range(segment.y, segment.dy) {
            for column in columns {
                let square = segment.squaredDistance(Double(column), Double(row))
                if square < nearest[row * side + column] { nearest[row * side + column] = square }
            }
        }
    }

    /// Where the box stands on the image: scaled, sheared, turned, moved.
    private struct Pose {
        private let xx: Double
        private let xy: Double
        private let yx: Double
        private let yy: Double
        private let x: Double
        private let y: Double

        init(jitter: Double, _ stream: inout RandomStream) {
            func spread(_ amount: Double) -> Double { jitter * amount * (2 * stream.uniform() - 1) }
            let turns = spread(0.045)
            let shear = spread(0.25)
            // A factor and its inverse are as likely, and none is 0 or less.
            let width = Elementary.exp(spread(0.2))
            let height = Elementary.exp(spread(0.2))
            let (sine, cosine) = (Elementary.sine(turns: turns), Elementary.cosine(turns: turns))
            xx = cosine * width
            xy = cosine * shear - sine * height
            yx = sine * width
            yy = sine * shear + cosine * height
            let middle = Double(GlyphPainter.side - 1) / 2
            x = middle + spread(2.5)
            y = middle + spread(2.5)
        }

        func place(_ px: Double, _ py: Double) -> (x: Double, y: Double) {
            (x + xx * px + xy * py, y + yx * px + yy * py)
        }
    }

    /// Uneven light: a slope and a spot that brighten the background and shade the strokes, and a contrast of its own.
    private struct Light {
        private let amount: Double
        private let level: Double
        private let slopeX: Double
        private let slopeY: Double
        private let spot: Double
        private let contrast: Double

        init(amount: Double, _ stream: inout RandomStream) {
            func spread() -> Double { 2 * stream.uniform() - 1 }
            self.amount = amount
            level = stream.uniform()
            slopeX = spread()
            slopeY = spread()
            spot = spread()
            contrast = 1 - 0.6 * amount * stream.uniform()
        }

        /// The brightness where a stroke covers `cover` of the pixel.
        func shade(_ cover: Double, row: Int, column: Int) -> Double {
            guard amount > 0 else { return cover }
            let half = Double(GlyphPainter.side) / 2
            let x = (Double(column) + 0.5 - half) / half
            let y = (Double(row) + 0.5 - half) / half
            let field = (slopeX * x + slopeY * y + spot * (1 - x * x - y * y)) / 3
            let background = amount * 0.6 * min(max(0.5 * level + field, 0), 1)
            return background + (1 - background) * cover * contrast * (1 + 0.5 * amount * field)
        }
    }
}
