import SweepCore
import SweepDiagnosis
import SweepNumerics
import Testing

/// Ten classes of equal share.
private let chance = Elementary.log(10)

private func curve(probe: [Double], validation: [Double]? = nil, accuracy: [Double]? = nil) -> LearningCurve {
    LearningCurve(
        metrics: [.trainingLoss, .probeLoss, .validationLoss, .validationAccuracy, .gradientNorm],
        observations: probe.enumerated().map { index, loss in
            Observation(
                epoch: index + 1,
                values: [loss, loss, validation?[index] ?? loss, accuracy?[index] ?? 0.5, 1],
                seconds: 0
            )
        }
    )
}

/// Of a validation loss of its own the accuracy falls from 0.6 to 0.4, unless told: mistakes grow, so that the loss decides.
private func findings(
    _ probe: [Double],
    validation: [Double]? = nil,
    accuracy: [Double]? = nil,
    budget: Int? = nil,
    best: Double? = 0.01
) -> [Finding] {
    let falling = validation.map { losses in losses.indices.map { 0.6 - 0.2 * Double($0) / Double(losses.count - 1) } }
    return Findings.of(
        curve: curve(probe: probe, validation: validation, accuracy: accuracy ?? falling),
        budget: budget ?? probe.count,
        chanceLoss: chance,
        bestProbeLoss: best
    )
}

private func symptoms(_ probe: [Double], validation: [Double]? = nil, budget: Int? = nil, best: Double? = 0.01)
    -> [Symptom]
{
    findings(probe, validation: validation, budget: budget, best: best).map(\.symptom)
}

/// A fall from chance towards `floor`, with noise of `noise` (relative).
private func decay(_ epochs: Int, rate: Double, floor: Double = 0.02, noise: Double = 0, seed: UInt64 = 0) -> [Double] {
    var stream = RandomStream(key: seed)
    return (1...epochs).map { epoch in
        (floor + (chance - floor) * Elementary.exp(-rate * Double(epoch))) * (1 + noise * stream.normal())
    }
}

@Suite struct HealthyCurveTests {
    @Test(arguments: [3, 9, 10, 27, 50, 200]) func `an exponential fall shows nothing`(_ epochs: Int) {
        #expect(symptoms(decay(epochs, rate: 8 / Double(epochs))).isEmpty)
        #expect(symptoms(Array(decay(epochs, rate: 8 / Double(epochs)).prefix(3)), budget: epochs).isEmpty)
    }

    @Test func `noise of one per cent raises at most one alarm in fifty`() {
        var alarms = 0
        for seed in 0..<200 as Range<UInt64> {
            if !symptoms(decay(27, rate: 0.25, noise: 0.01, seed: seed), best: 0.02).isEmpty { alarms += 1 }
        }
        #expect(alarms <= 4)
    }

    @Test func `a staircase whose steps are shorter than the window shows nothing`() {
        let stairs = (0..<27).map { 2.3 / Double(1 << ($0 / 4)) }
        #expect(symptoms(stairs, best: 0.03).isEmpty)
    }

    @Test func `flat at the floor is success`() {
        #expect(symptoms(decay(50, rate: 0.5, noise: 0.003), best: 0.02).isEmpty)
        // Also when the task is hard, so that the best of the sweep is far from zero.
        #expect(symptoms(decay(50, rate: 0.5, floor: 1.9, noise: 0.002), best: 1.88).isEmpty)
    }

