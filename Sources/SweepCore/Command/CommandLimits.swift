/// What a program may take before its worker ends it: `train.limits`.
package struct CommandLimits: Hashable, Sendable {
    /// Seconds of one run, from its start; nil: any.
    package var time: Double?
    /// Seconds from one report to the next, or from the start to the first; nil: any.
    package var report: Double?
    /// Bytes of memory of the program and all that it started, together; nil: any.
    package var memory: Int?
    /// Seconds from the request to end (SIGTERM) to the end (SIGKILL).
    package var grace: Double
    /// Seconds in which a program that was told to pause has its state in the checkpoint folder.
    package var save: Double

    /// As long as a container engine gives.
    package static let usualGrace = 10.0
    /// A gigabyte to a slow disk.
    package static let usualSave = 60.0

    package init(
        time: Double? = nil,
        report: Double? = nil,
        memory: Int? = nil,
        grace: Double = usualGrace,
        save: Double = usualSave
    ) {
        self.time = time
        self.report = report
        self.memory = memory
        self.grace = grace
        self.save = save
    }

    /// Reads `limits`; nil when something is wrong (and reported).
    static func read(_ reader: SpecReader) -> CommandLimits? {
        guard let fields = reader.fields(["time", "report", "memory", "grace", "save"]) else { return nil }
        let time: Double?? = fields.optional("time").map { $0.seconds() }
        let report: Double?? = fields.optional("report").map { $0.seconds() }
        let memory: Int?? = fields.optional("memory").map { $0.bytes() }
        let grace = fields.optional("grace").map { $0.seconds() } ?? usualGrace
        let save = fields.optional("save").map { $0.seconds() } ?? usualSave
        guard let grace, let save else { return nil }
        if case .some(.none) = time { return nil }
        if case .some(.none) = report { return nil }
        if case .some(.none) = memory { return nil }
        return CommandLimits(time: time ?? nil, report: report ?? nil, memory: memory ?? nil, grace: grace, save: save)
    }
}

extension SpecReader {
    /// A number with one letter for its unit after it, or without; nil when it is neither.
    private func quantity(_ units: [Character: Double]) -> Double? {
        switch node {
        case .integer(let value): return Double(value)
        case .real(let value): return value
        case .text(let text):
            guard let last = text.last, let unit = units[last] else { return nil }
            let digits = text.dropLast()
            guard let first = digits.first, first.isASCII, first.isNumber, let value = Double(digits) else {
                return nil
            }
            return value * unit
        case .null, .boolean, .list, .map, .domain: return nil
        }
    }

    /// A time: seconds, or a number with s, m, h or d after it; at most a year.
    func seconds() -> Double? {
        guard let seconds = quantity(["s": 1, "m": 60, "h": 3600, "d": 86_400]), seconds > 0, seconds <= 365 * 86_400
        else {
            refuse("a time above 0 in seconds, or as in 90s, 15m, 2h, 1d")
            return nil
        }
        return seconds
    }

    /// An amount of memory: bytes, or a number with K, M, G or T (powers of 1024) after it; at least a megabyte.
    fileprivate func bytes() -> Int? {
        let units: [Character: Double] = ["K": 1024, "M": 1_048_576, "G": 1_073_741_824, "T": 1_099_511_627_776]
        guard let bytes = quantity(units), bytes >= 1_048_576, bytes <= 1.1e15 else {
            refuse("an amount of memory from 1M, as in 512M, 4G")
            return nil
        }
        return Int(bytes)
    }
}
