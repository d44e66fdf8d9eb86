package import SweepCore
import SweepSearch

/// A sweep file that was read and found right, with the way back to its lines.
package struct SweepFile: Sendable {
    /// The file as the user named it.
    package let file: String
    package let sweep: Sweep
    package let sourceMap: SourceMap

    /// Reads the file at `path`, with the values of `overrides` (each `path=value`) in place of its own.
    package static func read(path: String, overrides: [String] = []) -> Result<SweepFile, SweepFileProblems> {
        do throws(FileTextFault) {
            return read(text: try FileText.read(path), file: path, overrides: overrides)
        } catch {
            let place = error.line.map { SourcePlace.file(line: $0, column: 1) }
            return .failure(
                SweepFileProblems(
                    file: path,
                    [LocatedProblem(place: place, kind: error.message, text: error.message)]
                )
            )
        }
    }

    /// The `data` of the file at `path` alone, where that part is right; nil where it is not.
    ///
    /// For a file with mistakes elsewhere: its data is checked all the same, so that one answer names everything.
    package static func readData(path: String, overrides: [String] = []) -> (data: DataSpec, sourceMap: SourceMap)? {
        guard let text = try? FileText.read(path), let (tree, located) = try? tree(of: text, overrides),
            located.isEmpty
        else { return nil }
        let problems = SpecProblems()
        var reader = TreeReader(problems: problems)
        let source = reader.node(tree, at: SpecPath(), keyPlace: tree.place)
        guard let node = source["data"] else { return nil }
        let own = SpecProblems()
        let path = SpecPath().appending(.key("data"))
        let data = DataSpec.read(SpecReader(node, path: path, problems: own, allowsDomains: true))
        guard own.all.isEmpty, let data else { return nil }
        return (data, reader.map)
    }

    /// `prune` of the file at `path` for trials of `epochs` epochs, and the virtual slots where the file names them. The other parts
    /// need not be there; where the file leaves pruning to `auto`, what is picked by those that are. A file without `search.method` is
    /// replayed as `random`: the configurations of recorded curves are what they are, and nothing is learnt from results.
    package static func readPrune(
        path: String,
        overrides: [String],
        epochs: Int
    ) -> Result<(node: SpecNode, parallelism: Int?), SweepFileProblems> {
        let text: String
        do throws(FileTextFault) { text = try FileText.read(path) } catch {
            let place = error.line.map { SourcePlace.file(line: $0, column: 1) }
            let problem = LocatedProblem(place: place, kind: error.message, text: error.message)
            return .failure(SweepFileProblems(file: path, [problem]))
        }
        var located: [LocatedProblem]
        let tree: YAMLTree
        do throws(YAMLFault) { (tree, located) = try Self.tree(of: text, overrides) } catch {
            return .failure(SweepFileProblems(file: path, [error.located()]))
        }
        let problems = SpecProblems()
        var reader = TreeReader(problems: problems)
        let source = reader.node(tree, at: SpecPath(), keyPlace: tree.place)
        func part(_ key: String) -> SpecReader? {
            guard let node = source[key], node != .null else { return nil }
            return SpecReader(node, path: SpecPath().appending(.key(key)), problems: problems)
        }
        let spec = part("prune").map { PruneSpec.read($0, epochs: epochs) } ?? PruneSpec()
        let space = SearchSpace(template: Sweep.template(of: source))
        let search = part("search").map { SearchSpec.read($0, space: space) } ?? SearchSpec()
        if search?.population != nil {
            problems.add(
                SpecProblem(
                    path: SpecPath([.key("search"), .key("method")]),
                    message:
                        "members of a population copy one another, which recorded curves of fixed configurations cannot tell",
                    found: "pbt",
                    allowed: "a file of another method"
                )
            )
        }
        if search?.branch != nil {
            problems.add(
                SpecProblem(
                    path: SpecPath([.key("search"), .key("branch")]),
                    message: "recorded curves cannot tell how a run goes on from the state of another",
                    allowed: "a file without it"
                )
            )
        }
        located += problems.all.map { LocatedProblem($0, in: reader.map) }
        guard located.isEmpty, spec != nil, let search else { return .failure(SweepFileProblems(file: path, located)) }
        let isNamed = source["search"]?["parallelism"] != nil
        let parallelism = isNamed ? search.parallelism : nil
        if let prune = source["prune"], prune != .null, !source.leavesPruning { return .success((prune, parallelism)) }
        // A replay has as many trials as there are curves.
        var searched = search
        searched.trials = search.trials ?? 1
        let choice = PruneChoice.pick(
            search: searched,
            space: space,
            epochs: epochs,
            severalObjectives: source["objective"]?["pareto"] != nil,
            finalists: source["finalists"] != nil || source["data"]?["validation"]?["folds"] != nil,
            stop: source["stop"] != nil,
            asked: source["train"]?["ask"] != nil
        )
        guard let spec, spec.stopsHopeless else { return .success((.text(choice.method.rawValue), parallelism)) }
        let hopeless = SpecEntry(PruneSpec.hopelessKey, .boolean(true))
        return .success((.map([SpecEntry("method", .text(choice.method.rawValue)), hopeless]), parallelism))
    }

    /// Reads the text of a sweep file that messages call `file`.
    ///
    /// One that leaves out how it is searched has `search.method: auto`, which its source says: it is what a user's text becomes a sweep by.
    package static func read(
        text: String,
        file: String,
        overrides: [String] = []
    ) -> Result<SweepFile, SweepFileProblems> {
        var located: [LocatedProblem]
        let tree: YAMLTree
        do throws(YAMLFault) { (tree, located) = try Self.tree(of: text, overrides) } catch {
            return .failure(SweepFileProblems(file: file, [error.located()]))
        }
        let problems = SpecProblems()
        var reader = TreeReader(problems: problems)
        let source = reader.node(tree, at: SpecPath(), keyPlace: tree.place).withDefaultMethod
        let sweep = Sweep.read(source, problems: problems)
        reportGrid(source, sweep, into: problems)
        reportThreads(source, into: problems)
        reportConstraints(sweep, into: problems)
        located += problems.all.map { LocatedProblem($0, in: reader.map) }
        guard located.isEmpty, let sweep else {
            return .failure(SweepFileProblems(file: file, located))
        }
        return .success(SweepFile(file: file, sweep: sweep, sourceMap: reader.map))
    }

    /// The tree of a text with the values of `overrides` in place of its own, and the mistakes of either.
    private static func tree(
        of text: String,
        _ overrides: [String]
    ) throws(YAMLFault) -> (tree: YAMLTree, located: [LocatedProblem]) {
        var (tree, located) = try YAMLReader.read(text)
        for text in overrides {
            switch Override.read(text) {
            case .success(let (override, problems)):
                located += problems
                if let fault = override.apply(to: &tree) { located.append(fault.located) }
            case .failure(let fault): located.append(fault.located)
            }
        }
        return (tree, located)
    }

    /// A range of threads: no result depends on them, so there is nothing to search, and a trial takes as many slots.
    private static func reportThreads(_ source: SpecNode, into problems: SpecProblems) {
        guard let node = source["train"]?["threads"], case .domain = node else { return }
        let path = SpecPath([.key("train"), .key("threads")])
        guard !problems.all.contains(where: { $0.path.steps.starts(with: path.steps) }) else { return }
        problems.add(
            SpecProblem(
                path: path,
                message: "threads change no result, so that there is nothing to search",
                found: node.excerpt,
                allowed: "an integer from 1 to 256"
            )
        )
    }

    /// What a grid search cannot do with the ranges of `source`, which need not be right in all else.
    private static func reportGrid(_ source: SpecNode, _ sweep: Sweep?, into problems: SpecProblems) {
        guard source["search"]?["method"] == .text(SearchSpec.Method.grid.rawValue), source["arms"] == nil else {
            return
        }
        let faults = SpecProblems()
        source.reportFaults(into: faults)
        guard faults.all.isEmpty else { return }
        let space = SearchSpace(template: Sweep.template(of: source))
        for problem in GridSearcher.problems(space) { problems.add(problem) }
        guard problems.all.isEmpty, let sweep, sweep.search.trials == nil,
            let total = GridSearcher(space: space).total, total > SearchSpec.greatestTrials / sweep.search.repeats
        else { return }
        problems.add(
            SpecProblem(
                path: SpecPath([.key("search")]),
                message: "the whole grid is too large",
                found: "\(total == Int.max ? "more than 2^62" : String(total)) configurations",
                allowed: "\(SearchSpec.greatestTrials) trials in all, or trials: NUMBER to take the first of them"
            )
        )
    }

    /// Conditions that no configuration was found to meet, and configurations to begin with that do not meet them.
    private static func reportConstraints(_ sweep: Sweep?, into problems: SpecProblems) {
        guard problems.all.isEmpty, let sweep else { return }
        let search = SpecPath([.key("search")])
        var any = sweep.search
        any.tryFirst = []
        any.warmStart = nil
        var searcher = SearcherFactory.make(spec: any, space: sweep.space)
        if !any.constraints.isEmpty, searcher.propose(number: 0) == nil {
            problems.add(
                SpecProblem(
                    path: search.appending(.key("where")),
                    message: "no configuration was found that meets every condition",
                    found: any.constraints.map { "\"\($0.text)\"" }.joined(separator: " and "),
                    allowed: "conditions that leave something to try"
                )
            )
            return
        }
        if let members = any.population?.members, searcher.propose(number: members - 1) == nil {
            problems.add(
                SpecProblem(
                    path: search.appending(.key("population")),
                    message: "there are not so many configurations to begin with",
                    found: String(members),
                    allowed: searcher.total.map { "at most \($0)" }
                        ?? "fewer members, or conditions that leave more to try"
                )
            )
            return
        }
        for index in TryFirstSearcher.impossible(sweep.search.tryFirst, space: sweep.space, spec: sweep.search) {
            problems.add(
                SpecProblem(
                    path: search.appending(.key("try_first")).appending(.index(index)),
                    message: "repeats an earlier one, or does not meet the conditions of where",
                    found: sweep.search.tryFirst[index].entries.map { "\($0.path): \($0.value)" }
                        .joined(separator: ", "),
                    allowed: "configurations that differ and meet the conditions"
                )
            )
        }
    }

    /// The same file with results of an earlier sweep in the place of the file that it names; nil where they do not fit.
    package func with(earlierResults: [SpecNode]) -> SweepFile? {
        guard case .map(let entries) = sweep.source else { return nil }
        let source = SpecNode.map(
            entries.map { entry in
                guard entry.key == "search", case .map(let search) = entry.value else { return entry }
                return SpecEntry(
                    entry.key,
                    .map(search.map { $0.key == "warm_start" ? SpecEntry($0.key, .list(earlierResults)) : $0 })
                )
            }
        )
        return Sweep.read(source, problems: SpecProblems())
            .map { SweepFile(file: file, sweep: $0, sourceMap: sourceMap) }
    }

    /// Problems that were found later (on the data, by the searcher), each with its line, one line of text each.
    package func render(_ problems: [SpecProblem]) -> [String] { located(problems).lines }

    /// Problems that were found later, each with its line.
    package func located(_ problems: [SpecProblem]) -> SweepFileProblems {
        SweepFileProblems(file: file, problems.map { LocatedProblem($0, in: sourceMap) })
    }
}
