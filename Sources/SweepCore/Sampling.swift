/// How often the rows of each class are seen in an epoch; for classes only.
package enum Sampling: Hashable, Sendable {
    /// Each training row once.
    case none
    /// Rows of smaller classes more than once, until each class has at least `ratio` times the rows of the largest.
    case oversample(ratio: Double = 1)
    /// A part of the rows of larger classes, so that no class has more than 1/`ratio` times the rows of the smallest.
    case undersample(ratio: Double = 1)

    /// Reads `sampling`; nil when it is wrong (and reported).
    package static func read(_ reader: SpecReader) -> Sampling? {
        reader.alternatives { reader in
            guard let (kind, settings) = reader.tagged(["none", "oversample", "undersample"]) else { return nil }
            if kind == "none" { return settings.fields([]).map { _ in Sampling.none } }
            return settings.alternatives { settings -> Sampling? in
                guard let fields = settings.fields(["ratio"]) else { return nil }
                let ratio = fields.optional("ratio").map { $0.real(in: 0...1, above: true) } ?? 1
                return ratio.map { kind == "oversample" ? .oversample(ratio: $0) : .undersample(ratio: $0) }
            }
        }
    }

    /// Rows of each class in an epoch, of classes that have `counts` training rows; an empty class stays empty.
    package func epochCounts(_ counts: [Int]) -> [Int] {
        let present = counts.filter { $0 > 0 }
        guard let least = present.min(), let greatest = present.max() else { return counts }
        switch self {
        case .none: return counts
        case .oversample(let ratio):
            let floor = Int((ratio * Double(greatest)).rounded())
            return counts.map { $0 == 0 ? 0 : max($0, floor) }
        case .undersample(let ratio):
            let limit = (Double(least) / ratio).rounded()
            return counts.map { limit < Double($0) ? Int(limit) : $0 }
        }
    }
}

/// Weights of classes in the loss.
package enum ClassWeights {
    /// n / (classes · count): each class weighs the same in all, and the mean weight of the rows is 1.
    ///
    /// Classes without rows are not counted and get 0. Source: King & Zeng, Political Analysis 9(2), 2001; the formula is
    /// scikit-learn's `class_weight="balanced"`.
    package static func balanced(_ counts: [Int]) -> [Double] {
        let rows = Double(counts.reduce(0, +))
        let classes = Double(counts.count { $0 > 0 })
        return counts.map { $0 == 0 ? 0 : rows / (classes * Double($0)) }
    }
}
