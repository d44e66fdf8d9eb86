import SweepCore
import SweepNumerics

/// Causes in the network and in how it is trained: activations, head and loss, initial weights, gradients, optimizer.
enum NetworkCauses {
    static let rules = [
        activation, outputHead, lossFunction, initialisation, vanishing, exploding, deadUnits, optimizer,
        optimizerSettings,
    ]

    private static let activation = CauseRule(
        .activation,
        prior: 0.07,
        neighbours: [
            .init(.underCapacity, "relu in the place of the hidden activation, and four times the width, each alone"),
            .init(.vanishing, "relu alone; a norm alone"),
        ],
        clues: { context in
            guard let training = context.training else { return [] }
            let hidden = training.model.hiddenActivations
            let linear = hidden.count { $0 == .linear }
            let squashing = hidden.count { $0 == .sigmoid || $0 == .tanh }
            // It can be seen before the first step, and is never meant: named whatever the curve looks like.
            var clues = context.clue(
                3,
                "\(linear) of \(hidden.count) hidden layers have no activation: with the next they are one linear layer",
                if: linear > 0
            )
            let suffers =
                !context.symptoms.complaints.isEmpty || context.fallsBehindSimpleModels != nil
                || !context.learnsTraining
            guard linear > 0 || suffers else { return [] }
            clues += context.clue(1.6, .saturated)
            clues += context.clue(
                1,
                "\(squashing) layers of sigmoid or tanh, one behind another",
                if: squashing >= 4 && context.shows(.vanishing, .slow, .plateau, .atChance)
            )
            guard !clues.isEmpty else { return [] }
            if let simple = context.fallsBehindSimpleModels {
                clues.append(Clue(0.8, "a simpler model does better: \(simple.text)"))
            }
            return clues + context.clue(0.6, .plateau, .atChance)
        },
        remedy: { context in
            CauseFinding.Remedy(
                context.modelChange { $0.activations(.relu) },
                "relu between all hidden layers"
            )
        }
    )

    private static let outputHead = CauseRule(
        .outputHead,
        prior: 0.04,
        neighbours: [.init(.lossFunction, "a linear output of one unit a class or number, with the loss made for it")],
        clues: { context in
            // Heads of this program are linear; another program's can be anything.
            guard context.training == nil else { return [] }
            return context.clue(0.6, .atChance, .plateau)
        },
        remedy: { _ in
            CauseFinding.Remedy(
                "look at the last layer: linear for numbers, one unit a class with softmax (once) for classes, one unit with "
                    + "sigmoid for two"
            )
        }
    )

    private static let lossFunction = CauseRule(
        .lossFunction,
        prior: 0.08,
        neighbours: [
            .init(.rateTooLow, "softmax_cross_entropy, and ten times the rate, each alone"),
            .init(.outputHead, "a linear output of one unit a class or number, with the loss made for it"),
        ],
        clues: { context in
            guard let training = context.training, let schema = context.run.schema else {
                return context.training == nil ? context.clue(0.3, .atChance, .plateau, .discordant) : []
            }
            let kind = training.loss(on: schema).kind
            guard schema.task.kind == .classification, !kind.needsClasses else { return [] }
            // A fact of the specification, not a guess; how much it costs is another question.
            return [
                Clue(
                    3,
                    "\(kind.rawValue) on \(schema.outputs) classes: its gradients vanish where the answer is most wrong"
                )
            ]
                + context.clue(1.5, .discordant, .collapsed, .atChance, .plateau, .slow)
                + context.clue(
                    0.3,
                    "mean_absolute_error is least when nothing is predicted of rare outputs",
                    if: kind == .meanAbsoluteError
                )
        },
        remedy: { _ in CauseFinding.Remedy(["train.loss=softmax_cross_entropy"], "softmax cross-entropy for classes") }
    )

