import Foundation
import SweepCore
import SweepData
import SweepNodeCommands
import SweepReports
import SweepSearch
import SweepSpec
import SweepStore

extension LoadedSweep {
    /// The sweep file with the results of an earlier sweep, or of a study of Optuna, in the place of the file that it names, and what
    /// to tell of them; the same file and nil where it names none.
    ///
    /// Throws a `CommandFailure` where the file cannot be read, none of its results fits, or nothing is left to try.
    static func warmed(_ file: SweepFile, in folder: String) throws -> (file: SweepFile, told: String?) {
        guard case .file(let name)? = file.sweep.search.warmStart else { return (file, nil) }
        func failure(_ message: String, _ allowed: String) -> CommandFailure {
            let path = SpecPath([.key("search"), .key("warm_start")])
            // Names of studies and of their parameters are others' text.
            let (message, allowed) = (PrintableText.line(message), PrintableText.line(allowed))
            let problem = SpecProblem(path: path, message: message, found: name, allowed: allowed)
            return CommandFailure(.badInput, file.located([problem]).lines)
        }
        let source = WarmStartName(name) { isFile(path(of: $0, in: folder)) }
        let study: OptunaStudy?
        let bytes: [UInt8]
        do throws(OptunaRefusal) { (study, bytes) = try content(of: source, in: folder) } catch {
            throw failure(error.wrong, error.allowed)
        }
        if let refusal = study?.refusal(for: file.sweep.objective) { throw failure(refusal.wrong, refusal.allowed) }
        let earlier: EarlierTrials
        if let study {
            earlier = EarlierTrials(study, for: file.sweep)
        } else if let name = source.study {
            throw failure("it is no file of Optuna, which could have a study \(name)", "the file's name alone")
        } else {
            var trials: [CurvesDocument.Trial] = []
            for (number, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated()
            where !line.isEmpty {
                do { trials.append(try CurvesDocument.Trial(DocumentReader(JSONValue(parsing: Array(line))))) } catch {
                    throw failure("its line \(number + 1) is no trial: \(error)", kinds)
                }
            }
            earlier = EarlierTrials(trials, for: file.sweep)
        }
        guard earlier.found > 0 else {
            let silence = silence(of: earlier, study, file.sweep.objective.metric)
            throw failure(silence.wrong, silence.allowed)
        }
        guard !earlier.results.isEmpty, let warmed = file.with(earlierResults: earlier.results) else {
            let own = file.sweep.space.parameters.map(\.path).joined(separator: ", ")
            let reason = earlier.mistake.map { "; of the first, \($0)" } ?? ""
            throw failure(
                "none of its \(earlier.found) configurations has this sweep's parameters within their ranges\(reason)",
                study.map {
                    "values of \(own), or of ends of these from a dot on that only one has; the study has "
                        + $0.parameterNames.joined(separator: ", ")
                } ?? "the trials of a sweep whose parameters have the same paths"
            )
        }
        let (search, space) = (warmed.sweep.search, warmed.sweep.space)
        if SearcherFactory.make(spec: search, space: space).total == 0 {
            throw failure("it has tried every configuration of this sweep", "wider ranges, or no warm_start")
        }
        return (
            warmed, summary(earlier, of: name, isStudy: study != nil, SearchChoice(spec: search, space: space).method)
        )
    }

    /// The study of the file that `source` names, and the file's content where it is no database.
    private static func content(
        of source: WarmStartName,
        in folder: String
    ) throws(OptunaRefusal) -> (OptunaStudy?, [UInt8]) {
        let place = path(of: source.file, in: folder)
        let isDatabase: Bool
        let bytes: [UInt8]
        do throws(DataProblem) {
            // SQLite reads what it needs of a database, whose size does not matter.
            let start = try FileBytes.beginning(path: place, name: source.file, count: OptunaDatabase.signatureBytes)
            isDatabase = OptunaDatabase.isDatabase(start)
            bytes = try isDatabase ? [] : beside(source.file, in: folder)
        } catch {
            let found = error.found.map { ": \($0)" } ?? ""
            throw OptunaRefusal(error.wrong + found, allowed: error.allowed ?? kinds)
        }
        if isDatabase { return (try OptunaStudy.read(database: place, name: source.study), bytes) }
        if OptunaDatabase.isDatabase(bytes) {
            throw OptunaRefusal(
                "it is an SQLite database that gzip has packed",
                allowed: "the database itself: unpack it with gunzip"
            )
        }
        return (try OptunaStudy.read(journal: bytes, name: source.study), bytes)
    }

    /// Why no trial of a file told anything, and what would.
    private static func silence(
        of earlier: EarlierTrials,
        _ study: OptunaStudy?,
        _ metric: Metric
    ) -> (wrong: String, allowed: String) {
        let wrong =
            study.map { "no trial of its study \($0.name) measured anything" }
            ?? "no trial of it measured \(metric.rawValue)"
        guard let last = earlier.lastEpoch, let first = earlier.firstLevel, study != nil || last < first else {
            return study == nil
                ? (wrong, kinds)
                : ("\(wrong) at a rung of this sweep", "a study with complete trials, or with reports by epoch")
        }
        return (
            "\(wrong) at a rung of this sweep: the last epoch measured is \(last), the first rung is epoch \(first)",
            "trials measured at a rung; prune.first_rung and train.epochs say at which epochs rungs are"
        )
    }

    /// What came of it, for people.
    private static func summary(
        _ earlier: EarlierTrials,
        of name: String,
        isStudy: Bool,
        _ method: SearchSpec.Method
    ) -> String {
        guard WarmStart.methods.contains(method) else {
            return "warm     the results of \(name) are not used: \(method.rawValue) has no model"
        }
        let left = earlier.found - earlier.outside - earlier.results.count
        var text = "warm     \(earlier.results.count) results of \(name)"
        if earlier.outside > 0 { text += ", \(earlier.outside) more are not of this sweep's space" }
        if left > 0 { text += ", \(left) more are left out, evenly" }
        if isStudy, earlier.silent > 0 { text += ", \(earlier.silent) more measured nothing at a rung" }
        return text
    }

    private static let kinds = "a file of `sweepd export SWEEP --jsonl FILE`, or a journal or SQLite storage of Optuna"

    /// The content of a file that the sweep file names; a path that is not absolute begins at the sweep file's folder.
    static func beside(_ name: String, in folder: String) throws(DataProblem) -> [UInt8] {
        try FileBytes.read(path: path(of: name, in: folder), name: name)
    }

    private static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    private static func path(of name: String, in folder: String) -> String {
        name.hasPrefix("/") ? name : folder + "/" + name
    }
}
