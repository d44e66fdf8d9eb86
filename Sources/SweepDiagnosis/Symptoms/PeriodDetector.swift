import SweepCore
import SweepNumerics

/// S-PERIOD: the step losses repeat from epoch to epoch: the rows come in the same order.
enum PeriodDetector {
    /// Autocorrelation at a lag of one epoch. Source: the catalogue.
    private static let limit = 0.5
    /// Epochs and steps an epoch: with few steps everything repeats.
    private static let epochs = 4
    private static let steps = 8

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
            rest += epoch.map { $0 - middle }
        }
        guard let found = Association.autocorrelation(rest, lag: lag), found > limit else { return .absent }
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
