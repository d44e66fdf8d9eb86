package import SweepCoordination
package import SweepCore

/// A small sweep file as a node, with the settings that tests vary.
package struct SampleSweep: Hashable, Sendable {
    package var name = "sample"
    package var epochs = 9
    package var trials: Int? = 18
    package var method = "random"
    package var prune = "asha"
    /// Whether trials that cannot recover are stopped.
    package var stopsHopeless = false
    package var repeats = 1
    package var seed = 7
    package var parallelism = 4
    package var decide = "virtual"
    package var objective = Metric.validationLoss
    /// Metrics that are weighed against it, each in its own direction or minimized; none for one objective.
    package var further: [Metric] = []
    package var coreVersion = "core-1"
    package var priority = 0
    package var maxParallel: Int?
    package var requires: [String: String] = [:]
    package var threads = 1
    package var instruments: InstrumentTier?
    package var finalists: FinalistsSpec?
    package var stop: StopSpec?
    package var diagnose: DiagnoseSpec?
    /// Folds over which finalists are judged.
    package var folds: Int?
    /// With one the method is pbt, and there is neither a number of trials nor pruning.
    package var population: PopulationSpec?
    /// With one it compares three arms, which part there, and nothing is searched.
    package var branch: BranchSpec?

    package init() {}

    /// The arms of one with `branch`.
    package static let arms = [
        Arm(name: "as it is", changes: []),
        Arm(
            name: "slower",
            changes: [.init(path: ["train", "optimizer", "sgd", "learning_rate"], value: .real(0.02))]
        ),
        Arm(name: "larger batch", changes: [.init(path: ["train", "batch_size"], value: .integer(16))]),
    ]

    /// The whole file: one learning rate is searched (and a width, which nothing depends on but the configuration).
    package var source: SpecNode {
        var search = [
            SpecEntry("method", .text(method)), SpecEntry("repeats", .integer(repeats)),
            SpecEntry("seed", .integer(seed)), SpecEntry("parallelism", .integer(parallelism)),
            SpecEntry("decide", .text(decide)),
        ]
        if let population {
            search[0] = SpecEntry("method", .text("pbt"))
            search += [
                SpecEntry("population", .integer(population.members)),
                SpecEntry("quantile", .real(population.quantile)), SpecEntry("resample", .real(population.resample)),
                SpecEntry("perturb", .list(population.factors.map { .real($0) })),
            ]
            if let interval = population.interval { search.append(SpecEntry("interval", .integer(interval))) }
        } else if let branch {
            search[0] = SpecEntry("branch", branch.node)
        } else if let trials {
            search.append(SpecEntry("trials", .integer(trials)))
        }
        let isFixed = branch != nil
        let rate = isFixed ? SpecNode.real(0.2) : .domain(.logUniform(low: 1e-4, high: 1, points: 6))
        let width =
            isFixed ? SpecNode.integer(4) : .domain(.choice([ChoiceOption(.integer(4)), ChoiceOption(.integer(8))]))
        var train = [
            SpecEntry("model", .map([SpecEntry("mlp", .map([SpecEntry("widths", .list([width]))]))])),
            SpecEntry("optimizer", .map([SpecEntry("sgd", .map([SpecEntry("learning_rate", rate)]))])),
            SpecEntry("batch_size", .integer(8)),
            SpecEntry("epochs", .integer(epochs)),
        ]
        if threads != 1 { train.append(SpecEntry("threads", .integer(threads))) }
        if let instruments { train.append(SpecEntry("instruments", .text(instruments.rawValue))) }
        return .map(
            [
                SpecEntry("name", .text(name)),
                SpecEntry("data", .map(data)),
                SpecEntry("train", .map(train)),
                SpecEntry(
                    "objective",
                    further.isEmpty
                        ? Self.aim(objective)
                        : .map([SpecEntry("pareto", .list(([objective] + further).map(Self.aim)))])
                ),
                SpecEntry("search", .map(search)),
                SpecEntry("prune", pruning),
            ] + (isFixed ? [SpecEntry("arms", Self.node(of: Self.arms))] : []) + placement
        )
    }

    private var pruning: SpecNode {
        let method = SpecNode.text(population == nil && branch == nil ? prune : "none")
        guard stopsHopeless else { return method }
        return .map([SpecEntry("method", method), SpecEntry(PruneSpec.hopelessKey, .boolean(true))])
    }

    private static func node(of arms: [Arm]) -> SpecNode {
        .map(
            arms.map { arm in
                SpecEntry(arm.name, .map(arm.changes.map { SpecEntry($0.path.joined(separator: "."), $0.value) }))
            }
        )
    }

    private var data: [SpecEntry] {
        let rows = [SpecEntry("source", .text("rows.csv")), SpecEntry("target", .text("last"))]
        guard let folds else { return rows }
        return rows + [SpecEntry("validation", .map([SpecEntry("folds", .integer(folds))]))]
    }

    private static func aim(_ metric: Metric) -> SpecNode {
        .map([SpecEntry((metric.direction ?? .minimize).rawValue, .text(metric.rawValue))])
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
            let after = stop.milliseconds.map { [SpecEntry("after", .real(Double($0) / 1000))] } ?? []
            entries.append(SpecEntry("stop", .map(epochs + below + after)))
        }
        if let diagnose {
            entries.append(SpecEntry("diagnose", .map([SpecEntry("confirm", .real(diagnose.confirm))])))
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
    /// The bytes of the rows as a fold, from 1, parts them.
    package static func bytes(ofFold fold: Int) -> [UInt8] {
        fold == 1 ? dataBytes : Array("sample rows, fold \(fold)".utf8)
    }

    /// The data set of a fold, from 1.
    package static func dataSet(ofFold fold: Int) -> DataSetID {
        let bytes = bytes(ofFold: fold)
        return DataSetID(hash: SyntheticTraining.hash(of: bytes), size: bytes.count)
    }

    /// Every data set that trials of samples need, which have at most four folds.
    package static let dataSets: [(id: DataSetID, bytes: [UInt8])] = (1...4).map { fold in
        (dataSet(ofFold: fold), bytes(ofFold: fold))
    }

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
            foldSets: (1..<(folds ?? 1)).map { Self.dataSet(ofFold: $0 + 1) },
            schema: Self.schema,
            coreVersion: coreVersion,
            milliseconds: 0
        )
    }

    /// The sweep as it is read from its file; nil when the file is wrong.
    package var sweep: Sweep? { Sweep.read(source, problems: SpecProblems()) }
}
