package import SweepCore
import SweepData
import SweepNumerics

/// What is done to a sound run.
struct Injection: Sendable {
    /// How much, in words.
    let dose: String
    /// What `--set` would take.
    var overrides: [String] = []
    var edit: (@Sendable (inout EditableData, inout RandomStream) -> Void)?
    /// Other faults' overrides of these paths would undo it.
    var paths: [String] { overrides.map { String($0.prefix { $0 != "=" }) } }
}

/// A kind of fault: how it is put into a run, and which answers are right.
package struct FaultKind: Sendable {
    /// By what it is judged that a run is worse.
    enum Measure: Sendable {
        /// Balanced accuracy or R² on test rows; where it is not worse, the logarithm of their loss.
        case quality
        /// How much better validation looks than test rows: contaminated scores do no harm but lie.
        case deception
        /// How far validation is from test rows, either way.
        case blur
    }

    package let name: String
    /// The cause's own name.
    package let label: Cause
    /// Causes that are as right: the same state of things under another name, or one whose remedy cures as well.
    package let equivalents: Set<Cause>
    let measure: Measure
    /// Doses, the weakest first; none where the task has nothing to put it into.
    let doses: @Sendable (BaseTask) -> [Injection]

    /// All right answers.
    package var causes: Set<Cause> { equivalents.union([label]) }

    init(
        _ name: String,
        _ label: Cause,
        or equivalents: Set<Cause> = [],
        judgedBy measure: Measure = .quality,
        _ doses: @escaping @Sendable (BaseTask) -> [Injection]
    ) {
        self.name = name
        self.label = label
        self.equivalents = equivalents
        self.measure = measure
        self.doses = doses
    }

    /// Whether a setting could undo it. Rows that are wrong, missing, few or without signal are for people to mend, and what
    /// deceives or blurs has lost nothing.
    static func isMendable(_ name: String) -> Bool {
        guard let kind = all.first(where: { $0.name == name }), case .quality = kind.measure else { return false }
        let forPeople: Set<Cause> = [.labelNoise, .noSignal, .missingValues, .smallData]
        return !forPeople.contains(kind.label)
    }

    /// Every kind.
    package static let all = rates + batches + rows + labels + sizes + networks + penalties + images
}

/// Too much training for the rows: four names of one state. Which of their remedies is best is for the experiment to say;
/// each of them stops what all four do.
private let overfitting: Set<Cause> = [.overCapacity, .underRegularised, .overTraining, .smallData]

extension FaultKind {
    static let rates: [FaultKind] = [
        // Which of two high rates "only lacks decay" is a matter of degree: at 10 times both cure.
        FaultKind("rate × 10", .rateTooHigh, or: [.noDecay]) {
            [Injection(dose: "10", overrides: [$0.rate(times: 10)])]
        },
        FaultKind("rate × 100", .rateTooHigh) { task in
            [30.0, 100, 1000].map { Injection(dose: "\(Int($0))", overrides: [task.rate(times: $0)]) }
        },
        FaultKind("rate / 100", .rateTooLow) { [Injection(dose: "100", overrides: [$0.rate(times: 0.01)])] },
        FaultKind("rate / 1000", .rateTooLow) { task in
            [1e-3, 1e-4].map { Injection(dose: "\(Int((1 / $0).rounded()))", overrides: [task.rate(times: $0)]) }
        },
        FaultKind("rate cut by batches", .rateCollapse) { task in
            [0.3, 0.1].map { factor in
                Injection(
                    dose: "\(factor)",
                    overrides: [
                        "train.learning_rate_schedule={rise: {factor: \(factor), after_epoch: 0, of: batch}}"
                    ]
                )
            }
        },
        FaultKind("no decay near the edge", .noDecay, or: [.rateTooHigh]) { task in
            [4.0, 7].map { Injection(dose: "rate × \(Int($0))", overrides: [task.rate(times: $0)]) }
        },
        FaultKind("rate raised by a new optimizer", .rateTooHigh) { task in
            [30.0, 300].map { factor in
                Injection(
                    dose: "\(Int(factor))",
                    overrides: [
                        "train.recompile=[{epoch: \(task.epochs / 2), optimizer: {\(task.optimizer): {learning_rate: "
                            + "\(task.rate * factor)}}}]"
                    ]
                )
            }
        },
        FaultKind("epochs / 20", .tooFewEpochs, or: [.rateTooLow, .bigBatch]) { task in
            [5, 20].map { Injection(dose: "/ \($0)", overrides: ["train.epochs=\(max(1, task.epochs / $0))"]) }
        },
        FaultKind("momentum .999", .optimizerSettings) { task in
            task.isAdaptive
                ? []
                : [0.99, 0.999].map {
                    Injection(dose: "\($0)", overrides: ["train.optimizer.\(task.optimizer).momentum=\($0)"])
                }
        },
        FaultKind("Adam's beta2 .5", .optimizerSettings) { task in
            task.isAdaptive
                ? [0.5, 0.1].map {
                    Injection(
                        dose: "\($0)",
                        overrides: [
                            "train.optimizer.\(task.optimizer).beta2=\($0)",
                            "train.optimizer.\(task.optimizer).epsilon=1e-12",
                        ]
                    )
                } : []
        },
        FaultKind("Adam's epsilon 1", .optimizerSettings, or: [.rateTooLow]) { task in
            task.isAdaptive
                ? [0.1, 1].map {
                    Injection(dose: "\($0)", overrides: ["train.optimizer.\(task.optimizer).epsilon=\($0)"])
                } : []
        },
        FaultKind("Adam's beta1 .999", .optimizerSettings) { task in
            task.isAdaptive
                ? [0.99, 0.999].map {
                    Injection(dose: "\($0)", overrides: ["train.optimizer.\(task.optimizer).beta1=\($0)"])
                } : []
        },
    ]

