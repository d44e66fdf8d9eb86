/// How the learning rate changes over a run: a factor of the optimizer's rate, times a warm-up.
///
/// Time t is in epochs, with fractions within an epoch where a rule says "at every step".
package struct LearningRateSchedule: Hashable, Sendable {
    package var rule: Rule
    package var warmup: Warmup?

    package init(_ rule: Rule, warmup: Warmup? = nil) {
        self.rule = rule
        self.warmup = warmup
    }

    package static let constant = LearningRateSchedule(.constant)

    /// The rule after the warm-up; T is the run's epochs.
    package enum Rule: Hashable, Sendable {
        case constant
        /// factor ^ ⌊t / every⌋.
        case step(every: Int, factor: Double)
        /// factor ^ (how many of the epochs are ≤ t).
        case milestones([Int], factor: Double)
        /// factor ^ ⌊t⌋.
        case exponential(factor: Double)
        /// final + (1 − final) (1 − t/T)^power at every step.
        case polynomial(power: Double, final: Double)
        /// final + (1 − final) (1 + cos π u) / 2 at every step, u the share of the current period: `period` epochs (nil:
        /// T), each `growth` times as long as the one before. Source: Loshchilov & Hutter, ICLR 2017, eq. 5.
        case cosine(final: Double, period: Int?, growth: Int)
        /// From 1/start up to 1 over `rise` of T, then down to 1/end, both as cosines, at every step; momentum stays.
        ///
        /// Source: Smith & Topin 2019; the form is that of PyTorch's OneCycleLR.
        case oneCycle(rise: Double, start: Double, end: Double)
        /// Times `factor` after `patience` epochs without a better value.
        case plateau(PlateauRule)
        /// Times `factor` whenever the training loss is above that of the epoch before, or of the batch before.
        case rise(RiseRule)
        /// From the optimizer's rate to `to` geometrically over T, at every step. Source: Smith, WACV 2017, §3.3.
        case rangeTest(to: Double)
    }

    /// A rise from `from` to 1, linear at every step.
    package struct Warmup: Hashable, Sendable {
        /// Epochs it takes; 0 where it is counted in steps.
        package var epochs: Int
        /// Steps it takes; 0 where it is counted in epochs.
        package var steps: Int
        package var from: Double

        package init(epochs: Int = 0, steps: Int = 0, from: Double = 0) {
            self.epochs = epochs
            self.steps = steps
            self.from = from
        }
    }

    /// Whether an epoch depends on how many follow it.
    package var usesLength: Bool {
        switch rule {
        case .polynomial, .oneCycle, .rangeTest: true
        case .cosine(_, let period, _): period == nil
        case .constant, .step, .milestones, .exponential, .plateau, .rise: false
        }
    }
}

extension LearningRateSchedule {
    /// The metric that decides on the rate; nil where none does.
    package var watchedMetric: Metric? { if case .plateau(let rule) = rule { rule.metric } else { nil } }
}

/// ReduceLROnPlateau; names and defaults are PyTorch's.
package struct PlateauRule: Hashable, Sendable {
    package var metric: Metric
    package var factor: Double
    package var patience: Int
    /// How much better a value must be to count.
    package var threshold: Double
    /// Whether the threshold is a share of the best value or a difference.
    package var isRelative: Bool
    /// Epochs after a reduction in which nothing is counted.
    package var cooldown: Int
    /// The least learning rate.
    package var minimum: Double
    /// A reduction by less than this is left out.
    package var epsilon: Double

    package init(
        metric: Metric = .validationLoss,
        factor: Double = 0.1,
        patience: Int = 10,
        threshold: Double = 1e-4,
        isRelative: Bool = true,
        cooldown: Int = 0,
        minimum: Double = 0,
        epsilon: Double = 1e-8
    ) {
        self.metric = metric
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.isRelative = isRelative
        self.cooldown = cooldown
        self.minimum = minimum
        self.epsilon = epsilon
    }
}

