import SweepCore
import SweepNumerics

/// Causes in the balance of model, rows and what holds the model back.
enum CapacityCauses {
    static let rules = [
        overCapacity, underRegularised, overTraining, noAugmentation, badAugmentation, overRegularised, underCapacity,
    ]

    /// A validation loss that rises looks the same whatever the reason.
    static let overfitNeighbours: [CauseFinding.Neighbour] = [
        .init(.overCapacity, "a quarter of the width: the model is too large if that is no worse"),
        .init(.underRegularised, "l2 0.01, and dropout 0.25, each alone"),
        .init(.overTraining, "stop at the best epoch: nothing else is wrong if no other change does better"),
        .init(.smallData, "train on half of the rows: more rows help if the loss is worse by more than three errors"),
    ]

    private static let overCapacity = CauseRule(
        .overCapacity,
        prior: 0.06,
        neighbours: overfitNeighbours.filter { $0.cause != .overCapacity },
        clues: { context in
            guard context.shows(.validationRising, .gap) else { return [] }
            var clues = context.clue(1, .validationRising, .gap)
            if let share = context.parametersPerRow {
                let text = "\(context.parameters ?? 0) parameters, \(EvidenceText.number(share)) a training row"
                clues += context.clue(share > 100 ? 1.6 : 1, text, if: share > 10)
                clues += context.clue(-2, text, if: share < 1)
            }
            return clues
        },
        remedy: { context in
            let widest = context.widths.max().map { ", as \(max(1, $0 / 4)) in the place of \($0) units" } ?? ""
            return CauseFinding.Remedy(
                context.modelChange { $0.widths { max(1, $0 / 4) } },
                "a quarter of the width\(widest), or a layer less"
            )
        }
    )

    private static let underRegularised = CauseRule(
        .underRegularised,
        prior: 0.06,
        neighbours: overfitNeighbours.filter { $0.cause != .underRegularised },
        clues: { context in
            guard context.shows(.validationRising, .gap) else { return [] }
            var clues = context.clue(1, .validationRising, .gap)
            if context.training != nil {
                clues += context.clue(0.8, "no penalty, dropout, augmentation or bound", if: !context.isRegularised)
                clues += context.clue(-0.8, "the model is held back already", if: context.isRegularised)
            }
            return clues
        },
        remedy: { context in
            CauseFinding.Remedy(
                context.training == nil ? [] : ["train.l2=0.01"],
                "a penalty (l2 0.001 to 0.01), weight decay, or dropout 0.25"
            )
        }
    )

    private static let overTraining = CauseRule(
        .overTraining,
        prior: 0.07,
        neighbours: overfitNeighbours.filter { $0.cause != .overTraining },
        clues: { context in
            guard context.shows(.validationRising), let best = context.bestEpoch else { return [] }
            var clues = context.clue(1.2, .validationRising)
            clues += context.clue(
                0.6,
                "validation was best in epoch \(best.epoch) of \(context.series.validation.count)",
                if: best.share < 0.6
            )
            if let training = context.training {
                clues += context.clue(0.4, "no early stopping", if: training.earlyStopping == nil)
                if let rule = training.earlyStopping {
                    clues += context.clue(
                        rule.metric == .trainingLoss ? 0.6 : -1.5,
                        rule.metric == .trainingLoss
                            ? "early stopping watches the training loss, which never prevents overfitting"
                            : "early stopping watches \(rule.metric.rawValue)",
                        if: true
                    )
                }
            }
            return clues
        },
        remedy: { context in
            let best = context.bestEpoch?.epoch ?? 1
            // A fifth of the budget: with ten epochs of patience a run of twenty is never stopped whose best epoch is the eleventh. And
            // no more than came after the best: only a run that is stopped gets its best weights back.
            let after = context.series.validation.count - best
            let patience = max(3, min(10, context.series.budget / 5, after))
            let spared = context.bestEpoch.map { EvidenceText.percent(1 - $0.share) } ?? "some"
            return CauseFinding.Remedy(
                context.training == nil
                    ? [] : ["train.early_stopping={metric: validation.loss, patience: \(patience)}"],
                "stop at the best epoch (\(best)): spares \(spared) of the epochs and loses nothing"
            )
        }
    )

