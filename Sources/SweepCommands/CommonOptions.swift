import ArgumentParser
import Foundation
import SweepCoordinator
import SweepMessaging
import SweepReports
import SweepStore

/// Where the coordinator is: how every reading and steering command finds it.
struct CoordinatorLocation: ParsableArguments {
    @Option(help: "The coordinator's port, for example tcp://127.0.0.1:7700 (the default).")
    var coordinator: String?

    @Option(help: "The directory of a coordinator on this machine; a stopped one's store is read.")
    var directory: String?

    @OptionGroup var keys: ClientKeys

    static let defaultEndpoint = "tcp://127.0.0.1:7700"

    /// Something that answers: the running coordinator, or the store of a stopped one.
    ///
    /// `isPatient`: a coordinator that does not answer is an error to who asks, and not the end of the process.
    func control(isPatient: Bool = false) throws -> any SweepControl {
        if coordinator != nil, directory != nil {
            throw CommandFailure(.badInput, "--coordinator and --directory: give one of them")
        }
        if let directory {
            do {
                if let running = try SweepStore.Endpoint.running(directory: directory) {
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

    /// Asks, and turns what went wrong into a failure of the command.
    func ask<Answer>(_ question: (any SweepControl) async throws -> Answer) async throws -> Answer {
        let control = try control()
        do { return try await question(control) } catch let error as ControlError { throw CommandFailure(error) }
    }
}

extension CommandFailure {
    /// The failure that a coordinator's error is to a command.
    init(_ error: ControlError) {
        let status: ExitStatus =
            switch error.code {
            case .badInput, .notFound, .conflict, .leaseLost: .badInput
            case .notAllowed: .notAllowed
            case .internal: .failed
            }
        self.init(status, error.message)
    }
}

/// Who is asking, where keys are needed.
struct ClientKeys: ParsableArguments {
    @Option(help: "Your key pair, made by keys new; needed off loopback.")
    var key: String?

    /// Another program's key may begin with `-`.
    @Option(parsing: .unconditional, help: "The coordinator's public key, as keys show prints it.")
    var serverKey: String?

    @Option(
        help: """
            The file that sweepd join made: the coordinator's port, its key and yours in one; or env:NAME for a variable that \
            holds the text, where secrets come as variables.
            """
    )
    var join: String?

    /// What `--join` begins with when it names a variable.
    private static let variableMark = "env:"

    /// Whether the command was told who is asking.
    var isGiven: Bool { key != nil || join != nil }

    /// The endpoint given, else the one joined, else the default.
    func endpoint(or given: String?) throws -> String {
        try given ?? joined()?.endpoint.description ?? CoordinatorLocation.defaultEndpoint
    }

    /// What the join file says; nil without one.
    private func joined() throws -> JoinText? {
        guard let join else { return nil }
        guard !join.hasPrefix(JoinText.mark) else {
            throw CommandFailure(
                .badInput,
                "--join: found the join text itself, which everybody on this machine can read in the list of processes; "
                    + "give it to `sweepd join` on standard input, and the file that it makes to --join"
            )
        }
        if join.hasPrefix(Self.variableMark) {
            let name = String(join.dropFirst(Self.variableMark.count))
            guard let text = Terminal.environment(name) else {
                throw CommandFailure(.badInput, "--join: there is no variable \(name)")
            }
            do { return try JoinText(pasted: text) } catch { throw CommandFailure(.badInput, "\(join): \(error)") }
        }
        do { return try JoinFile.read(join) } catch {
            let isMissing = error.reason == .missing
            throw CommandFailure(
                .badInput,
                isMissing ? "\(join): there is no such file; `sweepd join` makes one" : "\(error)"
            )
        }
    }

    /// Throws when only one of the two is given, or a key cannot be read.
    func security() throws -> ClientSecurity {
        if let joined = try joined() {
            guard key == nil, serverKey == nil else {
                throw CommandFailure(.badInput, "--join: it holds the keys; leave out --key and --server-key")
            }
            return .curve(joined.keys, server: joined.server)
        }
        switch (key, serverKey) {
        case (nil, nil): return .none
        case (let file?, let server?):
            guard let server = CurvePublicKey(z85: server) else {
                throw CommandFailure(.badInput, "--server-key: not a public key, allowed 40 characters of Z85")
            }
            do { return .curve(try KeyFile.read(file), server: server) } catch {
                throw CommandFailure(.badInput, error.description)
            }
        default: throw CommandFailure(.badInput, "--key and --server-key: give both or neither")
        }
    }
}

/// How much is logged.
struct LogOptions: ParsableArguments {
    @Option(help: "What is logged on standard error: debug, info, notice, warning or error.")
    var logLevel: LogLevel = .notice

    enum LogLevel: String, ExpressibleByArgument, CaseIterable {
        case debug, info, notice, warning, error
    }
}
