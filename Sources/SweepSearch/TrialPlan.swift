package import SweepCore

/// Which configuration and repeat each trial of a sweep is.
///
/// Repeats of one configuration are adjacent: with two repeats the runs 0, 1, 2, 3 are (0, 0), (0, 1), (1, 0), (1, 1).
package struct TrialPlan: Hashable, Sendable {
    /// How many trials there will be, repeats included; nil when nothing limits them.
    package let trials: Int?
    /// Runs of each configuration.
    package let repeats: Int

    /// The plan of `search` over a searcher that has `total` distinct configurations (nil: without end).
    package init(search: SearchSpec, total: Int?) {
        repeats = max(1, search.repeats)
        let all = total.map { [repeats] in Saturating.product($0, repeats) }
        switch (search.trials, all) {
        case (let asked?, let all?): trials = min(asked, all)
        case (let asked?, nil): trials = asked
        case (nil, let all): trials = all
        }
    }

    /// A plan of so many trials, in `repeats` runs of each configuration.
    package init(trials: Int?, repeats: Int) {
        self.trials = trials
        self.repeats = max(1, repeats)
    }

    /// How many trials a searcher of `total` distinct configurations can give.
    package func greatest(total: Int) -> Int { Saturating.product(total, repeats) }

    /// The configuration's number and the repeat of run `index`, all from 0.
    package subscript(index: Int) -> (configuration: Int, repeat: Int) {
        (index / repeats, index % repeats)
    }
}
