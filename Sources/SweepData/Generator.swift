import SweepCore
import SweepNumerics

/// Makes the rows of a `GeneratorSpec`: a pure function of it, with the same bits on every machine.
///
/// Each row has random numbers of its own, so a row does not depend on how many there are. Where a curve has places
/// (circles, moons, spirals), the rows of a class stand on it at even distances. Rows come in a random order.
/// Source of the formulas: scikit-learn's `make_blobs`, `make_circles`, `make_moons`, `make_friedman1` to `3`; Friedman,
/// Annals of Statistics 19(1), 1991.
struct Generator {
    let spec: GeneratorSpec

    init(_ spec: GeneratorSpec) { self.spec = spec }

    /// The rows. Labels are the numbers of classes from 0.
    func table() -> RawTable {
        let places = places()
        let painter: GlyphPainter? =
            if case .glyphs(_, let jitter, let light, let noise) = spec.kind {
                GlyphPainter(jitter: jitter, unevenIllumination: light, noise: noise)
            } else {
                nil
            }
        let fixed = drawnOnce()
        let width = spec.kind.features
        let memory = FeatureMemory(count: spec.rows * width)
        let features = UnsafeMutableBufferPointer(start: memory.floats, count: memory.count)
        var targets: [RawTarget] = []
        targets.reserveCapacity(spec.rows)
        for (row, place) in places.enumerated() {
            var stream = stream("row", index: row)
            let values = UnsafeMutableBufferPointer(rebasing: features[row * width..<(row + 1) * width])
            if let painter {
                painter.paint(digit: place.label, into: values, &stream)
                targets.append(.number(Double(place.label)))
            } else {
                targets.append(.number(draw(place, fixed, into: values, &stream)))
            }
        }
        spoil(&targets)
        if let outliers = spec.outliers {
            for row in 0..<outliers.count { features[row * width] = Float(outliers.value) }
        }
        let isGlyphs = painter != nil
        let side = GlyphPainter.side
        let names =
            isGlyphs
            ? (0..<side).flatMap { row in (0..<side).map { "pixel_\(row)_\($0)" } } : (0..<width).map { "x\($0)" }
        return RawTable(
            file: DataSource.generated(spec).name,
            columns: names.map { RawColumn(name: $0) },
            isNamed: false,
            targetName: isGlyphs || spec.kind.classes > 0 ? "label" : "y",
            features: FeatureCells(memory),
            targets: targets,
            image: isGlyphs ? ImageShape(height: side, width: side) : nil
        )
    }

    /// A row's class, and its number among the rows of the class.
    private struct Place {
        let label: Int
        let index: Int
        let count: Int
    }

    /// The places of all rows in their final order.
    private func places() -> [Place] {
        var places: [Place] = []
        for (label, count) in classCounts().enumerated() {
            for index in 0..<count { places.append(Place(label: label, index: index, count: count)) }
        }
        var stream = stream("order", index: 0)
        stream.shuffle(&places)
        return places
    }

    /// Rows of each class by largest remainders, at least one each; one class for numbers.
    private func classCounts() -> [Int] {
        let classes = max(spec.kind.classes, 1)
        let weights = spec.weights.isEmpty ? [Double](repeating: 1, count: classes) : spec.weights
        let total = weights.reduce(0, +)
        let exact = weights.map { Double(spec.rows) * ($0 / total) }
        var counts = exact.map { max(Int($0), 1) }
        let order = exact.indices.sorted { a, b in
            let (left, right) = (exact[a] - exact[a].rounded(.down), exact[b] - exact[b].rounded(.down))
            return left != right ? left > right : a < b
        }
        var rest = spec.rows - counts.reduce(0, +)
        for index in order where rest > 0 {
            counts[index] += 1
            rest -= 1
        }
        while rest < 0, let largest = counts.indices.max(by: { counts[$0] < counts[$1] }) {
            counts[largest] -= 1
            rest += 1
        }
        return counts
    }

    private func stream(_ purpose: String, index: Int) -> RandomStream {
        var hash = StableHash()
        hash.combine("generate")
        hash.combine(spec.kind.name)
        hash.combine(purpose)
        hash.combine(spec.seed)
        hash.combine(UInt64(index))
        return RandomStream(key: hash.value)
    }

    /// What the problem fixes for all rows: centres of blobs (classes × features), coefficients.
    private func drawnOnce() -> [Double] {
        var hash = StableHash()
        hash.combine("generate")
        hash.combine(spec.kind.name)
        hash.combine("problem")
        hash.combine(spec.problem)
        var stream = RandomStream(key: hash.value)
        switch spec.kind {
        case .blobs(let classes, let features, _):
            return (0..<classes * features).map { _ in 20 * stream.uniform() - 10 }
        case .linear(let coefficients, let features, _, _, _, _):
            return coefficients.isEmpty ? (0..<features).map { _ in stream.normal() } : coefficients
        default: return []
        }
    }

