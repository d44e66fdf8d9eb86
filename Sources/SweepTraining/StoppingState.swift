package import SweepCore
import SweepNumerics

/// Where a run is in its early-stopping rule.
package struct StoppingState: Equatable {
    /// The best value of the watched metric so far; NaN before the first.
    package internal(set) var best = Double.nan
    /// The epoch of it, from 1; 0 before the first.
    package internal(set) var bestEpoch = 0
    /// Epochs since that were not better.
    package internal(set) var waited = 0

    /// The state before the first epoch.
    package init() {}

    /// What an epoch's value means.
    package enum Verdict: Equatable {
        /// It is the best so far.
        case better
        /// It is not.
        case waiting
        /// It is not, and patience is at its end.
        case stop
    }

    /// Takes in the value of an epoch, counted from 1. A value that is no number is never better.
    package mutating func epochEnded(_ rule: EarlyStopping, epoch: Int, value: Double) -> Verdict {
        guard epoch > rule.startEpoch else { return .waiting }
        let sign = rule.metric.direction == .maximize ? -1.0 : 1.0
        if value.isFinite, best.isNaN || sign * value < sign * best - rule.minimalDelta {
            best = value
            bestEpoch = epoch
            waited = 0
            return .better
        }
        waited += 1
        return waited >= rule.patience ? .stop : .waiting
    }

    /// Whether the training loss was still falling over the last epochs when the rule ended the run.
    ///
    /// Mann-Kendall on the last `window` epochs at the 1 % level, with a negative Theil–Sen slope: a run stopped by a
    /// validation loss that wavers, while it still learns, was perhaps stopped too early.
    package static func wasStillLearning(_ trainingLosses: [Double], window: Int) -> Bool {
        let last = Array(trainingLosses.suffix(max(window, 5)))
        guard last.count >= 5, let slope = Trend.theilSen(last), let test = Trend.mannKendall(last) else {
            return false
        }
        return slope < 0 && test.s < 0 && test.p < 0.01
    }
}
