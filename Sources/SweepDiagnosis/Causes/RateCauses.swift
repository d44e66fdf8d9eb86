import SweepCore
import SweepNumerics

/// Causes in the learning rate, its course, and the number of steps.
enum RateCauses {
    static let rules = [tooHigh, noDecay, tooLow, collapse, tooFewEpochs, smallBatch, bigBatch, notShuffled]

    private static let tooHigh = CauseRule(
        .rateTooHigh,
        prior: 0.15,
        neighbours: [
            .init(
                .smallBatch,
                "train on from before the symptom with 16 times the batch and the same rate: pure batch noise falls at least 4 times, a rate that is too high less"
            ),
            .init(.featureScale, "standardise the features, and cut the rate by ten, each alone"),
            .init(
                .exploding,
                "clip at the 90th percentile of the gradient's norm, and cut the rate by ten, each alone"
            ),
            .init(
                .noDecay,
                "cut the rate by ten from the start, and from the middle: decay is missing if only the second is better at the end"
            ),
            .init(.initialisation, "draw He's weights, and cut the rate by ten, each alone"),
        ],
        clues: { context in
            let fluctuates = context.shows(.nonFinite, .diverging, .rising, .oscillating, .spiking)
            let stuck = context.shows(.atChance, .collapsed, .dead, .plateau)
            let ratio = context.earlyRatio
            let usual = context.usualRates
            let high = ratio.map { $0 > 1e-2 } ?? false
            let beyond = usual.flatMap { usual in context.greatestRate.map { $0 / usual.upperBound } }
            guard fluctuates || (stuck && (high || (beyond ?? 0) >= 3)) else { return [] }
            var clues = context.clue(2.2, .nonFinite, .diverging) + context.clue(1.4, .oscillating, .rising, .spiking)
            if !fluctuates { clues += context.clue(0.8, .atChance, .collapsed, .dead, .plateau) }
            if let ratio {
                clues += context.clue(
                    ratio > 3e-2 ? 2 : 1.2,
                    "a step changes the weights by \(EvidenceText.number(ratio)) of their size (typical 6e-4 to 3e-3)",
                    if: ratio > 1e-2
                )
                // A rate far too high kills the gradient first, and then the steps are small.
                clues += context.clue(
                    -1.2,
                    "a step changes the weights by \(EvidenceText.number(ratio)) of their size, which is usual",
                    if: (1e-5...4e-3).contains(ratio) && (beyond ?? 0) < 10
                )
            }
            if let beyond, let usual, let rate = context.greatestRate {
                clues += context.clue(
                    beyond >= 100 ? 3 : beyond >= 10 ? 2.2 : 1,
                    "the rate \(EvidenceText.number(rate)) is \(EvidenceText.number(beyond)) times above those usual for "
                        + "\(context.training?.optimizer.rule.name ?? "it"), "
                        + "\(EvidenceText.number(usual.lowerBound)) to \(EvidenceText.number(usual.upperBound))",
                    if: beyond >= 3
                )
                clues += context.clue(-0.7, "the rate is a usual one", if: usual.contains(rate))
            }
            if let first = context.symptoms[.oscillating], first.sinceEpoch > max(3, context.series.budget / 2),
                !context.shows(.nonFinite, .diverging)
            {
                clues.append(Clue(-0.8, "it fluctuates late only"))
            }
            clues += context.clue(0.4, .edgeOfStability)
            // Told and not weighed: which of the two it is, the experiment says.
            if fluctuates, let noise = context.batchNoise, !noise.isNoise { clues.append(Clue(0, noise.text)) }
            clues += context.clue(
                -1.8,
                "the optimizer's other settings are far from usual: \(context.oddSettings.joined(separator: ", "))",
                if: !context.oddSettings.isEmpty && (beyond ?? 0) < 3
            )
            clues += context.clue(-4, "the loss falls in small steps", if: context.shows(.slow))
            clues += context.clue(
                -1.5,
                "a penalty as strong as this one makes the loss rise at any rate",
                if: context.isHeldByPenalty && !context.shows(.nonFinite, .diverging) && (beyond ?? 0) < 3
            )
            return clues
        },
        remedy: { context in
            guard let rate = context.rate else {
                return CauseFinding.Remedy("a tenth of the learning rate, from the start")
            }
            if let restart = context.training?.restarts.last, restart.optimizer.learningRate > 3 * rate {
                return CauseFinding.Remedy(
                    ["train.recompile=null"],
                    "go on with the first rate: the optimizer of epoch \(restart.epoch) has "
                        + "\(EvidenceText.number(restart.optimizer.learningRate / rate)) times as much"
                )
            }
            // What was measured on this network and these rows stands before what is usual.
            if let tested = context.testedRate, tested <= rate / 2 {
                return context.rateRemedy(tested) {
                    "\($0): a tenth of the rate at which a range test's loss was least"
                }
            }
            // A tenth; of a rate far beyond what is usual, to the middle of what is.
            if let usual = context.usualRates, rate >= 10 * usual.upperBound {
                return context.rateRemedy(min(rate / 10, context.startingRate ?? rate / 10)) { "a usual rate: \($0)" }
            }
            return context.rateRemedy(rate / 10) { "a tenth of the rate: \($0)" }
        }
    )

