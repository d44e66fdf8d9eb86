import SweepCore
import SweepSearch
import Testing

/// Sobol' and Halton points: what makes them even, and the first published points.
@Suite struct SequenceTests {
    /// In each dimension the first 2^k points of a scrambled Sobol' sequence have one in each of 2^k equal intervals.
    @Test(arguments: [UInt64(0), 1, 77]) func `every axis of Sobol' is evenly filled`(_ seed: UInt64) {
        let sequence = SobolSequence(dimensions: SobolSequence.greatestDimensions, seed: seed)
        for dimension in stride(from: 0, to: SobolSequence.greatestDimensions, by: 5) {
            for count in [2, 16, 256] {
                let cells = Set((0..<count).map { Int(sequence.coordinate(dimension, of: $0) * Double(count)) })
                #expect(cells.count == count, "dimension \(dimension), \(count) points")
            }
        }
    }

    /// The first two dimensions are a (0, 2)-sequence: every elementary box of area 2^-k has one of 2^k points.
    @Test func `the first two axes of Sobol' are evenly filled together`() {
        let sequence = SobolSequence(dimensions: 2, seed: 5)
        let k = 8
        for a in 0...k {
            var boxes: Set<[Int]> = []
            for index in 0..<(1 << k) {
                boxes.insert([
                    Int(sequence.coordinate(0, of: index) * Double(1 << a)),
                    Int(sequence.coordinate(1, of: index) * Double(1 << (k - a))),
                ])
            }
            #expect(boxes.count == 1 << k, "split \(a)")
        }
    }

    @Test func `two axes of Halton are evenly filled together`() {
        let sequence = HaltonSequence(dimensions: 2, seed: 3)
        var boxes: Set<[Int]> = []
        for index in 0..<(8 * 9) {
            boxes.insert([Int(sequence.coordinate(0, of: index) * 8), Int(sequence.coordinate(1, of: index) * 9)])
        }
        #expect(boxes.count == 72)
    }

    @Test func `a mean over points errs less than one over draws`() {
        func error(_ values: [Double]) -> Double { abs(values.reduce(0, +) / Double(values.count) - 1.0 / 27) }
        let sobol = SobolSequence(dimensions: 3, seed: 9)
        let halton = HaltonSequence(dimensions: 3, seed: 9)
        func product(_ sequence: some PointSequence) -> [Double] {
            (0..<4096).map { index in
                var product = 1.0
                for axis in 0..<3 {
                    let x = sequence.coordinate(axis, of: index)
                    product *= x * x
                }
                return product
            }
        }
        // The deviation of a mean of draws is 0.0016.
        #expect(error(product(sobol)) < 1e-4)
        #expect(error(product(halton)) < 4e-4)
    }

    @Test func `seeds give other points`() {
        let a = SobolSequence(dimensions: 4, seed: 1)
        let b = SobolSequence(dimensions: 4, seed: 2)
        for dimension in 0..<4 { #expect(a.coordinate(dimension, of: 0) != b.coordinate(dimension, of: 0)) }
    }

    @Test func `more parameters than dimensions are drawn`() throws {
        let space = SearchSpace(
            template: .map(
                (0..<300).map { SpecEntry("x\($0)", .domain(.uniform(low: 0, high: 1, step: nil, points: nil))) }
            )
        )
        var searcher = SequenceSearcher<SobolSequence>(space: space, seed: 1)
        let first = searcher.propose(number: 0)
        let second = searcher.propose(number: 1)
        #expect(first?.entries.count == 300)
        #expect(first?["x299"] != second?["x299"])
    }
}
