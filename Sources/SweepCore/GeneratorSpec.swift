/// Rows that are made from a seed: `generate` of a source. The same spec gives the same bits on every machine.
package struct GeneratorSpec: Hashable, Sendable {
    package var kind: GeneratorKind
    package var rows: Int
    /// Which rows are drawn.
    package var seed: UInt64
    /// What is drawn once for all rows (centres, coefficients); rows of one problem and different seeds are fresh rows of
    /// the same distribution.
    package var problem: UInt64
    /// The share of each class, up to a factor; empty: equal shares. Classes only.
    package var weights: [Double]
    /// The share of rows whose label is replaced by another one. Classes only.
    package var labelNoise: Double
    package var outliers: Outliers?

    /// The first feature of the first `count` rows is `value`.
    package struct Outliers: Hashable, Sendable {
        package let count: Int
        package let value: Double
        package init(count: Int, value: Double) {
            self.count = count
            self.value = value
        }
    }

    package init(
        _ kind: GeneratorKind,
        rows: Int,
        seed: UInt64 = 0,
        problem: UInt64 = 0,
        weights: [Double] = [],
        labelNoise: Double = 0,
        outliers: Outliers? = nil
    ) {
        self.kind = kind
        self.rows = rows
        self.seed = seed
        self.problem = problem
        self.weights = weights
        self.labelNoise = labelNoise
        self.outliers = outliers
    }

    /// The most features times rows: 1 GiB of floats.
    package static let greatestCells = 1 << 28

    /// Classes or numbers.
    package var task: TaskKind { kind.classes == 0 ? .regression : .classification }
}

/// What a generator draws. Points and curves are those of scikit-learn's generators of the same name.
package enum GeneratorKind: Hashable, Sendable {
    /// Normal clouds of this deviation about centres evenly drawn in [−10, 10] along each feature.
    case blobs(classes: Int, features: Int, deviation: Double)
    /// A circle of radius 1 and one of radius `factor`; with normal noise.
    case circles(factor: Double, noise: Double)
    /// Two half circles that reach into each other; with normal noise.
    case moons(noise: Double)
    /// Arms that wind about the origin; with normal noise.
    case spirals(classes: Int, turns: Double, noise: Double)
    /// y = 10 sin(π x₀ x₁) + 20 (x₂ − ½)² + 10 x₃ + 5 x₄ + noise; further features mean nothing.
    case friedman1(features: Int, noise: Double)
    /// y = √(x₀² + (x₁x₂ − 1/(x₁x₃))²) + noise.
    case friedman2(noise: Double)
    /// y = arctan((x₁x₂ − 1/(x₁x₃)) / x₀) + noise.
    case friedman3(noise: Double)
    /// y = a·x + b + noise with x evenly drawn from `low` to `high`; empty coefficients: standard normal draws.
    case linear(
        coefficients: [Double],
        features: Int,
        intercept: Double,
        noise: Double,
        low: Double,
        high: Double
    )
    /// Features evenly drawn from 0 to 1, and targets that know nothing of them: even numbers, or classes.
    case noise(features: Int, classes: Int)
    /// 28 × 28 images of the digits 0 to `classes` − 1, drawn by strokes.
    case glyphs(classes: Int, jitter: Double, unevenIllumination: Double, noise: Double)

    /// How many classes the rows have; 0: the target is a number.
    package var classes: Int {
        switch self {
        case .blobs(let classes, _, _), .spirals(let classes, _, _), .noise(_, let classes),
            .glyphs(let classes, _, _, _):
            classes
        case .circles, .moons: 2
        case .friedman1, .friedman2, .friedman3, .linear: 0
        }
    }

    /// How many features a row has.
    package var features: Int {
        switch self {
        case .blobs(_, let features, _), .friedman1(let features, _), .linear(_, let features, _, _, _, _),
            .noise(let features, _):
            features
        case .circles, .moons, .spirals: 2
        case .friedman2, .friedman3: 4
        case .glyphs: 28 * 28
        }
    }

    /// The word of the sweep file.
    package var name: String {
        switch self {
        case .blobs: "blobs"
        case .circles: "circles"
        case .moons: "moons"
        case .spirals: "spirals"
        case .friedman1: "friedman1"
        case .friedman2: "friedman2"
        case .friedman3: "friedman3"
        case .linear: "linear"
        case .noise: "noise"
        case .glyphs: "glyphs"
        }
    }
}

