import SweepCore
import Testing

@Suite struct LearningCurveTests {
    private func curve(_ losses: [Double], _ accuracies: [Double]? = nil) -> LearningCurve {
        let accuracies = accuracies ?? losses.map { 1 - $0 }
        return LearningCurve(
            metrics: [.trainingLoss, .validationLoss, .validationAccuracy],
            observations: losses.indices.map {
                Observation(epoch: $0 + 1, values: [losses[$0] / 2, losses[$0], accuracies[$0]], seconds: 0.5)
            }
        )
    }

    @Test func `only the next epoch with a value for each metric is taken`() {
        var curve = curve([3, 2])
        func takes(_ epoch: Int, _ values: [Double], _ seconds: Double = 0) -> Bool {
            curve.append(Observation(epoch: epoch, values: values, seconds: seconds))
        }
        #expect(!takes(2, [1, 1, 1]))
        #expect(!takes(4, [1, 1, 1]))
        #expect(!takes(3, [1, 1]))
        #expect(curve.epochs == 2)
        #expect(takes(3, [1, 1, 1], 0.25))
        #expect(curve.epochs == 3)
        #expect(curve.seconds == 1.25)
        #expect(
            LearningCurve(metrics: [.validationLoss], observations: [.init(epoch: 2, values: [1], seconds: 0)]).epochs
                == 0
        )
    }

    @Test func `series and values are found by metric and epoch, from one`() {
        let curve = curve([3, 2, 1])
        #expect(curve.series(.validationLoss) == [3, 2, 1])
        #expect(curve.series(.gradientNorm) == [])
        #expect(curve.value(.trainingLoss, at: 1) == 1.5)
        #expect(curve.value(.trainingLoss, at: 0) == nil)
        #expect(curve.value(.trainingLoss, at: 4) == nil)
        #expect(curve.value(.gradientNorm, at: 1) == nil)
    }

    @Test func `the best epoch is the first of equals, in the objective's direction`() throws {
        let best = try #require(curve([3, 1, 2, 1]).best(for: Objective()))
        #expect(best == (2, 1))
        let last = try #require(curve([3, 1, 2]).best(for: Objective(epoch: .last)))
        #expect(last == (3, 2))
        let accuracy = Objective(metric: .validationAccuracy, direction: .maximize)
        let most = try #require(curve([3, 1, 2], [0.2, 0.9, 0.9]).best(for: accuracy))
        #expect(most == (2, 0.9))
        #expect(curve([]).best(for: Objective()) == nil)
        #expect(curve([1]).best(for: Objective(metric: .gradientNorm)) == nil)
    }

    @Test func `a number outranks no number, whichever way is better`() throws {
        let accuracy = Objective(metric: .validationAccuracy, direction: .maximize)
        for nothing in [Double.nan, .infinity, -.infinity] {
            let loss = try #require(curve([nothing, 5, nothing]).best(for: Objective()))
            #expect(loss == (2, 5))
            let most = try #require(curve([1, 1, 1], [nothing, 0.1, nothing]).best(for: accuracy))
            #expect(most == (2, 0.1))
            #expect(Objective().cost(nothing) == .infinity)
            #expect(accuracy.cost(nothing) == .infinity)
        }
        let never = try #require(curve([.nan, .nan]).best(for: Objective()))
        #expect(never.epoch == 1)
        #expect(never.value.isNaN)
    }

    @Test func `the first loss that is not finite is found, other metrics do not count`() {
        #expect(curve([1, 2]).firstNonFiniteEpoch == nil)
        #expect(curve([1, .infinity, .nan]).firstNonFiniteEpoch == 2)
        #expect(curve([1, 2], [.nan, .nan]).firstNonFiniteEpoch == nil)
    }

    @Test func `a run of epochs adds what one by one would, and nothing else`() {
        let rows: [Double] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        let seconds: [Double] = [0.1, 0.2, 0.3]
        for known in 0...4 {
            for first in 1...6 {
                var one = curve(Array(repeating: 1, count: known))
                var run = one
                var added = 0
                for row in 0..<3 {
                    let values = Array(rows[row * 3..<row * 3 + 3])
                    if one.append(Observation(epoch: first + row, values: values, seconds: seconds[row])) { added += 1 }
                }
                #expect(run.append(epochsFrom: first, values: rows[...], seconds: seconds[...]) == added)
                #expect(run == one, "\(known) known, from \(first)")
            }
        }
        var run = curve([1])
        #expect(run.append(epochsFrom: 2, values: rows[..<8], seconds: seconds[...]) == 0)
        #expect(run.append(epochsFrom: 2, values: [], seconds: []) == 0)
        #expect(run.observations.map(\.epoch) == [1])
    }

    @Test func `the least finite value is found`() {
        #expect(curve([3, .nan, 1, -.infinity]).leastFinite(.validationLoss) == 1)
        #expect(curve([.nan]).leastFinite(.validationLoss) == nil)
        #expect(curve([1]).leastFinite(.gradientNorm) == nil)
    }

    @Test func `an epoch trained twice matches bit for bit, seconds aside`() {
        let first = Observation(epoch: 1, values: [1, .nan], seconds: 1)
        #expect(first.matches(Observation(epoch: 1, values: [1, .nan], seconds: 2)))
        #expect(!first.matches(Observation(epoch: 2, values: [1, .nan], seconds: 1)))
        #expect(!first.matches(Observation(epoch: 1, values: [1 + Double.ulpOfOne, .nan], seconds: 1)))
        #expect(!first.matches(Observation(epoch: 1, values: [1], seconds: 1)))
        #expect(
            !Observation(epoch: 1, values: [0], seconds: 1).matches(Observation(epoch: 1, values: [-0.0], seconds: 1))
        )
    }
}
