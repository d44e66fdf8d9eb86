package import SweepCore

/// Why a request was not done.
package struct ControlError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is; the raw values stand in documents.
    package enum Code: String, CaseIterable, Sendable {
        /// The request itself is wrong; asking again will not help.
        case badInput = "bad_input"
        case notFound = "not_found"
        /// The asker's key may not do this.
        case notAllowed = "not_allowed"
        /// It does not fit the state things are in, for example a second sweep of the same name.
        case conflict
        /// What was told is of an attempt at a trial that is over: the trial is somebody else's, or has ended.
        case leaseLost = "lease_lost"
        /// Too much is asked for at the same time; asking again later will help.
        case busy
        /// The coordinator failed.
        case `internal`
    }

    package let code: Code
    /// A sentence for the person who must act.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// `{"error": sentence, "code": code}`.
    package var json: JSONValue {
        .object([JSONMember("error", .text(message)), JSONMember("code", .text(code.rawValue))])
    }

    /// Reads the error from JSON; a code of a newer version counts as internal.
    package init(json: JSONValue) throws(DocumentError) {
        let reader = DocumentReader(json)
        let code = try reader.optional("code")?.text() ?? ""
        self.init(Code(rawValue: code) ?? .internal, try reader.field("error").text())
    }
}

/// A sweep as a client hands it in; its data set was sent before.
package struct Submission: Hashable, Sendable {
    /// The sweep file's text as the user wrote it.
    package let text: String
    /// The file's name without its folder.
    package let fileName: String
    /// The file as a tree, in the wire's own encoding; this module does not look into it.
    package let tree: [UInt8]
    package let dataSet: DataSetID
    /// The same rows as the second and each further fold parts them; empty where all trials have one split.
    package let foldSets: [DataSetID]
    /// Nil for trials that are programs; the data set is then the files that they need.
    package let schema: DataSchema?
    /// What it is a part of; nil for a sweep that stands for itself.
    package let experiment: ExperimentPart?

    package init(
        text: String,
        fileName: String,
        tree: [UInt8],
        dataSet: DataSetID,
        foldSets: [DataSetID] = [],
        schema: DataSchema?,
        experiment: ExperimentPart? = nil
    ) {
        self.text = text
        self.fileName = fileName
        self.tree = tree
        self.dataSet = dataSet
        self.foldSets = foldSets
        self.schema = schema
        self.experiment = experiment
    }

    /// Every data set that its trials need.
    package var dataSets: [DataSetID] { [dataSet] + foldSets }

    /// The rows as a fold parts them, from 1; nil for trials that all have one split.
    package func dataSet(ofFold fold: Int?) -> DataSetID {
        guard let fold, fold > 1, foldSets.indices.contains(fold - 2) else { return dataSet }
        return foldSets[fold - 2]
    }
}

