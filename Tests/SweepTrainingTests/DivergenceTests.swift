import KernelAPI
import SweepCore
import SweepKernels
import SweepTraining
import Testing

@Suite struct DivergenceTests {
    @Test func `a feature that is not a number ends the run with an observation that shows it`() throws {
        for value in [Float.nan, .infinity] {
            let task = SyntheticTask(rows: 40, validationRows: 8)
            let storage = try task.make().storage
            storage.features[4] = value
            let data = try task.wrap(storage).data
            let run = try TrainingRun(spec: makeSpec([8, 8]), data: data, seed: 1, kernels: .selected())
            let observation = try #require(run.trainEpoch())
            #expect(run.diverged && observation.epoch == 1 && run.epoch == 1)
            #expect(!observation.values[0].isFinite)
            #expect(observation.values.dropFirst().allSatisfy { $0.isNaN })
            #expect(run.trainEpoch() == nil && run.checkpoint() == nil)
        }
    }

    @Test(arguments: [
        (0, makeSpec([8, 8], .sgd(learningRate: 1e6, momentum: 0.9))),
        (0, makeSpec([], .sgd(learningRate: 10, momentum: 0))),
        (3, makeSpec([8, 8], .sgd(learningRate: 1e6, momentum: 0.99), activation: .relu, l2: 1e6)),
    ])
    func `a much too high learning rate diverges without a trap`(_ classes: Int, _ setting: TrainingSpec) throws {
        let data = try SyntheticTask(rows: 40, validationRows: 8, classes: classes).make().data
        let run = try TrainingRun(spec: setting, data: data, seed: 1, kernels: .selected())
        var last: Observation?
        for _ in 0..<500 {
            guard let observation = run.trainEpoch() else { break }
            last = observation
        }
        #expect(run.diverged)
        let values = try #require(last).values
        #expect(values.prefix(3).contains { !$0.isFinite })
        #expect(values.allSatisfy { !$0.isNaN || $0.bitPattern == Double.nan.bitPattern })
    }

    @Test func `huge learning rates of every kind never trap`() throws {
        for classes in [0, 2, 3] {
            for activation in GradientCase.activations {
                for optimizer in [
                    OptimizerSpec.adam(learningRate: 1e6, beta1: 0, beta2: 0, epsilon: 1e-300),
                    .adam(learningRate: 1e6, beta1: 0.999999, beta2: 0.999999, epsilon: 1),
                    .sgd(learningRate: 1e6, momentum: 0.999999),
                ] {
                    let data = try SyntheticTask(rows: 20, validationRows: 8, classes: classes).make().data
                    let setting = makeSpec([8, 8], optimizer, activation: activation, dropout: 0.9, batchSize: 3)
                    let run = try TrainingRun(spec: setting, data: data, seed: 1, kernels: .selected())
                    for _ in 0..<20 where !run.diverged { #expect(run.trainEpoch() != nil) }
                }
            }
        }
    }

    // covers: C19
    @Test func `units without a gradient stay finite under the smallest epsilon`() throws {
        let task = SyntheticTask(rows: 20, validationRows: 8)
        let storage = try task.make().storage
        for row in 0..<storage.count { storage.features[row * storage.rowStride + 1] = 0 }
        let data = try task.wrap(storage).data
        let setting = makeSpec([8], .adam(learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-300))
        let run = try TrainingRun(spec: setting, data: data, seed: 1, kernels: .selected())
        let watched: [Metric] = [.trainingLoss, .probeLoss, .validationLoss, .validationAccuracy, .weightNorm]
        for _ in 0..<5 {
            let values = try #require(run.trainEpoch()).values
            for (metric, value) in zip(run.metrics, values) where watched.contains(metric) {
                #expect(value.isFinite, "\(metric.rawValue)")
            }
        }
        #expect(!run.diverged)
    }
}
