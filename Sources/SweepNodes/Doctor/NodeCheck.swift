/// One judgement about a machine.
package struct NodeCheck: Hashable, Sendable {
    /// What it is about; the raw values stand in documents.
    package enum Subject: String, CaseIterable, Sendable {
        case port, key, version, core, kernels, slots, speed, clock, disk, memory, files, sweeps
    }

    /// How bad it is, the worst last.
    package enum Level: String, CaseIterable, Comparable, Sendable {
        case ok, warn, fail

        package static func < (one: Level, other: Level) -> Bool { one.order < other.order }
        private var order: Int { self == .ok ? 0 : self == .warn ? 1 : 2 }
    }

    package let subject: Subject
    package let level: Level
    /// What was found.
    package let found: String
    /// What to do; nil when all is well.
    package let advice: String?

    /// All is well.
    static func ok(_ subject: Subject, _ found: String) -> NodeCheck {
        NodeCheck(subject: subject, level: .ok, found: found, advice: nil)
    }

    /// It trains all the same.
    static func warn(_ subject: Subject, _ found: String, _ advice: String) -> NodeCheck {
        NodeCheck(subject: subject, level: .warn, found: found, advice: advice)
    }

    /// It cannot train so.
    static func fail(_ subject: Subject, _ found: String, _ advice: String) -> NodeCheck {
        NodeCheck(subject: subject, level: .fail, found: found, advice: advice)
    }

    private init(subject: Subject, level: Level, found: String, advice: String?) {
        self.subject = subject
        self.level = level
        self.found = found
        self.advice = advice
    }
}