/// The rule "times 0.1 when the training loss rises after epoch 5".
///
/// On batches it is a trap: a batch's loss rises every other time by chance, so the rate collapses within an epoch.
package struct RiseRule: Hashable, Sendable {
    package var factor: Double
    /// Epochs before the first that counts.
    package var afterEpoch: Int
    /// Whether single batches are compared, not the means of epochs.
    package var onBatches: Bool

    package init(factor: Double = 0.1, afterEpoch: Int = 5, onBatches: Bool = false) {
        self.factor = factor
        self.afterEpoch = afterEpoch
        self.onBatches = onBatches
    }
}

extension LearningRateSchedule {
    static let kinds = [
        "constant", "step", "milestones", "exponential", "polynomial", "cosine", "one_cycle", "plateau", "rise",
        "range_test",
    ]

    /// Reads `learning_rate_schedule` and `warmup` of `train`.
    static func read(_ fields: SpecFields) -> LearningRateSchedule? {
        let rule =
            fields.optional("learning_rate_schedule").map { reader in
                reader.alternatives { reader -> Rule? in
                    guard let (kind, settings) = reader.tagged(kinds) else { return nil }
                    return settings.alternatives { named(kind, $0) }
                }
            } ?? .constant
        let warmup: Warmup?? = fields.optional("warmup").map { $0.alternatives(Warmup.read) }
        guard let rule else { return nil }
        if case .some(.none) = warmup { return nil }
        return LearningRateSchedule(rule, warmup: warmup ?? nil)
    }

    private static func factor(_ fields: SpecFields, _ standard: Double?) -> Double? {
        let reader = standard == nil ? fields.required("factor", "a number from 0 to 1") : fields.optional("factor")
        guard let reader else { return standard }
        return reader.real(in: 0...1, above: true)
    }

    private static func named(_ kind: String, _ settings: SpecReader) -> Rule? {
        switch kind {
        case "step":
            guard let fields = settings.fields(["every", "factor"]) else { return nil }
            let every = fields.required("every", "a number of epochs")?.integer(in: 1...1_000_000)
            let factor = factor(fields, 0.1)
            guard let every, let factor else { return nil }
            return .step(every: every, factor: factor)
        case "milestones":
            guard let fields = settings.fields(["epochs", "factor"]) else { return nil }
            let epochs = fields.required("epochs", "a list of epochs").flatMap { list in
                let epochs = list.items(count: 1...256)?.map { $0.integer(in: 1...1_000_000) }
                return epochs.flatMap { $0.contains(nil) ? nil : $0.compactMap(\.self).sorted() }
            }
            let factor = factor(fields, 0.1)
            guard let epochs, let factor else { return nil }
            return .milestones(epochs, factor: factor)
        case "exponential":
            guard let fields = settings.fields(["factor"]) else { return nil }
            return factor(fields, nil).map { .exponential(factor: $0) }
        case "polynomial":
            guard let fields = settings.fields(["power", "final"]) else { return nil }
            let power = fields.optional("power").map { $0.real(in: 0...100, above: true) } ?? 1
            let final = fields.optional("final").map { $0.real(in: 0...1) } ?? 0
            guard let power, let final else { return nil }
            return .polynomial(power: power, final: final)
        case "cosine":
            guard let fields = settings.fields(["final", "period", "growth"]) else { return nil }
            let final = fields.optional("final").map { $0.real(in: 0...1) } ?? 0
            let period: Int?? = fields.optional("period").map { $0.integer(in: 1...1_000_000) }
            let growth = fields.optional("growth").map { $0.integer(in: 1...100) } ?? 1
            guard let final, let growth else { return nil }
            if case .some(.none) = period { return nil }
            return .cosine(final: final, period: period ?? nil, growth: growth)
        case "one_cycle":
            guard let fields = settings.fields(["rise", "start", "end"]) else { return nil }
            let rise = fields.optional("rise").map { $0.real(in: 0...1, above: true, below: true) } ?? 0.3
            let start = fields.optional("start").map { $0.real(in: 1...1e9) } ?? 25
            let end = fields.optional("end").map { $0.real(in: 1...1e12) } ?? 250_000
            guard let rise, let start, let end else { return nil }
            return .oneCycle(rise: rise, start: start, end: end)
        case "plateau": return PlateauRule.read(settings).map { .plateau($0) }
        case "rise": return RiseRule.read(settings).map { .rise($0) }
        case "range_test":
            guard let fields = settings.fields(["to"]) else { return nil }
            return fields.required("to", "the last learning rate")?.real(in: 0...1e6, above: true)
                .map { .rangeTest(to: $0) }
        default: return settings.fields([]).map { _ in .constant }
        }
    }
}

