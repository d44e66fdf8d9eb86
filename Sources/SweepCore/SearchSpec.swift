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
    /// Results of an earlier sweep that the searcher knows from the beginning; nil: none.
    package var warmStart: WarmStart?
    /// What every configuration must meet.
    package var constraints: [Constraint]
    /// The population of `pbt`; nil for every other method.
    package var population: PopulationSpec?
    /// Where the arms of a comparison part; nil: each run begins with weights of its own.
    package var branch: BranchSpec?
    /// How many objectives the searcher is told results of: those of the sweep.
    package var objectives = 1

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
        case cmaes, evolution, nsga2
        /// A population whose members copy one another while they are trained.
        case pbt

        /// Whether it proposes the same whatever the results are; `auto` is not known before it is picked.
        package var ignoresResults: Bool {
            switch self {
            case .random, .grid, .sobol, .halton: true
            case .auto, .tpe, .gp, .bohb, .cmaes, .evolution, .nsga2, .pbt: false
            }
        }

        /// Whether it goes by several objectives, or by none.
        package var weighsObjectives: Bool {
            switch self {
            case .auto, .random, .grid, .sobol, .halton, .tpe, .gp, .nsga2: true
            case .bohb, .cmaes, .evolution, .pbt: false
            }
        }
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
        warmStart: WarmStart? = nil,
        constraints: [Constraint] = [],
        population: PopulationSpec? = nil,
        branch: BranchSpec? = nil
    ) {
        self.method = method
        self.trials = trials
        self.repeats = repeats
        self.seed = seed
        self.parallelism = parallelism
        self.decide = decide
        self.tryFirst = tryFirst
        self.warmStart = warmStart
        self.constraints = constraints
        self.population = population
        self.branch = branch
    }
}

extension SearchSpec {
    static let keys =
        [
            "method", "trials", "repeats", "seed", "parallelism", "decide", "try_first", "warm_start", "where",
            "branch",
        ] + PopulationSpec.keys
    /// Trials of the largest sweep: the memory of a coordinator is bounded.
    package static let greatestTrials = 10_000_000
    /// Configurations in one list that are to be tried before what the searcher proposes.
    package static let greatestTriedFirst = 1000

    /// Reads `search`, for configurations of `space` and results on the scale of `objective`.
    package static func read(
        _ reader: SpecReader,
        space: SearchSpace,
        objective: Objective = Objective()
    ) -> SearchSpec? {
        guard let fields = reader.fields(keys) else { return nil }
        // What a kept file means by none. A user's file that leaves it out says `auto` by then (docs/decisions/0071).
        let method = fields.optional("method").map { $0.word(Method.self) } ?? .random
        let trials: Int?? = fields.optional("trials").map { $0.integer(in: 1...greatestTrials) }
        let repeats = fields.optional("repeats").map { $0.integer(in: 1...1000) } ?? 1
        let seed = fields.optional("seed").map { $0.integer(in: 0...Int.max) } ?? 0
        let parallelism = fields.optional("parallelism").map { $0.integer(in: 1...65_536) } ?? 16
        let decide = fields.optional("decide").map { $0.word(Decide.self) } ?? .virtual
        let first = fields.optional("try_first").map { $0.configurations(of: space) } ?? []
        let warm: WarmStart?? = fields.optional("warm_start").map { reader -> WarmStart? in
            if let method, method != .auto, !WarmStart.methods.contains(method) {
                reader.report(
                    "\(method.rawValue) has no model that could learn from it",
                    allowed: "search.method: " + SpecReader.oneOf(([.auto] + WarmStart.methods).map(\.rawValue))
                )
                return nil
            }
            return WarmStart.read(reader, space: space, objective: objective)
        }
        let constraints = fields.optional("where").map { $0.constraints(on: space) } ?? []
        let branch: BranchSpec?? = fields.optional("branch").map(BranchSpec.read)
        var population: PopulationSpec??
        if method == .pbt {
            population = .some(PopulationSpec.read(fields))
        } else if let method {
            for key in PopulationSpec.keys {
                fields.optional(key)?.report("not a setting of \(method.rawValue)", allowed: "search.method: pbt")
            }
        }
        guard let method, let repeats, let seed, let parallelism, let decide, let first, let constraints else {
            return nil
        }
        if case .some(.none) = trials { return nil }
        if case .some(.none) = warm { return nil }
        if case .some(.none) = population { return nil }
        if case .some(.none) = branch { return nil }
        return SearchSpec(
            method: method,
            // The searcher proposes the members; every later trial is a copy.
            trials: population??.members ?? trials ?? nil,
            repeats: repeats,
            seed: UInt64(seed),
            parallelism: parallelism,
            decide: decide,
            tryFirst: first,
            warmStart: warm ?? nil,
            constraints: constraints,
            population: population ?? nil,
            branch: branch ?? nil
        )
    }
}
