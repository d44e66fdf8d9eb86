import ArgumentParser
import Foundation
import SweepExport
import SweepNodeCommands
import SweepReports

/// Where `sweepd export` brings the history of a sweep's trials.
struct HistoryExport: ParsableArguments {
    @Option(help: "Write one line a trial and epoch, with the parameters in columns.") var csv: String?
    @Option(help: "Write one JSON object a line and trial.") var jsonl: String?
    @Option(
        help: "Write TensorBoard's event files, with the hparams view, into a folder of the sweep's name in this one."
    )
    var tensorboard: String?
    @Option(help: "Write a file of Optuna's journal storage, which optuna and optuna-dashboard open.") var optuna:
        String?
    @Option(
        help: """
            Bring it to the MLflow tracking server at this URL, as a run with nested runs. MLFLOW_TRACKING_TOKEN, or \
            MLFLOW_TRACKING_USERNAME and _PASSWORD, say who asks.
            """
    )
    var mlflow: String?
    @Option(help: "The experiment of MLflow; otherwise the sweep's name.") var mlflowExperiment: String?

    func validate() throws {
        if mlflowExperiment != nil, mlflow == nil { throw ValidationError("--mlflow-experiment is of --mlflow only") }
        if let mlflow, !["http", "https"].contains(URL(string: mlflow)?.scheme) || URL(string: mlflow)?.host() == nil {
            throw ValidationError(
                "--mlflow: found \(mlflow), allowed the URL of a server, such as http://127.0.0.1:5000"
            )
        }
    }

    var isEmpty: Bool { csv == nil && jsonl == nil && tensorboard == nil && optuna == nil && mlflow == nil }

    /// Writes all that was asked for, the files first; what would be refused is refused before any is written.
    func run(_ sweep: String, trial: Int?, _ location: CoordinatorLocation) async throws {
        if let optuna, FileManager.default.fileExists(atPath: optuna) {
            throw CommandFailure(.badInput, "\(optuna): the file is there already, and may hold studies; name another")
        }
        let folder = tensorboard.map { URL(filePath: $0).appending(path: sweep) }
        if let folder { try Self.checkReplaceable(folder) }
        let (history, state) = try await location.ask(about: sweep) {
            try await Self.history(of: sweep, trial: trial, $0)
        }
        var written: [String] = []
        func write(_ text: String, to path: String?) throws {
            guard let path else { return }
            try Terminal.write(Array(text.utf8), to: path)
            written.append(path)
        }
        try write(history.csv, to: csv)
        try write(history.jsonLines, to: jsonl)
        try write(history.optunaJournal, to: optuna)
        if let folder {
            try Self.write(history.tensorBoard, to: folder)
            written.append(folder.path)
        }
        let trials = history.curves.trials.count
        let told = "\(trials) trial\(trials == 1 ? "" : "s") of \(sweep): "
        if !written.isEmpty { Terminal.error(told + written.joined(separator: ", ")) }
        if let mlflow {
            let server = MLflowServer(url: mlflow, authorization: Self.authorization())
            let experiment = mlflowExperiment ?? sweep
            let brought: Result<String, MLflowError>
            do throws(MLflowError) {
                brought = .success(try await server.keep(history, state: state, experiment: experiment))
            } catch { brought = .failure(error) }
            await server.close()
            switch brought {
            case .success(let run): Terminal.error(told + "\(mlflow), experiment \(experiment), run \(run)")
            case .failure(let error): throw CommandFailure(.failed, error.description)
            }
        }
    }

    private static func history(
        of sweep: String,
        trial: Int?,
        _ control: any SweepControl
    ) async throws -> (SweepHistory, state: String) {
        let state = try await control.status(sweep: sweep).state
        let curves = try await control.curves(sweep: sweep, trial: trial)
        let history = try SweepHistory(curves, handedIn: try await control.source(sweep: sweep))
        return (history, state)
    }

