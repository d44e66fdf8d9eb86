/// A symptom of a learning curve: a published or measured rule that fired, with its numbers.
package struct Finding: Hashable, Sendable {
    package let symptom: Symptom
    /// The first epoch that shows it; 0: before the first step.
    package let sinceEpoch: Int
    /// The numbers behind it, in one sentence.
    package let evidence: String
    package init(symptom: Symptom, sinceEpoch: Int, evidence: String) {
        self.symptom = symptom
        self.sinceEpoch = sinceEpoch
        self.evidence = evidence
    }
}

/// What a run shows; the identifiers are stable. In this order a report names them, the gravest first.
package enum Symptom: String, CaseIterable, Sendable {
    // A number that is none, a loss that leaves.
    case nonFinite = "S-NONFINITE"
    case diverging = "S-DIVERGE"
    case rising = "S-RISE"
    case spiking = "S-SPIKE"
    case oscillating = "S-OSC"
    // A loss that does not come down.
    case atChance = "S-CHANCE"
    case plateau = "S-PLATEAU"
    case slow = "S-SLOW"
    case rateCollapsed = "S-LRCOLLAPSE"
    case stillImproving = "S-STILLIMPROVING"
    // Training and validation apart.
    case validationRising = "S-VALRISE"
    case gap = "S-GAP"
    case tooGood = "S-TOOGOOD"
    case collapsed = "S-COLLAPSE"
    case discordant = "S-DISCORD"
    case modesApart = "S-MODE"
    // What instruments see in the network.
    case initialLoss = "S-INITLOSS"
    case vanishing = "S-VANISH"
    case exploding = "S-EXPLODE"
    case dead = "S-DEAD"
    case saturated = "S-SATUR"
    case activationDrift = "S-ACTDRIFT"
    case symmetric = "S-SYMM"
    case unchanged = "S-UNCHANGED"
    case penaltyDominant = "S-PENDOM"
    case periodic = "S-PERIOD"
    // Remarks: how far the numbers can be trusted.
    case validationBelow = "S-VALBELOW"
    case validationNoisy = "S-VALNOISY"
    case batchNoise = "S-BATCHNOISE"
    case gradientNoise = "S-NOISE"
    case edgeOfStability = "S-EDGE"

    /// The symptom in two words at most, for tables.
    package var words: String {
        switch self {
        case .nonFinite: "not finite"
        case .diverging: "diverging"
        case .rising: "rising"
        case .spiking: "spikes"
        case .oscillating: "oscillating"
        case .atChance: "at chance"
        case .plateau: "plateau"
        case .slow: "slow"
        case .rateCollapsed: "rate collapsed"
        case .stillImproving: "still improving"
        case .validationRising: "validation rising"
        case .gap: "validation gap"
        case .tooGood: "too good"
        case .collapsed: "one answer"
        case .discordant: "metrics disagree"
        case .modesApart: "modes apart"
        case .initialLoss: "initial loss"
        case .vanishing: "vanishing gradient"
        case .exploding: "exploding gradient"
        case .dead: "dead units"
        case .saturated: "saturated units"
        case .activationDrift: "activation scale"
        case .symmetric: "equal units"
        case .unchanged: "unchanged layer"
        case .penaltyDominant: "penalty dominant"
        case .periodic: "periodic"
        case .validationBelow: "validation below"
        case .validationNoisy: "few rows"
        case .batchNoise: "noisy batches"
        case .gradientNoise: "gradient noise"
        case .edgeOfStability: "stability edge"
        }
    }

    /// Whether it says something about the measurement or the course alone, which healthy runs show too: never a reason to
    /// call a run faulty.
    package var isRemark: Bool {
        switch self {
        case .validationBelow, .validationNoisy, .batchNoise, .gradientNoise, .edgeOfStability, .stillImproving, .gap:
            true
        default: false
        }
    }
}
