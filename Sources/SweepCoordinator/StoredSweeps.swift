import SweepCoordination
package import SweepCore
package import SweepReports
import SweepStore

/// The sweeps of a stopped coordinator, read from its directory; nothing can be steered.
package struct StoredSweeps: SweepControl {
    private let core: CoordinatorCore
    private let directory: String
    private let curves: WholeCurves

    /// Reads the snapshot of `directory` and the journal after it; throws a `StoreError` or a `JournalError`.
    package init(directory: String) throws {
        self.directory = directory
        let store = try Store.open(directory: directory, mode: .readOnly)
        // One that cannot be used costs the reading of the whole journal and nothing else.
        let snapshots = try? SnapshotStore.open(readOnly: directory)
        let restored = try RestoredCore(from: store, snapshots: snapshots, session: 0)
        core = restored.core
        curves = WholeCurves(snapshots: snapshots, store: store)
    }

    package func list() async throws(ControlError) -> ListDocument { core.listDocument }

    package func status(sweep name: String) async throws(ControlError) -> StatusDocument {
        var document = core.statusDocument(try sweep(name), pace: nil, at: .zero)
        document.workers = []
        document.storage = try? StatusDocument.Storage(
            directory: directory,
            ObjectStore(directory: directory).usage()
        )
        return document
    }

    package func source(sweep name: String) async throws(ControlError) -> Submission { try sweep(name).handedIn }

    package func rank(sweep name: String, top: Int?, metric: Metric?) async throws(ControlError) -> RankDocument {
        let sweep = try sweep(name)
        return core.rankDocument(sweep, top: top, judged: try sweep.objective(on: metric), curves: curves)
    }

    package func curves(sweep name: String, trial: Int?) async throws(ControlError) -> CurvesDocument {
        guard let document = core.curvesDocument(try sweep(name), trial: trial, curves: curves) else {
            throw ControlError(.notFound, "\(name) has no trial \(trial ?? 0)")
        }
        return document
    }

    package func curves(sweep name: String, page: TrialPage) async throws(ControlError) -> CurvesDocument {
        core.curvesDocument(try sweep(name), page: page, curves: curves)
    }

    package func diagnose(sweep name: String, page: TrialPage) async throws(ControlError) -> DiagnosisDocument {
        core.diagnosisDocument(try sweep(name), page: page, curves: curves)
    }

    package func diagnose(sweep name: String, trial: Int?) async throws(ControlError) -> DiagnosisDocument {
        guard let document = core.diagnosisDocument(try sweep(name), trial: trial, curves: curves) else {
            throw ControlError(.notFound, "\(name) has no trial \(trial ?? 0)")
        }
        return document
    }

    package func importance(sweep name: String, metric: Metric?) async throws(ControlError) -> ImportanceDocument {
        try core.importanceDocument(try sweep(name), metric: metric, curves: curves)
    }

    package func explain(sweep name: String, trial: Int) async throws(ControlError) -> ExplanationDocument {
        guard let document = core.explanationDocument(try sweep(name), trial: trial, curves: curves) else {
            throw ControlError(.notFound, "\(name) has no trial \(trial)")
        }
        return document
    }

    package func submit(_ submission: Submission) async throws(ControlError) -> ListDocument.Entry {
        throw stopped
    }
    package func pause(sweep: String) async throws(ControlError) -> StatusDocument { throw stopped }
    package func resume(sweep: String) async throws(ControlError) -> StatusDocument { throw stopped }
    package func cancel(sweep: String) async throws(ControlError) -> StatusDocument { throw stopped }
    package func delete(sweep: String) async throws(ControlError) -> ListDocument.Entry { throw stopped }
    package func set(sweep: String, _ adjustment: SweepAdjustment) async throws(ControlError) -> StatusDocument {
        throw stopped
    }

    package func enqueue(sweep: String, _ request: EnqueueRequest) async throws(ControlError) -> StatusDocument {
        throw stopped
    }

    /// The data set of a sweep, where it has folds that of this one, from 1; nil when there is no such sweep.
    package func dataSet(of name: String, fold: Int? = nil) -> DataSetID? {
        core.sweep(named: name)?.submission.dataSet(ofFold: fold)
    }

    /// Every data set of a sweep; none when there is no such sweep.
    package func dataSets(of name: String) -> [DataSetID] { core.sweep(named: name)?.submission.dataSets ?? [] }

    /// The file that a sweep was submitted with; nil when there is no such sweep.
    package func source(of name: String) -> SpecNode? { core.sweep(named: name)?.submission.source }

    /// How many trials its search has, without the runs of finalists; nil while nothing limits them.
    package func searchTrials(of name: String) -> Int? { core.sweep(named: name)?.searchTrials }

    /// The answer to whoever wants to steer.
    package var stopped: ControlError {
        // It may have been started since the store was looked for.
        guard !DirectoryLock.isHeld(directory: directory) else {
            return ControlError(.conflict, Self.portless(directory))
        }
        return ControlError(
            .conflict,
            "\(directory): its coordinator is not running; `sweepd coordinator --directory \(directory)` starts it"
        )
    }

    /// What is said of a coordinator that has its directory and no port, as when it starts or ends.
    package static func portless(_ directory: String) -> String {
        "\(directory): its coordinator starts or ends, and has no port open; try again"
    }

    private func sweep(_ name: String) throws(ControlError) -> SweepProgress {
        guard let sweep = core.sweep(named: name) else { throw ControlError.unknownSweep(name, core) }
        return sweep
    }
}
