package import ArgumentParser
import SweepMessaging

/// `sweepd-worker keys`: the part of `sweepd keys` that a node needs.
struct NodeKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make this machine's key pair, and print its public half.",
        subcommands: [NewKeyCommand.self, ShowKeyCommand.self]
    )
}

/// `sweepd keys new FILE`.
package struct NewKeyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a key pair in a new file (mode 0600) and print its public half."
    )

    @Argument(help: "The file to make; an existing one is never replaced.")
    var file: String

    @Flag(help: "Where the file is there already, print its public half: for scripts that run again.")
    var ifMissing = false

    package init() {}

    /// Makes the pair and prints its public half.
    package func run() throws {
        try CommandFailure.ofKeys {
            if ifMissing, SystemFile.exists(file) {
                return Terminal.output(try KeyFile.read(file).publicKey.z85)
            }
            // A coordinator's pair is made before its first run, which makes its folder.
            try SystemFile.makeFolder(of: file)
            let keys = try CurveKeyPair()
            try KeyFile.write(keys, to: file)
            Terminal.output(keys.publicKey.z85)
        }
    }
}

/// `sweepd keys show FILE`.
package struct ShowKeyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the public half of a key pair."
    )

    @Argument(help: "A file made by keys new.")
    var file: String

    package init() {}

    /// Prints the public half.
    package func run() throws {
        try CommandFailure.ofKeys { Terminal.output(try KeyFile.read(file).publicKey.z85) }
    }
}

extension CommandFailure {
    /// Runs `body`; an error that says what is wrong with a key or its file is the user's to mend.
    package static func ofKeys<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as KeyError {
            throw CommandFailure(.badInput, error.description)
        }
    }
}