    @Test func `large relative changes of a loss that is all but zero are no oscillation`() {
        #expect(
            symptoms(decay(20, rate: 0.5) + [0.001, 0.004, 0.0005, 0.003, 0.0002, 0.005, 0.0001], best: 0.0001).isEmpty
        )
    }

    @Test func `an early excursion that recovers is no divergence`() {
        #expect(symptoms([12, 9, 3, 1, 0.5, 0.3, 0.2, 0.15, 0.12, 0.1]).isEmpty)
        #expect(!symptoms([1, 0.5, 0.3, 2.5, 2.2, 0.4, 0.25, 0.2, 0.15, 0.12]).contains(.diverging))
    }

    @Test func `curves of many epochs are judged as quickly as short ones`() {
        // Pairwise statistics over a quarter of these epochs would be 300 million slopes.
        #expect(symptoms(decay(100_000, rate: 0.001)).isEmpty)
        #expect(symptoms(decay(100_000, rate: 0.001, floor: 1.8)) == [.plateau])
    }

    @Test func `nothing is said of an empty curve or without chance`() {
        #expect(symptoms([]).isEmpty)
        #expect(symptoms([2.3]).isEmpty)
        let one = Findings.of(curve: curve(probe: [1, 1, 1, 1, 1, 1]), budget: 6, chanceLoss: .nan, bestProbeLoss: nil)
        #expect(one.isEmpty)
    }
}

@Suite struct NonFiniteTests {
    // covers: Y9
    @Test func `a lost number is named with its metric, epoch and what was before`() throws {
        let finding = try #require(findings([2.3, 4.5, .nan]).first)
        #expect(finding.symptom == .nonFinite && finding.sinceEpoch == 3)
        #expect(finding.evidence == "training.loss is nan in epoch 3, after 4.5 in the epoch before")
    }

    @Test func `an infinite gradient is a lost number too`() {
        let lost = LearningCurve(
            metrics: [.probeLoss, .gradientNorm],
            observations: [
                Observation(epoch: 1, values: [2, 3], seconds: 0),
                Observation(epoch: 2, values: [2, .infinity], seconds: 0),
            ]
        )
        let first = Findings.primary(curve: lost, budget: 10, chanceLoss: chance, bestProbeLoss: nil)
        #expect(first?.symptom == .nonFinite && first?.sinceEpoch == 2)
    }

    @Test func `what came before the loss of numbers is named after it`() {
        #expect(symptoms([2, 9, 30, 200, .infinity]) == [.nonFinite, .diverging])
    }

    @Test func `finite curves have none`() { #expect(!symptoms([2, 1e300, 2]).contains(.nonFinite)) }
}

@Suite struct DivergenceTests {
    // covers: Y9
    @Test func `four times the least for three epochs is a divergence`() throws {
        let finding = try #require(findings([1, 0.5, 0.3, 1.3, 1.5, 2]).first)
        #expect(finding.symptom == .diverging && finding.sinceEpoch == 4)
        #expect(finding.evidence.contains("is 2 in epoch 6 after 0.3 before, and high for 3 epochs in a row"))
        #expect(!symptoms([1, 0.5, 0.3, 1.3, 1.5]).contains(.diverging))
        #expect(!symptoms([1, 0.5, 0.3, 1.1, 1.1, 1.1]).contains(.diverging))
    }

    @Test func `twice the start for three epochs is a divergence`() {
        #expect(symptoms([2.4, 5, 6, 7]) == [.diverging])
        #expect(!symptoms([2.4, 4.5, 4.5, 4.5]).contains(.diverging))
    }

    // covers: Y6 Y9
    @Test func `twice the least and rising for long is a divergence`() {
        #expect(symptoms([1, 0.6, 0.7, 0.9, 1.0, 1.1, 1.25, 1.3, 1.4, 1.5, 1.6]).first == .diverging)
        // High but not rising.
        #expect(!symptoms([1, 0.6, 1.3, 1.4, 1.3, 1.4, 1.3, 1.4, 1.3]).contains(.diverging))
    }

    @Test func `tiny losses do not diverge`() { #expect(symptoms([0.5, 0.01, 0.0001, 0.002, 0.004, 0.006]).isEmpty) }
}

@Suite struct OscillationTests {
    // covers: Y2
    @Test func `large changes up and down are an oscillation`() throws {
        let finding = try #require(findings([1, 0.6, 1.1, 0.7, 1.2, 0.6, 1.0, 0.65]).first)
        #expect(finding.symptom == .oscillating && finding.sinceEpoch == 1)
        #expect(finding.evidence.contains("is upward (limits: 10 % and 30 %)"))
    }

