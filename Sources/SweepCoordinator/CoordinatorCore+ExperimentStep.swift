package import SweepCoordination
package import SweepCore
import SweepDiagnosis
import SweepReports

/// Which experiment is next on a finished sweep, and what those that were made showed: functions of recorded facts.
///
/// The arms are those of `diagnose --confirm`, for the findings of `diagnose`, fitted to what is left of the share.
extension CoordinatorCore {
    /// Experiments on one sweep at most, a second round not counted.
    package static let greatestExperiments = 3
    /// Runs of each arm, as many as fit: below three a paired test of several arms decides nothing.
    private static let repeats = [5, 4, 3]
    /// Arms of the first round at least: both directions of the learning rate.
    private static let leastArms = 2

    /// What is next on a sweep whose experiments so far are over. `coreVersion` and `milliseconds` are those of what is submitted.
    package func experimentStep(
        of id: SweepID,
        coreVersion: String,
        milliseconds: Int64,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> ExperimentStep {
        guard let sweep = sweeps[id], let left = sweep.experimentEpochsLeft else {
            return .over("nothing is asked for")
        }
        let newest = sweep.experiments.last
        // What a person cancelled is not gone on with.
        let isCancelled = newest?.sweeps.contains { sweeps[$0]?.state == .cancelled } ?? false
        let submitting = (coreVersion, milliseconds)
        if let newest, newest.round == 1, !isCancelled,
            let plan = secondRound(after: newest, of: sweep, left, curves, submitting)
        {
            return .begin(plan)
        }
        return firstRound(of: sweep, left, curves, submitting)
    }

    // MARK: - What to look into

    /// Trials with one likeliest cause.
    private struct Complaint {
        let cause: Cause
        /// How many they are, and how many of them lie in a sick region.
        var trials = 0
        var inRegions = 0
        /// The one to look into: in a sick region if any is, then that which came furthest, then the first.
        var report: DiagnosisDocument.Report?
        private var standing = (isInRegion: false, epochs: -1)

        init(cause: Cause) { self.cause = cause }

        mutating func add(_ report: DiagnosisDocument.Report, isInRegion: Bool, epochs: Int) {
            trials += 1
            if isInRegion { inRegions += 1 }
            let isFirst =
                standing.isInRegion == isInRegion ? epochs > standing.epochs : isInRegion
            guard isFirst else { return }
            (self.report, standing) = (report, (isInRegion, epochs))
        }
    }

    /// Trials that are reported on at once: of a large sweep no more than a complaint's first one is kept.
    private static let perPart = 256

    /// Of what trials that began with weights of their own complain, what most of them in sick regions do first.
    private func complaints(of sweep: SweepProgress, except tried: Set<Cause>, _ curves: WholeCurves) -> [Complaint] {
        let regions = diagnosisDocument(sweep, of: [], withRegions: true, curves: curves).regions
        let looked = Set(sweep.experiments.map(\.trial))
        var found: [Cause: Complaint] = [:]
        for first in stride(from: 0, to: sweep.trials.count, by: Self.perPart) {
            let part = sweep.trials[first..<min(first + Self.perPart, sweep.trials.count)].filter { trial in
                trial.parent == nil && !sweep.isFinal(trial.number) && !looked.contains(trial.number)
            }
            let document = diagnosisDocument(sweep, of: part, withRegions: false, curves: curves)
            for report in document.reports where ["causes", "undecided"].contains(report.verdictKind) {
                guard let cause = report.causes.first?.cause, !tried.contains(cause),
                    let trial = report.trial.flatMap({ sweep[$0] })
                else { continue }
                let isInRegion = regions.contains { region in
                    region.conditions.allSatisfy { $0.holds(trial.configuration) }
                }
                found[cause, default: Complaint(cause: cause)].add(
                    report,
                    isInRegion: isInRegion,
                    epochs: trial.curve.epochs
                )
            }
        }
        let order = Cause.allCases.compactMap { found[$0] }
        return order.indices.sorted { a, b in
            let (first, second) = (order[a], order[b])
            if first.inRegions != second.inRegions { return first.inRegions > second.inRegions }
            return first.trials == second.trials ? a < b : first.trials > second.trials
        }.map { order[$0] }
    }

    private typealias Submitting = (coreVersion: String, milliseconds: Int64)

    private func firstRound(
        of sweep: SweepProgress,
        _ left: Int,
        _ curves: WholeCurves,
        _ submitting: Submitting
    ) -> ExperimentStep {
        let made = sweep.experiments.count { $0.round == 1 }
        guard made < Self.greatestExperiments else { return .over("\(made) experiments were made, the most there are") }
        var isShort: Cause?
        for complaint in complaints(of: sweep, except: Set(sweep.experiments.flatMap(\.causes)), curves) {
            guard let report = complaint.report, let number = report.trial,
                let subject = subject(number, of: sweep, curves), let epochs = subject.epochs,
                let experiment = Experiment(template: subject.template, schema: subject.schema)
            else { continue }
            let suspects = report.causes.map(\.cause)
            let shown = sweep[number].map { Self.pairs(of: $0, in: sweep) } ?? []
            let after = subject.branchPoint(before: report.symptoms)
            /// A round that answers the complaint within what is left; nil where there is none.
            func round(_ repeats: Int, within left: Int) -> (groups: [Experiment.Group], epochs: Int)? {
                for count in stride(from: Experiment.usualArms, through: Self.leastArms, by: -1) {
                    let arms = experiment.firstRound(suspects: suspects, shown: shown, count: count)
                    guard arms.contains(where: { $0.causes.contains(complaint.cause) }) else { return nil }
                    let groups = experiment.groups(arms, after: after)
                    let cost = groups.reduce(0) { $0 + $1.cost(epochs: epochs, repeats: repeats) }
                    if cost <= left { return (groups, cost) }
                }
                return nil
            }
            let fitting = Self.repeats.lazy.compactMap { repeats in
                round(repeats, within: left).map { (repeats: repeats, groups: $0.groups, epochs: $0.epochs) }
            }.first
            guard let fitting else {
                // No arm changes, say, wrong labels: there is nothing to wait for then.
                if round(1, within: .max) != nil { isShort = isShort ?? complaint.cause }
                continue
            }
            let answered = fitting.groups.flatMap { $0.interventions.flatMap(\.causes) }
            let spoken = report.causes.filter { $0.probability >= Verdict.least }.map(\.cause)
            return .begin(
                ExperimentPlan(
                    trial: number,
                    round: 1,
                    causes: [complaint.cause] + spoken.filter { answered.contains($0) && $0 != complaint.cause },
                    epochs: fitting.epochs,
                    drafts: drafts(of: fitting.groups, subject, round: 1, repeats: fitting.repeats, submitting)
                )
            )
        }
        if let isShort {
            return .over("\(left) epochs are left of the share, and an experiment on \(isShort.words) takes more")
        }
        return .over(made == 0 ? "no trial shows what an experiment would decide" : "nothing is left to decide")
    }

    /// Two changes at a time, where none alone cures and it fits.
    private func secondRound(
        after newest: SweepExperiment,
        of sweep: SweepProgress,
        _ left: Int,
        _ curves: WholeCurves,
        _ submitting: Submitting
    ) -> ExperimentPlan? {
        guard let subject = subject(newest.trial, of: sweep, curves), let epochs = subject.epochs,
            let experiment = Experiment(template: subject.template, schema: subject.schema)
        else { return nil }
        let round = trained(newest, experiment, chance: subject.schema.chanceLoss, curves)
        let interventions = round.flatMap(\.group.interventions)
        let comparisons = round.flatMap(\.document.comparisons)
        guard !round.isEmpty, Experiment.cures(of: interventions, comparisons).isEmpty else { return nil }
        let first = experiment.interventions(named: interventions.map(\.name))
        let repeats = round[0].sweep.search.repeats
        let after = round.lazy.compactMap(\.group.after).first
        for count in stride(from: interventions.count, through: 1, by: -1) {
            let pairs = experiment.secondRound(after: first, comparisons, count: count)
            let groups = experiment.groups(pairs, after: after)
            let cost = groups.reduce(0) { $0 + $1.cost(epochs: epochs, repeats: repeats) }
            guard !groups.isEmpty else { return nil }
            guard cost <= left else { continue }
            return ExperimentPlan(
                trial: newest.trial,
                round: 2,
                causes: newest.causes,
                epochs: cost,
                drafts: drafts(
                    of: groups,
                    subject,
                    round: 2,
                    first: newest.sweeps.first.flatMap { sweeps[$0]?.sweep.name },
                    repeats: repeats,
                    submitting
                )
            )
        }
        return nil
    }

    private func subject(_ number: Int, of sweep: SweepProgress, _ curves: WholeCurves) -> ExperimentSubject? {
        guard let schema = sweep.submission.schema,
            let trial = curvesDocument(sweep, trial: number, curves: curves)?.trials.first
        else { return nil }
        let dataSet = sweep.submission.dataSet(ofFold: trial.fold)
        return ExperimentSubject(trial, of: sweep.sweep, dataSet: dataSet, schema: schema)
    }

    /// The sweeps that train the groups; `first`: the one that their experiment began with, nil where it begins with these.
    private func drafts(
        of groups: [Experiment.Group],
        _ subject: ExperimentSubject,
        round: Int,
        first: String? = nil,
        repeats: Int,
        _ submitting: Submitting
    ) -> [SweepDraft] {
        var first = first
        var taken = Set(sweeps.values.map(\.sweep.name))
        return groups.map { group in
            let (name, tree) = subject.sweepFile(of: group, round: round, repeats: repeats, taken: taken)
            taken.insert(name)
            let began = first ?? name
            first = began
            return SweepDraft(
                source: tree,
                text: "",
                fileName: name + ".yaml",
                dataSet: subject.dataSet,
                schema: subject.schema,
                coreVersion: submitting.coreVersion,
                milliseconds: submitting.milliseconds,
                experiment: subject.trial.map {
                    ExperimentPart(sweep: subject.sweep, trial: $0, round: round, first: began)
                }
            )
        }
    }

    // MARK: - What they showed

    /// A sweep of arms that has ended.
    private struct TrainedGroup {
        let sweep: Sweep
        let group: Experiment.Group
        let document: ComparisonDocument
        let curves: CurvesDocument
    }

    /// What the sweeps of a round showed, those left out that were removed, and of which no two runs can be compared.
    private func trained(
        _ round: SweepExperiment,
        _ experiment: Experiment,
        chance: Double,
        _ curves: WholeCurves
    ) -> [TrainedGroup] {
        let sweeps = round.sweeps.compactMap { self.sweeps[$0] }
        let family = sweeps.reduce(0) { $0 + max(0, $1.sweep.arms.count - 1) }
        return sweeps.compactMap { progress in
            let arms = experiment.interventions(named: progress.sweep.arms.dropFirst().map(\.name))
            guard let group = experiment.groups(arms, after: progress.sweep.search.branch?.after).first,
                let document = ComparisonDocument(
                    sweep: progress.sweep,
                    rank: rankDocument(progress, top: nil, curves: curves),
                    chance: chance,
                    family: family
                ), document.comparisons.contains(where: { $0.pairs > 0 }),
                let told = curvesDocument(progress, trial: nil, curves: curves)
            else { return nil }
            return TrainedGroup(sweep: progress.sweep, group: group, document: document, curves: told)
        }
    }

    /// What the experiments on a sweep showed that its coordinator made by itself, in their order.
    func experiments(on sweep: SweepProgress, _ curves: WholeCurves) -> [(
        told: DiagnosisDocument.Experiment, document: ExperimentDocument?
    )] {
        sweep.experiments.filter { $0.round == 1 }.map { first in
            let rounds = sweep.experiments.filter { $0.trial == first.trial }
            let sweeps = rounds.flatMap(\.sweeps).compactMap { self.sweeps[$0] }
            let isOver = sweeps.allSatisfy(\.state.isOver)
            let document = isOver ? outcome(of: rounds, on: sweep, curves) : nil
            let told = DiagnosisDocument.Experiment(
                trial: first.trial,
                sweeps: sweeps.map(\.sweep.name),
                isOver: isOver,
                sentences: document?.sentences ?? []
            )
            return (told, document)
        }
    }

    private func outcome(
        of rounds: [SweepExperiment],
        on sweep: SweepProgress,
        _ curves: WholeCurves
    ) -> ExperimentDocument? {
        guard let number = rounds.first?.trial, let subject = subject(number, of: sweep, curves),
            let experiment = Experiment(template: subject.template, schema: subject.schema)
        else { return nil }
        let shown = rounds.map { trained($0, experiment, chance: subject.schema.chanceLoss, curves) }
        guard shown.contains(where: { !$0.isEmpty }) else { return nil }
        let cures = shown.lazy.map { round in
            Experiment.cures(of: round.flatMap(\.group.interventions), round.flatMap(\.document.comparisons))
        }.first { !$0.isEmpty }
        return ExperimentDocument(
            rounds: shown.flatMap { $0.map(\.document) },
            cures: cures ?? [],
            batchNoise: shown[0].lazy.compactMap { subject.noise($0.group, $0.curves) }.first
        )
    }
}

extension DiagnosisDocument {
    /// The document with what experiments showed: causes that they confirmed come first. In a part that is not the first they are not
    /// listed again.
    func telling(
        _ experiments: [(told: Experiment, document: ExperimentDocument?)],
        listed: Bool = true
    ) -> DiagnosisDocument {
        guard !experiments.isEmpty else { return self }
        let shown = Dictionary(experiments.map { ($0.told.trial, $0.document) }) { first, _ in first }
        return DiagnosisDocument(
            sweep: sweep,
            reports: reports.map { report in
                guard let trial = report.trial, case let document?? = shown[trial] else { return report }
                return report.confirmed(by: document)
            },
            regions: regions,
            experiments: listed ? experiments.map(\.told) : [],
            next: next
        )
    }
}
