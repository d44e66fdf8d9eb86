/// How a command ends, for scripts.
package enum ExitStatus: Int32 {
    case done = 0
    case failed = 1
    /// A mistake in a file or an argument; nothing was started or written.
    case badInput = 2
    /// No coordinator answers.
    case unreachable = 3
    /// The key does not allow it, or the coordinator turns the worker away: its protocol is another. Trying again does not help.
    case notAllowed = 4
    /// Interrupted by the user; the command can be run again and goes on.
    case interrupted = 130
}

/// Why a command did not do what was asked.
package struct CommandFailure: Error {
    package let status: ExitStatus
    /// Sentences for standard error.
    package let lines: [String]

    package init(_ status: ExitStatus, _ lines: [String]) {
        self.status = status
        self.lines = lines
    }

    /// With one sentence.
    package init(_ status: ExitStatus, _ line: String) { self.init(status, [line]) }
}
