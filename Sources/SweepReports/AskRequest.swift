package import SweepCore

/// Reads what programs outside send that ask for trials and tell of them; every mistake is an error of code `badInput`.
package enum AskRequest {
    /// A report has some sixty values and their names; more is no report.
    package static let bodyLimit = 64 << 10
    private static let limits = JSONValue.Limits(bytes: bodyLimit, depth: 4, values: 1_000)
    /// What a program that gives no name is called.
    package static let usualAsker = "asker"

    /// Reads `{"asker"}`, or nothing: the name that the trial's page, the timeline and the log have of who asks.
    package static func asker(_ body: [UInt8]) throws(ControlError) -> String {
        try read(body) { reader throws(DocumentError) -> String in try asker(reader) }
    }

    /// Reads a report: `{"trial", "attempt", "epoch", "values", "seconds"}`, the last three may be left out.
    package static func report(_ body: [UInt8]) throws(ControlError) -> Tell {
        try read(body) { reader throws(DocumentError) -> Tell in try report(reader) }
    }

    /// Reads the last word on a trial: a report with, instead of `values` or beside, `failed` (a reason) or `hand_back` (true).
    package static func tell(_ body: [UInt8]) throws(ControlError) -> Tell {
        try read(body) { reader throws(DocumentError) -> Tell in try lastWord(reader) }
    }

    /// What is asked at the coordinator's port: as over HTTP, with the sweep that a path names there among the arguments.
    package enum OfPort: Hashable, Sendable {
        case ask(sweep: String, asker: String)
        case tell(sweep: String, Tell)
    }

    /// The verbs of the port.
    package static let verbs = ["ask", "report", "tell"]

    /// Reads a request of the port, whose verb is one of `verbs`.
    package static func ofPort(verb: String, body: [UInt8]) throws(ControlError) -> OfPort {
        try read(body) { reader throws(DocumentError) -> OfPort in
            let sweep = try reader.field("sweep").text()
            switch verb {
            case "ask": return .ask(sweep: sweep, asker: try asker(reader, beside: ["sweep"]))
            case "report": return .tell(sweep: sweep, try report(reader, beside: ["sweep"]))
            default: return .tell(sweep: sweep, try lastWord(reader, beside: ["sweep"]))
            }
        }
    }

    /// Reads what is to be changed of a sweep: `{"priority", "max_parallel", "trials"}`, at least one of them.
    package static func adjustment(_ body: [UInt8]) throws(ControlError) -> SweepAdjustment {
        try read(body) { reader throws(DocumentError) -> SweepAdjustment in
            try allow(["priority", "max_parallel", "trials"], in: reader)
            let adjustment = try SweepAdjustment(reader)
            guard !adjustment.isEmpty else { throw reader.wrong("priority, max_parallel or trials") }
            return adjustment
        }
    }

    /// Reads what is to be tried next of a sweep: `{"configurations", "more", "key"}`, the last two may be left out.
    package static func enqueue(_ body: [UInt8]) throws(ControlError) -> EnqueueRequest {
        try read(body, EnqueueRequest.limits) { reader throws(DocumentError) -> EnqueueRequest in
            try allow(["configurations", "more", "key"], in: reader)
            return try EnqueueRequest(reader)
        }
    }

    private static func asker(_ reader: DocumentReader, beside keys: [String] = []) throws(DocumentError) -> String {
        try allow(keys + ["asker"], in: reader)
        guard let field = reader.optional("asker") else { return usualAsker }
        let name = try field.text()
        guard (1...64).contains(name.utf8.count),
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw field.wrong("a name of 1 to 64 bytes") }
        return name
    }

    private static func report(_ reader: DocumentReader, beside keys: [String] = []) throws(DocumentError) -> Tell {
        try allow(keys + ["trial", "attempt", "epoch", "values", "seconds"], in: reader)
        return try tell(reader)
    }

    private static func lastWord(_ reader: DocumentReader, beside keys: [String] = []) throws(DocumentError) -> Tell {
        try allow(keys + ["trial", "attempt", "epoch", "values", "seconds", "failed", "hand_back"], in: reader)
        var tell = try tell(reader)
        let failed = try reader.optional("failed")?.text()
        let handsBack = try reader.optional("hand_back").map { field throws(DocumentError) -> Bool in
            guard case .boolean(let flag) = field.value else { throw field.wrong("true or false") }
            return flag
        }
        switch (failed, handsBack ?? false) {
        case (_?, true): throw reader.wrong("failed or hand_back, not both")
        case (let reason?, false):
            guard !reason.isEmpty, reason.utf8.count <= Tell.reasonLimit else {
                throw try reader.field("failed").wrong("a reason of 1 to \(Tell.reasonLimit) bytes")
            }
            tell.end = .failed(reason)
        case (nil, true): tell.end = .handedBack
        case (nil, false): tell.end = .completed
        }
        return tell
    }

    /// What a report and a last word have in common.
    private static func tell(_ reader: DocumentReader) throws(DocumentError) -> Tell {
        let numbers = 1...1_000_000_000
        func number(_ field: DocumentReader) throws(DocumentError) -> Int {
            let number = try field.integer()
            guard numbers.contains(number) else { throw field.wrong("a number from 1") }
            return number
        }
        var tell = Tell(trial: try number(reader.field("trial")), attempt: try number(reader.field("attempt")))
        if let epoch = reader.optional("epoch") { tell.epoch = try number(epoch) }
        if let seconds = reader.optional("seconds") {
            let value = try seconds.number()
            // As of a worker's report: sums of times stay numbers that a duration can hold.
            guard (0...1e9).contains(value) else { throw seconds.wrong("seconds from 0 to 1e9") }
            tell.seconds = value
        }
        if let values = reader.optional("values") {
            var measured: [Metric: Double] = [:]
            for (name, field) in try values.members() {
                guard let metric = Metric(rawValue: name) else { throw field.wrong("the name of a metric") }
                // JSON has no word for what is no number.
                let value = field.value == .null ? Double.nan : try field.number()
                guard measured.updateValue(value, forKey: metric) == nil else { throw field.wrong("each metric once") }
            }
            guard !measured.isEmpty else { throw values.wrong("a value for each metric, as in {\"loss\": 0.5}") }
            tell.values = measured
        }
        return tell
    }

    private static func allow(_ keys: [String], in reader: DocumentReader) throws(DocumentError) {
        for (key, field) in try reader.members() where !keys.contains(key) {
            throw field.wrong("nothing; allowed are " + keys.joined(separator: ", "))
        }
    }

    private static func read<Value>(
        _ body: [UInt8],
        _ limits: JSONValue.Limits = limits,
        _ read: (DocumentReader) throws(DocumentError) -> Value
    ) throws(ControlError) -> Value {
        let json: JSONValue
        do { json = try body.isEmpty ? .object([]) : JSONValue(parsing: body, limits: limits) } catch {
            throw ControlError(.badInput, "the body is \(error)")
        }
        do { return try read(DocumentReader(json)) } catch { throw ControlError(.badInput, "\(error)") }
    }
}
