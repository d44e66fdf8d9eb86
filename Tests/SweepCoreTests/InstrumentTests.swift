import SweepCore
import Testing

@Suite struct InstrumentTests {
    @Test func `epochs 1, 2, 4, 8 and so on are read, and the last of a segment`() {
        func read(_ tier: InstrumentTier, segmentEnd: Int) -> [Int] {
            (0...27).filter { tier.reads(after: $0, segmentEnd: segmentEnd) }
        }
        #expect(read(.layers, segmentEnd: 27) == [1, 2, 4, 8, 16, 27])
        #expect(read(.full, segmentEnd: 9) == [1, 2, 4, 8, 9, 16])
        #expect(read(.layers, segmentEnd: 4) == [1, 2, 4, 8, 16])
        #expect(read(.curve, segmentEnd: 27).isEmpty)
    }

    /// Four gradients: (1, 0), (3, 0), (2, 2) and (2, −2). Their mean is (2, 0), of squared length 4; their squared lengths are 1, 9, 8 and
    /// 8, in the mean 6.5; they lie 1, 1, 4 and 4 from the mean, so that the variance is 10 / 3.
    @Test func `the gradient's noise is what is left of the rows' lengths beside their mean's`() throws {
        let noise = try #require(Instruments.GradientNoise(rows: 4, meanSquare: 6.5, squareOfMean: 4))
        #expect(abs(noise.variance - 10.0 / 3) < 1e-12 && abs(noise.squaredMean - (4 - 10.0 / 12)) < 1e-12)
        #expect(abs(try #require(noise.simpleScale) - 20.0 / 19) < 1e-12 && noise.rows == 4)
        // Equal gradients are no noise, opposite ones no mean.
        #expect(Instruments.GradientNoise(rows: 2, meanSquare: 9, squareOfMean: 9)?.simpleScale == 0)
        let opposite = try #require(Instruments.GradientNoise(rows: 2, meanSquare: 9, squareOfMean: 0))
        #expect(opposite.variance == 18 && opposite.squaredMean == -9 && opposite.simpleScale == nil)
        #expect(Instruments.GradientNoise(rows: 1, meanSquare: 1, squareOfMean: 1) == nil)
        #expect(Instruments.GradientNoise(rows: 4, meanSquare: .infinity, squareOfMean: 1) == nil)
        #expect(Instruments.GradientNoise(rows: 4, meanSquare: 1, squareOfMean: .nan) == nil)
    }

    @Test func `the newest reading tells the gradient's noise alone`() throws {
        func instruments(_ noises: [Instruments.GradientNoise?]) -> Instruments {
            var instruments = Instruments()
            instruments.readings = noises.enumerated().map {
                Instruments.Reading(epoch: $0, layers: [], noise: $1)
            }
            return instruments
        }
        func noise(_ variance: Double, _ mean: Double, rows: Int? = 64) -> Instruments.GradientNoise {
            Instruments.GradientNoise(variance: variance, squaredMean: mean, rows: rows)
        }
        #expect(instruments([nil, nil]).newestNoise == nil)
        // Before the first step nothing is learnt: that reading does not count.
        #expect(instruments([noise(1, 1)]).newestNoise == nil)
        // After epoch 1 the mean gradient is long: with it the scale after epoch 16 would be 2.5 and not 750.
        var course = instruments([nil, noise(900, 900), nil, noise(600, 4), nil, noise(750, 1, rows: 128), nil])
        for (place, epoch) in [1, 2, 4, 8, 16, 27].enumerated() { course.readings[place + 1].epoch = epoch }
        let found = try #require(course.newestNoise)
        #expect(found.epoch == 16 && found.noise == noise(750, 1, rows: 128) && found.noise?.simpleScale == 750)
        #expect(instruments([nil, noise(6, 1), noise(9, -1)]).newestNoise?.noise?.simpleScale == nil)
        #expect(instruments([nil, noise(6, 1), noise(6, 1, rows: nil)]).newestNoise?.noise?.rows == nil)
    }

    @Test func `of many classes those with the greatest losses are told`() {
        func told(_ classes: [Instruments.ClassReading]) -> [Int] {
            Instruments.Reading(epoch: 1, layers: [], classes: classes).told().classes.map(\.index)
        }
        let few = (0..<64).map { Instruments.ClassReading(index: $0, rows: 1, loss: Double($0)) }
        #expect(told(few) == Array(0..<64))
        // The last two have no validation rows: one has the greatest loss on the probe, of the other nothing is known.
        let many =
            few + [
                Instruments.ClassReading(index: 64, rows: 0, probeLoss: 99),
                Instruments.ClassReading(index: 65, rows: 0),
            ]
        #expect(told(many) == Array(1...64))
    }

    private func kept(_ readings: [(epoch: Int, bytes: Int)]) -> [Int] {
        var kept = KeptReadings()
        for reading in readings {
            kept.keep(PackedReading(epoch: reading.epoch, bytes: [UInt8](repeating: 0, count: reading.bytes)))
        }
        return kept.all.map(\.epoch)
    }

    @Test func `the first and the newest five are kept`() {
        #expect(kept((1...6).map { ($0, 10) }) == [1, 2, 3, 4, 5, 6])
        #expect(kept((1...10).map { ($0, 10) }) == [1, 6, 7, 8, 9, 10])
    }

    @Test func `of a trial 16 KiB are kept: the oldest in the middle go, then the first`() {
        #expect(kept([(1, 5_000), (2, 5_000), (4, 5_000)]) == [1, 2, 4])
        #expect(kept([(1, 6_000), (2, 6_000), (4, 6_000)]) == [1, 4])
        #expect(kept([(1, 6_000), (2, 6_000), (4, 6_000), (8, 100), (16, 6_000)]) == [1, 8, 16])
        #expect(kept([(1, 9_000), (2, 9_000)]) == [2])
        #expect(kept([(1, 16_384)]) == [1])
        #expect(kept([(1, 16_385), (2, 1)]) == [2])
    }

    @Test func `a reading that is not later than those that are kept is left out`() {
        #expect(kept([(2, 1), (2, 1), (1, 1), (3, 1), (0, 1)]) == [2, 3])
        var kept = KeptReadings()
        #expect(kept.isEmpty && kept.bytes == 0)
        let isKept = [[1], [2]].map { kept.keep(PackedReading(epoch: 2, bytes: $0)) }
        #expect(isKept == [true, false])
        #expect(kept.all == [PackedReading(epoch: 2, bytes: [1])] && kept.bytes == 1)
    }
}
