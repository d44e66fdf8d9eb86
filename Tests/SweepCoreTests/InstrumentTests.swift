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
