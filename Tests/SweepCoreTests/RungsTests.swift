import SweepCore
import Testing

@Suite struct RungsTests {
    @Test(arguments: [
        (27, [3, 9, 27]), (50, [6, 17, 50]), (1, [1]), (2, [1, 2]), (9, [1, 3, 9]), (3, [1, 3]), (4, [1, 4]),
        (10, [1, 3, 10]), (20, [2, 7, 20]), (30, [3, 10, 30]), (100, [11, 33, 100]),
    ])
    func `rungs go down by the reduction factor to a tenth of the epochs`(_ epochs: Int, _ levels: [Int]) {
        #expect(Rungs.levels(epochs: epochs, reductionFactor: 3, first: nil) == levels)
    }

    @Test func `a first rung of the user's choice is the least that is allowed`() {
        #expect(Rungs.levels(epochs: 27, reductionFactor: 3, first: 1) == [1, 3, 9, 27])
        #expect(Rungs.levels(epochs: 27, reductionFactor: 3, first: 4) == [9, 27])
        #expect(Rungs.levels(epochs: 27, reductionFactor: 3, first: 27) == [27])
        #expect(Rungs.levels(epochs: 64, reductionFactor: 2, first: 8) == [8, 16, 32, 64])
        #expect(Rungs.levels(epochs: 64, reductionFactor: 4, first: 1) == [1, 4, 16, 64])
    }

    @Test func `rungs rise strictly, end with the epochs and keep above the first`() {
        for epochs in 1...400 {
            for factor in 2...7 {
                for first in [nil, 1, 2, 5, epochs] {
                    let levels = Rungs.levels(epochs: epochs, reductionFactor: factor, first: first)
                    #expect(levels.last == epochs)
                    #expect(zip(levels, levels.dropFirst()).allSatisfy { $0 < $1 })
                    let least = min(epochs, first ?? max(1, Int((Double(epochs) / 10).rounded(.up))))
                    #expect(levels[0] >= least)
                }
            }
        }
    }
}
