import SweepCore

extension Claim {
    private static let adam = "train.optimizer.adam.learning_rate="

    private static func task(_ source: String, _ train: String, validation: String = "0.3") -> Source {
        .text(
            """
            name: claim
            data: {source: {generate: {\(source)}}, preprocess: [standardize], validation: \(validation)}
            train: {\(train)}
            search: {method: grid}
            """
        )
    }

    private static let blobs = task(
        "blobs: {rows: 800, classes: 3, features: 6, std: 6, seed: 21}",
        "model: {mlp: {widths: [32]}}, optimizer: {adam: {learning_rate: 0.003}}, batch_size: 32, epochs: 30"
    )
    private static let friedman = task(
        "friedman1: {rows: 600, noise: 1, seed: 22}",
        "model: {mlp: {widths: [64]}}, optimizer: {sgd: {learning_rate: 0.003, momentum: 0.9}}, batch_size: 32, epochs: 40"
    )
    private static let moons = task(
        "moons: {rows: 200, noise: 0.35, seed: 23}",
        "model: {mlp: {widths: [8]}}, optimizer: {adam: {learning_rate: 0.003}}, batch_size: 32, epochs: 150"
    )
    private static let glyphs = Source.text(
        """
        name: claim
        data: {source: {generate: {glyphs: {rows: 500, noise: 0.2, seed: 24}}}, preprocess: [{scale: 0.00392156862745098}], validation: 0.3}
        train: {model: {cnn: {channels: [6], padding: valid}}, optimizer: {adam: {learning_rate: 0.005}}, epochs: 12}
        search: {method: grid}
        """
    )

    /// The examples, in the order of the documents.
    package static let examples: [Claim] = [
        // covers: R1 C1
        Claim(
            "rate .1",
            "Adam at 0.1 ends above Adam at 0.001",
            .file("learning-rate"),
            [adam + "1e-3"],
            to: [adam + "0.1"],
            .last(.validationLoss),
            .more
        ),
        // covers: R1 C2
        Claim(
            "rate 1e-6",
            "at 0.000001 hardly anything is learnt",
            .file("learning-rate"),
            [adam + "1e-3"],
            to: [adam + "1e-6"],
            .last(.validationLoss),
            .more
        ),
        // covers: R11
        Claim(
            "rotate and shift",
            "random rotations and shifts lower the validation loss",
            glyphs,
            [],
            to: ["data.augment=[{rotate: {degrees: 20}}, {shift: {height: 0.1, width: 0.1}}]"],
            .last(.validationLoss),
            .less
        ),
        // covers: R8
        Claim(
            "dropout after pooling",
            "dropout of 0.25 closes the gap between validation and training",
            .file("documents-cnn"),
            ["train.model.layers.3.dropout=0", "data.source.generate.glyphs.rows=600"],
            to: ["train.model.layers.3.dropout=0.25", "data.source.generate.glyphs.rows=600"],
            .gap,
            .less
        ),
        // covers: R12 C10
        Claim(
            "channels normalised",
            "under uneven light, normalised channels lower the validation loss",
            .file("uneven-light"),
            [
                "data.preprocess=[{scale: 0.00392156862745098}]", "data.augment=[]",
                "data.source.generate.glyphs.rows=600",
            ],
            to: ["data.preprocess=[normalize]", "data.augment=[]", "data.source.generate.glyphs.rows=600"],
            .last(.validationLoss),
            .less
        ),
        // covers: R2
        Claim(
            "rate reduced on a plateau",
            "reducing the rate on a plateau calms the loss",
            friedman,
            ["train.optimizer.sgd.learning_rate=0.02"],
            to: ["train.optimizer.sgd.learning_rate=0.02", "train.learning_rate_schedule={plateau: {patience: 3}}"],
            .fluctuation(.validationLoss),
            .less
        ),
        // covers: R10
        Claim(
            "early stopping",
            "stopping after 10 epochs without a better validation loss keeps it from rising",
            moons,
            ["train.model.mlp.widths=[256, 256]"],
            to: ["train.model.mlp.widths=[256, 256]", "train.early_stopping={patience: 10}"],
            .last(.validationLoss),
            .less
        ),
        // covers: R7 C8
        Claim(
            "inputs standardised",
            "inputs of uneven scale, standardised, let the loss fall",
            .file("feature-scale"),
            ["data.preprocess=[]"],
            to: ["data.preprocess=[standardize]"],
            .last(.validationLoss),
            .less
        ),
        // covers: R6
        Claim(
            "gradients clipped",
            "clipping the gradient's norm at 1 calms a rate that is too high",
            friedman,
            ["train.optimizer.sgd.learning_rate=0.03"],
            to: ["train.optimizer.sgd.learning_rate=0.03", "train.clip={norm: 1}"],
            .fluctuation(.probeLoss),
            .less
        ),
        // covers: R1
        Claim(
            "rate .001 in 100 epochs",
            "a low rate may end lower than a usual one, given epochs",
            .file("regression-rates"),
            [adam + "0.01"],
            to: [adam + "0.001"],
            .last(.validationLoss),
            .less
        ),
        // covers: R9
        Claim(
            "a penalty",
            "an L2 penalty lowers the validation loss",
            .file("unregularised"),
            ["train.model.mlp.dropout=0", "train.l2=0"],
            to: ["train.model.mlp.dropout=0", "train.l2=0.02"],
            .last(.validationLoss),
            .less
        ),
        // covers: P3
        Claim(
            "rate of 1",
            "Adam at 1 ends above Adam at 0.01",
            .file("rate-of-one"),
            [adam + "0.01"],
            to: [adam + "1"],
            .last(.validationLoss),
            .more
        ),
        // covers: P9
        Claim(
            "no regularisation",
            "without dropout the validation loss rises from its least more than with it",
            .file("unregularised"),
            ["train.model.mlp.dropout=0.25", "train.l2=0"],
            to: ["train.model.mlp.dropout=0", "train.l2=0"],
            .rise,
            .more
        ),
        // covers: C25
        Claim(
            "squared error on classes",
            "squared error on classes learns fewer rows rightly than cross-entropy",
            .file("wrong-loss"),
            ["train.loss=softmax_cross_entropy"],
            to: ["train.loss=mean_squared_error"],
            .last(.validationAccuracy),
            .less
        ),
        // covers: R14
        Claim(
            "batch norm",
            "a norm behind each layer calms the loss",
            friedman,
            ["train.optimizer.sgd.learning_rate=0.02"],
            to: ["train.optimizer.sgd.learning_rate=0.02", "train.model.mlp.norm=batch"],
            .fluctuation(.probeLoss),
            .less
        ),
    ]

