import Glibc
import SweepProgram
import SweepWire

/// A worker's parent: it starts the process that trains, starts it again after a crash, and has the next one tell what the
/// crash did to which trial.
///
/// It trains nothing and holds no socket, so that there is little in it that can fail. When it ends, by whatever, the
/// kernel ends its child.
package final class WorkerSupervisor {
    /// How long a child may take to end after its time for draining.
    private static let grace: Duration = .seconds(5)
    /// Trials of earlier crashes that no child came to report; older ones lapse.
    private static let owedLimit = 4096

    private let arguments: [String]
    private let slots: Int
    private let drainTime: Duration
    private let say: (String) -> Void
    private let incarnation = UInt64.random(in: 1...UInt64.max)
    private var log = LogTail(limit: WireLimits.log)
    private var pauses = RestartPauses()
    /// Whether a signal has asked the worker to end.
    private var isStopping = false
    /// What the next child has to report.
    private var owed: [SegmentEnded] = []

    /// Prepares to run this program with `arguments` as a child; `say` tells people what happens.
    package init(arguments: [String], slots: Int, drainTime: Duration, say: @escaping (String) -> Void) {
        self.arguments = arguments
        self.slots = slots
        self.drainTime = drainTime
        self.say = say
    }

    /// Supervises until the worker is done, on the thread that calls; the exit code.
    package func run() -> Int32 {
        guard let signals = SignalPipe(), let board = SlotBoard(slots: slots, incarnation: incarnation) else {
            say("worker: cannot supervise: \(SpawnError(number: errno))")
            return 1
        }
        while true {
            log.clear()
            board.clear()
            board.isDelivered = owed.isEmpty
            let kills = Self.memoryKills
            let begun = ContinuousClock.now
            let child: TrainingChild
            switch TrainingChild.start(arguments, board: board, inheritance: owed) {
            case .success(let started): child = started
            case .failure(let error):
                say("worker: its training process cannot be started: \(error)")
                return 1
            }
            let end = watch(child, signals)
            if let code = end.finalCode { return code }
            // Asked before it listened to signals, it had begun nothing: there is nothing to drain.
            if isStopping, end == .signalled(SIGTERM), board.entries.isEmpty { return 0 }
            if isStopping {
                say("worker: its training process ended with \(end) while it drained")
                return 1
            }
            var what = end.description
            if end == .signalled(SIGKILL), Self.memoryKills > kills { what += ", out of memory" }
            if board.isDelivered { owed = [] }
            owed = (owed + Inheritance.ends(what, board.entries, log: log)).suffix(Self.owedLimit)
            let life = begun.duration(to: .now)
            let pause = pauses.pause(afterLifeOf: life, random: UInt64.random(in: .min ... .max))
            say("worker: its training process ended with \(what); starting it again in \(Self.milliseconds(pause)) ms")
            if rest(pause, signals) { return 0 }
        }
    }

    /// Passes on what the child writes, and signals to it, until it has ended.
    private func watch(_ child: TrainingChild, _ signals: SignalPipe) -> ChildEnd {
        var killAt: ContinuousClock.Instant?
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            var waits = [
                pollfd(fd: child.errors, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.reader, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&waits, 2, killAt.map { Self.milliseconds(ContinuousClock.now.duration(to: $0)) + 1 } ?? -1)
            if waits[1].revents != 0, signals.take(), !isStopping {
                isStopping = true
                killAt = .now + drainTime + Self.grace
                kill(child.pid, SIGTERM)
            }
            if let time = killAt, ContinuousClock.now >= time {
                kill(child.pid, SIGKILL)
                killAt = nil
            }
            guard waits[0].revents != 0 else { continue }
            let count = read(child.errors, &buffer, buffer.count)
            if count > 0 {
                log.append(buffer[..<count])
                Self.write(buffer[..<count])
            } else if count == 0 || errno != EINTR {
                // Its end closes the pipe.
                return child.end()
            }
        }
    }

    /// Waits; true when a signal asks to end meanwhile.
    private func rest(_ pause: Duration, _ signals: SignalPipe) -> Bool {
        let until = ContinuousClock.now + pause
        while ContinuousClock.now < until {
            var wait = pollfd(fd: signals.reader, events: Int16(POLLIN), revents: 0)
            _ = poll(&wait, 1, Self.milliseconds(ContinuousClock.now.duration(to: until)) + 1)
            if signals.take() { return true }
        }
        return false
    }

    /// Writes to standard error; a reader that went away is no reason to end.
    private static func write(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }

    /// How many processes of this machine the kernel has ended for want of memory; 0 where it does not count them.
    private static var memoryKills: Int {
        let file = open("/proc/vmstat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while case let count = read(file, &buffer, buffer.count), count > 0 { text += buffer[..<count] }
        return memoryKills(in: String(decoding: text, as: UTF8.self))
    }

    /// The count in the text of `/proc/vmstat`; 0 when it is not there.
    package static func memoryKills(in text: String) -> Int {
        for line in text.split(separator: "\n") where line.hasPrefix("oom_kill ") {
            return Int(line.dropFirst("oom_kill ".count)) ?? 0
        }
        return 0
    }

    private static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, rest) = duration.components
        return Int32(clamping: max(0, seconds * 1000 + rest / 1_000_000_000_000_000))
    }
}
