/// What a sweep optimises.
package struct Objective: Hashable, Sendable {
    package let metric: Metric
    package let direction: Direction
    /// Which epoch of a curve counts.
    package let epoch: EpochRule

    package init(metric: Metric = .validationLoss, direction: Direction = .minimize, epoch: EpochRule = .best) {
        self.metric = metric
        self.direction = direction
        self.epoch = epoch
    }

    /// Which way is better.
    package enum Direction: String, CaseIterable, Sendable {
        case minimize, maximize
    }

    /// Which epoch of a curve a trial counts with.
    package enum EpochRule: String, CaseIterable, Sendable {
        case best, last
    }

    /// `value` on a scale where less is better and everything that is not finite is worst.
    ///
    /// The one rule for NaN and infinity: a number outranks no number, whatever the direction.
    package func cost(_ value: Double) -> Double {
        guard value.isFinite else { return .infinity }
        return direction == .minimize ? value : -value
    }
}

extension Objective {
    /// Reads `objective`: `{minimize: METRIC}` or `{maximize: METRIC}`, and `epoch`; `ofProgram`: METRIC is any name that a
    /// program's report may have.
    package static func read(_ reader: SpecReader, ofProgram: Bool = false) -> Objective? {
        let keys = ["minimize", "maximize", "epoch"]
        guard let fields = reader.fields(keys) else { return nil }
        let epoch = fields.optional("epoch").map { $0.word(EpochRule.self) } ?? .best
        let minimize = fields.optional("minimize")
        let maximize = fields.optional("maximize")
        if minimize != nil, let maximize {
            maximize.report("both minimize and maximize", allowed: "one of them")
            return nil
        }
        guard let chosen = minimize ?? maximize else {
            if case .map(let entries) = reader.node, entries.allSatisfy({ keys.contains($0.key) }) {
                reader.report("nothing to optimise", allowed: "minimize: METRIC or maximize: METRIC")
            }
            return nil
        }
        let direction: Direction = minimize == nil ? .maximize : .minimize
        guard let metric = ofProgram ? chosen.reportedMetric() : chosen.metric(), let epoch else { return nil }
        if let better = metric.direction, better != direction {
            chosen.report(
                "this metric is better when it is \(direction == .minimize ? "greater" : "less")",
                allowed: "\(better.rawValue): \(metric.rawValue)"
            )
            return nil
        }
        return Objective(metric: metric, direction: direction, epoch: epoch)
    }
}

extension SpecReader {
    /// A metric's name; whether the data has what it measures is told later.
    func metric() -> Metric? {
        alternatives { reader in
            guard case .text(let name) = reader.node else {
                reader.refuse(SpecReader.oneOf(Metric.words))
                return nil
            }
            if let metric = Metric(measured: name) {
                guard metric.isOfTestRows else { return metric }
                reader.report(
                    "test rows tell what was chosen, nothing may be chosen by them",
                    allowed: SpecReader.oneOf(Metric.words)
                )
                return nil
            }
            let meant = Metric.meant(by: name).map { " (did you mean \($0.rawValue)?)" }
            let allowed = meant.map { SpecReader.oneOf(Metric.words) + $0 } ?? SpecReader.oneOf(Metric.words, for: name)
            reader.report("not an allowed value", allowed: allowed)
            return nil
        }
    }

    /// The name of a metric that a program reports.
    func reportedMetric() -> Metric? {
        guard case .text(let name) = node else {
            refuse("a metric that the program reports")
            return nil
        }
        if let metric = Metric(rawValue: name) { return metric }
        report("not a metric's name", allowed: Metric.nameRule)
        return nil
    }
}