/// What a client asks of a coordinator: a verb and a JSON object of arguments.
///
/// `submit` `{"text", "file_name", "tree" (base64), "data_set": {"hash", "size"}, "fold_sets" (of further folds, if
/// there are any), "schema", "experiment": {"sweep", "trial", "round", "first"} (of a part of one)}` · `list` `{}` · `status`,
/// `source`, `pause`, `resume`, `cancel`, `delete` `{"sweep"}` · `set` `{"sweep", "priority", "max_parallel", "trials"}` · `enqueue` `{"sweep",
/// "configurations": [{parameter: value}], "more", "key"}` · `rank` `{"sweep", "top", "metric"}` · `explain` `{"sweep", "trial"}` · `curves`, `diagnose` `{"sweep", "trial"}`, or `{"sweep", "after", "epochs"}` for a
/// part (`TrialPage`) · `importance` `{"sweep", "metric"}`.
package enum ControlRequest: Hashable, Sendable {
    case submit(Submission)
    case list
    case status(sweep: String)
    case source(sweep: String)
    case rank(sweep: String, top: Int?, metric: Metric? = nil)
    case curves(sweep: String, trial: Int?, page: TrialPage? = nil)
    case diagnose(sweep: String, trial: Int?, page: TrialPage? = nil)
    case importance(sweep: String, metric: Metric?)
    case explain(sweep: String, trial: Int)
    case pause(sweep: String)
    case resume(sweep: String)
    case cancel(sweep: String)
    case delete(sweep: String)
    case set(sweep: String, SweepAdjustment)
    case enqueue(sweep: String, EnqueueRequest)

    /// The words of the requests.
    package static let verbs = [
        "submit", "list", "status", "source", "rank", "curves", "diagnose", "importance", "explain", "pause", "resume",
        "cancel", "delete", "set", "enqueue",
    ]

    /// The words of requests that change nothing, so that a reader's key may send them.
    package static let readingVerbs: Set<String> = [
        "list", "status", "source", "rank", "curves", "diagnose", "importance", "explain",
    ]

    /// The request's word.
    package var verb: String {
        switch self {
        case .submit: "submit"
        case .list: "list"
        case .status: "status"
        case .source: "source"
        case .rank: "rank"
        case .curves: "curves"
        case .diagnose: "diagnose"
        case .importance: "importance"
        case .explain: "explain"
        case .pause: "pause"
        case .resume: "resume"
        case .cancel: "cancel"
        case .delete: "delete"
        case .set: "set"
        case .enqueue: "enqueue"
        }
    }

    /// The request's arguments.
    package var body: JSONValue {
        var object = JSONObjectBuilder()
        switch self {
        case .submit(let submission): return submission.json
        case .list: break
        case .status(let sweep), .source(let sweep), .pause(let sweep), .resume(let sweep), .cancel(let sweep),
            .delete(let sweep):
            object.add("sweep", sweep)
        case .rank(let sweep, let top, let metric):
            object.add("sweep", sweep)
            if let top { object.add("top", top) }
            if let metric { object.add("metric", metric.rawValue) }
        case .curves(let sweep, let trial, let page), .diagnose(let sweep, let trial, let page):
            object.add("sweep", sweep)
            if let trial { object.add("trial", trial) }
            if let page {
                object.add("after", page.after)
                object.add("epochs", page.epochs)
            }
        case .importance(let sweep, let metric):
            object.add("sweep", sweep)
            if let metric { object.add("metric", metric.rawValue) }
        case .explain(let sweep, let trial):
            object.add("sweep", sweep)
            object.add("trial", trial)
        case .set(let sweep, let adjustment):
            object.add("sweep", sweep)
            adjustment.add(to: &object)
        case .enqueue(let sweep, let request):
            object.add("sweep", sweep)
            request.add(to: &object)
        }
        return object.object
    }

    /// Bytes a request's arguments may have.
    ///
    /// A tree has at most 1 MiB and stands beside its text; everything else is a name or two.
    package static let limits = JSONValue.Limits(bytes: 8 << 20, depth: 8, values: 300_000)

    /// Reads a request from a peer; every mistake is an error of code `badInput`.
    package init(verb: String, body: [UInt8]) throws(ControlError) {
        guard Self.verbs.contains(verb) else {
            throw ControlError(
                .badInput,
                "unknown request '\(verb.prefix(64))'; known are \((Self.verbs + AskRequest.verbs).joined(separator: ", "))"
            )
        }
        let json: JSONValue
        do { json = try body.isEmpty ? .object([]) : JSONValue(parsing: body, limits: Self.limits) } catch {
            throw ControlError(.badInput, "\(verb): the arguments are \(error)")
        }
        do { self = try Self.read(verb, DocumentReader(json)) } catch {
            throw ControlError(.badInput, "\(verb): \(error)")
        }
    }

    private static func read(_ verb: String, _ reader: DocumentReader) throws(DocumentError) -> ControlRequest {
        func sweep() throws(DocumentError) -> String { try reader.field("sweep").text() }
        func metric() throws(DocumentError) -> Metric? {
            guard let field = reader.optional("metric") else { return nil }
            guard let metric = Metric(rawValue: try field.text()) else {
                throw field.wrong("one of " + Metric.words.joined(separator: ", "))
            }
            return metric
        }
        func trial() throws(DocumentError) -> Int? { try reader.optional("trial")?.integer() }
        func page() throws(DocumentError) -> TrialPage? {
            guard let field = reader.optional("after") else { return nil }
            let after = try field.integer()
            guard after >= 0 else { throw field.wrong("a number from 0") }
            var page = TrialPage(after: after)
            if let field = reader.optional("epochs") {
                page.epochs = try field.integer()
                guard TrialPage.limits.contains(page.epochs) else {
                    throw field.wrong("a number from \(TrialPage.limits.lowerBound) to \(TrialPage.limits.upperBound)")
                }
            }
            return page
        }
        switch verb {
        case "submit": return .submit(try Submission(reader))
        case "list": return .list
        case "status": return .status(sweep: try sweep())
        case "source": return .source(sweep: try sweep())
        case "rank":
            let top = reader.optional("top")
            let count = try top?.integer()
            if let top, let count, count < 1 { throw top.wrong("a number from 1") }
            return .rank(sweep: try sweep(), top: count, metric: try metric())
        case "curves": return .curves(sweep: try sweep(), trial: try trial(), page: try page())
        case "diagnose": return .diagnose(sweep: try sweep(), trial: try trial(), page: try page())
        case "importance":
            return .importance(sweep: try sweep(), metric: try metric())
        case "explain": return .explain(sweep: try sweep(), trial: try reader.field("trial").integer())
        case "pause": return .pause(sweep: try sweep())
        case "resume": return .resume(sweep: try sweep())
        case "delete": return .delete(sweep: try sweep())
        case "set": return .set(sweep: try sweep(), try SweepAdjustment(reader))
        case "enqueue": return .enqueue(sweep: try sweep(), try EnqueueRequest(reader))
        default: return .cancel(sweep: try sweep())
        }
    }
}

