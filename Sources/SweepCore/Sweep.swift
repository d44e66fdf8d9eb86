/// A sweep: the file as one node, and what is read from it.
package struct Sweep: Hashable, Sendable {
    /// The whole file; reading it again gives this value. Of a sweep that a coordinator keeps, with what `auto` picked for `prune`.
    package let source: SpecNode
    /// Its name: unique among a coordinator's sweeps.
    package let name: String
    /// What its trials are.
    package let work: Work
    package let space: SearchSpace
    /// What it optimises; of several objectives the first.
    package let objective: Objective
    /// The objectives that are weighed against the first; empty for one.
    package let further: [Objective]
    package let search: SearchSpec
    package let prune: PruneSpec
    /// When the search ends before all its trials; nil: when they are done.
    package let stop: StopSpec?
    /// How the best are compared anew at the end; nil: they are not.
    package let finalists: FinalistsSpec?
    /// What is done about findings once it is finished; nil: nothing.
    package let diagnose: DiagnoseSpec?
    /// The runs of a controlled comparison; empty for a search.
    package let arms: [Arm]
    /// As the file has it; what is changed while the sweep runs is the coordinator's to know.
    package let placement: Placement

    /// What the trials of a sweep are. Each case holds one run that the space allows; only `epochs` is the same for all.
    package enum Work: Hashable, Sendable {
        /// Networks that are trained here, on these rows.
        case training(DataSpec, TrainingSpec)
        /// Programs that are run, which train what they like and report.
        case command(CommandSpec)
        /// Runs that programs outside ask for, and tell of.
        case ask(AskSpec)
    }

    /// The rows; nil where trials are programs.
    package var data: DataSpec? {
        if case .training(let data, _) = work { data } else { nil }
    }

    /// One training run that the space allows; nil where trials are programs.
    package var representative: TrainingSpec? {
        if case .training(_, let training) = work { training } else { nil }
    }

    /// One program that the space allows; nil where trials are trained here.
    package var command: CommandSpec? {
        if case .command(let command) = work { command } else { nil }
    }

    /// One run that the space allows and a program outside asks for; nil for all other trials.
    package var ask: AskSpec? {
        if case .ask(let ask) = work { ask } else { nil }
    }

    /// Whether programs that are not known here train the trials: they report what they like, and owe no bits.
    package var isOfPrograms: Bool { data == nil }

    /// Epochs of a trial that is not stopped.
    package var epochs: Int { work.epochs }

    /// All that is optimised, in the file's order.
    package var objectives: [Objective] { [objective] + further }

    /// What its trials report, in order, on data of this schema; nil where that does not fit what its trials are.
    package func metrics(on schema: DataSchema?) -> [Metric]? {
        switch (work, schema) {
        case (.training, let schema?): Metric.reported(for: schema, also: objectives.map(\.metric))
        case (.command(let command), nil): command.metrics(for: objectives)
        case (.ask(let ask), nil): ask.metrics(for: objectives)
        case (.training, nil), (.command, _?), (.ask, _?): nil
        }
    }

    /// The arm that `configuration` is; nil in a search.
    package func arm(of configuration: Configuration) -> Arm? {
        guard !arms.isEmpty, case .text(let name)? = configuration[Arm.parameter] else { return nil }
        return arms.first { $0.name == name }
    }

    /// The number of folds over which finalists are judged; nil where all trials have one split.
    package var folds: Int? { data?.folds }

    /// The fold, from 1, whose rows are the validation rows of run `run` of a configuration, from 0; nil where all trials have one
    /// split.
    ///
    /// The search has the first; a finalist's runs after it go through the others and then through all again, so that `folds` of
    /// them have each fold once, and those of equal number of any two finalists the same one.
    package func fold(ofRun run: Int) -> Int? {
        guard let folds else { return nil }
        let repeats = max(1, search.repeats)
        return run < repeats ? 1 : (run - repeats + 1) % folds + 1
    }

    /// The seed of one run: its own in a search, shared by all arms in a comparison, and by finalists that are judged over folds.
    package func trialSeed(_ configuration: ConfigurationID, repeat number: Int) -> UInt64 {
        arms.isEmpty && (folds == nil || number < max(1, search.repeats))
            ? SweepCore.trialSeed(sweepSeed: search.seed, configuration: configuration, repeat: number)
            : pairedSeed(sweepSeed: search.seed, repeat: number)
    }

    /// The seed of the epochs before the arms of `branch` part.
    package func seed(before branch: BranchSpec) -> UInt64 {
        branch.seed ?? pairedSeed(sweepSeed: search.seed, repeat: 0)
    }
}

