package import SweepCore

/// What the checks of a data set found: what `sweepd data` answers.
///
/// JSON: `{"rows": {"training", "validation", "test"}, "features", "task", "findings": [{"id", "severity", "count", "text",
/// "examples": [..], "remedy"}]}`.
package struct DataReport: Hashable, Sendable {
    package let schema: DataSchema
    package let findings: [DataFinding]

    package init(schema: DataSchema, findings: [DataFinding]) {
        self.schema = schema
        self.findings = findings
    }

    /// How many there are of each severity, in words.
    package var summary: String {
        func count(_ severity: DataFinding.Severity, _ one: String, _ more: String) -> String? {
            let count = findings.count { $0.severity == severity }
            return count == 0 ? nil : "\(count) \(count == 1 ? one : more)"
        }
        let parts = [
            count(.fault, "fault", "faults"), count(.warning, "warning", "warnings"), count(.note, "note", "notes"),
        ].compactMap { $0 }
        return parts.isEmpty ? "nothing found" : parts.joined(separator: ", ")
    }

    /// One line a finding that is more than a note, for what is printed before a sweep.
    package var lines: [String] {
        findings.filter { $0.severity > .note }.map { "data \($0.severity.rawValue) \($0.check.rawValue): \($0.text)" }
    }

    /// The report for people.
    package var text: String {
        let task =
            switch schema.task {
            case .classification(let classes, _): "\(classes.count) classes"
            case .regression: "a number"
            }
        var lines = [
            "\(schema.trainingRows) training, \(schema.validationRows) validation, \(schema.testRows) test rows; "
                + "\(schema.features.count) features, \(task): \(summary)"
        ]
        for finding in findings {
            lines.append("")
            lines.append("\(finding.severity.rawValue)  \(finding.check.rawValue)  \(finding.text)")
            if !finding.examples.isEmpty { lines.append("  such as  \(finding.examples.joined(separator: "; "))") }
            lines.append("  remedy   \(finding.remedy)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The document as JSON.
    package var json: JSONValue {
        .object([
            JSONMember(
                "rows",
                .object([
                    JSONMember("training", .integer(schema.trainingRows)),
                    JSONMember("validation", .integer(schema.validationRows)),
                    JSONMember("test", .integer(schema.testRows)),
                ])
            ),
            JSONMember("features", .integer(schema.features.count)),
            JSONMember("task", .text(schema.task.kind.rawValue)),
            JSONMember(
                "findings",
                .array(
                    findings.map { finding in
                        .object([
                            JSONMember("id", .text(finding.check.rawValue)),
                            JSONMember("severity", .text(finding.severity.rawValue)),
                            JSONMember("count", .integer(finding.count)),
                            JSONMember("text", .text(finding.text)),
                            JSONMember("examples", .array(finding.examples.map { .text($0) })),
                            JSONMember("remedy", .text(finding.remedy)),
                        ])
                    }
                )
            ),
        ])
    }
}
