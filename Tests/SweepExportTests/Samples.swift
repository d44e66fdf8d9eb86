import KernelAPI
import SweepCore
import SweepData
import SweepExport
import SweepKernels
import SweepNumerics
import SweepReports
import SweepTraining
import Testing

/// Made-up rows, kept alive by the `TrainingData` that reads them.
///
/// Sendable because nothing writes after the initialiser.
private final class Rows: @unchecked Sendable {
    let features: UnsafeMutablePointer<Float>
    let classes: UnsafeMutablePointer<Int32>
    let numbers: UnsafeMutablePointer<Float>

    init(count: Int, stride: Int) {
        features = .allocate(capacity: count * stride)
        features.initialize(repeating: 0, count: count * stride)
        classes = .allocate(capacity: count)
        classes.initialize(repeating: 0, count: count)
        numbers = .allocate(capacity: count)
        numbers.initialize(repeating: 0, count: count)
    }

    deinit {
        features.deallocate()
        classes.deallocate()
        numbers.deallocate()
    }
}

/// A small model that a test trains, with raw rows to ask it about.
struct Sample: Sendable, CustomTestStringConvertible {
    var name: String
    /// The list of layers, as a sweep file writes it, in JSON.
    var layers: String
    /// Other members of `train`, in JSON.
    var settings = ""
    /// 0: a number.
    var classes = 3
    var image: ImageShape? = ImageShape(height: 7, width: 6, channels: 2)
    /// The data set's columns, where the rows are no images, and those with an indicator.
    var columns: [DataColumn] = (0..<10).map { DataColumn(name: "x\($0)") }
    var indicators: [Int] = []
    var steps: [FittedStep] = []
    var unit = TargetUnit()

    var testDescription: String { name }

    var layout: FeatureLayout {
        let pixels = image.map { (0..<($0.height * $0.width * $0.channels)).map { DataColumn(name: "pixel_\($0)") } }
        return FeatureLayout(columns: pixels ?? columns, indicators: indicators)
    }

    static let rowCount = 96

    var specification: SpecNode {
        get throws {
            let text = """
                {"train": {"model": \(layers == "linear" ? "\"linear\"" : "{\"layers\": [\(layers)]}"),
                "optimizer": {"adam": {"learning_rate": 0.01}}, "batch_size": 16, "epochs": 2
                \(settings.isEmpty ? "" : ", " + settings)}}
                """
            return try SpecNode(DocumentReader(JSONValue(parsing: Array(text.utf8))))
        }
    }

    /// The model after two epochs, and the raw rows that it was trained on.
    func trained(seed: UInt64 = 1) throws -> (model: TrainedModel, rows: [Float]) {
        var stream = RandomStream(key: RandomStream.mix(seed))
        let missing = steps.contains { if case .fill = $0 { true } else { false } }
        let layout = layout
        let raw = (0..<Self.rowCount).flatMap { _ in
            layout.columns.map { column -> Float in
                switch column.kind {
                case .oneHot(let categories), .ordinal(let categories):
                    return Float(stream.below(categories.count + 1) - 1)
                case .buckets(let count): return Float(stream.below(count))
                case .day:
                    if missing && stream.uniform() < 0.1 { return .nan }
                    return Float(FeatureLayout.days.lowerBound + stream.below(FeatureLayout.days.count))
                case .secondOfDay: return Float(stream.below(86_400))
                case .number:
                    let value = Float(3 + 2 * stream.normal())
                    return missing && stream.uniform() < 0.1 ? .nan : value
                }
            }
        }
        let (data, schema) = try prepared(raw, &stream)
        let node = try specification
        let problems = SpecProblems()
        guard let trial = TrialSpec.read(node, problems: problems) else {
            throw ModelError.specification(problems.all.map { "\($0.path): \($0.message)" })
        }
        let run = try TrainingRun(
            spec: trial.training,
            data: data,
            seed: seed,
            kernels: try KernelTable.selected(override: nil)
        )
        while run.epoch < 2, run.trainEpoch() != nil {}
        let model = try TrainedModel(
            origin: ModelOrigin(
                sweep: "sample",
                trial: 7,
                configuration: Configuration([.init(path: "train.l2", value: .real(0.5))]),
                seed: seed,
                epoch: run.epoch,
                program: "0.0.0"
            ),
            specification: node,
            schema: schema,
            layout: layout,
            targetName: "answer",
            targetScale: unit,
            steps: steps,
            parameters: run.measuredParameters()
        )
        return (model, raw)
    }