    static let batches: [FaultKind] = [
        // A smaller rate cures it as well (the noise goes with rate over batch): both are right.
        FaultKind("batch of 1 or 2", .smallBatch, or: [.rateTooHigh, .noDecay]) { task in
            [2, 1].map {
                Injection(dose: "\($0)", overrides: ["train.batch_size=\($0)", task.rate(times: 4)])
            }
        },
        // Too few steps for the epochs: more epochs or a higher rate cure it as well.
        FaultKind("batch of all rows", .bigBatch, or: [.tooFewEpochs, .rateTooLow]) { task in
            [128, 300].map { Injection(dose: "\($0)", overrides: ["train.batch_size=\($0)"]) }
        },
        FaultKind("plain descent on uneven scales", .optimizer, or: [.featureScale, .rateTooLow]) { task in
            task.isImage
                ? []
                : [10, 30].map { factor in
                    Injection(
                        dose: "× \(factor)",
                        overrides: [task.optimizer("sgd", rate: 0.01), "data.preprocess=[]"],
                        edit: { data, _ in
                            for column in data.columns.indices {
                                let (_, deviation) = data.moments(column)
                                data.rescale(
                                    column,
                                    by: Float((column % 2 == 0 ? 1 : 1 / Double(factor)) / max(deviation, 1e-6))
                                )
                            }
                        }
                    )
                }
        },
    ]