    private static let initialisation = CauseRule(
        .initialisation,
        prior: 0.05,
        neighbours: [
            .init(.vanishing, "He's weights alone, and half of the depth alone"),
            .init(.rateTooHigh, "He's weights, and a tenth of the rate, each alone"),
        ],
        clues: { context in
            guard !context.symptoms.alarms.isEmpty else { return [] }
            var clues = context.clue(4, .symmetric)
            if let initializer = context.training?.initializer {
                let plain = initializer.kind == .plain || initializer.kind == .constant
                let isHidden = context.training?.model.layers.isEmpty == false
                clues += context.clue(
                    1.6,
                    initializer.kind == .constant
                        ? "all weights begin at \(EvidenceText.number(initializer.scale))"
                        : "weights begin with a deviation of \(EvidenceText.number(initializer.scale)) in layers of any width",
                    if: plain && isHidden
                )
                clues += context.clue(
                    2.6,
                    "\(initializer.kind.rawValue) weights are multiplied by \(EvidenceText.number(initializer.scale))",
                    if: !plain && !(0.4...2.5).contains(initializer.scale)
                )
                if clues.isEmpty {
                    clues += context.clue(-1.5, "weights are drawn by \(initializer.kind.rawValue)", if: true)
                }
            }
            let early = ([Symptom.vanishing, .exploding, .activationDrift, .initialLoss] as [Symptom]).compactMap {
                context.symptoms[$0]
            }.filter { $0.sinceEpoch == 0 }
            guard let first = early.first ?? context.symptoms[.symmetric] else { return [] }
            if first.symptom != .symmetric { clues.append(Clue(1.4, "\(first.symptom.rawValue): \(first.evidence)")) }
            clues += context.clue(0.8, "\(early.count) symptoms stand before the first step", if: early.count > 1)
            // Inputs far from unit size make layers drift with any weights.
            clues += context.clue(
                -1.5,
                "the inputs are not scaled",
                if: !context.scalesFeatures && context.data([.scale, .imageRange]) != nil
            )
            return clues
        },
        remedy: { context in
            CauseFinding.Remedy(
                context.training == nil ? [] : ["train.initializer=he"],
                "He's weights for relu, Glorot's for tanh and sigmoid"
            )
        }
    )

    private static let vanishing = CauseRule(
        .vanishing,
        prior: 0.04,
        neighbours: [
            .init(.initialisation, "He's weights alone, and half of the depth alone"),
            .init(.activation, "relu alone; a norm alone"),
        ],
        clues: { context in
            guard context.shows(.vanishing) else { return [] }
            var clues = context.clue(2.2, .vanishing)
            if let training = context.training {
                let hidden = training.model.hiddenActivations
                let squashing = hidden.count { $0 == .sigmoid || $0 == .tanh }
                clues += context.clue(
                    1.2,
                    "\(hidden.count) hidden layers, \(squashing) of sigmoid or tanh",
                    if: squashing >= 3
                )
                clues += context.clue(
                    -1.2,
                    "the initial weights explain it",
                    if: training.initializer.kind == .plain || training.initializer.kind == .constant
                        || !(0.4...2.5).contains(training.initializer.scale)
                )
            }
            return clues
        },
        remedy: { context in
            // Where layers squash, a norm leaves each gradient a quarter of what it was; relu does not. Source: Glorot, Bordes &
            // Bengio, AISTATS 2011.
            let squashing = (context.training?.model.hiddenActivations ?? []).count { $0 == .sigmoid || $0 == .tanh }
            return CauseFinding.Remedy(
                context.modelChange { squashing >= 3 ? $0.activations(.relu) : $0.normed() },
                "relu with He's weights, a norm behind each layer, or half of the depth"
            )
        }
    )

    private static let exploding = CauseRule(
        .exploding,
        prior: 0.04,
        neighbours: [
            .init(
                .rateTooHigh,
                "clip at the 90th percentile of the gradient's norm, and cut the rate by ten, each alone"
            ),
            .init(.outliers, "drop the rows, use huber, and clip, each alone"),
            .init(.initialisation, "He's weights, and clipping, each alone"),
        ],
        clues: { context in
            guard context.shows(.exploding) else { return [] }
            var clues = context.clue(1.6, .exploding) + context.clue(0.8, .spiking, .nonFinite)
            let shares = context.run.values(.clipShare)
            if let middle = Quantiles.median(shares), middle > 0.5 {
                clues.append(Clue(-1.5, "more than half of the steps are clipped already: a rate in disguise"))
            }
            if let training = context.training {
                clues += context.clue(
                    0.4,
                    "nothing is clipped",
                    if: training.clipNorm == nil && training.clipValue == nil
                )
            }
            return clues
        },
        remedy: { context in
            let norms = context.run.values(.gradientNorm).filter { $0.isFinite }
            let bound = Quantiles.linear(norms, 0.9).map { $0 > 0 ? min($0, 1) : 1 } ?? 1
            return CauseFinding.Remedy(
                context.training == nil ? [] : ["train.clip={norm: \(EvidenceText.number(bound))}"],
                "clip the gradient's norm at \(EvidenceText.number(bound))"
            )
        }
    )

