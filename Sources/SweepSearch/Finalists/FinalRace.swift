import SweepNumerics

/// Which finalist is run with one more new seed.
///
/// In rounds, so that it depends on no accident of real time: what is run in a round follows from the results of the rounds
/// before. The first round gives each finalist the same number of runs. Each later one has as many runs as there are finalists,
/// and gives them where they tell most of which one is the best: in the shares of optimal computing budget allocation, which
/// maximise the chance to choose rightly (Chen, Lin, Yücesan & Chick, Discrete Event Dynamic Systems 10, 2000, theorem 1).
/// The race is over when the first is the best with a probability of `confidence`, when the runs are used up, or when fewer than
/// two finalists are left: one that lost its numbers is out, and so is one of which fewer than two runs did not fail.
package enum FinalRace {
    /// A run with a new seed.
    package struct Run: Hashable, Sendable {
        /// Whose it is, from 0.
        package let finalist: Int
        /// Its result, less is better; infinite when it lost its numbers, NaN when it failed and says nothing; nil while it is not known.
        package let cost: Double?

        package init(finalist: Int, cost: Double?) {
            self.finalist = finalist
            self.cost = cost
        }
    }

    /// What is done next.
    package enum Step: Hashable, Sendable {
        /// This finalist is run once more.
        case run(Int)
        /// The round's results are awaited.
        case wait
        case over
    }

    /// The probability at which the first is called the best: that of the intervals.
    package static let confidence = 0.95
    /// Runs of each in the first round, where the file allows as many: from three the spread is known to a factor of two.
    static let opening = 3

    /// What follows after `runs`, in the order in which they were begun, of so many `finalists`.
    package static func step(after runs: [Run], finalists: Int, seeds: Int) -> Step {
        let (begun, budget) = (runs.count, finalists * seeds)
        guard begun < budget else { return .over }
        let start = roundStart(before: begun, finalists: finalists, seeds: seeds)
        guard start > 0 else { return .run(begun % finalists) }
        var known = [Moments](repeating: Moments(), count: finalists)
        var lost = Set<Int>()
        for run in runs[..<start] {
            guard let cost = run.cost else { return .wait }
            if cost.isFinite { known[run.finalist].add(cost) } else if !cost.isNaN { lost.insert(run.finalist) }
        }
        let left = (0..<finalists).filter { !lost.contains($0) && known[$0].count > 1 }
        guard left.count > 1 else { return .over }
        if begun == start, BestOf.chances(left.map { known[$0] }).contains(where: { $0 >= confidence }) { return .over }
        let counts = left.map { finalist in runs.count { $0.finalist == finalist } }
        return .run(left[neediest(left.map { known[$0] }, counts)])
    }

    /// The same over so many `folds`: in passes, in each of which every finalist is run once on each fold, so that all means are of the
    /// same folds. Between two passes finalists that are out are left behind, and the race is over as one over seeds is.
    package static func step(after runs: [Run], finalists: Int, seeds: Int, folds: Int) -> Step {
        var pass = Pass(finalists: finalists)
        while true {
            let begun = runs.count - pass.start
            if begun < folds * pass.left.count { return .run(pass.left[begun % pass.left.count]) }
            guard pass.number * folds < seeds else { return .over }
            guard let known = pass.end(runs, folds: folds) else { return .wait }
            // Alone it has nobody to be compared with: all its runs are for its interval.
            guard finalists > 1 else { continue }
            guard pass.left.count > 1 else { return .over }
            if runs.count == pass.start,
                FoldedRuns.chances(pass.left.map { known[$0] }, folds: folds).contains(where: { $0 >= confidence })
            {
                return .over
            }
        }
    }

    /// The number of runs that were begun before the pass over the folds to which run `begun` (from 0) of `runs` belongs.
    package static func passStart(before begun: Int, of runs: [Run], finalists: Int, folds: Int) -> Int {
        var pass = Pass(finalists: finalists)
        while begun >= pass.start + folds * pass.left.count {
            let start = pass.start
            guard pass.end(runs, folds: folds) != nil, !pass.left.isEmpty else { return start }
        }
        return pass.start
    }

    /// A pass over the folds.
    private struct Pass {
        /// From 1.
        var number = 1
        /// Runs that were begun before it.
        var start = 0
        /// Who is run in it.
        var left: [Int]
        private let finalists: Int

        init(finalists: Int) {
            self.finalists = finalists
            left = Array(0..<finalists)
        }

        /// Goes on to the next pass, which those are in that are not out; what is known of each finalist then, by its runs from 0.
        ///
        /// Nil while a result is awaited, and before all its runs are begun; then nothing is changed.
        mutating func end(_ runs: [Run], folds: Int) -> [[Int: Double]]? {
            let end = start + folds * left.count
            guard end <= runs.count else { return nil }
            var known = [[Int: Double]](repeating: [:], count: finalists)
            var counts = [Int](repeating: 0, count: finalists)
            var lost = Set<Int>()
            for run in runs[..<end] {
                guard let cost = run.cost else { return nil }
                let number = counts[run.finalist]
                counts[run.finalist] += 1
                if cost.isFinite {
                    known[run.finalist][number] = cost
                } else if !cost.isNaN {
                    lost.insert(run.finalist)
                }
            }
            // Whoever lacks a run lacks a fold, and its mean is not of the same as the others'.
            left.removeAll { lost.contains($0) || known[$0].count < number * folds }
            start = end
            number += 1
            return known
        }
    }

    /// The number of runs that were begun before the round to which run `begun` (from 0) belongs; its results decide the round.
    package static func roundStart(before begun: Int, finalists: Int, seeds: Int) -> Int {
        // Alone it has nobody to be compared with: all its runs are for its interval.
        let first = finalists * (finalists == 1 ? seeds : min(opening, seeds))
        return begun < first ? 0 : begun - (begun - first) % finalists
    }

    /// The one of `known` that lacks most runs for its share of all, where `counts` are begun.
    private static func neediest(_ known: [Moments], _ counts: [Int]) -> Int {
        let degrees = known.reduce(0) { $0 + $1.count - 1 }
        let squares = known.reduce(0.0) { $0 + ($1.sampleVariance ?? 0) * Double($1.count - 1) }
        let pooled = squares / Double(max(1, degrees))
        // The spread of three runs says little: that of all counts for two more.
        let variances = known.map { moments in
            let own = Double(max(0, moments.count - 1))
            return max((own * (moments.sampleVariance ?? pooled) + 2 * pooled) / (own + 2), 1e-300)
        }
        let best = known.indices.min { (known[$0].mean, $0) < (known[$1].mean, $1) } ?? 0
        // Nobody can pay for the seeds that tell a difference below a tenth of the spread.
        let least = max(0.1 * pooled.squareRoot(), 1e-150)
        var weights = known.indices.map { index in
            let difference = max(known[index].mean - known[best].mean, least)
            return index == best ? 0 : variances[index] / (difference * difference)
        }
        let sum = known.indices.reduce(0.0) { $0 + weights[$1] * weights[$1] / variances[$1] }
        weights[best] = (variances[best] * sum).squareRoot()
        let (all, total) = (weights.reduce(0, +), Double(counts.reduce(1, +)))
        let lacks = weights.indices.map { weights[$0] / all * total - Double(counts[$0]) }
        return lacks.indices.min { (-lacks[$0], $0) < (-lacks[$1], $1) } ?? 0
    }
}
