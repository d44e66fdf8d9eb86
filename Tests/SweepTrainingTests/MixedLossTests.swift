import SweepCore
import SweepKernels
import SweepTraining
import Testing

/// A loss under which a batch of mixed rows is trained.
struct MixedCase: Sendable, CustomTestStringConvertible {
    let classes: Int
    let loss: LossSpec

    var testDescription: String { "\(loss), \(classes) classes" }

    private static let weights = ClassWeightRule.listed([0.5, 2, 1.25])

    /// Cross-entropies: what is minimised is λ · l of the own class + (1 − λ) · l of the partner's.
    static let ofClasses = [
        MixedCase(classes: 3, loss: LossSpec(.softmaxCrossEntropy)),
        MixedCase(classes: 3, loss: LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.15)),
        MixedCase(classes: 3, loss: LossSpec(.softmaxCrossEntropy, classWeights: weights)),
        MixedCase(classes: 3, loss: LossSpec(.softmaxCrossEntropy, focus: 2)),
        MixedCase(
            classes: 3,
            loss: LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1, focus: 1.5, classWeights: weights)
        ),
        MixedCase(classes: 17, loss: LossSpec(.softmaxCrossEntropy, focus: 2)),
        MixedCase(classes: 2, loss: LossSpec(.binaryCrossEntropy)),
        MixedCase(
            classes: 2,
            loss: LossSpec(.binaryCrossEntropy, labelSmoothing: 0.2, classWeights: .listed([0.3, 3]))
        ),
        MixedCase(classes: 3, loss: LossSpec(.binaryCrossEntropy, labelSmoothing: 0.1, classWeights: weights)),
    ]

    /// The others: the loss of λ · y + (1 − λ) · the partner's y.
    static let ofNumbers = [
        MixedCase(classes: 2, loss: LossSpec(.binaryCrossEntropy, focus: 1.5)),
        MixedCase(classes: 3, loss: LossSpec(.meanSquaredError)),
        MixedCase(classes: 0, loss: LossSpec(.meanSquaredError)),
        MixedCase(classes: 0, loss: LossSpec(.meanAbsoluteError)),
        MixedCase(classes: 0, loss: LossSpec(.huber, delta: 0.5)),
    ]
}

/// Mixed rows against the float64 reference, λ and the rows' partners being those of `Mixup`.
@Suite struct MixedLossTests {
    /// The first step of a run whose only batch is all its rows.
    private struct Setting {
        private static let rows = 24
        let run: TrainingRun
        let model: ReferenceModel
        let shares: [Double]
        /// The batch before it is mixed, and each row's partner's.
        let own: (rows: [[Double]], targets: [ReferenceTarget])
        let partners: (rows: [[Double]], targets: [ReferenceTarget])

        init(_ mixed: MixedCase) throws {
            let task = try SyntheticTask(rows: Self.rows, validationRows: 8, columns: 6, classes: mixed.classes).make()
            // At a rate of 1 without momentum the weights lose their gradient.
            let spec = makeSpec(
                [7],
                .sgd(learningRate: 1, momentum: 0),
                activation: .tanh,
                loss: mixed.loss,
                batchSize: Self.rows
            ).with { $0.augment = [.mixup(alpha: 0.6)] }
            run = try TrainingRun(spec: spec, data: task.data, seed: 9, kernels: .selected())
            model = ReferenceModel(run)
            var places = [Int32](repeating: 0, count: Self.rows)
            var drawn = [Float](repeating: 0, count: Self.rows)
            let mixup = try #require(Mixup(spec.augment))
            places.withUnsafeMutableBufferPointer { places in
                drawn.withUnsafeMutableBufferPointer { drawn in
                    guard let first = places.baseAddress, let share = drawn.baseAddress else { return }
                    mixup.draw(rows: Self.rows, seed: 9, epoch: 0, batch: 0, partners: first, shares: share)
                }
            }
            shares = drawn.map { Double($0) }
            let order = run.rowOrder(epoch: 0)
            own = task.batch(order)
            partners = task.batch(places.map { order[Int($0)] })
        }