extension GeneratorSpec {
    static let kinds = [
        "blobs", "circles", "moons", "spirals", "friedman1", "friedman2", "friedman3", "linear", "noise", "glyphs",
    ]

    /// The keys of `kind` that the others do not have.
    static func ownKeys(_ kind: String) -> [String] {
        switch kind {
        case "blobs": ["classes", "features", "std", "problem"]
        case "circles": ["factor", "noise"]
        case "spirals": ["classes", "turns", "noise"]
        case "friedman1": ["features", "noise"]
        case "linear": ["coefficients", "features", "intercept", "noise", "range", "problem"]
        case "noise": ["features", "classes"]
        case "glyphs": ["classes", "jitter", "uneven_illumination", "noise"]
        default: ["noise"]
        }
    }
}

extension SpecReader {
    /// Reads `{generate: {KIND: {…}}}`.
    func generator() -> GeneratorSpec? {
        guard
            let (kind, settings) = fields(["generate"])?.required("generate", "a kind of rows")?
                .tagged(GeneratorSpec.kinds)
        else { return nil }
        return settings.generator(kind)
    }

    private func generator(_ kind: String) -> GeneratorSpec? {
        let shared = ["rows", "seed", "weights", "label_noise", "outliers"]
        guard let fields = fields(GeneratorSpec.ownKeys(kind) + shared) else { return nil }
        let rows = fields.required("rows", "how many rows, an integer from 2")?.integer(in: 2...10_000_000)
        let seed = fields.optional("seed").map { $0.integer(in: 0...Int.max) } ?? 0
        let problem = fields.optional("problem").map { $0.integer(in: 0...Int.max) } ?? 0
        let noise = fields.optional("label_noise").map { $0.real(in: 0...1) } ?? 0
        let outliers: GeneratorSpec.Outliers?? = fields.optional("outliers").map { $0.outliers() }
        let weights = fields.optional("weights").map { $0.numbers(in: 0...1e12, above: true) } ?? []
        let made = generatorKind(kind, fields)
        guard let rows, let seed, let problem, let noise, let weights, let made else { return nil }
        if case .some(.none) = outliers { return nil }
        let spec = GeneratorSpec(
            made,
            rows: rows,
            seed: UInt64(seed),
            problem: UInt64(problem),
            weights: weights,
            labelNoise: noise,
            outliers: outliers ?? nil
        )
        return spec.isSound(fields) ? spec : nil
    }

    private func generatorKind(_ kind: String, _ fields: SpecFields) -> GeneratorKind? {
        func real(_ key: String, _ range: ClosedRange<Double>, _ usual: Double, above: Bool = false) -> Double? {
            fields.optional(key).map { $0.real(in: range, above: above) } ?? usual
        }
        func integer(_ key: String, _ range: ClosedRange<Int>, _ usual: Int) -> Int? {
            fields.optional(key).map { $0.integer(in: range) } ?? usual
        }
        let noise = real("noise", 0...1e6, kind == "linear" ? 1 : 0)
        switch kind {
        case "blobs":
            let classes = integer("classes", 2...1000, 3)
            let features = integer("features", 1...100_000, 2)
            let deviation = real("std", 0...1e6, 1, above: true)
            guard let classes, let features, let deviation else { return nil }
            return .blobs(classes: classes, features: features, deviation: deviation)
        case "circles":
            let factor = fields.optional("factor").map { $0.real(in: 0...1, below: true) } ?? 0.8
            guard let factor, let noise else { return nil }
            return .circles(factor: factor, noise: noise)
        case "moons": return noise.map { .moons(noise: $0) }
        case "spirals":
            let classes = integer("classes", 2...1000, 2)
            guard let classes, let turns = real("turns", 0...100, 1.5, above: true), let noise else { return nil }
            return .spirals(classes: classes, turns: turns, noise: noise)
        case "friedman1":
            guard let features = integer("features", 5...100_000, 10), let noise else { return nil }
            return .friedman1(features: features, noise: noise)
        case "friedman2": return noise.map { .friedman2(noise: $0) }
        case "friedman3": return noise.map { .friedman3(noise: $0) }
        case "linear": return linear(fields, noise)
        case "noise":
            let classes = fields.optional("classes").map { $0.integer(in: 2...1000) } ?? 0
            guard let features = integer("features", 1...100_000, 10), let classes else { return nil }
            return .noise(features: features, classes: classes)
        default:
            let classes = integer("classes", 2...10, 10)
            let jitter = real("jitter", 0...3, 1)
            let light = real("uneven_illumination", 0...1, 0)
            let noise = fields.optional("noise").map { $0.real(in: 0...10) } ?? 0.05
            guard let classes, let jitter, let light, let noise else { return nil }
            return .glyphs(classes: classes, jitter: jitter, unevenIllumination: light, noise: noise)
        }
    }