    private static func authorization() -> String? {
        if let token = Terminal.environment("MLFLOW_TRACKING_TOKEN") { return "Bearer \(token)" }
        guard let user = Terminal.environment("MLFLOW_TRACKING_USERNAME") else { return nil }
        let password = Terminal.environment("MLFLOW_TRACKING_PASSWORD") ?? ""
        return "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    }

    // MARK: The folder of event files

    /// Refuses a folder that holds anything but what an export wrote.
    private static func checkReplaceable(_ folder: URL) throws {
        // A link is not followed: what would be replaced is the link.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path) else { return }
        guard attributes[.type] as? FileAttributeType == .typeDirectory else {
            throw CommandFailure(.badInput, "\(folder.path) is no folder, and no export wrote it; name another folder")
        }
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isDirectoryKey])
        while let file = files?.nextObject() as? URL {
            let isFolder = (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
            let name = file.lastPathComponent
            if !isFolder, !(name.hasPrefix("events.out.tfevents.") && name.hasSuffix(".sweepd")) {
                throw CommandFailure(
                    .badInput,
                    "\(folder.path) holds \(name), which no export wrote; name another folder"
                )
            }
        }
    }

    /// Writes the files beside the folder and puts the new one in its place: whatever happens, the old or the new one is there
    /// whole, if need be under the name `.NAME.old-PID`.
    private static func write(_ files: [(path: String, bytes: [UInt8])], to folder: URL) throws {
        let manager = FileManager.default
        let parent = folder.deletingLastPathComponent()
        let partial = parent.appending(
            path: ".\(folder.lastPathComponent).partial-\(ProcessInfo.processInfo.processIdentifier)"
        )
        let old = parent.appending(
            path: ".\(folder.lastPathComponent).old-\(ProcessInfo.processInfo.processIdentifier)"
        )
        defer { try? manager.removeItem(at: partial) }
        do {
            for file in files {
                let target = partial.appending(path: file.path)
                try manager.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.bytes).write(to: target)
            }
            let isThere = manager.fileExists(atPath: folder.path)
            if isThere { try manager.moveItem(at: folder, to: old) }
            do { try manager.moveItem(at: partial, to: folder) } catch {
                if isThere { try? manager.moveItem(at: old, to: folder) }
                throw error
            }
            try? manager.removeItem(at: old)
        } catch {
            throw Terminal.failure(toWrite: "\(folder.path): the folder", error)
        }
    }
}

extension Terminal {
    /// Writes a file whole or not at all; through a link, and into what is no file, such as a pipe or a device, as it stands.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let target = URL(filePath: path).resolvingSymlinksInPath()
        var status = stat()
        let isOther = stat(target.path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
        do {
            guard isOther else { return try Data(bytes).write(to: target, options: .atomic) }
            let handle = try FileHandle(forWritingTo: target)
            try handle.write(contentsOf: Data(bytes))
            try handle.close()
        } catch {
            throw failure(toWrite: "\(path): the file", error)
        }
    }

    /// A place that is not there, or that is not the user's, is the user's mistake; all else, such as a full disk, is a failure.
    static func failure(toWrite what: String, _ error: any Error) -> CommandFailure {
        let code = (error as? CocoaError)?.code
        let mistakes: [CocoaError.Code] = [
            .fileNoSuchFile, .fileWriteNoPermission, .fileWriteInvalidFileName, .fileWriteFileExists,
            .fileWriteVolumeReadOnly,
        ]
        let places = [EISDIR, ENOTDIR, ENAMETOOLONG, ELOOP]
        let isMistake = code.map(mistakes.contains) ?? false || systemError(in: error).map(places.contains) ?? false
        return CommandFailure(isMistake ? .badInput : .failed, "\(what) cannot be written: \(reason(error))")
    }

    /// Why something could not be done with a file: the system's words, where Foundation kept its error; its own say no more, often, than
    /// that it failed.
    static func reason(_ error: any Error) -> String {
        systemError(in: error).map { String(cString: strerror($0)) } ?? error.localizedDescription
    }

    private static func systemError(in error: any Error) -> Int32? {
        let cause = ((error as? CocoaError)?.underlying ?? error) as NSError
        return cause.domain == NSPOSIXErrorDomain ? Int32(exactly: cause.code) : nil
    }
}
