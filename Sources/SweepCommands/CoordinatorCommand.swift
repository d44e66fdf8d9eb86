import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepDashboard
import SweepData
import SweepMessaging
import SweepNodeCommands
import SweepReports
import SweepStore
import SweepTraining
import SweepWorker
import UnixSignals

/// `sweepd coordinator [FILE…]`.
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Serve sweeps to workers; started again on its directory it goes on by itself."
    )

    @Argument(help: "Sweep files to begin with; one that this directory already serves is taken up again.")
    var files: [String] = []

    @Option(help: "The port of workers and clients; * lets the system choose.")
    var listen: String = CoordinatorServiceOptions.defaultListen

    @Option(
        help: "Serve the page, the API and metrics over HTTP here, HOST:PORT; 127.0.0.1:7780 unless told, or none."
    )
    var http: String?

    @Option(help: "Where everything is kept.")
    var directory: String = "coordinator.sweepd"

    @Option(help: "Seconds between the heartbeats of workers.")
    var heartbeat: Double = 2

    @Option(help: "Missed heartbeats after which a worker's trials are given to others.")
    var missed: Int = 3

    @Option(help: "Attempts of a trial that end its worker's process without an epoch before it has failed.")
    var attempts: Int = 3

    @Option(
        help:
            "Seconds without a step after which a trial is moved; unless told 20 of the longest epochs, at least 60 s."
    )
    var stuckAfter: Double?

    @OptionGroup var overrides: OverrideOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        let loaded = try files.map { try LoadedSweep($0, overrides: overrides.overrides) }
        guard (0.01...60).contains(heartbeat) else {
            throw CommandFailure(.badInput, "--heartbeat: found \(heartbeat), allowed seconds from 0.01 to 60")
        }
        guard (3...1000).contains(missed), heartbeat * Double(missed) <= 600 else {
            throw CommandFailure(.badInput, "--missed: found \(missed), allowed from 3, and at most 600 seconds in all")
        }
        guard (1...100).contains(attempts) else {
            throw CommandFailure(.badInput, "--attempts: found \(attempts), allowed a number from 1 to 100")
        }
        if let stuckAfter, !(0.1...86_400).contains(stuckAfter) {
            throw CommandFailure(.badInput, "--stuck-after: found \(stuckAfter), allowed seconds from 0.1 to 86400")
        }
        let addresses = try HTTPAddress.asked(http, unlessTold: HTTPAddress.usual.andAbove)
        do { _ = try SweepMessaging.Endpoint(listen) } catch { throw CommandFailure(.badInput, "--listen: \(error)") }
        let logger = log.logger("sweepd.coordinator")
        DescriptorLimit.raise()
        let security = try KeyFiles(directory: directory).security()
        let access = try addresses.isEmpty ? HTTPAccess(token: nil) : KeyFiles(directory: directory).httpAccess()
        let registry = PrometheusRegistry.ofCoordinator()
        let coordinator = try Coordinator.opening(
            CoordinatorServiceOptions(
                directory: directory,
                listen: listen,
                movesWhenBusy: listen == CoordinatorServiceOptions.defaultListen,
                security: security,
                servesHTTP: !addresses.isEmpty,
                core: CoordinatorOptions(
                    heartbeat: .seconds(heartbeat),
                    missedBeats: missed,
                    attempts: attempts,
                    stuckAfter: stuckAfter.map { .seconds($0) }
                ),
                coreVersion: String(TrainingCore.version)
            ),
            metrics: CoordinatorMetrics(factory: registry),
            logger: logger
        )
        let endpoint = try await coordinator.openPort()
        for sweep in loaded { try await coordinator.take(sweep) }
        Terminal.error("coordinator on \(endpoint), directory \(directory)")
        Terminal.error("join with: " + (try KeyFiles(directory: directory).joinLine(endpoint)))
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: coordinator, failureTerminationBehavior: .gracefullyShutdownGroup),
            // It asks for something that only the port's own thread answers.
            .init(service: ServiceNotices { _ = await coordinator.health() }, successTerminationBehavior: .ignore),
        ]
        if !addresses.isEmpty {
            let http = HTTPService(
                coordinator,
                directory: directory,
                registry,
                at: addresses,
                access: access,
                logger: quiet(logger)
            ) { url in
                let hint = access.needsToken ? "/#token=TOKEN, where TOKEN is in \(directory)/http-token" : ""
                Terminal.error("page on \(url)\(hint)")
                do { try await coordinator.announce(http: url) } catch {
                    logger.error("endpoint.json cannot be written", metadata: ["store.error": "\(error)"])
                }
            }
            services.append(.init(service: http, failureTerminationBehavior: .gracefullyShutdownGroup))
        }
        let group = ServiceGroup(
            configuration: .init(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet(logger)
            )
        )
        do { try await group.run() } catch let error as HTTPBindError {
            throw CommandFailure(.badInput, error.description)
        } catch { throw CommandFailure(.failed, "\(error)") }
    }
}