    @Test func `a fast fall and small noise are not`() {
        #expect(!symptoms([2, 1, 0.5, 0.4, 0.3, 0.25, 0.2, 0.18]).contains(.oscillating))
        #expect(!symptoms([1, 0.97, 1.0, 0.96, 0.99, 0.95, 0.98]).contains(.oscillating))
        #expect(!symptoms([1, 0.6, 1.1, 0.7, 1.2]).contains(.oscillating), "five probes are too few")
    }
}

@Suite struct SlowTests {
    // covers: Y3
    @Test func `a steady fall that leads nowhere is slow, already after three epochs`() throws {
        let slow = (1...27).map { 2.8 - 0.004 * Double($0) }
        for epochs in [3, 5, 9, 14, 27] {
            #expect(symptoms(Array(slow.prefix(epochs)), budget: 27) == [.slow], "\(epochs) epochs")
        }
        let finding = try #require(findings(Array(slow.prefix(9)), budget: 27).first)
        #expect(
            finding.evidence.contains("falls steadily, by 0.004 an epoch, but is 2.76 in epoch 9: 120 % of the way")
        )
        #expect(finding.evidence.contains("; at this pace 117 % would be left after epoch 27"))
    }

    @Test func `a noisy fall is slow when its trend is beyond doubt`() {
        var stream = RandomStream(key: 3)
        let noisy = (1...27).map { 2.3 - 0.02 * Double($0) + 0.02 * stream.normal() }
        #expect(symptoms(noisy) == [.slow])
    }

    @Test func `a fall that gets far, that flattens out or that is all there is to learn is not`() {
        #expect(symptoms((1...27).map { 2.3 - 0.08 * Double($0) }).isEmpty)
        #expect(!symptoms(decay(27, rate: 0.5, floor: 1.8), best: 0.01).contains(.slow))
        #expect(!symptoms((1...27).map { 2.3 - 0.004 * Double($0) }, best: 2.19).contains(.slow))
        #expect(!symptoms((1...27).map { 2.3 - 0.004 * Double($0) }, best: nil).contains(.slow))
    }

    @Test func `two falls by chance are not a pace`() {
        #expect(symptoms([2.31, 2.305, 2.29], budget: 27).isEmpty)
    }
}

@Suite struct PlateauTests {
    // covers: Y4
    @Test func `flat and high is a plateau`() throws {
        let stuck = decay(27, rate: 0.8, floor: 1.8)
        let finding = try #require(findings(stuck).first)
        #expect(finding.symptom == .plateau && finding.sinceEpoch == 21)
        #expect(finding.evidence.contains("stays near 1.8 over the last 7 epochs"))
        #expect(finding.evidence.contains("while the sweep reached 0.01 and guessing gives 2.3"))
        // One run alone: what it has itself had, and lost.
        let alone = [2.2, 0.3] + (0..<18).map { _ in 1.8 }
        let own = try #require(findings(alone, best: nil).first { $0.symptom == .plateau })
        #expect(own.evidence.contains("while the run itself reached 0.3 and guessing"))
    }

    // covers: Y4
    @Test func `noise around a high level is nearly always called a plateau`() {
        var named = 0
        for seed in 0..<200 as Range<UInt64> {
            var stream = RandomStream(key: seed)
            if symptoms((0..<27).map { _ in 2.35 + 0.03 * stream.normal() }) == [.plateau] { named += 1 }
        }
        // The trend test alone misses one in twenty.
        #expect(named >= 180)
    }

