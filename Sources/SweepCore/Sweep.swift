/// A sweep: the file as one node, and what is read from it.
package struct Sweep: Hashable, Sendable {
    /// The whole file; reading it again gives this value.
    package let source: SpecNode
    /// Its name: unique among a coordinator's sweeps.
    package let name: String
    package let data: DataSpec
    /// One training run that the space allows; only `epochs` is the same for all.
    package let representative: TrainingSpec
    package let space: SearchSpace
    package let objective: Objective
    package let search: SearchSpec
    package let prune: PruneSpec

    /// Epochs of a trial that is not stopped.
    package var epochs: Int { representative.epochs }
}

/// How configurations are proposed: `search` of the sweep file.
package struct SearchSpec: Hashable, Sendable {
    package var method: Method
    /// Trials in total, repeats included; nil: the whole grid.
    package var trials: Int?
    /// Runs of each configuration, with seeds of their own.
    package var repeats: Int
    package var seed: UInt64
    /// Virtual slots: how many trials are in flight in virtual time.
    package var parallelism: Int
    package var decide: Decide
    /// Configurations to begin with, each some of its values; the searcher chooses the others.
    package var tryFirst: [Configuration]
    /// What every configuration must meet.
    package var constraints: [Constraint]

    /// Which configurations are tried.
    package enum Method: String, CaseIterable, Sendable {
        /// One of the others, by the space and the number of trials.
        case auto
        /// Independent draws.
        case random
        /// Every combination.
        case grid
        /// Points that fill the space evenly.
        case sobol, halton
        /// Models of the results so far.
        case tpe, gp, bohb
        /// Populations.
        case cmaes, evolution
    }

    /// When decisions are taken.
    package enum Decide: String, CaseIterable, Sendable {
        /// In virtual time: the same answer for any number of workers.
        case virtual
        /// As results arrive: the greatest throughput.
        case arrival
    }

    package init(
        method: Method = .random,
        trials: Int? = nil,
        repeats: Int = 1,
        seed: UInt64 = 0,
        parallelism: Int = 16,
        decide: Decide = .virtual,
        tryFirst: [Configuration] = [],
        constraints: [Constraint] = []
    ) {
        self.method = method
        self.trials = trials
        self.repeats = repeats
        self.seed = seed
        self.parallelism = parallelism
        self.decide = decide
        self.tryFirst = tryFirst
        self.constraints = constraints
    }
}

/// How trials are stopped early: `prune` of the sweep file.
package struct PruneSpec: Hashable, Sendable {
    package var method: Method
    /// η: one of η trials is promoted from each rung.
    package var reductionFactor: Int
    /// Epochs of the first rung; nil: a tenth of the epochs, at least one.
    package var firstRung: Int?

    /// Which trials go on from a rung.
    package enum Method: String, CaseIterable, Sendable {
        /// The default of this version: promotion ASHA.
        case auto
        case asha
        case none
    }

    package init(method: Method = .auto, reductionFactor: Int = 3, firstRung: Int? = nil) {
        self.method = method
        self.reductionFactor = reductionFactor
        self.firstRung = firstRung
    }
}

extension Sweep {
    static let keys = ["name", "data", "train", "objective", "search", "prune"]
    static let plannedKeys = ["finalists", "stop", "command", "priority", "requires", "warm_start"]

    /// Reads a whole sweep file; nil when something is missing or wrong (and reported in `problems`).
    ///
    /// `problems` may come with mistakes found before, in places that are muted; they count.
    package static func read(_ source: SpecNode, problems: SpecProblems) -> Sweep? {
        source.reportFaults(into: problems)
        source.reportRepeatedParameters(into: problems)
        let reader = SpecReader(source, problems: problems)
        guard let fields = reader.fields(keys, planned: plannedKeys) else { return nil }
        let name = fields.required("name", "a name").flatMap { $0.sweepName() }
        let data = fields.required("data", "source, target, …")
            .map { $0.allowingDomains(true) }.flatMap(DataSpec.read)
        let training = fields.required("train", "model, optimizer, batch_size, epochs, …")
            .map { $0.allowingDomains(true) }.flatMap(TrainingSpec.read)
        let objective = fields.optional("objective").map(Objective.read) ?? Objective()
        let space = SearchSpace(template: template(of: source))
        let search = fields.optional("search").map { SearchSpec.read($0, space: space) } ?? SearchSpec()
        if source["prune"] == .null {
            // Read as absent it would turn pruning on for someone who meant to turn it off.
            let path = SpecPath().appending(.key("prune"))
            problems.add(SpecProblem(path: path, message: "no value", found: "null", allowed: "auto, asha or none"))
        }
        let prune = fields.optional("prune").map { PruneSpec.read($0, epochs: training?.epochs) } ?? PruneSpec()
        if let search {
            let at = SpecPath().appending(.key("search"))
            if search.method != .grid, search.trials == nil, !space.parameters.isEmpty {
                problems.add(
                    SpecProblem(path: at.appending(.key("trials")), message: "missing", allowed: "the number of trials")
                )
            }
        }
        guard problems.all.isEmpty, let name, let data, let training, let objective, let search, let prune else {
            return nil
        }
        return Sweep(
            source: source,
            name: name,
            data: data,
            representative: training,
            space: space,
            objective: objective,
            search: search,
            prune: prune
        )
    }

