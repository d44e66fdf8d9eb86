/// How trials are stopped early: `prune` of the sweep file.
package struct PruneSpec: Hashable, Sendable {
    package var method: Method
    /// η: one of η trials goes on from each rung.
    package var reductionFactor: Int
    /// Epochs of the first rung; nil: a tenth of the epochs, at least one.
    package var firstRung: Int?
    /// The share of all epochs that `extrapolate` spends, above 0 to 1; nil: `defaultBudget`.
    package var budget: Double?
    /// How many of 100 trials go on, by the percentile rule.
    package var percentile = 25.0
    /// Complete trials before the median or the percentile rule stops any.
    package var startupTrials = 5
    /// Epochs of each trial without a check, and from check to check.
    package var warmupEpochs = 0
    package var interval = 1
    /// Epochs without a gain of more than `minimumDelta` that stop a trial.
    package var patience: Int?
    package var minimumDelta = 0.0
    /// Values of the objective's metric that stop a trial when they are passed.
    package var above: Double?
    package var below: Double?
    /// Whether trials that cannot recover, though their losses are numbers, are stopped: beside every method.
    package var stopsHopeless = false
    /// How many objectives trials are compared by: those of the sweep.
    package var objectives = 1

    /// Which trials go on.
    package enum Method: String, CaseIterable, Sendable {
        /// What its settings are of. Without any: in a file that is handed in, what a rule picks by the search; in a sweep that is
        /// kept, `asha`, as every sweep of before there was that rule.
        case auto
        case extrapolate, asha
        case stoppingASHA = "stopping_asha"
        case halving, hyperband, pasha, median, percentile, patience, threshold
        case none

        /// Whether it compares trials by several objectives, or not at all: `threshold` bounds the first.
        package var weighsObjectives: Bool {
            switch self {
            case .auto, .asha, .halving, .hyperband, .threshold, .none: true
            case .extrapolate, .stoppingASHA, .pasha, .median, .percentile, .patience: false
            }
        }
    }

    package init(method: Method = .auto, reductionFactor: Int = 3, firstRung: Int? = nil) {
        self.method = method
        self.reductionFactor = reductionFactor
        self.firstRung = firstRung
    }

    /// What `extrapolate` spends unless told: what promotion ASHA with rungs 1, 3, 9, 27 of 50 epochs does.
    package static let defaultBudget = 0.11

    /// How a kept sweep says that `auto` picked `extrapolate`, with the share that this version gives it.
    ///
    /// To a reader of a file, and to versions from before there was a rule, it means the same.
    package static let pickedExtrapolation = SpecNode.map([
        SpecEntry("method", .text(Method.auto.rawValue)), SpecEntry("budget", .real(defaultBudget)),
    ])

    /// Whether `prune` of a kept sweep file says that, with or without hopeless trials stopped.
    package static func isPicked(_ prune: SpecNode?) -> Bool { prune?.without(hopelessKey) == pickedExtrapolation }

    /// The method, with `auto` replaced by what it stands for in a sweep that is kept.
    package var resolvedMethod: Method {
        guard method == .auto else { return method }
        return budget == nil ? .asha : .extrapolate
    }
}

extension PruneSpec.Method {
    /// The keys of the sweep file that go with it.
    package var keys: [String] { ownKeys + [PruneSpec.hopelessKey] }

    private var ownKeys: [String] {
        switch self {
        case .auto: ["budget", "reduction_factor", "first_rung"]
        case .extrapolate: ["budget"]
        case .asha, .stoppingASHA, .halving, .hyperband, .pasha: ["reduction_factor", "first_rung"]
        case .median: ["startup_trials", "warmup_epochs", "interval"]
        case .percentile: ["percentile", "startup_trials", "warmup_epochs", "interval"]
        case .patience: ["patience", "min_delta", "warmup_epochs", "interval"]
        case .threshold: ["above", "below", "warmup_epochs", "interval"]
        case .none: []
        }
    }
}

extension PruneSpec {
    /// Every key of the map, in the order of the documentation.
    private static let keys = [
        "method", "budget", "reduction_factor", "first_rung", "percentile", "patience", "min_delta", "above", "below",
        "startup_trials", "warmup_epochs", "interval", hopelessKey,
    ]

