import SweepNumerics

/// What schedulers that read curves remember: the cost of each epoch of each trial.
struct CostCurves: Sendable {
    private var curves: [Int: [Double]] = [:]

    /// Adds the epochs from `first` on; those that are known already are passed over.
    mutating func extend(trial: Int, from first: Int, costs: [Double]) {
        let known = curves[trial]?.count ?? 0
        guard first >= 1, first <= known + 1 else { return }
        curves[trial, default: []] += costs.dropFirst(known + 1 - first)
    }

    mutating func remove(trial: Int) { curves[trial] = nil }

    /// The costs of the trial's epochs from 1 on.
    subscript(trial: Int) -> [Double] { curves[trial] ?? [] }

    /// How fast the trial's cost falls at `epoch`, per unit of the logarithm of time; 0 where that is not known, or it rises.
    ///
    /// From the half of its epochs to now. On recorded curves the fall up to the last epoch T is about 0.8 times
    /// this times ln(T / `epoch`) at any epoch (quartiles 0 and 2 to 3): a power law of small exponent.
    func fall(of trial: Int, at epoch: Int) -> Double {
        guard let curve = curves[trial], epoch >= 2, curve.count >= epoch else { return 0 }
        let half = epoch / 2
        let fall = curve[half - 1] - curve[epoch - 1]
        guard fall.isFinite, fall > 0 else { return 0 }
        return fall / Elementary.log(Double(epoch) / Double(half))
    }
}
