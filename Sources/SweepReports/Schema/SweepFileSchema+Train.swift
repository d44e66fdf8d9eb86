import SweepCore

extension SweepFileSchema {
    private typealias Keys = [(String, JSONValue)]
    private static let nothing = SchemaValue.map([])
    private static let positive = SchemaValue.number(0...1e12)
    private static let share = SchemaValue.number(0...1)
    private static let metric = SchemaValue.any([SchemaValue.text, SchemaValue.reference("choice")])

    /// `train` of a run that is trained here.
    static var training: JSONValue {
        let clip = SchemaValue.any([
            SchemaValue.words(["none"]), SchemaValue.map([("norm", positive), ("value", positive)]),
            SchemaValue.reference("choice"),
        ])
        let restart = SchemaValue.map(
            [("epoch", SchemaValue.fixed(1...1_000_000)), ("optimizer", SchemaValue.reference("optimizer"))],
            required: ["epoch", "optimizer"]
        )
        let start = SchemaValue.any([
            SchemaValue.text,
            SchemaValue.map(
                [("weights", SchemaValue.text), ("head", SchemaValue.searched(words: ["kept", "new"]))],
                required: ["weights"]
            ), SchemaValue.reference("choice"),
        ])
        return SchemaValue.map(
            [
                ("model", model), ("initializer", SchemaValue.reference("initializer")), ("start_from", start),
                ("loss", loss), ("optimizer", SchemaValue.reference("optimizer")), ("learning_rate_schedule", schedule),
                (
                    "warmup",
                    SchemaValue.any([
                        SchemaValue.map([("epochs", positive), ("steps", positive), ("from", share)]),
                        SchemaValue.words(["none"]), SchemaValue.reference("choice"),
                    ])
                ), ("l1", SchemaValue.number(0...1e6)), ("l2", SchemaValue.number(0...1e6)),
                ("penalize_biases", SchemaValue.boolean), ("max_norm", positive), ("clip", clip),
                ("batch_size", SchemaValue.integer(1...1_048_576)), ("accumulate", SchemaValue.integer(1...65_536)),
                ("average", share), ("epochs", SchemaValue.fixed(1...1_000_000)), ("early_stopping", earlyStopping),
                (
                    "recompile",
                    SchemaValue.any([SchemaValue.list(of: restart, 1...64), SchemaValue.reference("choice")])
                ),
                ("sampling", sampling), ("threads", SchemaValue.fixed(1...256)),
                ("instruments", SchemaValue.words(InstrumentTier.allCases.map(\.rawValue))),
            ],
            required: ["model", "optimizer", "epochs"]
        )
    }

    private static var model: JSONValue {
        let width = SchemaValue.integer(1...65_536)
        let pixels = SchemaValue.any([width, SchemaValue.list(of: width, 2...2)])
        let widths = SchemaValue.any([SchemaValue.list(of: width, 0...64), SchemaValue.reference("choice")])
        let common: Keys = [
            ("activation", activation), ("norm", SchemaValue.searched(words: ["none", "batch", "layer"])),
            ("dropout", share),
        ]
        let mlp: Keys = [("widths", widths), ("layers", SchemaValue.integer(1...64)), ("width", width)]
        let cnn: Keys = [
            (
                "channels",
                SchemaValue.any([
                    SchemaValue.list(of: SchemaValue.integer(1...4096), 1...32), SchemaValue.reference("choice"),
                ])
            ),
            ("kernel", pixels),
            (
                "padding",
                SchemaValue.any([SchemaValue.searched(words: ["same", "valid"]), SchemaValue.integer(0...65_536)])
            ),
            ("pool", SchemaValue.searched(words: ["max", "average", "none"])), ("pool_size", pixels), ("dense", widths),
        ]
        return SchemaValue.kinds(
            [
                ("linear", nothing), ("mlp", SchemaValue.map(mlp + common)),
                ("cnn", SchemaValue.map(cnn + common, required: ["channels"])),
                ("layers", SchemaValue.reference("layers")),
            ],
            alone: ["linear"]
        )
    }

