/// A stroke of a glyph: control points in a box of height and width 1, y downward.
struct GlyphStroke {
    let points: [(x: Double, y: Double)]
    /// Whether the stroke is a smooth curve through the points, not straight lines between them.
    let isCurve: Bool
    /// Whether the end meets the beginning.
    let isClosed: Bool

    private init(_ points: [(Double, Double)], isCurve: Bool, isClosed: Bool) {
        self.points = points.map { (x: $0.0, y: $0.1) }
        self.isCurve = isCurve
        self.isClosed = isClosed
    }

    private static func curve(_ points: (Double, Double)...) -> GlyphStroke {
        GlyphStroke(points, isCurve: true, isClosed: false)
    }

    private static func loop(_ points: (Double, Double)...) -> GlyphStroke {
        GlyphStroke(points, isCurve: true, isClosed: true)
    }

    private static func line(_ points: (Double, Double)...) -> GlyphStroke {
        GlyphStroke(points, isCurve: false, isClosed: false)
    }

    /// The strokes of the digits 0 to 9; a digit that is written in several ways has several.
    static let digits: [[[GlyphStroke]]] = [
        [
            [loop((0.5, 0.1), (0.3, 0.22), (0.23, 0.5), (0.3, 0.78), (0.5, 0.9), (0.7, 0.78), (0.77, 0.5), (0.7, 0.22))]
        ],
        [
            [line((0.36, 0.27), (0.54, 0.1), (0.54, 0.9))],
            [line((0.5, 0.1), (0.5, 0.9))],
        ],
        [
            [
                curve((0.26, 0.3), (0.36, 0.14), (0.55, 0.1), (0.71, 0.22), (0.69, 0.42), (0.5, 0.64), (0.25, 0.88)),
                line((0.25, 0.88), (0.77, 0.88)),
            ],
            [
                curve(
                    (0.26, 0.26),
                    (0.42, 0.11),
                    (0.64, 0.16),
                    (0.68, 0.38),
                    (0.5, 0.68),
                    (0.3, 0.86),
                    (0.28, 0.72),
                    (0.44, 0.74),
                    (0.76, 0.9)
                )
            ],
        ],
        [
            [
                curve((0.27, 0.18), (0.46, 0.1), (0.67, 0.17), (0.68, 0.35), (0.44, 0.46)),
                curve((0.44, 0.46), (0.73, 0.56), (0.74, 0.77), (0.5, 0.9), (0.24, 0.8)),
            ]
        ],
        [
            [line((0.62, 0.9), (0.62, 0.1), (0.22, 0.62), (0.8, 0.62))],
            [line((0.3, 0.12), (0.26, 0.52), (0.76, 0.52)), line((0.7, 0.14), (0.64, 0.9))],
        ],
        [
            [
                line((0.72, 0.12), (0.34, 0.12), (0.29, 0.45)),
                curve((0.29, 0.45), (0.5, 0.4), (0.72, 0.52), (0.72, 0.75), (0.5, 0.9), (0.25, 0.82)),
            ]
        ],
        [
            [
                curve(
                    (0.66, 0.12),
                    (0.42, 0.27),
                    (0.27, 0.54),
                    (0.29, 0.78),
                    (0.49, 0.9),
                    (0.7, 0.8),
                    (0.72, 0.63),
                    (0.53, 0.52),
                    (0.31, 0.62)
                )
            ]
        ],
        [
            [line((0.23, 0.12), (0.77, 0.12), (0.42, 0.9))],
            [line((0.23, 0.12), (0.77, 0.12), (0.42, 0.9)), line((0.36, 0.52), (0.74, 0.52))],
        ],
        [
            [
                loop((0.5, 0.47), (0.31, 0.36), (0.31, 0.19), (0.5, 0.1), (0.69, 0.19), (0.69, 0.36)),
                loop((0.5, 0.47), (0.27, 0.6), (0.27, 0.79), (0.5, 0.9), (0.73, 0.79), (0.73, 0.6)),
            ]
        ],
        [
            [
                loop((0.71, 0.3), (0.6, 0.13), (0.4, 0.12), (0.28, 0.28), (0.38, 0.47), (0.6, 0.46)),
                curve((0.71, 0.3), (0.7, 0.6), (0.54, 0.9)),
            ]
        ],
    ]
}

/// A straight piece of a stroke, in pixels.
struct GlyphSegment {
    let x: Double
    let y: Double
    /// From the beginning to the end.
    let dx: Double
    let dy: Double

    /// The square of the distance of a point from the piece.
    func squaredDistance(_ px: Double, _ py: Double) -> Double {
        let (ax, ay) = (px - x, py - y)
        let square = dx * dx + dy * dy
        let along = square > 0 ? min(max((ax * dx + ay * dy) / square, 0), 1) : 0
        let (ex, ey) = (ax - along * dx, ay - along * dy)
        return ex * ex + ey * ey
    }
}

extension GlyphStroke {
    /// Straight pieces of the stroke through `points`, which stand in the place of its own.
    ///
    /// A curve has five pieces between two points. Source: Catmull & Rom, Computer Aided Geometric Design, 1974, with the
    /// end points doubled.
    func segments(through points: [(x: Double, y: Double)]) -> [GlyphSegment] {
        var path: [(x: Double, y: Double)] = []
        if isCurve {
            let count = points.count
            func at(_ index: Int) -> (x: Double, y: Double) {
                isClosed ? points[(index + count) % count] : points[min(max(index, 0), count - 1)]
            }
            for index in 0..<(isClosed ? count : count - 1) {
                let (a, b, c, d) = (at(index - 1), at(index), at(index + 1), at(index + 2))
                for step in 0..<5 {
                    let t = Double(step) / 5
                    path.append((Self.spline(a.x, b.x, c.x, d.x, t), Self.spline(a.y, b.y, c.y, d.y, t)))
                }
            }
            path.append(isClosed ? points[0] : points[count - 1])
        } else {
            path = points
        }
        return zip(path, path.dropFirst()).map { from, to in
            GlyphSegment(x: from.x, y: from.y, dx: to.x - from.x, dy: to.y - from.y)
        }
    }

    private static func spline(_ a: Double, _ b: Double, _ c: Double, _ d: Double, _ t: Double) -> Double {
        let linear = (c - a) * t
        let square = (2 * a - 5 * b + 4 * c - d) * t * t
        let cube = (3 * b - a - 3 * c + d) * t * t * t
        return b + (linear + square + cube) / 2
    }
}