extension Sweep.Work {
    /// Epochs of a trial that is not stopped.
    var epochs: Int {
        switch self {
        case .training(_, let training): training.epochs
        case .command(let command): command.epochs
        case .ask(let ask): ask.epochs
        }
    }

    /// Folds over which finalists are judged.
    var folds: Int? {
        if case .training(let data, _) = self { data.folds } else { nil }
    }

    /// Slots of a worker that a trial takes.
    var threads: Int {
        switch self {
        case .training(_, let training): training.threads
        case .command(let command): command.threads
        case .ask: 1
        }
    }
}

extension Sweep {
    static let keys =
        ["name", "data", "train", "objective", "search", "prune", "stop", "finalists", "diagnose", "arms"]
        + Placement.keys

    /// Reads a whole sweep file; nil when something is missing or wrong (and reported in `problems`).
    ///
    /// `problems` may come with mistakes found before, in places that are muted; they count.
    package static func read(_ source: SpecNode, problems: SpecProblems) -> Sweep? {
        source.reportFaults(into: problems)
        source.reportRepeatedParameters(into: problems)
        let reader = SpecReader(source, problems: problems)
        guard let fields = reader.fields(keys) else { return nil }
        let name = fields.required("name", "a name").flatMap { $0.sweepName() }
        let hasCommand = source["train"]?["command"] != nil
        let isOfPrograms = hasCommand || source["train"]?["ask"] != nil
        let work = isOfPrograms ? readProgram(fields, hasCommand: hasCommand) : readTraining(fields)
        let epochs = work?.epochs
        let threads = work?.threads ?? 1
        let objectives =
            fields.optional("objective").map { Objective.readAll($0, ofProgram: isOfPrograms) } ?? [Objective()]
        let objective = objectives?.first
        let searched = SearchSpace(template: template(of: source))
        let search =
            fields.optional("search").map {
                SearchSpec.read($0, space: searched, objective: objective ?? Objective())
            } ?? SearchSpec()
        if source["prune"] == .null {
            // Read as absent it would turn pruning on for someone who meant to turn it off.
            let path = SpecPath().appending(.key("prune"))
            problems.add(
                SpecProblem(
                    path: path,
                    message: "no value",
                    found: "null",
                    allowed: SpecReader.oneOf(PruneSpec.Method.allCases.map(\.rawValue))
                )
            )
        }
        let arms = source["arms"] == nil ? [] : readArms(source, fields)
        let isPopulation = search?.population != nil
        let prune =
            fields.optional("prune").map { PruneSpec.read($0, epochs: epochs) }
            ?? PruneSpec(method: arms == [] && !isPopulation ? .auto : .none)
        let stop: StopSpec?? = fields.optional("stop").map { StopSpec.read($0, objective: objective) }
        let folds = work?.folds
        var finalists: FinalistsSpec?? = fields.optional("finalists").map { FinalistsSpec.read($0, folds: folds) }
        if let folds, arms == [] {
            if finalists == nil { finalists = .usual(folds: folds) }
        } else if folds != nil {
            problems.add(
                SpecProblem(
                    path: SpecPath([.key("data"), .key("validation"), .key("folds")]),
                    message: "arms are compared on one split, and have no finalists",
                    allowed: "{fold: I, of: K}, a share, {last: ROWS} or {source: …}"
                )
            )
        }
        let diagnose: DiagnoseSpec?? = fields.optional("diagnose").map { reader in
            let whyNot = whyNoExperiment(isOfPrograms: isOfPrograms, arms: arms, population: isPopulation)
            guard let (message, allowed) = whyNot else { return DiagnoseSpec.read(reader) }
            reader.report(message, allowed: allowed)
            return nil
        }
        var placement = Placement.read(fields, threads: greatestThreads(source["train"]) ?? threads)
        if hasCommand { placement = placement?.ofPrograms }
        if isOfPrograms, !hasCommand, let requires = fields.optional("requires") {
            requires.report("no worker trains what is asked for", allowed: "no requires")
        }
        let space = arms == [] ? searched : SearchSpace(template: template(of: source, arms: arms ?? []))
        if let search, arms == [] {
            let at = SpecPath().appending(.key("search"))
            if search.method != .grid, search.trials == nil, !space.parameters.isEmpty {
                problems.add(
                    SpecProblem(path: at.appending(.key("trials")), message: "missing", allowed: "the number of trials")
                )
            }
        }
        if let population = search?.population, arms == [] {
            reportUnfit(population, source, work: work, space: space, problems: problems)
        }
        if let branch = search?.branch, let arms {
            reportUnfit(branch, source, work: work, arms: arms, problems: problems)
        }
        if let objectives, objectives.count > 1 {
            reportOneObjective(source, search, prune, into: problems)
            reportMetrics(work, objectives, into: problems)
        }
        guard problems.all.isEmpty, let name, let work, let objectives, let objective, var search, var prune, let arms,
            let placement
        else { return nil }
        if case .some(.none) = finalists { return nil }
        if case .some(.none) = stop { return nil }
        if case .some(.none) = diagnose { return nil }
        if !arms.isEmpty { search.method = .grid }
        search.objectives = objectives.count
        prune.objectives = objectives.count
        return Sweep(
            source: source,
            name: name,
            work: work,
            space: space,
            objective: objective,
            further: Array(objectives.dropFirst()),
            search: search,
            prune: prune,
            stop: stop ?? nil,
            finalists: finalists ?? nil,
            diagnose: diagnose ?? nil,
            arms: arms,
            placement: placement
        )
    }