    /// Writes the features of a row; its target.
    private func draw(
        _ place: Place,
        _ fixed: [Double],
        into values: UnsafeMutableBufferPointer<Float>,
        _ stream: inout RandomStream
    ) -> Double {
        switch spec.kind {
        case .blobs(_, let features, let deviation):
            for column in values.indices {
                values[column] = Float(fixed[place.label * features + column] + deviation * stream.normal())
            }
        case .circles(let factor, let noise):
            let radius = place.label == 0 ? 1 : factor
            let turns = Double(place.index) / Double(place.count)
            point(
                radius * Elementary.cosine(turns: turns),
                radius * Elementary.sine(turns: turns),
                noise,
                values,
                &stream
            )
        case .moons(let noise):
            let turns = place.count > 1 ? Double(place.index) / Double(place.count - 1) / 2 : 0
            let (x, y) = (Elementary.cosine(turns: turns), Elementary.sine(turns: turns))
            if place.label == 0 {
                point(x, y, noise, values, &stream)
            } else {
                point(1 - x, 0.5 - y, noise, values, &stream)
            }
        case .spirals(let classes, let turns, let noise):
            let along = Double(place.index + 1) / Double(place.count)
            let angle = turns * along + Double(place.label) / Double(classes)
            point(
                along * Elementary.cosine(turns: angle),
                along * Elementary.sine(turns: angle),
                noise,
                values,
                &stream
            )
        case .friedman1(_, let noise):
            for column in values.indices { values[column] = Float(stream.uniform()) }
            let x = values.prefix(5).map { Double($0) }
            let smooth = 10 * Elementary.sine(turns: x[0] * x[1] / 2) + 20 * (x[2] - 0.5) * (x[2] - 0.5)
            return smooth + 10 * x[3] + 5 * x[4] + noise * stream.normal()
        case .friedman2(let noise):
            let (a, b) = circuit(values, &stream)
            return (a * a + b * b).squareRoot() + noise * stream.normal()
        case .friedman3(let noise):
            let (a, b) = circuit(values, &stream)
            return (a > 0 ? Elementary.arctangent(b / a) : b < 0 ? -Double.pi / 2 : Double.pi / 2)
                + noise * stream.normal()
        case .linear(_, _, let intercept, let noise, let low, let high):
            var sum = intercept
            for column in values.indices {
                values[column] = Float(low + (high - low) * stream.uniform())
                sum += fixed[column] * Double(values[column])
            }
            return sum + noise * stream.normal()
        case .noise(_, let classes):
            for column in values.indices { values[column] = Float(stream.uniform()) }
            if classes == 0 { return stream.uniform() }
        case .glyphs: break
        }
        return Double(place.label)
    }

    private func point(
        _ x: Double,
        _ y: Double,
        _ noise: Double,
        _ values: UnsafeMutableBufferPointer<Float>,
        _ stream: inout RandomStream
    ) {
        values[0] = Float(x + noise * stream.normal())
        values[1] = Float(y + noise * stream.normal())
    }

    /// Resistance, frequency, inductance and capacity of a circuit; its resistance and reactance.
    private func circuit(
        _ values: UnsafeMutableBufferPointer<Float>,
        _ stream: inout RandomStream
    ) -> (Double, Double) {
        values[0] = Float(100 * stream.uniform())
        values[1] = Float((40 + 520 * stream.uniform()) * Double.pi)
        values[2] = Float(stream.uniform())
        values[3] = Float(1 + 10 * stream.uniform())
        let x = values.map { Double($0) }
        return (x[0], x[1] * x[2] - 1 / (x[1] * x[3]))
    }

    /// Replaces the labels of `labelNoise` of the rows by other ones.
    private func spoil(_ targets: inout [RawTarget]) {
        let count = Int((spec.labelNoise * Double(spec.rows)).rounded())
        guard count > 0, spec.kind.classes > 1 else { return }
        var stream = stream("labels", index: 0)
        var rows = Array(targets.indices)
        stream.shuffle(&rows)
        for row in rows.prefix(count) {
            guard case .number(let label) = targets[row] else { continue }
            let other = (Int(label) + 1 + stream.below(spec.kind.classes - 1)) % spec.kind.classes
            targets[row] = .number(Double(other))
        }
    }
}