    private static let noDecay = CauseRule(
        .noDecay,
        prior: 0.05,
        neighbours: [
            .init(
                .rateTooHigh,
                "cut the rate by ten from the start, and from the middle: decay is missing if only the second is better at the end"
            )
        ],
        clues: { context in
            guard context.shows(.oscillating, .spiking), !context.shows(.nonFinite, .diverging, .atChance) else {
                return []
            }
            if let training = context.training, training.schedule.rule != .constant { return [] }
            var clues = context.clue(1, .oscillating, .spiking)
            let learnt = context.learnsTraining
            clues += context.clue(
                1.5,
                "the loss on training rows comes down to \(EvidenceText.number(context.series.probe.min() ?? .nan)) all the same",
                if: learnt
            )
            clues += context.clue(-1.5, "nothing much is learnt before it fluctuates", if: !learnt)
            let last = context.series.probe.last ?? .nan
            clues += context.clue(
                -1.5,
                "little is left: the loss ends at \(EvidenceText.number(last)), below a fifth of guessing",
                if: last < 0.2 * context.series.chance
            )
            clues += context.clue(0.8, "the schedule is constant", if: context.training != nil)
            return clues
        },
        remedy: { context in
            CauseFinding.Remedy(
                context.training == nil ? [] : ["train.learning_rate_schedule=cosine"],
                "keep the rate and let it fall: cosine, or a tenth from the middle on"
            )
        }
    )

    private static let tooLow = CauseRule(
        .rateTooLow,
        prior: 0.12,
        neighbours: [
            .init(.bigBatch, "ten times the rate, and an eighth of the batch, each alone and for the same epochs"),
            .init(.tooFewEpochs, "ten times the rate, and twice the epochs, each alone"),
            .init(.vanishing, "ten times the rate: a vanishing gradient stays what it is"),
            .init(.underCapacity, "ten times the rate: a model that is too small stays where it is"),
        ],
        clues: { context in
            let ratio = context.earlyRatio
            let small = ratio.map { $0 < 1e-4 } ?? false
            let isBelowUsual =
                context.usualRates.flatMap { usual in context.greatestRate.map { $0 < usual.lowerBound } } ?? false
            let isStuck = isBelowUsual && !context.learnsTraining
            guard
                context.shows(.slow) || small || context.fallsUnfinished || isStuck
                    || (context.training == nil && context.shows(.stillImproving))
            else {
                return []
            }
            var clues = context.clue(2.2, .slow)
            clues += context.clue(
                1.2,
                "the loss on training rows still falls at the end and is far from what can be reached",
                if: context.fallsUnfinished && !context.shows(.slow)
            )
            clues += context.clue(
                1.2,
                "the training rows are not learnt",
                if: isStuck && !context.fallsUnfinished && !context.shows(.slow)
            )
            if let ratio, context.fallsUnfinished || isStuck {
                clues += context.clue(
                    1.2,
                    "a step changes the weights by \(EvidenceText.number(ratio)) of their size (typical 6e-4 to 3e-3)",
                    if: (1e-4..<8e-4).contains(ratio)
                )
            }
            if !context.shows(.slow) { clues += context.clue(0.5, .stillImproving) }
            if let ratio {
                clues += context.clue(
                    ratio < 1e-5 ? 2.5 : 1.5,
                    "a step changes the weights by \(EvidenceText.number(ratio)) of their size (typical 6e-4 to 3e-3)",
                    if: small
                )
                clues += context.clue(
                    -1.5,
                    "a step changes the weights by \(EvidenceText.number(ratio)) of their size, which is not little",
                    if: ratio > 1.5e-3
                )
            }
            if let usual = context.usualRates, let rate = context.greatestRate {
                clues += context.clue(
                    rate * 100 < usual.lowerBound ? 2 : 1,
                    "the rate \(EvidenceText.number(rate)) is far below those usual for "
                        + "\(context.training?.optimizer.rule.name ?? "it"), "
                        + "\(EvidenceText.number(usual.lowerBound)) to \(EvidenceText.number(usual.upperBound))",
                    if: rate * 5 < usual.lowerBound
                )
                clues += context.clue(
                    1.2,
                    "the rate \(EvidenceText.number(rate)) is below those usual for "
                        + "\(context.training?.optimizer.rule.name ?? "it")",
                    if: isStuck && rate * 5 >= usual.lowerBound
                )
            }
            clues += context.clue(
                -3,
                "a rate that is too low does not make a loss rise or fluctuate",
                if: context.shows(.oscillating, .rising, .diverging, .nonFinite)
            )
            clues += context.clue(
                -3,
                "a rule has cut the rate",
                if: context.shows(.rateCollapsed) || context.isCutByBatches
            )
            clues += context.clue(-1, "the gradient vanishes", if: context.shows(.vanishing))
            return clues
        },
        remedy: { context in
            guard let rate = context.rate else { return CauseFinding.Remedy("ten times the learning rate") }
            if let tested = context.testedRate, tested >= 2 * rate {
                return context.rateRemedy(tested) {
                    "\($0): a tenth of the rate at which a range test's loss was least "
                        + "(\(EvidenceText.number(tested / rate)) times)"
                }
            }
            // To the middle of the usual rates where they are known; else towards the usual ratio of 1e-3. Ten times at least.
            let wanted = context.earlyRatio.map { $0 > 0 ? 1e-3 / $0 : 10 } ?? 10
            let target = max(rate * 10, context.startingRate ?? rate * wanted)
            let number = CauseContext.oneDigit(target)
            return context.rateRemedy(number) { "a greater rate: \($0) (\(EvidenceText.number(number / rate)) times)" }
        }
    )