    /// What the documents' code does without saying so.
    package static let traps: [Claim] = [
        // covers: T1
        Claim(
            "rate cut by batches",
            "cutting the rate when a batch's loss rises helps",
            .file("rate-collapse"),
            ["train.learning_rate_schedule=constant"],
            to: ["train.learning_rate_schedule={rise: {factor: 0.1, after_epoch: 1, of: batch}}"],
            .last(.validationLoss),
            .less
        ),
        // covers: T2
        Claim(
            "compiled again",
            "compiled again at a low rate, a trained model ends no lower than a run of its own at that rate",
            .file("recompiled"),
            ["train.recompile=null", adam + "1e-6"],
            to: [adam + "1e-3", "train.recompile=[{epoch: 10, optimizer: {adam: {learning_rate: 1e-6}}}]"],
            .last(.validationLoss),
            .more
        ),
        // covers: T3
        Claim(
            "random targets",
            "on random targets more epochs lower the validation loss",
            .file("no-signal"),
            [adam + "0.001", "train.epochs=10"],
            to: [adam + "0.001", "train.epochs=100"],
            .last(.validationLoss),
            .less
        ),
        // covers: T4
        Claim(
            "an outlier standardised",
            "standardising deals with an outlier as well as bounding it first does",
            .file("one-outlier"),
            ["data.preprocess=[winsorize, standardize]", "train.loss=mean_squared_error", "data.seed={seed}"],
            to: ["data.preprocess=[standardize]", "train.loss=mean_squared_error", "data.seed={seed}"],
            .last(.validationLoss),
            .less
        ),
        // covers: T5
        Claim(
            "penalty inside the loss",
            "with an L2 penalty the training loss itself is lower",
            .file("no-signal"),
            [adam + "0.001"],
            to: [adam + "0.001", "train.l2=0.02"],
            .last(.trainingLoss),
            .less
        ),
        // covers: T6
        Claim(
            "four test rows",
            "a line through 16 points is overfitted: the loss on four others is above their own",
            .file("straight-line"),
            ["data.preprocess=[standardize]", "data.target_scale=none", "data.seed={seed}", "train.epochs=1"],
            to: ["data.preprocess=[standardize]", "data.target_scale=none", "data.seed={seed}"],
            .gap,
            .more
        ),
        // covers: T7
        Claim(
            "flipped digits",
            "random horizontal flips of digits lower the validation loss",
            glyphs,
            [],
            to: ["data.augment=[flip_horizontal]"],
            .last(.validationLoss),
            .less
        ),
        // covers: T8
        Claim(
            "stopping by the training loss",
            "early stopping by the training loss keeps validation from rising",
            moons,
            ["train.model.mlp.widths=[256, 256]"],
            to: ["train.model.mlp.widths=[256, 256]", "train.early_stopping={metric: training.loss, patience: 10}"],
            .last(.validationLoss),
            .less
        ),
        // covers: T10
        Claim(
            "training loss with dropout",
            "the training loss that is reported is that of the model",
            blobs,
            [],
            to: ["train.model.mlp.dropout=0.5"],
            .modes,
            .less
        ),
    ]

