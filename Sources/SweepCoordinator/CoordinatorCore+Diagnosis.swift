package import SweepCoordination
import SweepCore
import SweepDiagnosis
package import SweepReports
import SweepWire

extension CoordinatorCore {
    /// Reports on one trial, or on all, as far as they have trained an epoch; nil when there is no such trial.
    ///
    /// From what is stored: curve, readings of the network, specification, notes and the data's schema. What needs the rows or the
    /// network itself (`why` has both) is told as not known.
    /// `curves` has the curves that are thinned here.
    package func diagnosisDocument(
        _ sweep: SweepProgress,
        trial: Int?,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> DiagnosisDocument? {
        if let trial, sweep[trial] == nil { return nil }
        let trials = sweep.trials.filter { trial == nil || trial == $0.number }
        let experiments = experiments(on: sweep, curves).filter { trial == nil || trial == $0.told.trial }
        let document = diagnosisDocument(
            sweep,
            of: trials,
            withRegions: trial == nil,
            withClasses: trial != nil,
            curves: curves
        ).telling(
            experiments
        )
        guard trial != nil, let asked = trials.first, var report = document.reports.first else { return document }
        report.inSweep = Self.pairs(of: asked, in: sweep)
        return DiagnosisDocument(sweep: document.sweep, reports: [report], experiments: document.experiments)
    }

    /// Reports on a part of all trials; the first part tells of the regions, for which all are looked at, and lists the experiments.
    package func diagnosisDocument(
        _ sweep: SweepProgress,
        page: TrialPage,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> DiagnosisDocument {
        let part = sweep.part(page)
        return diagnosisDocument(
            sweep,
            of: part.trials,
            withRegions: page.after == 0,
            next: part.next,
            curves: curves
        ).telling(experiments(on: sweep, curves), listed: page.after == 0)
    }

    /// The reports without what experiments showed.
    func diagnosisDocument(
        _ sweep: SweepProgress,
        of trials: [TrialProgress],
        withRegions: Bool,
        withClasses: Bool = false,
        next: Int? = nil,
        curves: WholeCurves
    ) -> DiagnosisDocument {
        let best = sweep.incumbent?.value
        let isOfPrograms = sweep.sweep.isOfPrograms
        let begun = trials.filter { $0.curve.epochs > 0 }
        let seeds = otherSeeds(sweep, of: withRegions ? nil : Set(begun.map(\.configurationID)), curves)
        func diagnosis(of progress: TrialProgress, _ curve: LearningCurve) -> Diagnosis {
            var evidence = evidence(progress, curve, sweep)
            evidence.otherSeeds = (seeds[progress.configurationID] ?? []).filter { $0.trial != progress.number }.map(
                \.loss
            )
            return Diagnosis(evidence)
        }
        func report(_ progress: TrialProgress, _ diagnosis: Diagnosis) -> DiagnosisDocument.Report {
            DiagnosisDocument.Report(
                trial: progress.number,
                name: progress.configuration.shortText,
                metric: sweep.sweep.objective.metric,
                value: progress.curve.best(for: sweep.sweep.objective)?.value,
                bestOfSweep: best,
                diagnosis,
                withClasses: withClasses,
                unknown: [isOfPrograms ? Self.programUnknown : Self.unknown(progress.readings)]
            )
        }
        var reports: [DiagnosisDocument.Report] = []
        guard withRegions else {
            curves.forEach(begun, in: sweep) { reports.append(report($0, diagnosis(of: $0, $1))) }
            return DiagnosisDocument(sweep: sweep.sweep.name, reports: reports, next: next)
        }
        // Of the trials beyond the part nothing is kept but what they complain of.
        let shown = Set(begun.map(\.number))
        var complaints: [(configuration: Configuration, symptom: Symptom?)] = []
        // Runs of finalists would count a few sound configurations many times.
        let looked = sweep.trials.lazy.filter { trial in
            trial.curve.epochs > 0 && (shown.contains(trial.number) || !sweep.isFinal(trial.number))
        }
        curves.forEach(looked, in: sweep) { progress, curve in
            let found = diagnosis(of: progress, curve)
            if shown.contains(progress.number) { reports.append(report(progress, found)) }
            guard !sweep.isFinal(progress.number) else { return }
            complaints.append((progress.configuration, found.symptoms.complaints.first?.symptom))
        }
        return DiagnosisDocument(
            sweep: sweep.sweep.name,
            reports: reports,
            regions: RegionSearch.regions(of: complaints),
            next: next
        )
    }

    /// The least loss on training rows of each run of the configurations that have more than one, of these alone or of all.
    ///
    /// A thinned curve does not have it, so it is read; of a configuration with one run nobody asks.
    private func otherSeeds(
        _ sweep: SweepProgress,
        of configurations: Set<ConfigurationID>?,
        _ curves: WholeCurves
    ) -> [ConfigurationID: [(trial: Int, loss: Double)]] {
        var runs: [ConfigurationID: Int] = [:]
        for trial in sweep.trials where configurations?.contains(trial.configurationID) ?? true {
            runs[trial.configurationID, default: 0] += 1
        }
        var seeds: [ConfigurationID: [(trial: Int, loss: Double)]] = [:]
        let compared = sweep.trials.lazy.filter { runs[$0.configurationID] ?? 0 > 1 }
        curves.forEach(compared, in: sweep) { trial, curve in
            guard let least = curve.leastFinite(.probeLoss) else { return }
            seeds[trial.configurationID, default: []].append((trial.number, least))
        }
        return seeds
    }

    /// Trials that differ from one in one parameter and did better. A run that goes on from another's state is compared with none.
    static func pairs(of trial: TrialProgress, in sweep: SweepProgress) -> [SweepPair] {
        func run(_ progress: TrialProgress) -> SweepPair.Run {
            SweepPair.Run(
                trial: progress.number,
                configuration: progress.configuration,
                epochs: progress.curve.epochs,
                value: progress.curve.best(for: sweep.sweep.objective)?.value
            )
        }
        guard trial.curve.inherited == 0 else { return [] }
        let others = sweep.trials.lazy.filter { $0.curve.inherited == 0 && $0.curve.epochs > 0 }
        return SweepPair.better(than: run(trial), among: others.map(run), objective: sweep.sweep.objective)
    }

    private static let programUnknown =
        "the trial is a program: its curve was looked at; its model, steps and data are not known here"

    /// What nobody looked at of a trial with these readings.
    private static func unknown(_ readings: KeptReadings) -> String {
        let why = "`sweepd why` trains a sweep file without ranges and does"
        guard !readings.isEmpty else { return "layers, steps and data were not looked at: \(why)" }
        let epochs = readings.all.map { String($0.epoch) }
        let after = (epochs.count == 1 ? "epoch " : "epochs ") + epochs.joined(separator: ", ")
        return "layers were looked at after \(after) alone, single steps and data not at all: \(why)"
    }

    private func evidence(_ trial: TrialProgress, _ curve: LearningCurve, _ sweep: SweepProgress) -> RunEvidence {
        let resolved = sweep.sweep.space.resolve(trial.configuration)
        let spec = sweep.sweep.isOfPrograms ? nil : resolved.flatMap { TrialSpec.read($0, problems: SpecProblems()) }
        let schema = sweep.submission.schema
        return RunEvidence(
            curve: curve,
            budget: trial.stoppedEarly ? curve.epochs : sweep.sweep.epochs,
            chanceLoss: spec.flatMap { spec in schema.flatMap { ChanceLoss.of(spec.training, on: $0) } },
            bestProbeLoss: sweep.leastProbeLoss,
            instruments: trial.readings.isEmpty ? nil : Instruments(trial.readings),
            trial: spec,
            schema: schema,
            notes: trial.notes,
            optimizerKey: resolved?["train"]?["optimizer"]?.onlyKey
        )
    }
}