    /// Why no experiment can be made on trials of a sweep, and what may stand in the place of `diagnose`; nil where one can.
    private static func whyNoExperiment(
        isOfPrograms: Bool,
        arms: [Arm]?,
        population: Bool
    ) -> (message: String, allowed: String)? {
        if isOfPrograms {
            return (
                "trials are programs, which an experiment cannot change", "no diagnose; arms compare what you change"
            )
        }
        if population {
            return (
                "members of a population copy one another, so that an experiment cannot train them from the start",
                "no diagnose, or another method"
            )
        }
        return arms?.isEmpty == false ? ("a sweep with arms is an experiment", "no diagnose, or no arms") : nil
    }

    /// Trials of a sweep whose rungs go by fronts: with conflicting objectives nearly all are on one front, and the order of a
    /// front is made anew at each result, in a time that grows with the square of what is on it.
    private static let greatestTrialsByFronts = 2_000

    /// Reports what else the file says that goes by one objective, in a sweep of several.
    private static func reportOneObjective(
        _ source: SpecNode,
        _ search: SearchSpec?,
        _ prune: PruneSpec?,
        into problems: SpecProblems
    ) {
        func refuse(_ path: [SpecPath.Step], _ message: String, _ allowed: String) {
            var found: SpecNode? = source
            for step in path { if case .key(let key) = step { found = found?[key] } }
            guard let found, found != .null else { return }
            problems.add(
                SpecProblem(path: SpecPath(path), message: message, found: found.excerpt, allowed: allowed)
            )
        }
        if let method = search?.method, !method.weighsObjectives {
            let methods = SearchSpec.Method.allCases.filter(\.weighsObjectives).map(\.rawValue)
            refuse(
                [.key("search"), .key("method")],
                "\(method.rawValue) goes by one objective",
                SpecReader.oneOf(methods) + " where there are several"
            )
        }
        if let prune, !prune.resolvedMethod.weighsObjectives {
            let methods = PruneSpec.Method.allCases.filter(\.weighsObjectives).map(\.rawValue)
            let place: [SpecPath.Step]
            if case .text? = source["prune"] {
                place = [.key("prune")]
            } else {
                place = [.key("prune"), .key(prune.method == .auto ? "budget" : "method")]
            }
            refuse(
                place,
                "\(prune.resolvedMethod.rawValue) compares trials by one objective",
                SpecReader.oneOf(methods) + " where there are several"
                    + (prune.method == .auto ? ", without budget" : "")
            )
        }
        if let prune, ![.none, .threshold].contains(prune.resolvedMethod), let trials = search?.trials,
            trials > greatestTrialsByFronts
        {
            refuse(
                [.key("search"), .key("trials")],
                "rungs compare trials by fronts, which takes a time that grows with the square of their number",
                "at most \(greatestTrialsByFronts), or prune: none"
            )
        }
        for key in ["below", "above"] {
            refuse(
                [.key("stop"), .key(key)],
                "one value says nothing of several objectives",
                "epochs: NUMBER, after: TIME, or both"
            )
        }
        refuse(
            [.key("finalists")],
            "finalists are placed by one objective",
            "no finalists; repeats below search give every configuration more seeds"
        )
        refuse(
            [.key("data"), .key("validation"), .key("folds")],
            "folds are for finalists, which are placed by one objective",
            "{fold: I, of: K}, a share, {last: ROWS} or {source: …}"
        )
        refuse([.key("search"), .key("warm_start")], "earlier results are of one objective", "no warm_start")
    }

