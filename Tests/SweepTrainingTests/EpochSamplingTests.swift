import SweepCore
import SweepNumerics
import SweepTraining
import Testing

@Suite struct EpochSamplingTests {
    /// Rows 100, 101, …: 6 of class 0, 2 of class 1, none of class 2, 4 of class 3.
    private let labels: [Int32] = [0, 0, 1, 3, 0, 3, 0, 1, 0, 3, 0, 3]
    private var rows: [Int32] { labels.indices.map { Int32(100 + $0) } }

    private func counts(_ sample: [Int32]) -> [Int] {
        (0..<4).map { label in sample.count { labels[Int($0) - 100] == label } }
    }

    private func sampling(_ sampling: Sampling) -> EpochSampling {
        EpochSampling(sampling, rows: rows, labels: labels, classCount: 4)
    }

    @Test func `no sampling leaves the rows as they are`() {
        #expect(sampling(.none).rows(seed: 1, epoch: 5) == rows)
        #expect(sampling(.none).count == rows.count)
    }

    // covers: C4
    @Test func `oversampling repeats rows of small classes evenly`() {
        let sampling = sampling(.oversample())
        for epoch in 0..<20 {
            let sample = sampling.rows(seed: 3, epoch: epoch)
            #expect(counts(sample) == [6, 6, 0, 6] && sample.count == sampling.count)
            for row in rows {
                let times = sample.count { $0 == row }
                switch labels[Int(row) - 100] {
                case 0: #expect(times == 1)
                case 1: #expect(times == 3)
                default: #expect((1...2).contains(times))
                }
            }
        }
    }

    @Test func `undersampling takes other rows each epoch, none twice`() {
        let sampling = sampling(.undersample())
        var seen: Set<Int32> = []
        for epoch in 0..<40 {
            let sample = sampling.rows(seed: 3, epoch: epoch)
            #expect(counts(sample) == [2, 2, 0, 2] && Set(sample).count == 6 && sampling.count == 6)
            seen.formUnion(sample)
        }
        // A row is missed in 40 epochs with a probability below (2/3)^40 = 10⁻⁷.
        #expect(seen == Set(rows))
    }

    @Test func `an epoch's rows are a function of seed and epoch`() {
        let sampling = sampling(.undersample())
        #expect(sampling.rows(seed: 3, epoch: 7) == sampling.rows(seed: 3, epoch: 7))
        #expect(Set((0..<20).map { sampling.rows(seed: 3, epoch: $0) }).count > 5)
        #expect(Set((0..<20).map { sampling.rows(seed: UInt64($0), epoch: 0) }).count > 5)
    }
}