    private static let deadUnits = CauseRule(
        .deadUnits,
        prior: 0.05,
        neighbours: [
            .init(.rateTooHigh, "leaky_relu alone, and a tenth of the rate alone"),
            .init(.initialisation, "leaky_relu alone, and He's weights alone"),
        ],
        clues: { context in
            guard let finding = context.symptoms[.dead] else { return [] }
            var clues = context.clue(1.8, .dead)
            clues += context.clue(-1, "they were dead before the first step", if: finding.sinceEpoch == 0)
            clues += context.clue(0.8, .atChance, .plateau, .collapsed)
            return clues
        },
        remedy: { context in
            CauseFinding.Remedy(
                context.modelChange { $0.activations(.leakyRelu(slope: 0.01)) },
                "a tenth of the rate, which kills no units, or leaky_relu, in which none can die"
            )
        }
    )

    private static let optimizer = CauseRule(
        .optimizer,
        prior: 0.04,
        neighbours: [.init(.featureScale, "adam with a rate of its own, and standardised features, each alone")],
        clues: { context in
            guard let rule = context.training?.optimizer.rule,
                context.shows(.slow, .plateau, .oscillating) || context.fallsUnfinished
            else { return [] }
            switch rule {
            case .sgd(let momentum, _, _) where momentum == 0:
                return context.clue(0.8, .slow, .plateau, .oscillating)
                    + context.clue(
                        1.2,
                        "the loss on training rows still falls at the end",
                        if: context.fallsUnfinished && !context.shows(.slow, .plateau, .oscillating)
                    ) + [Clue(0.8, "gradient descent without momentum")]
                    + context.clue(1, data: .scale)
                    + context.clue(
                        0.8,
                        "no step of preprocess scales the features",
                        if: context.run.trial != nil && !context.scalesFeatures && !context.isImage
                    )
            case .adagrad: return context.clue(0.6, .slow, .plateau) + [Clue(0.6, "adagrad's steps only shrink")]
            default: return []
            }
        },
        remedy: { context in
            let scales = context.run.trial == nil || context.scalesFeatures || context.isImage
            return CauseFinding.Remedy(
                context.training == nil
                    ? []
                    : ["train.optimizer={adam: {learning_rate: 0.003}}"]
                        + (scales ? [] : context.preprocessChange { $0.appending(.standardize) }),
                "adam, or momentum 0.9: each with a rate of its own, from three tried"
                    + (scales ? "" : "; and features of one size, which no optimizer replaces")
            )
        }
    )

    private static let optimizerSettings = CauseRule(
        .optimizerSettings,
        prior: 0.05,
        neighbours: [.init(.rateTooHigh, "the usual settings, and a tenth of the rate, each alone")],
        clues: { context in
            guard context.training != nil,
                !context.symptoms.findings.isEmpty || !context.learnsTraining
            else { return [] }
            let odd = context.oddSettings
            guard !odd.isEmpty else { return [] }
            // Hardly anybody sets these by design: where one stands and the run suffers, it is the first thing to undo.
            return [Clue(3.4, "\(odd.joined(separator: ", ")) is far from what is usual")]
                + context.clue(
                    1,
                    .oscillating,
                    .diverging,
                    .nonFinite,
                    .spiking,
                    .rising,
                    .slow,
                    .stillImproving,
                    .atChance,
                    .collapsed
                )
        },
        remedy: { context in
            var changes: [String] = []
            func set(_ key: String, _ value: String) {
                if let path = context.optimizerPath(key) { changes.append("\(path)=\(value)") }
            }
            switch context.training?.optimizer.rule {
            case .sgd(let momentum, _, _) where momentum >= 0.99: set("momentum", "0.9")
            case .adam(let beta1, let beta2, let epsilon, _), .nadam(let beta1, let beta2, let epsilon, _):
                if beta1 >= 0.98 { set("beta1", "0.9") }
                if beta2 <= 0.9 { set("beta2", "0.999") }
                if epsilon <= 1e-10 || epsilon >= 1e-2 { set("epsilon", "1e-8") }
            case .rmsprop(let alpha, let epsilon, _, _):
                if alpha <= 0.8 { set("alpha", "0.99") }
                if epsilon >= 1e-2 { set("epsilon", "1e-8") }
            default: break
            }
            return CauseFinding.Remedy(
                changes,
                "the usual settings: momentum 0.9; beta1 0.9, beta2 0.999 (0.95 against spikes), epsilon 1e-8 (1e-6)"
            )
        }
    )
}
