import Foundation
import SweepCore
import SweepNodeCommands
import SweepReports
import SweepSearch

/// Shows how a sweep goes on: a steady screen on a terminal, plain lines elsewhere.
struct SweepWatch {
    private let control: any SweepControl
    private let stream: TerminalStream
    private let isTerminal: Bool
    private var line: ProgressLine
    private var best: SweepScreen.Incumbent?
    private var findings: [SweepScreen.FindingCount] = []
    /// The incumbent and the number of ended trials that `best` and `findings` are of.
    private var seen: (best: StatusDocument.Best?, ended: Int)?
    private var nextLook = ContinuousClock.now

    /// Looking into curves and ranking may take this share of the time.
    private static let lookShare = 0.05
    private static let leastPause = Duration.seconds(1)

    /// A watch that shows a sweep of `control` on a stream.
    init(_ control: any SweepControl, on stream: TerminalStream = .error) {
        self.control = control
        self.stream = stream
        isTerminal = Terminal.style(of: stream) != nil
        line = ProgressLine(on: stream)
    }

    /// Shows the sweep's status, and of a terminal what belongs to it.
    mutating func show(_ status: StatusDocument) async {
        guard isTerminal, let style = Terminal.style(of: stream) else { return line.show(status) }
        await look(status)
        let screen = SweepScreen(status: status, best: best, findings: findings)
        Terminal.live.draw(screen.lines(style), width: style.width, on: stream)
    }

    /// Leaves what is shown as it is.
    func end() {
        Terminal.live.end()
    }

    /// Fetches the incumbent's curve and the findings when there are others, and not too often.
    private mutating func look(_ status: StatusDocument) async {
        let now = ContinuousClock.now
        let isSame = seen.map { $0.best == status.best && $0.ended == status.trials.ended } ?? false
        guard !isSame, now >= nextLook || status.hasStopped else { return }
        seen = (status.best, status.trials.ended)
        do {
            let rank = try await control.rank(sweep: status.sweep, top: nil)
            findings = SweepScreen.counts(rank.rows.compactMap { $0.finding?.symptom.words })
            best = nil
            if let told = status.best,
                let trial = try await control.curves(sweep: status.sweep, trial: told.trial).trials.first
            {
                let row = rank.rows.first { $0.runs.contains { $0.trial == told.trial } }
                best = SweepScreen.Incumbent(
                    metric: rank.objective.metric,
                    configuration: trial.configuration,
                    // A finalist's is of other runs than the incumbent.
                    interval: row?.final == nil ? row?.interval : nil,
                    values: trial.curve.series(rank.objective.metric)
                )
            }
        } catch {
            // What is shown beside the status is worth no complaint: the next look may find it.
            seen = nil
        }
        let took = now.duration(to: .now)
        nextLook = .now + max(Self.leastPause, took * (1 / Self.lookShare))
    }
}
