import Foundation
import SweepCore
import SweepNodeCommands
import SweepReports

/// The live progress of a sweep where it cannot be drawn over: a line when something has changed, at most every five seconds, and
/// one at its end.
struct ProgressLine {
    private let stream: TerminalStream
    private var last = ""
    private var lastTime = Date.distantPast

    init(on stream: TerminalStream) { self.stream = stream }

    /// Shows a sweep's status.
    mutating func show(_ status: StatusDocument) {
        let text = Self.text(status)
        guard text != last, status.hasStopped || Date().timeIntervalSince(lastTime) >= 5 else { return }
        Terminal.raw(text + "\n", to: stream)
        last = text
        lastTime = Date()
    }

    private static func text(_ status: StatusDocument) -> String {
        let trials = status.trials
        let planned = status.trialsPlanned.map { "/\($0)" } ?? ""
        var parts = ["\(status.sweep)  \(trials.ended)\(planned) trials ended"]
        if status.state == "paused" { parts.append("sweep is paused, `sweepd resume` goes on") }
        for (count, name) in [
            (trials.running, "running"), (trials.paused, "paused"), (trials.pruned, "pruned"),
            (trials.failed, "failed"),
        ] where count > 0 { parts.append("\(count) \(name)") }
        var pace = "\(status.epochs) epochs"
        if let rate = status.epochsPerSecond { pace += ", \(NumberText.significant(rate, digits: 3))/s" }
        parts.append(pace)
        if let left = status.timeLeft { parts.append(left) }
        if let best = status.best {
            let of = status.objectives.first.map { "\($0.metric.rawValue) " } ?? ""
            parts.append("best \(of)\(NumberText.significant(best.objective)) (trial \(best.trial))")
        }
        if status.isExperimenting, let experiments = status.experiments {
            parts.append("experiments \(experiments.text)")
        }
        let away = status.turnedAway.count
        if away > 0 { parts.append("\(away) worker\(away == 1 ? "" : "s") turned away, see `sweepd status`") }
        return PrintableText.line(parts.joined(separator: " · "))
    }
}