    private func prepared(_ raw: [Float], _ stream: inout RandomStream) throws -> (TrainingData, DataSchema) {
        let layout = layout
        let width = layout.names.count
        let stride = (width + 15) / 16 * 16
        let rows = Rows(count: Self.rowCount, stride: stride)
        for row in 0..<Self.rowCount {
            let inputs = rows.features + row * stride
            raw.withUnsafeBufferPointer { raw in
                layout.expand(raw.baseAddress! + row * layout.columns.count, into: inputs)
            }
            for step in steps {
                for input in 0..<layout.numberCount { inputs[input] = step.apply(inputs[input], column: input) }
            }
            let score = (0..<width).reduce(0.0) { $0 + Double(inputs[$1]) * ($1 % 3 == 0 ? 1 : -0.4) }
            rows.numbers[row] = Float(score / Double(width) + 0.1 * stream.normal())
            rows.classes[row] = classes > 0 ? Int32(row % classes) : 0
        }
        let trained = Array(0..<64)
        let task: DataTask =
            classes > 0
            ? .classification(
                classes: (0..<classes).map { "c\($0)" },
                trainingCounts: (0..<classes).map { label in trained.count { $0 % classes == label } }
            ) : .regression(mean: 0, variance: 1)
        let schema = DataSchema(
            features: layout.names,
            image: image,
            task: task,
            trainingRows: trained.count,
            validationRows: Self.rowCount - trained.count,
            testRows: 0
        )
        let data = try TrainingData(
            schema: schema,
            features: rows.features,
            rowCount: Self.rowCount,
            rowStride: stride,
            targets: classes > 0 ? .classes(rows.classes) : .numbers(rows.numbers),
            trainingRows: trained,
            validationRows: Array(64..<Self.rowCount),
            testRows: [Int](),
            owner: rows
        )
        return (data, schema)
    }
}

extension Sample {
    private static let convolution = #"{"conv": {"channels": 5, "kernel": 3}}"#

