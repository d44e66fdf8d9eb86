package import SweepCore

/// One change of a run that an experiment can try.
///
/// Each is one factor: where two must change together, the experiment pairs two interventions.
package struct Intervention: Hashable, Sendable {
    /// What tables call it, as in `learning rate / 10`.
    package let name: String
    /// The causes that it would cure, for each change that is made at once those that the one would.
    package let parts: [[Cause]]
    /// How much it changes.
    package let size: Size
    /// What it changes in the run.
    package let changes: [Arm.Change]

    /// How large a change is: among equal cures, the smallest is recommended.
    ///
    /// Source: the order of repair costs in Humbatova et al., EMSE 2025, with regularisers put before the data.
    package enum Size: Int, Comparable, Hashable, Sendable {
        case hyperparameter, regulariser, preprocessing, loss, architecture, data
        package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    package init(_ name: String, _ causes: [Cause], _ size: Size, _ changes: [Arm.Change]) {
        self.init(name, parts: [causes], size, changes)
    }

    private init(_ name: String, parts: [[Cause]], _ size: Size, _ changes: [Arm.Change]) {
        self.name = name
        self.parts = parts
        self.size = size
        self.changes = changes
    }

    /// The causes that it would cure.
    package var causes: [Cause] { parts.flatMap { $0 } }

    /// The causes that are confirmed when it cures: for each change the one that was suspected most.
    ///
    /// One change may answer several causes, as batch norm does to gradients that vanish and to weights that begin badly: that
    /// it cures does not tell which of them it was. `suspects` are in their order, the most likely first.
    package func confirmed(suspects: [Cause]) -> [Cause] {
        var found: [Cause] = []
        for part in parts {
            guard let cause = suspects.first(where: { part.contains($0) }) ?? part.first, !found.contains(cause) else {
                continue
            }
            found.append(cause)
        }
        return found
    }

    /// This change, said to cure `other` too wherever it is said to cure `cause`.
    func answering(_ other: Cause, beside cause: Cause) -> Intervention {
        let parts = parts.map { $0.contains(cause) && !$0.contains(other) ? $0 + [other] : $0 }
        return Intervention(name, parts: parts, size, changes)
    }

    /// This and another change at once.
    package func joined(with other: Intervention) -> Intervention {
        Intervention(
            "\(name) + \(other.name)",
            parts: parts + other.parts,
            max(size, other.size),
            changes + other.changes
        )
    }
}

/// Every intervention that makes sense for one run, in the order in which they are worth trying.
package struct InterventionCatalogue {
    let template: SpecNode
    private let training: SpecNode
    let spec: TrialSpec
    private let schema: DataSchema
    private let testedRate: Double?

    /// The catalogue for the run of `template` (a resolved one, with `train` and perhaps `data`) on data of `schema`; nil
    /// when the template cannot be read. `testedRate` is the learning rate that a range test of the run tells.
    package init?(template: SpecNode, schema: DataSchema, testedRate: Double? = nil) {
        guard let training = template["train"], let spec = TrialSpec.read(template, problems: SpecProblems()) else {
            return nil
        }
        self.template = template
        self.training = training
        self.spec = spec
        self.schema = schema
        self.testedRate = testedRate
    }

    /// Those whose run differs from the given one and can be trained on this data.
    package var all: [Intervention] {
        let candidates: [[Intervention?]] = [
            [tested], rates, [schedule], batches, [clipping], preprocessing, [targets, loss, weights, start],
            activations,
            penalties, widths, [classes], augmentation, optimizers,
        ]
        return candidates.flatMap { $0 }.compactMap { $0 }.filter(works)
    }

    /// Whether the changed run can be trained, and is another one.
    private func works(_ intervention: Intervention) -> Bool {
        let arm = Arm(name: intervention.name, changes: intervention.changes)
        guard let node = arm.applied(to: template), node != template else { return false }
        let problems = SpecProblems()
        guard let changed = TrialSpec.read(node, problems: problems), problems.all.isEmpty else { return false }
        return changed != spec && changed.problems(on: schema).isEmpty
    }

    // MARK: How weights change

    private var optimizer: OptimizerSpec { spec.training.optimizer }

    private func rate(_ rate: Double, _ words: String, _ causes: [Cause]) -> Intervention? {
        guard case .map(let kinds)? = training["optimizer"], kinds.count == 1 else { return nil }
        let path = ["train", "optimizer", kinds[0].key, "learning_rate"]
        return Intervention("learning rate \(words)", causes, .hyperparameter, [.init(path: path, value: .real(rate))])
    }

    /// The doses of the rate that are tried of any run.
    private static let doses: [(factor: Double, words: String, cause: Cause)] = [
        (0.1, "/ 10", .rateTooHigh), (1.0 / 3, "/ 3", .rateTooHigh), (10, "× 10", .rateTooLow), (3, "× 3", .rateTooLow),
    ]

    private var rates: [Intervention?] {
        Self.doses.map { rate(Decimal.rounded(optimizer.learningRate * $0.factor), $0.words, [$0.cause]) }
    }

    /// The rate of the range test; nil where one of the doses, or the run itself, is within a fourth of it and tells as much.
    package var tested: Intervention? {
        guard let testedRate else { return nil }
        let own = optimizer.learningRate
        let near = ([1] + Self.doses.map(\.factor)).contains { (0.8...1.25).contains(testedRate / (own * $0)) }
        guard !near else { return nil }
        let cause: Cause = testedRate < own ? .rateTooHigh : .rateTooLow
        return rate(Decimal.rounded(testedRate), "\(EvidenceText.number(testedRate)) (range test)", [cause])
    }

    private var schedule: Intervention? {
        let path = ["train", "learning_rate_schedule"]
        guard spec.training.schedule == .constant else {
            return Intervention(
                "constant learning rate",
                [.rateCollapse],
                .hyperparameter,
                [.init(path: path, value: .null), .init(path: ["train", "warmup"], value: .null)]
            )
        }
        return Intervention("decay to zero", [.noDecay], .hyperparameter, [.init(path: path, value: .text("cosine"))])
    }

    private var batches: [Intervention?] {
        let batch = spec.training.batchSize
        func sized(_ size: Int, _ words: String, _ causes: [Cause]) -> Intervention {
            let path = ["train", "batch_size"]
            return Intervention(words, causes, .hyperparameter, [.init(path: path, value: .integer(size))])
        }
        let most = schema.trainingRows
        return [
            // 16: the factor of the √k test; the noise of a gradient falls by 4, a rate that is too high hardly helps.
            batch < most
                ? sized(min(batch * 16, most), "batch × \(min(batch * 16, most) / batch)", [.smallBatch]) : nil,
            batch > 1 ? sized(max(1, batch / 8), "batch / \(batch / max(1, batch / 8))", [.bigBatch]) : nil,
        ]
    }

    private var clipping: Intervention? {
        guard spec.training.clipNorm == nil, spec.training.clipValue == nil else { return nil }
        let clip = SpecNode.map([SpecEntry("norm", .real(1))])
        return Intervention(
            "clip at norm 1",
            [.exploding],
            .hyperparameter,
            [.init(path: ["train", "clip"], value: clip)]
        )
    }

    private var optimizers: [Intervention?] {
        func replaced(_ words: String, _ kind: String, _ settings: [SpecEntry], _ causes: [Cause]) -> Intervention {
            let node = SpecNode.map([SpecEntry(kind, .map(settings))])
            return Intervention(words, causes, .hyperparameter, [.init(path: ["train", "optimizer"], value: node)])
        }
        // Each brings the rate that it is known for: the same number means another step in another rule.
        let other =
            if case .adam = optimizer.rule {
                replaced(
                    "sgd, rate 0.05, momentum 0.9",
                    "sgd",
                    [SpecEntry("learning_rate", .real(0.05)), SpecEntry("momentum", .real(0.9))],
                    [.optimizer]
                )
            } else {
                replaced("adam, rate 0.001", "adam", [SpecEntry("learning_rate", .real(0.001))], [.optimizer])
            }
        return [plainSettings, other]
    }

    /// The optimizer with its usual settings and the same rate.
    private var plainSettings: Intervention? {
        guard case .map(let kinds)? = training["optimizer"], kinds.count == 1 else { return nil }
        let kind = kinds[0].key
        var settings = [SpecEntry("learning_rate", .real(optimizer.learningRate))]
        if case .sgd(let momentum, _, _) = optimizer.rule, momentum > 0.95 {
            settings.append(SpecEntry("momentum", .real(0.9)))
        } else if case .sgd = optimizer.rule {
            return nil
        }
        if optimizer.decay > 0, kind != "adamw" { settings.append(SpecEntry("weight_decay", .real(optimizer.decay))) }
        let node = SpecNode.map([SpecEntry(kind, .map(settings))])
        return Intervention(
            "\(kind)'s usual settings",
            [.optimizerSettings],
            .hyperparameter,
            [.init(path: ["train", "optimizer"], value: node)]
        )
    }

    // MARK: What is trained on

    private var steps: [SpecNode] {
        if case .list(let steps)? = template["data"]?["preprocess"] { steps } else { [] }
    }

    private func preprocessed(_ words: String, _ causes: [Cause], _ steps: [SpecNode]) -> Intervention {
        Intervention(words, causes, .preprocessing, [.init(path: ["data", "preprocess"], value: .list(steps))])
    }

    private var preprocessing: [Intervention?] {
        let scaled = spec.preprocess.contains { step in
            switch step {
            case .standardize, .minmax, .robust, .power, .normalize: true
            case .scale: schema.image != nil
            case .imputing, .winsorize, .log1p: false
            }
        }
        let bounded = spec.preprocess.contains { step in
            if case .winsorize = step { true } else { step == .robust }
        }
        if schema.image != nil {
            return [scaled ? nil : preprocessed("channels normalised", [.featureScale], steps + [.text("normalize")])]
        }
        let winsorize = SpecNode.map([SpecEntry("winsorize", .map([SpecEntry("mads", .real(5))]))])
        // Bounds come first: a scale that is fitted with the outlier in is the outlier's.
        let first = steps.prefix { node in
            if case .map(let entries) = node { entries.first?.key == "impute" } else { node == .text("impute") }
        }
        return [
            scaled ? nil : preprocessed("features standardised", [.featureScale], steps + [.text("standardize")]),
            bounded
                ? nil
                : preprocessed(
                    "outliers bounded",
                    [.outliers],
                    first + [winsorize] + steps.dropFirst(first.count) + (scaled ? [] : [.text("standardize")])
                ),
        ]
    }

    private var targets: Intervention? {
        guard schema.task.kind == .regression, spec.targetScale == .none else { return nil }
        let path = ["data", "target_scale"]
        return Intervention(
            "target standardised",
            [.targetScale],
            .preprocessing,
            [.init(path: path, value: .text("standardize"))]
        )
    }

    private var augmentation: [Intervention?] {
        let path = ["data", "augment"]
        if !spec.training.augment.isEmpty {
            return [Intervention("no augmentation", [.badAugmentation], .data, [.init(path: path, value: .null)])]
        }
        guard let image = schema.image, min(image.height, image.width) >= 16 else { return [] }
        let shift = SpecNode.map([
            SpecEntry("shift", .map([SpecEntry("height", .real(0.1)), SpecEntry("width", .real(0.1))]))
        ])
        let light = ["brightness", "contrast"].map {
            SpecNode.map([SpecEntry($0, .map([SpecEntry("amount", .real(0.3))]))])
        }
        return [
            Intervention("shifts by a tenth", [.noAugmentation], .data, [.init(path: path, value: .list([shift]))]),
            Intervention("varied light", [.noAugmentation], .data, [.init(path: path, value: .list(light))]),
        ]
    }

    private var classes: Intervention? {
        guard case .classification(_, let counts) = schema.task, spec.training.sampling == .none,
            let most = counts.max(), let least = counts.filter({ $0 > 0 }).min(), most > 2 * least
        else { return nil }
        return Intervention(
            "rare classes oversampled",
            [.imbalance],
            .data,
            [.init(path: ["train", "sampling"], value: .text("oversample"))]
        )
    }

    // MARK: What is minimised

    private var loss: Intervention? {
        let path = ["train", "loss"]
        if spec.training.loss != nil {
            return Intervention("the task's usual loss", [.lossFunction], .loss, [.init(path: path, value: .null)])
        }
        guard schema.task.kind == .regression else { return nil }
        return Intervention("huber loss", [.outliers], .loss, [.init(path: path, value: .text("huber"))])
    }

    private var penalties: [Intervention?] {
        let training = spec.training
        var removed: [Arm.Change] = []
        for (key, amount) in [("l1", training.l1), ("l2", training.l2)] where amount > 0 {
            removed.append(.init(path: ["train", key], value: .real(0)))
        }
        if training.maxNorm != nil { removed.append(.init(path: ["train", "max_norm"], value: .null)) }
        if optimizer.decay > 0, case .map(let kinds)? = self.training["optimizer"], kinds.count == 1 {
            removed.append(.init(path: ["train", "optimizer", kinds[0].key, "weight_decay"], value: .real(0)))
        }
        if let path = architecture, hasDropout { removed.append(.init(path: path + ["dropout"], value: .real(0))) }
        let strong =
            removed.isEmpty ? nil : Intervention("no penalties, no dropout", [.overRegularised], .regulariser, removed)
        let decay =
            training.l2 < 1e-3
            ? Intervention(
                "l2 0.001",
                [.underRegularised],
                .regulariser,
                [.init(path: ["train", "l2"], value: .real(1e-3))]
            ) : nil
        let dropout = architecture.flatMap { path in
            hasDropout
                ? nil
                : Intervention(
                    "dropout 0.25",
                    [.underRegularised],
                    .regulariser,
                    [.init(path: path + ["dropout"], value: .real(0.25))]
                )
        }
        return [strong, decay, dropout]
    }

    // MARK: The network

    /// The path of the settings of an `mlp` or a `cnn`; nil for listed layers and linear models.
    private var architecture: [String]? {
        guard case .map(let kinds)? = training["model"], kinds.count == 1, ["mlp", "cnn"].contains(kinds[0].key)
        else { return nil }
        return ["train", "model", kinds[0].key]
    }

    private func setting(_ key: String) -> SpecNode? {
        architecture.flatMap { training["model"]?[$0[2]]?[key] }
    }

    private var hasDropout: Bool {
        switch setting("dropout") {
        case .real(let share)?: share > 0
        case .integer(let share)?: share > 0
        default: false
        }
    }

    private var weights: Intervention? {
        guard spec.training.initializer != .he else { return nil }
        return Intervention(
            "he weights",
            [.initialisation],
            .architecture,
            [.init(path: ["train", "initializer"], value: .text("he"))]
        )
    }

    /// The rate raised over the first epochs: what a network that is thrown off by its first steps needs.
    private var start: Intervention? {
        guard spec.training.schedule.warmup == nil, spec.training.epochs >= 4 else { return nil }
        let warmup = SpecNode.map([SpecEntry("epochs", .integer(max(1, spec.training.epochs / 10)))])
        return Intervention(
            "warm-up",
            [.initialisation, .noDecay],
            .hyperparameter,
            [.init(path: ["train", "warmup"], value: warmup)]
        )
    }

    private var activations: [Intervention?] {
        guard let architecture else { return [] }
        let own = setting("activation")
        let relu = own == nil || own == .text("relu")
        let other = relu ? "leaky_relu" : "relu"
        let normed = setting("norm").map { $0 != .text("none") } ?? false
        return [
            Intervention(
                other == "relu" ? "relu" : "leaky relu",
                [.activation, relu ? .deadUnits : .vanishing],
                .architecture,
                [.init(path: architecture + ["activation"], value: .text(other))]
            ),
            normed
                ? nil
                : Intervention(
                    "batch norm",
                    [.vanishing, .initialisation],
                    .architecture,
                    [.init(path: architecture + ["norm"], value: .text("batch"))]
                ),
        ]
    }

    private var widths: [Intervention?] {
        guard let architecture else { return [] }
        let key = ["width", "widths", "channels"].first { setting($0) != nil }
        guard let key, let node = setting(key) else { return [] }
        func scaled(_ by: (Int) -> Int) -> SpecNode? {
            switch node {
            case .integer(let width): return .integer(by(width))
            case .list(let items):
                let widths: [SpecNode] = items.compactMap {
                    if case .integer(let width) = $0 { .integer(by(width)) } else { nil }
                }
                return widths.count == items.count ? .list(widths) : nil
            default: return nil
            }
        }
        let wide = scaled { min($0 * 4, 4096) }.map {
            Intervention("width × 4", [.underCapacity], .architecture, [.init(path: architecture + [key], value: $0)])
        }
        let narrow = scaled { max(1, $0 / 4) }.map {
            Intervention("width / 4", [.overCapacity], .architecture, [.init(path: architecture + [key], value: $0)])
        }
        return [wide, narrow]
    }
}

/// Rates as people write them.
private enum Decimal {
    /// `value` to three significant digits.
    static func rounded(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return value }
        var scale = 1.0
        while value * scale < 100 { scale *= 10 }
        while value * scale >= 1000 { scale /= 10 }
        return (value * scale).rounded() / scale
    }
}
