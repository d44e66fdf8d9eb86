import SweepCore
import SweepData
import SweepNumerics
import Testing

@Suite struct `Generators` {
    private func make(_ spec: GeneratorSpec, task: TaskKind? = nil) throws -> DataSet {
        try DataSet.load(DataSpec(source: .generated(spec), task: task, validation: .none), relativeTo: "").get()
    }

    private func labels(_ data: DataSet) -> [Int] {
        if case .classes(let labels) = data.targets { labels.map { Int($0) } } else { [] }
    }

    private func values(_ data: DataSet) -> [Double] {
        if case .values(let values) = data.targets { values.map { Double($0) } } else { [] }
    }

    private func row(_ row: Int, _ data: DataSet) -> [Double] {
        data.features[row * data.featureCount..<(row + 1) * data.featureCount].map { Double($0) }
    }

    @Test func `a spec and a seed give the same bits, another seed other ones`() throws {
        let kinds: [GeneratorKind] = [
            .blobs(classes: 3, features: 2, deviation: 1), .circles(factor: 0.5, noise: 0.1), .moons(noise: 0.1),
            .spirals(classes: 2, turns: 1.5, noise: 0.1), .friedman1(features: 10, noise: 1), .friedman2(noise: 0),
            .friedman3(noise: 0),
            .linear(coefficients: [], features: 3, intercept: 0, noise: 1, low: 0, high: 1),
            .noise(features: 10, classes: 0), .noise(features: 2, classes: 3),
            .glyphs(classes: 10, jitter: 1, unevenIllumination: 0.5, noise: 0.05),
        ]
        for kind in kinds {
            let bytes = try make(GeneratorSpec(kind, rows: 60, seed: 3)).packed()
            #expect(try make(GeneratorSpec(kind, rows: 60, seed: 3)).packed() == bytes, "\(kind)")
            #expect(try make(GeneratorSpec(kind, rows: 60, seed: 4)).packed() != bytes, "\(kind)")
        }
    }

    @Test func `the bits of known specs are what they were`() throws {
        // Of this build on x86-64; guards sums, elementary functions and the order of draws.
        let digests: [(GeneratorKind, String)] = [
            (.friedman1(features: 10, noise: 1), "b8-69-52-de"), (.moons(noise: 0.1), "50-f6-40-7a"),
            (.glyphs(classes: 10, jitter: 1, unevenIllumination: 0.5, noise: 0.05), "45-ba-a1-f5"),
        ]
        for (kind, digest) in digests {
            let bytes = try make(GeneratorSpec(kind, rows: 100, seed: 7)).packed()
            let hex = SHA256.digest(bytes).prefix(4).map { String($0 | 0, radix: 16) }.joined(separator: "-")
            #expect(hex == digest, "\(kind)")
        }
    }

    @Test func `blobs have the shares, the spread and the centres they should`() throws {
        let kind = GeneratorKind.blobs(classes: 3, features: 2, deviation: 0.5)
        let data = try make(GeneratorSpec(kind, rows: 3000, seed: 1, weights: [6, 3, 1]))
        #expect(labels(data).count { $0 == 0 } == 1800 && labels(data).count { $0 == 2 } == 300)
        let fresh = try make(GeneratorSpec(kind, rows: 3000, seed: 2))
        let other = try make(GeneratorSpec(kind, rows: 3000, seed: 1, problem: 1))
        func moments(_ data: DataSet, _ label: Int, _ column: Int) -> Moments {
            Moments(of: (0..<data.rowCount).filter { labels(data)[$0] == label }.map { row($0, data)[column] })
        }
        for label in 0..<3 {
            for column in 0..<2 {
                let here = moments(data, label, column)
                #expect(abs(here.mean) <= 10.5)
                // Five standard errors of a deviation of at least 300 rows.
                #expect(abs((here.sampleDeviation ?? 0) - 0.5) < 5 * 0.5 / (2 * 299.0).squareRoot())
                #expect(abs(here.mean - moments(fresh, label, column).mean) < 5 * 0.5 * (2.0 / 300).squareRoot())
            }
        }
        #expect(abs(moments(data, 0, 0).mean - moments(other, 0, 0).mean) > 0.5)
    }

    @Test func `rows come in a mixed order`() throws {
        let data = try make(GeneratorSpec(.moons(noise: 0), rows: 200))
        #expect(labels(data) != labels(data).sorted())
        #expect(labels(data).count { $0 == 0 } == 100)
    }

