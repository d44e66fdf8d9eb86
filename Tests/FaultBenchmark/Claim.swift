import SweepCore
import SweepDiagnosis
import SweepNumerics

/// Something that is said of loss curves, and the pair of runs that tries it.
package struct Claim: Sendable {
    /// Where the runs come from: a file of `sweeps/why`, or the text of one.
    enum Source: Sendable {
        case file(String)
        case text(String)
    }

    /// What is read off a run.
    enum Statistic: Sendable {
        /// A metric's last value.
        case last(Metric)
        /// A metric's least value.
        case least(Metric)
        /// Mean |Δ ln| an epoch of a metric over the second half of the epochs.
        case fluctuation(Metric)
        /// The last validation loss over the least.
        case rise
        /// The validation loss over that on training rows, in the last epoch.
        case gap
        /// The last training loss, as training sees it, over that of the same rows in evaluation mode.
        case modes
        /// How many epochs there were.
        case lastEpoch

        var words: String {
            switch self {
            case .last(let metric): "last \(metric.rawValue)"
            case .least(let metric): "least \(metric.rawValue)"
            case .fluctuation(let metric): "change of ln \(metric.rawValue) an epoch, second half"
            case .rise: "last validation.loss over its least"
            case .gap: "validation.loss over probe.loss at the end"
            case .modes: "training.loss over probe.loss at the end"
            case .lastEpoch: "epochs trained"
            }
        }
    }

    /// Whether the changed run has more or less of the statistic, if the claim is true; of what is said to be no more, less.
    package enum Direction: Sendable { case more, less }

    /// A short name.
    package let name: String
    /// What is said.
    package let claimed: String
    /// What is read off both runs, in words.
    package var measures: String { statistic.words }
    let source: Source
    let base: [String]
    let changed: [String]
    let statistic: Statistic
    package let direction: Direction

    /// The overrides of both runs, the base first, for a seed.
    func runs(seed: Int) -> [[String]] {
        [base, changed].map { overrides in
            overrides.map { text in
                text.split(separator: "{seed}", omittingEmptySubsequences: false).joined(separator: "\(seed)")
            }
        }
    }

    /// Claims of the examples, the traps, and what the documents dispute. `{seed}` in a value stands for the run's seed.
    init(
        _ name: String,
        _ claimed: String,
        _ source: Source,
        _ base: [String],
        to changed: [String],
        _ statistic: Statistic,
        _ direction: Direction
    ) {
        self.name = name
        self.claimed = claimed
        self.source = source
        self.base = base
        self.changed = changed
        self.statistic = statistic
        self.direction = direction
    }
}

/// What the runs of a claim came to.
package struct ClaimResult: Sendable {
    package enum Verdict: String, Sendable {
        case held = "held"
        case opposite = "the opposite holds"
        case open = "no difference shown"
    }

    package let claim: Claim
    package let seeds: Int
    /// Geometric means of the statistic.
    package let base: Double
    package let changed: Double
    /// changed over base, with its 95 % interval over paired seeds; nil where a run had no number.
    package let ratio: Double
    package let interval: ClosedRange<Double>?
    package let verdict: Verdict

    /// Trains both runs over `seeds` seeds, 0 on.
    package init(_ claim: Claim, seeds: Int, on bench: Workbench) throws {
        var logarithms: (base: [Double], changed: [Double]) = ([], [])
        for seed in 0..<seeds {
            func value(_ overrides: [String]) throws -> Double {
                let result = try bench.train(claim.source, overrides, seed: UInt64(seed))
                let number = result.evidence.map { claim.statistic.value($0.curve) } ?? .nan
                // No number at all is the worst; below a millionth there is nothing to compare.
                return Elementary.log(number.isFinite ? min(max(number, 1e-6), 1e6) : 1e6)
            }
            let runs = claim.runs(seed: seed)
            logarithms.base.append(try value(runs[0]))
            logarithms.changed.append(try value(runs[1]))
        }
        let differences = zip(logarithms.base, logarithms.changed).map { $1 - $0 }
        let interval = StudentT.interval95(differences)
        self.claim = claim
        self.seeds = seeds
        base = Elementary.exp(Moments(of: logarithms.base).mean)
        changed = Elementary.exp(Moments(of: logarithms.changed).mean)
        ratio = Elementary.exp(Moments(of: differences).mean)
        self.interval = interval.map { Elementary.exp($0.lowerBound)...Elementary.exp($0.upperBound) }
        let sign = claim.direction == .more ? 1.0 : -1
        if let interval, min(sign * interval.lowerBound, sign * interval.upperBound) > 0 {
            verdict = .held
        } else if let interval, max(sign * interval.lowerBound, sign * interval.upperBound) < 0 {
            verdict = .opposite
        } else {
            verdict = .open
        }
    }
}

extension Claim.Statistic {
    /// The statistic of a curve; of a run that lost its numbers what it had before, at least twice its first loss.
    fileprivate func value(_ curve: LearningCurve) -> Double {
        func finite(_ metric: Metric) -> [Double] { curve.series(metric).filter(\.isFinite) }
        func last(_ metric: Metric) -> Double { finite(metric).last ?? .nan }
        switch self {
        case .last(let metric): return last(metric)
        case .least(let metric): return finite(metric).min() ?? .nan
        case .fluctuation(let metric):
            let half = finite(metric).suffix((curve.epochs + 1) / 2).map { Elementary.log(max($0, 1e-6)) }
            let changes = zip(half, half.dropFirst()).map { abs($1 - $0) }
            return changes.isEmpty ? .nan : Moments(of: changes).mean
        case .rise: return last(.validationLoss) / (finite(.validationLoss).min() ?? .nan)
        case .gap: return last(.validationLoss) / max(last(.probeLoss), 1e-6)
        case .modes: return last(.trainingLoss) / max(last(.probeLoss), 1e-6)
        case .lastEpoch: return Double(curve.epochs)
        }
    }
}
