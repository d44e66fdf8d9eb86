import Foundation
import Glibc

/// A program that was run to its end, with what it printed.
///
/// Started by `posix_spawn` and waited for on a thread of its own: Foundation's `Process` takes a child that closes what it inherited,
/// as ssh does, for one that has ended, and waits for it where the ends of all others are seen.
struct CommandRun: Sendable {
    /// Its exit code, or 128 and the number of the signal; 127 when it could not be started, 124 when its time was over.
    let status: Int32
    let output: String
    let errors: String

    /// The last line on standard error that says something, for a sentence.
    var lastError: String {
        errors.split(whereSeparator: \.isNewline).last.map { $0.trimmingCharacters(in: .whitespaces) }
            ?? "exit code \(status)"
    }

    /// What it reads.
    enum Input: Sendable {
        case nothing
        case text(String)
        case file(String)
    }

    /// Runs `words[0]`, found on the path; it is killed when `seconds` are over.
    static func of(_ words: [String], reading input: Input = .nothing, within seconds: Double) async -> CommandRun {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: Self.finished(words, reading: input, within: seconds))
            }
        }
    }

    private static func finished(_ words: [String], reading input: Input, within seconds: Double) -> CommandRun {
        guard let output = Channel(), let errors = Channel(), let text = Channel() else {
            return CommandRun(status: 127, output: "", errors: "\(words[0]): \(String(cString: strerror(errno)))")
        }
        let (pid, error) = spawn(words, input, text, output, errors)
        for channel in [output, errors, text] { channel.closeFar() }
        guard error == 0 else {
            return CommandRun(status: 127, output: "", errors: "\(words[0]): \(String(cString: strerror(error)))")
        }
        let deadline = Deadline(pid: pid)
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { deadline.pass() }
        let errorText = Drained(errors)
        let outputText = Drained(output)
        if case .text(let script) = input { text.write(script) }
        text.closeNear()
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let isLate = deadline.end()
        let signal = status & 0x7F
        let (written, complained) = (outputText.text(), errorText.text())
        return CommandRun(
            status: isLate ? 124 : signal != 0 ? 128 + signal : (status >> 8) & 0xFF,
            output: written,
            errors: isLate ? "no end within \(Int(seconds)) s" : complained
        )
    }

    private static func spawn(
        _ words: [String],
        _ input: Input,
        _ text: Channel,
        _ output: Channel,
        _ errors: Channel
    ) -> (pid_t, Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        switch input {
        case .nothing: posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        case .text: posix_spawn_file_actions_adddup2(&actions, text.far, 0)
        case .file(let path): posix_spawn_file_actions_addopen(&actions, 0, path, O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output.far, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.far, 2)
        // What this process ignores or takes in, its children are not to.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let error = posix_spawnp(&pid, words[0], &actions, &attributes, &arguments, environ)
        return (pid, error)
    }

    /// Two ends that are joined; no program that is executed inherits them.
    private final class Channel: @unchecked Sendable {
        // Sendable because each end is used by one thread at a time.
        private(set) var near: Int32
        private(set) var far: Int32

        init?() {
            var ends: [Int32] = [-1, -1]
            let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
            (near, far) = (ends[0], ends[1])
        }

        deinit {
            closeNear()
            closeFar()
        }

        func closeNear() {
            if near >= 0 { close(near) }
            near = -1
        }

        func closeFar() {
            if far >= 0 { close(far) }
            far = -1
        }

        /// Writes as long as the other side reads.
        func write(_ text: String) {
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { send(near, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
            }
        }

        /// Lets `readAll` come to its end, with what was written so far, although the other side may be open.
        func endReading() { shutdown(near, Int32(SHUT_RD)) }

        /// Reads to the end.
        func readAll() -> [UInt8] {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                let count = read(near, &buffer, buffer.count)
                if count > 0 { bytes += buffer[..<count] } else if count == 0 || errno != EINTR { return bytes }
            }
        }
    }

    /// Reads a channel on another thread, so that none of several can fill up while another is read.
    private final class Drained: @unchecked Sendable {
        // Sendable because `bytes` is written before the semaphore is raised and read after.
        private var bytes: [UInt8] = []
        private let end = DispatchSemaphore(value: 0)
        private let channel: Channel
        /// Seconds for what the program wrote to be read, once it has ended: what it started and left may hold the other side open for
        /// as long as it likes.
        private static let patience = 2.0

        init(_ channel: Channel) {
            self.channel = channel
            Thread.detachNewThread { [self] in
                bytes = channel.readAll()
                end.signal()
            }
        }

        /// What was read, of a program that has ended.
        func text() -> String {
            if end.wait(timeout: .now() + Self.patience) == .timedOut {
                channel.endReading()
                end.wait()
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Kills a process once, and not after it has been waited for, when its number may be another's.
    private final class Deadline: @unchecked Sendable {
        // Sendable because what changes is touched under `lock`.
        private let lock = NSLock()
        private let pid: pid_t
        private var isOver = false
        private var hasPassed = false

        init(pid: pid_t) { self.pid = pid }

        func pass() {
            lock.withLock {
                guard !isOver else { return }
                hasPassed = true
                kill(pid, SIGKILL)
            }
        }

        /// The process has ended; whether the time was over.
        func end() -> Bool {
            lock.withLock {
                isOver = true
                return hasPassed
            }
        }
    }
}
