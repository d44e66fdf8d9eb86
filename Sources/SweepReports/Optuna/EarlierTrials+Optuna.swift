package import SweepCore

extension EarlierTrials {
    /// What the trials of an Optuna study tell `sweep`.
    ///
    /// Parameters are those of the same name, by the rule of `try_first`. Steps are epochs; where a study counts from step 0, one more.
    /// Each trial counts at the highest level that it reported at, with what it reported there: what it returned in the end is
    /// of no epoch before its last. A complete trial that reported nothing at all counts at the last level with what it returned. A
    /// number that is not finite counts as none, at the level it was on the way to.
    package init(_ study: OptunaStudy, for sweep: Sweep) {
        let levels = Self.levels(of: sweep)
        let shift = study.trials.flatMap(\.reports.keys).min() == 0 ? 1 : 0
        var runs: [Run] = []
        var (unknown, silent) = (0, 0)
        var mistake: String?
        for trial in study.trials {
            guard let (level, value) = Self.reached(trial, levels, shift) else {
                silent += 1
                continue
            }
            switch Self.configuration(trial, sweep) {
            case .whole(let configuration): runs.append(Run(configuration: configuration, level: level, value: value))
            case .outside(let reason):
                unknown += 1
                if mistake == nil { mistake = reason }
            }
        }
        let lastStep = study.trials.flatMap(\.reports.keys).max()
        self.init(
            runs,
            unknown: unknown,
            mistake: mistake,
            silent: silent,
            lastEpoch: lastStep.map { $0 &+ shift },
            for: sweep
        )
    }

    private static func reached(
        _ trial: OptunaStudy.Trial,
        _ levels: [Int],
        _ shift: Int
    ) -> (level: Int, value: Double)? {
        guard trial.state != .waiting else { return nil }
        var reports: [Int: Double] = [:]
        for (step, value) in trial.reports { reports[step &+ shift] = value }
        let lost = reports.filter { !$0.value.isFinite }.keys.min()
        if let lost, let level = levels.first(where: { $0 >= lost }) { return (level, .nan) }
        guard reports.isEmpty else {
            return levels.last { reports[$0] != nil }.map { (level: $0, value: reports[$0] ?? .nan) }
        }
        guard trial.state == .complete, let returned = trial.value, let level = levels.last else { return nil }
        return (level, returned.isFinite ? returned : .nan)
    }

    /// What a trial's parameters are in this sweep: a configuration, or none for a reason.
    private enum Matched {
        case whole(Configuration)
        case outside(String)
    }

    private static func configuration(_ trial: OptunaStudy.Trial, _ sweep: Sweep) -> Matched {
        var entries: [SpecEntry] = []
        for parameter in trial.parameters {
            guard let value = parameter.value else {
                return .outside("\(parameter.name): a value that no sweep file has")
            }
            entries.append(SpecEntry(parameter.name, value))
        }
        // Read as results of a sweep file are, so that names and values mean here what they mean there.
        let result = SpecNode.map([
            SpecEntry("configuration", .map(entries)), SpecEntry("objective", .integer(0)),
            SpecEntry("epoch", .integer(1)),
        ])
        let problems = SpecProblems()
        let reader = SpecReader(result, problems: problems)
        guard let read = reader.earlierResult(of: sweep.space, objective: sweep.objective) else {
            return .outside(reason(problems))
        }
        return .whole(read.configuration)
    }
}