    /// The keys of `data` that a configuration fills in; the others are the same for all trials.
    package static let searchedDataKeys = ["preprocess", "target_scale", "augment"]

    /// The part of the file that a configuration fills in: `searchedDataKeys` of `data`, in the file's order, and `train`.
    package static func template(of source: SpecNode) -> SpecNode {
        var entries: [SpecEntry] = []
        if case .map(let data)? = source["data"] {
            let searched = data.filter { searchedDataKeys.contains($0.key) }
            if !searched.isEmpty { entries.append(SpecEntry("data", .map(searched))) }
        }
        if let training = source["train"] { entries.append(SpecEntry("train", training)) }
        return .map(entries)
    }
}

extension SearchSpec {
    static let keys = ["method", "trials", "repeats", "seed", "parallelism", "decide", "try_first", "where"]
    static let plannedKeys = ["warm_start"]
    /// Trials of the largest sweep: the memory of a coordinator is bounded.
    package static let greatestTrials = 10_000_000
    static let plannedMethods = ["pbt"]

    /// Reads `search`, for configurations of `space`.
    package static func read(_ reader: SpecReader, space: SearchSpace) -> SearchSpec? {
        guard let fields = reader.fields(keys, planned: plannedKeys) else { return nil }
        let method = fields.optional("method").map { $0.word(Method.self, planned: plannedMethods) } ?? .random
        let trials: Int?? = fields.optional("trials").map { $0.integer(in: 1...greatestTrials) }
        let repeats = fields.optional("repeats").map { $0.integer(in: 1...1000) } ?? 1
        let seed = fields.optional("seed").map { $0.integer(in: 0...Int.max) } ?? 0
        let parallelism = fields.optional("parallelism").map { $0.integer(in: 1...65_536) } ?? 16
        let decide = fields.optional("decide").map { $0.word(Decide.self) } ?? .virtual
        let first = fields.optional("try_first").map { $0.configurations(of: space) } ?? []
        let constraints = fields.optional("where").map { $0.constraints(on: space) } ?? []
        guard let method, let repeats, let seed, let parallelism, let decide, let first, let constraints else {
            return nil
        }
        if case .some(.none) = trials { return nil }
        return SearchSpec(
            method: method,
            trials: trials ?? nil,
            repeats: repeats,
            seed: UInt64(seed),
            parallelism: parallelism,
            decide: decide,
            tryFirst: first,
            constraints: constraints
        )
    }
}

extension PruneSpec {
    static let plannedMethods = [
        "halving", "hyperband", "pasha", "median", "percentile", "patience", "threshold", "extrapolate",
    ]

    /// Reads `prune`; a word alone is its method.
    package static func read(_ reader: SpecReader, epochs: Int?) -> PruneSpec? {
        if case .text = reader.node {
            return reader.word(Method.self, planned: plannedMethods).map { PruneSpec(method: $0) }
        }
        guard let fields = reader.fields(["method", "reduction_factor", "first_rung"]) else { return nil }
        let method = fields.optional("method").map { $0.word(Method.self, planned: plannedMethods) } ?? .auto
        let factor = fields.optional("reduction_factor").map { $0.integer(in: 2...100) } ?? 3
        let first: Int?? = fields.optional("first_rung").map { $0.integer(in: 1...(epochs ?? 1_000_000)) }
        guard let method, let factor else { return nil }
        if case .some(.none) = first { return nil }
        return PruneSpec(method: method, reductionFactor: factor, firstRung: first ?? nil)
    }
}

extension SpecReader {
    /// A sweep's name: it becomes a directory and an argument, so only letters, digits, dot, dash and underscore.
    fileprivate func sweepName() -> String? {
        let allowed = "1 to 64 of a–z, A–Z, 0–9, dot, dash, underscore; not beginning with a dot or dash"
        guard let name = text() else { return nil }
        let fits =
            (1...64).contains(name.utf8.count) && name.first != "." && name.first != "-"
            && name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [45, 46, 95].contains(byte)
            }
        if !fits { report("not a name", allowed: allowed) }
        return fits ? name : nil
    }
}
