import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepDashboard
import SweepNodeCommands
import SweepReports
import SweepSearch
import SweepSpec
import SweepStore
import SweepTraining

/// `sweepd run FILE`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "The whole sweep on this machine: a coordinator, workers, live progress, the ranked summary.",
        discussion: "Run again in the same directory it goes on where it was; a finished sweep only prints its table."
    )

    @Argument(help: "The sweep file.") var file: String
    @Option(help: "Where everything is kept; ./NAME.sweepd unless told.") var directory: String?
    @Option(help: "Worker processes.") var workers: Int = 1
    @Option(help: "Trials each worker trains at once; unless told, the cores are shared out.") var slots: Int?
    @Option(help: "table, json, csv or markdown.") var format: RankFormat = .table
    @Option(help: "Only the first rows of the table.") var top: Int?
    @Option(help: "Serve the page, the API and metrics over HTTP here while it runs, HOST:PORT; none unless told.")
    var http: String?
    @OptionGroup var overrides: OverrideOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        let begun = ContinuousClock.now
        if let top, top < 1 { throw CommandFailure(.badInput, "--top: found \(top), allowed a number from 1") }
        let loaded = try LoadedSweep(file, overrides: overrides.overrides)
        let name = loaded.file.sweep.name
        let directory = directory ?? "./\(name).sweepd"
        guard (1...256).contains(workers) else {
            throw CommandFailure(.badInput, "--workers: found \(workers), allowed a number from 1 to 256")
        }
        let cores = Processors.available
        let slots = slots ?? max(1, cores / workers)
        guard (1...4096).contains(slots) else {
            throw CommandFailure(.badInput, "--slots: found \(slots), allowed a number from 1 to 4096")
        }
        let addresses = try HTTPAddress.asked(http, unlessTold: [])
        let placementOptions = try loaded.workerOptions(slots: slots)
        let standing = try await standing(loaded, in: directory)
        if case .finished = standing {} else { loaded.printWarnings() }
        if case .finished = standing {
            let stored = try StoredSweeps(directory: directory)
            Terminal.error("\(name) is finished; this is its table (\(directory))")
            Terminal.output(format.text(try await stored.rank(sweep: name, top: top)))
            let status = try await stored.status(sweep: name)
            if status.experiments != nil {
                tell(try await stored.diagnose(sweep: name, trial: nil).experiments, status.experiments)
            }
            return
        }
        let logger = log.logger("sweepd.coordinator")
        let registry = PrometheusRegistry.ofCoordinator()
        // A directory that has keys is one that other users of this machine are to be kept out of.
        let keys = KeyFiles(directory: directory)
        let coordinator = try Coordinator.opening(
            CoordinatorServiceOptions(
                directory: directory,
                listen: "tcp://127.0.0.1:*",
                security: try keys.security(),
                servesHTTP: !addresses.isEmpty,
                core: CoordinatorOptions(),
                coreVersion: String(TrainingCore.version)
            ),
            metrics: CoordinatorMetrics(factory: registry),
            logger: logger
        )
        let endpoint = try await coordinator.openPort()
        if case .begun(let trials?) = standing {
            // The file has another number of trials than it had: the same sweep, longer or shorter.
            try await coordinator.change(name, SweepAdjustment(trials: trials), dataSets: loaded.dataSets.map(\.packed))
        } else {
            try await coordinator.take(loaded)
        }
        // Who runs it again has seen to what halted it.
        let status = try await coordinator.status(sweep: name)
        for halted in [name] + (status.experiments?.sweeps ?? [])
        where try await coordinator.status(sweep: halted).state == "halted" {
            _ = try await coordinator.resume(sweep: halted)
        }
        let before = try await coordinator.rank(sweep: name, top: nil).coreSeconds
        let access = try addresses.isEmpty ? HTTPAccess(token: nil) : keys.httpAccess()
        let page = PageBesideRun(
            coordinator,
            directory: directory,
            registry,
            at: addresses,
            access: access,
            logger: quiet(logger)
        )
        let crew = WorkerCrew(
            endpoint: endpoint,
            directory: directory,
            count: workers,
            slots: slots,
            options: try keys.workerOptions() + placementOptions
        )
        let interrupted = Interruption()
        crew.start()
        let ended = await follow(name, coordinator, crew, interrupted)
        /// What there is to say of the sweep once its workers have ended.
        func last() async throws(ControlError) -> (StatusDocument, RankDocument, [DiagnosisDocument.Experiment]) {
            let halt = try await coordinator.status(sweep: name)
            crew.stop(patience: ended ? 10 : 3)
            let document = try await coordinator.rank(sweep: name, top: nil)
            let made =
                halt.experiments == nil ? [] : try await coordinator.diagnose(sweep: name, trial: nil).experiments
            return (halt, document, made)
        }
        let (halt, document, made): (StatusDocument, RankDocument, [DiagnosisDocument.Experiment])
        do throws(ControlError) { (halt, document, made) = try await last() } catch {
            // Who steers may have deleted it meanwhile: the workers and endpoint.json go all the same.
            crew.stop(patience: 3)
            await page?.stop()
            await coordinator.close()
            guard error.code == .notFound else { throw CommandFailure(error) }
            throw CommandFailure(.failed, "\(name) was deleted while it ran")
        }
        await page?.stop()
        await coordinator.close()
        if halt.state == "halted" {
            throw CommandFailure(
                .failed,
                "\(name) is halted: \(halt.reason ?? "no reason is known"). "
                    + "Go on with: \(again(directory))"
            )
        }
        if halt.hasExperimentsLeft, let experiments = halt.experiments, experiments.state == "halted" {
            throw CommandFailure(
                .failed,
                "\(name) is finished; its experiments wait: \(experiments.text). Go on with: \(again(directory))"
            )
        }
        if !ended, let failure = crew.failure { throw CommandFailure(.badInput, failure) }
        guard ended else {
            throw CommandFailure(
                .interrupted,
                "interrupted; everything so far is kept. Go on with: \(again(directory))"
            )
        }
        Terminal.output(format.text(top.map { document.first($0) } ?? document))
        tell(made, halt.experiments)
        let training = document.coreSeconds - before
        Terminal.error(Self.times(training: training, wall: begun.duration(to: .now), slots: workers * slots))
        if let row = document.rows.first, document.rows.allSatisfy({ $0.failure != nil }) {
            throw CommandFailure(.failed, "every trial of \(name) failed; trial \(row.trial): \(row.failure ?? "")")
        }
    }

    /// Says what the experiments showed: below a table, and beside any other format.
    private func tell(_ made: [DiagnosisDocument.Experiment], _ status: StatusDocument.Experiments?) {
        guard let status, status.state == "over" else { return }
        let lines = made.flatMap(\.lines)
        let none = "no experiment was made: \(status.reason ?? "no reason is known")"
        for line in lines.isEmpty ? [none] : lines {
            if format == .table { Terminal.output(line) } else { Terminal.error(line) }
        }
    }

    /// The command that goes on with this sweep, as it is to be typed.
    private func again(_ directory: String) -> String {
        let words = ["sweepd", "run", file, "--directory", directory] + overrides.overrides.flatMap { ["--set", $0] }
        return words.map(ShellWord.typed).joined(separator: " ")
    }

    /// Where the sweep stands in a directory.
    private enum Standing {
        case absent
        /// Begun and not over; or with another number of trials to have than it has now.
        case begun(trials: Int?)
        case finished
    }

    /// Where this very sweep stands in this directory; another sweep's directory is refused.
    private func standing(_ loaded: LoadedSweep, in directory: String) async throws -> Standing {
        guard FileManager.default.fileExists(atPath: directory + "/sweepd.db") else { return .absent }
        do {
            let stored = try StoredSweeps(directory: directory)
            let name = loaded.file.sweep.name
            guard let entry = try await stored.list().sweeps.first(where: { $0.sweep == name }) else {
                guard let other = try await stored.list().sweeps.first else { return .absent }
                throw CommandFailure(
                    .badInput,
                    "--directory: \(directory) holds the sweep \(other.sweep), found \(name) in \(file), "
                        + "allowed the file it was begun with or another directory"
                )
            }
            let source = loaded.file.sweep.source
            let difference = stored.source(of: name).map { source.difference(fromKept: $0) } ?? .another
            guard difference != .another, stored.dataSets(of: name) == loaded.dataSets.map(\.id) else {
                throw CommandFailure(
                    .badInput,
                    "--directory: \(directory) holds the sweep \(name) from another version of the file or its data; "
                        + "allowed the file it was begun with or another directory"
                )
            }
            let status = try await stored.status(sweep: name)
            let isOver = entry.state == "finished" && !status.hasExperimentsLeft || entry.state == "cancelled"
            guard difference == .trials, let trials = loaded.file.sweep.search.trials,
                trials != stored.searchTrials(of: name)
            else { return isOver ? .finished : .begun(trials: nil) }
            return .begun(trials: trials)
        } catch let error as StoreError {
            throw CommandFailure(error)
        } catch let error as ControlError { throw CommandFailure(error) }
    }

    /// Shows progress until the sweep is over (true), or the user interrupts or no worker can be had (false).
    private func follow(
        _ name: String,
        _ coordinator: Coordinator,
        _ crew: WorkerCrew,
        _ interrupted: Interruption
    ) async -> Bool {
        var watch = SweepWatch(coordinator)
        defer { watch.end() }
        while true {
            guard let status = try? await coordinator.status(sweep: name) else { return false }
            await watch.show(status)
            if status.state == "finished", !status.isExperimenting { return status.experiments?.state != "halted" }
            if status.state == "cancelled" { return true }
            if interrupted.isRaised || crew.failure != nil || status.state == "halted" { return false }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// What this run took; `training` leaves out what an earlier one in the same directory did.
    private static func times(training: Double, wall: Duration, slots: Int) -> String {
        let seconds = Double(wall.components.seconds) + Double(wall.components.attoseconds) / 1e18
        let rest = max(0, seconds - training / Double(slots))
        return "training \(NumberText.seconds(training)) of core time on \(slots) slots; "
            + "\(NumberText.seconds(seconds)) in all, of which everything else \(NumberText.seconds(rest))"
    }
}

/// The page while a sweep runs.
private struct PageBesideRun {
    private let group: ServiceGroup
    private let task: Task<Void, Never>

    /// Nil when it is to be served nowhere.
    init?(
        _ coordinator: Coordinator,
        directory: String,
        _ registry: PrometheusRegistry,
        at addresses: [HTTPAddress],
        access: HTTPAccess,
        logger: Logger
    ) {
        guard !addresses.isEmpty else { return nil }
        let http = HTTPService(
            coordinator,
            directory: directory,
            registry,
            at: addresses,
            access: access,
            logger: logger
        ) { url in
            Terminal.error("page on \(url)")
            do { try await coordinator.announce(http: url) } catch {
                logger.error("endpoint.json cannot be written", metadata: ["store.error": "\(error)"])
            }
        }
        let group = ServiceGroup(configuration: .init(services: [.init(service: http)], logger: logger))
        self.group = group
        task = Task {
            // The sweep goes on without its page.
            do { try await group.run() } catch { Terminal.error("no page: \(error)") }
        }
    }

    func stop() async {
        await group.triggerGracefulShutdown()
        await task.value
    }
}

extension RankRow {
    /// Why it failed; nil when it has not.
    fileprivate var failure: String? { if case .failed(let reason) = state { reason } else { nil } }
}

extension RankDocument {
    /// Core seconds that all trials were trained.
    fileprivate var coreSeconds: Double { rows.reduce(0) { $0 + $1.coreSeconds } }
}
