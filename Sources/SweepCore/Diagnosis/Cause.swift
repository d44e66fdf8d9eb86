/// Why a run may show what it shows; the identifiers are stable.
package enum Cause: String, CaseIterable, Sendable {
    case rateTooHigh = "K-LRHI"
    case noDecay = "K-NODECAY"
    case rateTooLow = "K-LRLO"
    case rateCollapse = "K-LRCOLLAPSE"
    case smallBatch = "K-SMALLB"
    case bigBatch = "K-BIGB"
    case featureScale = "K-SCALE"
    case targetScale = "K-YSCALE"
    case outliers = "K-OUTLIER"
    case labelNoise = "K-LABELNOISE"
    case noSignal = "K-NOSIGNAL"
    case imbalance = "K-IMBAL"
    case smallData = "K-SMALLDATA"
    case overCapacity = "K-OVERCAP"
    case underRegularised = "K-UNDERREG"
    case overTraining = "K-OVERTRAIN"
    case noAugmentation = "K-NOAUG"
    case badAugmentation = "K-BADAUG"
    case overRegularised = "K-OVERREG"
    case underCapacity = "K-UNDERCAP"
    case activation = "K-ACT"
    case outputHead = "K-OUTHEAD"
    case lossFunction = "K-LOSSFN"
    case initialisation = "K-INIT"
    case vanishing = "K-VANISH"
    case exploding = "K-EXPLODE"
    case deadUnits = "K-DEAD"
    case optimizer = "K-OPT"
    case optimizerSettings = "K-OPTHP"
    case tooFewEpochs = "K-EPOCHS"
    case leak = "K-LEAK"
    case notShuffled = "K-SHUFFLE"
    case smallValidation = "K-VALSMALL"
    case seed = "K-SEED"
    case missingValues = "K-MISSING"
    case preprocessing = "K-PREP"
    case bug = "K-BUG"

    /// The cause in a few words.
    package var words: String {
        switch self {
        case .rateTooHigh: "learning rate too high"
        case .noDecay: "no decay of the learning rate"
        case .rateTooLow: "learning rate too low"
        case .rateCollapse: "learning rate cut by noise"
        case .smallBatch: "batch too small"
        case .bigBatch: "batch too large: too few steps"
        case .featureScale: "features of unequal or large scale"
        case .targetScale: "target's scale"
        case .outliers: "outliers"
        case .labelNoise: "wrong labels"
        case .noSignal: "inputs do not predict the target"
        case .imbalance: "class imbalance"
        case .smallData: "too few rows"
        case .overCapacity: "model too large for the rows"
        case .underRegularised: "too little regularisation"
        case .overTraining: "trained past the best epoch"
        case .noAugmentation: "no augmentation"
        case .badAugmentation: "augmentation that destroys labels"
        case .overRegularised: "too strong a penalty, dropout or bound"
        case .underCapacity: "model too small"
        case .activation: "hidden activations"
        case .outputHead: "output cannot reach the targets"
        case .lossFunction: "loss does not fit the task"
        case .initialisation: "initial weights"
        case .vanishing: "vanishing gradient"
        case .exploding: "exploding gradient"
        case .deadUnits: "dead units"
        case .optimizer: "optimizer"
        case .optimizerSettings: "optimizer's settings"
        case .tooFewEpochs: "too few epochs"
        case .leak: "leak from validation or target"
        case .notShuffled: "rows not shuffled"
        case .smallValidation: "too few validation rows"
        case .seed: "an unlucky seed"
        case .missingValues: "missing values taken for numbers"
        case .preprocessing: "preprocessing"
        case .bug: "a bug"
        }
    }
}

/// A cause that may explain a run, with what speaks for it.
package struct CauseFinding: Hashable, Sendable {
    package let cause: Cause
    /// That this cause is at work, given the evidence; causes may be at work together, so they need not sum to one.
    package let probability: Double
    /// Whether a controlled experiment confirmed it.
    package let isConfirmed: Bool
    /// What speaks for and against it, strongest first.
    package let evidence: [String]
    /// What shows the same at first sight, and how the two are told apart.
    package let neighbours: [Neighbour]
    package let remedy: Remedy

    package init(
        cause: Cause,
        probability: Double,
        isConfirmed: Bool = false,
        evidence: [String],
        neighbours: [Neighbour],
        remedy: Remedy
    ) {
        self.cause = cause
        self.probability = probability
        self.isConfirmed = isConfirmed
        self.evidence = evidence
        self.neighbours = neighbours
        self.remedy = remedy
    }

    /// A cause that looks alike.
    package struct Neighbour: Hashable, Sendable {
        package let cause: Cause
        /// The experiment that tells them apart.
        package let experiment: String

        package init(_ cause: Cause, _ experiment: String) {
            self.cause = cause
            self.experiment = experiment
        }
    }

    /// What to change.
    package struct Remedy: Hashable, Sendable {
        /// What `--set` takes, where one change of the sweep file does it; else empty.
        package let change: [String]
        package let text: String

        package init(_ change: [String], _ text: String) {
            self.change = change
            self.text = text
        }

        /// What no single value of the sweep file does.
        package init(_ text: String) { self.init([], text) }
    }
}
