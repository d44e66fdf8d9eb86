import ArgumentParser
import Foundation
import SweepCoordination
import SweepCoordinator
import SweepNodeCommands
import SweepReports
import SweepWorker

/// `sweepd bench dispatch`.
struct BenchDispatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispatch",
        abstract: "Send trials that train nothing through a coordinator and its workers and print its speed as JSON.",
        discussion: """
            A coordinator with a store on disk, worker processes on its port over loopback, every trial proposed, leased, \
            reported, ended and committed; only the training is left out (worker --null). The time is from the hand-in of \
            the sweep to the commit of its last trial; CPU time is the coordinator's alone.
            """
    )

    @Option(help: "Trials of the sweep.") var trials = 10_000
    @Option(help: "Worker processes.") var workers = 2
    @Option(help: "Epochs that each trial reports.") var epochs = 1
    @Option(help: "Leases that a worker holds ahead.") var prefetch = 256
    @Option(help: "Where the store is made, and removed again; the system's folder for temporary files unless told.")
    var directory: String?
    @OptionGroup var log: LogOptions

    func validate() throws {
        if !(1...10_000_000).contains(trials) { throw ValidationError("--trials: allowed 1 to 10000000") }
        if !(1...256).contains(workers) { throw ValidationError("--workers: allowed 1 to 256") }
        if !(1...10_000).contains(epochs) { throw ValidationError("--epochs: allowed 1 to 10000") }
        if !(0...65_536).contains(prefetch) { throw ValidationError("--prefetch: allowed 0 to 65536") }
    }

    func run() async throws {
        let parent = directory ?? NSTemporaryDirectory()
        let folder = "\(parent)/sweepd-dispatch-\(getpid())"
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw CommandFailure(.badInput, "--directory: \(parent): \(Terminal.reason(error))")
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let coordinator = try Coordinator.opening(
            CoordinatorServiceOptions(
                directory: folder,
                listen: "tcp://127.0.0.1:*",
                core: CoordinatorOptions(),
                coreVersion: WorkerOptions.nullCoreVersion
            ),
            logger: log.logger("sweepd.coordinator")
        )
        let endpoint = try await coordinator.openPort()
        let crew = WorkerCrew(
            endpoint: endpoint,
            directory: folder,
            count: workers,
            slots: 1,
            options: ["--null", "--prefetch", String(prefetch)]
        )
        crew.start()
        defer { crew.stop(patience: 5) }
        let sweep = try sweep(in: folder)
        let (cpu, begun) = (Self.processSeconds, ContinuousClock.now)
        try await coordinator.take(sweep)
        let status = try await finished(coordinator, crew)
        let seconds = begun.duration(to: .now) / .seconds(1)
        let spent = Self.processSeconds - cpu
        await coordinator.close()
        guard status.trials.completed == trials else {
            throw CommandFailure(.failed, "\(status.trials.completed) of \(trials) trials were completed")
        }
        Terminal.output(
            JSONValue.object([
                JSONMember("trials", .integer(trials)),
                JSONMember("workers", .integer(workers)),
                JSONMember("epochs", .integer(epochs)),
                JSONMember("seconds", .number(seconds)),
                JSONMember("trials_per_second", .number(Double(trials) / seconds)),
                JSONMember("reports_per_second", .number(Double(trials * epochs) / seconds)),
                JSONMember("coordinator_cpu_ms_per_trial", .number(spent * 1000 / Double(trials))),
                JSONMember("durable", .boolean(true)),
            ]).text()
        )
    }

    /// A sweep without rungs whose trials are all known at once.
    private func sweep(in folder: String) throws -> LoadedSweep {
        let rows = (0..<60).map { "\($0 % 7),\($0 * $0 % 11),\($0 % 2)" }
        let file = """
            name: dispatch
            data: {source: rows.csv, target: label}
            train:
              model: linear
              optimizer: {sgd: {learning_rate: {log: [1e-4, 1]}}}
              epochs: \(epochs)
            search: {trials: \(trials), decide: arrival}
            prune: none

            """
        try ("a,b,label\n" + rows.joined(separator: "\n") + "\n").write(
            toFile: folder + "/rows.csv",
            atomically: false,
            encoding: .utf8
        )
        try file.write(toFile: folder + "/dispatch.yaml", atomically: false, encoding: .utf8)
        return try LoadedSweep(folder + "/dispatch.yaml", overrides: [])
    }

    /// Waits until the sweep is over; looks seldom, as each look costs the coordinator time.
    private func finished(_ coordinator: Coordinator, _ crew: WorkerCrew) async throws -> StatusDocument {
        while true {
            if let failure = crew.failure { throw CommandFailure(.failed, failure) }
            let status = try await coordinator.status(sweep: "dispatch")
            guard status.state == "waiting" || status.state == "running" else { return status }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Processor time of this process, its workers left out.
    private static var processSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
    }
}
