package import SweepCore

/// Reads and steers a coordinator: the one door for commands, the port's client requests and HTTP.
///
/// A sweep is named by its name. A coordinator, a connection to one and a stopped one's store implement it; the last
/// answers everything that changes with a conflict.
package protocol SweepControl: Sendable {
    /// Accepts a sweep whose data set the coordinator already has.
    func submit(_ submission: Submission) async throws(ControlError) -> ListDocument.Entry
    /// Every sweep, in the order of submission.
    func list() async throws(ControlError) -> ListDocument
    func status(sweep: String) async throws(ControlError) -> StatusDocument
    /// The sweep as it was submitted.
    func source(sweep: String) async throws(ControlError) -> Submission
    /// The first `top` rows of the ranked summary, or all; by the sweep's objective, or by another metric that trials report.
    func rank(sweep: String, top: Int?, metric: Metric?) async throws(ControlError) -> RankDocument
    /// The curves of one trial, or of all.
    func curves(sweep: String, trial: Int?) async throws(ControlError) -> CurvesDocument
    /// The curves of a part of all trials; `next` of the document tells where the next begins. Whoever makes no parts answers the whole.
    func curves(sweep: String, page: TrialPage) async throws(ControlError) -> CurvesDocument
    /// The reports on a part of all trials, in the same way; the regions and the experiments come with the first.
    func diagnose(sweep: String, page: TrialPage) async throws(ControlError) -> DiagnosisDocument
    /// The report on one trial, or on all that have trained an epoch: symptoms and causes, as far as curve and specification tell.
    func diagnose(sweep: String, trial: Int?) async throws(ControlError) -> DiagnosisDocument
    /// Which parameters matter for a metric, or for the sweep's objective; a conflict while too little is known.
    func importance(sweep: String, metric: Metric?) async throws(ControlError) -> ImportanceDocument
    /// Why a trial's configuration was proposed, and why it went on or was stopped.
    func explain(sweep: String, trial: Int) async throws(ControlError) -> ExplanationDocument
    /// Hands out no more work; what runs may finish its segment or stop at the next epoch.
    func pause(sweep: String) async throws(ControlError) -> StatusDocument
    func resume(sweep: String) async throws(ControlError) -> StatusDocument
    /// Ends the sweep: its trials that have not ended are pruned.
    func cancel(sweep: String) async throws(ControlError) -> StatusDocument
    /// Removes a sweep that is over, with all that no other one needs; its line of the list as it was.
    func delete(sweep: String) async throws(ControlError) -> ListDocument.Entry
    /// Changes a sweep's priority, its limit of trials at once or its number of trials.
    func set(sweep: String, _ adjustment: SweepAdjustment) async throws(ControlError) -> StatusDocument
    /// Tries configurations before what the search proposes next: all of them, or none.
    func enqueue(sweep: String, _ request: EnqueueRequest) async throws(ControlError) -> StatusDocument
}

/// What a coordinator answers to a request: the document that belongs to its verb.
package enum ControlAnswer: Hashable, Sendable {
    /// To `submit`, and to `delete`: the sweep as it was.
    case submitted(ListDocument.Entry)
    case list(ListDocument)
    /// To `status`, `pause`, `resume`, `cancel`, `set` and `enqueue`.
    case status(StatusDocument)
    case source(Submission)
    case rank(RankDocument)
    case curves(CurvesDocument)
    case diagnosis(DiagnosisDocument)
    case importance(ImportanceDocument)
    case explanation(ExplanationDocument)

    /// The document as JSON.
    package var json: JSONValue {
        switch self {
        case .submitted(let entry): entry.json
        case .list(let document): document.json
        case .status(let document): document.json
        case .source(let submission): submission.json
        case .rank(let document): document.json
        case .curves(let document): document.json
        case .diagnosis(let document): document.json
        case .importance(let document): document.json
        case .explanation(let document): document.json
        }
    }

    /// Reads the answer to `verb` from a coordinator's bytes.
    package init(verb: String, bytes: [UInt8]) throws(ControlError) {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes) } catch {
            throw ControlError(.internal, "the coordinator's answer to \(verb) is \(error)")
        }
        do {
            switch verb {
            case "submit", "delete": self = .submitted(try ListDocument.Entry(DocumentReader(json)))
            case "list": self = .list(try ListDocument(json: json))
            case "source": self = .source(try Submission(DocumentReader(json)))
            case "rank": self = .rank(try RankDocument(json: json))
            case "diagnose": self = .diagnosis(try DiagnosisDocument(json: json))
            case "importance": self = .importance(try ImportanceDocument(json: json))
            case "explain": self = .explanation(try ExplanationDocument(json: json))
            case "curves": self = .curves(try CurvesDocument(json: json))
            default: self = .status(try StatusDocument(json: json))
            }
        } catch {
            throw ControlError(.internal, "the coordinator's answer to \(verb) cannot be read: \(error)")
        }
    }
}

extension SweepControl {
    /// The ranked summary by the sweep's objective.
    package func rank(sweep: String, top: Int?) async throws(ControlError) -> RankDocument {
        try await rank(sweep: sweep, top: top, metric: nil)
    }

    /// The whole, of whoever makes no parts.
    package func curves(sweep: String, page: TrialPage) async throws(ControlError) -> CurvesDocument {
        try await curves(sweep: sweep, trial: nil)
    }

    /// The whole, of whoever makes no parts.
    package func diagnose(sweep: String, page: TrialPage) async throws(ControlError) -> DiagnosisDocument {
        try await diagnose(sweep: sweep, trial: nil)
    }

    /// Does what `request` asks.
    package func answer(_ request: ControlRequest) async throws(ControlError) -> ControlAnswer {
        switch request {
        case .submit(let submission): .submitted(try await submit(submission))
        case .list: .list(try await list())
        case .status(let sweep): .status(try await status(sweep: sweep))
        case .source(let sweep): .source(try await source(sweep: sweep))
        case .rank(let sweep, let top, let metric):
            .rank(try await rank(sweep: sweep, top: top, metric: metric))
        case .curves(let sweep, nil, let page?): .curves(try await curves(sweep: sweep, page: page))
        case .curves(let sweep, let trial, _): .curves(try await curves(sweep: sweep, trial: trial))
        case .diagnose(let sweep, nil, let page?): .diagnosis(try await diagnose(sweep: sweep, page: page))
        case .diagnose(let sweep, let trial, _): .diagnosis(try await diagnose(sweep: sweep, trial: trial))
        case .importance(let sweep, let metric):
            .importance(try await importance(sweep: sweep, metric: metric))
        case .explain(let sweep, let trial): .explanation(try await explain(sweep: sweep, trial: trial))
        case .pause(let sweep): .status(try await pause(sweep: sweep))
        case .resume(let sweep): .status(try await resume(sweep: sweep))
        case .cancel(let sweep): .status(try await cancel(sweep: sweep))
        case .delete(let sweep): .submitted(try await delete(sweep: sweep))
        case .set(let sweep, let adjustment): .status(try await set(sweep: sweep, adjustment))
        case .enqueue(let sweep, let request): .status(try await enqueue(sweep: sweep, request))
        }
    }
}
