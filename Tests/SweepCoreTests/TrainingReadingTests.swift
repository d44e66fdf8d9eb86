import SweepCore
import Testing

/// What `train` of a sweep file may say, and what each mistake is told.
@Suite struct TrainingReadingTests {
    /// The specification of `train` with these entries beside the least that must stand there; nil with problems.
    private func read(
        _ entries: String,
        model: String = "linear",
        optimizer: String = "{sgd: {learning_rate: 0.1}}",
        allowsDomains: Bool = false
    ) -> (spec: TrainingSpec?, problems: [SpecProblem]) {
        let text = "{model: \(model), optimizer: \(optimizer), epochs: 9\(entries.isEmpty ? "" : ", " + entries)}"
        let problems = SpecProblems()
        let path = SpecPath().appending(.key("train"))
        let reader = SpecReader(FlowText.node(text), path: path, problems: problems, allowsDomains: allowsDomains)
        return (TrainingSpec.read(reader), problems.all)
    }

    private func spec(_ entries: String, model: String = "linear", optimizer: String = "{sgd: {learning_rate: 0.1}}")
        throws -> TrainingSpec
    {
        let (spec, problems) = read(entries, model: model, optimizer: optimizer)
        #expect(problems.isEmpty, "\(problems)")
        return try #require(spec)
    }

    /// A specification with nothing but what must stand.
    private var base: TrainingSpec {
        TrainingSpec(
            model: ModelSpec(layers: []),
            optimizer: .sgd(learningRate: 0.1, momentum: 0),
            batchSize: 32,
            epochs: 9
        )
    }

    @Test func `a run begins with drawn weights or with those of a file`() throws {
        func start(_ text: String) throws -> StartingPoint? { try spec("start_from: \(text)").startingPoint }
        #expect(try spec("").startingPoint == nil && start("none") == nil)
        #expect(try start("a.safetensors") == StartingPoint(file: "a.safetensors"))
        #expect(try start("{weights: a}") == StartingPoint(file: "a"))
        #expect(try start("{weights: a, head: kept}") == StartingPoint(file: "a"))
        #expect(try start("{weights: a, head: new}") == StartingPoint(file: "a", drawsHead: true))
        for (wrong, message) in [
            ("9", "not text"), ("{head: new}", "missing"), ("{weights: a, head: old}", "not an allowed value"),
            ("{weights: a, heads: new}", "unknown key"),
        ] {
            #expect(read("start_from: \(wrong)").problems.map(\.message) == [message], "\(wrong)")
        }
        let open = read("start_from: {choice: [none, b, {weights: c, head: x}]}", allowsDomains: true).problems
        #expect(open.map(\.message) == ["not an allowed value"])
    }

    @Test func `a key in the wrong place is told its own`() {
        func allowed(_ text: String) -> [String] {
            let problems = SpecProblems()
            _ = Sweep.read(FlowText.node(text), problems: problems)
            return problems.all.filter { $0.message == "unknown key" }.map { $0.allowed ?? "" }
        }
        let rest = "name: a, data: {source: a.csv}"
        for (text, home) in [
            ("{\(rest), epochs: 9}", "train.epochs"), ("{\(rest), trials: 9}", "search.trials"),
            ("{\(rest), train: {learning_rate: 1}}", "train.optimizer.KIND.learning_rate"),
            ("{\(rest), train: {lr: 1}}", "train.optimizer.KIND.learning_rate"),
            ("{\(rest), instruments: full}", "train.instruments"),
            ("{\(rest), search: {max_epochs: 1}}", "train.epochs"), ("{\(rest), train: {search: 1}}", "search"),
        ] {
            #expect(allowed(text).first?.hasSuffix(" (did you mean \(home)?)") == true, "\(text): \(allowed(text))")
        }
        #expect(allowed("{\(rest), colour: 9}").first?.contains("did you mean") == false)
        // It is in its place, which a program's run has not.
        let program = "{name: a, train: {command: [a], epochs: 1, batch_size: 9}}"
        #expect(allowed(program).first?.contains("did you mean train") == false)
    }

    private func expect(
        _ entries: String,
        _ change: (inout TrainingSpec) -> Void,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        var expected = base
        change(&expected)
        #expect(try spec(entries) == expected, sourceLocation: location)
    }

    @Test func `what is left out has its default`() throws {
        #expect(try spec("") == base)
        #expect(base.threads == 1 && base.accumulation == 1 && base.schedule == .constant && base.initializer == .he)
    }

    @Test func `every key of a step, a penalty and a length`() throws {
        try expect("l1: 0.5") { $0.l1 = 0.5 }
        try expect("l2: 0.25, penalize_biases: true") {
            $0.l2 = 0.25
            $0.penalizesBiases = true
        }
        try expect("max_norm: 3") { $0.maxNorm = 3 }
        try expect("clip: {norm: 1.5}") { $0.clipNorm = 1.5 }
        try expect("clip: {value: 0.5, norm: 2}") {
            $0.clipValue = 0.5
            $0.clipNorm = 2
        }
        try expect("clip: none") { _ in }
        try expect("batch_size: 8, accumulate: 4") {
            $0.batchSize = 8
            $0.accumulation = 4
        }
        try expect("average: 0.99") { $0.averaging = 0.99 }
        try expect("threads: 4") { $0.threads = 4 }
    }