    private static let collapse = CauseRule(
        .rateCollapse,
        prior: 0.03,
        neighbours: [.init(.rateTooLow, "switch the schedule off")],
        clues: { context in
            guard context.shows(.rateCollapsed) || (context.isCutByBatches && !context.isNearlyDone) else { return [] }
            var clues = context.clue(5, .rateCollapsed)
            if case .rise(let rule)? = context.training?.schedule.rule, rule.onBatches {
                clues.append(
                    Clue(
                        clues.isEmpty ? 4 : 1,
                        "the rule compares single batches, whose losses rise every other time by chance"
                    )
                )
            }
            let cuts = context.run.notes.count { $0.text.hasPrefix("learning rate reduced") }
            clues += context.clue(0.5, "\(cuts) reductions are noted", if: cuts > 3)
            return clues
        },
        remedy: { _ in
            CauseFinding.Remedy(
                ["train.learning_rate_schedule=constant"],
                "watch the mean of epochs, with a patience of ten and a least rate: {plateau: {patience: 10, minimum: …}}"
            )
        }
    )

    private static let tooFewEpochs = CauseRule(
        .tooFewEpochs,
        prior: 0.16,
        neighbours: [
            .init(.rateTooLow, "ten times the rate, and twice the epochs, each alone"),
            .init(.bigBatch, "an eighth of the batch, and twice the epochs, each alone"),
        ],
        clues: { context in
            let last = context.series.probe.last ?? .nan
            let before = context.series.probe.dropLast().last ?? .nan
            let isCutOff =
                context.training != nil && last == context.series.probe.min()
                && (context.series.budget <= 5 ? last < 0.95 * before || before.isNaN : context.fallsUnfinished)
            guard context.shows(.stillImproving) || isCutOff else { return [] }
            // Below a half by itself: one sound run in ten of the benchmark's tuning half still improves.
            var clues = context.clue(1.5, .stillImproving)
            clues += context.clue(
                context.series.budget <= 5 ? 2.4 : 1.4,
                "after \(context.series.budget) epochs the loss on training rows is at its least, "
                    + "\(EvidenceText.number(last)), and still falls",
                if: isCutOff && !context.shows(.stillImproving)
            )
            clues += context.clue(
                -1,
                "the target is not scaled, so that a network needs long to reach its size",
                if: context.isTargetUnscaled
            )
            clues += context.clue(-1.5, "it is slow for its steps", if: context.shows(.slow))
            clues += context.clue(
                0.5,
                "only \(context.series.budget) epochs were planned",
                if: context.series.budget <= 6 || (context.series.budget <= 10 && !context.learnsTraining)
            )
            clues += context.clue(
                -2,
                "validation rises already",
                if: context.shows(.validationRising)
            )
            clues += context.clue(
                -2,
                "more of the same does not help what fluctuates",
                if: context.shows(.oscillating, .diverging, .rising)
            )
            return clues
        },
        remedy: { context in
            // Few epochs are a trial of the pipeline more often than a plan.
            let factor = context.series.budget <= 3 ? 10 : context.series.budget <= 10 ? 4 : 2
            return CauseFinding.Remedy(
                context.training == nil ? [] : ["train.epochs=\(factor * context.series.budget)"],
                "\(factor == 2 ? "twice" : "\(factor) times") the epochs: the run ended before it was done"
            )
        }
    )

