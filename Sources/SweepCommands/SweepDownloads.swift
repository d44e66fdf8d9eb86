import SweepCore
import SweepDashboard
import SweepExport
import SweepMessaging
import SweepNodeCommands
import SweepReports
import SweepWire

/// Makes reports and exports for who asks over HTTP, on a thread of its own, as they take seconds of large sweeps. Of several that are
/// asked for at once others go on while one waits for the coordinator.
actor SweepDownloads {
    private nonisolated let loop = MessagingLoop(name: "files")
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    /// Files that are made, wait or are sent: each holds the sweep's documents in memory, and then its bytes.
    private let places = BoundedPlaces(4)
    /// Epochs of a sweep beyond which it is not written into one answer, which memory holds whole: a line of CSV takes some hundred
    /// bytes and more.
    private static let epochs = 500_000
    /// Trials beyond which event files are not written into one answer: a trial has a file of its own, which takes a kilobyte and
    /// more however few its epochs are.
    private static let boardTrials = 20_000

    deinit { loop.stop() }

    /// A file about a sweep of this coordinator; it keeps its place until it is sent.
    func made(_ file: SweepDownload, sweep: String, _ control: any SweepControl) async throws(ControlError) -> HeldFile
    {
        guard let place = places.take() else {
            throw ControlError(
                .conflict,
                "\(places.limit) files are being made or sent: ask again when one of them has arrived"
            )
        }
        return HeldFile(try await bytes(of: file, sweep: sweep, control), place)
    }

    private func bytes(
        of file: SweepDownload,
        sweep: String,
        _ control: any SweepControl
    ) async throws(ControlError) -> [UInt8] {
        let status = try await control.status(sweep: sweep)
        let (trained, trials) = (status.epochs, status.trials.total)
        guard trained <= Self.epochs else {
            let command = file.isReport ? "report" : "export"
            throw ControlError(
                .conflict,
                "\(sweep) has \(trained) epochs, and a file over HTTP at most \(Self.epochs); `sweepd \(command)` has no limit"
            )
        }
        guard file != .tensorboard || trials <= Self.boardTrials else {
            throw ControlError(
                .conflict,
                "\(sweep) has \(trials) trials, and event files over HTTP are of at most \(Self.boardTrials); "
                    + "`sweepd export --tensorboard` has no limit"
            )
        }
        switch file {
        case .html: return Array(try await SweepReport.gathered(on: sweep, control).html.utf8)
        case .markdown: return Array(try await SweepReport.gathered(on: sweep, control).markdown.utf8)
        case .csv: return Array(try await history(of: sweep, control).csv.utf8)
        case .jsonl: return Array(try await history(of: sweep, control).jsonLines.utf8)
        case .optuna: return Array(try await history(of: sweep, control).optunaJournal.utf8)
        case .tensorboard:
            guard let archive = try await history(of: sweep, control).tensorBoardArchive else {
                throw ControlError(.internal, "the event files of \(sweep) do not fit into an archive")
            }
            return archive
        }
    }

    private func history(of sweep: String, _ control: any SweepControl) async throws(ControlError) -> SweepHistory {
        let curves = try await control.curves(sweep: sweep, trial: nil)
        return try SweepHistory(curves, handedIn: try await control.source(sweep: sweep))
    }
}

extension SweepReport {
    /// The report on a sweep as it is now.
    static func gathered(on sweep: String, _ control: any SweepControl) async throws(ControlError) -> SweepReport {
        let submission = try await control.source(sweep: sweep)
        let tree = try? SpecNode(wireBytes: submission.tree)
        return SweepReport(
            status: try await control.status(sweep: sweep),
            rank: try await control.rank(sweep: sweep, top: nil),
            curves: try await control.curves(sweep: sweep, trial: nil),
            diagnosis: try await control.diagnose(sweep: sweep, trial: nil),
            importance: try await importance(of: sweep, control),
            submission: submission,
            space: tree.flatMap { Sweep.read($0, problems: SpecProblems())?.space },
            version: SoftwareVersion.current
        )
    }

    /// Which parameters matter; nil while too little is known for that.
    private static func importance(
        of sweep: String,
        _ control: any SweepControl
    ) async throws(ControlError) -> ImportanceDocument? {
        do throws(ControlError) { return try await control.importance(sweep: sweep, metric: nil) } catch {
            guard error.code == .conflict else { throw error }
            return nil
        }
    }
}