    /// One of every kind of layer, activation, head and preprocessing.
    static let all: [Sample] =
        [
            Sample(name: "linear", layers: "linear", image: nil),
            Sample(name: "dense without bias", layers: #"{"dense": {"units": 8, "bias": false}}, "relu""#, image: nil),
            Sample(name: "dropout", layers: #"{"dense": 8}, "tanh", {"dropout": 0.3}"#, image: nil),
            Sample(name: "batch norm", layers: #"{"dense": 8}, "batch_norm", "relu""#, image: nil),
            Sample(name: "layer norm", layers: #"{"dense": 8}, "layer_norm", "relu""#, image: nil),
            Sample(
                name: "averaged weights",
                layers: #"{"dense": 8}, "relu""#,
                settings: #""average": 0.9"#,
                image: nil
            ),
            Sample(
                name: "residual of vectors",
                layers: #"{"dense": 8}, {"residual": [{"dense": 8}, "tanh"]}, {"residual": [{"dense": 12}, "relu"]}"#,
                image: nil
            ),
        ]
        + [
            "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "linear",
        ].map { Sample(name: "activation \($0)", layers: "{\"dense\": 16}, \"\($0)\"", image: nil) }
        + [
            Sample(name: "image as a vector", layers: #"{"dense": 8}, "relu""#),
            Sample(name: "convolution", layers: convolution + #", "relu", "flatten""#),
            Sample(name: "convolution before the head", layers: convolution),
            Sample(
                name: "convolution with stride",
                layers: #"{"conv": {"channels": 5, "kernel": [3, 2], "stride": 2}}, "silu", "flatten", {"dense": 6}"#
            ),
            Sample(
                name: "convolution with valid padding",
                layers: #"{"conv": {"channels": 4, "padding": "valid", "bias": false}}, "relu", "flatten""#
            ),
            Sample(
                name: "convolution with given padding",
                layers: #"{"conv": {"channels": 4, "kernel": 5, "padding": 2, "stride": [2, 1]}}, "relu", "flatten""#
            ),
            Sample(name: "max pooling", layers: convolution + #", "relu", {"max_pool": {"size": 2}}, "flatten""#),
            Sample(
                name: "overlapping average pooling",
                layers: convolution + #", "relu", {"average_pool": {"size": 3, "stride": 2}}, "flatten""#
            ),
            Sample(name: "global average pooling", layers: convolution + #", "relu", "global_average_pool""#),
            Sample(name: "batch norm of images", layers: convolution + #", "batch_norm", "relu", "flatten""#),
            Sample(name: "layer norm of images", layers: convolution + #", "layer_norm", "relu", "flatten""#),
            Sample(
                name: "residual of images",
                layers: convolution + #", {"residual": [{"conv": {"channels": 5}}, "batch_norm", "relu"]}, "flatten""#
            ),
            Sample(
                name: "residual with projection",
                layers: convolution
                    + #", {"residual": [{"conv": {"channels": 7, "stride": 2}}, "relu"]}, "global_average_pool""#
            ),
            Sample(
                name: "residual within a residual",
                layers: convolution + #", {"residual": [{"residual": [{"conv": {"channels": 6}}, "relu"]}]}, "flatten""#
            ),
            Sample(
                name: "cross-entropy of one logit",
                layers: #"{"dense": 8}, "relu""#,
                settings: #""loss": "binary_cross_entropy""#,
                classes: 2,
                image: nil
            ),
            Sample(
                name: "cross-entropy of each class",
                layers: #"{"dense": 8}, "relu""#,
                settings: #""loss": "binary_cross_entropy""#,
                image: nil
            ),
            Sample(name: "two classes by softmax", layers: #"{"dense": 8}, "relu""#, classes: 2, image: nil),
            Sample(name: "a number", layers: #"{"dense": 8}, "relu""#, classes: 0, image: nil),
            Sample(
                name: "a number with a scale",
                layers: #"{"dense": 8}, "relu""#,
                settings: #""loss": "huber""#,
                classes: 0,
                image: nil,
                unit: TargetUnit(shift: -12.5, factor: 3.25)
            ),
        ] + preprocessed

    private static let preprocessed: [Sample] = [
        Sample(
            name: "scaled images",
            layers: convolution + #", "relu", {"max_pool": {}}, "flatten""#,
            steps: [.scale(1 / 255.0)]
        ),
        Sample(
            name: "filled, standardised rows",
            layers: #"{"dense": 8}, "relu""#,
            image: nil,
            steps: [
                .fill((0..<10).map { 3 + Double($0) / 7 }),
                .affine(shift: (0..<10).map { 3 + Double($0) / 9 }, divisor: (0..<10).map { 0.3 + Double($0) / 3 }),
                .scale(0.7),
            ]
        ),
        Sample(
            name: "clipped rows",
            layers: #"{"dense": 8}, "relu""#,
            image: nil,
            steps: [
                .clip(
                    lower: (0..<10).map { $0 == 4 ? -.infinity : 2 + Double($0) / 7 },
                    upper: (0..<10).map { $0 == 5 ? .infinity : 4 + Double($0) / 9 }
                )
            ]
        ),
        Sample(name: "logarithms", layers: #"{"dense": 8}, "relu""#, image: nil, steps: [.logarithm]),
        Sample(
            name: "powers",
            layers: #"{"dense": 8}, "relu""#,
            image: nil,
            // Among them the exponents at which a divisor is 0, and next to them.
            steps: [.power(exponents: [0, 2, 1, -1.5, 0.3, 1e-6, 2 - 1e-6, 1e-3, 2.5, -0.2])]
        ),
        Sample(
            name: "categories and indicators",
            layers: #"{"dense": 8}, "relu""#,
            image: nil,
            columns: [
                DataColumn(name: "colour", kind: .oneHot(categories: ["red", "green", ""])),
                DataColumn(name: "age"), DataColumn(name: "size", kind: .ordinal(categories: ["S", "M", "L"])),
                DataColumn(name: "town", kind: .buckets(5)), DataColumn(name: "weight"),
            ],
            indicators: [1, 4],
            steps: [
                .fill([1, 0, 2]), .affine(shift: [1.5, 0.25, 2], divisor: [2, 3, 0.7]),
            ]
        ),
        Sample(
            name: "categories only",
            layers: "linear",
            image: nil,
            columns: [DataColumn(name: "colour", kind: .oneHot(categories: ["red", "green"]))]
        ),
        Sample(
            name: "dates",
            layers: #"{"dense": 8}, "relu""#,
            classes: 0,
            image: nil,
            columns: dateColumns,
            steps: [.affine(shift: dateShifts, divisor: dateDivisors)]
        ),
        Sample(
            name: "dates that may be missing, among categories",
            layers: #"{"dense": 8}, "relu""#,
            image: nil,
            columns: [DataColumn(name: "colour", kind: .oneHot(categories: ["red", "green"]))] + dateColumns
                + [DataColumn(name: "born", kind: .day)],
            indicators: [2],
            steps: [
                .fill(dateShifts + [0, 0, 0, 0, 0]),
                .affine(shift: dateShifts + [1e6, 0, 0, 0, 0], divisor: dateDivisors + [1e6, 1, 1, 1, 1]),
            ]
        ),
        Sample(
            name: "a date only",
            layers: "linear",
            image: nil,
            columns: [DataColumn(name: "when", kind: .day)],
            steps: [.affine(shift: [1e6, 0, 0, 0, 0], divisor: [1e6, 1, 1, 1, 1])]
        ),
    ]

    private static let dateColumns = [
        DataColumn(name: "x"), DataColumn(name: "when", kind: .day), DataColumn(name: "when_time", kind: .secondOfDay),
        DataColumn(name: "y"),
    ]
    /// Days of the whole calendar brought to about 1.
    private static let dateShifts: [Double] = [3, 1e6, 0, 0, 0, 0, 12, 0, 0, 3]
    private static let dateDivisors: [Double] = [2, 1e6, 1, 1, 1, 1, 7, 1, 1, 2]
}
