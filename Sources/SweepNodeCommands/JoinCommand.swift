package import ArgumentParser
import Glibc
import SweepMessaging

/// `sweepd join`: keeps what `sweepd invite` printed elsewhere, and starts the worker.
package struct JoinCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Read the line of sweepd invite from standard input, keep it in a file, and start a worker.",
        discussion: """
            At a terminal it asks for the text and does not show it. The file (mode 0600) holds this machine's secret; \
            from then on `sweepd worker --join FILE` and every other command that connects need nothing else. Pasted \
            again, the same line finds its file and goes on.
            """
    )

    @Option(help: "The file to make; ~/.sweepd/NAME.join unless told.")
    var file: String?

    @Flag(help: "Start the worker at once; what follows after -- are its options, as in -- --slots 4.")
    var start = false

    @Argument(parsing: .postTerminator, help: "Options of the worker.")
    var options: [String] = []

    package init() {}

    /// Keeps what was pasted, and goes on as the worker where it is to.
    package func run() throws {
        if !options.isEmpty, !start {
            throw CommandFailure(.badInput, "\(options.joined(separator: " ")): options of the worker need --start")
        }
        let joined: JoinText
        do { joined = try JoinText(pasted: Self.pasted()) } catch {
            throw CommandFailure(.badInput, "standard input: \(error)")
        }
        if start, joined.role != .worker {
            throw CommandFailure(
                .badInput,
                "--start: the role of \(joined.name) is \(joined.role.rawValue); it trains nothing"
            )
        }
        let path = try file ?? Self.defaultFile(joined.name)
        let words = ["worker", "--join", path] + options
        // Options that do not exist are told before anything is written; what their values must be, by the worker.
        if start { _ = try WorkerCommand.parse(Array(words.dropFirst())) }
        do { try JoinFile.write(joined, to: path) } catch {
            throw CommandFailure(.badInput, error.description)
        }
        Terminal.error("joined \(joined.endpoint) as \(joined.name), kept in \(path)")
        guard start else {
            let command = joined.role == .worker ? "worker" : "list"
            Terminal.error("next: sweepd \(command) --join \(path)")
            return
        }
        Self.become(words)
    }

    /// Goes on as `sweepd` with these words: a worker starts its training process by the words it was started with.
    private static func become(_ words: [String]) -> Never {
        let program = CommandLine.arguments.first ?? "sweepd"
        var arguments: [UnsafeMutablePointer<CChar>?] = ([program] + words).map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        Terminal.error("the worker cannot be started: \(String(cString: strerror(errno)))")
        Glibc.exit(ExitStatus.failed.rawValue)
    }

    /// What stands on standard input; from a terminal, one line that is not shown.
    private static func pasted() -> String {
        guard isatty(0) == 1 else {
            return SystemFile.text(STDIN_FILENO, limit: JoinText.maximumBytes + 1)
        }
        return SilentLine.read(asking: "join text (it is not shown): ", limit: JoinText.maximumBytes + 1)
    }

    /// `~/.sweepd/NAME.join`, its folder made for its owner alone.
    private static func defaultFile(_ name: String) throws -> String {
        guard let home = Terminal.environment("HOME"), !home.isEmpty else {
            throw CommandFailure(.badInput, "--file: HOME is not set, so say which file to make")
        }
        let file = "\(home)/.sweepd/\(name).join"
        try SystemFile.makeFolder(of: file, mode: 0o700)
        return file
    }
}