extension KeyFiles {
    /// Keys, when the directory has a key pair; nothing otherwise, which allows loopback only.
    ///
    /// Whoever can read the coordinator's own pair can do everything anyway, so that key is allowed as an admin: it is how
    /// commands with `--directory` steer on this machine.
    func security() throws -> ServerSecurity {
        guard hasOwnKeys else { return .none }
        do {
            let keys = try KeyFile.read(own)
            try allowed.add(AuthorizedKey(key: keys.publicKey, role: .admin, name: "coordinator"))
            return .curve(keys, allowed: .file(allowed))
        } catch { throw CommandFailure(.badInput, error.description) }
    }

    /// Who may ask over HTTP: a token where the directory has keys, so that users of this machine need to be let in there too.
    func httpAccess() throws -> HTTPAccess {
        guard hasOwnKeys else { return HTTPAccess(token: nil) }
        do {
            return HTTPAccess(
                token: try TokenFile.readOrMake(directory + "/http-token"),
                readToken: try TokenFile.readOrMake(directory + "/http-token-read")
            )
        } catch {
            throw CommandFailure(.badInput, error.description)
        }
    }

    /// What to type on a node.
    func joinLine(_ endpoint: String) throws -> String {
        let reachable = SweepMessaging.Endpoint.reached(endpoint, at: Worker.hostName)
        guard case .curve = try clientSecurity() else { return "sweepd worker --connect \(reachable)" }
        return "the line that `sweepd invite --directory \(directory)` prints"
    }

    /// How a worker that this user starts on the coordinator's own machine shows who it is: as the coordinator itself.
    func workerOptions() throws -> [String] {
        guard case .curve(_, let server) = try clientSecurity() else { return [] }
        return ["--key", own, "--server-key", server.z85]
    }

    /// The security of a client on the coordinator's own machine.
    func clientSecurity() throws -> ClientSecurity {
        guard hasOwnKeys else { return .none }
        do {
            let keys = try KeyFile.read(own)
            return .curve(keys, server: keys.publicKey)
        } catch { throw CommandFailure(.notAllowed, error.description) }
    }
}

extension Coordinator {
    /// Opens the directory; what is wrong with it is a failure of the command.
    static func opening(
        _ options: CoordinatorServiceOptions,
        metrics: CoordinatorMetrics = CoordinatorMetrics(),
        logger: Logger
    ) throws -> Coordinator {
        // An endpoint that may not be is refused before anything is written.
        let endpoint: SweepMessaging.Endpoint
        do {
            endpoint = try SweepMessaging.Endpoint(options.listen)
            let hasKeys = if case .curve = options.security { true } else { false }
            try ListenPolicy.check(listeningOn: endpoint, hasKeys: hasKeys)
        } catch { throw CommandFailure(.badInput, "--listen: \(error)") }
        // Nor is a directory made for one whose port somebody else has; that it is free, the binding has the last word.
        let host = endpoint.host == "*" ? "0.0.0.0" : endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        if !options.movesWhenBusy, let port = endpoint.port, HTTPAddress("\(host):\(port)")?.isFree == false,
            !FileManager.default.fileExists(atPath: options.directory)
        {
            let taken = ZMQError(code: EADDRINUSE, operation: "bind", endpoint: options.listen)
            throw CommandFailure(.badInput, "--listen: \(taken)")
        }
        var options = options
        options.softwareVersion = SoftwareVersion.current
        if let text = Terminal.environment("SWEEPD_SNAPSHOT_BYTES") {
            guard let bytes = Int(text), bytes > 0 else {
                throw CommandFailure(.badInput, "SWEEPD_SNAPSHOT_BYTES: found \(text), allowed a number from 1")
            }
            options.snapshotBytes = bytes
        }
        do { return try Coordinator(options, metrics: metrics, logger: logger) } catch let error as StoreError {
            throw CommandFailure(error)
        } catch { throw CommandFailure(.failed, "\(options.directory): \(error)") }
    }

    /// Binds the port; what is wrong with it is a failure of the command.
    func openPort() async throws -> String {
        do { return try await open() } catch let error as StoreError {
            throw CommandFailure(error)
        } catch { throw CommandFailure(.badInput, "--listen: \(error)") }
    }

    /// Changes a sweep that it has; a coordinator that cannot is closed, so that no `endpoint.json` stays.
    func change(_ sweep: String, _ adjustment: SweepAdjustment, dataSets: [Blob]) async throws {
        do {
            for packed in dataSets { try await keep(dataSet: packed) }
            _ = try await set(sweep: sweep, adjustment)
        } catch {
            await close()
            if let error = error as? ControlError { throw CommandFailure(error) }
            throw error
        }
    }

    /// Takes a sweep in, with its data set; a coordinator that cannot is closed, so that no `endpoint.json` stays.
    func take(_ sweep: LoadedSweep) async throws {
        do {
            for (_, packed) in sweep.dataSets { try await keep(dataSet: packed) }
            _ = try await submit(try sweep.submission())
        } catch {
            await close()
            if let error = error as? ControlError { throw CommandFailure(error) }
            throw error
        }
    }
}
