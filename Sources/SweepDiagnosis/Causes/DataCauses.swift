import SweepCore
import SweepNumerics

/// Causes in the rows: their scale, outliers, labels, number and split.
enum DataCauses {
    static let rules = [
        featureScale, targetScale, outliers, labelNoise, noSignal, imbalance, smallData, leak, smallValidation, missing,
        preprocessing,
    ]

    private static let featureScale = CauseRule(
        .featureScale,
        prior: 0.09,
        neighbours: [
            .init(.rateTooHigh, "standardise the features, and cut the rate by ten, each alone"),
            .init(.outliers, "scale by quartiles in the place of means: it cures outliers too"),
        ],
        clues: { context in
            guard !context.scalesFeatures, !context.symptoms.findings.isEmpty || context.fallsUnfinished else {
                return []
            }
            var clues = context.clue(2.6, data: .scale, .imageRange)
            guard !clues.isEmpty || context.run.data == nil else { return [] }
            if clues.isEmpty, context.training == nil {
                return context.clue(0, .oscillating, .diverging, .nonFinite, .plateau)
            }
            if let first = context.run.instruments?.atStart?.layers.first, !first.isHead, first.deviation > 10 {
                clues.append(
                    Clue(
                        1.2,
                        "the first layer's outputs have a deviation of \(EvidenceText.number(first.deviation)) at the start"
                    )
                )
            }
            clues += context.clue(0.4, .initialLoss)
            clues += context.clue(0.4, "no step of preprocess scales the features", if: context.run.trial != nil)
            return clues
        },
        remedy: { context in
            var changes = context.preprocessChange { $0.appending(context.isImage ? .normalize(nil) : .standardize) }
            var words =
                "zero mean and unit variance of each \(context.isImage ? "channel" : "feature"), fitted on training rows"
            // Steps that were small enough for the largest feature are too small once all have unit size.
            if case .sgd(let momentum, _, _)? = context.training?.optimizer.rule, momentum == 0,
                let path = context.optimizerPath("momentum"), !changes.isEmpty
            {
                changes.append("\(path)=0.9")
                words += "; and momentum 0.9, as plain descent hardly moves along what the features have in common"
            }
            return CauseFinding.Remedy(changes, words)
        }
    )

    private static let targetScale = CauseRule(
        .targetScale,
        prior: 0.05,
        neighbours: [
            .init(.rateTooHigh, "scale the target, and cut the rate by ten, each alone"),
            .init(.rateTooLow, "scale the target, and ten times the rate, each alone"),
        ],
        clues: { context in
            // Outliers among the targets make their deviation, which says nothing of the others.
            let isStretched = context.data([.outlier])?.text.contains("targets are more than") ?? false
            guard !isStretched, case .regression(let mean, let variance)? = context.run.schema?.task,
                context.run.trial.map({ $0.targetScale == .none }) ?? true, !context.symptoms.findings.isEmpty
            else { return [] }
            let deviation = variance.squareRoot()
            var clues = context.clue(
                3,
                "the target has a standard deviation of \(EvidenceText.number(deviation)) (in order: 0.1 to 10)",
                if: deviation > 10 || deviation < 0.1
            )
            clues += context.clue(
                abs(mean) > 10 * deviation ? 3 : 1.2,
                "the target's mean, \(EvidenceText.number(mean)), is \(EvidenceText.number(abs(mean) / max(deviation, 1e-300))) "
                    + "deviations from zero, where the first predictions lie",
                if: abs(mean) > 4 * deviation
            )
            guard !clues.isEmpty else { return [] }
            clues += context.clue(0.8, .initialLoss)
            clues += context.clue(
                0.8,
                .slow,
                .plateau,
                .atChance,
                .collapsed,
                .diverging,
                .nonFinite,
                .exploding,
                .oscillating,
                .stillImproving
            )
            return clues
        },
        remedy: { _ in
            CauseFinding.Remedy(
                ["data.target_scale=standardize"],
                "standardise the target; losses and errors are still told in its own unit"
            )
        }
    )

