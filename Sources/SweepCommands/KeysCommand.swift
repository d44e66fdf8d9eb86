import ArgumentParser
import Foundation
import SweepMessaging

/// `sweepd keys`: make key pairs, and say which keys a coordinator lets in.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make keys and say which are allowed; needed as soon as a coordinator listens beyond its machine.",
        subcommands: [New.self, Show.self, Allow.self, Revoke.self, List.self]
    )

    /// `sweepd keys new FILE`.
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key pair in a new file (mode 0600) and print its public half."
        )

        @Argument(help: "The file to make; an existing one is never replaced.")
        var file: String

        @Flag(help: "Where the file is there already, print its public half: for scripts that run again.")
        var ifMissing = false

        func run() throws {
            try failing {
                if ifMissing, FileManager.default.fileExists(atPath: file) {
                    return Terminal.output(try KeyFile.read(file).publicKey.z85)
                }
                // A coordinator's pair is made before its first run, which makes its folder.
                let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
                do {
                    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                } catch {
                    throw CommandFailure(.badInput, "\(folder): cannot be made: \(error.localizedDescription)")
                }
                let keys = try CurveKeyPair()
                try KeyFile.write(keys, to: file)
                Terminal.output(keys.publicKey.z85)
            }
        }
    }

    /// `sweepd keys show FILE`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the public half of a key pair.")

        @Argument(help: "A file made by keys new.")
        var file: String

        func run() throws {
            try failing { Terminal.output(try KeyFile.read(file).publicKey.z85) }
        }
    }

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
            guard let role = Role(rawValue: role) else {
                let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure(.badInput, "--role: unknown role, found \(role), allowed \(roles)")
            }
            try failing {
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
            let removed = try failing {
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
            let keys = try failing { try KeyFiles(directory: directory).allowed.read() }
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

/// Runs `body`; an error that says what is wrong with a key or its file is the user's to mend.
private func failing<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as KeyError {
        throw CommandFailure(.badInput, error.description)
    }
}
