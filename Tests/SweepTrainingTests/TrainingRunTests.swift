import KernelAPI
import SweepCore
import SweepKernels
import SweepTraining
import Testing

@Suite struct TrainingRunTests {
    @Test func `losses fall on an easy task`() throws {
        let data = try SyntheticTask().make()
        let spec = TrainingSpec(
            model: ModelSpec(widths: [32, 16], activation: .tanh),
            optimizer: .adam(learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            batchSize: 16,
            epochs: 30
        )
        let run = try TrainingRun(spec: spec, data: data, seed: 7, kernels: .selected())
        var curve = LearningCurve(metrics: run.metrics)
        for _ in 0..<30 { if let o = run.trainEpoch() { curve.append(o) } }
        print(curve.series(.trainingLoss), curve.series(.validationAccuracy), curve.series(.gradientNorm))
        #expect(curve.series(.trainingLoss)[29] < 0.5 * curve.series(.trainingLoss)[0])
    }
}