    @Test func `a level near the best of the sweep, or still falling, is not`() {
        #expect(symptoms(decay(27, rate: 0.8, floor: 0.4), best: 0.1).isEmpty)
        #expect(!symptoms((1...27).map { 2.3 - 0.05 * Double($0) }).contains(.plateau))
        #expect(!symptoms(Array(decay(27, rate: 0.8, floor: 1.8).prefix(6)), budget: 27).contains(.plateau))
    }
}

@Suite struct ValidationRiseTests {
    private let falling = (1...20).map { 1.0 / Double($0) }

    // covers: Y7
    @Test func `validation up while training falls is named with both`() throws {
        let rising = (1...20).map { 0.5 + 0.01 * abs(Double($0) - 8) }
        let found = findings(falling, validation: rising, best: 0.04)
        #expect(found.map(\.symptom) == [.validationRising])
        let evidence = try #require(found.first?.evidence)
        #expect(evidence.contains("validation loss rose from 0.5 in epoch 8 to 0.62"))
        #expect(evidence.contains("training rows went from 0.125 to 0.05; accuracy went from 0.526 to 0.4"))
        let surer = findings(falling, validation: rising, accuracy: rising.map { _ in 0.5 }, best: 0.04)
        #expect(surer.isEmpty, "the same mistakes")
    }

    @Test func `a rise of both, a rise within the noise and a short one are not`() {
        let rising = (1...20).map { 0.5 + 0.01 * abs(Double($0) - 8) }
        #expect(!symptoms(rising, validation: rising, best: 0.4).contains(.validationRising))
        var stream = RandomStream(key: 9)
        let noisy = (1...20).map { 0.5 + 0.3 / Double($0) + 0.02 * stream.normal() }
        #expect(!symptoms(falling, validation: noisy, best: 0.04).contains(.validationRising))
        let late = (1...20).map { $0 < 19 ? 1 / Double($0) + 0.3 : 0.6 }
        #expect(!symptoms(falling, validation: late, best: 0.04).contains(.validationRising))
    }

    @Test func `noise alone raises at most one alarm in fifty`() {
        var alarms = 0
        for seed in 0..<200 as Range<UInt64> {
            var stream = RandomStream(key: seed)
            let validation = (1...27).map { 0.3 + 1.5 * Elementary.exp(-0.3 * Double($0)) + 0.006 * stream.normal() }
            let found = symptoms(decay(27, rate: 0.3), validation: validation, best: 0.02)
            if found.contains(.validationRising) { alarms += 1 }
        }
        #expect(alarms <= 4)
    }
}

/// Probe losses of a 64-64-64-10 relu network on handwritten digits, Adam, batch 32, as recorded from a run of each rate.
@Suite struct LearningRateTests {
    static let tooHigh: [Double] = [
        1.29, 0.844, 0.99, 1.06, 1.13, 1.38, 1.26, 1.1, 0.98, 1.95, 1.6, 1.5, 1.39, 1.5, 1.7, 1.36, 1.6, 1.7, 1.81, 1.8,
        1.82, 1.82, 1.81, 1.81, 1.82, 1.81, 1.8,
    ]
    static let tooLow: [Double] = (0..<27).map { 2.81 - 0.004 * Double($0) }
    static let sound: [Double] = [
        0.967, 0.474, 0.275, 0.177, 0.123, 0.0905, 0.0691, 0.0541, 0.0421, 0.0332, 0.0275, 0.0228, 0.0192, 0.0165,
        0.0144,
        0.0127, 0.0111, 0.00979, 0.00873, 0.0078, 0.00694, 0.00618, 0.00562, 0.00511, 0.00469, 0.00428, 0.0039,
    ]

    // covers: R1
    @Test func `a rate of 0.1 is too high, 1e-6 too low and 1e-3 sound`() {
        let best = Self.sound.min()
        #expect(symptoms(Self.tooHigh, best: best) == [.diverging, .oscillating, .plateau])
        #expect(symptoms(Array(Self.tooHigh.prefix(9)), budget: 27, best: best).first == .oscillating)
        #expect(symptoms(Self.tooLow, best: best) == [.slow])
        #expect(symptoms(Self.sound, best: best).isEmpty)
    }
}