    @Test func `every initializer`() throws {
        for (text, expected) in [
            ("he", Initializer.he), ("glorot", .glorot),
            ("{lecun: {distribution: normal}}", Initializer(.lecun, distribution: .normal)),
            ("{he: {scale: 0.5, distribution: uniform}}", Initializer(.he, scale: 0.5)),
            ("orthogonal", Initializer(.orthogonal, distribution: .normal)),
            ("{orthogonal: {scale: 2}}", Initializer(.orthogonal, distribution: .normal, scale: 2)),
            ("{constant: -0.5}", Initializer(.constant, scale: -0.5)),
            ("{normal: {deviation: 0.02}}", Initializer(.plain, distribution: .normal, scale: 0.02)),
            ("{uniform: {bound: 3}}", Initializer(.plain, distribution: .uniform, scale: 3 / 3.0.squareRoot())),
        ] { try expect("initializer: \(text)") { $0.initializer = expected } }
    }

    @Test func `every loss`() throws {
        for (text, expected) in [
            ("softmax_cross_entropy", LossSpec(.softmaxCrossEntropy)),
            (
                "{softmax_cross_entropy: {label_smoothing: 0.1, gamma: 1, class_weights: balanced}}",
                LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1, focus: 1, classWeights: .balanced)
            ), ("focal", LossSpec(.softmaxCrossEntropy, focus: 2)),
            (
                "{focal: {gamma: 3, class_weights: [1, 2.5]}}",
                LossSpec(.softmaxCrossEntropy, focus: 3, classWeights: .listed([1, 2.5]))
            ),
            (
                "{binary_cross_entropy: {label_smoothing: 0.2, class_weights: none}}",
                LossSpec(.binaryCrossEntropy, labelSmoothing: 0.2)
            ), ("mean_squared_error", LossSpec(.meanSquaredError)),
            ("mean_absolute_error", LossSpec(.meanAbsoluteError)), ("huber", LossSpec(.huber)),
            ("{huber: {delta: 0.5}}", LossSpec(.huber, delta: 0.5)),
        ] { try expect("loss: \(text)") { $0.loss = expected } }
    }

    @Test func `every optimizer with its defaults and all its settings`() throws {
        let adam = OptimizerRule.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: false)
        for (text, expected) in [
            (
                "sgd: {learning_rate: 0.1, momentum: 0.9, nesterov: true}",
                OptimizerSpec.sgd(learningRate: 0.1, momentum: 0.9, nesterov: true)
            ),
            (
                "sgd: {learning_rate: 0.1, momentum: 0.9, dampening: 0.25}",
                .sgd(learningRate: 0.1, momentum: 0.9, dampening: 0.25)
            ),
            (
                "sgd: {learning_rate: 0.1, momentum: 0.9, dampening: 0, nesterov: true}",
                .sgd(learningRate: 0.1, momentum: 0.9, nesterov: true)
            ),
            (
                "sgd: {learning_rate: 0.1, weight_decay: 0.5}",
                OptimizerSpec(.sgd(momentum: 0, nesterov: false), learningRate: 0.1, decay: 0.5)
            ),
            ("adam: {learning_rate: 0.1}", OptimizerSpec(adam, learningRate: 0.1)),
            ("adamw: {learning_rate: 0.1}", OptimizerSpec(adam, learningRate: 0.1, decay: 0.01)),
            ("adamw: {learning_rate: 0.1, weight_decay: 0}", OptimizerSpec(adam, learningRate: 0.1)),
            (
                "adam: {learning_rate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.001, amsgrad: true, weight_decay: 0.2}",
                OptimizerSpec(
                    .adam(beta1: 0.8, beta2: 0.9, epsilon: 1e-3, amsgrad: true),
                    learningRate: 0.1,
                    decay: 0.2
                )
            ),
            (
                "rmsprop: {learning_rate: 0.1}",
                OptimizerSpec(.rmsprop(alpha: 0.99, epsilon: 1e-8, momentum: 0, centered: false), learningRate: 0.1)
            ),
            (
                "rmsprop: {learning_rate: 0.1, alpha: 0.9, epsilon: 0.01, momentum: 0.5, centered: true}",
                OptimizerSpec(.rmsprop(alpha: 0.9, epsilon: 0.01, momentum: 0.5, centered: true), learningRate: 0.1)
            ), ("adagrad: {learning_rate: 0.1}", OptimizerSpec(.adagrad(epsilon: 1e-10), learningRate: 0.1)),
            (
                "adagrad: {learning_rate: 0.1, learning_rate_decay: 0.5, initial_accumulator: 0.25}",
                OptimizerSpec(
                    .adagrad(epsilon: 1e-10, learningRateDecay: 0.5, initialAccumulator: 0.25),
                    learningRate: 0.1
                )
            ),
            ("lion: {learning_rate: 0.1}", OptimizerSpec(.lion(beta1: 0.9, beta2: 0.99), learningRate: 0.1)),
            (
                "nadam: {learning_rate: 0.1, beta1: 0.5}",
                OptimizerSpec(.nadam(beta1: 0.5, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.004), learningRate: 0.1)
            ),
            (
                "nadam: {learning_rate: 0.1, momentum_decay: 0}",
                OptimizerSpec(.nadam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0), learningRate: 0.1)
            ),
        ] { #expect(try spec("", optimizer: "{\(text)}").optimizer == expected) }
    }

    @Test func `every schedule with its defaults and all its settings`() throws {
        for (text, expected) in [
            ("constant", LearningRateSchedule.Rule.constant), ("{step: {every: 3}}", .step(every: 3, factor: 0.1)),
            ("{step: {every: 3, factor: 0.5}}", .step(every: 3, factor: 0.5)),
            ("{milestones: {epochs: [8, 4], factor: 0.2}}", .milestones([4, 8], factor: 0.2)),
            ("{exponential: {factor: 0.9}}", .exponential(factor: 0.9)),
            ("polynomial", .polynomial(power: 1, final: 0)),
            ("{polynomial: {power: 2, final: 0.1}}", .polynomial(power: 2, final: 0.1)),
            ("cosine", .cosine(final: 0, period: nil, growth: 1)),
            ("{cosine: {final: 0.1, period: 5, growth: 2}}", .cosine(final: 0.1, period: 5, growth: 2)),
            ("one_cycle", .oneCycle(rise: 0.3, start: 25, end: 250_000)),
            ("{one_cycle: {rise: 0.2, start: 10, end: 100}}", .oneCycle(rise: 0.2, start: 10, end: 100)),
            ("plateau", .plateau(PlateauRule())),
            (
                "{plateau: {metric: validation.accuracy, factor: 0.5, patience: 3, threshold: 0.01, threshold_mode: absolute, "
                    + "cooldown: 2, minimum: 0.001, epsilon: 0}}",
                .plateau(
                    PlateauRule(
                        metric: .validationAccuracy,
                        factor: 0.5,
                        patience: 3,
                        threshold: 0.01,
                        isRelative: false,
                        cooldown: 2,
                        minimum: 0.001,
                        epsilon: 0
                    )
                )
            ), ("rise", .rise(RiseRule())),
            (
                "{rise: {factor: 0.5, after_epoch: 2, of: batch}}",
                .rise(RiseRule(factor: 0.5, afterEpoch: 2, onBatches: true))
            ),
            ("{range_test: {to: 10}}", .rangeTest(to: 10)),
        ] { try expect("learning_rate_schedule: \(text)") { $0.schedule.rule = expected } }
        try expect("warmup: {epochs: 2}") { $0.schedule.warmup = .init(epochs: 2) }
        try expect("warmup: {steps: 50, from: 0.1}, learning_rate_schedule: cosine") {
            $0.schedule = LearningRateSchedule(
                .cosine(final: 0, period: nil, growth: 1),
                warmup: .init(steps: 50, from: 0.1)
            )
        }
    }

    @Test func `instruments are of the layers unless told`() throws {
        #expect(try spec("").instruments == .layers)
        for tier in InstrumentTier.allCases {
            try expect("instruments: \(tier.rawValue)") { $0.instruments = tier }
        }
    }

    @Test func `programs and trials that are asked for have no instruments`() {
        for train in ["command: [a], epochs: 1", "ask: {}, epochs: 1"] {
            let problems = SpecProblems()
            _ = Sweep.read(
                FlowText.node("{name: a, objective: {minimize: x}, train: {\(train), instruments: full}}"),
                problems: problems
            )
            let told = problems.all.filter { $0.message == "unknown key" }.map(\.path.description)
            #expect(told == ["train.instruments"], "\(train): \(problems.all)")
        }
    }

    @Test func `early stopping and restarts`() throws {
        try expect("early_stopping: {patience: 4}") { $0.earlyStopping = EarlyStopping(patience: 4) }
        try expect(
            "early_stopping: {metric: validation.recall.cat, patience: 4, min_delta: 0.1, start_epoch: 3, restore_best: false}"
        ) {
            $0.earlyStopping = EarlyStopping(
                metric: .validationRecall("cat"),
                patience: 4,
                minimalDelta: 0.1,
                startEpoch: 3,
                restoresBest: false
            )
        }
        try expect(
            "recompile: [{epoch: 2, optimizer: {lion: {learning_rate: 0.01}}}, {epoch: 5, optimizer: {sgd: {learning_rate: 1}}}]"
        ) {
            $0.restarts = [
                OptimizerRestart(
                    epoch: 2,
                    optimizer: OptimizerSpec(.lion(beta1: 0.9, beta2: 0.99), learningRate: 0.01)
                ),
                OptimizerRestart(epoch: 5, optimizer: .sgd(learningRate: 1, momentum: 0)),
            ]
        }
    }

    @Test func `every layer of a stack`() throws {
        let text = """
            {layers: [{conv: {channels: 4}}, relu, {conv: {channels: 8, kernel: [3, 5], stride: 2, padding: valid, bias: false,
            initializer: glorot, l1: 0.1, l2: 0.2}}, {conv: {channels: 2, padding: 3, stride: [1, 2]}}, max_pool,
            {max_pool: {size: 3}}, {average_pool: {size: [1, 2], stride: 1}}, global_average_pool, flatten, batch_norm,
            {batch_norm: {momentum: 0.2, epsilon: 0.001}}, layer_norm, {layer_norm: {epsilon: 0.01}}, {dropout: 0.5},
            {leaky_relu: {slope: 0.3}}, leaky_relu, {elu: {alpha: 2}}, elu, selu, gelu, silu, tanh, sigmoid, softplus, linear,
            {residual: [{dense: 5}, relu, {residual: [{dense: 5}]}]},
            {dense: {units: 7, bias: false, initializer: {constant: 1}, l1: 0, l2: 0.5}}]}
            """
        let expected: [LayerSpec] = [
            .convolution(ConvolutionSpec(channels: 4)), .activation(.relu),
            .convolution(
                ConvolutionSpec(
                    channels: 8,
                    kernel: WindowSize(height: 3, width: 5),
                    stride: WindowSize(2),
                    padding: .valid,
                    bias: false,
                    initializer: .glorot,
                    l1: 0.1,
                    l2: 0.2
                )
            ), .convolution(ConvolutionSpec(channels: 2, stride: WindowSize(height: 1, width: 2), padding: .pixels(3))),
            .maxPool(PoolSpec()), .maxPool(PoolSpec(size: WindowSize(3))),
            .averagePool(PoolSpec(size: WindowSize(height: 1, width: 2), stride: WindowSize(1))), .globalAveragePool,
            .flatten, .batchNorm(momentum: 0.1, epsilon: 1e-5), .batchNorm(momentum: 0.2, epsilon: 1e-3),
            .layerNorm(epsilon: 1e-5), .layerNorm(epsilon: 0.01), .dropout(0.5), .activation(.leakyRelu(slope: 0.3)),
            .activation(.leakyRelu(slope: 0.01)), .activation(.elu(alpha: 2)), .activation(.elu(alpha: 1)),
            .activation(.selu), .activation(.gelu), .activation(.silu), .activation(.tanh), .activation(.sigmoid),
            .activation(.softplus), .activation(.linear),
            .residual([
                .dense(DenseSpec(units: 5)), .activation(.relu), .residual([.dense(DenseSpec(units: 5))]),
            ]),
            .dense(DenseSpec(units: 7, bias: false, initializer: Initializer(.constant, scale: 1), l1: 0, l2: 0.5)),
        ]
        #expect(try spec("", model: text).model == ModelSpec(layers: expected))
    }

    @Test func `an mlp is its dense layers, each with its norm, activation and dropout`() throws {
        func model(_ text: String) throws -> [LayerSpec] { try spec("", model: text).model.layers }
        let norm = LayerSpec.layerNorm(epsilon: 1e-5)
        #expect(
            try model("{mlp: {widths: [8, 4], activation: tanh, norm: layer, dropout: 0.5}}") == [
                .dense(DenseSpec(units: 8)), norm, .activation(.tanh), .dropout(0.5), .dense(DenseSpec(units: 4)), norm,
                .activation(.tanh), .dropout(0.5),
            ]
        )
        #expect(
            try model("{mlp: {layers: 2, width: 3}}") == [
                .dense(DenseSpec(units: 3)), .activation(.relu), .dense(DenseSpec(units: 3)), .activation(.relu),
            ]
        )
        #expect(try model("{mlp: {widths: [3], activation: linear}}") == [.dense(DenseSpec(units: 3))])
        #expect(try model("linear").isEmpty)
    }

    @Test func `a cnn is its blocks of convolution, norm, activation, pool and dropout, then its dense layers`() throws
    {
        func model(_ text: String) throws -> [LayerSpec] { try spec("", model: text).model.layers }
        #expect(
            try model("{cnn: {channels: [4, 8]}}") == [
                .convolution(ConvolutionSpec(channels: 4)), .activation(.relu), .maxPool(PoolSpec()),
                .convolution(ConvolutionSpec(channels: 8)), .activation(.relu), .maxPool(PoolSpec()), .flatten,
            ]
        )
        let norm = LayerSpec.batchNorm(momentum: 0.1, epsilon: 1e-5)
        #expect(
            try model(
                "{cnn: {channels: [4], kernel: 5, padding: valid, pool: average, pool_size: 3, dense: [9], activation: gelu, "
                    + "norm: batch, dropout: 0.25}}"
            ) == [
                .convolution(ConvolutionSpec(channels: 4, kernel: WindowSize(5), padding: .valid)), norm,
                .activation(.gelu), .averagePool(PoolSpec(size: WindowSize(3))), .dropout(0.25), .flatten,
                .dense(DenseSpec(units: 9)), norm, .activation(.gelu), .dropout(0.25),
            ]
        )
        #expect(
            try model("{cnn: {channels: [2], pool: none}}") == [
                .convolution(ConvolutionSpec(channels: 2)), .activation(.relu), .flatten,
            ]
        )
    }

    @Test func `branches may be choices, whole layers too`() {
        for (entries, model) in [
            ("loss: {choice: [focal, softmax_cross_entropy]}", "linear"),
            ("clip: {choice: [none, {norm: 1}]}", "linear"),
            ("learning_rate_schedule: {choice: [cosine, {step: {every: {choice: [2, 3]}}}]}", "linear"),
            ("initializer: {choice: [he, {normal: {deviation: {choice: [0.1, 0.2]}}}]}", "linear"),
            (
                "",
                "{layers: [{choice: [{dense: 4}, {residual: [{dense: {choice: [4, 5]}}]}]}, {dropout: {choice: [0, 0.5]}}]}"
            ),
            (
                "",
                "{cnn: {channels: {choice: [[4], [4, 8]]}, kernel: {choice: [3, [3, 5]]}, norm: {choice: [none, batch]}}}"
            ),
            ("warmup: {choice: [{steps: 3}, {epochs: 1}]}, average: {choice: [0.9, 0.99]}", "linear"),
        ] {
            let (spec, problems) = read(entries, model: model, allowsDomains: true)
            #expect(spec != nil && problems.isEmpty, "\(entries) \(model): \(problems)")
            // The same where a single value must stand.
            #expect(!read(entries, model: model).problems.isEmpty, "\(entries) \(model)")
        }
    }

    /// Entries, a model, and the one problem they have: its place below `train`, what is wrong and what may stand there.
    static let mistakes: [(entries: String, model: String, path: String, message: String, allowed: String)] = {
        let value = "not an allowed value"
        var all: [(String, String, String, String, String)] = []
        func add(_ entries: String, _ path: String, _ message: String, _ allowed: String) {
            all.append((entries, "linear", path, message, allowed))
        }
        func model(_ text: String, _ path: String, _ message: String, _ allowed: String) {
            all.append(("", text, "model" + path, message, allowed))
        }
        add("l1: -1", "l1", value, "a number from 0 to 1000000")
        add("l2: x", "l2", value, "a number from 0 to 1000000")
        add("penalize_biases: 1", "penalize_biases", value, "true or false")
        add("max_norm: 0", "max_norm", value, "a number above 0, at most 1000000000000")
        add("clip: {}", "clip", "nothing to clip at", "norm: NORM, value: MAGNITUDE, or both")
        add("clip: 3", "clip", value, "a map with norm, value")
        add("clip: {norm: 0}", "clip.norm", value, "a number above 0, at most 1000000000000")
        add("accumulate: 0", "accumulate", value, "an integer from 1 to 65536")
        add("average: 1", "average", value, "a number above 0, below 1")
        add("threads: 0", "threads", value, "an integer from 1 to 256")
        add("instruments: all", "instruments", value, "curve, layers or full")
        add("instruments: {choice: [curve, full]}", "instruments", "a range is not allowed here", "a single value")
        add("momentum: 1", "momentum", "unknown key", "")
        add("initializer: xavier", "initializer", value, "he, glorot, lecun, orthogonal, constant, uniform or normal")
        add("initializer: constant", "initializer.constant", "missing", "a number, as in {constant: 0.01}")
        add("initializer: normal", "initializer.normal.deviation", "missing", "a standard deviation")
        add("initializer: {he: {distribution: flat}}", "initializer.he.distribution", value, "uniform or normal")
        add("loss: {focal: {gamma: 11}}", "loss.focal.gamma", value, "a number from 0 to 10")
        add("loss: {huber: {delta: 0}}", "loss.huber.delta", value, "a number above 0, at most 1000000000000")
        add("loss: {huber: {gamma: 1}}", "loss.huber.gamma", "unknown key", "delta")
        add(
            "loss: {softmax_cross_entropy: {label_smoothing: 1}}",
            "loss.softmax_cross_entropy.label_smoothing",
            value,
            "a number from 0, below 1"
        )
        add(
            "loss: {focal: {class_weights: even}}",
            "loss.focal.class_weights",
            value,
            "none, balanced, or a list of one number a class"
        )
        add(
            "loss: {focal: {class_weights: [1]}}",
            "loss.focal.class_weights",
            "too few items",
            "a list of 2 to 65536 items"
        )
        add("learning_rate_schedule: step", "learning_rate_schedule.step.every", "missing", "a number of epochs")
        add(
            "learning_rate_schedule: exponential",
            "learning_rate_schedule.exponential.factor",
            "missing",
            "a number from 0 to 1"
        )
        add(
            "learning_rate_schedule: {milestones: {epochs: []}}",
            "learning_rate_schedule.milestones.epochs",
            "an empty list",
            "a list of 1 to 256 items"
        )
        add(
            "learning_rate_schedule: {one_cycle: {rise: 1}}",
            "learning_rate_schedule.one_cycle.rise",
            value,
            "a number above 0, below 1"
        )
        add(
            "learning_rate_schedule: {plateau: {threshold_mode: rel}}",
            "learning_rate_schedule.plateau.threshold_mode",
            value,
            "relative or absolute"
        )
        add(
            "learning_rate_schedule: {rise: {of: step}}",
            "learning_rate_schedule.rise.of",
            value,
            "epoch or batch"
        )
        add(
            "learning_rate_schedule: range_test",
            "learning_rate_schedule.range_test.to",
            "missing",
            "the last learning rate"
        )
        add("warmup: {}", "warmup", "not a length", "epochs: N or steps: N, one of them")
        add("warmup: {epochs: 1, steps: 2}", "warmup", "not a length", "epochs: N or steps: N, one of them")
        add("warmup: {steps: 2, from: 2}", "warmup.from", value, "a number from 0 to 1")
        add("early_stopping: {}", "early_stopping.patience", "missing", "epochs without a better value")
        add("early_stopping: {patience: 0}", "early_stopping.patience", value, "an integer from 1 to 1000000")
        add(
            "recompile: [{epoch: 3, optimizer: {sgd: {learning_rate: 1}}}, {epoch: 3, optimizer: {sgd: {learning_rate: 1}}}]",
            "recompile[1]",
            "not after the one before",
            "rising epochs"
        )
        add("recompile: [{epoch: 3}]", "recompile[0].optimizer", "missing", "a kind with its settings")
        add(
            "recompile: [{epoch: 0, optimizer: {sgd: {learning_rate: 1}}}]",
            "recompile[0].epoch",
            value,
            "an integer from 1 to 1000000"
        )
        model("{layers: []}", ".layers", "an empty list", "a list of 1 to 256 items")
        model("layers", ".layers", "missing", "a list of layers, as in {layers: [{dense: 64}, relu]}")
        model("{layers: [{dense: 0}]}", ".layers[0].dense", value, "an integer from 1 to 65536")
        model("{layers: [{dense: {}}]}", ".layers[0].dense.units", "missing", "an integer from 1 to 65536")
        model("{layers: [{dense: {units: 3, l1: -1}}]}", ".layers[0].dense.l1", value, "a number from 0 to 1000000")
        model("{layers: [conv]}", ".layers[0].conv.channels", "missing", "an integer from 1 to 4096")
        model(
            "{layers: [{conv: {channels: 3, padding: full}}]}",
            ".layers[0].conv.padding",
            value,
            "same, valid or a number of pixels"
        )
        model(
            "{layers: [{conv: {channels: 3, kernel: 0}}]}",
            ".layers[0].conv.kernel",
            value,
            "an integer from 1 to 256"
        )
        model(
            "{layers: [{conv: {channels: 3, kernel: [3]}}]}",
            ".layers[0].conv.kernel",
            "too few items",
            "a list of 2 to 2 items"
        )
        model("{layers: [{max_pool: {size: 0}}]}", ".layers[0].max_pool.size", value, "an integer from 1 to 256")
        model("{layers: [{flatten: {size: 1}}]}", ".layers[0].flatten.size", "unknown key", "no keys")
        model(
            "{layers: [dropout]}",
            ".layers[0].dropout",
            "missing",
            "the share that is set to zero, as in {dropout: 0.25}"
        )
        model("{layers: [{dropout: 1}]}", ".layers[0].dropout", value, "a number from 0, below 1")
        model(
            "{layers: [{batch_norm: {epsilon: 0}}]}",
            ".layers[0].batch_norm.epsilon",
            value,
            "a number above 0, at most 1"
        )
        model("{layers: [residual]}", ".layers[0].residual", "missing", "a list of layers")
        model(
            "{layers: [{residual: [{residual: [{residual: [{residual: [relu]}]}]}]}]}",
            ".layers[0].residual[0].residual[0].residual[0].residual",
            "residual blocks nested too deeply",
            "at most 3 levels"
        )
        model("{layers: [{leaky_relu: {slope: 1}}]}", ".layers[0].leaky_relu.slope", value, "a number from 0, below 1")
        model("{layers: [{elu: {alpha: 0}}]}", ".layers[0].elu.alpha", value, "a number above 0, at most 100")
        model(
            "{mlp: {widths: [3], layers: 2}}",
            ".mlp.layers",
            "not allowed together with widths",
            "widths alone, or layers and width"
        )
        model("{mlp: {width: 3}}", ".mlp.layers", "missing", "an integer from 1 to 64 (or widths: [256, 128])")
        model("{cnn: {}}", ".cnn.channels", "missing", "a list of one number a block, as in [16, 32]")
        model("{cnn: {channels: [2], norm: group}}", ".cnn.norm", value, "none, batch or layer")
        model("{cnn: {channels: [2], pool: min}}", ".cnn.pool", value, "max, average or none")
        return all
    }()

    @Test(arguments: mistakes.indices)
    func `each mistake is told once, where it is, with what may stand there`(_ index: Int) throws {
        let mistake = Self.mistakes[index]
        let (spec, problems) = read(mistake.entries, model: mistake.model)
        #expect(problems.count == 1, "\(mistake): \(problems)")
        let problem = try #require(problems.first)
        #expect(problem.path.description == "train." + mistake.path, "\(mistake)")
        #expect(problem.message == mistake.message, "\(mistake): \(problem)")
        #expect(problem.allowed?.hasPrefix(mistake.allowed) == true, "\(mistake): \(problem.allowed ?? "")")
        // A key too many leaves the rest readable.
        #expect(spec == nil || ["unknown key", "not allowed together with widths"].contains(problem.message))
    }

    @Test func `optimizers are told their own keys`() throws {
        for (text, path, message) in [
            ("{sgd: {}}", "optimizer.sgd.learning_rate", "missing"),
            ("{sgd: {learning_rate: 0}}", "optimizer.sgd.learning_rate", "not an allowed value"),
            ("{sgd: {learning_rate: 1, beta1: 0.9}}", "optimizer.sgd.beta1", "unknown key"),
            ("{adam: {learning_rate: 1, beta2: 1}}", "optimizer.adam.beta2", "not an allowed value"),
            ("{nadam: {learning_rate: 1, amsgrad: true}}", "optimizer.nadam.amsgrad", "unknown key"),
            ("{lion: {learning_rate: 1, epsilon: 1}}", "optimizer.lion.epsilon", "unknown key"),
            ("{rmsprop: {learning_rate: 1, centered: 1}}", "optimizer.rmsprop.centered", "not an allowed value"),
            (
                "{adagrad: {learning_rate: 1, weight_decay: -1}}", "optimizer.adagrad.weight_decay",
                "not an allowed value"
            ),
            ("{adadelta: {learning_rate: 1}}", "optimizer.adadelta", "unknown kind"),
            ("{sgd: {learning_rate: 1, dampening: 1}}", "optimizer.sgd.dampening", "not an allowed value"),
            ("{rmsprop: {learning_rate: 1, dampening: 0.5}}", "optimizer.rmsprop.dampening", "unknown key"),
            (
                "{sgd: {learning_rate: 1, momentum: 0.9, dampening: 0.5, nesterov: true}}", "optimizer.sgd.dampening",
                "nesterov has no dampening"
            ),
            (
                "{adagrad: {learning_rate: 1, learning_rate_decay: -1}}", "optimizer.adagrad.learning_rate_decay",
                "not an allowed value"
            ),
            (
                "{adagrad: {learning_rate: 1, initial_accumulator: -1}}", "optimizer.adagrad.initial_accumulator",
                "not an allowed value"
            ), ("{adam: {learning_rate: 1, momentum_decay: 1}}", "optimizer.adam.momentum_decay", "unknown key"),
            (
                "{nadam: {learning_rate: 1, momentum_decay: -1}}", "optimizer.nadam.momentum_decay",
                "not an allowed value"
            ),
        ] {
            let problems = read("", optimizer: text).problems
            #expect(problems.map(\.path.description) == ["train." + path], "\(text): \(problems)")
            #expect(problems.map(\.message) == [message], "\(text)")
        }
        let short = read("", optimizer: "{adagrad: {learning_rate: 1, lr_decay: 0.1}}").problems
        #expect(short.first?.allowed?.hasSuffix("(did you mean learning_rate_decay?)") == true, "\(short)")
    }

    @Test func `dampening and nesterov are apart in every configuration of a sweep`() throws {
        func domain(_ text: String) -> SpecNode {
            switch text {
            case "range": .domain(.uniform(low: 0, high: 0.5, step: nil, points: nil))
            case "both": .domain(.choice([.init(.boolean(false)), .init(.boolean(true))]))
            case "zero or more": .domain(.choice([.init(.integer(0)), .init(.real(0.5))]))
            case "zeros": .domain(.choice([.init(.real(0))]))
            case "true": .boolean(true)
            case "false": .boolean(false)
            default: .real(Double(text) ?? .nan)
            }
        }
        for (dampening, nesterov, isProblem) in [
            ("0.5", "true", true), ("0.5", "both", true), ("range", "true", true), ("range", "both", true),
            ("zero or more", "both", true), ("0.5", "false", false), ("range", "false", false), ("0", "both", false),
            ("zeros", "true", false), ("zero or more", "false", false),
        ] {
            let problems = SpecProblems()
            let node = SpecNode.map([
                SpecEntry(
                    "sgd",
                    .map([
                        SpecEntry("learning_rate", .real(0.1)), SpecEntry("momentum", .real(0.9)),
                        SpecEntry("dampening", domain(dampening)), SpecEntry("nesterov", domain(nesterov)),
                    ])
                )
            ])
            _ = OptimizerSpec.read(SpecReader(node, problems: problems, allowsDomains: true))
            let found = problems.all.map { "\($0.path): \($0.message)" }
            #expect(
                found == (isProblem ? ["sgd.dampening: nesterov has no dampening"] : []),
                "\(dampening), \(nesterov)"
            )
        }
    }
}

