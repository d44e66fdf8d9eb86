/// How initial weights are drawn; biases and shifts start at zero, gains at one.
///
/// With n inputs and m outputs of a weight matrix (of a convolution: kernel height × width × channels on each side).
package struct Initializer: Hashable, Sendable {
    /// Which variance.
    package enum Kind: String, CaseIterable, Sendable {
        /// 2 / n. Source: He et al., ICCV 2015, eq. 10.
        case he
        /// 2 / (n + m). Source: Glorot & Bengio, AISTATS 2010, eq. 16.
        case glorot
        /// 1 / n. Source: LeCun et al., "Efficient BackProp", 1998, §4.6.
        case lecun
        /// Orthonormal rows or columns, whichever are fewer. Source: Saxe, McClelland & Ganguli, ICLR 2014.
        case orthogonal
        /// Every weight the same: `scale` (units that never part; a fault to show).
        case constant
        /// Variance 1 before `scale`, which is the standard deviation, whatever n and m.
        case plain
    }

    /// Which shape; both have the kind's variance.
    package enum Distribution: String, CaseIterable, Sendable {
        case uniform, normal
    }

    package var kind: Kind
    package var distribution: Distribution
    /// Every weight is multiplied by it.
    package var scale: Double

    package init(_ kind: Kind, distribution: Distribution = .uniform, scale: Double = 1) {
        self.kind = kind
        self.distribution = distribution
        self.scale = scale
    }

    package static let he = Initializer(.he)
    package static let glorot = Initializer(.glorot)
}

extension Initializer {
    static let kinds = ["he", "glorot", "lecun", "orthogonal", "constant", "uniform", "normal"]

    /// Reads an initializer: a word, or a map with its settings, as in `{he: {distribution: normal, scale: 0.5}}`.
    package static func read(_ reader: SpecReader) -> Initializer? {
        reader.alternatives { reader in
            guard let (kind, settings) = reader.tagged(kinds) else { return nil }
            return settings.alternatives { named(kind, $0) }
        }
    }

    private static func named(_ kind: String, _ settings: SpecReader) -> Initializer? {
        switch kind {
        case "constant":
            guard settings.node != .map([]) else {
                settings.reportMissing("a number, as in {constant: 0.01}")
                return nil
            }
            return settings.real(in: -1e6...1e6).map { Initializer(.constant, scale: $0) }
        case "normal":
            guard let fields = settings.fields(["deviation"]) else { return nil }
            return fields.required("deviation", "a standard deviation")?.real(in: 0...1e6)
                .map { Initializer(.plain, distribution: .normal, scale: $0) }
        case "uniform":
            guard let fields = settings.fields(["bound"]) else { return nil }
            // The uniform distribution on [-b, b] has the standard deviation b/√3.
            return fields.required("bound", "the greatest magnitude")?.real(in: 0...1e6)
                .map { Initializer(.plain, distribution: .uniform, scale: $0 / 3.0.squareRoot()) }
        case "orthogonal":
            guard let fields = settings.fields(["scale"]) else { return nil }
            return scale(fields).map { Initializer(.orthogonal, distribution: .normal, scale: $0) }
        default:
            guard let fields = settings.fields(["distribution", "scale"]), let kind = Kind(rawValue: kind) else {
                return nil
            }
            let distribution = fields.optional("distribution").map { $0.word(Distribution.self) } ?? .uniform
            let scale = scale(fields)
            guard let distribution, let scale else { return nil }
            return Initializer(kind, distribution: distribution, scale: scale)
        }
    }

    private static func scale(_ fields: SpecFields) -> Double? {
        fields.optional("scale").map { $0.real(in: 0...1e6) } ?? 1
    }
}