    @Test func `circles, moons and spirals without noise stand on their curves`() throws {
        let circles = try make(GeneratorSpec(.circles(factor: 0.5, noise: 0), rows: 100))
        for index in 0..<100 {
            let point = row(index, circles)
            let radius = (point[0] * point[0] + point[1] * point[1]).squareRoot()
            #expect(abs(radius - (labels(circles)[index] == 0 ? 1 : 0.5)) < 1e-6)
        }
        let moons = try make(GeneratorSpec(.moons(noise: 0), rows: 101))
        for index in 0..<101 {
            var (x, y) = (row(index, moons)[0], row(index, moons)[1])
            if labels(moons)[index] == 1 { (x, y) = (1 - x, 0.5 - y) }
            #expect(abs((x * x + y * y).squareRoot() - 1) < 1e-6 && y > -1e-6)
        }
        let spirals = try make(GeneratorSpec(.spirals(classes: 3, turns: 1, noise: 0), rows: 300))
        for index in 0..<300 {
            let (x, y) = (row(index, spirals)[0], row(index, spirals)[1])
            let radius = (x * x + y * y).squareRoot()
            let angle = radius + Double(labels(spirals)[index]) / 3
            #expect(abs(x - radius * Elementary.cosine(turns: angle)) < 1e-5)
            #expect(abs(y - radius * Elementary.sine(turns: angle)) < 1e-5)
        }
    }

    @Test func `Friedman's functions are those of the paper`() throws {
        let first = try make(GeneratorSpec(.friedman1(features: 10, noise: 0), rows: 500))
        #expect(first.featureCount == 10)
        for index in 0..<500 {
            let x = row(index, first)
            let sine = Elementary.sine(turns: x[0] * x[1] / 2)
            let expected = 10 * sine + 20 * (x[2] - 0.5) * (x[2] - 0.5) + 10 * x[3] + 5 * x[4]
            #expect(abs(values(first)[index] - expected) < 1e-5)
        }
        // E y = 10·E sin(πuv) + 20/12 + 5 + 2.5 with E sin(πuv) = 0.524; its deviation is 4.9.
        #expect(abs(Moments(of: values(first)).mean - 14.4) < 5 * 4.9 / 500.0.squareRoot())
        let second = try make(GeneratorSpec(.friedman2(noise: 0), rows: 500))
        let third = try make(GeneratorSpec(.friedman3(noise: 0), rows: 500))
        for index in 0..<500 {
            let x = row(index, second)
            #expect(x[0] <= 100 && x[1] >= 40 * 3.1415 && x[1] <= 560 * 3.1416 && x[2] <= 1 && x[3] >= 1 && x[3] <= 11)
            let reactance = x[1] * x[2] - 1 / (x[1] * x[3])
            let expected = (x[0] * x[0] + reactance * reactance).squareRoot()
            #expect(abs(values(second)[index] - expected) < 1e-6 * expected)
            // The two differ in the stream only.
            let z = row(index, third)
            let tangent = (z[1] * z[2] - 1 / (z[1] * z[3])) / z[0]
            let angle = values(third)[index]
            let found =
                Elementary.sine(turns: angle / (2 * Double.pi)) / Elementary.cosine(turns: angle / (2 * Double.pi))
            // Relative to the slope of the tangent: the angle is a float.
            #expect(abs(found - tangent) < 4e-7 * (1 + tangent * tangent) * 2)
        }
    }

    @Test func `a line has the slope, the intercept and the noise it should`() throws {
        let kind = GeneratorKind.linear(coefficients: [2], features: 1, intercept: 1, noise: 1, low: 0, high: 10)
        let data = try make(GeneratorSpec(kind, rows: 4000))
        let rest = Moments(of: (0..<4000).map { values(data)[$0] - 2 * row($0, data)[0] - 1 })
        #expect(abs(rest.mean) < 5 / 4000.0.squareRoot())
        #expect(abs(rest.populationVariance - 1) < 5 * (2 / 4000.0).squareRoot())
        #expect(abs(Moments(of: (0..<4000).map { row($0, data)[0] }).mean - 5) < 5 * 2.89 / 4000.0.squareRoot())
        let twenty = try make(GeneratorSpec(kind, rows: 20))
        #expect(twenty.rowCount == 20 && twenty.schema.task.kind == .regression)
    }

