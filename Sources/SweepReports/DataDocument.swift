package import SweepCore

/// What a sweep's rows look like: what `/api/v1/sweeps/NAME/data` answers.
///
/// JSON: as `sweepd data` has it (`DataReport`), and `"sweep"`, `"data"` (the data set's hash), `"folds"` (1 without), `"judged_rows"`,
/// `"target"`, `"columns"`, `"columns_total"`, `"pictures"`. The target of classes is `{"name", "classes": [{"label", "training",
/// "validation", "test"}], "others" (of classes that are not listed: the same without a label; null when all are), "classes_total"}`; of
/// numbers `{"name", "bins", "outliers"}`. A column is `{"name", "kind": "number" | "day" | "second" | "pixel", "missing", "bins": [{"from",
/// "to", "count"}], "outliers": {"count", "least", "greatest"} or null}` or `{"name", "kind": "category" | "bucket", "missing",
/// "categories": [{"label", "count"}], "others": {"kinds", "count"}, "none"}`. Pictures are `{"height", "width", "channels", "shown": {"height",
/// "width", "channels"}, "black", "white", "groups": [{"label", "pictures": [{"row", "target", "bytes" (base64)}]}], "classes_total"}`, null
/// where rows are no pictures. Of a sweep without rows everything but `"sweep"` is absent, and `"reason"` is a sentence.
///
/// Bounded: names and labels are cut after `textLimit` scalars, sentences after `sentenceLimit`.
package struct DataDocument: Sendable {
    package let sweep: String
    package let content: Content

    /// What there is to say of its rows.
    package enum Content: Sendable {
        case overview(DataOverview, of: ContentHash, folds: Int)
        /// It has no rows, for this reason.
        case nothing(String)
    }

    package init(sweep: String, content: Content) {
        self.sweep = sweep
        self.content = content
    }

    /// Of a sweep whose trials are programs.
    package init(ofPrograms sweep: Sweep) {
        let what =
            sweep.ask == nil
            ? "its trials are programs, which read data of their own"
            : "its trials are asked for by programs, which have data of their own"
        self.init(sweep: sweep.name, content: .nothing("\(sweep.name) has no data set here: \(what)"))
    }

    package static let textLimit = 80
    package static let sentenceLimit = 1_000

    /// The document as JSON.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        switch content {
        case .nothing(let reason): object.add("reason", reason)
        case .overview(let overview, let hash, let folds):
            object.add("data", hash.hex)
            object.add("folds", folds)
            let report = DataReport(schema: overview.schema, findings: overview.findings.map(\.bounded))
            if case .object(let members) = report.json {
                for member in members { object.add(member.key, member.value) }
            }
            object.add("judged_rows", overview.judgedRows)
            object.add("target", overview.target.json)
            object.add("columns", .array(overview.columns.map(\.json)))
            object.add("columns_total", overview.columnsTotal)
            object.add("pictures", overview.pictures?.json ?? .null)
        }
        return object.object
    }
}

extension String {
    /// At most so many scalars, the last an ellipsis where some were cut off.
    fileprivate func cut(_ limit: Int = DataDocument.textLimit) -> String {
        guard unicodeScalars.count > limit else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(limit - 1))) + "…"
    }
}

extension DataFinding {
    /// The same, its texts cut: names in them are as long as a file has them.
    fileprivate var bounded: DataFinding {
        DataFinding(
            check,
            severity,
            count: count,
            text: text.cut(DataDocument.sentenceLimit),
            examples: examples.map { $0.cut(2 * DataDocument.textLimit) },
            remedy: remedy.cut(DataDocument.sentenceLimit),
            measure: measure
        )
    }
}

extension DataOverview.Target {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        switch self {
        case .classes(let name, let classes, let others, let total):
            object.add("name", name.cut())
            object.add("classes", .array(classes.map { $0.json(labelled: true) }))
            object.add("others", others?.json(labelled: false) ?? .null)
            object.add("classes_total", total)
        case .numbers(let name, let numbers):
            object.add("name", name.cut())
            numbers.add(to: &object)
        }
        return object.object
    }
}

extension DataOverview.ClassRows {
    fileprivate func json(labelled: Bool) -> JSONValue {
        var object = JSONObjectBuilder()
        if labelled { object.add("label", label.cut()) }
        object.add("training", training)
        object.add("validation", validation)
        object.add("test", test)
        return object.object
    }
}

extension DataOverview.Numbers {
    fileprivate func add(to object: inout JSONObjectBuilder) {
        object.add(
            "bins",
            .array(
                bins.map { bin in
                    .object([
                        JSONMember("from", .number(bin.from)), JSONMember("to", .number(bin.to)),
                        JSONMember("count", .integer(bin.count)),
                    ])
                }
            )
        )
        object.add(
            "outliers",
            outliers.map { far in
                .object([
                    JSONMember("count", .integer(far.count)), JSONMember("least", .number(far.least)),
                    JSONMember("greatest", .number(far.greatest)),
                ])
            } ?? .null
        )
    }
}

extension DataOverview.Column {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("name", name.cut())
        object.add("kind", kind.rawValue)
        object.add("missing", missing)
        switch values {
        case .numbers(let numbers): numbers.add(to: &object)
        case .categories(let categories):
            object.add(
                "categories",
                .array(
                    categories.frequent.map { share in
                        .object([
                            JSONMember("label", .text(share.label.cut())), JSONMember("count", .integer(share.count)),
                        ])
                    }
                )
            )
            object.add(
                "others",
                .object([
                    JSONMember("kinds", .integer(categories.others.kinds)),
                    JSONMember("count", .integer(categories.others.count)),
                ])
            )
            object.add("none", categories.none)
        }
        return object.object
    }
}

extension DataOverview.Pictures {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        original.add(to: &object)
        var small = JSONObjectBuilder()
        shown.add(to: &small)
        object.add("shown", small.object)
        object.add("black", black)
        object.add("white", white)
        object.add(
            "groups",
            .array(
                groups.map { group in
                    .object([
                        JSONMember("label", group.label.map { .text($0.cut()) } ?? .null),
                        JSONMember("pictures", .array(group.pictures.map(\.json))),
                    ])
                }
            )
        )
        object.add("classes_total", classesTotal)
        return object.object
    }
}

extension DataOverview.Pictures.Picture {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("row", row)
        object.add("target", target)
        object.add("bytes", Base64.encode(bytes))
        return object.object
    }
}

extension ImageShape {
    fileprivate func add(to object: inout JSONObjectBuilder) {
        object.add("height", height)
        object.add("width", width)
        object.add("channels", channels)
    }
}