    static let rows: [FaultKind] = [
        FaultKind("a feature × 1000", .featureScale) { task in
            task.isImage
                ? []
                : [100, 1000, 10_000].map { factor in
                    Injection(
                        dose: "\(factor)",
                        overrides: ["data.preprocess=[]"],
                        edit: { data, _ in data.rescale(0, by: Float(factor)) }
                    )
                }
        },
        FaultKind("raw pixels", .featureScale) { task in
            task.isImage ? [Injection(dose: "0 to 255", overrides: ["data.preprocess=[]"])] : []
        },
        FaultKind("scaled twice", .preprocessing, or: [.featureScale]) { task in
            let factor = "{scale: 0.00392156862745098}"
            return task.isImage
                ? [Injection(dose: "1/255 twice", overrides: ["data.preprocess=[\(factor), \(factor)]"])]
                : [Injection(dose: "and by 1/1000", overrides: ["data.preprocess=[standardize, {scale: 0.001}]"])]
        },
        FaultKind("target × 1000", .targetScale) { task in
            task.isClassification
                ? []
                : [Float(0.001), 100, 1000].map { factor in
                    Injection(dose: "\(factor)", edit: { data, _ in data.rescaleTargets(by: factor) })
                }
        },
        FaultKind("target far from zero", .targetScale) { task in
            task.isClassification
                ? []
                : [Float(100), 1000].map { shift in
                    Injection(dose: "+ \(shift)", edit: { data, _ in data.rescaleTargets(by: 1, shift: shift) })
                }
        },
        FaultKind("outliers in features", .outliers) { task in
            task.isImage
                ? []
                : [30.0, 100, 1000].map { deviations in
                    Injection(
                        dose: "\(Int(deviations))",
                        edit: { $0.addOutliers(0.01, deviations: deviations, &$1) }
                    )
                }
        },
        FaultKind("outliers in targets", .outliers) { task in
            task.isClassification
                ? []
                : [20.0, 100].map { deviations in
                    Injection(
                        dose: "\(Int(deviations))",
                        edit: { $0.addFarTargets(0.01, deviations: deviations, &$1) }
                    )
                }
        },
        FaultKind("long tails", .outliers, or: [.featureScale, .preprocessing]) { task in
            task.isImage
                ? []
                : [2.0, 4].map { sharpness in Injection(dose: "\(sharpness)", edit: { data, _ in data.skew(sharpness) })
                }
        },
        FaultKind("missing as -999", .missingValues) { task in
            task.isImage
                ? []
                : [0.05, 0.2].map { share in Injection(dose: "\(share)", edit: { $0.replace(share, by: -999, &$1) }) }
        },
        // Nobody can tell noise in inputs from a hard task: whatever says that the data do not hold more is right.
        FaultKind("noise in features", .noSignal, or: [.labelNoise, .preprocessing]) { task in
            [1.0, 3].map { deviations in Injection(dose: "\(deviations)", edit: { $0.addNoise(deviations, &$1) }) }
        },
        FaultKind("rows copied into validation", .leak, judgedBy: .deception) { _ in
            [0.3, 0.6].map { share in Injection(dose: "\(share)", edit: { $0.leakRows(share, &$1) }) }
        },
        FaultKind("target among the features", .leak, judgedBy: .quality) { task in
            task.isImage
                ? []
                : [0.1, 0.0].map { deviation in
                    Injection(dose: "noise \(deviation)", edit: { $0.leakTarget(deviation: deviation, &$1) })
                }
        },
        FaultKind("20 validation rows", .smallValidation, judgedBy: .blur) { _ in
            [20, 10].map { count in Injection(dose: "\(count)", edit: { $0.keep(count, of: \.validation, &$1) }) }
        },
    ]

    static let labels: [FaultKind] = [
        FaultKind("wrong labels", .labelNoise) { _ in
            [0.1, 0.2, 0.4].map { share in Injection(dose: "\(share)", edit: { $0.spoilLabels(share, &$1) }) }
        },
        FaultKind("labels shuffled", .noSignal) { _ in
            [Injection(dose: "all", edit: { $0.shuffleLabels(&$1) })]
        },
        FaultKind("imbalance", .imbalance) { task in
            task.isClassification
                ? [20, 60].map { rareness in
                    Injection(dose: "\(rareness) to 1", edit: { data, _ in data.unbalance(rareness) })
                }
                : []
        },
        FaultKind("squared error on classes", .lossFunction) { task in
            task.isClassification ? [Injection(dose: "one-hot", overrides: ["train.loss=mean_squared_error"])] : []
        },
        FaultKind("absolute error on classes", .lossFunction) { task in
            task.isClassification ? [Injection(dose: "one-hot", overrides: ["train.loss=mean_absolute_error"])] : []
        },
    ]