    private func linear(_ fields: SpecFields, _ noise: Double?) -> GeneratorKind? {
        let given = fields.optional("coefficients").map { $0.numbers(in: -1e12...1e12) } ?? []
        let features = fields.optional("features").map { $0.integer(in: 1...100_000) } ?? max(given?.count ?? 1, 1)
        let intercept = fields.optional("intercept").map { $0.real(in: -1e12...1e12) } ?? 0
        let range = fields.optional("range").map { $0.numbers(in: -1e12...1e12) } ?? [0, 1]
        guard let given, let features, let intercept, let noise, let range else { return nil }
        guard given.isEmpty || given.count == features else {
            fields.optional("coefficients")?.report(
                "not as many coefficients as features",
                allowed: "\(features) numbers, or no features"
            )
            return nil
        }
        guard range.count == 2, range[0] < range[1] else {
            fields.optional("range")?.report("not a range", allowed: "[low, high] with low < high")
            return nil
        }
        return .linear(
            coefficients: given,
            features: features,
            intercept: intercept,
            noise: noise,
            low: range[0],
            high: range[1]
        )
    }

    private func outliers() -> GeneratorSpec.Outliers? {
        guard let fields = fields(["count", "value"]) else { return nil }
        let count = fields.optional("count").map { $0.integer(in: 1...10_000_000) } ?? 1
        let value = fields.required("value", "a number, as in {count: 1, value: 100}")?.real(in: -1e30...1e30)
        guard let count, let value else { return nil }
        return GeneratorSpec.Outliers(count: count, value: value)
    }
}

extension GeneratorSpec {
    /// Whether all settings fit together; what does not is reported.
    fileprivate func isSound(_ fields: SpecFields) -> Bool {
        var isSound = true
        func refuse(_ key: String, _ message: String, _ allowed: String) {
            isSound = false
            fields.optional(key)?.report(message, allowed: allowed)
        }
        if kind.classes == 0 {
            let what = "the target of \(kind.name) is a number"
            if !weights.isEmpty { refuse("weights", "\(what), so there are no classes", "no weights") }
            if labelNoise > 0 { refuse("label_noise", "\(what), so there are no labels", "no label_noise; noise") }
        } else {
            if !weights.isEmpty, weights.count != kind.classes {
                refuse("weights", "not as many weights as classes", "\(kind.classes) numbers")
            }
            if rows < 2 * kind.classes { refuse("rows", "too few rows", "at least 2 a class: \(2 * kind.classes)") }
        }
        if let outliers, outliers.count >= rows {
            refuse("outliers", "as many outliers as rows", "a count below \(rows)")
        }
        if rows > Self.greatestCells / kind.features {
            refuse(
                "rows",
                "too many numbers in all",
                "at most \(Self.greatestCells / kind.features) rows of so many features"
            )
        }
        return isSound
    }
}
