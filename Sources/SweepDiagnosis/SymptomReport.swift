package import SweepCore

/// The whole catalogue of symptoms, asked of one run.
package struct SymptomReport: Sendable {
    /// What the run shows, the gravest first; remarks last.
    package let findings: [Finding]
    /// What could not be judged, and why, in the catalogue's order.
    package let notJudged: [(symptom: Symptom, reason: String)]

    /// Whether the loss on training rows has come down to a fifth of guessing.
    private let isNearlyDone: Bool

    /// Whether it has come down to half of it.
    private let hasLearnt: Bool

    /// Asks every detector.
    ///
    /// A steady fall excludes a plateau, and a loss that is not finite is not told of as rising too.
    package init(_ evidence: RunEvidence) {
        var findings: [Symptom: Finding] = [:]
        var unknown: [(Symptom, String)] = []
        for symptom in Symptom.allCases {
            switch Self.judge(symptom, evidence) {
            case .found(let finding): findings[symptom] = finding
            case .unknown(let reason): unknown.append((symptom, reason))
            case .absent: break
            }
        }
        if findings[.slow] != nil { findings[.plateau] = nil }
        if findings[.diverging] != nil { findings[.rising] = nil }
        self.findings = Symptom.allCases.compactMap { findings[$0] }
        isNearlyDone = evidence.series.probe.last.map { $0 < 0.2 * evidence.series.chance } ?? false
        hasLearnt = evidence.series.probe.last.map { $0 < 0.5 * evidence.series.chance } ?? false
        notJudged = unknown.map { (symptom: $0.0, reason: $0.1) }
    }

    /// The finding of a symptom; nil when the run does not show it.
    package subscript(symptom: Symptom) -> Finding? { findings.first { $0.symptom == symptom } }

    /// What asks for an explanation: findings that are more than remarks.
    package var alarms: [Finding] { findings.filter { !$0.symptom.isRemark } }

    /// Alarms that are of the course.
    package var complaints: [Finding] {
        alarms.filter { finding in
            // What goes up and down where little is left does no harm that anybody measured: half of the sound runs of a deep
            // network in the benchmark's tuning half do. Nor does what dropout takes of the training loss of a network that has
            // learnt all the same, or units that it has learnt without.
            finding.symptom.isComplaint
                && !(isNearlyDone && [.oscillating, .spiking, .modesApart].contains(finding.symptom))
                && !(hasLearnt && finding.symptom == .dead)
        }
    }

    private static func judge(_ symptom: Symptom, _ run: RunEvidence) -> Judgement {
        switch symptom {
        case .nonFinite: Judgement(NonFiniteDetector.finding(run.curve))
        case .diverging: Judgement(DivergenceDetector.finding(run.series))
        case .rising: RiseDetector.judge(run)
        case .spiking: SpikeDetector.judge(run)
        case .oscillating: Judgement(OscillationDetector.finding(run.series))
        case .atChance: ChanceDetector.judge(run)
        case .plateau: Judgement(PlateauDetector.finding(run.series))
        case .slow: Judgement(SlowDetector.finding(run.series) ?? SmallStepDetector.finding(run))
        case .rateCollapsed: RateCollapseDetector.judge(run)
        case .stillImproving: StillImprovingDetector.judge(run)
        case .validationRising: Judgement(ValidationRiseDetector.finding(run.series))
        case .gap: GapDetector.judge(run)
        case .tooGood: TooGoodDetector.judge(run)
        case .collapsed: CollapseDetector.judge(run)
        case .discordant: DiscordDetector.judge(run)
        case .modesApart: ModeDetector.judge(run)
        case .initialLoss: InitialLossDetector.judge(run)
        case .vanishing: VanishingDetector.judge(run)
        case .exploding: ExplodingDetector.judge(run)
        case .dead: DeadUnitDetector.judge(run)
        case .saturated: SaturationDetector.judge(run)
        case .activationDrift: ActivationDriftDetector.judge(run)
        case .symmetric: SymmetryDetector.judge(run)
        case .unchanged: UnchangedDetector.judge(run)
        case .penaltyDominant: PenaltyDetector.judge(run)
        case .periodic: PeriodDetector.judge(run)
        case .validationBelow: ValidationBelowDetector.judge(run)
        case .validationNoisy: ValidationNoiseDetector.judge(run)
        case .batchNoise: BatchNoiseDetector.judge(run)
        case .gradientNoise: GradientNoiseDetector.judge(run)
        case .edgeOfStability: EdgeDetector.judge(run)
        }
    }
}

extension Symptom {
    /// Whether it may be a complaint. How a network stands before its first step may explain a course and is no complaint by
    /// itself: every regression whose targets lie off zero begins above guessing, and most of them learn. Nor is a loss that
    /// parts from the accuracy, which a network does that grows surer of its mistakes. (Benchmark, tuning half: without this a
    /// third of the false alarms.)
    var isComplaint: Bool { !isRemark && ![.initialLoss, .activationDrift, .discordant].contains(self) }
}