    /// The one key that goes with every method.
    package static let hopelessKey = "stop_hopeless"

    /// Reads `prune`; a word alone is its method.
    package static func read(_ reader: SpecReader, epochs: Int?) -> PruneSpec? {
        if case .text = reader.node {
            guard let method = reader.word(Method.self) else { return nil }
            return complete(PruneSpec(method: method), reader)
        }
        guard let fields = reader.fields(keys) else { return nil }
        guard let method = fields.optional("method").map({ $0.word(Method.self) }) ?? .auto else { return nil }
        var spec = PruneSpec(method: method)
        var isRight = true
        func take<Value>(_ key: String, _ read: (SpecReader) -> Value?, _ set: (Value) -> Void) {
            guard let value = fields.optional(key) else { return }
            guard method.keys.contains(key) else {
                value.report("not a setting of \(method.rawValue)", allowed: SpecReader.oneOf(method.keys))
                isRight = false
                return
            }
            if let value = read(value) { set(value) } else { isRight = false }
        }
        let most = epochs ?? 1_000_000
        take("budget", { $0.real(in: 0...1, above: true) }, { spec.budget = $0 })
        take("reduction_factor", { $0.integer(in: 2...100) }, { spec.reductionFactor = $0 })
        take("first_rung", { $0.epochs(in: 1...most) }, { spec.firstRung = $0 })
        take("percentile", { $0.real(in: 0...100, above: true) }, { spec.percentile = $0 })
        take("patience", { $0.integer(in: 1...most) }, { spec.patience = $0 })
        take("min_delta", { $0.real(in: 0...1e300) }, { spec.minimumDelta = $0 })
        take("above", { $0.real(in: -1e300...1e300) }, { spec.above = $0 })
        take("below", { $0.real(in: -1e300...1e300) }, { spec.below = $0 })
        take("startup_trials", { $0.integer(in: 1...1_000_000) }, { spec.startupTrials = $0 })
        take("warmup_epochs", { $0.epochs(in: 0...most) }, { spec.warmupEpochs = $0 })
        take("interval", { $0.integer(in: 1...most) }, { spec.interval = $0 })
        take(Self.hopelessKey, { $0.boolean() }, { spec.stopsHopeless = $0 })
        return isRight ? complete(spec, reader) : nil
    }

    /// The spec when nothing that its method needs is missing; else it is reported.
    private static func complete(_ spec: PruneSpec, _ reader: SpecReader) -> PruneSpec? {
        func missing(_ key: String, _ what: String) -> PruneSpec? {
            SpecReader(.null, path: reader.path.appending(.key(key)), problems: reader.problems).reportMissing(what)
            return nil
        }
        switch spec.method {
        case .auto where spec.budget != nil && (spec.reductionFactor != 3 || spec.firstRung != nil):
            reader.report(
                "settings of two methods",
                allowed: "budget (extrapolate), or reduction_factor and first_rung (asha)"
            )
            return nil
        case .patience where spec.patience == nil:
            return missing("patience", "the epochs without a gain that stop a trial")
        case .threshold where spec.above == nil && spec.below == nil:
            return missing("above", "above, below or both: values that stop a trial")
        case .threshold:
            guard let above = spec.above, let below = spec.below, above < below else { return spec }
            reader.report("above lies below below: every value would stop a trial", allowed: "below less than above")
            return nil
        default: return spec
        }
    }
}

extension SpecReader {
    /// A number of epochs, or a share of all of them, above 0 and below 1: the nearest number.
    ///
    /// `range` is what is allowed, up to all of them.
    fileprivate func epochs(in range: ClosedRange<Int>) -> Int? {
        switch node {
        case .real(let share) where 0 < share && share < 1:
            return max(range.lowerBound, Int((share * Double(range.upperBound)).rounded()))
        case .integer(let epochs) where range.contains(epochs): return epochs
        case .real(let epochs) where Int(exactly: epochs).map({ range.contains($0) }) == true: return Int(epochs)
        default:
            refuse(
                "an integer from \(range.lowerBound) to \(range.upperBound), or a share of the epochs above 0 and below 1"
            )
            return nil
        }
    }
}
