import SweepCoordination
package import SweepCore
import SweepTestKit

/// What a scenario came to: the run, and everything that is wrong with it.
package struct Verdict {
    package let simulation: Simulation
    /// In sentences; empty when all that must hold did.
    package let defects: [String]

    /// Runs a scenario, and each sweep that nothing may change on one quiet slot beside it, and compares.
    ///
    /// The answers are compared where the design promises the same: decisions in virtual time, and no liar who may have
    /// trained for us, and nobody who cancelled the sweep.
    package init(_ scenario: Scenario, trace: ((Instant, String) -> Void)? = nil) {
        simulation = Simulation(scenario)
        simulation.trace = trace
        simulation.run()
        var defects = Self.defects(simulation)
        let cancelled = Set(scenario.steering.filter { $0.act == .steer(.cancel) }.map(\.sweep))
        for sweep in scenario.sweeps
        where defects.isEmpty && sweep.decide == "virtual" && scenario.hostile == nil && !cancelled.contains(sweep.name)
        {
            // What is enqueued counts from when it was said, which no other run knows.
            if let progress = simulation.coordinator.core.sweep(named: sweep.name), progress.wasEnqueued { continue }
            var trials: Int?
            if let progress = simulation.coordinator.core.sweep(named: sweep.name),
                simulation.hasOtherTrials(progress)
            {
                // With pruning the answer depends on when the number was changed, in virtual time; without, it must be that of a
                // file with the number it came to.
                guard !progress.inVirtualTime else { continue }
                trials = progress.searchTrials
            }
            let quiet = Simulation(scenario.undisturbed(sweep, trials: trials))
            quiet.run()
            defects += Self.defects(quiet).map { "undisturbed: \($0)" }
            guard let found = simulation.outcome(of: sweep.name), let expected = quiet.outcome(of: sweep.name) else {
                defects.append("\(sweep.name) is not there")
                continue
            }
            if let difference = found.difference(from: expected) {
                defects.append("\(sweep.name) differs from the undisturbed run: \(difference)")
            }
        }
        self.defects = defects
    }

    /// Everything that must hold after a run, whatever happened in it; empty when it does.
    package static func defects(_ simulation: Simulation) -> [String] {
        var defects = simulation.violations
        let coordinator = simulation.coordinator
        for problem in coordinator.audit.problems { defects.append("the journal: \(problem)") }
        for sweep in coordinator.core.sweeps.values.sorted(by: { $0.id < $1.id }) {
            for trial in sweep.trials where trial.ended == nil {
                defects.append("trial \(trial.number) has no terminal state")
            }
            if simulation.scenario.hostile == nil { defects += wrongCurves(sweep, simulation) }
            defects += wrongEnqueued(sweep, simulation)
            defects += wrongExperiments(sweep, simulation)
        }
        if !coordinator.core.neededObjects.isSubset(of: SampleSweep.dataSets.map(\.id.hash)) {
            defects.append("objects are needed after the end")
        }
        return defects
    }

    /// Sweeps of experiments that were begun twice, or not as they are told of, experiments beyond the share, and those without an end.
    private static func wrongExperiments(_ sweep: SweepProgress, _ simulation: Simulation) -> [String] {
        let name = sweep.sweep.name
        let begun = simulation.coordinator.facts.compactMap { fact -> SweepID? in
            guard case .sweepSubmitted(let submission) = fact, submission.experiment?.sweep == name else { return nil }
            return submission.id
        }
        var defects: [String] = []
        let told = sweep.experiments.flatMap(\.sweeps)
        if begun != told || Set(told).count != told.count {
            defects.append("\(begun) train arms of experiments on \(name), and \(told) are told of")
        }
        let planned = sweep.experiments.reduce(0) { $0 + $1.epochs }
        let trained = told.reduce(0) { $0 + (simulation.coordinator.core.sweeps[$1]?.epochsTrained ?? 0) }
        if planned > sweep.experimentEpochs ?? 0 || trained > planned {
            defects.append(
                "experiments on \(name) trained \(trained) of \(planned) epochs, allowed \(sweep.experimentEpochs ?? 0)"
            )
        }
        if sweep.sweep.diagnose != nil, sweep.state == .finished, sweep.experimentsEnd == nil {
            defects.append("the experiments on \(name) have no end")
        }
        return defects
    }

    /// What was enqueued and taken, and is not exactly one trial; but where the end came before.
    private static func wrongEnqueued(_ sweep: SweepProgress, _ simulation: Simulation) -> [String] {
        var defects: [String] = []
        var taken: [Configuration] = []
        var keys: [String] = []
        for case .sweepChanged(sweep.id, .enqueued(let configurations, let key)) in simulation.coordinator.facts {
            taken += configurations
            keys.append(key)
        }
        if Set(keys).count != keys.count { defects.append("a request to enqueue was taken twice: \(keys)") }
        for (id, key) in simulation.acknowledged where id == sweep.id && !keys.contains(key) {
            defects.append("what was enqueued as \(key) was acknowledged and is not kept")
        }
        let first = sweep.trials.filter { $0.runOfConfiguration == 0 && $0.parent == nil }
        var begun: [Int] = []
        for configuration in taken {
            let trials = first.filter { $0.configuration == configuration }.map(\.number)
            let waits = sweep.enqueued.waiting.contains(configuration)
            if trials.count + (waits ? 1 : 0) != 1 {
                defects.append("an enqueued configuration is trials \(trials), and waits: \(waits)")
            }
            begun += trials
        }
        if begun != begun.sorted() { defects.append("enqueued configurations became trials \(begun), out of order") }
        if Set(begun) != sweep.enqueued.trials { defects.append("trials \(begun) are not those known as enqueued") }
        if !sweep.enqueued.waiting.isEmpty, sweep.state != .cancelled, !sweep.isStopped {
            defects.append("\(sweep.enqueued.waiting.count) enqueued configurations were never tried")
        }
        return defects
    }

    /// Curves that are not those of their configurations.
    private static func wrongCurves(_ sweep: SweepProgress, _ simulation: Simulation) -> [String] {
        var defects: [String] = []
        let training = simulation.scenario.training
        for trial in sweep.trials {
            let fate = training.fate(seed: trial.seed, epochs: sweep.sweep.epochs)
            var last = sweep.sweep.epochs
            if case .stopsEarly(let epoch) = fate { last = epoch }
            if trial.ended == .completed, trial.curve.epochs != last {
                defects.append("trial \(trial.number) completed after \(trial.curve.epochs) epochs, not \(last)")
            }
            let inherited = trial.parent?.epoch ?? 0
            let notes = (inherited..<max(inherited, trial.curve.epochs)).flatMap {
                training.notes(seed: trial.seed, epoch: $0 + 1)
            }
            if trial.notes != notes { defects.append("trial \(trial.number) has the notes \(trial.notes)") }
            let ancestors = sweep.ancestors(of: trial.number)
            for (index, observation) in simulation.coordinator.curve(of: trial, in: sweep).observations.enumerated() {
                // An epoch is of the trial that trained it.
                let own = ancestors.first { index < $0.to }?.trial ?? trial
                guard let spec = sweep.sweep.space.resolve(own.configuration) else { continue }
                let expected = training.observation(
                    spec: spec,
                    seed: own.seed,
                    epoch: index + 1,
                    epochs: sweep.sweep.epochs,
                    metrics: sweep.metrics
                )
                if !observation.matches(expected) {
                    defects.append("trial \(trial.number) has other numbers at epoch \(index + 1)")
                }
            }
        }
        return defects
    }
}

extension SweepProgress {
    /// Whether anything was enqueued of it.
    fileprivate var wasEnqueued: Bool { !enqueued.waiting.isEmpty || !enqueued.trials.isEmpty }
}

extension Simulation {
    /// Whether the sweep's number of trials was ever changed.
    func hasOtherTrials(_ sweep: SweepProgress) -> Bool {
        coordinator.facts.contains { fact in
            guard case .sweepChanged(sweep.id, .adjusted(let adjustment)) = fact else { return false }
            return adjustment.trials != nil
        }
    }

    /// What the sweep of this name came to.
    package func outcome(of name: String) -> SweepOutcome? {
        coordinator.core.sweep(named: name).map { sweep in
            SweepOutcome(sweep, facts: coordinator.facts) { coordinator.curve(of: $0, in: sweep) }
        }
    }
}
