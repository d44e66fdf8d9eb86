import ArgumentParser
import Foundation
import SweepCore
import SweepData
import SweepNodeCommands
import SweepProgram
import SweepReports
import SweepSearch
import SweepSpec
import SweepWire

/// Values of the sweep file that the command line replaces.
struct OverrideOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: "Replace a value of the sweep file, for example train.epochs=9; repeatable."
    )
    var overrides: [String] = []
}

/// A sweep file with its data, read, checked, and ready to hand in.
struct LoadedSweep {
    let file: SweepFile
    let text: String
    let material: Material
    /// What is sent: the rows in the packed form, or the files.
    let packed: Blob
    let dataSet: DataSetID
    /// The same rows as the second and each further fold parts them; none where all trials have one split.
    let folds: [Fold]
    /// What its searcher knows of an earlier sweep, for people; nil: nothing.
    private let warmStart: String?

    /// What its trials need.
    enum Material {
        case rows(DataSet)
        case files(FileBundle)
    }

    /// The rows as a fold after the first parts them, in the packed form.
    struct Fold {
        let packed: Blob
        let dataSet: DataSetID
        let schema: DataSchema
    }

    /// Everything that its trials need, as it is sent.
    var dataSets: [(id: DataSetID, packed: Blob)] { [(dataSet, packed)] + folds.map { ($0.dataSet, $0.packed) } }

    /// The rows as a fold parts them, from 1; nil for trials that all have one split.
    func rows(ofFold number: Int?) throws -> (data: DataSet, packed: Blob, id: DataSetID) {
        guard let number, folds.indices.contains(number - 2) else { return (try data, packed, dataSet) }
        let fold = folds[number - 2]
        do { return (try DataSet(packed: fold.packed), fold.packed, fold.dataSet) } catch {
            throw CommandFailure(.failed, "\(file.file): fold \(number): \(error)")
        }
    }

    /// The rows; throws a `CommandFailure` where trials are programs, which have their own.
    var data: DataSet {
        get throws {
            guard case .rows(let data) = material else {
                throw CommandFailure(
                    .badInput,
                    "\(file.file): its trials are programs, whose data and model are not known here; "
                        + "allowed a sweep file with data, which sweepd trains itself"
                )
            }
            return data
        }
    }

    /// Reads the file and its data; throws a `CommandFailure` with every mistake of both.
    ///
    /// `mustLearn`: also for a run that cannot learn anything, which is what some commands are to show.
    init(_ path: String, overrides: [String], mustLearn: Bool = true) throws {
        let folder = Self.folder(of: path)
        let file: SweepFile
        switch SweepFile.read(path: path, overrides: overrides) {
        case .success(let read): file = read
        case .failure(let problems):
            // The data is looked at all the same: one answer names every mistake.
            guard let (spec, map) = SweepFile.readData(path: path, overrides: overrides),
                case .failure(let more) = DataSet.load(spec, relativeTo: folder)
            else { throw CommandFailure(.badInput, problems.lines) }
            throw CommandFailure(.badInput, Self.lines(more, problems.problems, path, map))
        }
        let written = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let text = OverriddenText.of(written, overrides: overrides)
        try self.init(file, text: text, in: folder, mustLearn: mustLearn)
    }

