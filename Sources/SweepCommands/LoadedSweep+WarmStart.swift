import Foundation
import SweepCore
import SweepReports
import SweepSearch
import SweepSpec

extension LoadedSweep {
    /// The results of an earlier sweep that fit this one.
    struct EarlierTrials {
        /// The file as the sweep file names it.
        let file: String
        /// As `search.warm_start` of the sweep's tree holds them.
        let results: [SpecNode]
        /// Configurations with a result in the file, and how many of them are outside this sweep's ranges.
        let found: Int
        let outside: Int

        /// What came of it, for people.
        var summary: String {
            let more = found - outside - results.count
            return "warm     \(results.count) results of \(file)"
                + (outside > 0 ? ", \(outside) more are not of this sweep's parameters and ranges" : "")
                + (more > 0 ? ", \(more) more are left out, evenly" : "")
        }
    }

    /// Reads the trials that the sweep's searcher is to begin with; nil where it begins with none.
    ///
    /// Throws a `CommandFailure` where the file cannot be read or none of its results fits.
    static func earlierTrials(_ file: SweepFile, in folder: String) throws -> EarlierTrials? {
        guard case .file(let name)? = file.sweep.search.warmStart else { return nil }
        func failure(_ message: String, _ allowed: String) -> CommandFailure {
            let path = SpecPath([.key("search"), .key("warm_start")])
            let problem = SpecProblem(path: path, message: message, found: name, allowed: allowed)
            return CommandFailure(.badInput, file.located([problem]).lines)
        }
        let allowed = "a file of `sweepd export SWEEP --jsonl FILE`"
        let path = name.hasPrefix("/") ? name : folder + "/" + name
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw failure("there is no such file beside the sweep file", allowed)
        }
        var trials: [CurvesDocument.Trial] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            do { trials.append(try CurvesDocument.Trial(DocumentReader(JSONValue(parsing: Array(line.utf8))))) } catch {
                throw failure("its line \(number + 1) is no trial: \(error)", allowed)
            }
        }
        let sweep = file.sweep
        let measured = results(of: trials, sweep)
        guard !measured.isEmpty else {
            throw failure("no trial of it measured \(sweep.objective.metric.rawValue)", allowed)
        }
        let whole = measured.filter { fits($0, sweep) }
        guard !whole.isEmpty else {
            throw failure(
                "none of its \(measured.count) configurations has this sweep's parameters within their ranges",
                "the trials of a sweep whose parameters have the same paths"
            )
        }
        let limit = EarlierResult.greatestCount
        let kept = whole.count <= limit ? whole : (0..<limit).map { whole[$0 * whole.count / limit] }
        return EarlierTrials(
            file: name,
            results: kept,
            found: measured.count,
            outside: measured.count - whole.count
        )
    }

    /// A result for each configuration, best first: the mean of its runs that came furthest.
    ///
    /// Results are told as this sweep's own are: the objective at the highest level that a run came to, of one that its own rule
    /// completed at the last. So they are compared with the sweep's own at the same levels. New runs of finalists count too.
    private static func results(of trials: [CurvesDocument.Trial], _ sweep: Sweep) -> [SpecNode] {
        let objective = sweep.objective
        let plan = TrialPlan(search: sweep.search, total: nil)
        let levels = SchedulerFactory.make(prune: sweep.prune, epochs: sweep.epochs, trials: plan.trials).levels
        var order: [Configuration] = []
        var runs: [Configuration: [(epochs: Int, value: Double)]] = [:]
        for trial in trials {
            let epochs = trial.curve.epochs
            let level = trial.stoppedEarly ? levels.last : levels.last { $0 <= epochs }
            guard let level, let told = trial.curve.value(objective.metric, at: min(level, epochs)) else { continue }
            let value = trial.curve.firstNonFiniteEpoch.map { $0 <= level } ?? false ? .nan : told
            if runs[trial.configuration] == nil { order.append(trial.configuration) }
            runs[trial.configuration, default: []].append((level, value))
        }
        let means = order.map { configuration in
            let own = runs[configuration] ?? []
            let epochs = own.map(\.epochs).max() ?? 0
            let longest = own.filter { $0.epochs == epochs }.map(\.value)
            return (configuration, value: longest.reduce(0, +) / Double(longest.count), epochs)
        }
        let sorted = means.enumerated().sorted {
            (objective.cost($0.element.value), $0.offset) < (objective.cost($1.element.value), $1.offset)
        }
        return sorted.map { EarlierResult.node($0.element.0, objective: $0.element.value, epoch: $0.element.2) }
    }

    private static func fits(_ result: SpecNode, _ sweep: Sweep) -> Bool {
        let reader = SpecReader(result, problems: SpecProblems())
        guard let found = reader.earlierResult(of: sweep.space, objective: sweep.objective) else { return false }
        return sweep.search.constraints.allSatisfy { $0.holds(found.configuration) }
    }
}
