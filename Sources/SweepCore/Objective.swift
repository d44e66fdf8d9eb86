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
    /// How many of them a sweep may weigh against each other: of four, nearly everything is on the first front.
    package static let weighed = 2...3
    private static let single = ["minimize", "maximize", "epoch"]

    /// Reads `objective`: one (`read`), or `{pareto: [{minimize: METRIC}, {maximize: METRIC}]}` with two or three, and `epoch`, which
    /// is that of the first; nil when anything is wrong (and reported). Not empty.
    package static func readAll(_ reader: SpecReader, ofProgram: Bool = false) -> [Objective]? {
        guard reader.node["pareto"] != nil else {
            return read(reader, ofProgram: ofProgram, beside: ["pareto"]).map { [$0] }
        }
        guard let fields = reader.fields(single + ["pareto"]) else { return nil }
        for key in ["minimize", "maximize"] {
            guard let other = fields.optional(key) else { continue }
            other.report("both \(key) and pareto", allowed: "one of them")
            return nil
        }
        let epoch = fields.optional("epoch").map { $0.word(EpochRule.self) } ?? .best
        guard let list = fields.optional("pareto") else {
            let place = SpecReader(.null, path: reader.path.appending(.key("pareto")), problems: reader.problems)
            place.reportMissing("two or three objectives, as in [{minimize: METRIC}, {maximize: METRIC}]")
            return nil
        }
        guard let items = list.items(count: weighed) else { return nil }
        var objectives: [Objective] = []
        var isRight = true
        for item in items {
            if item.node["epoch"] != nil {
                item.report("one epoch counts for all objectives", allowed: "epoch beside pareto")
                isRight = false
                continue
            }
            if let cost = item.cost {
                item.report("\(cost.what), so that no search can go by it", allowed: "a metric that trials report")
                isRight = false
                continue
            }
            guard let objective = read(item, ofProgram: ofProgram, epoch: epoch ?? .best) else {
                isRight = false
                continue
            }
            if objectives.contains(where: { $0.metric == objective.metric }) {
                item.report("a second objective of \(objective.metric.rawValue)", allowed: "each metric once")
                isRight = false
            }
            objectives.append(objective)
        }
        return isRight && epoch != nil ? objectives : nil
    }

    /// Reads one objective: `{minimize: METRIC}` or `{maximize: METRIC}`, and `epoch`; `ofProgram`: METRIC is any name that a
    /// program's report may have.
    ///
    /// One that stands in a list has the `epoch` of all; `others` are keys that might stand there too, for messages.
    package static func read(
        _ reader: SpecReader,
        ofProgram: Bool = false,
        epoch given: EpochRule? = nil,
        beside others: [String] = []
    ) -> Objective? {
        let keys = given == nil ? single : ["minimize", "maximize"]
        guard let fields = reader.fields(keys + others) else { return nil }
        let epoch = given ?? fields.optional("epoch").map { $0.word(EpochRule.self) } ?? .best
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
    /// What `rank --pareto` weighs beside metrics and is none, where an objective names it.
    fileprivate var cost: (name: String, what: String)? {
        for key in ["minimize", "maximize"] {
            switch node[key] {
            case .text("epochs"): return ("epochs", "epochs are what is given to a trial, not what it reports")
            case .text("core_seconds"): return ("core_seconds", "core_seconds differ from one run to the next")
            default: continue
            }
        }
        return nil
    }

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
