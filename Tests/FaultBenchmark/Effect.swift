import SweepCore
import SweepNumerics

/// How much worse a faulty run is than its base, over the same seeds.
struct Effect: Sendable {
    /// What was compared.
    enum Scale: Sendable {
        case quality, loss, deception, blur
    }

    let scale: Scale
    /// Means, in that scale, in which more is better.
    let base: Double
    let faulty: Double

    var lost: Double { base - faulty }

    /// Nil: the fault has no effect, so that there is nothing to find.
    ///
    /// Source of the gate: DeepCrime (ISSTA 2021): p < 0.05 and Cohen's d ≥ 0.5. Runs share their seeds, so the test is a paired
    /// one; beside it the loss must be of a size that somebody would mend: 0.02 of quality, or a tenth of the loss.
    init?(base: [RunResult], faulty: [RunResult], judgedBy measure: FaultKind.Measure) {
        func candidate(_ scale: Scale, least: Double) -> Effect? {
            let (a, b) = (base.map { Self.value($0, scale) }, faulty.map { Self.value($0, scale) })
            let (good, bad) = (a.compactMap { $0 }, b.compactMap { $0 })
            guard good.count == base.count, bad.count == faulty.count, good.count == bad.count else { return nil }
            let gains = zip(good, bad).map { $0 - $1 }
            let (first, second) = (Moments(of: good), Moments(of: bad))
            let lost = first.mean - second.mean
            let pooled = ((first.populationVariance + second.populationVariance) / 2).squareRoot()
            guard lost >= least, lost >= 0.5 * pooled, Self.p(gains) < 0.05 else { return nil }
            return Effect(scale: scale, base: first.mean, faulty: second.mean)
        }
        let found: Effect? =
            switch measure {
            case .quality: candidate(.quality, least: 0.02) ?? candidate(.loss, least: 0.1)
            case .deception: candidate(.deception, least: 0.02)
            case .blur: candidate(.blur, least: 0.02)
            }
        guard let found else { return nil }
        self = found
    }

    private init(scale: Scale, base: Double, faulty: Double) {
        self.scale = scale
        self.base = base
        self.faulty = faulty
    }

    /// A result in the scale; more is better. Nil where it has none.
    static func value(_ result: RunResult, _ scale: Scale) -> Double? {
        switch scale {
        case .quality: result.quality
        case .loss: result.loss.map { -$0 }
        case .deception: result.quality - result.validation
        case .blur: -abs(result.quality - result.validation)
        }
    }

    /// Whether a mended run has four fifths of what was lost again.
    func recovers(_ result: RunResult) -> Bool {
        guard let value = Self.value(result, scale) else { return false }
        return value - faulty >= 0.8 * lost
    }

    /// Two-sided p of Student's paired t.
    private static func p(_ gains: [Double]) -> Double {
        let moments = Moments(of: gains)
        guard gains.count > 1, let variance = moments.sampleVariance else { return 1 }
        guard variance > 0 else { return moments.mean == 0 ? 1 : 0 }
        let t = abs(moments.mean) / (variance / Double(gains.count)).squareRoot()
        return max(0, 1 - StudentT.within(t, degrees: gains.count - 1))
    }
}
