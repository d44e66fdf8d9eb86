import SweepCore

/// How fast a worker trains beside the others, from the epochs that it reports.
///
/// An epoch's core seconds are compared with the mean of its sweep, as logarithms, so that a configuration of ten times the
/// size counts as much as one of a tenth. Nothing that is decided depends on it: only who of several free workers is given
/// work first, which of the segments that wait, and how much time is said to be left.
package struct WorkerPace: Hashable, Sendable {
    /// Mean of log₂(seconds of an epoch / mean of its sweep).
    private var logarithm = 0.0
    private var reports = 0
    /// Octaves that it is slower than the mean: 0 as fast, 1 half as fast, −1 twice as fast; 0 until enough is known.
    package private(set) var octave = 0

    /// How many times as fast as the mean it is said to be, in powers of two from 1/64 to 64; nil until enough is known.
    package var toldPace: Double? {
        reports < Self.least ? nil : Double(sign: .plus, exponent: min(max(-octave, -6), 6), significand: 1)
    }

    /// Times as long as the mean that an epoch takes here, from 1/64 to 64; 1 until enough is known.
    package var slowness: Double { reports < Self.least ? 1 : Self.power(min(max(logarithm, -6), 6)) }

    /// Reports that are remembered. The logarithms of a sweep's configurations spread over about two octaves: the mean of
    /// so many is known to a quarter of one, which is enough to tell octaves apart.
    private static let memory = 64
    /// Reports before it is judged: the mean is known to half an octave.
    private static let least = 16
    /// How far beyond the middle between two octaves a mean has to be to change it, so that it does not go to and fro.
    private static let margin = 0.25

    package init() {}

    /// Takes in an epoch that took so many core seconds, in a sweep whose epochs take `mean`.
    package mutating func note(seconds: Double, mean: Double) {
        let ratio = seconds / mean
        // Null workers report no time at all.
        guard ratio.isNormal, ratio > 0 else { return }
        reports = min(reports + 1, Self.memory)
        logarithm += (Self.binaryLogarithm(ratio) - logarithm) / Double(reports)
        guard reports >= Self.least, (logarithm - Double(octave)).magnitude > 0.5 + Self.margin else { return }
        octave = Int(logarithm.rounded())
    }

    /// log₂ by straight lines between powers of two: off by at most .09.
    private static func binaryLogarithm(_ value: Double) -> Double { Double(value.exponent) + (value.significand - 1) }

    /// What has this logarithm.
    private static func power(_ logarithm: Double) -> Double {
        let whole = logarithm.rounded(.down)
        return Double(sign: .plus, exponent: Int(whole), significand: 1 + (logarithm - whole))
    }
}
