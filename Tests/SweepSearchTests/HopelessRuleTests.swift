import SweepCore
import SweepSearch
import Testing

@Suite struct HopelessRuleTests {
    private static let metrics: [Metric] = [.trainingLoss, .probeLoss, .validationLoss, .learningRate]

    /// A curve of which all losses are these, at a rate of its own for each epoch or one for all.
    private static func curve(_ losses: [Double], rates: [Double] = [0.1], inherited: Int = 0) -> LearningCurve {
        var curve = LearningCurve(metrics: metrics)
        for (index, loss) in losses.enumerated() {
            let rate = rates[min(index, rates.count - 1)]
            curve.append(Observation(epoch: index + 1, values: [loss, loss, loss, rate], seconds: 1))
        }
        return curve.inheriting(inherited)
    }

    /// What the rule says of a curve in a sweep by validation loss.
    private static func verdict(_ curve: LearningCurve, chance: Double?) -> Hopelessness? {
        HopelessRule.verdict(curve, objectives: [.validationLoss], chance: chance)
    }

    /// The first epoch after which a trial with these losses is stopped.
    private static func stopped(_ losses: [Double], chance: Double? = nil, rates: [Double] = [0.1]) -> Hopelessness? {
        for epochs in 1...losses.count {
            let seen = curve(Array(losses.prefix(epochs)), rates: rates)
            if let found = verdict(seen, chance: chance) { return found }
        }
        return nil
    }

    /// The loss before training of TaskSet's `patch32_GRU128_bs128`, whose validation losses the next ones are.
    private static let start = 0.7192

    private static let rising = [
        187.3, 1.072e7, 1.321e7, 2.271e7, 3.022e7, 3.513e7, 2.764e7, 4.975e7, 5.446e7, 7.992e7, 8.956e7, 9.639e7,
    ]
    private static let standing = [
        34.72, 6.749, 6.629, 6.37, 5.603, 5.427, 5.099, 5.58, 5.639, 5.233, 5.172, 5.446, 5.106, 5.284,
    ]
    private static let spikes = [
        37.57, 17.83, 16.4, 62.89, 35.53, 26.25, 20.94, 16.52, 14.32, 5.606, 6.713, 5.424, 8.03, 6.299, 14.3, 6.826,
        3.356, 3.059, 2.246, 3.282, 4.853, 2.294, 1.609, 1.371, 1.247, 1.456, 1.261, 1, 1.063, 0.967, 0.9181, 0.9023,
    ]
    private static let slow = [
        5.397, 5.804, 4.966, 4.218, 3.783, 3.535, 3.851, 3.099, 2.544, 2.487, 2.158, 2.188, 2.003, 1.842, 1.779, 1.561,
        1.453, 1.182, 1.185, 1.084, 1.005, 0.9807, 0.8691, 0.8685, 0.8899, 0.8755, 0.8397, 0.8049, 0.8221, 0.8051,
    ]

