package import SweepCore

/// Makes the scheduler that a sweep file asks for.
package enum SchedulerFactory {
    /// The scheduler of `prune` for `trials` trials (nil: nobody knows how many) of `epochs` epochs, before its first trial.
    ///
    /// Of a `search` that trains a population the members are told apart by their own rule, and arms that part after an epoch all go on.
    /// A rule that waits for the last trial of a rung needs their number; where there is none, promotion ASHA takes its
    /// place, which compares with those that came so far.
    package static func make(
        prune: PruneSpec,
        epochs: Int,
        trials: Int?,
        objective: Objective = Objective(),
        search: SearchSpec = SearchSpec()
    ) -> any FidelityScheduler {
        if let population = search.population {
            let size = min(trials ?? population.members, population.members)
            return PopulationScheduler(population, size: size, epochs: epochs, seed: search.seed)
        }
        if let branch = search.branch, let trials {
            return BranchScheduler(after: branch.after, epochs: epochs, trials: trials)
        }
        let rungs = Rungs.levels(epochs: epochs, reductionFactor: prune.reductionFactor, first: prune.firstRung)
        let byFronts = prune.objectives > 1
        let asha: any FidelityScheduler =
            byFronts
            ? FrontASHA(levels: rungs, reductionFactor: prune.reductionFactor)
            : PromotionASHA(levels: rungs, reductionFactor: prune.reductionFactor)
        let checks = CheckLevels.levels(epochs: epochs, warmup: prune.warmupEpochs, interval: prune.interval)
        switch prune.resolvedMethod {
        case .extrapolate:
            guard let trials else { return asha }
            let plan = HalvingPlan.budgeted(
                share: prune.budget ?? PruneSpec.defaultBudget,
                epochs: epochs,
                trials: trials
            )
            return SuccessiveHalving(plan: plan, trials: trials, outlooks: .extrapolating)
        case .auto, .asha: return asha
        case .pasha: return PASHA(levels: rungs, reductionFactor: prune.reductionFactor)
        case .halving:
            guard let trials else { return asha }
            let plan = HalvingPlan.byFactor(prune.reductionFactor, levels: rungs, trials: trials)
            return SuccessiveHalving(plan: plan, trials: trials, outlooks: .asTheyAre, byFronts: byFronts)
        case .hyperband:
            guard let trials else { return asha }
            return Hyperband(
                levels: rungs,
                reductionFactor: prune.reductionFactor,
                trials: trials,
                byFronts: byFronts
            )
        case .stoppingASHA:
            return StoppingScheduler(levels: rungs, rule: RungShareRule(reductionFactor: prune.reductionFactor))
        case .median, .percentile:
            let share = prune.method == .median ? 0.5 : prune.percentile / 100
            let rule = PercentileRule(share: share, startupTrials: prune.startupTrials)
            return StoppingScheduler(levels: checks, rule: rule)
        case .patience:
            let rule = PatienceRule(patience: prune.patience ?? epochs, minimumDelta: prune.minimumDelta)
            return StoppingScheduler(levels: checks, rule: rule)
        case .threshold:
            // A bound on the metric's own scale; costs of a maximised metric have the other sign.
            let rule =
                objective.direction == .minimize
                ? ThresholdRule(above: prune.above, below: prune.below)
                : ThresholdRule(above: prune.below.map { -$0 }, below: prune.above.map { -$0 })
            return StoppingScheduler(levels: checks, rule: rule)
        case .none: return NoPruning(epochs: epochs)
        }
    }
}
