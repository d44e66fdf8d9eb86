import ArgumentParser
import Foundation
import SweepCoordinator
import SweepMessaging
import SweepNodeCommands
import SweepReports
import SweepStore
import Synchronization

/// Where the coordinator is: how every reading and steering command finds it.
struct CoordinatorLocation: ParsableArguments {
    @Option(help: "The coordinator's port, for example tcp://127.0.0.1:7700 (the default).")
    var coordinator: String?

    @Option(help: "The directory of a coordinator on this machine; a stopped one's store is read.")
    var directory: String?

    @OptionGroup var keys: ClientKeys

    /// Something that answers: the running coordinator, or the store of a stopped one.
    ///
    /// `sweep`: what is to be read where nobody says whereof; the store that `sweepd run` left of it here is found. `isPatient`: a
    /// coordinator that does not answer is an error to who asks, and not the end of the process.
    func control(about sweep: String? = nil, isPatient: Bool = false) async throws -> any SweepControl {
        if coordinator != nil, directory != nil {
            throw CommandFailure(.badInput, "--coordinator and --directory: give one of them")
        }
        if let directory = directory ?? sweep.flatMap(leftBehind) {
            do {
                if let running = try await Self.endpoint(of: directory, isPatient: isPatient) {
                    let security =
                        keys.isGiven
                        ? try keys.security() : try KeyFiles(directory: directory).clientSecurity()
                    // A coordinator that listens on every address of this machine listens on loopback too.
                    let local = SweepMessaging.Endpoint.reached(running.worker, at: "127.0.0.1")
                    return try ControlClient(local, security: security, isPatient: isPatient)
                }
                return try StoredSweeps(directory: directory)
            } catch let error as StoreError {
                throw CommandFailure(error)
            } catch let error as JournalError {
                throw CommandFailure(.failed, "\(directory): \(error)")
            }
        }
        return try ControlClient(keys.endpoint(or: coordinator), security: keys.security(), isPatient: isPatient)
    }

    /// The endpoint of the coordinator that serves a directory; nil when none does.
    ///
    /// One that starts or ends has the directory and no port. It is not stopped, so its store is not read, but by who is patient and asks
    /// again anyway.
    private static func endpoint(of directory: String, isPatient: Bool) async throws -> SweepStore.Endpoint? {
        let deadline = ContinuousClock.now + portPatience
        while true {
            if let running = try SweepStore.Endpoint.running(directory: directory) { return running }
            guard !isPatient, DirectoryLock.isHeld(directory: directory) else { return nil }
            guard ContinuousClock.now < deadline else {
                throw CommandFailure(.unreachable, StoredSweeps.portless(directory))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// How long a coordinator that starts is waited for.
    private static let portPatience = Duration.seconds(5)

    /// The directory of this sweep here, where nobody says which coordinator is asked and none listens at the usual port.
    private func leftBehind(of sweep: String) -> String? {
        guard coordinator == nil, !keys.isGiven, !sweep.contains("/") else { return nil }
        // A command of several questions asks all of them of the same one.
        return Self.leftBehind.withLock { decided in
            if let answer = decided[sweep] { return answer }
            let found = "./\(sweep).sweepd"
            let isAlone =
                FileManager.default.fileExists(atPath: found + "/sweepd.db")
                && PortProbe.look(host: "127.0.0.1", port: ClientKeys.defaultPort, patience: .seconds(1)) != .open
            if isAlone { Terminal.error("no coordinator on port \(ClientKeys.defaultPort); read from \(found)") }
            decided[sweep] = .some(isAlone ? found : nil)
            return isAlone ? found : nil
        }
    }

    /// What `leftBehind` found in this process, by sweep.
    private static let leftBehind = Mutex<[String: String?]>([:])

    /// Asks, and turns what went wrong into a failure of the command; `sweep` as for `control`.
    func ask<Answer>(
        about sweep: String? = nil,
        _ question: (any SweepControl) async throws -> Answer
    ) async throws -> Answer {
        let control = try await control(about: sweep)
        do { return try await question(control) } catch let error as ControlError {
            throw CommandFailure(error, of: control)
        }
    }
}

extension CommandFailure {
    /// The failure that a coordinator's error is to a command.
    init(_ error: ControlError) {
        let status: ExitStatus =
            switch error.code {
            case .badInput, .notFound, .conflict, .leaseLost: .badInput
            case .notAllowed: .notAllowed
            case .busy, .internal: .failed
            }
        self.init(status, error.message)
    }

    /// The failure that the error of `control` is: a stopped coordinator's store answers questions, and whoever wants to steer does
    /// not reach a coordinator.
    init(_ error: ControlError, of control: any SweepControl) {
        if error == (control as? StoredSweeps)?.stopped {
            self.init(.unreachable, error.message)
        } else {
            self.init(error)
        }
    }
}
