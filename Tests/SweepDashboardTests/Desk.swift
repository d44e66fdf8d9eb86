import SweepCore
import SweepDashboard
import SweepReports
import Synchronization

/// Knows one sweep, digits, whose trials a test makes; steering tells its word as the state.
final class Desk: SweepObservatory {
    /// Epochs of each trial.
    private let epochs: Mutex<[Int]>
    /// The number of the sweep.
    private let number = Mutex(1)
    /// How often the trials were looked at.
    private let looks = Mutex(0)
    /// How often by who knew nothing of them.
    private let wholeLooks = Mutex(0)
    /// How often by who knew how many there are, and asked for all of them.
    private let anew = Mutex(0)
    /// How often the sweeps were listed.
    private let lists = Mutex(0)
    /// Looks wait here while it is closed.
    let gate = Gate()

    init(epochs: [Int] = [3, 1]) { self.epochs = Mutex(epochs) }

    /// Lets trials be trained.
    func train(_ change: (inout [Int]) -> Void) { epochs.withLock { change(&$0) } }

    /// Puts another sweep in the place of the one it knows, trained so far.
    func replace(epochs trained: [Int]) {
        number.withLock { $0 += 1 }
        epochs.withLock { $0 = trained }
    }

    var timesLooked: Int { looks.withLock { $0 } }
    var timesLookedFirst: Int { wholeLooks.withLock { $0 } }
    var timesListed: Int { lists.withLock { $0 } }
    var timesAskedForAll: Int { anew.withLock { $0 } }

    private func check(_ sweep: String) throws(ControlError) {
        guard sweep == "digits" else { throw ControlError(.notFound, "no sweep is called \(sweep)") }
    }

    private func status(_ sweep: String, _ state: String) throws(ControlError) -> StatusDocument {
        try check(sweep)
        return StatusDocument(sweep: sweep, state: state, trials: TrialCounts(), epochs: 3, workers: [])
    }

    func submit(_ submission: Submission) async throws(ControlError) -> ListDocument.Entry {
        throw ControlError(.internal, "nothing is handed in over HTTP")
    }
    func list() async throws(ControlError) -> ListDocument {
        lists.withLock { $0 += 1 }
        await gate.pass()
        return ListDocument(sweeps: [])
    }
    func status(sweep: String) async throws(ControlError) -> StatusDocument { try status(sweep, "running") }
    func rank(sweep: String, top: Int?, metric: Metric?) async throws(ControlError) -> RankDocument {
        try check(sweep)
        if let top { throw ControlError(.conflict, "top \(top)") }
        // It has no rows, and yet tells the sweeps of one name apart.
        let count = number.withLock { $0 }
        return RankDocument(sweep: sweep, objective: Objective(), configurations: count, rows: [])
    }
    func curves(sweep: String, trial: Int?) async throws(ControlError) -> CurvesDocument {
        throw ControlError(.notFound, "no trial \(trial ?? 0)")
    }
    func pause(sweep: String) async throws(ControlError) -> StatusDocument { try status(sweep, "pause") }
    func resume(sweep: String) async throws(ControlError) -> StatusDocument { try status(sweep, "resume") }
    func cancel(sweep: String) async throws(ControlError) -> StatusDocument { try status(sweep, "cancel") }

    func delete(sweep: String) async throws(ControlError) -> ListDocument.Entry {
        try check(sweep)
        return ListDocument.Entry(
            sweep: sweep,
            number: 1,
            state: "finished",
            trials: TrialCounts(),
            epochs: 3,
            objective: Objective(metric: .validationLoss, direction: .minimize, epoch: .best)
        )
    }

    func diagnose(sweep: String, trial: Int?) async throws(ControlError) -> DiagnosisDocument {
        try check(sweep)
        guard trial != nil else { return DiagnosisDocument(sweep: sweep, reports: []) }
        throw ControlError(.notFound, "no trial \(trial ?? 0)")
    }
    func importance(sweep: String, metric: Metric?) async throws(ControlError) -> ImportanceDocument {
        try check(sweep)
        throw ControlError(.conflict, "nothing is known of \(metric?.rawValue ?? "the objective")")
    }
    func explain(sweep: String, trial: Int) async throws(ControlError) -> ExplanationDocument {
        try check(sweep)
        throw ControlError(.notFound, "no trial \(trial)")
    }
    func set(sweep: String, _ adjustment: SweepAdjustment) async throws(ControlError) -> StatusDocument {
        throw ControlError(.internal, "nothing is changed over HTTP")
    }
    func enqueue(sweep: String, _ request: EnqueueRequest) async throws(ControlError) -> StatusDocument {
        try check(sweep)
        guard case .success(let read) = request.read(for: Self.enqueuedSpace) else {
            throw ControlError(.badInput, "not a configuration")
        }
        return StatusDocument(
            sweep: sweep,
            state: "running",
            trials: TrialCounts(),
            enqueued: read.count,
            epochs: 0,
            workers: []
        )
    }