    private static let noAugmentation = CauseRule(
        .noAugmentation,
        prior: 0.05,
        neighbours: overfitNeighbours,
        clues: { context in
            guard context.isImage, context.shows(.validationRising, .gap), context.training?.augment.isEmpty ?? false
            else {
                return []
            }
            return context.clue(1, .validationRising, .gap) + [Clue(1, "images, and none is changed in training")]
                + context.clue(1.2, data: .light, least: .note)
        },
        remedy: { context in
            let light = context.data([.light], least: .note) != nil
            return CauseFinding.Remedy(
                light
                    ? ["data.augment=[{brightness: {amount: 0.3}}, {contrast: {amount: 0.3}}]"]
                    : ["data.augment=[{rotate: {degrees: 15}}, {shift: {height: 0.1, width: 0.1}}]"],
                light
                    ? "random brightness and contrast: the images are lit unevenly"
                    : "small shifts and rotations; flips only where a mirrored image is of the same class"
            )
        }
    )

    private static let badAugmentation = CauseRule(
        .badAugmentation,
        prior: 0.04,
        neighbours: [.init(.overRegularised, "each step of augment off in turn, and half of the dropout")],
        clues: { context in
            guard let steps = context.training?.augment, !steps.isEmpty else { return [] }
            let destroying = steps.filter {
                StaticChecks.mayDestroyLabels($0, classes: context.run.schema?.classes ?? [])
            }
            var clues = context.clue(1.6, .modesApart)
            if !destroying.isEmpty {
                clues.append(
                    Clue(
                        3.8,
                        "\(destroying.map(\.kind).joined(separator: ", ")) on images of characters, which are others when mirrored "
                            + "or turned over"
                    )
                )
            }
            guard !clues.isEmpty else { return [] }
            return clues + context.clue(0.6, .plateau, .slow, .gap)
        },
        remedy: { _ in
            CauseFinding.Remedy(["data.augment=[]"], "leave out the steps that change what a row is; try each alone")
        }
    )

    private static let overRegularised = CauseRule(
        .overRegularised,
        prior: 0.06,
        neighbours: [
            .init(.underCapacity, "a tenth of the penalty, and four times the width, each alone"),
            .init(.rateTooLow, "a tenth of the penalty, and ten times the rate, each alone"),
        ],
        clues: { context in
            guard context.training != nil || context.shows(.penaltyDominant) else { return [] }
            var strong: [String] = []
            if let training = context.training {
                if training.l2 >= 0.1 { strong.append("l2 \(EvidenceText.number(training.l2))") }
                if training.l1 >= 0.01 { strong.append("l1 \(EvidenceText.number(training.l1))") }
                if training.optimizer.decay >= 0.3 {
                    strong.append("weight_decay \(EvidenceText.number(training.optimizer.decay))")
                }
                if let norm = training.maxNorm, norm < 0.5 { strong.append("max_norm \(EvidenceText.number(norm))") }
            }
            if context.greatestDropout >= 0.6 {
                strong.append("dropout \(EvidenceText.number(context.greatestDropout))")
            }
            // Strengths that nobody means hold back any run that is not done.
            let isMeant =
                !(context.training.map {
                    $0.l2 >= 0.1 || $0.l1 >= 0.01 || $0.optimizer.decay >= 1 || ($0.maxNorm ?? 1) < 0.3
                } ?? false || context.greatestDropout >= 0.7)
            let isDone = context.series.probe.last.map { $0 < 0.05 * context.series.chance } ?? false
            let held =
                context.shows(.penaltyDominant, .plateau, .atChance, .modesApart, .slow, .collapsed)
                || !context.learnsTraining || context.fallsBehindSimpleModels != nil || (!isMeant && !isDone)
            guard held, !strong.isEmpty || context.shows(.penaltyDominant) else { return [] }
            var clues = context.clue(2.4, .penaltyDominant)
            clues += context.clue(3.4, strong.joined(separator: ", ") + " is strong", if: !strong.isEmpty)
            clues += context.clue(0.8, .plateau, .atChance, .modesApart, .slow, .collapsed)
            clues += context.clue(
                0.6,
                "the loss on training rows stays above half of guessing",
                if: !context.learnsTraining
            )
            return clues
        },
        remedy: { context in
            guard let training = context.training else { return CauseFinding.Remedy("a tenth of the penalty") }
            // A tenth; at most what is usual, since a hundred times too much is still ten times too much after it.
            func less(_ value: Double, _ usual: Double) -> String { EvidenceText.number(min(value / 10, usual)) }
            var changes: [String] = []
            var words: [String] = []
            if training.l2 >= 0.01 {
                changes.append("train.l2=\(less(training.l2, 0.001))")
                words.append("l2 \(less(training.l2, 0.001))")
            }
            if training.l1 >= 0.001 {
                changes.append("train.l1=\(less(training.l1, 1e-4))")
                words.append("l1 \(less(training.l1, 1e-4))")
            }
            if training.optimizer.decay >= 0.3, let path = context.optimizerPath("weight_decay") {
                changes.append("\(path)=0.01")
                words.append("weight_decay 0.01")
            }
            if let norm = training.maxNorm, norm < 0.5 {
                changes.append("train.max_norm=4")
                words.append("max_norm 4")
            }
            if context.greatestDropout >= 0.5 {
                // What does not fit its training rows wants no dropout at all: first fit, then hold back.
                let rate = context.learnsTraining ? 0.2 : 0
                changes += context.modelChange { $0.dropout(rate) }
                words.append(rate > 0 ? "dropout of \(rate)" : "no dropout, until the training rows are learnt")
            }
            return CauseFinding.Remedy(
                changes,
                words.isEmpty ? "a tenth of the penalty or decay" : words.joined(separator: ", ")
            )
        }
    )

