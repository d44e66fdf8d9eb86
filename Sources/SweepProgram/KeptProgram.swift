import CProcess
import Glibc

/// A program that runs under its keeper, and the ends of its pipes.
final class KeptProgram {
    /// How it ended.
    enum End: Hashable {
        case ended(ChildEnd)
        /// Why the system did not start it.
        case notStarted(String)
        /// The keeper was killed.
        case unknown
    }

    let keeper: pid_t
    /// What it writes to standard output and error; -1 once it is closed.
    private(set) var output: Int32
    /// Its reports; -1 once it is closed.
    private(set) var reports: Int32
    /// Where it reads verdicts; -1 once it is closed.
    private var verdicts: Int32
    let status: Int32
    /// The folder of its control group; nil without one.
    private let group: String?
    /// Whether the kernel holds all of it to `limits.memory`, by its control group. Nobody else should look then: processes share pages,
    /// as forked data loaders do, which their sum counts once for each.
    private(set) var isMemoryHeld: Bool
    /// The end that the keeper told; nil before, and when the keeper was killed.
    private var told: cprocess_end?
    /// Whether the kernel ended it when its control group had come to its own limit of memory, and not as memory was short in the
    /// machine or in a group above; known once it is waited for.
    private(set) var isStarved = false

    /// Starts it; throws a `FileBundleError` with the reason when no process can be made.
    ///
    /// To be called on a thread that lives until the program has ended: it ends with the thread.
    init(
        _ words: [String],
        environment: [String: String],
        directory: String,
        memory: Int?,
        group: String? = nil,
        grace: Double
    ) throws(FileBundleError) {
        // Each way for a program's output, reports, verdicts and end: ends for reading and for writing.
        var pipes: [[Int32]] = []
        defer { for pipe in pipes { for end in pipe where end >= 0 { close(end) } } }
        for _ in 0..<4 {
            var ends: [Int32] = [-1, -1]
            guard cprocess_pipe(&ends, 0) == 0 else { throw Self.failure("no pipe") }
            // Away from the numbers that the program gets.
            let high = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 16) }
            for end in ends { close(end) }
            pipes.append(high)
            guard !high.contains(where: { $0 < 0 }) else { throw Self.failure("no pipe") }
        }
        for end in [pipes[0][0], pipes[1][0], pipes[2][1]] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let path = Self.path(of: words[0], environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", directory)
        guard let path else {
            let isNamed = words[0].contains("/")
            let places = isNamed ? directory : environment["PATH"] ?? ""
            if isNamed, Self.exists(words[0], directory, F_OK) {
                throw FileBundleError("\(words[0]) in \(places) may not be executed (chmod +x)")
            }
            throw FileBundleError("there is no program \(words[0]) in \(places)")
        }
        var wordPointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variablePointers: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        let groupPointer = group.flatMap { strdup($0) }
        defer { for pointer in wordPointers + variablePointers + [groupPointer] { free(pointer) } }
        let started = wordPointers.withUnsafeMutableBufferPointer { words in
            variablePointers.withUnsafeMutableBufferPointer { variables in
                path.withCString { path in
                    directory.withCString { directory in
                        var program = cprocess_program()
                        program.path = path
                        program.words = UnsafePointer(words.baseAddress)
                        program.environment = UnsafePointer(variables.baseAddress)
                        program.directory = directory
                        program.output = pipes[0][1]
                        program.report = pipes[1][1]
                        program.verdict = pipes[2][0]
                        program.status = pipes[3][1]
                        program.memory = memory ?? 0
                        program.group = UnsafePointer(groupPointer)
                        program.grace = Int32(clamping: Int((grace * 1000).rounded()))
                        return cprocess_keep(&program)
                    }
                }
            }
        }
        guard started > 0 else { throw Self.failure("no process") }
        keeper = started
        self.group = group
        isMemoryHeld = group.map(ControlGroups.holdsMemory) ?? false
        output = pipes[0][0]
        reports = pipes[1][0]
        verdicts = pipes[2][1]
        status = pipes[3][0]
        pipes[0][0] = -1
        pipes[1][0] = -1
        pipes[2][1] = -1
        pipes[3][0] = -1
    }

    deinit {
        for end in [output, reports, verdicts, status] where end >= 0 { close(end) }
    }

    private static func failure(_ what: String) -> FileBundleError {
        FileBundleError("\(what): \(String(cString: strerror(errno)))")
    }

    /// The file that a shell would execute; nil when there is none.
    private static func path(of word: String, _ path: String, _ directory: String) -> String? {
        func isThere(_ file: String) -> Bool { exists(file, directory, X_OK) }
        if word.contains("/") { return isThere(word) ? word : nil }
        return path.split(separator: ":", omittingEmptySubsequences: false).lazy
            .map { $0.isEmpty ? "./\(word)" : "\($0)/\(word)" }.first(where: isThere)
    }

    /// Whether a file is there and may be used so.
    private static func exists(_ file: String, _ directory: String, _ mode: Int32) -> Bool {
        access(file.hasPrefix("/") ? file : directory + "/" + file, mode) == 0
    }

    /// Asks the keeper to end everything, with the grace or at once.
    func end(atOnce: Bool = false) { kill(keeper, atOnce ? SIGINT : SIGTERM) }

    /// What can be read of the output now.
    func readOutput() -> [UInt8] { Self.read(&output) }

    /// What can be read of the reports now.
    func readReports() -> [UInt8] { Self.read(&reports) }

    private static func read(_ end: inout Int32) -> [UInt8] {
        guard end >= 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(end, &buffer, buffer.count)
            if count > 0 { return Array(buffer[..<count]) }
            if count < 0, errno == EINTR { continue }
            if count == 0 || errno != EAGAIN {
                close(end)
                end = -1
            }
            return []
        }
    }

    /// Tells the program a verdict; false when it does not read them.
    func tell(_ verdict: ProgramCourse.Verdict) -> Bool {
        tell("{\"verdict\": \"\(verdict.rawValue)\"}\n", patience: 0)
    }

    /// Writes a line where the program reads verdicts; false when it has not read enough of what is there within `patience`
    /// seconds.
    func tell(_ line: String, patience: Int) -> Bool {
        var rest = Array(line.utf8)[...]
        var waits = patience * 10
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(verdicts, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            // One that has ended reads nothing, and its end tells more.
            if errno == EPIPE { return true }
            if errno == EINTR { continue }
            guard errno == EAGAIN, waits > 0 else { return false }
            waits -= 1
            var room = pollfd(fd: verdicts, events: Int16(POLLOUT), revents: 0)
            _ = poll(&room, 1, 100)
        }
        return true
    }

    /// Tells the program that nothing more comes: it reads the end of its verdicts.
    func endVerdicts() {
        guard verdicts >= 0 else { return }
        close(verdicts)
        verdicts = -1
    }

    /// Takes what is in its pipes away; whether it still runs and has reported nothing.
    func isQuiet() -> Bool {
        skipOutput()
        guard reports >= 0 else { return false }
        var said = [
            pollfd(fd: status, events: Int16(POLLIN), revents: 0),
            pollfd(fd: reports, events: Int16(POLLIN), revents: 0),
        ]
        return poll(&said, 2, 0) == 0
    }

    /// Takes away as much of its output as a pipe holds: more may be coming without end.
    func skipOutput() { for _ in 0..<2 where !readOutput().isEmpty {} }

    /// Whether it has ended, after at most `milliseconds`.
    func hasEnded(within milliseconds: Int32) -> Bool {
        var end = pollfd(fd: status, events: Int16(POLLIN), revents: 0)
        return poll(&end, 1, milliseconds) > 0
    }

    /// Takes one word of the keeper, and waits for it where there is none; whether it was the last. That the program runs without
    /// its control group is noted.
    func takeStatus(noted: (String) -> Void) -> Bool {
        guard let word = readStatus() else { return true }
        guard word.kind == 2 else {
            told = word
            return true
        }
        isMemoryHeld = false
        let reason = String(cString: strerror(word.value))
        noted("the control group \(group ?? "") cannot be entered: \(reason); \(ControlGroups.otherwise)")
        return false
    }

    /// A word of the keeper; nil when it was killed.
    private func readStatus() -> cprocess_end? {
        var end = cprocess_end()
        var filled = 0
        while filled < MemoryLayout<cprocess_end>.size {
            let count = withUnsafeMutableBytes(of: &end) { bytes in
                Glibc.read(status, bytes.baseAddress.map { $0 + filled }, bytes.count - filled)
            }
            if count > 0 {
                filled += count
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        return filled == MemoryLayout<cprocess_end>.size ? end : nil
    }

    /// Waits for the keeper, once it has told the end; how the program ended.
    func wait(noted: (String) -> Void = { _ in }) -> End {
        while told == nil, !takeStatus(noted: noted) {}
        var ignored: Int32 = 0
        while waitpid(keeper, &ignored, 0) < 0, errno == EINTR {}
        guard let end = told else {
            killRemains()
            if let group { ControlGroups.end(group) }
            return .unknown
        }
        isStarved = end.starved != 0
        guard end.kind == 0 else { return .notStarted(String(cString: strerror(end.value))) }
        return .ended(ChildEnd(status: end.value))
    }

    /// Kills what a keeper that was killed left: all of its session and what is below. What began a session of its own, and
    /// lost its parent, is known to nobody.
    private func killRemains() {
        for _ in 0..<100 {
            let processes = Self.processes()
            let inSession = Set(processes.filter { $0.value.session == keeper }.keys)
            func isBelow(_ pid: pid_t) -> Bool {
                var pid = pid
                for _ in 0..<1000 {
                    guard !inSession.contains(pid) else { return true }
                    guard let parent = processes[pid]?.parent, parent > 1 else { return false }
                    pid = parent
                }
                return false
            }
            let remains = processes.keys.filter(isBelow)
            if remains.isEmpty { return }
            for pid in remains { kill(pid, SIGKILL) }
            usleep(10_000)
        }
    }

    /// Every process of the machine that still runs.
    private static func processes() -> [pid_t: (parent: pid_t, session: pid_t, pages: Int)] {
        guard let stream = opendir("/proc") else { return [:] }
        defer { closedir(stream) }
        var processes: [pid_t: (parent: pid_t, session: pid_t, pages: Int)] = [:]
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = pid_t(name) else { continue }
            processes[pid] = statistics(of: pid)
        }
        return processes
    }

    /// Bytes of memory that the program and all that it started have, the keeper's own left out.
    func memory() -> Int {
        let processes = Self.processes()
        // Whoever loses its parent becomes the keeper's child, so that the tree is whole.
        func isBelow(_ pid: pid_t) -> Bool {
            var pid = pid
            for _ in 0..<1000 {
                guard let parent = processes[pid]?.parent, parent > 1 else { return false }
                if parent == keeper { return true }
                pid = parent
            }
            return false
        }
        let count = processes.filter { isBelow($0.key) }.reduce(0) { $0 + $1.value.pages }
        return count * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The parent of a process, its session and its resident pages, from `/proc/PID/stat`; nil when it has ended.
    private static func statistics(of pid: pid_t) -> (parent: pid_t, session: pid_t, pages: Int)? {
        let file = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 2048)
        let count = Glibc.read(file, &buffer, buffer.count)
        // The name, in brackets, may hold anything.
        guard count > 0, let end = buffer[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = String(decoding: buffer[(end + 1)..<count], as: UTF8.self).split(separator: " ")
        guard fields.count > 21, fields[0] != "Z", let parent = pid_t(fields[1]), let session = pid_t(fields[3]),
            let pages = Int(fields[21])
        else { return nil }
        return (parent, session, pages)
    }
}