@Suite struct ModelShapeTests {
    private static let image = TensorShape.image(height: 7, width: 9, channels: 2)

    private func shapes(_ layers: [LayerSpec], _ input: TensorShape = Self.image) throws -> [TensorShape] {
        try ModelSpec(layers: layers).shapes(input: input)
    }

    private func error(_ layers: [LayerSpec], _ input: TensorShape = Self.image) -> ShapeError? {
        do throws(ShapeError) {
            _ = try ModelSpec(layers: layers).shapes(input: input)
            return nil
        } catch {
            return error
        }
    }

    private func convolution(_ kernel: Int, _ stride: Int, _ padding: Padding) -> LayerSpec {
        .convolution(
            ConvolutionSpec(channels: 5, kernel: WindowSize(kernel), stride: WindowSize(stride), padding: padding)
        )
    }

    @Test func `shapes follow from layer to layer`() throws {
        #expect(
            try shapes([
                convolution(3, 1, .same), .activation(.relu), .maxPool(PoolSpec()), .dropout(0.5),
                .batchNorm(momentum: 0.1, epsilon: 1e-5), .flatten, .dense(DenseSpec(units: 4)),
            ]) == [
                .image(height: 7, width: 9, channels: 5), .image(height: 7, width: 9, channels: 5),
                .image(height: 3, width: 4, channels: 5), .image(height: 3, width: 4, channels: 5),
                .image(height: 3, width: 4, channels: 5), .vector(60), .vector(4),
            ]
        )
        for (kernel, stride, padding, height, width) in [
            (3, 2, Padding.same, 4, 5), (2, 2, .same, 4, 5), (3, 1, .valid, 5, 7), (3, 2, .valid, 3, 4),
            (3, 1, .pixels(2), 9, 11), (7, 1, .valid, 1, 3), (1, 3, .valid, 3, 3), (4, 3, .same, 3, 3),
        ] {
            #expect(
                try shapes([convolution(kernel, stride, padding)]) == [
                    .image(height: height, width: width, channels: 5)
                ]
            )
        }
        #expect(try shapes([.globalAveragePool]) == [.vector(2)])
        #expect(try shapes([.flatten]) == [.vector(126)])
        #expect(try shapes([], .vector(4)).isEmpty)
        #expect(try shapes([.residual([convolution(3, 2, .same)])]) == [.image(height: 4, width: 5, channels: 5)])
        #expect(try shapes([.residual([.dense(DenseSpec(units: 3))])], .vector(8)) == [.vector(3)])
    }

    @Test func `zeros of a border that makes the output a whole number of strides, the greater half after`() {
        #expect(Padding.same.border(size: 7, kernel: 3, stride: 1) == (1, 1))
        #expect(Padding.same.border(size: 7, kernel: 2, stride: 1) == (0, 1))
        #expect(Padding.same.border(size: 7, kernel: 3, stride: 2) == (1, 1))
        #expect(Padding.same.border(size: 8, kernel: 3, stride: 2) == (0, 1))
        #expect(Padding.same.border(size: 8, kernel: 1, stride: 3) == (0, 0))
        #expect(Padding.pixels(3).border(size: 8, kernel: 3, stride: 2) == (3, 3))
        #expect(Padding.valid.border(size: 8, kernel: 3, stride: 2) == (0, 0))
    }

    @Test func `what cannot follow is refused with the layer and the reason`() {
        func refused(_ layers: [LayerSpec], _ input: TensorShape = Self.image, at layer: Int, _ message: String) {
            let found = error(layers, input)
            #expect(found == nil || found?.layer == layer)
            #expect(found?.message == message, "\(String(describing: found))")
        }
        refused(
            [.activation(.relu), .dense(DenseSpec(units: 3))],
            at: 1,
            "a dense layer needs a vector, but gets 7×9×2 values; put flatten before it"
        )
        refused(
            [.flatten, convolution(3, 1, .same)],
            at: 1,
            "a convolution needs an image, but the layer before gives 126 values"
        )
        refused(
            [.maxPool(PoolSpec())],
            .vector(5),
            at: 0,
            "pooling needs an image, but the layer before gives 5 values"
        )
        refused(
            [.globalAveragePool, .globalAveragePool],
            at: 1,
            "global average pooling needs an image, but the layer before gives 2 values"
        )
        refused([convolution(8, 1, .valid)], at: 0, "a window of 8 pixels does not fit into 7×9×2 values")
        refused(
            [.maxPool(PoolSpec(size: WindowSize(4))), .maxPool(PoolSpec())],
            at: 1,
            "a window of 2 pixels does not fit into 1×2×2 values"
        )
        refused(
            [.residual([.flatten])],
            at: 0,
            "a residual block turns 7×9×2 values into 126 values, so they cannot be added"
        )
        refused(
            [.residual([convolution(3, 1, .pixels(2))])],
            at: 0,
            "a residual block turns 7×9×2 values into 9×11×5 values, which no stride of its shortcut gives"
        )
        refused(
            [.residual([.dense(DenseSpec(units: 3))])],
            at: 0,
            "a dense layer needs a vector, but gets 7×9×2 values; put flatten before it"
        )
        refused(
            [.convolution(ConvolutionSpec(channels: 4096, padding: .pixels(255)))],
            at: 0,
            "the layer's output would have 515×517×4096 values"
        )
    }

    @Test func `a shortcut's stride makes its image as large as the block's`() {
        for from in 1...20 {
            for stride in 1...from {
                let to = (from - 1) / stride + 1
                let found = LayerSpec.shortcutStride(from: (from, from), to: (to, to))
                #expect(found.map { (from - 1) / $0.height + 1 } == to)
            }
        }
        // 7 pixels at strides 2, 3, … give 4, 3, 2, 2, 2, 1.
        #expect(LayerSpec.shortcutStride(from: (7, 7), to: (5, 5)) == nil)
        #expect(LayerSpec.shortcutStride(from: (7, 7), to: (8, 8)) == nil)
    }

    @Test func `a model needs images when something that reads pixels comes before it is flattened`() {
        for (layers, needs) in [
            ([LayerSpec.flatten, .dense(DenseSpec(units: 3))], false), ([.dense(DenseSpec(units: 3))], false),
            ([], false),
            ([.dropout(0.1), .globalAveragePool], true), ([.residual([.maxPool(PoolSpec())])], true),
            ([.residual([.activation(.relu)]), .dense(DenseSpec(units: 3))], false),
        ] { #expect(ModelSpec(layers: layers).needsImage == needs) }
    }
}