extension Submission {
    /// The submission as JSON: what `submit` sends and `source` answers.
    package var json: JSONValue {
        var members = [
            JSONMember("text", .text(text)),
            JSONMember("file_name", .text(fileName)),
            JSONMember("tree", .text(Base64.encode(tree))),
            JSONMember("data_set", Self.json(of: dataSet)),
        ]
        if !foldSets.isEmpty { members.append(JSONMember("fold_sets", .array(foldSets.map { Self.json(of: $0) }))) }
        members.append(JSONMember("schema", schema?.json ?? .null))
        if let experiment { members.append(JSONMember("experiment", experiment.json)) }
        return .object(members)
    }

    private static func json(of set: DataSetID) -> JSONValue {
        .object([JSONMember("hash", .text(set.hash.hex)), JSONMember("size", .integer(set.size))])
    }

    private static func dataSet(_ data: DocumentReader) throws(DocumentError) -> DataSetID {
        guard let hash = ContentHash(hex: try data.field("hash").text()) else {
            throw data.wrong("a hash of 64 hexadecimal digits")
        }
        let size = try data.field("size").integer()
        guard size >= 0 else { throw data.wrong("a size from 0") }
        return DataSetID(hash: hash, size: size)
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
        guard let tree = Base64.decode(try reader.field("tree").text()) else {
            throw try reader.field("tree").wrong("base64")
        }
        self.init(
            text: try reader.field("text").text(),
            fileName: try reader.field("file_name").text(),
            tree: tree,
            dataSet: try Self.dataSet(reader.field("data_set")),
            foldSets: try reader.optional("fold_sets")?.items().each { set throws(DocumentError) in
                try Self.dataSet(set)
            } ?? [],
            schema: try reader.optional("schema").map { schema throws(DocumentError) in try DataSchema(schema) },
            experiment: try reader.optional("experiment").map { part throws(DocumentError) in
                try ExperimentPart(part)
            }
        )
    }
}

extension ExperimentPart {
    /// The part as JSON: `{"sweep", "trial", "round", "first"}`.
    package var json: JSONValue {
        .object([
            JSONMember("sweep", .text(sweep)), JSONMember("trial", .integer(trial)),
            JSONMember("round", .integer(round)),
            JSONMember("first", .text(first)),
        ])
    }

    /// Reads what `json` wrote; throws for what no experiment is called.
    init(_ reader: DocumentReader) throws(DocumentError) {
        self.init(
            sweep: try reader.field("sweep").text(),
            trial: try reader.field("trial").integer(),
            round: try reader.field("round").integer(),
            first: try reader.field("first").text()
        )
        guard isPossible else { throw reader.wrong("names of 1 to 64 bytes, a trial and a round from 1") }
    }
}
