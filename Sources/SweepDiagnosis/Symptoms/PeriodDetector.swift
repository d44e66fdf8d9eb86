import SweepCore
import SweepNumerics

/// S-PERIOD: the step losses repeat from epoch to epoch: the rows come in the same order.
enum PeriodDetector {
    /// Autocorrelation at a lag of one epoch. Source: the catalogue.
    private static let limit = 0.5
    /// Epochs and steps an epoch: with few steps everything repeats.
    private static let epochs = 4
    private static let steps = 16
    /// Robust deviations beyond which a step's loss counts as that: a last batch of few rows has a loss of its own kind, at the
    /// same place of each epoch. (Benchmark, tuning half: without the bound one sound run in fourteen repeated.)
    private static let bound = 3.0

    static func judge(_ run: RunEvidence) -> Judgement {
        guard let instruments = run.instruments, !instruments.stepLosses.isEmpty else {
            return .unknown("no step losses")
        }
        let lag = instruments.stepsPerEpoch
        let losses = instruments.stepLosses.filter { $0.isFinite }
        guard lag >= steps, losses.count >= epochs * lag, losses.count == instruments.stepLosses.count else {
            return .unknown("fewer than \(epochs) epochs of \(steps) steps")
        }
        // The fall over epochs is taken off, and the first epoch, which is nothing but fall.
        var rest: [Double] = []
        for start in stride(from: lag, through: losses.count - lag, by: lag) {
            let epoch = Array(losses[start..<start + lag])
            guard let middle = Quantiles.median(epoch) else { continue }
            // The last batch may have fewer rows than the others.
            let spread = max(Quantiles.robustDeviation(epoch)?.deviation ?? 0, .leastNormalMagnitude)
            rest += epoch.dropLast().map { min(max($0 - middle, -bound * spread), bound * spread) }
        }
        guard let found = Association.autocorrelation(rest, lag: lag - 1), found > limit else { return .absent }
        return .found(
            Finding(
                symptom: .periodic,
                sinceEpoch: 2,
                evidence:
                    "step losses repeat after an epoch of \(lag) steps: autocorrelation \(EvidenceText.number(found)) "
                    + "(limit: \(EvidenceText.number(limit)))"
            )
        )
    }
}
