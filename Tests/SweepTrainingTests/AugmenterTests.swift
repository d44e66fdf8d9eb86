import SweepCore
import SweepNumerics
import SweepTraining
import Testing

@Suite struct AugmenterTests {
    private let small = ImageShape(height: 4, width: 5)

    /// The image after `steps`, for one key.
    private func changed(
        _ pixels: [Float],
        _ steps: [AugmentStep],
        _ shape: ImageShape,
        seed: UInt64 = 1,
        epoch: Int = 0,
        row: Int = 0
    ) -> [Float] {
        let augmenter = Augmenter(steps, shape: .image(shape))
        return apply(augmenter, pixels, .init(seed: seed, epoch: epoch, row: row))
    }

    private func apply(_ augmenter: Augmenter, _ values: [Float], _ key: Augmenter.Key) -> [Float] {
        var values = values
        // What is in the scratch must not matter.
        var scratch = [Float](repeating: .nan, count: augmenter.scratchCount)
        values.withUnsafeMutableBufferPointer { values in
            scratch.withUnsafeMutableBufferPointer { scratch in
                guard let row = values.baseAddress, let room = scratch.baseAddress else { return }
                augmenter.apply(to: row, key: key, scratch: room)
            }
        }
        return values
    }

    private func numbered(_ shape: ImageShape) -> [Float] {
        (0..<shape.height * shape.width * shape.channels).map { Float($0 + 1) }
    }

    /// A value of an image; nil beyond its edge.
    private func pixel(_ pixels: [Float], _ shape: ImageShape, _ row: Int, _ column: Int, _ channel: Int) -> Float? {
        guard (0..<shape.height).contains(row), (0..<shape.width).contains(column) else { return nil }
        return pixels[(row * shape.width + column) * shape.channels + channel]
    }

    private func each(_ shape: ImageShape, _ body: (Int, Int, Int) -> Float) -> [Float] {
        (0..<shape.height).flatMap { row in
            (0..<shape.width).flatMap { column in (0..<shape.channels).map { body(row, column, $0) } }
        }
    }