    /// The folder that a path is in. (Foundation's `deletingLastPathComponent` traps for a path of one character.)
    private static func folder(of path: String) -> String {
        guard let end = path.lastIndex(of: "/") else { return "." }
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    /// Reads what a sweep file needs that was read itself; throws a `CommandFailure` with every mistake of it.
    init(_ given: SweepFile, text: String, in folder: String, mustLearn: Bool = true) throws {
        let file: SweepFile
        (file, warmStart) = try Self.warmed(given, in: folder)
        self.file = file
        self.text = text
        switch file.sweep.work {
        case .command(let command):
            let bundle = try Self.files(of: command, in: folder, file)
            material = .files(bundle)
            packed = Blob(bundle.packed)
            folds = []
        case .ask:
            let bundle = try FileBundle([])
            material = .files(bundle)
            packed = Blob(bundle.packed)
            folds = []
        case .training(let spec, _):
            // Folds part the same rows, which are read once.
            let source = spec.folds.map { _ in SourceRows.read(spec, relativeTo: folder) }
            let first = try Self.rows(spec, fold: source.map { (1, $0) }, of: file, in: folder, mustLearn: mustLearn)
            material = .rows(first.data)
            packed = first.packed
            folds =
                if let source {
                    try Self.laterFolds(
                        spec,
                        source,
                        of: file,
                        in: folder,
                        bytes: first.packed.count,
                        mustLearn: mustLearn
                    )
                } else { [] }
        }
        dataSet = DataSet.id(ofPacked: packed)
    }

    /// The rows as the second and each further fold parts them; throws with every mistake of all. The first takes `bytes`.
    private static func laterFolds(
        _ spec: DataSpec,
        _ source: Result<SourceRows, DataProblems>,
        of file: SweepFile,
        in folder: String,
        bytes: Int,
        mustLearn: Bool
    ) throws -> [Fold] {
        guard let count = spec.folds else { return [] }
        guard bytes <= WireLimits.object / count else {
            throw CommandFailure(
                .badInput,
                "\(file.file): data.validation.folds: each fold is a data set of its own, which the coordinator keeps; found \(count) of "
                    + "about \(bytes) bytes, allowed at most \(WireLimits.object) bytes in all"
            )
        }
        var folds: [Fold] = []
        var mistakes: [String] = []
        for number in 2...count {
            do {
                let fold = try rows(spec, fold: (number, source), of: file, in: folder, mustLearn: mustLearn)
                folds.append(
                    Fold(packed: fold.packed, dataSet: DataSet.id(ofPacked: fold.packed), schema: fold.data.schema)
                )
            } catch let failure as CommandFailure where failure.status == .badInput { mistakes += failure.lines }
        }
        guard mistakes.isEmpty else { throw CommandFailure(.badInput, mistakes) }
        return folds
    }

    /// The rows as a fold, from 1, parts them, checked and packed; nil: as the one split of all trials does.
    private static func rows(
        _ spec: DataSpec,
        fold: (number: Int, source: Result<SourceRows, DataProblems>)?,
        of file: SweepFile,
        in folder: String,
        mustLearn: Bool
    ) throws -> (data: DataSet, packed: Blob) {
        var data: DataSet
        let parted = fold.map { number, source in source.flatMap { $0.split(as: spec.onFold(number)) } }
        switch parted ?? DataSet.load(spec, relativeTo: folder) {
        case .success(let read): data = read
        case .failure(let problems):
            // What is wrong with a later fold alone is wrong with its split.
            let told = problems.problems.map { problem in
                fold.map { $0.number > 1 || problem.kind == .split ? problem.inFold($0.number) : problem } ?? problem
            }
            throw CommandFailure(.badInput, lines(DataProblems(told), [], file.file, file.sourceMap))
        }
        let later = file.located(file.sweep.problems(on: data.schema))
        guard later.problems.isEmpty else { throw CommandFailure(.badInput, later.lines) }
        let errors = mustLearn ? hopeless(file, data.schema) : []
        guard errors.isEmpty else { throw CommandFailure(.badInput, errors) }
        if let fold, let problem = FoldChecks.absence(of: file.sweep.objective.metric, from: data, fold: fold.number) {
            throw CommandFailure(.badInput, file.located([problem]).lines)
        }
        data.startingWeights = try weights(of: file, for: data, in: folder)
        let packed: Blob
        do throws(NoRoom) { packed = try data.packedForm() } catch {
            throw CommandFailure(.failed, "\(file.file): the data cannot be packed: \(error)")
        }
        guard packed.count <= WireLimits.object else {
            throw CommandFailure(
                .badInput,
                "\(file.file): data.source: the rows are too large to be sent to workers; found \(packed.count) bytes, "
                    + "allowed at most \(WireLimits.object)"
            )
        }
        return (data, packed)
    }

    /// The files that a command needs: those it names, or else those of its words that are files beside the sweep file.
    private static func files(of command: CommandSpec, in folder: String, _ file: SweepFile) throws -> FileBundle {
        let train = SpecPath([.key("train")])
        func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }
        if let files = command.files {
            let missing = files.enumerated().filter { !exists($0.element) }.map { index, name in
                SpecProblem(
                    path: train.appending(.key("files")).appending(.index(index)),
                    message: "there is no such file beside the sweep file",
                    found: name,
                    allowed: "a file or folder below \(folder)"
                )
            }
            guard missing.isEmpty else { throw CommandFailure(.badInput, file.located(missing).lines) }
        }
        let words =
            command.words.dropFirst().compactMap(\.plainText)
            + [command.words[0].plainText].compactMap { word in
                word.flatMap { $0.contains("/") ? $0 : nil }
            }
        let named = words.filter { word in
            !word.hasPrefix("/") && !word.hasPrefix("-") && !word.split(separator: "/").contains("..") && word != "."
                && exists(word)
        }
        let sent = command.files ?? named
        let first = command.firstFileProblem(in: folder, sent: sent) { path in
            var isFolder: ObjCBool = false
            let place = folder + "/" + path
            guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else { return .absent }
            return isFolder.boolValue || FileManager.default.isExecutableFile(atPath: place) ? .usable : .plain
        }
        if let first { throw CommandFailure(.badInput, file.located([first]).lines) }
        do { return try FileBundle(sent, in: folder) } catch {
            let problem = SpecProblem(
                path: train.appending(.key(command.files == nil ? "command" : "files")),
                message: "the files cannot be sent: \(error)",
                allowed: "files and folders of \(FileBundle.greatestSize / 1_048_576) MB in all"
            )
            throw CommandFailure(.badInput, file.located([problem]).lines)
        }
    }