    private static let outliers = CauseRule(
        .outliers,
        prior: 0.07,
        neighbours: [
            .init(
                .exploding,
                "drop the rows, use huber, and clip, each alone: all three cure outliers, clipping alone a gradient"
            ),
            .init(.labelNoise, "leave the named rows out, and those with doubtful labels, each alone"),
        ],
        clues: { context in
            guard !context.resistsOutliers else { return [] }
            var clues = context.clue(2.4, data: .outlier)
            let isSqueezed = (context.run.trial?.preprocess ?? []).contains(.standardize)
            // A stand-in for missing values lies far out too, and has a name of its own.
            if !clues.isEmpty { clues += context.clue(-1.5, data: .sentinel) }
            guard !clues.isEmpty, isSqueezed || !context.symptoms.findings.isEmpty else { return [] }
            clues += context.clue(0.8, .spiking, .oscillating, .validationRising, .gap, .atChance)
            let robust = context.training?.loss?.kind == .huber || context.training?.loss?.kind == .meanAbsoluteError
            clues += context.clue(-0.8, "the loss is bounded in its slope", if: robust)
            clues += context.clue(
                1,
                "standardising squeezes all other rows of such a column",
                if: isSqueezed
            )
            return clues
        },
        remedy: { context in
            // Far targets are the loss's affair: no step bounds them.
            let isTarget = context.data([.outlier])?.text.contains("targets are more than") ?? false
            return CauseFinding.Remedy(
                context.run.trial == nil
                    ? [] : isTarget ? ["train.loss=huber"] : context.preprocessChange { $0.bounded() },
                "bound the far values, or scale by quartiles (robust), or huber for far targets; look at the rows"
                    + (context.data([.outlier]).map { ": " + $0.examples.prefix(4).joined(separator: ", ") } ?? "")
            )
        }
    )

    private static let labelNoise = CauseRule(
        .labelNoise,
        prior: 0.04,
        neighbours: [
            .init(.noSignal, "shuffle the labels: no signal is there if the run is the same"),
            .init(.overCapacity, "a quarter of the width, and without the doubtful rows, each alone"),
        ],
        clues: { context in
            // The check looks at rows, not at the run: what it finds is there whatever the curve looks like.
            var clues = context.clue(3.6, data: .labelNoise)
            guard !clues.isEmpty else { return [] }
            clues += context.clue(0.8, .validationRising, .gap, .plateau)
            // A class that others were mistaken for keeps a loss on the rows that it is trained on.
            if let gap = context.classGap(on: "training rows", \.probeLoss) { clues.append(Clue(0, gap)) }
            return clues
        },
        remedy: { context in
            CauseFinding.Remedy(
                "look at the labels of these rows"
                    + (context.data([.labelNoise]).map { ": " + $0.examples.prefix(6).joined(separator: ", ") } ?? "")
                    + "; label smoothing or huber bounds what single labels do"
            )
        }
    )

    private static let noSignal = CauseRule(
        .noSignal,
        prior: 0.05,
        neighbours: [
            .init(.labelNoise, "train without the doubtful rows; shuffle the labels"),
            .init(.underCapacity, "shuffle the labels: the run is the same if there is no signal"),
            .init(
                .smallData,
                "train on half of the rows: more rows help if the loss is worse by more than three errors"
            ),
        ],
        clues: { context in
            let learnable = context.run.data?.first { $0.check == .learnability }
            var clues = context.clue(2.6, data: .learnability)
            if let finding = context.symptoms[.atChance] {
                let memorises = (context.series.probe.min() ?? .infinity) < 0.9 * context.series.chance
                clues.append(
                    Clue(
                        memorises ? 2.4 : 0.6,
                        "\(finding.symptom.rawValue): \(finding.evidence)"
                            + (memorises ? ": memory, not knowledge" : "")
                    )
                )
            }
            guard !clues.isEmpty else { return [] }
            // The run itself is the third model that finds next to nothing. Limit: that of the check of the data.
            let explained = context.explained
            clues += context.clue(
                0.8,
                "on validation rows the run gains \(EvidenceText.percent(max(0, explained ?? 0))) on guessing (limit: 10 %)",
                if: context.data([.learnability]) != nil && explained.map { $0 < 0.1 } ?? false
            )
            clues += context.clue(
                -2.5,
                "outliers or stand-ins for missing values hide whatever there is to learn",
                if: context.dataHidesSignal
            )
            let rows = context.run.schema?.trainingRows
            clues += context.clue(-2, "\(rows ?? 0) training rows tell little", if: rows.map { $0 < 100 } ?? false)
            clues += context.clue(
                -2,
                "of rare classes there are too few rows to tell",
                if: context.data([.imbalance], least: .warning) != nil
            )
            if let learnable, learnable.severity == .note {
                clues.append(Clue(-4, learnable.text))
            }
            return clues
        },
        remedy: { _ in
            CauseFinding.Remedy(
                "nothing in the model helps: other inputs, or the right target column; `sweepd selftest` compares with "
                    + "shuffled labels"
            )
        }
    )