    /// A list of layers.
    static var layers: JSONValue {
        let width = SchemaValue.integer(1...65_536)
        let pixels = SchemaValue.any([width, SchemaValue.list(of: width, 2...2)])
        let penalties: Keys = [
            ("bias", SchemaValue.boolean), ("initializer", SchemaValue.reference("initializer")),
            ("l1", SchemaValue.number(0...1e6)), ("l2", SchemaValue.number(0...1e6)),
        ]
        let pool = SchemaValue.map([("size", pixels), ("stride", pixels)])
        let convolution: Keys = [
            ("channels", width), ("kernel", pixels), ("stride", pixels),
            (
                "padding",
                SchemaValue.any([SchemaValue.searched(words: ["same", "valid"]), SchemaValue.integer(0...65_536)])
            ),
        ]
        let kinds: Keys = [
            ("dense", SchemaValue.any([width, SchemaValue.map([("units", width)] + penalties, required: ["units"])])),
            ("conv", SchemaValue.map(convolution + penalties, required: ["channels"])), ("max_pool", pool),
            ("average_pool", pool), ("global_average_pool", nothing), ("flatten", nothing),
            ("batch_norm", SchemaValue.map([("momentum", share), ("epsilon", share)])),
            ("layer_norm", SchemaValue.map([("epsilon", share)])), ("dropout", share),
            ("residual", SchemaValue.reference("layers")),
        ]
        let plain = ["max_pool", "average_pool", "global_average_pool", "flatten", "batch_norm", "layer_norm"]
        return SchemaValue.any([
            SchemaValue.list(of: SchemaValue.kinds(kinds + activations, alone: plain + activations.map(\.0))),
            SchemaValue.reference("choice"),
        ])
    }

    private static var activations: Keys {
        [
            ("relu", nothing), ("leaky_relu", SchemaValue.map([("slope", SchemaValue.number())])),
            ("elu", SchemaValue.map([("alpha", SchemaValue.number())])), ("selu", nothing), ("gelu", nothing),
            ("silu", nothing), ("tanh", nothing), ("sigmoid", nothing), ("softplus", nothing), ("linear", nothing),
        ]
    }

    private static var activation: JSONValue { SchemaValue.kinds(activations, alone: activations.map(\.0)) }

    /// How weights are drawn.
    static var initializer: JSONValue {
        let number = SchemaValue.number()
        let scaled = SchemaValue.map([
            ("distribution", SchemaValue.searched(words: ["uniform", "normal"])), ("scale", number),
        ])
        return SchemaValue.kinds(
            [
                ("he", scaled), ("glorot", scaled), ("lecun", scaled),
                ("orthogonal", SchemaValue.map([("scale", number)])),
                ("normal", SchemaValue.map([("deviation", number)], required: ["deviation"])),
                ("uniform", SchemaValue.map([("bound", number)], required: ["bound"])), ("constant", number),
            ],
            alone: ["he", "glorot", "lecun", "orthogonal"]
        )
    }

    /// An optimizer with its settings.
    static var optimizer: JSONValue {
        let rate: Keys = [
            ("learning_rate", SchemaValue.number(0...1e6)), ("weight_decay", SchemaValue.number(0...1e6)),
        ]
        let momentum: Keys = [("momentum", share)]
        let betas: Keys = [("beta1", share), ("beta2", share)]
        let epsilon: Keys = [("epsilon", share)]
        let adam = betas + epsilon + [("amsgrad", SchemaValue.boolean)]
        let kinds: [(String, Keys)] = [
            ("sgd", momentum + [("dampening", share), ("nesterov", SchemaValue.boolean)]), ("adam", adam),
            ("adamw", adam),
            ("rmsprop", [("alpha", share)] + epsilon + momentum + [("centered", SchemaValue.boolean)]),
            (
                "adagrad",
                epsilon + [("learning_rate_decay", positive), ("initial_accumulator", positive)]
            ), ("lion", betas), ("nadam", betas + epsilon + [("momentum_decay", share)]),
        ]
        return SchemaValue.any(
            kinds.map { kind, settings in
                SchemaValue.map(
                    [
                        (
                            kind,
                            SchemaValue.any([
                                SchemaValue.map(rate + settings, required: ["learning_rate"]),
                                SchemaValue.reference("choice"),
                            ])
                        )
                    ],
                    required: [kind]
                )
            } + [SchemaValue.reference("choice")]
        )
    }

    private static var loss: JSONValue {
        let weights = SchemaValue.any([
            SchemaValue.words(["none", "balanced"]), SchemaValue.list(of: SchemaValue.number()),
            SchemaValue.reference("choice"),
        ])
        let entropy = SchemaValue.map([("label_smoothing", share), ("gamma", positive), ("class_weights", weights)])
        return SchemaValue.kinds(
            [
                ("softmax_cross_entropy", entropy), ("binary_cross_entropy", entropy),
                ("focal", SchemaValue.map([("gamma", positive), ("class_weights", weights)])),
                ("mean_squared_error", nothing), ("mean_absolute_error", nothing),
                ("huber", SchemaValue.map([("delta", positive)])),
            ],
            alone: [
                "softmax_cross_entropy", "focal", "binary_cross_entropy", "mean_squared_error", "mean_absolute_error",
                "huber",
            ]
        )
    }