    /// What a coordinator is handed.
    func submission() throws -> Submission {
        Submission(
            text: text,
            fileName: (file.file as NSString).lastPathComponent,
            tree: try file.sweep.source.wireBytes(),
            dataSet: dataSet,
            foldSets: folds.map(\.dataSet),
            schema: try? data.schema
        )
    }

    /// What the sweep is, in a few lines.
    var summary: String {
        let sweep = file.sweep
        let search = sweep.search
        let plan = TrialPlan(search: search, total: SearcherFactory.make(spec: search, space: sweep.space).total)
        let choice = PruneChoice(sweep)
        let scheduler = SchedulerFactory.make(
            prune: choice.spec(sweep.prune),
            epochs: sweep.epochs,
            trials: plan.trials,
            objective: sweep.objective,
            search: search
        )
        let levels = scheduler.levels
        let rungs = levels.map(String.init).joined(separator: ", ")
        let pruning = choice.method == .asha ? "promotion ASHA" : choice.method.rawValue
        let weighs = !sweep.further.isEmpty && choice.method != .threshold
        let way = (choice.reason == nil ? "" : "auto: ") + (weighs ? "\(pruning) by fronts" : pruning)
        let why = choice.reason.map { ", as \($0)" } ?? ""
        let rule = levels.count < 2 ? "none" : levels.count > 8 ? way + why : "\(way), rungs \(rungs)\(why)"
        let copies = "the worst members copy the best after "
        let decisions =
            levels.count > 9 ? "each \(levels[0]) epochs" : levels.dropLast().map(String.init).joined(separator: ", ")
        let prune =
            search.population != nil
            ? "none; \(copies)\(decisions)"
            : search.branch.map { "none; all arms go on from the first one's state after epoch \($0.after)" } ?? rule
        let searching = SearchChoice(spec: search, space: sweep.space)
        let method =
            searching.reason.map { "auto: \(searching.method.rawValue), as \($0)" } ?? searching.method.rawValue
        return """
            \(sweep.name): no mistakes found
            \(materialSummary)
            search   \(method), \(sweep.space.parameters.count) parameters, \
            \(search.trials.map { "\($0) trials" } ?? "the whole grid"), seed \(search.seed)
            epochs   \(sweep.epochs), prune \(prune)
            """ + (experiments.map { "\n\($0)" } ?? "") + (warmStart.map { "\n\($0)" } ?? "")
    }

    /// What is done about findings once the sweep is finished; nil where nothing is.
    private var experiments: String? {
        file.sweep.diagnose.map { spec in
            let percent = NumberText.significant(100 * spec.confirm, digits: 3)
            return
                "findings experiments once the sweep is finished, at most \(percent) % of the epochs that its search is given"
        }
    }

    private var materialSummary: String {
        switch material {
        case .rows(let data):
            let schema = data.schema
            let task =
                switch schema.task {
                case .classification(let classes, _): "\(classes.count) classes"
                case .regression: "a number"
                }
            let rows =
                folds.isEmpty
                ? "data     \(schema.trainingRows) training, \(schema.validationRows) validation, "
                : "data     \(folds.count + 1) folds; of the first \(schema.trainingRows) training, \(schema.validationRows) validation, "
            return rows + "\(schema.testRows) test rows; \(schema.features.count) features, \(task)"
        case .files where file.sweep.ask != nil:
            return "asked    by programs, over HTTP; lease \(Int(file.sweep.ask?.lease ?? 0)) s"
        case .files(let bundle):
            let names = bundle.entries.filter { $0.kind != .folder }.map(\.path)
            let sent =
                names.isEmpty ? "no files" : names.count > 4 ? "\(names.count) files" : names.joined(separator: ", ")
            return "command  \(command); sends \(sent), \(packed.count) bytes"
        }
    }

    /// The command as the file has it.
    private var command: String {
        guard case .list(let words)? = file.sweep.source["train"]?["command"] else { return "" }
        return words.map(\.text).joined(separator: " ")
    }

    /// The mistakes of the sweep file and of the data that have a line in it, in line order, then those of the data's files.
    private static func lines(
        _ data: DataProblems,
        _ located: [LocatedProblem],
        _ path: String,
        _ map: SourceMap
    ) -> [String] {
        var located = located
        var others: [String] = []
        for problem in data.problems {
            if let place = problem.specPath.flatMap({ map.place(of: $0) }) {
                located.append(LocatedProblem(place: place, kind: problem.description, text: problem.description))
            } else {
                others.append(problem.description)
            }
        }
        return SweepFileProblems(file: path, located).lines + others
    }
}
