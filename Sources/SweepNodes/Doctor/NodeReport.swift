package import SweepReports

/// What `sweepd doctor` says of a machine: the facts and the judgements about them.
///
/// JSON: `{"host", "endpoint", "level": "ok", "warn" or "fail", "checks": [{"check", "level", "found", "advice"}], "slots",
/// "software", "protocol", "core", "cores", "kernels", "samples_per_second", "gflops", "peak_gflops", "core_share",
/// "expected_samples_per_second", "expected_of_workers", "round_trip_s", "clock_difference_s", "disk_free_bytes", "memory_available_bytes", "open_files"}`; what was not measured is null.
package struct NodeReport: Hashable, Sendable {
    package let facts: NodeFacts
    package let checks: [NodeCheck]

    package init(_ facts: NodeFacts) {
        self.facts = facts
        checks = facts.checks
    }

    /// The worst of all judgements.
    package var level: NodeCheck.Level { checks.map(\.level).max() ?? .ok }

    /// A line for each judgement, and below it what to do.
    package var text: String {
        let width = NodeCheck.Subject.allCases.reduce(0) { max($0, $1.rawValue.count) }
        var lines: [String] = []
        for check in checks {
            let name = check.subject.rawValue
            let space = String(repeating: " ", count: width - name.count)
            let level = check.level.rawValue + String(repeating: " ", count: 4 - check.level.rawValue.count)
            lines.append("\(level)  \(name)\(space)  \(check.found)")
            if let advice = check.advice { lines.append(String(repeating: " ", count: width + 8) + "→ \(advice)") }
        }
        return lines.map(PrintableText.line).joined(separator: "\n") + "\n"
    }

    /// The report as JSON.
    package var json: JSONValue {
        var roundTrip: Double?
        if case .established(_, let seconds) = facts.connection { roundTrip = seconds }
        func number(_ value: Double?) -> JSONValue { value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }
        func integer(_ value: Int?) -> JSONValue { value.map { .integer($0) } ?? .null }
        return .object([
            JSONMember("host", .text(facts.host)),
            JSONMember("endpoint", .text(facts.endpoint)),
            JSONMember("level", .text(level.rawValue)),
            JSONMember(
                "checks",
                .array(
                    checks.map { check in
                        .object([
                            JSONMember("check", .text(check.subject.rawValue)),
                            JSONMember("level", .text(check.level.rawValue)),
                            JSONMember("found", .text(check.found)),
                            JSONMember("advice", check.advice.map { .text($0) } ?? .null),
                        ])
                    }
                )
            ),
            JSONMember("slots", .integer(facts.slots)),
            JSONMember("software", .text(facts.software.version)),
            JSONMember("protocol", .integer(facts.software.protocolVersion)),
            JSONMember("core", .text(facts.software.core)),
            JSONMember("cores", .integer(facts.processor.cores)),
            JSONMember("kernels", .text(facts.processor.kernels)),
            JSONMember("samples_per_second", number(facts.speed?.samplesPerSecond)),
            JSONMember("gflops", number(facts.speed?.gflops)),
            JSONMember("peak_gflops", number(facts.speed?.peakGflops)),
            JSONMember("core_share", number(facts.speed?.coreShare)),
            JSONMember("expected_samples_per_second", number(facts.fellows?.median)),
            JSONMember("expected_of_workers", integer(facts.fellows?.workers)),
            JSONMember("round_trip_s", number(roundTrip)),
            JSONMember("clock_difference_s", number(facts.coordinator?.clockDifference)),
            JSONMember("disk_free_bytes", integer(facts.disk?.freeBytes)),
            JSONMember("memory_available_bytes", integer(facts.memory?.availableBytes)),
            JSONMember("open_files", integer(facts.files?.soft)),
        ])
    }
}
