import SweepCore
import SweepData
import SweepReports
import SweepSearch
import SweepSpec

extension LoadedSweep {
    /// The sweep file with the results of an earlier sweep in the place of the file that it names, and what to tell of them; the same
    /// file and nil where it names none.
    ///
    /// Throws a `CommandFailure` where the file cannot be read, none of its results fits, or nothing is left to try.
    static func warmed(_ file: SweepFile, in folder: String) throws -> (file: SweepFile, told: String?) {
        guard case .file(let name)? = file.sweep.search.warmStart else { return (file, nil) }
        func failure(_ message: String, _ allowed: String) -> CommandFailure {
            let path = SpecPath([.key("search"), .key("warm_start")])
            let problem = SpecProblem(path: path, message: message, found: name, allowed: allowed)
            return CommandFailure(.badInput, file.located([problem]).lines)
        }
        let export = "a file of `sweepd export SWEEP --jsonl FILE`"
        let bytes: [UInt8]
        do throws(DataProblem) { bytes = try beside(name, in: folder) } catch { throw failure(error.wrong, export) }
        var trials: [CurvesDocument.Trial] = []
        for (number, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            do { trials.append(try CurvesDocument.Trial(DocumentReader(JSONValue(parsing: Array(line))))) } catch {
                throw failure("its line \(number + 1) is no trial: \(error)", export)
            }
        }
        let earlier = EarlierTrials(trials, for: file.sweep)
        guard earlier.found > 0 else {
            throw failure("no trial of it measured \(file.sweep.objective.metric.rawValue)", export)
        }
        guard !earlier.results.isEmpty, let warmed = file.with(earlierResults: earlier.results) else {
            throw failure(
                "none of its \(earlier.found) configurations has this sweep's parameters within their ranges",
                "the trials of a sweep whose parameters have the same paths"
            )
        }
        let (search, space) = (warmed.sweep.search, warmed.sweep.space)
        if SearcherFactory.make(spec: search, space: space).total == 0 {
            throw failure("it has tried every configuration of this sweep", "wider ranges, or no warm_start")
        }
        return (warmed, summary(earlier, of: name, SearchChoice(spec: search, space: space).method))
    }

    /// What came of it, for people.
    private static func summary(_ earlier: EarlierTrials, of name: String, _ method: SearchSpec.Method) -> String {
        guard WarmStart.methods.contains(method) else {
            return "warm     the results of \(name) are not used: \(method.rawValue) has no model"
        }
        let left = earlier.found - earlier.outside - earlier.results.count
        return "warm     \(earlier.results.count) results of \(name)"
            + (earlier.outside > 0 ? ", \(earlier.outside) more are not of this sweep's space" : "")
            + (left > 0 ? ", \(left) more are left out, evenly" : "")
    }

    /// The content of a file that the sweep file names; a path that is not absolute begins at the sweep file's folder.
    static func beside(_ name: String, in folder: String) throws(DataProblem) -> [UInt8] {
        try FileBytes.read(path: name.hasPrefix("/") ? name : folder + "/" + name, name: name)
    }
}