    static let sizes: [FaultKind] = [
        FaultKind("60 rows", .smallData, or: overfitting) { _ in
            [60, 40].map { count in Injection(dose: "\(count)", edit: { $0.keep(count, of: \.training, &$1) }) }
        },
        FaultKind("width × 32", .overCapacity, or: overfitting) { task in
            task.isImage
                ? []
                : [
                    Injection(
                        dose: "and 4 times the epochs",
                        overrides: [
                            task.model(width: min(512, task.width * 32)), "train.epochs=\(task.epochs * 2)",
                        ],
                        edit: { $0.keep(120, of: \.training, &$1) }
                    )
                ]
        },
        FaultKind("10 times the epochs", .overTraining, or: overfitting) { task in
            let count = task.isImage ? 100 : 150
            return [
                Injection(
                    dose: "and \(count) rows",
                    overrides: ["train.epochs=\(task.epochs * 10)"],
                    edit: { $0.keep(count, of: \.training, &$1) }
                )
            ]
        },
        FaultKind("width 1 or 2", .underCapacity) { task in
            [2, 1].map { (width: Int) in Injection(dose: "\(width)", overrides: [task.model(width: width)]) }
        },
    ]

    static let networks: [FaultKind] = [
        FaultKind("no activation", .activation, or: [.underCapacity]) { task in
            [Injection(dose: "linear", overrides: [task.model("activation: linear")])]
        },
        FaultKind("deep sigmoid", .vanishing, or: [.activation]) { task in
            task.isDeep
                ? [6, 10].map { (layers: Int) in
                    Injection(dose: "\(layers) layers", overrides: [task.model(layers: layers, "activation: sigmoid")])
                }
                : []
        },
        FaultKind("weights too small", .initialisation, or: [.vanishing]) { task in
            task.isDeep
                ? [0.05, 0.01].map {
                    Injection(dose: "\($0)", overrides: ["train.initializer={normal: {deviation: \($0)}}"])
                } : []
        },
        FaultKind("weights × 5", .initialisation, or: [.exploding]) { task in
            [3.0, 5, 10].map { Injection(dose: "\($0)", overrides: ["train.initializer={he: {scale: \($0)}}"]) }
        },
        FaultKind("constant weights", .initialisation) { task in
            [Injection(dose: "0.05", overrides: ["train.initializer={constant: 0.05}"])]
        },
        FaultKind("zero weights", .initialisation) { task in
            [Injection(dose: "0", overrides: ["train.initializer={constant: 0}"])]
        },
    ]

    static let penalties: [FaultKind] = [
        FaultKind("l2 of .3", .overRegularised) { _ in
            [0.1, 0.3, 1].map { Injection(dose: "\($0)", overrides: ["train.l2=\($0)"]) }
        },
        FaultKind("l1 of .03", .overRegularised) { _ in
            [0.01, 0.03].map { Injection(dose: "\($0)", overrides: ["train.l1=\($0)"]) }
        },
        FaultKind("dropout .9", .overRegularised) { task in
            [0.75, 0.9].map { Injection(dose: "\($0)", overrides: [task.model("dropout: \($0)")]) }
        },
        FaultKind("weight decay of 10", .overRegularised) { task in
            [3.0, 10].map {
                Injection(
                    dose: "\($0)",
                    overrides: [
                        task.optimizer("adamw", rate: task.isAdaptive ? task.rate : 3e-3, "weight_decay: \($0)")
                    ]
                )
            }
        },
        FaultKind("norms below .1", .overRegularised) { _ in
            [0.2, 0.05].map { Injection(dose: "\($0)", overrides: ["train.max_norm=\($0)"]) }
        },
    ]

    static let images: [FaultKind] = [
        FaultKind("flips and turns of characters", .badAugmentation) { task in
            task.isImage
                ? [
                    Injection(dose: "both flips", overrides: ["data.augment=[flip_horizontal, flip_vertical]"]),
                    Injection(dose: "turns by 180°", overrides: ["data.augment=[{rotate: {degrees: 180}}]"]),
                ] : []
        },
        FaultKind("no augmentation", .noAugmentation, or: overfitting) { task in
            task.isImage
                ? [
                    Injection(
                        dose: "60 rows",
                        overrides: ["train.epochs=\(task.epochs * 4)"],
                        edit: { $0.keep(60, of: \.training, &$1) }
                    )
                ] : []
        },
        FaultKind("uneven light", .noAugmentation, or: [.featureScale, .preprocessing]) { task in
            task.isImage
                ? [0.6, 0.9].map { amount in
                    Injection(
                        dose: "\(amount)",
                        overrides: ["data.source.generate.glyphs.uneven_illumination=\(amount)"]
                    )
                } : []
        },
    ]
}
