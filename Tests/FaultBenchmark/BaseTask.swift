/// A sound run that faults are put into: data, model and settings that were tuned by hand before any fault was tried.
package struct BaseTask: Sendable {
    /// What a task is used for: thresholds are set by nine and reported on the other four.
    package enum Half: String, CaseIterable, Sendable {
        case tuning, reporting
    }

    enum Model: Sendable {
        case mlp(layers: Int, width: Int)
        case cnn(channels: Int)
    }

    package let name: String
    package let half: Half
    /// `data.source` of a sweep file, and what else stands under `data` but preprocessing.
    let data: String
    /// `data.preprocess`.
    let preprocess: String
    let isImage: Bool
    let isClassification: Bool
    let model: Model
    /// The key below `train.optimizer`, its rate and its other settings.
    let optimizer: String
    let rate: Double
    let settings: String
    let batch: Int
    let epochs: Int
    let augment: String

    private init(
        _ name: String,
        _ half: Half,
        data: String,
        preprocess: String = "[standardize]",
        isImage: Bool = false,
        isClassification: Bool = true,
        model: Model,
        optimizer: String = "adam",
        rate: Double,
        settings: String = "",
        batch: Int = 32,
        epochs: Int,
        augment: String = "[]"
    ) {
        self.name = name
        self.half = half
        self.data = data
        self.preprocess = preprocess
        self.isImage = isImage
        self.isClassification = isClassification
        self.model = model
        self.optimizer = optimizer
        self.rate = rate
        self.settings = settings
        self.batch = batch
        self.epochs = epochs
        self.augment = augment
    }

    /// Nine to tune on, four to report on. Each half has classes and numbers, deep networks, and images; the digits are the real data
    /// that the repository holds, the rest is drawn from seeds.
    package static let all: [BaseTask] = [
        BaseTask(
            "blobs",
            .tuning,
            data: "source: {generate: {blobs: {rows: 1000, classes: 3, features: 6, std: 4, seed: 1, problem: 3}}}",
            model: .mlp(layers: 1, width: 32),
            rate: 3e-3,
            epochs: 20
        ),
        BaseTask(
            "friedman",
            .tuning,
            data: "source: {generate: {friedman1: {rows: 1000, features: 10, noise: 1, seed: 2}}}",
            isClassification: false,
            model: .mlp(layers: 1, width: 32),
            rate: 0.01,
            epochs: 30
        ),
        BaseTask(
            "deep-spirals",
            .tuning,
            data: "source: {generate: {spirals: {rows: 1200, classes: 3, turns: 1, noise: 0.06, seed: 3}}}",
            model: .mlp(layers: 6, width: 24),
            rate: 3e-3,
            epochs: 30
        ),
        BaseTask(
            "glyphs",
            .tuning,
            data: "source: {generate: {glyphs: {rows: 700, noise: 0.2, seed: 4}}}",
            preprocess: "[{scale: 0.00392156862745098}]",
            isImage: true,
            model: .cnn(channels: 6),
            rate: 5e-3,
            epochs: 8
        ),
        BaseTask(
            "deep-blobs",
            .tuning,
            data:
                "source: {generate: {blobs: {rows: 1200, classes: 8, features: 16, std: 7, seed: 8, problem: 9}}}",
            model: .mlp(layers: 5, width: 48),
            rate: 1e-3,
            epochs: 20
        ),
        BaseTask(
            "rare-moons",
            .tuning,
            data: "source: {generate: {moons: {rows: 800, noise: 0.25, weights: [5, 1], seed: 9}}}",
            model: .mlp(layers: 2, width: 32),
            rate: 3e-3,
            epochs: 30
        ),
        BaseTask(
            "deep-friedman",
            .tuning,
            data: "source: {generate: {friedman1: {rows: 1200, features: 10, noise: 2, seed: 10}}}",
            isClassification: false,
            model: .mlp(layers: 4, width: 32),
            rate: 4e-3,
            epochs: 30
        ),
        BaseTask(
            "angles",
            .tuning,
            data: "source: {generate: {friedman3: {rows: 800, noise: 0.1, seed: 11}}}",
            isClassification: false,
            model: .mlp(layers: 1, width: 24),
            optimizer: "sgd",
            rate: 0.01,
            settings: "momentum: 0.9",
            epochs: 30
        ),
        BaseTask(
            "shaky-glyphs",
            .tuning,
            data: "source: {generate: {glyphs: {rows: 900, classes: 5, jitter: 1, noise: 0.1, seed: 12}}}",
            preprocess: "[normalize]",
            isImage: true,
            model: .cnn(channels: 6),
            optimizer: "sgd",
            rate: 0.01,
            settings: "momentum: 0.9",
            epochs: 8
        ),
        BaseTask(
            "circles",
            .reporting,
            data: "source: {generate: {circles: {rows: 1000, factor: 0.5, noise: 0.16, weights: [3, 1], seed: 5}}}",
            model: .mlp(layers: 1, width: 24),
            rate: 0.01,
            epochs: 25
        ),
        BaseTask(
            "linear",
            .reporting,
            data: "source: {generate: {linear: {rows: 800, features: 10, noise: 1.5, range: [-2, 2], seed: 6}}}",
            isClassification: false,
            model: .mlp(layers: 1, width: 16),
            optimizer: "sgd",
            rate: 5e-3,
            settings: "momentum: 0.9",
            epochs: 25
        ),
        BaseTask(
            "deep-digits",
            .reporting,
            data: "source: sweeps/data/digits.csv.gz, target: label",
            model: .mlp(layers: 5, width: 32),
            rate: 2e-3,
            epochs: 20
        ),
        BaseTask(
            "lit-glyphs",
            .reporting,
            data:
                "source: {generate: {glyphs: {rows: 800, classes: 7, jitter: 1.2, uneven_illumination: 0.2, seed: 7}}}",
            preprocess: "[normalize]",
            isImage: true,
            model: .cnn(channels: 5),
            optimizer: "sgd",
            rate: 0.02,
            settings: "momentum: 0.9",
            epochs: 8
        ),
    ]

    /// The sweep file of the run; a third of the rows is kept for judging, which no rule sees.
    var file: String {
        let architecture =
            switch model {
            case .mlp(let layers, let width): "{mlp: {layers: \(layers), width: \(width)}}"
            case .cnn(let channels): "{cnn: {channels: [\(channels)], padding: valid}}"
            }
        return """
            name: \(name)
            data: {\(data), validation: 0.25, test: 0.3, preprocess: \(preprocess), augment: \(augment)}
            train:
              model: \(architecture)
              optimizer: {\(optimizer): {learning_rate: \(rate)\(settings.isEmpty ? "" : ", " + settings)}}
              batch_size: \(batch)
              epochs: \(epochs)
            search: {method: grid}
            """
    }

    // MARK: Paths of the sweep file

    /// The rate times a factor.
    func rate(times factor: Double) -> String { "train.optimizer.\(optimizer).learning_rate=\(rate * factor)" }

    /// Another optimizer.
    func optimizer(_ kind: String, rate: Double, _ settings: String = "") -> String {
        "train.optimizer={\(kind): {learning_rate: \(rate)\(settings.isEmpty ? "" : ", " + settings)}}"
    }

    /// The model with other layers or settings.
    func model(layers: Int? = nil, width: Int? = nil, _ settings: String = "") -> String {
        let more = settings.isEmpty ? "" : ", " + settings
        switch model {
        case .mlp(let ownLayers, let ownWidth):
            return "train.model={mlp: {layers: \(layers ?? ownLayers), width: \(width ?? ownWidth)\(more)}}"
        case .cnn(let channels):
            return "train.model={cnn: {channels: [\(width ?? channels)], padding: valid\(more)}}"
        }
    }

    var isDeep: Bool { if case .mlp(let layers, _) = model { layers > 3 } else { false } }
    var width: Int {
        switch model {
        case .mlp(_, let width): width
        case .cnn(let channels): channels
        }
    }
    /// Adam and its kin.
    var isAdaptive: Bool { optimizer != "sgd" }
}
