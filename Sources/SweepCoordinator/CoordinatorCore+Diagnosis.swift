package import SweepCoordination
import SweepCore
import SweepDiagnosis
package import SweepReports

extension CoordinatorCore {
    /// Reports on one trial, or on all, as far as they have trained an epoch; nil when there is no such trial.
    ///
    /// From what is stored: curve, specification, notes and the data's schema. What needs the rows or the network (`why` has
    /// both) is told as not known.
    /// `curves` has the curves that are thinned here.
    package func diagnosisDocument(
        _ sweep: SweepProgress,
        trial: Int?,
        curves: WholeCurves = WholeCurves(snapshots: nil, store: nil)
    ) -> DiagnosisDocument? {
        if let trial, sweep[trial] == nil { return nil }
        let trials = sweep.trials.filter { progress in
            progress.curve.epochs > 0 && (trial == nil || trial == progress.number)
        }
        let best = sweep.incumbent?.value
        let isOfPrograms = sweep.sweep.isOfPrograms
        var seeds: [ConfigurationID: [(trial: Int, loss: Double)]] = [:]
        for progress in sweep.trials {
            guard let least = progress.curve.leastFinite(.probeLoss) else { continue }
            seeds[progress.configurationID, default: []].append((progress.number, least))
        }
        let diagnoses = trials.map { progress in
            var evidence = evidence(progress, curves.curve(of: progress, in: sweep), sweep)
            evidence.otherSeeds = (seeds[progress.configurationID] ?? []).filter { $0.trial != progress.number }.map(
                \.loss
            )
            return Diagnosis(evidence)
        }
        return DiagnosisDocument(
            sweep: sweep.sweep.name,
            reports: zip(trials, diagnoses).map { progress, diagnosis in
                let value = progress.curve.best(for: sweep.sweep.objective)?.value
                return DiagnosisDocument.Report(
                    trial: progress.number,
                    name: progress.configuration.shortText,
                    metric: sweep.sweep.objective.metric,
                    value: value,
                    bestOfSweep: best,
                    diagnosis,
                    unknown: isOfPrograms
                        ? [
                            "the trial is a program: its curve was looked at; its model, steps and data are not known here"
                        ]
                        : [
                            "layers, steps and data were not looked at: `sweepd why` trains a sweep file without ranges and does"
                        ]
                )
            },
            // Of one trial alone there is none.
            regions: trial != nil
                ? []
                : RegionSearch.regions(
                    // Runs of finalists would count a few sound configurations many times.
                    of: zip(trials, diagnoses).filter { !sweep.isFinal($0.0.number) }.map { progress, diagnosis in
                        (progress.configuration, diagnosis.symptoms.complaints.first?.symptom)
                    }
                )
        )
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
            trial: spec,
            schema: schema,
            notes: trial.notes,
            optimizerKey: resolved?["train"]?["optimizer"]?.onlyKey
        )
    }
}