@Suite struct TrainingSchemaTests {
    private func problems(
        _ change: (inout TrainingSpec) -> Void,
        classes: Int = 3,
        image: ImageShape? = nil
    ) -> [String] {
        var spec = TrainingSpec(
            model: ModelSpec(widths: [8]),
            optimizer: .sgd(learningRate: 0.1, momentum: 0),
            batchSize: 8,
            epochs: 2
        )
        change(&spec)
        let columns = image.map { $0.height * $0.width * $0.channels } ?? 4
        let schema = DataSchema(
            features: (0..<columns).map { "x\($0)" },
            image: image,
            task: classes == 0
                ? .regression(mean: 0, variance: 1)
                : .classification(classes: ["a", "b", "c"], trainingCounts: [20, 10, 5]),
            trainingRows: 35,
            validationRows: 5,
            testRows: 0
        )
        return spec.problems(on: schema).map { "\($0.path): \($0.message)" }
    }

    @Test func `what does not fit the data is told, and what fits is not`() {
        let image = ImageShape(height: 6, width: 6, channels: 1)
        #expect(problems { _ in } == [])
        #expect(problems { $0.batchSize = 35 } == [])
        #expect(
            problems { $0.batchSize = 36 } == ["train.batch_size: more rows a batch than there are training rows (35)"]
        )
        #expect(problems({ $0.loss = LossSpec(.huber) }, classes: 0) == [])
        for loss in [LossKind.softmaxCrossEntropy, .binaryCrossEntropy] {
            #expect(
                problems({ $0.loss = LossSpec(loss) }, classes: 0)
                    == ["train.loss: this loss needs classes, but the target is a number"]
            )
            #expect(problems { $0.loss = LossSpec(loss) } == [])
        }
        #expect(problems { $0.loss = LossSpec(.softmaxCrossEntropy, classWeights: .listed([1, 2, 3])) } == [])
        #expect(
            problems { $0.loss = LossSpec(.softmaxCrossEntropy, classWeights: .listed([1, 2])) }
                == ["train.loss: 2 class weights for 3 classes"]
        )
        let network = ModelSpec(layers: [.convolution(ConvolutionSpec(channels: 2)), .maxPool(PoolSpec())])
        #expect(problems({ $0.model = network }, image: image) == [])
        #expect(
            problems { $0.model = network }
                == ["train.model: this model reads images, but the data is a table of 4 features"]
        )
        #expect(
            problems({ $0.model.layers = [.maxPool(PoolSpec(size: WindowSize(7)))] }, image: image)
                == [
                    "train.model: layer 1 of the model cannot be built: a window of 7 pixels does not fit into 6×6×1 values"
                ]
        )
        // A perceptron reads the pixels as they are.
        #expect(problems({ _ in }, image: image) == [])
    }
}
