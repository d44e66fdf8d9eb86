package import SweepCoordination
package import SweepCore

/// A small sweep file as a node, with the settings that tests vary.
package struct SampleSweep: Hashable, Sendable {
    package var name = "sample"
    package var epochs = 9
    package var trials: Int? = 18
    package var method = "random"
    package var prune = "asha"
    package var repeats = 1
    package var seed = 7
    package var parallelism = 4
    package var decide = "virtual"
    package var objective = Metric.validationLoss
    package var coreVersion = "core-1"
    package var priority = 0
    package var maxParallel: Int?
    package var requires: [String: String] = [:]
    package var threads = 1
    package var finalists: FinalistsSpec?
    package var stop: StopSpec?

    package init() {}

    /// The whole file: one learning rate is searched (and a width, which nothing depends on but the configuration).
    package var source: SpecNode {
        var search = [
            SpecEntry("method", .text(method)), SpecEntry("repeats", .integer(repeats)),
            SpecEntry("seed", .integer(seed)), SpecEntry("parallelism", .integer(parallelism)),
            SpecEntry("decide", .text(decide)),
        ]
        if let trials { search.append(SpecEntry("trials", .integer(trials))) }
        let rate = SpecNode.domain(.logUniform(low: 1e-4, high: 1, points: 6))
        let width = SpecNode.domain(.choice([ChoiceOption(.integer(4)), ChoiceOption(.integer(8))]))
        var train = [
            SpecEntry("model", .map([SpecEntry("mlp", .map([SpecEntry("widths", .list([width]))]))])),
            SpecEntry("optimizer", .map([SpecEntry("sgd", .map([SpecEntry("learning_rate", rate)]))])),
            SpecEntry("batch_size", .integer(8)),
            SpecEntry("epochs", .integer(epochs)),
        ]
        if threads != 1 { train.append(SpecEntry("threads", .integer(threads))) }
        return .map(
            [
                SpecEntry("name", .text(name)),
                SpecEntry("data", .map([SpecEntry("source", .text("rows.csv")), SpecEntry("target", .text("last"))])),
                SpecEntry("train", .map(train)),
                SpecEntry(
                    "objective",
                    .map([SpecEntry((objective.direction ?? .minimize).rawValue, .text(objective.rawValue))])
                ),
                SpecEntry("search", .map(search)),
                SpecEntry("prune", .text(prune)),
            ] + placement
        )
    }

    private var placement: [SpecEntry] {
        var entries: [SpecEntry] = []
        if priority != 0 { entries.append(SpecEntry("priority", .integer(priority))) }
        if let maxParallel { entries.append(SpecEntry("max_parallel", .integer(maxParallel))) }
        if let finalists {
            let spec = [SpecEntry("top", .integer(finalists.top)), SpecEntry("seeds", .integer(finalists.seeds))]
            entries.append(SpecEntry("finalists", .map(spec)))
        }
        if let stop {
            // A cost is that of an objective that is minimized.
            let epochs = stop.epochs.map { [SpecEntry("epochs", .integer($0))] } ?? []
            let below = stop.cost.map { [SpecEntry("below", .real($0))] } ?? []
            entries.append(SpecEntry("stop", .map(epochs + below)))
        }
        if !requires.isEmpty {
            let labels = requires.sorted { $0.key < $1.key }.map { SpecEntry($0.key, .text($0.value)) }
            entries.append(SpecEntry("requires", .map(labels)))
        }
        return entries
    }

    /// The bytes that every sample's data set consists of.
    package static let dataBytes: [UInt8] = Array("sample rows".utf8)
    package static let dataSet = DataSetID(hash: SyntheticTraining.hash(of: dataBytes), size: dataBytes.count)
    package static let schema = DataSchema(
        features: ["a", "b"],
        task: .classification(classes: ["x", "y"], trainingCounts: [40, 40]),
        trainingRows: 80,
        validationRows: 20,
        testRows: 0
    )

    /// The sweep as it is handed in.
    package var draft: SweepDraft {
        SweepDraft(
            source: source,
            text: "",
            fileName: "\(name).yaml",
            dataSet: Self.dataSet,
            schema: Self.schema,
            coreVersion: coreVersion,
            milliseconds: 0
        )
    }

    /// The sweep as it is read from its file; nil when the file is wrong.
    package var sweep: Sweep? { Sweep.read(source, problems: SpecProblems()) }
}
