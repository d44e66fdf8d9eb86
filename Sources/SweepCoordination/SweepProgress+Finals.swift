import SweepCore
import SweepSearch

/// A configuration that is run again with new seeds when the search is over.
struct Finalist: Hashable, Sendable {
    let configuration: Configuration
    let id: ConfigurationID
    /// Its number among the searcher's proposals.
    let index: Int
}

/// What is run after the search: its best configurations, with new seeds.
///
/// Searcher and scheduler are not told of these runs, and no fact says of a trial that it is one: runs of a configuration after
/// those that the file asks for below `search` are a finalist's.
extension SweepProgress {
    /// Runs of each configuration in the search.
    package var repeats: Int { plan.repeats }

    /// Whether the trial is a finalist's run with a new seed.
    package func isFinal(_ number: Int) -> Bool {
        has(number) && trials[number - 1].runOfConfiguration >= plan.repeats
    }

    /// The fold of a trial's validation rows, from 1; nil where all trials have one split.
    package func fold(of trial: TrialProgress) -> Int? { sweep.fold(ofRun: trial.runOfConfiguration) }

    /// Whether any is begun.
    var hasFinalRuns: Bool { trials.count > searched }

    /// The most of them that there will be.
    package var finalRunsPlanned: Int {
        guard let spec = sweep.finalists else { return 0 }
        let finalists = distinctFinalists
        // A second run of one tells that each has had its first.
        if trials.count - searched > finalists { return finalists * spec.seeds }
        let configurations = plan.trials.map { ($0 + plan.repeats - 1) / plan.repeats }
        return min(spec.top, configurations ?? spec.top) * spec.seeds
    }

    /// How many configurations have a run with a new seed.
    private var distinctFinalists: Int { Set(trials[searched...].lazy.map(\.configurationID)).count }

    /// How many trials the search will have; nil while nothing limits them.
    package var searchTrials: Int? {
        plan.trials
    }

    /// The next run of a finalist; nil while results are awaited, before the search is over, and when the race is.
    ///
    /// The search is over when all its trials have their terminal state, in virtual time too: one may have failed before its
    /// virtual end.
    mutating func nextFinalRun() -> Decision? {
        guard let spec = sweep.finalists, hasFinalRuns || (open.isEmpty && timeline.count == 0) else { return nil }
        let finalists = finalists ?? chooseFinalists(spec)
        self.finalists = finalists
        guard !finalists.isEmpty else { return nil }
        let (runs, count) = (finalRuns(of: finalists.map(\.id)), finalists.count)
        let step =
            sweep.folds.map { FinalRace.step(after: runs, finalists: count, seeds: spec.seeds, folds: $0) }
            ?? FinalRace.step(after: runs, finalists: count, seeds: spec.seeds)
        guard case .run(let next) = step else { return nil }
        let finalist = finalists[next]
        let begun = trials[searched...].count { $0.configurationID == finalist.id }
        let run = plan.repeats + begun
        let proposal = TrialProposal(
            trial: TrialID(sweep: id, number: trials.count + 1),
            configuration: finalist.configuration,
            configurationIndex: finalist.index,
            repeatIndex: run,
            seed: sweep.trialSeed(finalist.id, repeat: run)
        )
        return .propose(proposal, to: sweep.epochs, end: timeline.now + Double(sweep.epochs))
    }

    /// The best completed configurations of the search.
    private func chooseFinalists(_ spec: FinalistsSpec) -> [Finalist] {
        let rule = RankRule(objective: sweep.objective, levels: levels)
        let standings = trials[..<searched].indices.map {
            trials[$0].standing(trials[$0].state(begun: false), by: rule)
        }
        let rows = Ranking.summary(of: standings, rule, top: spec.top, finding: { _ in nil }) { place in
            trials[place].record(trials[place].state(begun: false))
        }.rows
        return rows.prefix { $0.state == .completed && $0.objective?.isFinite == true }.compactMap { row in
            guard let first = row.runs.map(\.trial).min() else { return nil }
            return Finalist(
                configuration: row.configuration,
                id: row.configuration.id,
                index: plan[first - 1].configuration
            )
        }
    }

    /// The runs so far in the order in which they were begun, with their results as far as virtual time has come.
    private func finalRuns(of finalists: [ConfigurationID]) -> [FinalRace.Run] {
        let places = Dictionary(finalists.enumerated().map { ($1, $0) }) { first, _ in first }
        return trials[searched...].compactMap { trial in
            places[trial.configurationID].map { place in
                let isResolved = trial.ended != nil && timeline.slot(of: trial.number) == nil
                return FinalRace.Run(finalist: place, cost: isResolved ? finalCost(trial) : nil)
            }
        }
    }

    /// What an ended run counts as, as in the ranking; infinite when it lost its numbers, NaN when it failed.
    private func finalCost(_ trial: TrialProgress) -> Double {
        if trial.curve.firstNonFiniteEpoch != nil || trial.ended == .pruned(.cannotRecover) { return .infinity }
        guard trial.ended == .completed, let value = trial.curve.best(for: sweep.objective)?.value else { return .nan }
        return value.isFinite ? sweep.objective.cost(value) : .infinity
    }

    /// Why a finalist's run was begun, and where it stands among all such runs.
    func finalExplanation(of progress: TrialProgress) -> TrialExplanation {
        let number = progress.number
        let before = number - 1 - searched
        let first = trials.first { $0.configurationID == progress.configurationID }?.number ?? number
        var chosen: [ConfigurationID] = []
        for trial in trials[searched...] where !chosen.contains(trial.configurationID) {
            chosen.append(trial.configurationID)
        }
        let known =
            sweep.folds.map {
                FinalRace.passStart(before: before, of: finalRuns(of: chosen), finalists: chosen.count, folds: $0)
            }
            ?? FinalRace.roundStart(
                before: before,
                finalists: max(1, distinctFinalists),
                seeds: sweep.finalists?.seeds ?? 1
            )
        let costs = trials[searched...].filter { $0.ended != nil }.map { (cost: finalCost($0), trial: $0.number) }
            .sorted { $0 < $1 }
        var standings: [TrialExplanation.Standing] = []
        if progress.ended != nil, let place = costs.firstIndex(where: { $0.trial == number }) {
            func value(_ cost: Double) -> Double { sweep.objective.direction == .minimize ? cost : -cost }
            standings = [
                TrialExplanation.Standing(
                    epoch: progress.curve.epochs,
                    objective: value(costs[place].cost),
                    place: place + 1,
                    of: costs.count,
                    best: value(costs[0].cost),
                    median: value(costs[(costs.count - 1) / 2].cost),
                    wentOn: 0,
                    verdict: costs[place].cost.isFinite ? .completed : .lost
                )
            ]
        }
        return TrialExplanation(
            trial: number,
            configuration: progress.configuration,
            reason: .finalist(
                // The first runs are given in the order of places.
                place: (chosen.firstIndex(of: progress.configurationID) ?? 0) + 1,
                run: progress.runOfConfiguration - plan.repeats + 1,
                fold: fold(of: progress)
            ),
            firstRun: first,
            // Those of earlier rounds; those of its own were begun beside it.
            results: known,
            pending: before - known,
            neighbours: [],
            standings: standings
        )
    }
}