    @Test func `a loss that exploded and does not come back is stopped, with its numbers`() {
        #expect(
            Self.stopped(Self.rising, chance: Self.start)
                == Hopelessness(
                    kind: .exploded,
                    epoch: 10,
                    metric: .validationLoss,
                    value: 7.992e7,
                    start: 0.7192,
                    isChance: true,
                    epochs: 10
                )
        )
        // Its least of epochs 3 to 7 is 5.099, of 8 to 12 it is 5.172; before there was a new low each time.
        #expect(Self.stopped(Self.standing, chance: Self.start)?.epoch == 12)
    }

    @Test func `where guessing is not known the first epoch is the start`() {
        // 5 × 187.3 is less than all but itself: the window must have left it behind.
        let found = Self.stopped(Self.rising)
        #expect(found?.epoch == 11 && found?.start == 187.3 && found?.isChance == false)
        #expect(Self.stopped(Self.rising, chance: 0)?.epoch == 11)
        #expect(Self.stopped(Self.rising, chance: .nan)?.epoch == 11)
        #expect(Self.stopped(Self.standing) == nil)
    }

    @Test func `curves that come back are spared, with spikes or slowly`() {
        #expect(Self.stopped(Self.spikes, chance: Self.start) == nil)
        #expect(Self.stopped(Self.slow, chance: Self.start) == nil)
    }

    private static let noisy: [[Double]] = [
        // One epoch of ten is low: it oscillates.
        (1...40).map { $0 % 10 == 0 ? 1 : 50 },
        // At the start for long, and then it learns.
        (1...40).map { $0 < 25 ? 0.72 + 0.0001 * Double($0 % 2) : 0.2 },
        // A plateau before a step of the schedule.
        (1...40).map { $0 < 30 ? 0.5 + 0.001 * Double($0 % 3) : 0.1 },
        // Warm-up from a bad start.
        (1...40).map { 100 / Double($0) },
        // It learnt, and then explodes: what it had may be the best.
        (1...40).map { $0 < 5 ? 0.3 : 1e6 },
        // High, but not five times as high.
        (1...40).map { 3.5 - 0.001 * Double($0 % 2) },
    ]

    @Test(arguments: noisy)
    func `what is only noisy, late or was once good is spared`(_ losses: [Double]) {
        #expect(Self.stopped(losses, chance: Self.start) == nil)
    }

    @Test func `one loss that stays low spares it`() {
        var curve = LearningCurve(metrics: Self.metrics)
        for epoch in 1...20 {
            let high = 1e6 + Double(epoch)
            curve.append(Observation(epoch: epoch, values: [0.7, high, high, 0.1], seconds: 1))
        }
        #expect(Self.verdict(curve, chance: 0.69) == nil)
    }

    @Test func `a first epoch whose steps were low on average, and which ended high, spares nothing`() {
        var curve = LearningCurve(metrics: Self.metrics)
        for epoch in 1...10 {
            let high = 1000 * Double(epoch)
            curve.append(Observation(epoch: epoch, values: [epoch == 1 ? 0.5 : high, high, high, 0.1], seconds: 1))
        }
        // The training loss of epoch 1 is in the window of ten still.
        #expect(Self.verdict(curve, chance: 0.69) == nil)
        curve.append(Observation(epoch: 11, values: [1e6, 1e6, 1e6, 0.1], seconds: 1))
        #expect(Self.verdict(curve, chance: 0.69)?.epoch == 11)
    }

    @Test func `what the sweep is by may not have been low once, other losses may`() {
        func curve(probe: Double, validation: Double) -> LearningCurve {
            var curve = LearningCurve(metrics: Self.metrics)
            for epoch in 1...12 {
                let high = 1000 * Double(epoch)
                let values = epoch == 1 ? [high, probe, validation, 0.1] : [high, high, high, 0.1]
                curve.append(Observation(epoch: epoch, values: values, seconds: 1))
            }
            return curve
        }
        let low = curve(probe: 0.5, validation: 4)
        #expect(Self.verdict(low, chance: 0.69)?.metric == .validationLoss)
        #expect(HopelessRule.verdict(low, objectives: [.probeLoss], chance: 0.69) == nil)
        #expect(HopelessRule.verdict(low, objectives: [.probeLoss, .validationLoss], chance: 0.69) == nil)
        let once = curve(probe: 4, validation: 0.5)
        #expect(Self.verdict(once, chance: 0.69) == nil)
        #expect(HopelessRule.verdict(once, objectives: [.probeLoss], chance: 0.69)?.metric == .probeLoss)
        #expect(HopelessRule.verdict(once, objectives: [.custom("cost")], chance: 0.69) == nil)
    }

    @Test func `numbers that are lost are another rule's`() {
        #expect(Self.stopped((1...20).map { $0 < 5 ? 100 : .infinity }, chance: 1) == nil)
        #expect(Self.stopped((1...20).map { _ in .nan }, chance: 1) == nil)
        // A loss that may fall below zero has no multiple.
        #expect(Self.stopped((1...20).map { -5 + 0.01 * Double($0 % 3) }, chance: nil) == nil)
    }

    @Test func `a copy is judged by its own epochs`() {
        let losses = (1...15).map { 100 * Double($0) }
        #expect(Self.verdict(Self.curve(losses, inherited: 5), chance: 1)?.epoch == 15)
        #expect(Self.verdict(Self.curve(losses, inherited: 6), chance: 1) == nil)
    }

    @Test func `a network in which nothing changes by a bit is dead after ten epochs`() {
        let found = Self.stopped((1...15).map { _ in 2.3 }, chance: 2.3)
        #expect(found?.kind == .dead && found?.epoch == 11 && found?.epochs == 10 && found?.value == 2.3)
        // The mean of the steps' losses goes by their order, and says nothing.
        var curve = LearningCurve(metrics: Self.metrics)
        for epoch in 1...11 {
            let values = [2.3 + Double(epoch) * 1e-9, 2.3, 2.3, 0.1]
            curve.append(Observation(epoch: epoch, values: values, seconds: 1))
        }
        #expect(Self.verdict(curve, chance: 2.3)?.kind == .dead)
    }

    @Test func `it is not dead while a bit changes, the rate rises or is 0, or nobody knows the rate`() {
        #expect(Self.stopped((1...20).map { $0 == 1 ? (2.3).nextUp : 2.3 }, chance: 2.3) == nil)
        let rising = (1...20).map { 1e-9 * Double($0) }
        #expect(Self.stopped((1...20).map { _ in 2.3 }, chance: 2.3, rates: rising) == nil)
        #expect(Self.stopped((1...20).map { _ in 2.3 }, chance: 2.3, rates: [0]) == nil)
        var printed = LearningCurve(metrics: [.trainingLoss, .validationLoss])
        for epoch in 1...20 { printed.append(Observation(epoch: epoch, values: [2.3, 2.3], seconds: 1)) }
        #expect(Self.verdict(printed, chance: nil) == nil)
    }

    @Test func `what ends at a constant that was learnt is not dead`() {
        #expect(Self.stopped((1...40).map { $0 < 5 ? 3 - 0.5 * Double($0) : 0.4 }, chance: 2.3) == nil)
    }

    @Test func `a curve without losses, and one that is thinned, says nothing`() {
        var scores = LearningCurve(metrics: [.custom("accuracy")])
        for epoch in 1...20 { scores.append(Observation(epoch: epoch, values: [0.5], seconds: 1)) }
        #expect(Self.verdict(scores, chance: nil) == nil)
        let thin = Self.curve((1...20).map { 1000 * Double($0) }).thinned(for: Objective())
        #expect(Self.verdict(thin, chance: 1) == nil)
    }
}