    // covers: R11
    @Test(arguments: [1, 3])
    func `flips change sides, channels stay together`(channels: Int) {
        let shape = ImageShape(height: 4, width: 5, channels: channels)
        let image = numbered(shape)
        #expect(
            changed(image, [.flipHorizontal(probability: 1)], shape)
                == each(shape) { pixel(image, shape, $0, 4 - $1, $2) ?? .nan }
        )
        #expect(
            changed(image, [.flipVertical(probability: 1)], shape)
                == each(shape) { pixel(image, shape, 3 - $0, $1, $2) ?? .nan }
        )
        #expect(changed(image, [.flipHorizontal(probability: 0)], shape) == image)
        let flips = (0..<1000).count { changed(image, [.flipHorizontal(probability: 0.3)], shape, row: $0) != image }
        // Five standard deviations of a binomial count.
        #expect(abs(Double(flips) - 300) < 5 * (1000 * 0.3 * 0.7).squareRoot())
    }

    // covers: R11
    @Test(arguments: [1, 3])
    func `shifts move by whole pixels and fill as told`(channels: Int) {
        let shape = ImageShape(height: 4, width: 5, channels: channels)
        let image = numbered(shape)
        for fill in AugmentStep.Fill.allCases {
            var seen: Set<[Int]> = []
            for row in 0..<300 {
                let moved = changed(image, [.shift(height: 0.5, width: 0.4, fill: fill)], shape, row: row)
                let match = (-2...2).flatMap { down in (-2...2).map { [down, $0] } }.first { move in
                    let expected = each(shape) { row, column, channel -> Float in
                        let (fromRow, fromColumn) = (row - move[0], column - move[1])
                        if fill == .edge {
                            return pixel(image, shape, min(max(fromRow, 0), 3), min(max(fromColumn, 0), 4), channel)
                                ?? .nan
                        }
                        return pixel(image, shape, fromRow, fromColumn, channel) ?? 0
                    }
                    return moved == expected
                }
                #expect(match != nil, "row \(row): \(moved)")
                if let match { seen.insert(match) }
            }
            // Each of 25 moves; one is missed with a probability below 25 · (24/25)^300 = 10⁻⁴, and the seed is fixed.
            #expect(seen.count == 25)
        }
    }

    // covers: R11
    @Test(arguments: [1, 3], [1, 3])
    func `pad and crop cuts the old size out of a border of zeros, each place as often`(channels: Int, pixels: Int) {
        let shape = ImageShape(height: 4, width: 5, channels: channels)
        // No pixel is zero: a zero is of the border.
        let image = numbered(shape)
        let side = 2 * pixels + 1
        // The image in its border, literally, and what is cut out of it at each place.
        let (height, width) = (4 + 2 * pixels, 5 + 2 * pixels)
        var padded = [Float](repeating: 0, count: height * width * channels)
        for row in 0..<4 {
            for index in 0..<5 * channels {
                padded[((row + pixels) * width + pixels) * channels + index] = image[row * 5 * channels + index]
            }
        }
        let cuts: [[Float]] = (0..<side * side).map { place in
            each(shape) { row, column, channel in
                padded[((row + place / side) * width + column + place % side) * channels + channel]
            }
        }
        #expect(Set(cuts).count == side * side && cuts[side * side / 2] == image)
        var counts = [Int](repeating: 0, count: cuts.count)
        let draws = 200 * cuts.count
        for row in 0..<draws {
            let found = changed(image, [.padCrop(pixels: pixels)], shape, row: row)
            guard let place = cuts.firstIndex(of: found) else {
                Issue.record("row \(row) is none of the \(cuts.count) cuts: \(found)")
                return
            }
            counts[place] += 1
        }
        // Six standard deviations of a binomial count about 200, for 49 places at most.
        for count in counts { #expect(abs(Double(count) - 200) < 6 * 200.0.squareRoot()) }
    }

    // covers: R11
    @Test(arguments: [1, 3], AugmentStep.Fill.allCases)
    func `rotation is bilinear about the centre`(channels: Int, fill: AugmentStep.Fill) {
        let shape = ImageShape(height: 9, width: 12, channels: channels)
        var stream = RandomStream(key: 3)
        let image = (0..<9 * 12 * channels).map { _ in Float(stream.uniform()) }
        let step = AugmentStep.rotate(degrees: 40, fill: fill)
        for row in 0..<50 {
            let turned = changed(image, [step], shape, row: row)
            // The angle that the row drew: the one of a fine search that fits best; then it must fit as well as floats do.
            func expected(_ degrees: Double) -> [Float] {
                let (s, c) = (Elementary.sine(turns: degrees / 360), Elementary.cosine(turns: degrees / 360))
                return each(shape) { row, column, channel in
                    let (dx, dy) = (Double(column) - 5.5, Double(row) - 4)
                    var (x, y) = (5.5 + c * dx + s * dy, 4 + c * dy - s * dx)
                    if fill == .edge { (x, y) = (min(max(x, 0), 11), min(max(y, 0), 8)) }
                    let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
                    let (fx, fy) = (x - Double(left), y - Double(top))
                    func at(_ r: Int, _ k: Int) -> Double { Double(pixel(image, shape, r, k, channel) ?? 0) }
                    let upper = at(top, left) * (1 - fx) + at(top, left + 1) * fx
                    let lower = at(top + 1, left) * (1 - fx) + at(top + 1, left + 1) * fx
                    return Float(upper * (1 - fy) + lower * fy)
                }
            }
            func error(_ degrees: Double) -> Double {
                zip(expected(degrees), turned).reduce(0) { max($0, Double(abs($1.0 - $1.1))) }
            }
            var (best, step) = (0.0, 8.0)
            best = stride(from: -40.0, through: 40, by: 0.5).min { error($0) < error($1) } ?? 0
            step = 0.25
            while step > 1e-8 {
                best = [best - step, best, best + step].min { error($0) < error($1) } ?? best
                step *= 0.6
            }
            // Places have 24 bits behind the point and are off by at most 12 half units of that; differences of floats
            // below 1 add a few 2⁻²⁴.
            #expect(error(best) < 2e-5 && abs(best) <= 40.001, "row \(row): \(best)° off by \(error(best))")
        }
    }

    @Test func `a crop of the whole image and a turn of nearly nothing change nothing`() {
        let image = numbered(small)
        #expect(changed(image, [.crop(height: 4, width: 5)], small) == image)
        let turned = changed(image, [.rotate(degrees: 1e-9, fill: .edge)], small)
        #expect(zip(turned, image).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    // covers: R11 T7
    @Test func `a crop enlarges its window`() {
        // One pixel fills the image.
        let image = numbered(small)
        var seen: Set<Float> = []
        for row in 0..<300 {
            let cut = changed(image, [.crop(height: 1, width: 1)], small, row: row)
            #expect(Set(cut).count == 1)
            seen.formUnion(cut)
        }
        #expect(seen == Set(image))
        // A ramp stays a ramp of half the slope where the window is half as wide.
        let wide = ImageShape(height: 2, width: 8)
        let ramp = (0..<16).map { Float($0 % 8) }
        let half = changed(ramp, [.crop(height: 2, width: 4)], wide)
        for column in 1..<6 { #expect(abs(half[column + 1] - half[column] - 0.5) < 1e-6) }
    }

    // covers: R11 C10
    @Test func `brightness moves all values, contrast keeps the mean`() {
        let image = numbered(small)
        for row in 0..<100 {
            let bright = changed(image, [.brightness(amount: 0.5)], small, row: row)
            let moves = zip(bright, image).map { $0 - $1 }
            #expect(moves.allSatisfy { abs($0 - moves[0]) < 1e-5 && abs($0) <= 0.5 })
            let contrast = changed(image, [.contrast(amount: 0.5)], small, row: row)
            let mean = contrast.reduce(0, +) / 20
            #expect(abs(mean - 10.5) < 1e-5)
            let factor = (contrast[19] - contrast[0]) / 19
            #expect(factor >= 0.4999 && factor <= 1.5001)
        }
    }

    @Test func `cutout clears one square`() {
        let image = numbered(small)
        for row in 0..<200 {
            let cut = changed(image, [.cutout(size: 2)], small, row: row)
            let cleared = (0..<20).filter { cut[$0] == 0 }
            // Whole, cut by one edge or by two.
            #expect([1, 2, 4].contains(cleared.count))
            #expect((0..<20).allSatisfy { cut[$0] == 0 || cut[$0] == image[$0] })
            #expect((cleared.last ?? 0) - (cleared.first ?? 0) <= 6)
        }
    }

    @Test func `noise is nearly normal, also for tables`() {
        let augmenter = Augmenter([.noise(deviation: 0.5), .flipVertical(probability: 1)], shape: .vector(100_000))
        let noise = apply(augmenter, [Float](repeating: 0, count: 100_000), .init(seed: 2, epoch: 1, row: 7))
        let moments = Moments(of: noise.map { Double($0) })
        let n = 100_000.0
        #expect(abs(moments.mean) < 5 * 0.5 / n.squareRoot())
        #expect(abs(moments.populationVariance - 0.25) < 5 * 0.25 * (2 / n).squareRoot())
        let powers: Double = noise.reduce(0) { sum, value in
            let square = Double(value * value)
            return sum + square * square
        }
        let fourth = powers / n / 0.0625
        // 2.85, with the standard error √(96/n) of a normal's.
        #expect(abs(fourth - 2.85) < 5 * (96 / n).squareRoot())
        #expect(noise.allSatisfy { abs($0) < 0.5 * 4.9 })
    }

    @Test func `the result is a function of the key and the values`() {
        let shape = ImageShape(height: 28, width: 28)
        var stream = RandomStream(key: 4)
        let image = (0..<784).map { _ in Float(stream.uniform()) }
        let steps: [AugmentStep] = [
            .rotate(degrees: 20, fill: .zero), .shift(height: 0.2, width: 0.2, fill: .zero), .noise(deviation: 0.1),
            .contrast(amount: 0.2), .cutout(size: 5), .crop(height: 20, width: 20),
        ]
        let once = changed(image, steps, shape, seed: 5, epoch: 6, row: 7)
        #expect(changed(image, steps, shape, seed: 5, epoch: 6, row: 7).map(\.bitPattern) == once.map(\.bitPattern))
        #expect(changed(image, steps, shape, seed: 4, epoch: 6, row: 7) != once)
        #expect(changed(image, steps, shape, seed: 5, epoch: 7, row: 7) != once)
        #expect(changed(image, steps, shape, seed: 5, epoch: 6, row: 8) != once)
        var hash = StableHash()
        for value in once { hash.combine(UInt64(value.bitPattern)) }
        // Of this build on x86-64: the same on every machine.
        #expect(hash.value == 0x25F928FB45C6C455)
    }

    @Test func `steps for images leave a table as it is`() {
        let augmenter = Augmenter([.flipHorizontal(probability: 1), .mixup(alpha: 1)], shape: .vector(6))
        #expect(augmenter.isEmpty)
        #expect(apply(augmenter, [1, 2, 3, 4, 5, 6], .init(seed: 1, epoch: 0, row: 0)) == [1, 2, 3, 4, 5, 6])
    }

    @Test func `one augmentation of a 28 by 28 image costs microseconds`() {
        let shape = ImageShape(height: 28, width: 28)
        for (name, steps) in [
            ("rotate", [AugmentStep.rotate(degrees: 20, fill: .zero)]),
            ("shift", [.shift(height: 0.2, width: 0.2, fill: .zero)]),
            ("rotate and shift", [.rotate(degrees: 20, fill: .zero), .shift(height: 0.2, width: 0.2, fill: .zero)]),
            ("flip", [.flipHorizontal(probability: 1)]), ("noise", [.noise(deviation: 0.1)]),
            ("brightness", [.brightness(amount: 0.1)]), ("contrast", [.contrast(amount: 0.1)]),
            ("crop", [.crop(height: 24, width: 24)]), ("pad_crop", [.padCrop(pixels: 4)]),
            ("cutout", [.cutout(size: 8)]),
        ] {
            let augmenter = Augmenter(steps, shape: .image(shape))
            var pixels = numbered(shape)
            var scratch = [Float](repeating: 0, count: augmenter.scratchCount)
            var best = Duration.seconds(1)
            pixels.withUnsafeMutableBufferPointer { pixels in
                scratch.withUnsafeMutableBufferPointer { scratch in
                    guard let row = pixels.baseAddress, let room = scratch.baseAddress else { return }
                    for round in 0..<20 {
                        let time = ContinuousClock().measure {
                            for index in 0..<500 {
                                augmenter.apply(to: row, key: .init(seed: 1, epoch: round, row: index), scratch: room)
                            }
                        }
                        best = min(best, time / 500)
                    }
                }
            }
            print("augment \(name): \(best)")
            // A generous bound: an allocation or a copy of the image a pixel would break it.
            #expect(best < .microseconds(100), "\(name)")
        }
    }
}
