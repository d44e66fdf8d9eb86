import Glibc
import SweepCoordinator
import SweepCore
import SweepDashboard
import SweepNodeCommands
import SweepReports
import SweepSpec

extension Coordinator {
    /// Takes in a sweep file whose text came over HTTP.
    ///
    /// What it reads of this machine lies in the folder in which the coordinator was started: who may steer may not have
    /// any file read that the coordinator may, and none that is its owner's alone: by the coordinator's key, which may lie there, one
    /// could hand in programs. Programs are not taken: over HTTP nobody decides what runs on workers.
    func take(text bytes: [UInt8]) async -> Site.Submitted {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return .mistakes(["the body is no UTF-8 text"])
        }
        let file: SweepFile
        switch SweepFile.read(text: text, file: Self.bodyName) {
        case .success(let read): file = read
        case .failure(let problems): return .mistakes(problems.lines)
        }
        if file.sweep.command != nil {
            let problem = SpecProblem(
                path: SpecPath([.key("train"), .key("command")]),
                message: "programs are not handed in over HTTP",
                allowed: "train.ask, or a training run; or `sweepd submit FILE`"
            )
            return .mistakes(file.render([problem]))
        }
        if let outside = file.sweep.named.first(where: { !Self.isWithin($0.path) }) {
            let problem = SpecProblem(
                path: outside.place,
                message: "a file that is not within the folder in which the coordinator was started",
                found: outside.path,
                allowed:
                    "a path below it; or `sweepd submit FILE`, which reads it where it runs and sends what it holds"
            )
            return .mistakes(file.render([problem]))
        }
        if let hidden = file.sweep.named.first(where: { Self.isSecret($0.path) }) {
            let problem = SpecProblem(
                path: hidden.place,
                message: "a file that only its owner may read, as keys and tokens are",
                found: hidden.path,
                allowed: "one that its group may read; or `sweepd submit FILE`, which reads it where it runs"
            )
            return .mistakes(file.render([problem]))
        }
        do {
            // Data sets of gigabytes are read on no thread that others wait for.
            let loaded = try await Task.detached { try LoadedSweep(file, text: text, in: ".") }.value
            for (_, packed) in loaded.dataSets { try await keep(dataSet: packed) }
            return .taken(try await submit(try loaded.submission()))
        } catch let failure as CommandFailure {
            return .mistakes(failure.lines)
        } catch let error as ControlError {
            return .refused(error)
        } catch {
            return .refused(ControlError(.internal, "\(error)"))
        }
    }

    /// What messages call a file that has no name.
    private static let bodyName = "sweep.yaml"

    private static func isWithin(_ path: String) -> Bool {
        !path.hasPrefix("/") && !path.hasPrefix("~") && !path.split(separator: "/").contains("..")
    }

    /// Whether only its owner may read a file, as every file with a key or a token: what is said of a mistake in it would tell it.
    private static func isSecret(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return status.st_mode & 0o077 == 0
    }
}

extension Sweep {
    /// Every file and folder that the sweep reads where it is handed in, with where it is named.
    fileprivate var named: [(path: String, place: SpecPath)] {
        var named: [(path: String, place: SpecPath)] = []
        for (key, source) in data?.sources ?? [] {
            named += source.paths.map { ($0, SpecPath([.key("data"), .key(key)])) }
        }
        if case .file(let name)? = search.warmStart {
            // Which of them is there is looked at later, and may change meanwhile.
            named += WarmStartName.files(name).map { ($0, SpecPath([.key("search"), .key("warm_start")])) }
        }
        return named + startingFiles.map { ($0.file, $0.place) }
    }
}

extension DataSpec {
    /// Where rows come from, by the keys of the sweep file.
    fileprivate var sources: [(key: String, source: DataSource)] {
        var sources = [("source", source)]
        for (key, part) in [("validation", validation), ("test", test)] {
            if case .source(let other) = part { sources.append((key, other)) }
        }
        return sources
    }
}

extension DataSource {
    /// The files and folders that it names.
    fileprivate var paths: [String] {
        switch self {
        case .table(let path), .libsvm(let path): [path]
        case .images(let images, let labels): [images, labels]
        case .arrays(let path, _, _): [path]
        case .arrayFiles(let features, let labels): [features, labels]
        case .folder(let folder): [folder.path]
        case .generated: []
        }
    }
}
