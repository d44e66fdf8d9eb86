import SweepCore
import SweepReports
import Testing

/// The document on a sweep's rows.
@Suite struct DataDocumentTests {
    private func overview(label: String, finding: String = "") -> DataOverview {
        DataOverview(
            schema: DataSchema(
                features: ["a"],
                task: .classification(classes: [label], trainingCounts: [3]),
                trainingRows: 3,
                validationRows: 2,
                testRows: 0
            ),
            findings: finding.isEmpty
                ? [] : [DataFinding(.constant, .warning, count: 1, text: finding, remedy: "columns: {NAME: ignore}")],
            target: .classes(
                name: "label",
                [DataOverview.ClassRows(label: label, training: 3, validation: 2, test: 0)],
                others: nil,
                total: 1
            ),
            columns: [
                DataOverview.Column(
                    name: "a",
                    kind: .number,
                    missing: 1,
                    values: .numbers(DataOverview.Numbers(bins: [.init(from: 2, to: 2, count: 2)], outliers: nil))
                )
            ],
            columnsTotal: 1,
            judgedRows: 3,
            pictures: nil
        )
    }

    private func json(_ overview: DataOverview) throws -> JSONValue {
        let hash = try #require(ContentHash(bytes: Array(repeating: 7, count: 32)))
        return DataDocument(sweep: "digits", content: .overview(overview, of: hash, folds: 1)).json
    }

    @Test func `it is what sweepd data says, and more`() throws {
        let overview = overview(label: "yes", finding: "1 of 1 columns have one value")
        let json = try json(overview)
        #expect(json["rows"]?["training"] == .integer(3) && json["features"] == .integer(1))
        let report = DataReport(schema: overview.schema, findings: overview.findings).json
        for key in ["rows", "features", "task", "findings"] { #expect(json[key] == report[key]) }
        #expect(json["target"]?["classes_total"] == .integer(1) && json["pictures"] == .null)
        let column = JSONValue.object([
            JSONMember("name", .text("a")), JSONMember("kind", .text("number")), JSONMember("missing", .integer(1)),
            JSONMember(
                "bins",
                .array([
                    .object([
                        JSONMember("from", .number(2)), JSONMember("to", .number(2)), JSONMember("count", .integer(2)),
                    ])
                ])
            ), JSONMember("outliers", .null),
        ])
        #expect(json["columns"] == .array([column]))
    }

    @Test func `names and sentences of a file are cut, so that the document is bounded`() throws {
        let long = String(repeating: "é", count: 5_000)
        let json = try json(overview(label: long, finding: long))
        guard case .array(let classes)? = json["target"]?["classes"], case .text(let label)? = classes.first?["label"],
            case .array(let findings)? = json["findings"], case .text(let text)? = findings.first?["text"]
        else {
            Issue.record("\(json)")
            return
        }
        #expect(label.unicodeScalars.count == DataDocument.textLimit && label.hasSuffix("é…"))
        #expect(text.unicodeScalars.count == DataDocument.sentenceLimit)
        #expect(try self.json(overview(label: "short")).text().contains("\"short\""))
    }

    @Test func `a sweep without rows says why`() {
        let json = DataDocument(sweep: "digits", content: .nothing("no rows")).json
        #expect(json == .object([JSONMember("sweep", .text("digits")), JSONMember("reason", .text("no rows"))]))
    }
}