    /// On what the documents disagree, or what they never try.
    package static let disputed: [Claim] = [
        // covers: T9
        Claim(
            "overfitting and the training loss",
            "overfitting makes the training loss fluctuate",
            moons,
            [],
            to: ["train.model.mlp.widths=[256, 256]"],
            .fluctuation(.probeLoss),
            .more
        ),
        // covers: T9
        Claim(
            "overfitting and the validation loss",
            "overfitting makes the validation loss fluctuate",
            moons,
            [],
            to: ["train.model.mlp.widths=[256, 256]"],
            .fluctuation(.validationLoss),
            .more
        ),
        // covers: R8
        Claim(
            "dropout calms",
            "dropout makes the validation curve calmer",
            blobs,
            [],
            to: ["train.model.mlp.dropout=0.25"],
            .fluctuation(.validationLoss),
            .less
        ),
        // covers: R11
        Claim(
            "augmentation calms",
            "augmentation makes the validation curve calmer",
            glyphs,
            [],
            to: ["data.augment=[{rotate: {degrees: 20}}, {shift: {height: 0.1, width: 0.1}}]"],
            .fluctuation(.validationLoss),
            .less
        ),
        // covers: C4
        Claim(
            "imbalance",
            "imbalance makes the training loss oscillate",
            blobs,
            [],
            to: ["data.source.generate.blobs.weights=[18, 1, 1]"],
            .fluctuation(.probeLoss),
            .more
        ),
        // covers: C11
        Claim(
            "too little data",
            "too few rows make the validation loss oscillate",
            blobs,
            [],
            to: ["data.source.generate.blobs.rows=80"],
            .fluctuation(.validationLoss),
            .more
        ),
        // covers: C5
        Claim(
            "wrong labels",
            "wrong labels make the training loss fluctuate",
            blobs,
            [],
            to: ["data.source.generate.blobs.label_noise=0.3"],
            .fluctuation(.probeLoss),
            .more
        ),
        // covers: C6
        Claim(
            "an outlier",
            "an outlier makes the training loss fluctuate",
            friedman,
            [],
            to: ["data.source.generate.friedman1.outliers={value: 100}"],
            .fluctuation(.probeLoss),
            .more
        ),
        // covers: C20
        Claim(
            "a larger batch smooths",
            "a larger batch makes the training loss calmer",
            friedman,
            ["train.batch_size=8"],
            to: ["train.batch_size=128"],
            .fluctuation(.probeLoss),
            .less
        ),
        // covers: C21
        Claim(
            "a larger batch slows",
            "for the same epochs a larger batch ends higher",
            friedman,
            ["train.batch_size=8"],
            to: ["train.batch_size=128"],
            .last(.probeLoss),
            .more
        ),
        // covers: C21
        Claim(
            "a smaller batch explores",
            "a smaller batch finds a lower validation loss",
            friedman,
            ["train.batch_size=128", "train.epochs=160"],
            to: ["train.batch_size=8", "train.epochs=160"],
            .least(.validationLoss),
            .less
        ),
        // covers: C2
        Claim(
            "a low rate comes to rest",
            "a low rate makes the end of the curve calmer",
            friedman,
            [],
            to: ["train.optimizer.sgd.learning_rate=0.0003"],
            .fluctuation(.probeLoss),
            .less
        ),
        // covers: C28
        Claim(
            "a low rate gets stuck",
            "with ten times the epochs, a tenth of the rate still ends higher",
            friedman,
            [],
            to: ["train.optimizer.sgd.learning_rate=0.0003", "train.epochs=400"],
            .last(.probeLoss),
            .more
        ),
        // covers: R10
        Claim(
            "stop at the first rise",
            "stopping when validation first rises is no worse than with a patience of 10",
            friedman,
            ["train.early_stopping={patience: 10}"],
            to: ["train.early_stopping={patience: 1}"],
            .least(.validationLoss),
            .less
        ),
        // covers: C18
        Claim(
            "Adam oscillates less",
            "Adam at its usual rate is calmer than descent with momentum at its",
            friedman,
            [],
            to: ["train.optimizer={adam: {learning_rate: 0.003}}"],
            .fluctuation(.probeLoss),
            .less
        ),
    ]
}