    private static let imbalance = CauseRule(
        .imbalance,
        prior: 0.05,
        neighbours: [.init(.underCapacity, "balanced class weights, and four times the width, each alone")],
        clues: { context in
            guard context.isClassification ?? true else { return [] }
            var clues = context.clue(1.8, data: .imbalance)
            if case .classification(_, let counts)? = context.run.schema?.task, clues.isEmpty,
                let least = counts.min(), let most = counts.max(), most >= 10 * max(1, least)
            {
                clues.append(
                    Clue(1.8, "the largest class has \(most) training rows, the smallest \(least) (limit: 10 times)")
                )
            }
            guard !clues.isEmpty else { return [] }
            clues += context.clue(2.6, .collapsed)
            let recalls = (context.run.schema?.classes ?? []).compactMap {
                context.run.curve.series(.validationRecall($0)).last { $0.isFinite }
            }
            if let least = recalls.min(), let most = recalls.max(), !context.shows(.collapsed) {
                clues += context.clue(
                    1.4,
                    "the recall of one class is \(EvidenceText.number(least)), that of another \(EvidenceText.number(most))",
                    if: least < 0.6 * most
                )
            }
            if let gap = context.classGap(on: "validation rows", \.loss) { clues.append(Clue(0, gap)) }
            let isAnswered =
                context.training.map { $0.sampling != .none || ($0.loss?.classWeights ?? .none) != .none } ?? false
            clues += context.clue(-1.5, "classes are weighted or sampled already", if: isAnswered)
            return clues
        },
        remedy: { context in
            CauseFinding.Remedy(
                context.training == nil
                    ? [] : ["train.sampling=oversample", "objective={maximize: validation.balanced_accuracy}"],
                "weight or sample the classes evenly, and rank by validation.balanced_accuracy, as plain loss and accuracy are "
                    + "those of the largest class"
            )
        }
    )

    private static let smallData = CauseRule(
        .smallData,
        prior: 0.06,
        neighbours: CapacityCauses.overfitNeighbours.filter { $0.cause != .smallData },
        clues: { context in
            guard let rows = context.run.schema?.trainingRows else { return [] }
            let isPoor = rows < 100 && (context.explained ?? 1) < 0.9
            guard context.shows(.validationRising, .gap) || isPoor else { return [] }
            var clues = context.clue(0.8, .validationRising, .gap)
            clues += context.clue(rows < 100 ? 3 : rows < 200 ? 2 : 1, "\(rows) training rows", if: rows < 500)
            clues += context.clue(0.6, data: .size)
            clues += context.clue(-1.5, "\(rows) training rows", if: rows > 5000)
            // More of what predicts nothing would not help.
            clues += context.clue(-1, "the rows there are predict nothing", if: context.data([.learnability]) != nil)
            return clues
        },
        remedy: { _ in
            CauseFinding.Remedy(
                "more rows; until then a smaller model, a penalty or augmentation, and repeats over seeds"
            )
        }
    )

