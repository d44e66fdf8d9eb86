package import ArgumentParser
package import SweepMessaging

/// Who is asking, where keys are needed.
package struct ClientKeys: ParsableArguments {
    @Option(help: "Your key pair, made by keys new; needed off loopback.")
    package var key: String?

    /// Another program's key may begin with `-`.
    @Option(parsing: .unconditional, help: "The coordinator's public key, as keys show prints it.")
    package var serverKey: String?

    @Option(
        help: """
            The file that sweepd join made: the coordinator's port, its key and yours in one; or env:NAME for a variable that \
            holds the text, where secrets come as variables.
            """
    )
    package var join: String?

    package init() {}

    /// The port of a coordinator that nobody says anything of, on this machine.
    package static let defaultPort: UInt16 = 7700

    /// What `--join` begins with when it names a variable.
    private static let variableMark = "env:"

    /// Whether the command was told who is asking.
    package var isGiven: Bool { key != nil || serverKey != nil || join != nil }

    /// The endpoint given, else the one joined, else the default.
    package func endpoint(or given: String?) throws -> String {
        try given ?? joined()?.endpoint.description ?? "tcp://127.0.0.1:\(Self.defaultPort)"
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
    package func security() throws -> ClientSecurity {
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
