/// How the process that trained a trial ended: what its supervisor saw.
///
/// As text it is the reason on the first line and the last lines of standard error after it; `LeaseEnd.died` keeps it so.
package struct AttemptDeath: Hashable, Sendable {
    /// One line, for example `signal 11 (SIGSEGV) after epoch 3`.
    package let reason: String
    /// The last lines that the process wrote to standard error; empty when there were none.
    package let log: String

    /// Bytes of a log that a coordinator holds in memory for each trial; the journal keeps it whole.
    ///
    /// 4 KiB are the fifty lines a person reads; 64 KiB for each of 100,000 trials would be 6 GiB.
    package static let logBytes = 4096
    /// Bytes of the log's last line that are told with a reason.
    static let lineBytes = 300

    /// Line breaks of the reason become spaces.
    package init(reason: String, log: String) {
        self.reason = String(reason.map { $0.isNewline ? " " : $0 })
        self.log = log
    }

    /// Reads what `text` gives.
    package init(text: String) {
        let end = text.firstIndex(where: \.isNewline) ?? text.endIndex
        reason = String(text[..<end])
        log = end == text.endIndex ? "" : String(text[text.index(after: end)...])
    }

    /// Both in one text.
    package var text: String { log.isEmpty ? reason : reason + "\n" + log }

    /// The same with at most `logBytes` of its log, the end of it, from the beginning of a line where there is one.
    package var shortened: AttemptDeath {
        guard log.utf8.count > Self.logBytes else { return self }
        var tail = Substring(String(decoding: log.utf8.suffix(Self.logBytes), as: UTF8.self))
        if let end = tail.firstIndex(where: \.isNewline), tail.index(after: end) < tail.endIndex {
            tail = tail[tail.index(after: end)...]
        }
        // A character that was cut became a longer replacement.
        while tail.utf8.count > Self.logBytes { tail.removeFirst() }
        return AttemptDeath(reason: reason, log: String(tail))
    }

    /// The reason, and what the log says last.
    package var sentence: String {
        guard let line = log.split(whereSeparator: \.isNewline).last else { return reason }
        var cut = Substring(line)
        while cut.utf8.count > Self.lineBytes { cut.removeLast() }
        return "\(reason); its log ends: \(cut)"
    }
}

/// What ended an attempt from outside the trial, as far as the words of its end tell.
package enum FailureCause: String, CaseIterable, Sendable {
    case programNotStarted = "the program cannot be started"
    case outOfMemory = "out of memory"
    case diskFull = "the disk is full"
    case missingData = "its data cannot be had"

    /// What the system and the worker say of each cause, in lower case.
    private var words: [String] {
        switch self {
        case .programNotStarted: [rawValue]
        case .outOfMemory: ["out of memory", "cannot allocate memory", "failed to allocate", "bad_alloc"]
        case .diskFull: ["no space left on device", "disk quota exceeded"]
        case .missingData: ["no such file or directory", "the coordinator does not have it"]
        }
    }

    /// Whether a configuration can be what brings it about: a large model takes much memory.
    package var mayBeTheConfigurations: Bool { self == .outOfMemory }

    /// The cause that a death's words name; nil when they name none, so that the configuration is to blame.
    ///
    /// A program may write of files that are not there, or of full disks, whenever it likes: of its log only memory counts.
    package init?(_ death: AttemptDeath, ofProgram: Bool = false) {
        let reason = death.reason.lowercased()
        // The end of the log is what the process died of.
        let log = death.shortened.log.lowercased()
        let cause = Self.allCases.first { cause in
            cause.words.contains { word in
                reason.contains(word) || (!ofProgram || cause == .outOfMemory) && log.contains(word)
            }
        }
        guard let cause else { return nil }
        self = cause
    }
}