extension LearningRateSchedule.Warmup {
    fileprivate static func read(_ reader: SpecReader) -> LearningRateSchedule.Warmup? {
        guard let fields = reader.fields(["epochs", "steps", "from"]) else { return nil }
        let epochs = fields.optional("epochs").map { $0.integer(in: 0...1_000_000) } ?? 0
        let steps = fields.optional("steps").map { $0.integer(in: 0...1_000_000_000) } ?? 0
        let from = fields.optional("from").map { $0.real(in: 0...1) } ?? 0
        guard let epochs, let steps, let from else { return nil }
        guard (fields.optional("epochs") == nil) != (fields.optional("steps") == nil) else {
            reader.report("not a length", allowed: "epochs: N or steps: N, one of them")
            return nil
        }
        return LearningRateSchedule.Warmup(epochs: epochs, steps: steps, from: from)
    }
}

extension PlateauRule {
    private enum Mode: String, CaseIterable {
        case relative, absolute
    }

    fileprivate static func read(_ settings: SpecReader) -> PlateauRule? {
        let keys = [
            "metric", "factor", "patience", "threshold", "threshold_mode", "cooldown", "minimum", "epsilon",
        ]
        guard let fields = settings.fields(keys) else { return nil }
        let metric = fields.optional("metric").map { $0.metric() } ?? .validationLoss
        let factor = fields.optional("factor").map { $0.real(in: 0...1, above: true, below: true) } ?? 0.1
        let patience = fields.optional("patience").map { $0.integer(in: 0...1_000_000) } ?? 10
        let threshold = fields.optional("threshold").map { $0.real(in: 0...1e12) } ?? 1e-4
        let mode = fields.optional("threshold_mode").map { $0.word(Mode.self) } ?? .relative
        let cooldown = fields.optional("cooldown").map { $0.integer(in: 0...1_000_000) } ?? 0
        let minimum = fields.optional("minimum").map { $0.real(in: 0...1e6) } ?? 0
        let epsilon = fields.optional("epsilon").map { $0.real(in: 0...1e6) } ?? 1e-8
        guard let metric, let factor, let patience, let threshold, let mode, let cooldown, let minimum, let epsilon
        else { return nil }
        return PlateauRule(
            metric: metric,
            factor: factor,
            patience: patience,
            threshold: threshold,
            isRelative: mode == .relative,
            cooldown: cooldown,
            minimum: minimum,
            epsilon: epsilon
        )
    }
}

extension RiseRule {
    private enum Watched: String, CaseIterable {
        case epoch, batch
    }

    fileprivate static func read(_ settings: SpecReader) -> RiseRule? {
        guard let fields = settings.fields(["factor", "after_epoch", "of"]) else { return nil }
        let factor = fields.optional("factor").map { $0.real(in: 0...1, above: true, below: true) } ?? 0.1
        let after = fields.optional("after_epoch").map { $0.integer(in: 0...1_000_000) } ?? 5
        let watched = fields.optional("of").map { $0.word(Watched.self) } ?? .epoch
        guard let factor, let after, let watched else { return nil }
        return RiseRule(factor: factor, afterEpoch: after, onBatches: watched == .batch)
    }
}
