import SweepCore
import SweepDiagnosis
import Testing

@Suite struct StaticCheckTests {
    private func causes(_ trial: TrialSpec, on schema: DataSchema = .table()) -> [Cause] {
        StaticChecks.findings(of: trial, on: schema).map(\.cause)
    }

    private func severities(_ trial: TrialSpec, on schema: DataSchema = .table()) -> [StaticFinding.Severity] {
        StaticChecks.findings(of: trial, on: schema).map(\.severity)
    }

    @Test func `a sound specification has nothing to tell`() {
        #expect(causes(.sound()).isEmpty)
        #expect(causes(.sound { $0.optimizer = .sgd(learningRate: 0.3, momentum: 0.9) }).isEmpty, "a rate is no rule")
        #expect(causes(.sound { $0.model = ModelSpec(layers: []) }).isEmpty, "a linear model")
        #expect(causes(.sound(), on: .numbers()).isEmpty)
    }

    // covers: C25 R15
    @Test func `losses of numbers on classes are told`() {
        #expect(causes(.sound { $0.loss = .meanSquaredError }) == [.lossFunction])
        #expect(causes(.sound { $0.loss = LossSpec(.binaryCrossEntropy) }) == [.lossFunction])
        #expect(causes(.sound { $0.loss = LossSpec(.binaryCrossEntropy) }, on: .table(counts: [600, 600])).isEmpty)
        #expect(causes(.sound { $0.loss = .meanSquaredError }, on: .numbers()).isEmpty)
    }

    @Test func `a target without two values is an error`() {
        #expect(severities(.sound(), on: .table(counts: [1200, 0])) == [.error])
        #expect(severities(.sound(), on: .numbers(variance: 0)) == [.error])
        #expect(severities(.sound(), on: .table(counts: [600, 600, 0])) == [.warning])
    }

    // covers: C4 Y11
    @Test func `unequal classes ranked by a plain score are told, with the balanced one`() {
        let unequal = DataSchema.table(counts: [1000, 50])
        let found = StaticChecks.ranking(by: Objective(metric: .validationLoss), on: unequal)
        #expect(found.map(\.cause) == [.imbalance] && found.map(\.severity) == [.warning])
        #expect(found.first?.problem.allowed?.contains("validation.balanced_accuracy") == true)
        #expect(!StaticChecks.ranking(by: Objective(metric: .validationAccuracy), on: unequal).isEmpty)
        #expect(StaticChecks.ranking(by: Objective(metric: .validationBalancedAccuracy), on: unequal).isEmpty)
        #expect(StaticChecks.ranking(by: Objective(metric: .validationLoss), on: .table(counts: [500, 100])).isEmpty)
        #expect(StaticChecks.ranking(by: Objective(metric: .validationLoss), on: .numbers()).isEmpty)
    }

