import SweepCore
import SweepNumerics

/// S-SPIKE: the loss jumps far out of its neighbourhood and comes back, again and again.
///
/// Seen in step losses where they were recorded; else in epochs. The catalogue also asks for a gradient five times its median,
/// which is not recorded at each step; in its place a jump must be of a visible size, because relative spikes of a loss that is
/// all but zero are single hard rows.
enum SpikeDetector {
    /// Robust standard deviations above the median of the steps before. Source: the catalogue.
    private static let deviations = 8.0
    private static let window = 256
    /// Steps within which a jump is back. Source: the catalogue.
    private static let recovery = 64
    /// Height of a jump, as a share of chance.
    private static let height = 0.5
    /// Jumps within one epoch's length. Source: the catalogue.
    private static let count = 2
    /// An epoch's loss over both neighbours' for the jump to show in a curve of epochs.
    private static let overNeighbours = 2.0
    /// Share of the epochs that may jump: where more do, jumping is the rule, which is S-OSC.
    private static let mostOfEpochs = 0.25

    static func judge(_ run: RunEvidence) -> Judgement {
        if let steps = run.instruments?.stepLosses, let perEpoch = run.instruments?.stepsPerEpoch, perEpoch > 1,
            steps.count > 64
        {
            return Judgement(inSteps(steps, perEpoch: perEpoch, run))
        }
        guard run.series.probe.count >= 6 else { return .unknown("no step losses, and fewer than 6 epochs") }
        return Judgement(inEpochs(run))
    }

    private static func inSteps(_ steps: [Double], perEpoch: Int, _ run: RunEvidence) -> Finding? {
        var jumps: [Int] = []
        var index = 64
        while index < steps.count {
            let before = Array(steps[max(0, index - window)..<index])
            guard let usual = Quantiles.robustDeviation(before) else { break }
            let limit = max(usual.median + deviations * usual.deviation, usual.median + height * run.series.chance)
            guard steps[index] > limit else {
                index += 1
                continue
            }
            guard let back = steps[index...].prefix(recovery + 1).firstIndex(where: { $0 <= limit }) else { break }
            jumps.append(index)
            index = back + 1
        }
        guard
            let first = jumps.indices.dropLast(count - 1).first(where: {
                jumps[$0 + count - 1] - jumps[$0] <= max(perEpoch, recovery)
            })
        else { return nil }
        let step = jumps[first]
        return Finding(
            symptom: .spiking,
            sinceEpoch: step / perEpoch + 1,
            evidence: "\(jumps.count) jumps of the step loss, the first to \(EvidenceText.number(steps[step])) at step "
                + "\(step + 1), back within \(recovery) steps (limits: \(EvidenceText.number(deviations)) robust deviations "
                + "above the median of \(window) steps and \(EvidenceText.percent(height)) of chance, \(count) in an epoch)"
        )
    }

    private static func inEpochs(_ run: RunEvidence) -> Finding? {
        let probe = run.series.probe.map { max($0, run.series.floor) }
        let jumps = probe.indices.dropFirst().dropLast().filter {
            let neighbours = max(probe[$0 - 1], probe[$0 + 1])
            return probe[$0] > overNeighbours * neighbours && probe[$0] - neighbours > 0.1 * run.series.chance
        }
        guard jumps.count >= count, Double(jumps.count) <= mostOfEpochs * Double(probe.count), let first = jumps.first
        else { return nil }
        return Finding(
            symptom: .spiking,
            sinceEpoch: first + 1,
            evidence:
                "\(jumps.count) epochs whose loss is more than twice that of the epochs before and after, the first "
                + "\(EvidenceText.number(probe[first])) in epoch \(first + 1) (limit: \(count))"
        )
    }
}