    /// Reports more metrics of a program than a message holds, with those that several objectives add.
    private static func reportMetrics(_ work: Work?, _ objectives: [Objective], into problems: SpecProblems) {
        let named: [Metric]
        let all: [Metric]
        switch work {
        case .command(let command): (named, all) = (command.metrics, command.metrics(for: objectives))
        case .ask(let ask): (named, all) = (ask.metrics, ask.metrics(for: objectives))
        case .training, nil: return
        }
        guard all.count > CommandSpec.metricLimit else { return }
        problems.add(
            SpecProblem(
                path: SpecPath([.key("train"), .key("metrics")]),
                message: "too many beside \(objectives.count) objectives",
                found: "\(named.count) names",
                allowed: "\(CommandSpec.metricLimit) in all"
            )
        )
    }

    private static func readTraining(_ fields: SpecFields) -> Work? {
        let data = fields.required("data", "source, target, …")
            .map { $0.allowingDomains(true) }.flatMap(DataSpec.read)
        let training = fields.required(
            "train",
            "model, optimizer, batch_size, epochs, …; or command, parameters, …; or ask, parameters, …"
        )
        .map { $0.allowingDomains(true) }.flatMap(TrainingSpec.read)
        guard let data, let training else { return nil }
        return .training(data, training)
    }

    private static func readProgram(_ fields: SpecFields, hasCommand: Bool) -> Work? {
        if let data = fields.optional("data") {
            data.report(
                "a program reads its own data",
                allowed: hasCommand ? "no data; train.files names what a program needs beside it" : "no data"
            )
        }
        let training = fields.optional("train").map { $0.allowingDomains(true) }
        return hasCommand
            ? training.flatMap(CommandSpec.read).map { .command($0) } : training.flatMap(AskSpec.read).map { .ask($0) }
    }

    /// Reads `arms`, and reports what else the file says that a comparison of fixed runs cannot have.
    private static func readArms(_ source: SpecNode, _ fields: SpecFields) -> [Arm]? {
        let problems = fields.reader.problems
        func refuse(_ path: SpecPath, _ found: SpecNode, _ message: String, _ allowed: String) {
            problems.add(SpecProblem(path: path, message: message, found: found.excerpt, allowed: allowed))
        }
        let template = template(of: source, arms: [])
        var isFixed = true
        template.visitDomains(at: SpecPath()) { path, domain in
            isFixed = false
            refuse(path, .domain(domain), "arms compare fixed runs", "a single value, or a sweep without arms")
        }
        let search = SpecPath([.key("search")])
        if let method = source["search"]?["method"], method != .text(SearchSpec.Method.grid.rawValue) {
            refuse(search.appending(.key("method")), method, "arms are all trained", "no method")
        }
        if let trials = source["search"]?["trials"] {
            refuse(search.appending(.key("trials")), trials, "arms are all trained", "no number of trials, or repeats")
        }
        if let prune = source["prune"], prune != .text(PruneSpec.Method.none.rawValue), prune != .null {
            refuse(SpecPath([.key("prune")]), prune, "arms are compared over whole curves", "none")
        }
        if let stop = source["stop"] {
            refuse(SpecPath([.key("stop")]), stop, "arms are compared over whole curves", "no stop")
        }
        if let finalists = source["finalists"] {
            refuse(
                SpecPath([.key("finalists")]),
                finalists,
                "arms are compared as they are",
                "no finalists; repeats below search"
            )
        }
        guard let reader = fields.optional("arms") else {
            refuse(SpecPath([.key("arms")]), .null, "no value", "a map of arms")
            return nil
        }
        // A run that is wrong itself is told once, not again for every arm.
        guard isFixed, problems.all.isEmpty else { return nil }
        return Arm.readAll(reader, template: template)
    }

    /// The most threads that any trial has; nil unless `train.threads` is a range, which a file of this version must not say.
    private static func greatestThreads(_ training: SpecNode?) -> Int? {
        guard case .domain(let domain)? = training?["threads"] else { return nil }
        return domain.extremes.compactMap { if case .integer(let threads) = $0 { threads } else { nil } }.max()
    }

    /// The keys of `data` that a configuration fills in; the others are the same for all trials.
    package static let searchedDataKeys = ["preprocess", "target_scale", "augment"]

    /// The part of the file that a configuration fills in: `searchedDataKeys` of `data`, in the file's order, and `train`;
    /// with `arms`, the choice among their runs.
    package static func template(of source: SpecNode, arms: [Arm]) -> SpecNode {
        let run = template(of: source)
        guard !arms.isEmpty else { return run }
        return .domain(
            .choice(arms.map { ChoiceOption(label: .text($0.name), node: $0.applied(to: run) ?? run) })
        )
    }

    /// The file's own run, its ranges in their places.
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
