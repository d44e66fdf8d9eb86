import ArgumentParser
import Foundation
import SweepCore
import SweepData
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
    let data: DataSet
    let packed: [UInt8]
    let dataSet: DataSetID

    /// Reads the file and its data; throws a `CommandFailure` with every mistake of both.
    ///
    /// `mustLearn`: also for a run that cannot learn anything, which is what some commands are to show.
    init(_ path: String, overrides: [String], mustLearn: Bool = true) throws {
        let folder = (path as NSString).deletingLastPathComponent
        func load(_ data: DataSpec) -> Result<DataSet, DataProblems> {
            DataSet.load(data, relativeTo: folder.isEmpty ? "." : folder)
        }
        switch SweepFile.read(path: path, overrides: overrides) {
        case .success(let file): self.file = file
        case .failure(let problems):
            // The data is looked at all the same: one answer names every mistake.
            guard let (spec, map) = SweepFile.readData(path: path, overrides: overrides),
                case .failure(let more) = load(spec)
            else { throw CommandFailure(.badInput, problems.lines) }
            throw CommandFailure(.badInput, Self.lines(more, problems.problems, path, map))
        }
        switch load(file.sweep.data) {
        case .success(let data): self.data = data
        case .failure(let problems): throw CommandFailure(.badInput, Self.lines(problems, [], path, file.sourceMap))
        }
        let later = file.located(file.sweep.problems(on: data.schema))
        guard later.problems.isEmpty else { throw CommandFailure(.badInput, later.lines) }
        let errors = mustLearn ? Self.hopeless(file, data.schema) : []
        guard errors.isEmpty else { throw CommandFailure(.badInput, errors) }
        text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        packed = data.packed()
        dataSet = DataSet.id(ofPacked: packed)
    }

    /// What a coordinator is handed.
    func submission() throws -> Submission {
        Submission(
            text: text,
            fileName: (file.file as NSString).lastPathComponent,
            tree: try file.sweep.source.wireBytes(),
            dataSet: dataSet,
            schema: data.schema
        )
    }

    /// What the sweep is, in a few lines.
    var summary: String {
        let sweep = file.sweep
        let schema = data.schema
        let task =
            switch schema.task {
            case .classification(let classes, _): "\(classes.count) classes"
            case .regression: "a number"
            }
        let search = sweep.search
        let plan = TrialPlan(search: search, total: SearcherFactory.make(spec: search, space: sweep.space).total)
        let levels = SchedulerFactory.make(prune: sweep.prune, epochs: sweep.epochs, trials: plan.trials).levels
        let rungs = levels.map(String.init).joined(separator: ", ")
        let pruning = sweep.prune.resolvedMethod == .asha ? "promotion ASHA" : sweep.prune.resolvedMethod.rawValue
        let prune = levels.count < 2 ? "none" : levels.count > 8 ? pruning : "\(pruning), rungs \(rungs)"
        let choice = SearchChoice(spec: search, space: sweep.space)
        let method =
            choice.reason.map { "auto: \(choice.method.rawValue), as \($0)" } ?? choice.method.rawValue
        return """
            \(sweep.name): no mistakes found
            data     \(schema.trainingRows) training, \(schema.validationRows) validation, \(schema.testRows) test rows; \
            \(schema.features.count) features, \(task)
            search   \(method), \(sweep.space.parameters.count) parameters, \
            \(search.trials.map { "\($0) trials" } ?? "the whole grid"), seed \(search.seed)
            epochs   \(sweep.epochs), prune \(prune)
            """
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
