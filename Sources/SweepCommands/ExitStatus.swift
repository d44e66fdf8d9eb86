/// How a command ends, for scripts.
enum ExitStatus: Int32 {
    case done = 0
    case failed = 1
    /// A mistake in a file or an argument; nothing was started or written.
    case badInput = 2
    /// No coordinator answers.
    case unreachable = 3
    /// The key does not allow it.
    case notAllowed = 4
    /// Interrupted by the user; the command can be run again and goes on.
    case interrupted = 130
}

/// Why a command did not do what was asked.
struct CommandFailure: Error {
    let status: ExitStatus
    /// Sentences for standard error.
    let lines: [String]

    init(_ status: ExitStatus, _ lines: [String]) {
        self.status = status
        self.lines = lines
    }

    init(_ status: ExitStatus, _ line: String) { self.init(status, [line]) }
}
