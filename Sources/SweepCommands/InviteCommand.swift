import ArgumentParser
import Foundation
import SweepMessaging
import SweepNodeCommands
import SweepStore
import SweepWorker

/// `sweepd invite`: everything a machine needs to join, as one line to paste there.
struct InviteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite",
        abstract: "Make keys for another machine, allow them, and print the one line to paste there.",
        discussion: """
            The line holds the machine's secret: paste it, do not mail it. It goes to sweepd join on its standard input, so \
            that no list of processes shows it, and begins with a blank, so that shells which are told so keep it out of \
            their history. `sweepd invite … | ssh NODE sh` needs no pasting. keys revoke NAME takes the invitation back.
            """
    )

    @Option(help: "What to call the machine: letters, digits, dots, dashes; node-1, node-2 … unless told.")
    var name: String?

    @Option(help: "What it may do: worker (train), reader (look), admin (everything).")
    var role: String = "worker"

    @Option(help: "The coordinator's directory; it and the coordinator's keys are made if need be.")
    var directory: String = "coordinator.sweepd"

    @Option(
        help: "Where the machine finds the coordinator, tcp://HOST:PORT; where the running one listens unless told."
    )
    var address: String?

    func run() throws {
        let role = try Role(asked: role)
        if let name, !JoinText.isName(name) {
            throw CommandFailure(
                .badInput,
                "--name: found \(name.debugDescription), allowed up to \(JoinText.maximumNameBytes) letters, digits, dots, "
                    + "dashes and underscores, the first a letter or digit"
            )
        }
        let files = KeyFiles(directory: directory)
        let endpoint = try files.reachable(address)
        let keys: CurveKeyPair, server: CurvePublicKey
        let allowed: AuthorizedKey?
        do {
            server = try files.ownKeys()
            keys = try CurveKeyPair()
            allowed = try files.allowed.add { others throws(KeyError) in
                Self.choose(name, beside: Set(others.entries.map(\.name))).map {
                    AuthorizedKey(key: keys.publicKey, role: role, name: $0)
                }
            }
        } catch let error as KeyError { throw CommandFailure(.badInput, error.description) }
        guard let called = allowed?.name else {
            throw CommandFailure(
                .badInput,
                "--name: \(name ?? "") is allowed already; choose another name, or shut it out first with `sweepd keys revoke`"
            )
        }
        guard let joined = JoinText(endpoint: endpoint, server: server, keys: keys, role: role, name: called) else {
            throw CommandFailure(.failed, "\(endpoint): this cannot be put into a join text")
        }
        Terminal.error("\(called) is allowed as \(role.rawValue); paste this line there, it holds a secret:")
        Terminal.output(" echo \(joined.text) | sweepd join" + (role == .worker ? " --start" : ""))
        if endpoint.isLoopback {
            Terminal.error("\(endpoint) is this machine's own loopback: no other machine finds it there")
        }
        Terminal.error("to take it back: sweepd keys revoke \(called) --directory \(directory)")
    }

    /// The name asked for, nil when somebody has it; else the first `node-N` that is free.
    static func choose(_ name: String?, beside taken: Set<String>) -> String? {
        if let name { return taken.contains(name) ? nil : name }
        var number = 1
        while taken.contains("node-\(number)") { number += 1 }
        return "node-\(number)"
    }
}

extension KeyFiles {
    /// Whether the coordinator has a pair of its own.
    var hasOwnKeys: Bool { KeyFile.isThere(own) }

    /// The coordinator's public key; its folder and its pair are made where there are none.
    func ownKeys() throws -> CurvePublicKey {
        guard !hasOwnKeys else { return try KeyFile.read(own).publicKey }
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.badInput, "--directory: \(directory) cannot be made: \(Terminal.reason(error))")
        }
        let keys = try CurveKeyPair()
        do throws(KeyError) { try KeyFile.write(keys, to: own) } catch {
            // Another invitation has made it meanwhile.
            guard error.reason == .exists else { throw error }
            return try KeyFile.read(own).publicKey
        }
        return keys.publicKey
    }

    /// Where another machine is to connect: the address given, else where the running coordinator listens.
    ///
    /// Nothing is made before this is known.
    func reachable(_ address: String?) throws -> SweepMessaging.Endpoint {
        let running: SweepStore.Endpoint?
        do { running = try SweepStore.Endpoint.running(directory: directory) } catch {
            throw CommandFailure(.badInput, error.description)
        }
        if running != nil, !hasOwnKeys {
            throw CommandFailure(
                .badInput,
                "the coordinator that runs on \(directory) began without keys and lets nobody else in. Stop it, make its keys "
                    + "with `sweepd keys new \(own)`, and start it again with `--listen 'tcp://*:7700'`"
            )
        }
        guard
            let text = address
                ?? running.map({ SweepMessaging.Endpoint.reached($0.worker, at: Worker.hostName) })
        else {
            throw CommandFailure(
                .badInput,
                "--address: no coordinator runs on \(directory), so say where it will be found, for example "
                    + "tcp://\(Worker.hostName):7700"
            )
        }
        do {
            let endpoint = try SweepMessaging.Endpoint(text)
            guard endpoint.transport == .tcp, endpoint.port != nil, !["*", "0.0.0.0", "::"].contains(endpoint.host)
            else {
                throw CommandFailure(
                    .badInput,
                    "--address: found \(text), allowed tcp://HOST:PORT with the host's name or address"
                )
            }
            return endpoint
        } catch let error as EndpointError { throw CommandFailure(.badInput, "--address: \(error)") }
    }
}