    private static let leak = CauseRule(
        .leak,
        prior: 0.04,
        clues: { context in
            // Hashes and single columns do not err: a fault of either kind is named whatever the curve looks like.
            context.clue(4.2, data: .overlap, .featureLeak, least: .fault)
                + (context.data([.overlap, .featureLeak], least: .fault) == nil
                    ? context.clue(3.4, data: .overlap, .featureLeak) : [])
                + context.clue(1, .tooGood)
                + context.clue(0.8, data: .prescaled)
                + (context.data([.overlap, .featureLeak]) == nil ? [] : context.clue(0.6, .validationBelow))
        },
        remedy: { context in
            CauseFinding.Remedy(
                context.data([.featureLeak]).map { leak in
                    leak.examples.first.map { ["data.columns.\($0)=ignore"] } ?? []
                } ?? [],
                "take the copies out of validation, or the column out of the inputs: the score is not that of new rows, and the "
                    + "honest one will be worse"
            )
        }
    )

    private static let smallValidation = CauseRule(
        .smallValidation,
        prior: 0.05,
        neighbours: [.init(.overTraining, "repeat over seeds and splits: what does not repeat is noise")],
        clues: { context in
            guard context.shows(.validationNoisy) else { return [] }
            let rows = context.run.schema?.validationRows
            // Below 50 rows no run can be told from another, whatever else it shows.
            var clues = context.clue(rows.map { $0 < 50 ? 3.4 : 0.8 } ?? 1.5, .validationNoisy)
            clues += context.clue(
                -1,
                "the loss on training rows shows symptoms of its own",
                if: context.shows(.oscillating, .diverging, .nonFinite, .atChance, .plateau, .slow)
            )
            return clues
        },
        remedy: { context in
            CauseFinding.Remedy(
                context.run.trial == nil ? [] : ["data.validation=0.4"],
                "more validation rows, and repeats over seeds: what differs by less than the error is a tie"
            )
        }
    )

    private static let missing = CauseRule(
        .missingValues,
        prior: 0.03,
        neighbours: [.init(.featureScale, "declare the value missing and impute, and standardise, each alone")],
        clues: { context in
            var clues = context.clue(4, data: .sentinel)
            guard !clues.isEmpty, !context.symptoms.findings.isEmpty else { return [] }
            clues += context.clue(0.5, .plateau, .gap, .nonFinite, .validationRising)
            return clues
        },
        remedy: { context in
            CauseFinding.Remedy(
                "leave these cells empty in the file and add {impute: {with: median, indicator: true}} to preprocess"
                    + (context.data([.sentinel]).map { ": " + $0.examples.prefix(4).joined(separator: ", ") } ?? "")
            )
        }
    )

    private static let preprocessing = CauseRule(
        .preprocessing,
        prior: 0.04,
        neighbours: [.init(.rateTooLow, "one scaling step alone, and ten times the rate, each alone")],
        clues: { context in
            guard let trial = context.run.trial else { return [] }
            // Half of the inputs: a few columns with a tail do little harm.
            if let tails = context.data([.skew], least: .note), let schema = context.run.schema, schema.image == nil,
                2 * tails.count >= schema.features.count
            {
                return [Clue(3.6, "D-SKEW: \(tails.text)")]
            }
            guard !context.symptoms.alarms.isEmpty else { return [] }
            let scalings = trial.preprocess.count { step in
                switch step {
                case .standardize, .minmax, .robust, .power, .normalize: true
                case .scale(let factor): factor != 1
                default: false
                }
            }
            var clues: [Clue] = []
            if let first = context.run.instruments?.atStart?.layers.first, !first.isHead, first.deviation < 0.02 {
                clues.append(
                    Clue(
                        1.8,
                        "the first layer's outputs have a deviation of \(EvidenceText.number(first.deviation)) at the start: the inputs are all but zero"
                    )
                )
            }
            clues += context.clue(
                clues.isEmpty ? 0 : 1.5,
                "\(scalings) steps scale the features one after another",
                if: scalings > 1
            )
            return clues.contains { $0.weight > 1 } ? clues : []
        },
        remedy: { context in
            if context.data([.skew], least: .note) != nil {
                return CauseFinding.Remedy(
                    context.preprocessChange { $0.scaled(by: .power) },
                    "a power of each column, which makes its tail short"
                )
            }
            return CauseFinding.Remedy(
                context.preprocessChange { $0.scaled(by: context.isImage ? .normalize(nil) : .standardize) },
                "one step that scales, as the last"
            )
        }
    )
}