        /// The mean loss of the mixed rows, each by `loss` of a pass's outputs and the row, and its gradient.
        func expected(
            _ loss: (ReferencePass, [ReferencePass.Place], Int) -> ReferencePass.Place
        ) -> (loss: Double, gradient: [[Double]]) {
            let mixed = shares.indices.map { row in
                zip(own.rows[row], partners.rows[row]).map { shares[row] * $0 + (1 - shares[row]) * $1 }
            }
            var pass = ReferencePass(model.parameters, isTraining: true, dropout: { _, _, _, _ in [] })
            let outputs = pass.outputs(model, mixed)
            let places = outputs.indices.map { loss(pass, outputs[$0], $0) }
            let mean = pass.tape.mean(places)
            let adjoints = pass.tape.gradient(of: mean)
            return (pass.tape.values[mean], pass.places.map { $0.map { adjoints[$0] } })
        }

        /// Takes the step and compares its loss and its gradient.
        func compare(_ expected: (loss: Double, gradient: [[Double]])) {
            let found = run.step()
            // Sums of at most 24 products of numbers about 1, as those of the gradients' own tests.
            let bound = 1e-5
            #expect(abs(found - expected.loss) < bound * max(1, expected.loss), "\(found) for \(expected.loss)")
            for (index, after) in run.parameters().enumerated() {
                let before = model.parameters[index].values
                let error =
                    zip(zip(before, after.flat), expected.gradient[index])
                    .map { abs($0.0 - $0.1 - $1) }.max() ?? 0
                let size = expected.gradient[index].map(abs).max() ?? 0
                #expect(error < bound * max(1, size), "\(after.name): \(error)")
            }
        }
    }

    @Test(arguments: MixedCase.ofClasses)
    func `the loss of a mixed row is λ of its own class's and 1 − λ of its partner's`(_ mixed: MixedCase) throws {
        let setting = try Setting(mixed)
        let schema = setting.model.schema
        setting.compare(
            setting.expected { pass, outputs, row in
                let own = pass.trainingLoss(mixed.loss, schema, outputs, setting.own.targets[row])
                let other = pass.trainingLoss(mixed.loss, schema, outputs, setting.partners.targets[row])
                return pass.tape.combination([(own, setting.shares[row]), (other, 1 - setting.shares[row])])
            }
        )
    }

    @Test(arguments: MixedCase.ofNumbers)
    func `a mixed row is to be predicted as λ of its number and 1 − λ of its partner's`(_ mixed: MixedCase) throws {
        let setting = try Setting(mixed)
        let schema = setting.model.schema
        func numbers(_ target: ReferenceTarget, _ outputs: Int) -> [Double] {
            switch target {
            case .numbers(let numbers): numbers
            case .label(let label) where outputs == 1: [Double(label)]
            case .label(let label): (0..<outputs).map { $0 == label ? 1 : 0 }
            }
        }
        setting.compare(
            setting.expected { pass, outputs, row in
                let share = setting.shares[row]
                let target = zip(
                    numbers(setting.own.targets[row], outputs.count),
                    numbers(setting.partners.targets[row], outputs.count)
                ).map { share * $0 + (1 - share) * $1 }
                return pass.trainingLoss(mixed.loss, schema, outputs, .numbers(target))
            }
        )
    }

    @Test func `rows that are not mixed have other losses`() throws {
        for mixed in MixedCase.ofClasses + MixedCase.ofNumbers {
            let setting = try Setting(mixed)
            let plain = setting.model.trainingLoss(setting.own.rows, setting.own.targets)
            // Ten times what the comparisons with the mixed loss allow.
            #expect(abs(setting.run.step() - plain) > 1e-4, "\(mixed.testDescription)")
        }
    }
}
