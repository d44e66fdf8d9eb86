import SweepCore
import SweepReports

/// Judgements that compare this machine with what its coordinator expects.
extension NodeFacts {
    /// What the coordinator's workers with the same kernels measured of themselves.
    var fellows: NodeExpectations.Speed? {
        coordinator?.expectations?.speeds.first { $0.kernels == processor.kernels }
    }

    /// The measured speed as a share of theirs; nil where there is nothing to compare with.
    package var shareOfFellows: Double? {
        guard let speed, let fellows, fellows.median > 0 else { return nil }
        return speed.samplesPerSecond / fellows.median
    }

    /// How the measured speed compares, as the end of a sentence; empty where no coordinator was asked.
    var comparison: String {
        guard let coordinator else { return "" }
        guard let expectations = coordinator.expectations else {
            return "; nothing to compare with: the coordinator is too old to say what its workers do"
        }
        guard let share = shareOfFellows, let speed, let fellows else {
            guard let other = expectations.speeds.first else {
                return "; nothing to compare with: no worker of the coordinator has measured its own speed"
            }
            return
                "; nothing to compare with: none of its workers has kernels \(processor.kernels) (\(Self.words(other)) "
                + "with \(other.kernels))"
        }
        let place: String
        if fellows.workers > 1, speed.samplesPerSecond < fellows.least {
            place = ", slower than each of them"
        } else if fellows.workers > 1, speed.samplesPerSecond > fellows.most {
            place = ", faster than each of them"
        } else {
            place = ""
        }
        return "; \(NumberText.fixed(share, decimals: 2)) of \(Self.words(fellows))\(place)"
    }

    private static func words(_ speed: NodeExpectations.Speed) -> String {
        func text(_ value: Double) -> String { NumberText.significant(value, digits: 3) }
        guard speed.workers > 1 else { return "what the coordinator's one worker does, \(text(speed.median))" }
        return "the median of \(speed.workers) workers, \(text(speed.median)) "
            + "(\(text(speed.least)) to \(text(speed.most)))"
    }

    /// What makes a machine slower than others of its kind, with what was seen of it.
    var slownessAdvice: String {
        var reasons: [String] = []
        if let governor = processor.governor, governor != "performance" {
            reasons.append("the frequency governor (\(governor): try performance)")
        } else {
            reasons.append("the processor's frequency")
        }
        let load = processor.loadAverage.map { " (load average \(NumberText.fixed($0, decimals: 1)))" } ?? ""
        reasons.append("other programs\(load)")
        reasons.append("neighbours of a virtual machine")
        return "it gets the shorter segments; look at " + reasons.joined(separator: ", ")
    }

    /// Whether trials of the sweeps under way could be trained here.
    var sweepCheck: NodeCheck? {
        guard let expectations = coordinator?.expectations else { return nil }
        let sweeps = "\(expectations.sweeps) sweep\(expectations.sweeps == 1 ? "" : "s") under way"
        guard expectations.sweeps > 0 else { return .ok(.sweeps, "none is under way") }
        let lacking = expectations.needs.compactMap { need in lack(need).map { (need: need, lack: $0) } }
        guard let first = lacking.first else { return .ok(.sweeps, "\(sweeps): this machine has what they need") }
        let found = lacking.map { "\($0.need.sweeps) needs \($0.lack.found)" }.joined(separator: "; ")
        return .warn(.sweeps, "\(sweeps), of which \(found)", first.lack.advice)
    }

    /// What this machine has not of what a sweep needs; nil when it has all.
    private func lack(_ need: NodeExpectations.Need) -> (found: String, advice: String)? {
        let unmet = need.requires.filter { requirement in
            !requirement.isMet(host: host, kernels: processor.kernels, slots: slots) { labels[$0] }
        }
        if !unmet.isEmpty {
            let words = unmet.map(\.description).joined(separator: ", ")
            let labels = unmet.filter { !WorkerRequirement.reservedKeys.contains($0.key) }
            guard labels.count == unmet.count else { return (words, "this machine gets no trial of it") }
            let options = labels.map { $0 == .commands ? "--commands" : "--label \($0.key)=\($0.value)" }
            return (
                words,
                "if this machine has it, start its worker (and ask again) with \(options.joined(separator: " ")); "
                    + "without, it gets no trial of it"
            )
        }
        guard slots >= need.slots else {
            return (
                "\(need.slots) slots a trial", "with \(slots) it gets no trial of it: --slots \(need.slots) or more"
            )
        }
        guard let bytes = need.memoryBytes, let memory else { return nil }
        let atOnce = max(1, slots / max(1, need.slots))
        // Divided, not multiplied: what a sweep file allows may be any number.
        guard memory.availableBytes / atOnce < bytes else { return nil }
        let fit = memory.availableBytes / max(1, bytes)
        return (
            "up to \(NumberText.bytes(bytes)) a trial, \(atOnce) at once here",
            fit == 0
                ? "one trial may take more than is available (\(NumberText.bytes(memory.availableBytes)))"
                : "all at their limit would not fit: --slots \(fit * need.slots)"
        )
    }
}