    private static let smallBatch = CauseRule(
        .smallBatch,
        prior: 0.05,
        neighbours: [
            .init(
                .rateTooHigh,
                "train on from before the symptom with 16 times the batch and the same rate: pure batch noise falls at least 4 times, a rate that is too high less"
            )
        ],
        clues: { context in
            let fluctuates = context.shows(.oscillating, .spiking, .rising)
            let stuck = context.shows(.atChance, .collapsed, .dead)
            guard fluctuates || stuck else { return [] }
            guard let batch = context.training.map({ $0.batchSize * $0.accumulation }) else {
                // On a curve alone both look the same, so that only the priors part this from a rate that is too high.
                return context.clue(1.4, .oscillating, .spiking)
            }
            // Steps along the gradient of one row or two can also walk a network to where nothing moves any more.
            guard fluctuates || batch <= 2 else { return [] }
            var clues = context.clue(0.8, .oscillating, .spiking, .rising)
            if !fluctuates { clues += context.clue(0.8, .atChance, .collapsed, .dead) }
            clues += context.clue(
                batch <= 2 ? 2.6 : batch <= 4 ? 2 : 1,
                "a batch has \(batch) row\(batch == 1 ? "" : "s")",
                if: batch <= 8
            )
            clues += context.clue(-2, "a batch has \(batch) rows", if: batch >= 32)
            clues += context.clue(1.2, .gradientNoise)
            // Told and not weighed: from what scale on noise costs something is the symptom's rule.
            if !context.shows(.gradientNoise), let noise = context.batchNoise, noise.isNoise {
                clues.append(Clue(0, noise.text))
            }
            return clues
        },
        remedy: { context in
            // Eight times as many, and no fewer than is usual: eight single rows are still few.
            let more = min(max(32, (context.training?.batchSize ?? 8) * 8), context.run.schema?.trainingRows ?? .max)
            return CauseFinding.Remedy(
                context.training == nil ? [] : ["train.batch_size=\(more)"],
                "a batch of \(context.training == nil ? "eight times the" : "\(more)") rows, or a rate divided by the square root of how many times more that is"
            )
        }
    )

    private static let bigBatch = CauseRule(
        .bigBatch,
        prior: 0.06,
        neighbours: [
            .init(.rateTooLow, "ten times the rate, and an eighth of the batch, each alone and for the same epochs")
        ],
        clues: { context in
            guard let steps = context.stepsPerEpoch, let training = context.training, steps <= 8,
                training.batchSize * training.accumulation > 32
            else { return [] }
            let total = steps * context.series.budget
            // So few steps are few whatever the curve looks like, unless they were enough.
            let isScarce = steps <= 4 && total < 150 && !context.isNearlyDone
            guard context.shows(.slow, .stillImproving, .plateau, .atChance) || context.fallsUnfinished || isScarce
            else { return [] }
            var clues = context.clue(1, .slow, .stillImproving, .plateau, .atChance)
            clues.append(
                Clue(
                    total < 200 ? 2.4 : 0.8,
                    "\(steps) steps an epoch, \(total) in all: a batch of \(training.batchSize) of "
                        + "\(context.run.schema?.trainingRows ?? 0) rows"
                )
            )
            if !context.shows(.slow, .stillImproving, .plateau, .atChance) {
                clues += context.clue(
                    0.6,
                    context.fallsUnfinished
                        ? "the loss on training rows still falls at the end"
                        : "a batch holds a quarter of the rows or more, and the rows are not learnt",
                    if: context.fallsUnfinished || isScarce
                )
            }
            if let scale = context.run.noise?.scale {
                clues += context.clue(
                    0.8,
                    "the gradient's noise scale is \(EvidenceText.number(scale)) rows: a smaller batch would do",
                    if: scale < Double(training.batchSize) / 2
                )
            }
            return clues
        },
        remedy: { context in
            let batch = max(8, (context.training?.batchSize ?? 256) / 8)
            return CauseFinding.Remedy(["train.batch_size=\(batch)"], "an eighth of the batch: more steps an epoch")
        }
    )

    private static let notShuffled = CauseRule(
        .notShuffled,
        prior: 0.02,
        clues: { context in context.clue(5, .periodic) },
        remedy: { _ in CauseFinding.Remedy("shuffle the rows anew in each epoch") }
    )
}
