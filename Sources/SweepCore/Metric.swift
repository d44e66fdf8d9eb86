/// A number measured at the end of each epoch.
package enum Metric: Hashable, Sendable {
    /// Mean of the step losses of the epoch, measured while the weights change and dropout is on; without penalties.
    case trainingLoss
    /// Loss on fixed training rows in evaluation mode: what symptoms are read from.
    case probeLoss
    case validationLoss
    /// Share of validation rows whose largest output is their class.
    case validationAccuracy
    /// Mean of the classes' recalls, over the classes that validation rows have.
    case validationBalancedAccuracy
    /// Mean of the classes' F1 scores, over the classes that validation rows have or are predicted to be of.
    case validationF1
    /// Area under the ROC curve: of two classes the second one's, else the mean of each class against the rest; NaN where a
    /// class has all validation rows or none.
    case validationAUC
    /// Share of validation rows whose class is among so many largest outputs: 2 to `greatestTop`.
    case validationTopAccuracy(Int)
    /// Share of the validation rows of the class with this label whose largest output is their class; NaN without such rows.
    case validationRecall(String)
    /// 1 - loss / variance on validation rows.
    case validationR2
    /// Mean absolute error on validation rows, in the target's unit.
    case validationMAE
    /// Loss on test rows. Nothing is chosen by the metrics of test rows: they say what the choice is worth.
    case testLoss
    /// As the metrics of validation rows, on test rows.
    case testAccuracy, testBalancedAccuracy, testF1, testAUC, testR2, testMAE
    /// The penalty terms of the weights at the end of the epoch, which the losses leave out.
    case trainingPenalty
    /// The learning rate at the end of the epoch.
    case learningRate
    /// Euclidean norm of the last step's gradient over all weights and biases, penalty included.
    case gradientNorm
    /// Euclidean norm of all weights and biases at the end of the epoch.
    case weightNorm
    /// Euclidean norm of the last step's change of the weights and biases over their norm.
    case updateRatio
    /// Share of the epoch's steps whose gradient was clipped; 0 without clipping.
    case clipShare
    /// What a program that is a trial reports under a name of its own; see `isName`.
    case custom(String)

    /// Every metric that training here measures and may choose by, but the recalls, which are as many as there are classes.
    package static let fixed: [Metric] =
        [
            .trainingLoss, .probeLoss, .validationLoss, .validationAccuracy, .validationBalancedAccuracy, .validationF1,
            .validationAUC, .validationTopAccuracy(usualTop), .validationR2, .validationMAE,
        ] + endings

    /// What is measured on test rows, where there are some.
    package static let ofTestRows: [Metric] = [
        .testLoss, .testAccuracy, .testBalancedAccuracy, .testF1, .testAUC, .testR2, .testMAE,
    ]

    /// What every trial reports after its losses and scores.
    private static let endings: [Metric] = [
        .trainingPenalty, .learningRate, .gradientNorm, .weightNorm, .updateRatio, .clipShare,
    ]

    /// Classes beyond which recalls are not reported: they would be the greater part of every curve.
    package static let recallClasses = 20
    /// Bytes of a class's label beyond which its recall is not reported: the name must fit a message.
    package static let recallLabelBytes = 128
    /// How many of the largest outputs are looked at unless a sweep asks for another number; as the class must be able not to be
    /// among them, where there are more classes.
    package static let usualTop = 5
    /// The most of the largest outputs that can be asked for.
    package static let greatestTop = 9999

    /// The metrics a trial on data of this schema reports, in the order of an observation's values.
    ///
    /// Of the metrics in `also`, those are added that count among a number of largest outputs, where there are more classes.
    package static func reported(for schema: DataSchema, also: [Metric] = []) -> [Metric] {
        let losses: [Metric] = [.trainingLoss, .probeLoss, .validationLoss]
        let tests = schema.testRows > 0 ? tests(for: schema.task.kind) : []
        switch schema.task {
        case .classification(let classes, _):
            var scores: [Metric] = [.validationAccuracy, .validationBalancedAccuracy, .validationF1, .validationAUC]
            let tops = Set([usualTop] + also.compactMap(\.top)).filter { $0 < classes.count }
            scores += tops.sorted().map { .validationTopAccuracy($0) }
            return losses + scores + recalls(of: classes) + tests + endings
        case .regression: return losses + [.validationR2, .validationMAE] + tests + endings
        }
    }

    /// Among how many of the largest outputs it counts; nil for all other metrics.
    package var top: Int? { if case .validationTopAccuracy(let top) = self { top } else { nil } }

    private static func tests(for task: TaskKind) -> [Metric] {
        switch task {
        case .classification: [.testLoss, .testAccuracy, .testBalancedAccuracy, .testF1, .testAUC]
        case .regression: [.testLoss, .testR2, .testMAE]
        }
    }

    /// Whether it is measured on test rows, so that nothing may be chosen by it.
    package var isOfTestRows: Bool { Self.ofTestRows.contains(self) }

    /// The recalls that are reported for these classes, in their order; none for more than `recallClasses`.
    package static func recalls(of classes: [String]) -> [Metric] {
        guard classes.count <= recallClasses else { return [] }
        return classes.filter { (1...recallLabelBytes).contains($0.utf8.count) }.map { .validationRecall($0) }
    }

    /// What trials of a sweep report that was submitted before sweeps kept their list of metrics.
    package static func reportedAtFirst(for task: TaskKind) -> [Metric] {
        switch task {
        case .classification: [.trainingLoss, .probeLoss, .validationLoss, .validationAccuracy, .gradientNorm]
        case .regression: [.trainingLoss, .probeLoss, .validationLoss, .validationR2, .gradientNorm]
        }
    }

    /// Which direction is better; nil where neither is.
    package var direction: Objective.Direction? {
        switch self {
        case .trainingLoss, .probeLoss, .validationLoss, .validationMAE, .trainingPenalty, .testLoss, .testMAE:
            .minimize
        case .validationAccuracy, .validationBalancedAccuracy, .validationF1, .validationAUC, .validationTopAccuracy,
            .validationRecall, .validationR2, .testAccuracy, .testBalancedAccuracy, .testF1, .testAUC, .testR2:
            .maximize
        case .learningRate, .gradientNorm, .weightNorm, .updateRatio, .clipShare, .custom: nil
        }
    }

    /// Ends of the names of scores that are better when they are greater.
    private static let scores = ["accuracy", "acc", "auc", "f1", "r2", "precision", "recall", "score"]

    /// Which direction is better where nobody said: that of a program's metric by its name, which is a score where its last word is
    /// one of accuracy, acc, auc, f1, r2, precision, recall, score; whatever else has no direction is a cost.
    package var usualDirection: Objective.Direction {
        if let direction { return direction }
        guard case .custom(let name) = self else { return .minimize }
        let last = name.lowercased().split { "./_-".contains($0) }.last.map(String.init) ?? ""
        return Self.scores.contains(last) ? .maximize : .minimize
    }

    /// Whether a value that is not finite ends the trial: the losses, and what a program calls by a name that ends so.
    package var mustBeFinite: Bool {
        switch self {
        case .trainingLoss, .probeLoss, .validationLoss: true
        case .custom(let name): name.lowercased().hasSuffix("loss")
        default: false
        }
    }
}

