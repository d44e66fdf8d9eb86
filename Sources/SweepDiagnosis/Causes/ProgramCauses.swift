import SweepCore
import SweepNumerics

/// Causes outside of settings and data: the draw of a seed, and mistakes in a program.
enum ProgramCauses {
    static let rules = [seed, bug]

    /// Source: AutoTrainer's motivation (ICSE 2021), in which a network's units die in half of its repeats.
    private static let seed = CauseRule(
        .seed,
        prior: 0.03,
        neighbours: [.init(.initialisation, "five other seeds as it is, and five with He's weights")],
        clues: { context in
            // Two others at least: one run proves nothing of a distribution.
            guard context.run.otherSeeds.count >= 2, let own = context.series.probe.min(), !context.learnsTraining
            else {
                return []
            }
            let others = context.run.otherSeeds
            let learnt = others.count { $0 < 0.5 * own }
            guard 2 * learnt >= others.count else { return [] }
            return [
                Clue(
                    4.2,
                    "\(learnt) of \(others.count) runs of the same configuration from other seeds come to less than half of its loss, "
                        + "\(EvidenceText.number(own)); the least is \(EvidenceText.number(others.min() ?? own))"
                )
            ]
        },
        remedy: { context in
            let failing = context.run.otherSeeds.count { $0 >= 0.5 * (context.series.probe.min() ?? 0) } + 1
            return CauseFinding.Remedy(
                "start again from another seed: \(failing) of \(context.run.otherSeeds.count + 1) fail; a smaller rate, warm-up or a norm "
                    + "makes them fewer"
            )
        }
    )

    /// A rising loss on training rows usually is a bug in the pipeline (Deep Learning Tuning Playbook), once the rate is ruled out.
    private static let bug = CauseRule(
        .bug,
        prior: 0.02,
        neighbours: [.init(.rateTooHigh, "a tenth of the rate: a loss that rises all the same is not the rate's")],
        clues: { context in
            guard context.shows(.rising, .diverging) else { return [] }
            let small = context.earlyRatio.map { $0 < 4e-3 } ?? false
            let isUsual = context.usualRates.flatMap { usual in context.rate.map { $0 <= usual.upperBound } } ?? false
            // Of another program only the curve is known: one that rises from the first epoch on never went downhill.
            let never =
                context.training == nil && context.series.probe.count >= 5
                && context.series.probe.min() == context.series.probe.first
            guard (small && isUsual) || never else { return [] }
            return context.clue(1.2, .rising, .diverging)
                + context.clue(
                    1,
                    "rate and steps are of usual size, so that each step should lower the loss",
                    if: small && isUsual
                ) + context.clue(1, "the loss was never below that of its first epoch", if: never)
                + context.clue(-1.5, "a penalty may make it rise", if: context.isHeldByPenalty)
        },
        remedy: { _ in
            CauseFinding.Remedy(
                "`sweepd selftest` compares gradients with differences, fits one batch and shuffles labels; in another program: the sign "
                    + "of the update, gradients that are not set to zero, labels that are shifted"
            )
        }
    )
}