    private static let underCapacity = CauseRule(
        .underCapacity,
        prior: 0.06,
        neighbours: [
            .init(.overRegularised, "a tenth of the penalty, and four times the width, each alone"),
            .init(.rateTooLow, "ten times the rate: a model that is too small stays where it is"),
            .init(.noSignal, "shuffle the labels: the run is the same if there is no signal"),
        ],
        clues: { context in
            let simple = context.fallsBehindSimpleModels
            let width = context.widths.min()
            guard
                context.shows(.plateau) || (context.shows(.atChance) && context.training?.model.layers.isEmpty == true)
                    || simple != nil || (width.map { $0 <= 4 } ?? false && !context.learnsTraining)
                    || (width.map { $0 <= 2 } ?? false && !context.isNearlyDone)
            else { return [] }
            var clues = context.clue(0.8, .plateau, .atChance)
            clues += context.clue(-0.5, "the loss still falls at the end", if: context.fallsUnfinished)
            if let simple { clues.append(Clue(0.8, "a simpler model does better: \(simple.text)")) }
            clues += context.clue(-1, "training and validation are apart", if: context.shows(.gap, .validationRising))
            clues += context.clue(-1.5, "it fluctuates", if: context.shows(.oscillating, .diverging, .nonFinite))
            if let training = context.training {
                clues += context.clue(4, "a layer has \(width ?? 0) units", if: width.map { $0 <= 4 } ?? false)
                clues += context.clue(1.2, "the model is linear", if: training.model.layers.isEmpty)
                if let share = context.parametersPerRow {
                    clues += context.clue(
                        -1,
                        "\(EvidenceText.number(share)) parameters a training row",
                        if: share > 10 && (width ?? 0) > 8
                    )
                }
            }
            if simple == nil,
                let learnable = context.run.data?.first(where: { $0.check == .learnability && $0.severity == .note })
            {
                clues.append(Clue(0.6, learnable.text))
            }
            return clues
        },
        remedy: { context in
            CauseFinding.Remedy(
                context.training?.model.layers.isEmpty == true
                    ? ["train.model={mlp: {widths: [64]}}"]
                    : context.modelChange { $0.widths { max(16, $0 * 4) } },
                "four times the width, or a layer more" + (context.isImage ? "; convolutions for images" : "")
            )
        }
    )
}