    @Test func `noise knows nothing of its features`() throws {
        let data = try make(
            GeneratorSpec(.noise(features: 10, classes: 0), rows: 4000, outliers: .init(count: 1, value: 100))
        )
        #expect(data.features[0] == 100)
        #expect(data.features.dropFirst().allSatisfy { $0 >= 0 && $0 < 1 })
        let target = Moments(of: values(data))
        // Variance 1/12 of an even number, its standard error √(1/180/n).
        #expect(abs(target.populationVariance - 1.0 / 12) < 5 * (1 / 180.0 / 4000).squareRoot())
        for column in 0..<10 {
            let products = Moments(of: (1..<4000).map { (row($0, data)[column] - 0.5) * (values(data)[$0] - 0.5) })
            #expect(abs(products.mean) < 5.0 / 12 / 4000.0.squareRoot())
        }
        let classes = try make(GeneratorSpec(.noise(features: 3, classes: 4), rows: 400))
        #expect(labels(classes).count { $0 == 3 } == 100)
    }

    @Test func `label noise changes exactly its share of labels`() throws {
        let kind = GeneratorKind.blobs(classes: 4, features: 2, deviation: 1)
        let clean = try make(GeneratorSpec(kind, rows: 1000, seed: 5))
        let noisy = try make(GeneratorSpec(kind, rows: 1000, seed: 5, labelNoise: 0.1))
        #expect(clean.features == noisy.features)
        #expect(zip(labels(clean), labels(noisy)).count { $0 != $1 } == 100)
    }

    @Test func `a class of a small share keeps a row`() throws {
        let data = try make(GeneratorSpec(.moons(noise: 0), rows: 50, weights: [1000, 1]))
        #expect(labels(data).count { $0 == 1 } == 1)
    }

    @Test func `twenty-five classes of a generator stay classes`() throws {
        let data = try make(GeneratorSpec(.blobs(classes: 25, features: 2, deviation: 1), rows: 500))
        #expect(data.schema.task.kind == .classification && classes(data).count == 25)
    }

    @Test func `fresh rows of the same problem may be validation rows, the same rows may not`() throws {
        let kind = GeneratorKind.blobs(classes: 2, features: 2, deviation: 1)
        func load(_ seed: UInt64) -> Result<DataSet, DataProblems> {
            let part = DataSource.generated(GeneratorSpec(kind, rows: 40, seed: seed))
            return DataSet.load(
                DataSpec(source: .generated(GeneratorSpec(kind, rows: 100, seed: 1)), validation: .source(part)),
                relativeTo: ""
            )
        }
        #expect(try load(2).get().split.validation.count == 40)
        let same = DataSource.generated(GeneratorSpec(kind, rows: 100, seed: 1))
        #expect(lines(DataSet.load(DataSpec(source: same, validation: .source(same)), relativeTo: "")).count == 1)
    }

    @Test func `glyphs are 28 by 28 bytes, dark at the border, and digits differ`() throws {
        let plain = GeneratorKind.glyphs(classes: 10, jitter: 0, unevenIllumination: 0, noise: 0)
        let data = try make(GeneratorSpec(plain, rows: 20))
        #expect(data.schema.image == ImageShape(height: 28, width: 28))
        #expect(data.features.allSatisfy { $0 >= 0 && $0 <= 255 && $0 == $0.rounded() })
        var byDigit: [Int: [Double]] = [:]
        for index in 0..<20 {
            let pixels = row(index, data)
            let digit = labels(data)[index]
            // Without jitter every image of a digit is the same.
            #expect(byDigit[digit, default: pixels] == pixels)
            byDigit[digit] = pixels
            #expect((0..<28).allSatisfy { pixels[$0] == 0 && pixels[27 * 28 + $0] == 0 && pixels[28 * $0] == 0 })
            let ink = pixels.reduce(0, +) / 255
            // A stroke of 2.4 pixels' width and of 17 to 60 pixels' length.
            #expect(ink > 17 * 2 && ink < 60 * 3, "\(digit): \(ink)")
        }
        for a in 0..<10 {
            for b in 0..<a {
                let sum: Double = zip(byDigit[a] ?? [], byDigit[b] ?? []).reduce(0) { sum, pair in
                    sum + abs(pair.0 - pair.1)
                }
                let difference = sum / 255
                #expect(difference > 10, "\(a) and \(b): \(difference)")
            }
        }
    }

    @Test func `jitter makes images of a digit differ, uneven light brightens the ground`() throws {
        func mean(_ light: Double) throws -> (border: Double, spread: Double) {
            let kind = GeneratorKind.glyphs(classes: 10, jitter: 1, unevenIllumination: light, noise: 0)
            let data = try make(GeneratorSpec(kind, rows: 300))
            let corners = (0..<300).map { row($0, data)[0] / 255 }
            let moments = Moments(of: corners)
            return (moments.mean, moments.sampleDeviation ?? 0)
        }
        #expect(try mean(0) == (0, 0))
        let uneven = try mean(1)
        #expect(uneven.border > 0.05 && uneven.spread > 0.05)
    }
}
