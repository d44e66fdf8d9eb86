import Foundation
import SweepReports

/// The live progress of `sweepd run`: one line that is written over on a terminal, plain lines elsewhere.
///
/// Nothing is printed more often than it changes; elsewhere than on a terminal at most every five seconds.
struct ProgressLine {
    private let isTerminal = Terminal.errorIsTerminal
    private var last = ""
    private var lastTime = Date.distantPast

    /// Shows a sweep's status.
    mutating func show(_ status: StatusDocument) {
        let text = Self.text(status)
        guard text != last else { return }
        if isTerminal {
            let width = Terminal.errorWidth ?? 80
            Terminal.raw("\r\u{1B}[K" + String(text.prefix(max(20, width - 1))))
        } else {
            guard Date().timeIntervalSince(lastTime) >= 5 else { return }
            Terminal.error(text)
        }
        last = text
        lastTime = Date()
    }

    /// Leaves the line as it is.
    func end() {
        if isTerminal, !last.isEmpty { Terminal.raw("\n") }
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
        if let left = status.secondsLeft { parts.append("\(NumberText.seconds(left)) left") }
        if let best = status.best {
            parts.append("best \(NumberText.significant(best.objective)) (trial \(best.trial))")
        }
        return PrintableText.line(parts.joined(separator: " · "))
    }
}
