package import SweepCore

/// Which configuration and repeat each trial of a sweep is.
///
/// Repeats of one configuration are adjacent: with two repeats the runs 0, 1, 2, 3 are (0, 0), (0, 1), (1, 0), (1, 1). Where arms part
/// after an epoch, a trial of the first configuration goes before: the epochs that all share.
package struct TrialPlan: Hashable, Sendable {
    /// How many trials there will be, repeats included; nil when nothing limits them.
    package let trials: Int?
    /// Runs of each configuration.
    package let repeats: Int
    /// Trials before the first run: one where arms part after an epoch.
    private let shared: Int

    /// The plan of `search` over a searcher that has `total` distinct configurations (nil: without end).
    package init(search: SearchSpec, total: Int?) {
        repeats = max(1, search.repeats)
        shared = search.branch == nil ? 0 : 1
        let all = total.map { [repeats, shared] in Saturating.sum(Saturating.product($0, repeats), shared) }
        switch (search.trials, all) {
        case (let asked?, let all?): trials = min(asked, all)
        case (let asked?, nil): trials = asked
        case (nil, let all): trials = all
        }
    }

    /// The plan with so many trials.
    package func with(trials: Int?) -> TrialPlan { TrialPlan(trials: trials, repeats: repeats, shared: shared) }

    private init(trials: Int?, repeats: Int, shared: Int) {
        self.trials = trials
        self.repeats = repeats
        self.shared = shared
    }

    /// How many trials a searcher of `total` distinct configurations can give.
    package func greatest(total: Int) -> Int { Saturating.sum(Saturating.product(total, repeats), shared) }

    /// The configuration's number and the repeat of run `index`, all from 0.
    package subscript(index: Int) -> (configuration: Int, repeat: Int) {
        let run = max(0, index - shared)
        return (run / repeats, run % repeats)
    }
}
