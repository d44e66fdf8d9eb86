import Glibc
import SweepCore

/// A folder that holds those of a worker's programs: made when the first is run, gone with the worker.
package final class ProgramFolders: Sendable {
    /// Where they are.
    package let path: String
    /// A lock that lasts as long as this process: by it others know, on every machine that sees the folder, that it is in use.
    private let lock: Int32

    /// A fresh folder below `parent`; throws a `FileBundleError`.
    package init(below parent: String) throws {
        Self.removeOrphans(in: parent)
        var template = Array("\(parent)/\(Self.prefix)XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw FileBundleError("\(parent): \(String(cString: strerror(errno)))")
        }
        path = String(cString: made)
        lock = open(path + Self.lockName, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let error = FileBundleError("\(path): it cannot be locked: \(String(cString: strerror(errno)))")
            if lock >= 0 { close(lock) }
            throw error
        }
    }

    deinit {
        FileBundle.remove(path)
        close(lock)
    }

    /// The folder for temporary files that the environment names.
    package static var usualParent: String {
        guard let text = getenv("TMPDIR").map({ String(cString: $0) }), text.hasPrefix("/") else { return "/tmp" }
        return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static let prefix = "sweepd-programs-"
    private static let lockName = "/lock"
    /// Seconds after which a folder that nobody has locked yet is no longer one that is being made.
    private static let newness = 3600

    /// Removes what workers left that were killed, on this machine or on another that shares `parent`.
    private static func removeOrphans(in parent: String) {
        guard let stream = opendir(parent) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix(prefix) else { continue }
            let path = parent + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
                continue
            }
            let lock = open(path + lockName, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            defer { if lock >= 0 { close(lock) } }
            let isLeft =
                lock >= 0 ? flock(lock, LOCK_EX | LOCK_NB) == 0 : time(nil) - status.st_mtim.tv_sec > newness
            if isLeft { FileBundle.remove(path) }
        }
    }
}

/// The folder of one process: `run` with the files, the module for Python, and of the trial that it runs `checkpoint` and
/// `parameters.json`, in a folder that is another for each run that the process serves.
struct ProgramFolder {
    let path: String
    /// How many runs it was for, this one too.
    private(set) var count = 0
    var run: String { path + "/run" }
    private var trial: String { path + "/\(count)" }
    var checkpoint: String { trial + "/checkpoint" }
    var parameters: String { trial + "/parameters.json" }
    var module: String { path + "/python" }

    /// Makes it with all that the job needs.
    init(_ job: ProgramJob, at path: String) throws(FileBundleError) {
        self.path = path
        FileBundle.remove(path)
        try FileBundle.makeFolder(path)
        try job.files.write(to: run)
        try begin(job)
        try FileBundle.makeFolder(module)
        try FileBundle.makeFolder(module + "/sweepd")
        try FileBundle.write(Array(PythonModule.source.utf8), to: module + "/sweepd/__init__.py")
    }

    /// Makes what is the trial's, in place of what was another's.
    mutating func begin(_ job: ProgramJob) throws(FileBundleError) {
        FileBundle.remove(trial)
        count += 1
        try FileBundle.makeFolder(trial)
        if let state = job.checkpoint { try state.write(to: checkpoint) } else { try FileBundle.makeFolder(checkpoint) }
        let values = SpecNode.map(job.spec.parameters).jsonText
        try FileBundle.write(Array((values + "\n").utf8), to: parameters)
    }

    /// What a program that is reused is told of its next trial: a line of JSON.
    func line(_ job: ProgramJob) -> String {
        SpecNode.map([
            SpecEntry("trial", .integer(job.trial)), SpecEntry("parameters", .map(job.spec.parameters)),
            SpecEntry("parameters_file", .text(parameters)), SpecEntry("checkpoint", .text(checkpoint)),
            SpecEntry("start_epoch", .integer(job.from)), SpecEntry("epochs", .integer(job.spec.epochs)),
            SpecEntry("seed", .integer(Int(Self.seed(job)))),
        ]).jsonText + "\n"
    }

    /// What the program is told of its trial.
    func facts(_ job: ProgramJob) -> CommandFacts {
        CommandFacts([
            .parametersFile: parameters, .checkpoint: checkpoint, .directory: job.spec.directory ?? run,
            .epochs: String(job.spec.epochs), .number: String(job.trial), .seed: String(Self.seed(job)),
            .threads: String(job.spec.threads), .sweep: job.sweep,
        ])
    }

    /// A trial's seed as every language's signed integer holds it.
    private static func seed(_ job: ProgramJob) -> UInt64 { job.seed & 0x7fff_ffff_ffff_ffff }

    /// The program's variables, by name: those of this process without our own, what it is told, and what the sweep file sets.
    func environment(_ job: ProgramJob) -> [String: String] {
        var variables: [String: String] = [:]
        var place = environ
        while let text = place.pointee.map({ String(cString: $0) }) {
            place += 1
            guard let mark = text.firstIndex(of: "="), !text.hasPrefix("SWEEPD_") else { continue }
            variables[String(text[..<mark])] = String(text[text.index(after: mark)...])
        }
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS"] {
            variables[name] = String(job.spec.threads)
        }
        // A line that is buffered when its program is killed is lost, and with it why.
        variables["PYTHONUNBUFFERED"] = "1"
        let facts = facts(job)
        for variable in job.spec.environment {
            variables[variable.name] = variable.value.text(job.spec.parameters, facts)
        }
        variables["PYTHONPATH"] = module + (variables["PYTHONPATH"].map { ":" + $0 } ?? "")
        variables["SWEEPD_REPORT_FD"] = "3"
        variables["SWEEPD_VERDICT_FD"] = "4"
        variables["SWEEPD_PARAMETERS_FILE"] = parameters
        variables["SWEEPD_CHECKPOINT"] = checkpoint
        variables["SWEEPD_START_EPOCH"] = String(job.from)
        variables["SWEEPD_EPOCHS"] = facts[.epochs]
        variables["SWEEPD_SEED"] = facts[.seed]
        variables["SWEEPD_SWEEP"] = job.sweep
        variables["SWEEPD_THREADS"] = facts[.threads]
        variables["SWEEPD_TRIAL"] = facts[.number]
        if job.kind != nil { variables["SWEEPD_REUSE"] = "1" }
        return variables
    }

    /// Removes everything.
    func remove() { FileBundle.remove(path) }
}