extension Metric: RawRepresentable {
    private static let recallPrefix = "validation.recall."
    private static let (topPrefix, topSuffix) = ("validation.top", "_accuracy")
    private static let named = Dictionary(uniqueKeysWithValues: (fixed + ofTestRows).map { ($0.rawValue, $0) })

    /// The metric's name in files, messages and documents.
    package var rawValue: String {
        switch self {
        case .trainingLoss: "training.loss"
        case .probeLoss: "probe.loss"
        case .validationLoss: "validation.loss"
        case .validationAccuracy: "validation.accuracy"
        case .validationBalancedAccuracy: "validation.balanced_accuracy"
        case .validationF1: "validation.f1"
        case .validationAUC: "validation.auc"
        case .validationTopAccuracy(let top): "\(Self.topPrefix)\(top)\(Self.topSuffix)"
        case .validationRecall(let label): Self.recallPrefix + label
        case .validationR2: "validation.r2"
        case .validationMAE: "validation.mae"
        case .testLoss: "test.loss"
        case .testAccuracy: "test.accuracy"
        case .testBalancedAccuracy: "test.balanced_accuracy"
        case .testF1: "test.f1"
        case .testAUC: "test.auc"
        case .testR2: "test.r2"
        case .testMAE: "test.mae"
        case .trainingPenalty: "training.penalty"
        case .learningRate: "learning_rate"
        case .gradientNorm: "gradient.norm"
        case .weightNorm: "weight.norm"
        case .updateRatio: "update.ratio"
        case .clipShare: "clip.share"
        case .custom(let name): name
        }
    }

