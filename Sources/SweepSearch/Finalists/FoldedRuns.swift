import SweepNumerics

/// What runs over the folds of a cross-validation say of the means of several configurations.
///
/// Runs are paired: run r of each configuration has the same fold and the same seed, so that a fold that is hard for all of them
/// does not hide which is better. Runs of different folds are not independent, as each trains on most of the rows of every other:
/// that their spread says too little is known (Bengio & Grandvalet, JMLR 5, 2004: it cannot be estimated without bias). Here the
/// variance of a mean is s² (1/n + 1/(K − 1)), with the validation rows of a fold over its training rows as what is added: Nadeau &
/// Bengio (Machine Learning 52, 2003), for folds and repeated folds Bouckaert & Frank (PAKDD 2004).
package enum FoldedRuns {
    /// What the variance of a mean over runs of `folds` folds has beside 1/n.
    package static func overlap(folds: Int) -> Double { 1 / Double(max(1, folds - 1)) }

    /// The 95 % interval of the difference of the means of two configurations, from the runs that both have, whose costs these are
    /// by run; nil below two such runs.
    package static func difference(_ one: [Int: Double], _ other: [Int: Double], folds: Int) -> ClosedRange<Double>? {
        let differences = one.keys.sorted().compactMap { run in other[run].map { (one[run] ?? .nan) - $0 } }
        return StudentT.interval95(differences, overlap: overlap(folds: folds))
    }

    /// How probable it is of each that its mean is the least; costs by run, each with at least two.
    ///
    /// Of the runs that all have: the spread of each is that of what is left when the mean of all is taken off each run, whose degrees
    /// of freedom they share. For two this is what Student's t says of the paired differences. Where fewer than two runs are common to
    /// all, each has its own spread.
    package static func chances(_ costs: [[Int: Double]], folds: Int) -> [Double] {
        let overlap = overlap(folds: folds)
        let common = (costs.first?.keys.sorted() ?? []).filter { run in costs.allSatisfy { $0[run] != nil } }
        guard costs.count > 1, common.count > 1 else {
            return BestOf.chances(
                of: costs.map { runs in
                    let moments = Moments(of: runs.keys.sorted().compactMap { runs[$0] })
                    let variance = (moments.sampleVariance ?? 0) * (1 / Double(moments.count) + overlap)
                    return BestOf.Estimate(
                        mean: moments.mean,
                        scale: variance.squareRoot(),
                        degrees: max(1, moments.count - 1)
                    )
                }
            )
        }
        let (runs, own) = (Double(common.count), Double(costs.count))
        let means = common.map { run in costs.reduce(0.0) { $0 + ($1[run] ?? 0) } / own }
        let degrees = max(1, (common.count - 1) * (costs.count - 1) / costs.count)
        return BestOf.chances(
            of: costs.map { costs in
                let values = common.map { costs[$0] ?? 0 }
                let left = Moments(of: zip(values, means).map { $0 - $1 })
                // What was taken off has a share of the spread of each.
                let variance = (left.sampleVariance ?? 0) * own / (own - 1) * (1 / runs + overlap)
                return BestOf.Estimate(
                    mean: Moments(of: values).mean,
                    scale: variance.squareRoot(),
                    degrees: degrees
                )
            }
        )
    }
}
