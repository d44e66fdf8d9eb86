package import SweepCore
import SweepNumerics

/// Puts the configurations of a sweep in order.
///
/// 0. Finalists, by their objective over runs with new seeds alone: the search chose them by the others, so those flatter them.
/// 1. Completed configurations, by objective. 2. Those that paused, run or were pruned, by the rung their best run
/// reached (higher first), then by objective; those without any number yet are last of these. 3. Configurations of which
/// a run lost its numbers (a loss that is NaN or infinite, invariant 4). 4. Failed ones.
///
/// The objective of a configuration is the mean over its counted runs: all completed ones, else those that reached the
/// highest rung. A run without a number counts as worst, so it takes the whole configuration to group 3. Equal objectives
/// are ordered by configuration id, equal runs by trial number: the order is total and depends on nothing else.
///
/// Of several objectives completed configurations are ordered by front, others within their rung too; those of one front by the first
/// objective. A run that lacks a number of any of them is of group 3.
package enum Ranking {
    /// The rows of `trials`, best first: all, or the first `top`; `levels` are the scheduler's, ascending. Runs of a configuration
    /// after its first `repeats` are those of a finalist; nil where there are none. They are judged over so many `folds`; nil: over one
    /// split.
    ///
    /// `finding` is asked for the trials that rows are shown with. Cost: O(n log n) for the order of all, the rest for what is
    /// shown.
    package static func rows(
        _ trials: some RandomAccessCollection<TrialRecord>,
        objective: Objective,
        further: [Objective] = [],
        levels: [Int],
        repeats: Int? = nil,
        folds: Int? = nil,
        top: Int? = nil,
        finding: (TrialRecord) -> Finding? = \.finding
    ) -> [RankRow] {
        summary(
            trials,
            objective: objective,
            further: further,
            levels: levels,
            repeats: repeats,
            folds: folds,
            top: top,
            finding: finding
        ).rows
    }

    /// The rows, how many there would be of all, and the first front of several objectives; nil for one, and while nothing is complete.
    ///
    /// `withHistory` tells of that front how its volume came about, too.
    package static func summary(
        _ trials: some RandomAccessCollection<TrialRecord>,
        objective: Objective,
        further: [Objective] = [],
        levels: [Int],
        repeats: Int? = nil,
        folds: Int? = nil,
        top: Int?,
        withHistory: Bool = false,
        finding: (TrialRecord) -> Finding?
    ) -> (rows: [RankRow], all: Int, front: FirstFront?) {
        let rule = RankRule(objective: objective, further: further, levels: levels, repeats: repeats)
        return summary(
            of: trials.enumerated().map { rule.standing($1, place: $0) },
            rule,
            folds: folds,
            top: top,
            withHistory: withHistory,
            finding: finding
        ) { trials[trials.index(trials.startIndex, offsetBy: $0)] }
    }

    /// The same of trials that are known by where they stand: `record` is asked for those of rows that are shown, by their places.
    /// `willTell` is called once before, with the places of those that `finding` is going to be asked about.
    ///
    /// Of a large sweep of which the first rows are shown nearly everything is passed over, so that it is looked at once, and neither
    /// ordered nor kept: O(n) for that, O(n log n) where intervals overlap, as rows are told the places of all that they are tied with.
    package static func summary(
        of standings: [RunStanding],
        _ rule: RankRule,
        folds: Int? = nil,
        top: Int?,
        withHistory: Bool = false,
        willTell: (_ places: [Int]) -> Void = { _ in },
        finding: (TrialRecord) -> Finding?,
        record: (_ place: Int) -> TrialRecord
    ) -> (rows: [RankRow], all: Int, front: FirstFront?) {
        let groups = groups(standings)
        // Of most configurations there is one run, of the search, which stands where its configuration does.
        var alone: [Int] = []
        var several: [[RunStanding]] = []
        for group in groups {
            if group.others.isEmpty, !standings[group.first].isFinal, rule.further.isEmpty {
                alone.append(group.first)
            } else {
                several.append(([group.first] + group.others).map { standings[$0] })
            }
        }
        // Whose new run comes first is an accident: before each has one, finalists stand as the search left them.
        let judgesFinals = several.allSatisfy { runs in
            let finals = runs.filter(\.isFinal)
            return finals.isEmpty || !RankDraft.judged(finals, folds: folds).isEmpty
                || finals.contains { $0.key.group == RankKey.notFinite }
                || finals.allSatisfy { $0.key.group == RankKey.failed }
                // One without a fold is not waited for: it stands behind those that have all.
                || folds != nil && finals.contains { $0.key.group == RankKey.failed }
        }
        var drafts = several.map { runs in
            runs.count == 1 && !runs[0].isFinal
                ? RankDraft(alone: runs[0])
                : RankDraft(runs, objective: rule.objective, judgesFinals: judgesFinals, folds: folds)
        }
        let front =
            rule.further.isEmpty ? nil : weigh(&drafts, by: [rule.objective] + rule.further, withHistory: withHistory)
        let shown = min(groups.count, max(0, top ?? groups.count))
        let hasIntervals = drafts.contains { $0.interval != nil }
        // Small values are put in order, not drafts: those are large.
        var first = FirstInOrder<Place>(hasIntervals ? groups.count : shown)
        for draft in drafts.indices {
            first.add(Place(key: drafts[draft].key, id: drafts[draft].id, content: .draft(draft)))
        }
        for run in alone {
            let standing = standings[run]
            first.add(Place(key: RankDraft.key(alone: standing), id: standing.configurationID, content: .alone(run)))
        }
        let order = first.sorted()
        let chances = chances(drafts, folds: folds)
        let ties = ties(order.map { $0.draft.flatMap { drafts[$0].interval } }, of: shown) { one, other in
            guard let folds, let one = order[one].draft, let other = order[other].draft else { return nil }
            return FoldedRuns.difference(drafts[one].costsByRun, drafts[other].costsByRun, folds: folds)
        }
        willTell(
            order.prefix(shown).map { place in
                switch place.content {
                case .alone(let run): standings[run].place
                case .draft(let number): drafts[number].told.place
                }
            }
        )
        let rows = order.prefix(shown).indices.map { place in
            let draft =
                switch order[place].content {
                case .alone(let run): RankDraft(alone: standings[run])
                case .draft(let number): drafts[number]
                }
            return draft.placed(
                place + 1,
                tiedWith: ties[place],
                chance: order[place].draft.flatMap { chances[$0] },
                finding: finding
            ) { record($0.place) }
        }
        return (rows, groups.count, front)
    }

    /// The runs of each configuration, by their numbers among `standings`, in the order in which configurations came first.
    private static func groups(_ standings: [RunStanding]) -> [(first: Int, others: [Int])] {
        var places: [ConfigurationID: Int] = [:]
        // Of most configurations there is one run, for which no list is made.
        var groups: [(first: Int, others: [Int])] = []
        places.reserveCapacity(standings.count)
        groups.reserveCapacity(standings.count)
        for run in standings.indices {
            // Looked up once, found or not.
            let place = set(&places[standings[run].configurationID, default: -1], ifNone: groups.count)
            if place == groups.count { groups.append((run, [])) } else { groups[place].others.append(run) }
        }
        return groups
    }

    /// The place that is known, or else becomes known.
    private static func set(_ place: inout Int, ifNone next: Int) -> Int {
        if place < 0 { place = next }
        return place
    }

    /// Gives each draft with numbers its front among those of its group and rung; the first front of the completed ones.
    private static func weigh(
        _ drafts: inout [RankDraft],
        by objectives: [Objective],
        withHistory: Bool
    ) -> FirstFront? {
        func costs(_ draft: RankDraft) -> [Double] { zip(objectives, draft.values).map { $0.cost($1) } }
        var classes: [RankKey: [Int]] = [:]
        for place in drafts.indices where drafts[place].values.count == objectives.count {
            guard drafts[place].key.group <= RankKey.unfinished else { continue }
            let key = drafts[place].key
            classes[RankKey(group: key.group, rung: key.rung, cost: 0), default: []].append(place)
        }
        var first: FirstFront?
        for (key, places) in classes.sorted(by: { $0.key < $1.key }) {
            let points = places.map { costs(drafts[$0]) }
            let fronts = ParetoFronts.fronts(points)
            for (place, front) in zip(places, fronts) { drafts[place].key.front = front }
            guard key.group == RankKey.completed else { continue }
            let worst = objectives.indices.map { axis in points.map { $0[axis] }.max() ?? 0 }
            first = FirstFront(
                members: fronts.count { $0 == 1 },
                of: places.count,
                reference: zip(objectives, worst).map { $0.direction == .minimize ? $1 : -$1 },
                hypervolume: ParetoFronts.hypervolume(points, reference: worst),
                history: withHistory ? history(places.map { begin(of: drafts[$0]) }, points, reference: worst) : []
            )
        }
        return first
    }

    /// The number of a configuration's first trial.
    private static func begin(of draft: RankDraft) -> Int { draft.runs.map(\.number).min() ?? 0 }

    /// How the volume of `points` came about in the order of their trials.
    private static func history(_ trials: [Int], _ points: [[Double]], reference: [Double]) -> [FirstFront.Step] {
        let order = trials.indices.sorted { trials[$0] < trials[$1] }
        return HypervolumeHistory.steps(order.map { points[$0] }, reference: reference).map { step in
            FirstFront.Step(trial: trials[order[step.count - 1]], hypervolume: step.volume)
        }
    }

    /// How probable it is of each finalist with two runs, by its number among `drafts`, that it is the best of them.
    private static func chances(_ drafts: [RankDraft], folds: Int?) -> [Int: Double] {
        let compared = drafts.indices.filter { !drafts[$0].finalCosts.isEmpty }
        guard compared.allSatisfy({ drafts[$0].finalCosts.count > 1 }) else { return [:] }
        let chances =
            folds.map { FoldedRuns.chances(compared.map { drafts[$0].costsByRun }, folds: $0) }
            ?? BestOf.chances(compared.map { Moments(of: drafts[$0].finalCosts.map(\.cost)) })
        return Dictionary(uniqueKeysWithValues: zip(compared, chances))
    }

    /// For each of the first `shown` intervals the places (from 1) of the others that overlap with it; of two whose `difference` has an
    /// interval, whether zero is in that.
    private static func ties(
        _ intervals: [ClosedRange<Double>?],
        of shown: Int,
        difference: (Int, Int) -> ClosedRange<Double>?
    ) -> [[Int]] {
        intervals.indices.prefix(shown).map { index in
            guard let own = intervals[index] else { return [] }
            return intervals.indices.compactMap { other in
                guard other != index, let interval = intervals[other] else { return nil }
                let isTie = difference(index, other)?.contains(0) ?? interval.overlaps(own)
                return isTie ? other + 1 : nil
            }
        }
    }
}

/// What the place of a configuration in the order depends on.
private struct Place: Comparable {
    let key: RankKey
    let id: ConfigurationID
    let content: Content

    /// Its number among the drafts, or that of its only run among the standings.
    enum Content: Equatable {
        case draft(Int)
        case alone(Int)
    }

    var draft: Int? {
        if case .draft(let number) = content { number } else { nil }
    }

    static func < (a: Self, b: Self) -> Bool { a.key == b.key ? a.id < b.id : a.key < b.key }
}