    /// The metric of this name, which a program's report may have too.
    package init?(rawValue: String) {
        if let metric = Metric(measured: rawValue) {
            self = metric
        } else {
            guard Self.isName(rawValue), !rawValue.hasPrefix(Self.recallPrefix) else { return nil }
            self = .custom(rawValue)
        }
    }

    /// The metric of this name that training here measures.
    package init?(measured rawValue: String) {
        if let metric = Self.named[rawValue] {
            self = metric
            return
        }
        if rawValue.hasPrefix(Self.topPrefix), rawValue.hasSuffix(Self.topSuffix) {
            let digits = rawValue.dropFirst(Self.topPrefix.count).dropLast(Self.topSuffix.count)
            // Written in one way only: no sign, no zero in front.
            guard let top = Int(digits), 2...Self.greatestTop ~= top, String(top) == digits else { return nil }
            self = .validationTopAccuracy(top)
            return
        }
        guard rawValue.hasPrefix(Self.recallPrefix) else { return nil }
        let label = String(rawValue.dropFirst(Self.recallPrefix.count))
        guard (1...Self.recallLabelBytes).contains(label.utf8.count) else { return nil }
        self = .validationRecall(label)
    }

    /// The metric that another tool's name for it means (`val_loss`, `val/acc`, `accuracy`); nil when it means none of ours.
    static func meant(by name: String) -> Metric? {
        var words = name.lowercased().split { "_./- ".contains($0) }.map(String.init)
        var part = "validation"
        if let first = words.first {
            if ["val", "valid", "validation", "eval", "dev"].contains(first) { words.removeFirst() }
            if ["train", "training"].contains(first) {
                part = "training"
                words.removeFirst()
            }
        }
        let short = [
            "acc": "accuracy", "error": "loss", "rocauc": "auc", "roc_auc": "auc", "f1_score": "f1", "r2_score": "r2",
        ]
        let rest = words.joined(separator: "_")
        return named["\(part).\(short[rest] ?? rest)"]
    }

    /// Bytes of a program's own name for a metric.
    package static let nameBytes = 128
    /// Words that stand beside metrics in reports and documents, so that no metric may be called so.
    package static let reservedNames = ["checkpoint", "epoch", "nonfinite", "nonfinite_by", "seconds", "wait"]
    /// What a program may call a metric, for messages.
    package static let nameRule =
        "a letter or underscore, then letters, digits, dot, dash, underscore or slash, at most \(nameBytes), and none of "
        + reservedNames.joined(separator: ", ")

    /// Whether a program may call a metric so.
    package static func isName(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool {
            (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
        }
        guard (1...nameBytes).contains(name.utf8.count), let first = name.utf8.first, isLetter(first) else {
            return false
        }
        return !reservedNames.contains(name)
            && name.utf8.allSatisfy { isLetter($0) || (45...57).contains($0) }
    }

    /// What may stand where a metric is chosen by that training here measures, for messages.
    package static let words =
        fixed.map(\.rawValue) + ["\(topPrefix)K\(topSuffix) (K from 2 on)", recallPrefix + "LABEL"]
}
