package import SweepCore
import SweepSearch

/// What somebody who watches a sweep sees: how far it is, the best so far, what is wrong, and what the workers do.
package struct SweepScreen: Hashable, Sendable {
    package var status: StatusDocument
    package var best: Incumbent?
    /// How many configurations have each finding, the most frequent first.
    package var findings: [FindingCount]

    /// The best configuration so far.
    package struct Incumbent: Hashable, Sendable {
        package var metric: Metric
        package var configuration: Configuration
        /// Of several runs.
        package var interval: ClosedRange<Double>?
        /// The metric after each epoch.
        package var values: [Double]

        package init(metric: Metric, configuration: Configuration, interval: ClosedRange<Double>?, values: [Double]) {
            self.metric = metric
            self.configuration = configuration
            self.interval = interval
            self.values = values
        }
    }

    /// A finding's words and how often it is there.
    package struct FindingCount: Hashable, Sendable {
        package var words: String
        package var count: Int
    }

    package init(status: StatusDocument, best: Incumbent? = nil, findings: [FindingCount] = []) {
        self.status = status
        self.best = best
        self.findings = findings
    }

    /// Counts the findings of a ranked summary's rows.
    package static func counts(_ words: some Sequence<String>) -> [FindingCount] {
        let counted = words.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return counted.map { FindingCount(words: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.words) < ($0.count, $1.words) }
    }

    /// Of several objectives how many configurations nothing dominates.
    private var frontLine: [ScreenLine] {
        guard let front = status.front else { return [] }
        var line = ScreenLine()
        line.add("front    \(front.members) of \(front.of) completed configurations, hypervolume ")
        line.add(NumberText.significant(front.hypervolume))
        return [line]
    }

    /// The screen, a text a line, none wider than the terminal and fewer than it has rows.
    package func lines(_ style: ScreenStyle) -> [String] {
        var lines = [head, bar(style)] + counts + incumbent(style) + frontLine
        if !findings.isEmpty { lines.append(findingsLine) }
        // One row stays for the cursor; of workers there is at least a line.
        let room = max(1, style.height - 1 - lines.count)
        let strangers = turnedAway(room - 1, style)
        lines += workers(room - strangers.count, style) + strangers
        return lines.prefix(max(1, style.height - 1)).map { $0.text(style) }
    }

    private var head: ScreenLine {
        var line = ScreenLine()
        line.add(status.sweep, .bold)
        line.add("  ")
        switch status.state {
        case "running": line.add("running", .green)
        case "finished": line.add("finished", .green)
        case "halted", "cancelled": line.add(status.state, .red)
        default: line.add(status.state, .yellow)
        }
        if let reason = status.reason { line.add(": \(reason)") }
        if status.isExperimenting, let experiments = status.experiments {
            line.add("  experiments ")
            line.add(experiments.text, .yellow)
        }
        if status.state == "paused" { line.add(", `sweepd resume` goes on") }
        if status.state == "running" {
            line.add(status.timeLeft.map { "  \($0)" } ?? "")
        }
        return line
    }

    /// What has ended, what runs, and what is left, as shares of all trials.
    private func bar(_ style: ScreenStyle) -> ScreenLine {
        let trials = status.trials
        var line = ScreenLine()
        guard let planned = status.trialsPlanned, planned > 0 else {
            line.add("\(trials.ended) trials ended, no end is set")
            return line
        }
        let told = "  \(trials.ended) of \(planned) trials ended"
        let width = max(8, min(60, style.width - told.count))
        func share(_ count: Int) -> Int { min(width, count * width / planned) }
        let ended = share(trials.ended)
        let begun = max(ended, share(trials.ended + trials.running + trials.paused))
        line.add(String(repeating: style.isASCII ? "#" : "█", count: ended), .green)
        line.add(String(repeating: style.isASCII ? "=" : "▒", count: begun - ended), .yellow)
        line.add(String(repeating: style.isASCII ? "." : "░", count: width - begun), .dim)
        line.add(told)
        return line
    }

    private var counts: [ScreenLine] {
        var line = ScreenLine()
        line.add("trials   ")
        let named = status.trials.named.filter { $0.count > 0 && $0.name != "waiting" }
        for (index, state) in named.enumerated() {
            if index > 0 { line.add(", ") }
            line.add("\(state.count) \(state.name)", state.name == "failed" ? .red : nil)
        }
        if named.isEmpty { line.add("none has begun") }
        var pace = ScreenLine()
        pace.add("epochs   \(status.epochs)")
        if let rate = status.epochsPerSecond { pace.add(", \(NumberText.significant(rate, digits: 3)) a second") }
        return [line, pace]
    }

    private func incumbent(_ style: ScreenStyle) -> [ScreenLine] {
        guard let told = status.best else { return [] }
        var line = ScreenLine()
        line.add("best     ")
        if let best { line.add("\(best.metric.rawValue) ") }
        line.add(NumberText.significant(told.objective), .bold)
        if let interval = best?.interval {
            let ends = [interval.lowerBound, interval.upperBound].map { NumberText.significant($0, digits: 3) }
            line.add(" (95 %: \(ends[0]) to \(ends[1]))")
        }
        line.add(" in epoch \(told.epoch) of trial \(told.trial)")
        guard let best else { return [line] }
        var configuration = ScreenLine()
        configuration.add("         \(best.configuration.shortText)")
        var curve = ScreenLine()
        curve.add("         ")
        curve.add(Sparkline.text(best.values, width: min(40, max(8, style.width - 40)), isASCII: style.isASCII))
        if let first = best.values.first(where: \.isFinite), let last = best.values.last(where: \.isFinite) {
            let (from, to) = (NumberText.significant(first, digits: 3), NumberText.significant(last, digits: 3))
            curve.add("  \(from) to \(to) in \(best.values.count) epochs", .dim)
        }
        return [line, configuration, curve]
    }

    private var findingsLine: ScreenLine {
        var line = ScreenLine()
        line.add("findings ")
        for (index, finding) in findings.enumerated() {
            line.add("\(index > 0 ? ", " : "")\(finding.count) \(finding.words)", .yellow)
        }
        return line
    }

    /// At most `room` lines: those with something to say first.
    private func workers(_ room: Int, _ style: ScreenStyle) -> [ScreenLine] {
        guard !status.workers.isEmpty else {
            var line = ScreenLine()
            line.add("workers  ")
            line.add("none is connected", .yellow)
            return [line]
        }
        let names = status.workers.map { DisplayWidth.of($0.id) }
        let width = min(24, names.max() ?? 0)
        let sorted = status.workers.enumerated().sorted {
            (Self.rank($0.element), $0.offset) < (Self.rank($1.element), $1.offset)
        }
        let shown = sorted.count > room ? max(0, room - 1) : sorted.count
        var lines = sorted.prefix(shown).enumerated().map { index, entry in
            let worker = entry.element
            var line = ScreenLine()
            line.add(index == 0 ? "workers  " : "         ")
            let name = DisplayWidth.cut(worker.id, to: width, mark: style.isASCII ? "" : "…")
            line.add(name + String(repeating: " ", count: width - DisplayWidth.of(name)))
            line.add("  \(worker.busy)/\(worker.slots) busy", worker.busy > 0 ? .green : .dim)
            if let stuck = worker.stuck {
                line.add("  stuck: \(stuck)", .red)
            } else if let reason = worker.idleBecause {
                line.add("  idle: \(reason)", .dim)
            }
            return line
        }
        if shown < sorted.count {
            let rest = sorted.dropFirst(shown).map(\.element)
            let (busy, slots) = (rest.reduce(0) { $0 + $1.busy }, rest.reduce(0) { $0 + $1.slots })
            var line = ScreenLine()
            line.add(lines.isEmpty ? "workers  " : "         ")
            line.add("\(rest.count)\(lines.isEmpty ? "" : " more"), \(busy)/\(slots) busy", .dim)
            lines.append(line)
        }
        return lines
    }

    /// Lines of workers that were not let in; `status` has the others.
    private static let turnedAwayLines = 3

    /// Workers that were not let in, in at most `room` lines: which, and what to do, as the whole sentence is longer than a line.
    private func turnedAway(_ room: Int, _ style: ScreenStyle) -> [ScreenLine] {
        let all = status.turnedAway
        let room = min(room, Self.turnedAwayLines)
        guard room > 0, !all.isEmpty else { return [] }
        let shown = all.count > room ? room - 1 : all.count
        var lines = all.prefix(shown).map { worker in
            let mark = style.isASCII ? "" : "…"
            let build = worker.softwareVersion.isEmpty ? "" : " (sweepd \(worker.softwareVersion))"
            let whose = [worker.id, worker.host + build].map { DisplayWidth.cut($0, to: 30, mark: mark) }
            var line = ScreenLine()
            line.add("         ")
            line.add("\(whose[0]) on \(whose[1]) turned away \(Self.ago(worker.lastSeen))", .red)
            line.add(": \(worker.remedy)")
            return line
        }
        if shown < all.count {
            var line = ScreenLine()
            line.add("         ")
            line.add("\(all.count - shown)\(shown > 0 ? " more" : "") turned away, see `sweepd status`", .red)
            lines.append(line)
        }
        return lines
    }

    /// A time ago in whole minutes: a line that counted seconds would be drawn anew with each of them.
    private static func ago(_ seconds: Double) -> String {
        seconds >= 60 ? "\(Int(min(seconds, 86_400) / 60)) min ago" : "just now"
    }

    /// Stuck ones first, then those that train, then idle ones.
    private static func rank(_ worker: StatusDocument.Worker) -> Int {
        worker.stuck != nil ? 0 : worker.busy > 0 ? 1 : 2
    }
}