    // covers: C24
    @Test func `zero weights of hidden layers are an error, equal ones a warning, zeros of a linear model neither`() {
        let zero = Initializer(.constant, scale: 0)
        #expect(severities(.sound { $0.initializer = zero }) == [.error])
        #expect(severities(.sound { $0.initializer = Initializer(.constant, scale: 0.05) }) == [.warning])
        #expect(
            severities(
                .sound { spec in
                    spec.initializer = zero
                    spec.model = ModelSpec(layers: [])
                }
            ).isEmpty
        )
        let plain = Initializer(.plain, distribution: .normal, scale: 0.01)
        #expect(
            causes(
                .sound { spec in
                    spec.initializer = plain
                    spec.model = ModelSpec(widths: Array(repeating: 32, count: 6))
                }
            ) == [.initialisation]
        )
        #expect(causes(.sound { $0.initializer = plain }).isEmpty, "one hidden layer")
    }

    // covers: C14 C15
    @Test func `hidden layers without activation, deep sigmoids and one unit are told`() {
        func dense(_ units: Int) -> LayerSpec { .dense(DenseSpec(units: units)) }
        #expect(
            causes(.sound { $0.model = ModelSpec(layers: [dense(32), dense(32), .activation(.relu)]) }) == [.activation]
        )
        #expect(
            causes(.sound { $0.model = ModelSpec(widths: Array(repeating: 32, count: 6), activation: .sigmoid) }) == [
                .vanishing
            ]
        )
        #expect(
            causes(
                .sound {
                    $0.model = ModelSpec(
                        widths: Array(repeating: 32, count: 6),
                        activation: .sigmoid,
                        norm: .batchNorm(momentum: 0.1, epsilon: 1e-5)
                    )
                }
            ).isEmpty
        )
        #expect(causes(.sound { $0.model = ModelSpec(widths: [1]) }) == [.underCapacity])
        // A residual sum is an activation's place.
        #expect(
            causes(
                .sound {
                    $0.model = ModelSpec(layers: [
                        dense(32), .activation(.relu), .residual([dense(32), .activation(.relu), dense(32)]),
                    ])
                }
            ).isEmpty
        )
    }

    // covers: C17
    @Test func `dropout is told beyond one half and before batch norm`() {
        #expect(causes(.sound { $0.model = ModelSpec(widths: [64], dropout: 0.9) }) == [.overRegularised])
        #expect(causes(.sound { $0.model = ModelSpec(widths: [64], dropout: 0.5) }).isEmpty)
        let norm = LayerSpec.batchNorm(momentum: 0.1, epsilon: 1e-5)
        #expect(
            causes(
                .sound {
                    $0.model = ModelSpec(layers: [.dense(DenseSpec(units: 8)), .activation(.relu), .dropout(0.2), norm])
                }
            ) == [.overRegularised]
        )
    }

    // covers: C21 C29
    @Test func `batch norm over one row is an error, few steps and few validation rows are warnings`() {
        let norm = LayerSpec.batchNorm(momentum: 0.1, epsilon: 1e-5)
        #expect(
            severities(
                .sound { spec in
                    spec.batchSize = 1
                    spec.model = ModelSpec(widths: [64], norm: norm)
                }
            ) == [.error]
        )
        #expect(causes(.sound { $0.batchSize = 1 }).isEmpty)
        #expect(
            causes(
                .sound { spec in
                    spec.batchSize = 1200
                    spec.epochs = 5
                }
            ) == [.bigBatch]
        )
        #expect(causes(.sound(), on: .table(validation: 30)) == [.smallValidation])
    }

    // covers: T8
    @Test func `rules that never fire or always do are told`() {
        #expect(causes(.sound { $0.schedule = .init(.rise(RiseRule(onBatches: true))) }) == [.rateCollapse])
        #expect(causes(.sound { $0.schedule = .init(.rise(RiseRule())) }).isEmpty)
        #expect(causes(.sound { $0.schedule = .init(.milestones([20, 30], factor: 0.1)) }) == [.noDecay])
        #expect(causes(.sound { $0.schedule = .init(.plateau(PlateauRule(patience: 20))) }) == [.noDecay])
        #expect(causes(.sound { $0.schedule = .init(.constant, warmup: .init(epochs: 20)) }) == [.rateTooLow])
        #expect(
            causes(.sound { $0.earlyStopping = EarlyStopping(metric: .trainingLoss, patience: 5) }) == [.overTraining]
        )
        #expect(causes(.sound { $0.earlyStopping = EarlyStopping(patience: 25) }) == [.overTraining])
        #expect(causes(.sound { $0.earlyStopping = EarlyStopping(patience: 5) }).isEmpty)
    }

    @Test func `nesterov and dampening without momentum are told, each at its place`() {
        let idle = StaticChecks.findings(
            of: .sound { $0.optimizer = .sgd(learningRate: 0.1, momentum: 0, dampening: 0.5) },
            on: .table()
        )
        #expect(idle.map(\.cause) == [.optimizerSettings] && idle.map(\.severity) == [.warning])
        #expect(idle.map(\.problem.path.description) == ["train.optimizer.sgd.dampening"])
        #expect(idle.map(\.problem.message) == ["dampening changes nothing without momentum"])
        let foresight = TrialSpec.sound { $0.optimizer = .sgd(learningRate: 0.1, momentum: 0, nesterov: true) }
        #expect(
            StaticChecks.findings(of: foresight, on: .table()).map(\.problem.path.description)
                == ["train.optimizer.sgd.nesterov"]
        )
        for sound in [
            OptimizerSpec.sgd(learningRate: 0.1, momentum: 0), .sgd(learningRate: 0.1, momentum: 0.5, nesterov: true),
            .sgd(learningRate: 0.1, momentum: 0.5, dampening: 0.5),
        ] { #expect(causes(.sound { $0.optimizer = sound }).isEmpty) }
    }

    // covers: T7
    @Test func `flips of characters are told, flips of things are not`() {
        let image = ImageShape(height: 8, width: 8)
        let things = DataSchema.table(image: image)
        let digits = DataSchema(
            features: things.features,
            image: image,
            task: .classification(classes: (0..<10).map(String.init), trainingCounts: Array(repeating: 120, count: 10)),
            trainingRows: 1200,
            validationRows: 400,
            testRows: 0
        )
        let flipped = TrialSpec.sound { $0.augment = [.flipHorizontal(probability: 0.5)] }
        #expect(causes(flipped, on: digits) == [.badAugmentation])
        #expect(causes(flipped, on: things).isEmpty)
        #expect(causes(.sound { $0.augment = [.rotate(degrees: 20, fill: .zero)] }, on: digits).isEmpty)
        #expect(causes(.sound { $0.augment = [.rotate(degrees: 180, fill: .zero)] }, on: digits) == [.badAugmentation])
    }

    // covers: C5 T2
    @Test func `two scalings and a second compilation are told with their places`() {
        let found = StaticChecks.findings(of: .sound(preprocess: [.standardize, .minmax]), on: .table())
        #expect(found.map(\.problem.path.description) == ["data.preprocess"])
        let restarted = TrialSpec.sound { spec in
            spec.restarts = [OptimizerRestart(epoch: 10, optimizer: spec.optimizer)]
        }
        #expect(
            StaticChecks.findings(of: restarted, on: .table()).map(\.problem.path.description) == ["train.recompile"]
        )
    }
}
