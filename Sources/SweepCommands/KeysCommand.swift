import ArgumentParser
import SweepMessaging
import SweepNodeCommands

/// `sweepd keys`: make key pairs, and say which keys a coordinator lets in.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make keys and say which are allowed; needed as soon as a coordinator listens beyond its machine.",
        subcommands: [NewKeyCommand.self, ShowKeyCommand.self, Allow.self, Revoke.self, List.self]
    )

    /// `sweepd keys allow KEY`.
    struct Allow: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a key in; a running coordinator takes notice within a second.",
            discussion: "A key of another program that begins with - goes last, after --."
        )

        @Argument(help: "The public key, as keys new printed it.")
        var key: String

        @Option(help: "What it may do: worker (train), reader (look), admin (everything).")
        var role: String = "worker"

        @Option(help: "Who it is, for logs and lists.")
        var name: String = ""

        @Option(help: "The coordinator's directory.")
        var directory: String = "coordinator.sweepd"

        func run() throws {
            guard let publicKey = CurvePublicKey(z85: key) else {
                throw CommandFailure(.badInput, "KEY: not a public key, found \(key), allowed 40 characters of Z85")
            }
            let role = try Role(asked: role)
            try CommandFailure.ofKeys {
                try KeyFiles(directory: directory).allowed.add(AuthorizedKey(key: publicKey, role: role, name: name))
            }
        }
    }

    /// `sweepd keys revoke KEY`.
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shut a key out again; its connections are cut off within a second."
        )

        @Argument(help: "The public key, or the name it was given.")
        var key: String

        @Option(help: "The coordinator's directory.")
        var directory: String = "coordinator.sweepd"

        func run() throws {
            let removed = try CommandFailure.ofKeys {
                try KeyFiles(directory: directory).allowed.remove { $0.key.z85 == key || $0.name == key }
            }
            guard !removed.isEmpty else {
                throw CommandFailure(.badInput, "KEY: no allowed key is or is called \(key)")
            }
        }
    }

    /// `sweepd keys list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the allowed keys: role, key, name.")

        @Option(help: "The coordinator's directory.")
        var directory: String = "coordinator.sweepd"

        func run() throws {
            let keys = try CommandFailure.ofKeys { try KeyFiles(directory: directory).allowed.read() }
            for entry in keys.entries { Terminal.output("\(entry.role.rawValue) \(entry.key) \(entry.name)") }
        }
    }
}

/// Where a coordinator's keys are: beside its store.
struct KeyFiles {
    let directory: String

    /// The coordinator's own pair.
    var own: String { directory + "/coordinator.key" }

    /// The keys it lets in.
    var allowed: AuthorizedKeysFile { AuthorizedKeysFile(directory + "/allowed-keys") }
}

extension Role {
    /// The role that `--role` asks for; throws a sentence where there is none of the name.
    init(asked name: String) throws {
        guard let role = Role(rawValue: name) else {
            let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(.badInput, "--role: unknown role, found \(name), allowed \(roles)")
        }
        self = role
    }
}
