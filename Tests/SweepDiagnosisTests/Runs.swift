import SweepCore
import SweepDiagnosis
import SweepNumerics

/// Ten classes of equal share.
let chanceOfTen = Elementary.log(10)

/// A run for tests: a curve by columns, and whatever else is known.
struct MadeUpRun {
    var columns: [Metric: [Double]] = [:]
    var budget: Int?
    var chance: Double? = chanceOfTen
    var best: Double?
    var instruments: Instruments?
    var trial: TrialSpec?
    var schema: DataSchema?
    var data: [DataFinding]?
    var notes: [TrialNote] = []
    var otherSeeds: [Double] = []

    /// Probe losses, and the same for training and validation unless told.
    init(_ probe: [Double], validation: [Double]? = nil, training: [Double]? = nil, best: Double? = nil) {
        columns = [.probeLoss: probe, .trainingLoss: training ?? probe, .validationLoss: validation ?? probe]
        self.best = best
    }

    var evidence: RunEvidence {
        let metrics = columns.keys.sorted { $0.rawValue < $1.rawValue }
        let epochs = columns.values.map(\.count).max() ?? 0
        var evidence = RunEvidence(
            curve: LearningCurve(
                metrics: metrics,
                observations: (0..<epochs).map { epoch in
                    Observation(
                        epoch: epoch + 1,
                        values: metrics.map { metric in
                            let values = columns[metric] ?? []
                            return epoch < values.count ? values[epoch] : values.last ?? .nan
                        },
                        seconds: 0
                    )
                }
            ),
            budget: budget ?? epochs,
            chanceLoss: chance,
            bestProbeLoss: best,
            instruments: instruments,
            trial: trial,
            schema: schema,
            data: data,
            notes: notes
        )
        evidence.otherSeeds = otherSeeds
        return evidence
    }

    var report: SymptomReport { SymptomReport(evidence) }
    var symptoms: [Symptom] { report.findings.map(\.symptom) }
    var diagnosis: Diagnosis { Diagnosis(evidence) }
}

/// A fall from chance towards `floor`, with relative noise.
func fall(_ epochs: Int, rate: Double? = nil, floor: Double = 0.05, noise: Double = 0, seed: UInt64 = 0) -> [Double] {
    var stream = RandomStream(key: seed)
    let rate = rate ?? 8 / Double(epochs)
    return (1...epochs).map { epoch in
        (floor + (chanceOfTen - floor) * Elementary.exp(-rate * Double(epoch))) * (1 + noise * stream.normal())
    }
}

extension DataSchema {
    /// A table of `features` columns, ten classes of equal share unless told.
    static func table(
        features: Int = 64,
        counts: [Int] = Array(repeating: 120, count: 10),
        validation: Int = 400,
        image: ImageShape? = nil
    ) -> DataSchema {
        DataSchema(
            features: (0..<features).map { "x\($0)" },
            image: image,
            task: .classification(classes: counts.indices.map { "c\($0)" }, trainingCounts: counts),
            trainingRows: counts.reduce(0, +),
            validationRows: validation,
            testRows: 0
        )
    }

    static func numbers(mean: Double = 0, variance: Double = 1, rows: Int = 400) -> DataSchema {
        DataSchema(
            features: (0..<10).map { "x\($0)" },
            task: .regression(mean: mean, variance: variance),
            trainingRows: rows,
            validationRows: 200,
            testRows: 0
        )
    }
}

extension TrialSpec {
    /// A sound specification, changed by `change`.
    static func sound(
        preprocess: [PreprocessStep] = [.standardize],
        targetScale: TargetScale = .none,
        _ change: (inout TrainingSpec) -> Void = { _ in }
    ) -> TrialSpec {
        var training = TrainingSpec(
            model: ModelSpec(widths: [64]),
            optimizer: .adam(learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            batchSize: 32,
            epochs: 20
        )
        change(&training)
        return TrialSpec(
            preprocess: preprocess,
            targetScale: targetScale,
            augment: training.augment,
            training: training
        )
    }
}

extension Instruments {
    /// Instruments of one reading before the first step and one after `epoch`, both of these layers unless told.
    static func of(
        start: [Layer],
        end: [Layer]? = nil,
        epoch: Int = 10,
        _ change: (inout Instruments) -> Void = { _ in }
    )
        -> Instruments
    {
        var instruments = Instruments()
        instruments.readings = [Reading(epoch: 0, layers: start), Reading(epoch: epoch, layers: end ?? start)]
        change(&instruments)
        return instruments
    }
}

extension Instruments.Layer {
    /// A hidden layer of relu in order, unless told.
    static func hidden(
        _ name: String = "1",
        activation: Activation = .relu,
        gradient: Double? = 1e-3,
        change: Double? = 1e-4,
        deviation: Double = 0.7,
        dead: Double? = 0,
        saturated: Double? = nil,
        equalUnits: Int = 0
    ) -> Self {
        Self(
            name: name,
            activation: activation,
            gradient: gradient,
            weights: 0.1,
            change: change,
            weightCount: 4096,
            deviation: deviation,
            units: 64,
            dead: dead,
            saturated: saturated,
            equalUnits: equalUnits
        )
    }

    static func head(gradient: Double? = 1e-3, change: Double? = 1e-4) -> Self {
        Self(
            name: "9",
            isHead: true,
            gradient: gradient,
            weights: 0.1,
            change: change,
            weightCount: 640,
            deviation: 1,
            units: 10
        )
    }
}
