package import SweepCore
import SweepDiagnosis

/// Every fault in every task, trained, diagnosed and mended: the benchmark.
package struct FaultStudy: Sendable {
    /// One run of one seed.
    package struct Record: Sendable {
        package let half: BaseTask.Half
        package let task: String
        package let name: String
        /// Kinds of the faults; empty: sound.
        package let kinds: [String]
        /// Of each fault its right answers and its own name.
        package let right: [Set<Cause>]
        package let labels: [Cause]
        /// Whether the faults made the run worse; sound runs have no effect.
        package let isAdmitted: Bool
        package let seed: UInt64
        /// What was named, by level of evidence; empty: no fault found.
        package let answers: [EvidenceLevel: [Cause]]
        /// Symptoms and causes with their odds, for people.
        package let detail: String
        package let verdict: String
        /// Whether a remedy is printed that can be set, and then whether it recovers four fifths of what was lost. A run in which no
        /// fault is found has no remedy printed.
        package let isSettable: Bool
        package let recovers: Bool?
        /// Of a sound run in which something is named: whether the remedy that is printed makes the run better, by the gate that
        /// faults have to pass. Nil: nothing is named, or no remedy that can be set, or it was not tried.
        package let gains: Bool?
        /// The changes of the remedy, for people.
        package let remedy: String
        /// The first cause after the remedies of the first three were tried; nil: not tried.
        package let tried: Cause?
        /// What the rules of other tools say of the same trace; nil: there is none, the run was refused.
        package let others: [OtherTool: [String]]?
    }

    /// What is run.
    package struct Plan: Sendable {
        package var tasks = BaseTask.all.map(\.name)
        /// Names of kinds; nil: all.
        package var kinds: [String]?
        package var seeds = 5
        package var firstSeed: UInt64 = 0
        package var hasPairs = true
        package var mends = true
        package var experiments = true

        package init() {}
    }

    package private(set) var records: [Record] = []
    /// Remedies that are not of the sweep file's language: each is a mistake of a rule.
    package private(set) var unusable: [String] = []

    /// Runs the plan; `progress` is told of each task and fault.
    package init(_ plan: Plan, on bench: Workbench, progress: (String) -> Void = { _ in }) throws {
        for task in BaseTask.all where plan.tasks.contains(task.name) {
            let seeds = (0..<plan.seeds).map { plan.firstSeed + UInt64($0) }
            let base = try seeds.map { try bench.train(FaultedRun(task, variant: "", overrides: []), seed: $0) }
            for run in FaultedRun.sound(task) {
                let results = run.variant.isEmpty ? base : try seeds.map { try bench.train(run, seed: $0) }
                // A harmless change that harms is no sound run: the gate is the faults' own.
                let harms = Effect(base: base, faulty: results, judgedBy: .quality) != nil
                if harms {
                    progress("\(run.name): harms, left out")
                    continue
                }
                try judgeAlarms(run, results, seeds, plan, bench)
            }
            for run in Self.faults(task, plan) {
                progress(run.name)
                try study(run, base, seeds, plan, bench)
            }
            bench.forget()
        }
    }

    /// Keeps what is said of a sound run, and whether a remedy that is printed all the same makes it better: then something was to
    /// be mended, though nobody put it there.
    private mutating func judgeAlarms(
        _ run: FaultedRun,
        _ results: [RunResult],
        _ seeds: [UInt64],
        _ plan: Plan,
        _ bench: Workbench
    ) throws {
        var known: [[String]: Bool] = [:]
        for (seed, result) in zip(seeds, results) {
            let answer = Answer(result, .data)
            var gains: Bool?
            if plan.mends, answer.isFault, let changes = answer.causes.first?.remedy.change, !changes.isEmpty {
                gains = known[changes]
                if gains == nil {
                    let mended = seeds.compactMap { self.mended(run, changes, $0, bench) }
                    gains =
                        mended.count == results.count
                        && Effect(base: mended, faulty: results, judgedBy: .quality) != nil
                    known[changes] = gains
                }
            }
            records.append(Self.record(run, result, seed, gains: gains))
        }
    }

    /// Single faults of the plan, then pairs of those.
    private static func faults(_ task: BaseTask, _ plan: Plan) -> [FaultedRun] {
        let kinds = FaultKind.all.filter { plan.kinds?.contains($0.name) ?? true }
        var runs = kinds.flatMap { kind in kind.doses(task).map { FaultedRun(task, [kind], [$0]) } }
        guard plan.hasPairs else { return runs }
        for pair in FaultPair.all {
            guard let first = kinds.first(where: { $0.name == pair.first }),
                let second = kinds.first(where: { $0.name == pair.second }),
                let one = first.doses(task).last, let two = second.doses(task).last,
                Set(one.paths).isDisjoint(with: two.paths)
            else { continue }
            runs.append(FaultedRun(task, [first, second], [one, two]))
        }
        return runs
    }

    private mutating func study(
        _ run: FaultedRun,
        _ base: [RunResult],
        _ seeds: [UInt64],
        _ plan: Plan,
        _ bench: Workbench
    ) throws {
        let results = try seeds.map { try bench.train(run, seed: $0) }
        let refused = results.contains { $0.evidence == nil }
        let measure = run.kinds.first?.measure ?? .quality
        let effect = Effect(base: base, faulty: results, judgedBy: measure)
        for (seed, result) in zip(seeds, results) {
            let answer = Answer(result, .data)
            let first = refused || !answer.isFault ? nil : answer.causes.first
            var recovers: Bool?
            var tried: Cause?
            if plan.mends, measure == .quality, let effect, let changes = first?.remedy.change, !changes.isEmpty,
                run.kinds.count == 1
            {
                recovers = mended(run, changes, seed, bench).map(effect.recovers) ?? false
            }
            if plan.experiments, let effect, seed == plan.firstSeed, run.kinds.count == 1, measure == .quality {
                tried = experiment(run, result, effect, seeds.prefix(2), bench)
            }
            records.append(
                Self.record(run, result, seed, isAdmitted: refused || effect != nil, recovers: recovers, tried: tried)
            )
        }
    }

    /// The run with a remedy; nil where the sweep file does not take it.
    private mutating func mended(_ run: FaultedRun, _ changes: [String], _ seed: UInt64, _ bench: Workbench)
        -> RunResult?
    {
        do { return try bench.train(run, remedy: changes, seed: seed) } catch {
            unusable.append("\(run.name): \(changes): \(error)")
            return nil
        }
    }

    /// Tries the remedies of the three likeliest causes over two seeds each, and puts the one first that gains most on
    /// validation rows; the likeliest, where none gains.
    private mutating func experiment(
        _ run: FaultedRun,
        _ result: RunResult,
        _ effect: Effect,
        _ seeds: some Collection<UInt64>,
        _ bench: Workbench
    ) -> Cause? {
        let answer = Answer(result, .data)
        var best = answer.named.first
        var most = 0.1 * abs(effect.lost)
        for cause in answer.causes.prefix(3) where !cause.remedy.change.isEmpty {
            let gains = seeds.compactMap { seed -> Double? in
                guard let before = try? bench.train(run, seed: seed),
                    let after = mended(run, cause.remedy.change, seed, bench)
                else { return nil }
                return effect.scale == .loss
                    ? (before.loss ?? 0) - (after.loss ?? 0) : after.validation - before.validation
            }
            guard gains.count == seeds.count else { continue }
            let gain = gains.reduce(0, +) / Double(gains.count)
            if gain > most { (best, most) = (cause.cause, gain) }
        }
        return best
    }

    private static func record(
        _ run: FaultedRun,
        _ result: RunResult,
        _ seed: UInt64,
        isAdmitted: Bool = false,
        recovers: Bool? = nil,
        gains: Bool? = nil,
        tried: Cause? = nil
    ) -> Record {
        let full = Answer(result, .data)
        let symptoms = result.evidence.map { SymptomReport($0).findings.map(\.symptom.rawValue) } ?? []
        return Record(
            half: run.task.half,
            task: run.task.name,
            name: run.name,
            kinds: run.kinds.map(\.name),
            right: run.kinds.map(\.causes),
            labels: run.kinds.map(\.label),
            isAdmitted: isAdmitted,
            seed: seed,
            answers: Dictionary(
                uniqueKeysWithValues: EvidenceLevel.allCases.map { ($0, Answer(result, $0).named) }
            ),
            detail: full.causes.prefix(5).map { "\($0.cause.rawValue) \(Int(($0.probability * 100).rounded()))" }
                .joined(separator: ", ") + " | " + symptoms.joined(separator: " "),
            verdict: full.verdict.text,
            isSettable: full.isFault && !(full.causes.first?.remedy.change.isEmpty ?? true),
            recovers: recovers,
            gains: gains,
            remedy: full.isFault ? full.causes.first?.remedy.change.joined(separator: " ") ?? "" : "",
            tried: tried,
            others: result.evidence.map { evidence in
                Dictionary(uniqueKeysWithValues: OtherTool.allCases.map { ($0, $0.alarms(evidence)) })
            }
        )
    }
}
