package import ArgumentParser
import Glibc
import KernelAPI
package import Logging
import ServiceLifecycle
import SweepCore
import SweepNodes
import SweepWire
import SweepWorker
import UnixSignals

/// `sweepd worker`.
package struct WorkerCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Join a coordinator and train its trials; SIGTERM hands back what it trains and leaves."
    )

    @Option(help: "The coordinator's port, for example tcp://192.168.1.5:7700; tcp://127.0.0.1:7700 unless told.")
    var connect: String?

    @Option(help: "Trials trained at once; one a core unless told.") var slots: Int?
    @Option(help: "Leases held ahead while epochs are short; four a slot unless told.") var prefetch: Int?
    @Option(help: "What people call it; host name and process number unless told.") var name: String?
    @Option(help: "A label that a sweep file may require, key=value; repeatable.") var label: [String] = []
    @Option(help: "Seconds to wait for a lost coordinator.") var patience: Double = 600
    @Option(help: "MiB of data sets kept for sweeps to come; those used longest ago go first.") var cache: Int = 4096
    @Flag(help: "Also run trials that are programs: whoever may hand in a sweep then runs them as this worker's user.")
    var commands = false
    @Flag(help: "Train nothing and answer at once, to measure a coordinator; takes trials of bench dispatch only.")
    var null = false
    @Option(
        help: "Seconds to measure a core at the start, for doctor to compare other machines with; 0 leaves it out."
    )
    var calibrate = 0.15
    @Option(help: "Seconds in which a worker that is told to end hands back what it trains.") var drainTime: Double = 10
    /// The worker's parent, in the process that it started to train.
    @Option(help: .hidden) var supervisedBy: Int32?
    @OptionGroup var keys: ClientKeys
    @OptionGroup var log: LogOptions

    package init() {}

    /// Runs the worker until it has left; throws a `CommandFailure` for wrong options, and for why it ended.
    package func run() async throws {
        try checkOptions()
        let slots = slots ?? Processors.available
        let labels = try Self.labels(label)
        let security = try keys.security()
        guard let parent = supervisedBy else { await supervise(slots: slots) }
        guard let (board, inherited) = TrainingChild.adopt(parent: parent) else {
            throw CommandFailure(
                .badInput,
                "--supervised-by: found \(parent), which is not the worker that started this process"
            )
        }
        let logger = log.logger("sweepd.worker")
        let worker: Worker
        do {
            // After a crash its trials are told of first.
            let isMeasured = !null && calibrate > 0 && inherited.isEmpty
            let speed =
                isMeasured
                ? try MachineProbe.speed(KernelTable.ofEnvironment(), seconds: calibrate).samplesPerSecond : nil
            worker = try Worker(
                WorkerOptions(
                    endpoint: try keys.endpoint(or: connect),
                    security: security,
                    name: name ?? "\(Worker.hostName)-\(getpid())",
                    slots: slots,
                    prefetch: prefetch,
                    labels: labels,
                    kernels: Terminal.environment("SWEEPD_KERNELS"),
                    patience: .seconds(patience),
                    cachedData: cache << 20,
                    drainTime: .seconds(drainTime),
                    softwareVersion: SoftwareVersion.current,
                    isNull: null,
                    runsPrograms: commands,
                    board: board,
                    inherited: inherited,
                    samplesPerSecond: speed
                ),
                logger: logger
            )
        } catch let failure as CommandFailure {
            throw failure
        } catch { throw CommandFailure(.badInput, "SWEEPD_KERNELS: \(error)") }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: worker,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup
                    ),
                    .init(
                        service: ServiceNotices { _ = await worker.hasStuckThreads },
                        successTerminationBehavior: .ignore
                    ),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet(logger)
            )
        )
        let failure = await Self.failure(of: group)
        if await worker.hasStuckThreads {
            for line in failure?.lines ?? [] { Terminal.error(line) }
            fflush(nil)
            _exit((failure?.status ?? .done).rawValue)
        }
        if let failure { throw failure }
    }

    /// Throws a `CommandFailure` for an option that says what no worker can be told.
    package func checkOptions() throws {
        let slots = slots ?? Processors.available
        guard (1...Register.mostSlots).contains(slots) else {
            throw CommandFailure(
                .badInput,
                "--slots: found \(slots), allowed a number from 1 to \(Register.mostSlots)"
            )
        }
        if let prefetch, !(0...65_536).contains(prefetch) {
            throw CommandFailure(.badInput, "--prefetch: found \(prefetch), allowed a number from 0 to 65536")
        }
        guard patience >= 0, patience < 1e9 else {
            throw CommandFailure(.badInput, "--patience: found \(patience), allowed seconds from 0")
        }
        guard (0...1_048_576).contains(cache) else {
            throw CommandFailure(.badInput, "--cache: found \(cache), allowed MiB from 0 to 1048576")
        }
        guard (0.1...3600).contains(drainTime) else {
            throw CommandFailure(.badInput, "--drain-time: found \(drainTime), allowed seconds from 0.1 to 3600")
        }
        guard (0...60).contains(calibrate) else {
            throw CommandFailure(.badInput, "--calibrate: found \(calibrate), allowed seconds from 0 to 60")
        }
        try Self.check(name ?? "", option: "--name")
        _ = try Self.labels(label)
    }

    /// The labels of `--label`, each `key=value`; throws a `CommandFailure` for what a worker may not be labelled.
    static func labels(_ texts: [String]) throws -> [(key: String, value: String)] {
        let labels = try texts.map { text in
            guard let separator = text.firstIndex(of: "="), separator != text.startIndex else {
                throw CommandFailure(.badInput, "--label: found \(text), allowed key=value")
            }
            return (key: String(text[..<separator]), value: String(text[text.index(after: separator)...]))
        }
        let most = WireLimits.labels - WorkerRequirement.implied.count
        guard labels.count <= most else {
            throw CommandFailure(.badInput, "--label: found \(labels.count), allowed at most \(most)")
        }
        for text in texts { try check(text, option: "--label") }
        try check(labels.map(\.key))
        return labels
    }

    /// Which build this is, and what it speaks.
    private static var spoken: String {
        "here: sweepd \(SoftwareVersion.current) with \(ProtocolVersions.spoken); trying again will not help"
    }

    /// Runs the worker; why it failed, if so.
    private static func failure(of group: ServiceGroup) async -> CommandFailure? {
        do { try await group.run() } catch let error as WorkerError {
            return switch error {
            case .refused: CommandFailure(.notAllowed, "\(error)")
            // An older coordinator's sentence does not say what is here.
            case .turnedAway: CommandFailure(.notAllowed, ["\(error)", Self.spoken])
            case .coordinatorLost: CommandFailure(.unreachable, "\(error)")
            case .damaged: CommandFailure(.failed, "\(error)")
            // Another process would come to the same limit: it is not started again.
            case .noThreads: CommandFailure(.badInput, "\(error)")
            }
        } catch let failure as CommandFailure {
            return failure
        } catch { return CommandFailure(.badInput, "--connect: \(error)") }
        return nil
    }

    /// Runs the worker in a process of its own, which is started again when it crashes, and ends this one like it.
    private func supervise(slots: Int) async -> Never {
        var arguments = CommandLine.arguments + ["--supervised-by", String(getpid())]
        if name == nil { arguments += ["--name", "\(Worker.hostName)-\(getpid())"] }
        let code = await WorkerSupervisor.runApart(
            arguments: arguments,
            slots: slots,
            drainTime: .seconds(drainTime)
        ) {
            Terminal.error($0)
        }
        Glibc.exit(code)
    }

    /// Keys of labels: such that a sweep file can require them, and each once.
    private static func check(_ keys: [String]) throws {
        if keys.contains(WorkerRequirement.commands.key) {
            throw CommandFailure(.badInput, "--label: found \(WorkerRequirement.commands.key), which --commands says")
        }
        for key in keys where !WorkerRequirement.isLabel(key) || WorkerRequirement.isAbility(key) {
            if WorkerRequirement.reservedKeys.contains(key) || WorkerRequirement.isAbility(key) {
                throw CommandFailure(
                    .badInput,
                    "--label: found \(key), which every worker tells of itself; choose another word"
                )
            }
            throw CommandFailure(
                .badInput,
                "--label: found \(key), allowed a key of letters, digits, dot, dash, underscore and slash"
            )
        }
        if let twice = keys.first(where: { key in keys.count { $0 == key } > 1 }) {
            throw CommandFailure(.badInput, "--label: \(twice) is given twice")
        }
    }

    /// A coordinator drops the registration of a worker whose names are too long; control characters would reach the
    /// terminals of those who ask for its status.
    private static func check(_ text: String, option: String) throws {
        guard text.utf8.count <= WireLimits.name else {
            throw CommandFailure(
                .badInput,
                "\(option): found \(text.utf8.count) bytes, allowed at most \(WireLimits.name)"
            )
        }
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw CommandFailure(.badInput, "\(option): a control character, allowed printable text")
        }
    }
}

/// The logger of the service group, whose own steps nobody needs to follow.
package func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = .critical
    return logger
}
