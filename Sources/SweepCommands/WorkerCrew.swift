import Foundation
import SweepNodeCommands

/// The worker processes of `sweepd run`: started from this very program, each with a log file in the directory.
///
/// Each is a parent that starts its training process again after a crash and has the coordinator told; a parent that dies
/// itself is started again here.
final class WorkerCrew: @unchecked Sendable {
    // Sendable because every property that changes is touched under `lock`.
    private let endpoint: String
    private let directory: String
    private let count: Int
    private let slots: Int
    private let options: [String]
    private let lock = NSLock()
    private var processes: [Int: Process] = [:]
    private var isStopping = false
    private var hopeless: String?

    /// Why no worker can be had, if so: starting it again would not help.
    var failure: String? { lock.withLock { hopeless } }

    /// Workers of so many slots each, with further options of `sweepd worker`.
    init(endpoint: String, directory: String, count: Int, slots: Int, options: [String] = []) {
        self.options = options
        self.endpoint = endpoint
        self.directory = directory
        self.count = count
        self.slots = slots
    }

    /// Starts all workers.
    func start() {
        for number in 1...count { start(number) }
    }

    /// Asks all workers to leave, and ends those that have not after `patience` seconds.
    func stop(patience: Double) {
        let running = lock.withLock {
            isStopping = true
            return Array(processes.values)
        }
        for process in running where process.isRunning { process.terminate() }
        // Not the clock that people set.
        let deadline = ContinuousClock.now + .seconds(patience)
        while running.contains(where: \.isRunning), .now < deadline { usleep(5_000) }
        for process in running where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    private func start(_ number: Int) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        // A worker whose coordinator is gone for good leaves soon.
        process.arguments =
            [
                "worker", "--connect", endpoint, "--slots", String(slots), "--name", "local-\(number)", "--patience",
                "10",
                // Less than an interrupted run waits.
                "--drain-time", "2",
                // Workers of one machine are alike, and a short sweep is not to wait for a measurement.
                "--calibrate", "0",
            ] + options
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = log(number)
        process.terminationHandler = { [weak self] process in self?.ended(number, process) }
        // Started under the lock: a stop comes before it, or finds it running.
        lock.withLock {
            guard !isStopping else { return }
            do {
                try process.run()
                processes[number] = process
            } catch { hopeless = "a worker cannot be started: \(error)" }
        }
    }

    private func ended(_ number: Int, _ process: Process) {
        let wasExit = process.terminationReason == .exit
        if wasExit, process.terminationStatus == ExitStatus.badInput.rawValue {
            // What it was given is wrong, and it would be given the same again.
            let reason = "worker local-\(number) cannot work: \(lastLine(number))"
            lock.withLock { hopeless = hopeless ?? reason }
            return
        }
        let stopping = lock.withLock { isStopping }
        guard !stopping else { return }
        let how = wasExit ? "exit code" : "signal"
        Terminal.error("worker local-\(number) ended with \(how) \(process.terminationStatus); starting it again")
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.5) { [weak self] in self?.start(number) }
    }

    /// What a worker's log says last.
    private func lastLine(_ number: Int) -> String {
        let text = (try? String(contentsOfFile: logPath(number), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last.map { String($0) } ?? "see \(logPath(number))"
    }

    private func logPath(_ number: Int) -> String { "\(directory)/worker-\(number).log" }

    private func log(_ number: Int) -> FileHandle {
        let path = logPath(number)
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let handle = FileHandle(forWritingAtPath: path) else { return .nullDevice }
        _ = try? handle.seekToEnd()
        return handle
    }
}
