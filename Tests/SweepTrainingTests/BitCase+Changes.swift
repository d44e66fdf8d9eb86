import SweepCore

/// Runs whose rows are changed, mixed or sampled, and the losses and initializers that the other rows leave out.
extension BitCase {
    private static let picture = ImageShape(height: 6, width: 7, channels: 2)

    private static let augmentSteps: [AugmentStep] = [
        .flipHorizontal(probability: 0.4), .flipVertical(probability: 0.6),
        .shift(height: 0.4, width: 0.3, fill: .zero), .shift(height: 0.2, width: 0.5, fill: .edge),
        .rotate(degrees: 35, fill: .zero), .rotate(degrees: 20, fill: .edge), .padCrop(pixels: 2),
        .crop(height: 4, width: 5), .brightness(amount: 0.7), .contrast(amount: 0.6), .noise(deviation: 0.3),
        .cutout(size: 3),
    ]
    private static let stepDigests: [UInt64] = [
        0x7ddc_fc12_ca74_8a92, 0xac40_2acf_a408_846c, 0xf052_54c0_d0bd_ca69, 0xee8b_d9ec_c060_04e6,
        0xb43d_25c2_1829_9e1c, 0x5776_61df_8532_994b, 0xf052_54c0_d0bd_ca69, 0x9718_12a3_ca09_ebc5,
        0x1c80_ceaa_bd8c_8ebf, 0x207d_a0f5_f175_56b3, 0x48fc_e87d_8c55_b02b, 0xc1d8_be34_4c6b_d939,
    ]

    /// One a step, on images; then all together before a convolution.
    static let augmentations: [BitCase] =
        zip(augmentSteps, stepDigests).map { step, digest in
            BitCase(
                testDescription: "\(step)",
                image: picture,
                spec: makeSpec([8]).with { $0.augment = [step] },
                digest: digest
            )
        } + [
            BitCase(
                testDescription: "every step together, mixup, a convolution",
                image: picture,
                spec: makeSpec([]).with {
                    $0.model.layers = [
                        .convolution(ConvolutionSpec(channels: 5)), .activation(.relu), .maxPool(PoolSpec()), .flatten,
                    ]
                    $0.augment = augmentSteps + [.mixup(alpha: 0.3)]
                },
                digest: 0xce44_1e56_fa32_8841
            )
        ]

    private static let weights = ClassWeightRule.listed([0.5, 2, 1.25])
    private static let mixed: [(classes: Int, loss: LossSpec)] = [
        (3, LossSpec(.softmaxCrossEntropy)),
        (3, LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1, classWeights: weights)),
        (3, LossSpec(.softmaxCrossEntropy, labelSmoothing: 0.1, focus: 2, classWeights: weights)),
        (2, LossSpec(.binaryCrossEntropy, labelSmoothing: 0.1)),
        (3, LossSpec(.binaryCrossEntropy, classWeights: weights)),
        (3, LossSpec(.meanSquaredError)), (0, LossSpec(.meanSquaredError)), (0, LossSpec(.meanAbsoluteError)),
        (0, LossSpec(.huber, delta: 0.7)),
    ]
    private static let mixedDigests: [UInt64] = [
        0xab17_c3b5_0482_0969, 0x9056_766e_b2bd_2ee9, 0xec49_0419_a93d_a0f5, 0x15b0_5d3c_6fe9_cece,
        0x8271_984a_8fa5_b65f, 0x8e0d_5960_b488_86bd, 0x72ed_2283_41fd_492c, 0xe938_7943_e060_af0a,
        0x7a43_8a05_4c3d_d20c,
    ]

    /// Mixed rows of a table under every loss.
    static let mixtures = zip(mixed, mixedDigests).map { setting, digest in
        BitCase(
            testDescription: "mixup, \(setting.loss), \(setting.classes) classes",
            classes: setting.classes,
            spec: makeSpec([12], loss: setting.loss).with { $0.augment = [.mixup(alpha: 0.4)] },
            digest: digest
        )
    }

    private static let samplingRules: [Sampling] = [
        .oversample(), .oversample(ratio: 0.8), .undersample(), .undersample(ratio: 0.7),
    ]
    private static let samplingDigests: [UInt64] = [
        0xad80_a57f_b348_48a8, 0x6c2b_fe6a_7a1b_df0d, 0xba05_9e9b_25ff_3ce6, 0x5c66_a3c0_a862_b942,
    ]

    static let samplings = zip(samplingRules, samplingDigests).map { sampling, digest in
        BitCase(
            testDescription: "\(sampling), noise",
            spec: makeSpec([12]).with {
                $0.sampling = sampling
                $0.augment = [.noise(deviation: 0.1)]
            },
            digest: digest
        )
    }

    private static let lossRules: [(classes: Int, loss: LossSpec)] = [
        (0, LossSpec(.meanAbsoluteError)), (3, LossSpec(.meanAbsoluteError)), (3, LossSpec(.huber, delta: 0.4)),
        (3, LossSpec(.binaryCrossEntropy, labelSmoothing: 0.1, focus: 2, classWeights: weights)),
        (3, LossSpec(.softmaxCrossEntropy, focus: 2, classWeights: weights)),
    ]
    private static let lossDigests: [UInt64] = [
        0x1093_7b1d_7d5c_919c, 0x64f7_34fb_ad61_f8a6, 0x6b99_a315_4d0b_2b08, 0xa3cb_fddd_db5b_82a3,
        0xe19d_1d75_581e_d470,
    ]

    static let losses = zip(lossRules, lossDigests).map { setting, digest in
        BitCase(
            testDescription: "\(setting.loss), \(setting.classes) classes",
            classes: setting.classes,
            spec: makeSpec([12], activation: .tanh, loss: setting.loss),
            digest: digest
        )
    }

    /// Each layer with an initializer of its own.
    static let initializers = [
        BitCase(
            testDescription: "every initializer",
            spec: makeSpec([], .sgd(learningRate: 0.02, momentum: 0.5)).with {
                $0.model.layers = [
                    Initializer(.lecun), Initializer(.orthogonal, scale: 1.1), Initializer(.constant, scale: 0.05),
                    Initializer(.plain, distribution: .normal, scale: 0.3), Initializer(.plain, scale: 0.4),
                    Initializer(.he, distribution: .normal), Initializer(.glorot, distribution: .normal),
                ].flatMap { [LayerSpec.dense(DenseSpec(units: 9, initializer: $0)), .activation(.tanh)] }
            },
            digest: 0xd941_9092_0d3b_775b
        )
    ]
}

extension AugmentStep {
    /// The number of its kind. A kind that is added needs a number here, and a digest.
    var kindNumber: Int {
        switch self {
        case .flipHorizontal: 0
        case .flipVertical: 1
        case .shift: 2
        case .rotate: 3
        case .padCrop: 4
        case .crop: 5
        case .brightness: 6
        case .contrast: 7
        case .noise: 8
        case .cutout: 9
        case .mixup: 10
        }
    }

    static let kindNumbers = 0...10
}

extension OptimizerRule {
    /// The number of its kind. A kind that is added needs a number here, and a digest.
    var kindNumber: Int {
        switch self {
        case .sgd: 0
        case .adam: 1
        case .rmsprop: 2
        case .adagrad: 3
        case .lion: 4
        case .nadam: 5
        }
    }

    static let kindNumbers = 0...5
}

extension Sampling {
    /// The number of its kind. A kind that is added needs a number here, and a digest.
    var kindNumber: Int {
        switch self {
        case .none: 0
        case .oversample: 1
        case .undersample: 2
        }
    }

    static let kindNumbers = 0...2
}
