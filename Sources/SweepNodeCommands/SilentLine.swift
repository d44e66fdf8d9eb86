import Glibc
import Synchronization

/// The signal that came while a secret was asked for; 0 for none.
private let arrived = Atomic<Int32>(0)

/// A line from the terminal that is not shown, for secrets.
enum SilentLine {
    /// The signals by which a terminal's user ends or stops a program, and those by which others do.
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]

    /// Asks on standard error and reads up to the end of the line; what is longer than `limit` bytes is cut.
    ///
    /// The terminal shows again what is typed when this returns, and before a signal does what it does otherwise: Ctrl-C
    /// at the question must not leave a terminal that looks dead.
    static func read(asking question: String, limit: Int) -> String {
        var former = termios()
        guard tcgetattr(0, &former) == 0 else { return readLine() ?? "" }
        var silent = former
        silent.c_lflag &= ~tcflag_t(ECHO)
        while true {
            arrived.store(0, ordering: .relaxed)
            let handlers = signals.map { (number: $0, former: handle($0)) }
            tcsetattr(0, TCSAFLUSH, &silent)
            Terminal.raw(question)
            let line = bytes(limit)
            tcsetattr(0, TCSAFLUSH, &former)
            Terminal.raw("\n")
            for var handler in handlers { sigaction(handler.number, &handler.former, nil) }
            let signal = arrived.load(ordering: .relaxed)
            guard signal != 0 else { return String(decoding: line ?? [], as: UTF8.self) }
            // After a stop and `fg` the question is asked again.
            take(signal)
        }
    }

    /// Has a signal do what it does as if it came now: most end the process here.
    private static func take(_ number: Int32) {
        // A thread of a pool has all signals blocked, and what is raised on it would wait for ever.
        var one = sigset_t(), former = sigset_t()
        sigemptyset(&one)
        sigaddset(&one, number)
        pthread_sigmask(SIG_UNBLOCK, &one, &former)
        raise(number)
        pthread_sigmask(SIG_SETMASK, &former, nil)
    }

    /// Has the signal noted; what it did before.
    private static func handle(_ number: Int32) -> sigaction {
        var noting = sigaction(), former = sigaction()
        noting.__sigaction_handler.sa_handler = { arrived.store($0, ordering: .relaxed) }
        sigaction(number, &noting, &former)
        return former
    }

    /// The bytes up to a line break or the end; nil when a signal came.
    private static func bytes(_ limit: Int) -> [UInt8]? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while arrived.load(ordering: .relaxed) == 0 {
            // A signal that comes just before the wait is seen after it, at the latest.
            var wait = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 100) > 0 else { continue }
            let count = Glibc.read(0, &byte, 1)
            guard count == 1, byte != 0x0a else { return line }
            if line.count < limit { line.append(byte) }
        }
        return nil
    }
}