    /// What is enqueued here has a value of this space.
    private static let enqueuedSpace = SearchSpace(
        template: .map([SpecEntry("rate", .domain(.uniform(low: 0, high: 1, step: nil, points: nil)))])
    )

    func source(sweep: String) async throws(ControlError) -> Submission {
        throw ControlError(.internal, "no file is told over HTTP")
    }

    func sweep(_ name: String) async throws(ControlError) -> SweepDocument {
        try check(name)
        throw ControlError(.internal, "has no document")
    }

    func trials(sweep: String, unlike marks: [TrialMark]) async throws(ControlError) -> TrialChanges {
        try check(sweep)
        looks.withLock { $0 += 1 }
        if marks.isEmpty {
            wholeLooks.withLock { $0 += 1 }
        } else if marks.allSatisfy({ $0 == .unknown }) {
            anew.withLock { $0 += 1 }
        }
        await gate.pass()
        let epochs = epochs.withLock { $0 }
        let now = epochs.map { TrialMark(epochs: Int32($0), attempts: 1, rest: 0) }
        let rows = epochs.indices.compactMap { index -> TrialsDocument.Row? in
            let known = marks.indices.contains(index) ? marks[index] : .unknown
            return known == now[index] ? nil : Self.row(index + 1, epochs: epochs[index], known: Int(known.epochs))
        }
        return TrialChanges(
            document: TrialsDocument(sweep: sweep, metrics: [.trainingLoss, .validationLoss], rows: rows),
            marks: now,
            number: number.withLock { $0 }
        )
    }

    func trial(sweep: String, number: Int) async throws(ControlError) -> TrialDocument {
        throw ControlError(.notFound, "no trial \(number)")
    }
    func timeline(sweep: String) async throws(ControlError) -> TimelineDocument {
        try check(sweep)
        return TimelineDocument(sweep: sweep, startedMilliseconds: 0, now: 1, spans: [], incumbents: [])
    }
    func comparison(sweep: String, with others: [String]) async throws(ControlError) -> ComparisonDocument {
        try check(sweep)
        for other in others { try check(other) }
        throw ControlError(.conflict, "\(sweep) has no arms to compare")
    }
    func workers() async -> WorkersDocument { WorkersDocument(workers: []) }

    func ask(sweep: String, asker: String) async throws(ControlError) -> AskDocument {
        try check(sweep)
        return AskDocument(sweep: sweep, state: asker, isOver: false, trial: nil)
    }
    func told(sweep: String, _ tell: Tell) async throws(ControlError) -> TellDocument {
        try check(sweep)
        guard tell.attempt == 1 else { throw ControlError(.conflict, "attempt \(tell.attempt) is over") }
        let verdict = TellVerdict(
            word: tell.end == nil ? .go : .stop,
            state: tell.end == .completed ? .completed : .running,
            attempt: Attempt(rawValue: 1),
            epoch: tell.epoch ?? 0,
            to: nil
        )
        return TellDocument(sweep: sweep, trial: tell.trial, verdict: verdict)
    }

    /// Has no rows.
    @Sendable static func data(_ sweep: String) async throws(ControlError) -> [UInt8] {
        guard sweep == "digits" else { throw ControlError(.notFound, "no sweep is called \(sweep)") }
        return DataDocument(sweep: sweep, content: .nothing("no rows")).json.bytes
    }

    /// Says what was asked for; of a sweep called `busy` nothing is made.
    @Sendable static func file(_ file: SweepDownload, _ sweep: String) async throws(ControlError) -> HeldFile {
        if sweep == "busy" { throw ControlError(.conflict, "files are being made or sent") }
        guard sweep == "digits" else { throw ControlError(.notFound, "no sweep is called \(sweep)") }
        guard let place = BoundedPlaces(1).take() else { throw ControlError(.internal, "no place") }
        return HeldFile(Array("\(file.rawValue) of \(sweep)\n".utf8), place)
    }

    /// Takes no sweep file, and tells how long it was.
    @Sendable static func submit(_ text: [UInt8]) async -> Site.Submitted {
        text.isEmpty ? .refused(ControlError(.conflict, "nothing")) : .mistakes(["sweep.yaml:1:1: \(text.count) bytes"])
    }

    /// A trial whose validation loss at epoch e is 1/e, its number added.
    private static func row(_ trial: Int, epochs: Int, known: Int) -> TrialsDocument.Row {
        let curve = LearningCurve(
            metrics: [.trainingLoss, .validationLoss],
            observations: (0..<epochs).map { epoch in
                Observation(epoch: epoch + 1, values: [.nan, Double(trial) + 1 / Double(epoch + 1)], seconds: 0.5)
            }
        )
        let configuration = Configuration([.init(path: "train.batch_size", value: .integer(trial))])
        return TrialsDocument.Row(
            trial: trial,
            configuration: configuration,
            configurationID: configuration.id,
            seed: .max,
            run: 0,
            state: .running,
            stoppedEarly: false,
            attempts: 1,
            workers: ["red"],
            worker: "red",
            rung: 0,
            goal: 9,
            best: nil,
            finding: nil,
            curve: curve,
            known: known
        )
    }
}
