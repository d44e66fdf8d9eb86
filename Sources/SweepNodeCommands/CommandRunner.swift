package import ArgumentParser
import Glibc
import SweepData

extension ParsableCommand {
    /// Parses the arguments, runs the command and ends the process with its exit code.
    package static func runAndExit() async -> Never {
        // A reader that goes away (`| head`) must not end a sweep, nor leave its workers behind.
        signal(SIGPIPE, SIG_IGN)
        do {
            try refuseNoDirectory()
            var command = try parseAsRoot()
            try ResidentLimit.checkEnvironment()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Glibc.exit(ExitStatus.done.rawValue)
        } catch let failure as CommandFailure {
            for line in failure.lines { Terminal.error(line) }
            Glibc.exit(failure.status.rawValue)
        } catch {
            let parsed = exitCode(for: error)
            let message = fullMessage(for: error)
            if parsed == .success {
                Terminal.output(message)
                Glibc.exit(ExitStatus.done.rawValue)
            }
            Terminal.error(message)
            // What the parser does not accept is bad input; all else is a failure.
            Glibc.exit(parsed == .validationFailure ? ExitStatus.badInput.rawValue : ExitStatus.failed.rawValue)
        }
    }

    /// Every command's `--directory "$DIR"` with a variable that is not set: that names no directory, and not the root of the file system.
    private static func refuseNoDirectory() throws {
        let words = CommandLine.arguments.prefix { $0 != "--" }
        let isEmpty = zip(words, words.dropFirst()).contains { $0 == "--directory" && $1.isEmpty }
        guard !isEmpty, !words.contains("--directory=") else {
            throw CommandFailure(.badInput, "--directory: found an empty text, allowed a path; is a variable not set?")
        }
    }
}