    private static var schedule: JSONValue {
        let count = SchemaValue.integer(1...1_000_000)
        let plateau: Keys = [
            ("metric", metric), ("factor", share), ("patience", SchemaValue.integer(0...1_000_000)),
            ("threshold", positive), ("threshold_mode", SchemaValue.searched(words: ["relative", "absolute"])),
            ("cooldown", SchemaValue.integer(0...1_000_000)), ("minimum", positive), ("epsilon", positive),
        ]
        return SchemaValue.kinds(
            [
                ("constant", nothing),
                ("step", SchemaValue.map([("every", count), ("factor", positive)], required: ["every"])),
                (
                    "milestones",
                    SchemaValue.map(
                        [
                            (
                                "epochs",
                                SchemaValue.any([SchemaValue.list(of: count), SchemaValue.reference("choice")])
                            ),
                            ("factor", positive),
                        ],
                        required: ["epochs"]
                    )
                ), ("exponential", SchemaValue.map([("factor", positive)], required: ["factor"])),
                ("polynomial", SchemaValue.map([("power", positive), ("final", positive)])),
                ("cosine", SchemaValue.map([("final", positive), ("period", positive), ("growth", positive)])),
                ("one_cycle", SchemaValue.map([("rise", share), ("start", positive), ("end", positive)])),
                ("plateau", SchemaValue.map(plateau)),
                (
                    "rise",
                    SchemaValue.map([
                        ("factor", share), ("after_epoch", SchemaValue.integer(0...1_000_000)),
                        ("of", SchemaValue.searched(words: ["epoch", "batch"])),
                    ])
                ), ("range_test", SchemaValue.map([("to", positive)], required: ["to"])),
            ],
            alone: ["constant", "polynomial", "cosine", "one_cycle", "plateau", "rise"]
        )
    }

    private static var earlyStopping: JSONValue {
        SchemaValue.any([
            SchemaValue.map(
                [
                    ("metric", metric), ("patience", SchemaValue.integer(1...1_000_000)), ("min_delta", positive),
                    ("start_epoch", SchemaValue.integer(0...1_000_000)), ("restore_best", SchemaValue.boolean),
                ],
                required: ["patience"]
            ), SchemaValue.reference("choice"),
        ])
    }

    private static var sampling: JSONValue {
        let ratio = SchemaValue.map([("ratio", share)])
        return SchemaValue.kinds(
            [("none", nothing), ("oversample", ratio), ("undersample", ratio)],
            alone: ["none", "oversample", "undersample"]
        )
    }

    /// `train` of programs.
    static var command: JSONValue {
        let (text, texts) = (SchemaValue.text, SchemaValue.list(of: SchemaValue.text))
        let time = SchemaValue.any([text, SchemaValue.object(("type", .text("number")))])
        return SchemaValue.map(
            [
                ("command", SchemaValue.list(of: .boolean(true))),
                ("parameters", SchemaValue.dictionary(of: .boolean(true))),
                ("epochs", SchemaValue.fixed(1...1_000_000)), ("metrics", texts), ("files", texts), ("directory", text),
                ("environment", SchemaValue.dictionary(of: .boolean(true))),
                (
                    "limits",
                    SchemaValue.map([
                        ("time", time), ("report", time), ("memory", time), ("grace", time), ("save", time),
                    ])
                ), ("threads", SchemaValue.fixed(1...256)),
                (
                    "reuse",
                    SchemaValue.any([
                        SchemaValue.object(("type", .text("boolean"))), SchemaValue.fixed(2...1_000_000),
                    ])
                ),
            ],
            required: ["command", "epochs"]
        )
    }

    /// `train` of trials that are asked for.
    static var ask: JSONValue {
        SchemaValue.map(
            [
                ("ask", SchemaValue.map([("lease", .boolean(true))])),
                ("parameters", SchemaValue.dictionary(of: .boolean(true))),
                ("epochs", SchemaValue.fixed(1...1_000_000)),
                ("metrics", SchemaValue.list(of: SchemaValue.text)),
            ],
            required: ["ask"]
        )
    }
}
