/// How a worker's training process ended.
package enum ChildEnd: Hashable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    /// Reads what `waitpid` gives: the lowest seven bits are a signal, the next eight an exit code.
    package init(status: Int32) {
        let signal = status & 0x7f
        self = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
    }

    /// Exit codes after which another process would do the same again: done, bad input, no coordinator, not allowed.
    package static let finalCodes: Set<Int32> = [0, 2, 3, 4]

    /// The code with which the worker ends too; nil when the process is to be started again.
    package var finalCode: Int32? {
        guard case .exited(let code) = self, Self.finalCodes.contains(code) else { return nil }
        return code
    }

    /// The names of the signals that end a process which does wrong, by Linux's numbers.
    private static let names: [Int32: String] = [
        4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM",
        24: "SIGXCPU", 31: "SIGSYS",
    ]

    /// `signal 11 (SIGSEGV)` or `exit code 1`.
    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signalled(let number): "signal \(number)" + (Self.names[number].map { " (\($0))" } ?? "")
        }
    }
}
