import SweepCore
import SweepSearch
import Testing

@Suite struct CurveBandsTests {
    private func curve(_ losses: [Double]) -> LearningCurve {
        LearningCurve(
            metrics: [.validationLoss],
            observations: losses.enumerated().map {
                Observation(epoch: $0.offset + 1, values: [$0.element], seconds: 0)
            }
        )
    }

    @Test func `a band says how many curves it rests on`() {
        let bands = CurveBands.bands(
            [curve([1, 2]), curve([3, .nan]), curve([2, 6]), curve([4, 4]), curve([5])],
            metric: .validationLoss
        )
        #expect(bands.map(\.count) == [5, 3])
        #expect(bands.map(\.notFinite) == [0, 1])
        #expect(bands[0].minimum == 1 && bands[0].lowerQuartile == 2 && bands[0].median == 3)
        #expect(bands[0].upperQuartile == 4 && bands[0].maximum == 5)
        #expect(bands[1].median == 4 && bands[1].lowerQuartile == 3)
        // The first two epochs of a copy are another trial's, and counted there.
        let copied = CurveBands.bands([curve([1, 2, 3]), curve([1, 2, 9]).inheriting(2)], metric: .validationLoss)
        #expect(copied.map(\.count) == [1, 1, 2] && copied[2].maximum == 9)
        #expect(CurveBands.bands([], metric: .validationLoss).isEmpty)
        #expect(CurveBands.bands([curve([1])], metric: .probeLoss).isEmpty)
    }

    @Test func `means over seeds leave out what is not finite`() {
        let means = CurveBands.means([curve([1, 2, 3]), curve([3, .infinity])], metric: .validationLoss)
        #expect(means.map(\.epoch) == [1, 2, 3])
        #expect(means.map(\.count) == [2, 1, 1])
        #expect(means.map(\.mean) == [2, 2, 3])
    }
}
