import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepNumerics
import SweepTestKit
import Testing

/// Sweeps among faults: whatever is lost, doubled, late, cut, damaged or killed, the answer is that of a quiet machine.
@Suite struct FaultTests {
    @Test(arguments: seeds(50))
    func `a sweep among crashes and losses comes to the same answer as on one quiet slot`(seed: UInt64) {
        #expect(Verdict(.drawn(seed)).defects == [], "\(reproduction(seed, kind: "drawn"))")
    }

    @Test(arguments: seeds(50))
    func `a population among crashes and losses copies the same states as on one quiet slot`(seed: UInt64) {
        #expect(Verdict(.populated(seed)).defects == [], "\(reproduction(seed, kind: "populated"))")
    }

    @Test(arguments: seeds(50))
    func `arms that part after an epoch go on from the same state among crashes and losses`(seed: UInt64) {
        #expect(Verdict(.branched(seed)).defects == [], "\(reproduction(seed, kind: "branched"))")
    }

    @Test(arguments: seeds(50))
    func `a sweep with experiments comes to the same answer among crashes, and each is begun once, within its share`(
        seed: UInt64
    ) {
        #expect(Verdict(.experimented(seed)).defects == [], "\(reproduction(seed, kind: "experimented"))")
    }

    @Test func `in those scenarios experiments are begun, and coordinators are killed`() {
        var (begun, cancelled, killed) = (0, 0, 0)
        for seed in seeds(60) {
            let simulation = Simulation(.experimented(seed))
            simulation.run()
            guard let sweep = simulation.coordinator.core.sweep(named: "sample") else { continue }
            begun += sweep.experiments.count
            if sweep.experimentsEnd?.hasSuffix("was cancelled") == true { cancelled += 1 }
            killed += simulation.tally.coordinatorCrashes
        }
        #expect(begun > 5 && killed > 2, "\(begun) begun, \(cancelled) cancelled, \(killed) times killed")
    }

    @Test func `in those scenarios most arms go on, and a state that was lost with a worker is made again`() {
        var (branches, again) = (0, 0)
        for seed in seeds(60) {
            let simulation = Simulation(.branched(seed))
            simulation.run()
            for sweep in simulation.coordinator.core.sweeps.values {
                branches += sweep.trials.count { $0.parent != nil }
            }
            again += simulation.tally.ancestorEpochs
        }
        #expect(branches > 100 && again > 0, "\(branches) branches, \(again) epochs again")
    }

    @Test func `in those scenarios copies of copies are made, and states that were lost with a worker are made again`()
    {
        var (copies, again, deepest) = (0, 0, 0)
        for seed in seeds(60) {
            let simulation = Simulation(.populated(seed))
            simulation.run()
            for sweep in simulation.coordinator.core.sweeps.values {
                copies += sweep.trials.count { $0.parent != nil }
                deepest = max(deepest, sweep.trials.map { sweep.ancestors(of: $0.number).count }.max() ?? 0)
            }
            again += simulation.tally.ancestorEpochs
        }
        #expect(
            copies > 100 && again > 0 && deepest > 2,
            "\(copies) copies, \(again) epochs again, lineages of \(deepest)"
        )
    }

    @Test(arguments: seeds(15))
    func `a sweep that decides on arrival ends whole among crashes and losses`(seed: UInt64) {
        #expect(Verdict(.onArrival(seed)).defects == [], "\(reproduction(seed, kind: "arrival"))")
    }

    @Test(arguments: seeds(15))
    func `two sweeps share the workers, are paused, resumed and cancelled, and end whole`(seed: UInt64) {
        #expect(Verdict(.steered(seed)).defects == [], "\(reproduction(seed, kind: "steered"))")
    }

    @Test(arguments: seeds(25))
    func `a sweep that is ended and removed among crashes leaves the other one and the journal right`(seed: UInt64) {
        #expect(Verdict(.cleared(seed)).defects == [], "\(reproduction(seed, kind: "cleared"))")
    }

    @Test func `in those scenarios journals are cleared, also of sweeps that workers still train`() {
        var (entries, restarts) = (0, 0)
        for seed in seeds(10) {
            let simulation = Simulation(.cleared(seed))
            simulation.run()
            entries += simulation.coordinator.clearedEntries
            restarts += simulation.tally.coordinatorCrashes
        }
        #expect(entries > 20 && restarts > 2)
    }

    @Test func `a liar tries to register as workers that he overheard, and is nobody`() {
        var claims = 0
        for seed in seeds(15) {
            let verdict = Verdict(.infested(seed))
            claims += verdict.simulation.tally.claims
        }
        #expect(claims > 0)
        #expect(Verdict(.infested(9026)).defects == [])
    }

    @Test(arguments: seeds(15))
    func `a peer that sends damaged copies of what it overhears breaks no rule and stops no sweep`(seed: UInt64) {
        let verdict = Verdict(.infested(seed))
        #expect(verdict.defects == [], "\(reproduction(seed, kind: "infested"))")
        #expect(verdict.simulation.tally.lies > 0)
    }

    @Test(arguments: seeds(40))
    func `many sweeps with priorities, limits, labels and changes share the workers by the rules, and end whole`(
        seed: UInt64
    ) {
        #expect(Verdict(.crowded(seed)).defects == [], "\(reproduction(seed, kind: "crowded"))")
    }

    @Test func `in those scenarios there is much to choose, or they show little`() {
        var choices = 0
        var changes = 0
        for seed in seeds(10) {
            let simulation = Simulation(.crowded(seed))
            simulation.run()
            choices += simulation.coordinator.placement.choices
            changes += simulation.coordinator.facts.count { fact in
                if case .sweepChanged(_, .adjusted) = fact { true } else { false }
            }
        }
        #expect(choices > 100 && changes > 5)
    }

    @Test(arguments: NamedScenario.all)
    func `what failed once holds`(named: NamedScenario) {
        #expect(Verdict(named.scenario).defects == [], "\(named)")
    }

    /// A small sweep with promotions, retries and checkpoints, on two workers.
    static func small() -> Scenario {
        var sweep = SampleSweep()
        sweep.trials = 6
        sweep.epochs = 3
        sweep.parallelism = 3
        var scenario = Scenario(
            seed: 5,
            sweeps: [sweep],
            workers: [.init(name: "a", slots: 2), .init(name: "b", prefetch: 1, epochMilliseconds: 70)]
        )
        scenario.training = SyntheticTraining(losing: 10, dying: 10, failing: 10, stopping: 20)
        scenario.options.attempts = Scenario.patientAttempts
        return scenario
    }

    @Test(arguments: [CommitMoment.before, .after, .sending(1), .sending(2)])
    func `a coordinator killed at any of its commits goes on as if nothing had been`(moment: CommitMoment) {
        let quiet = Simulation(Self.small())
        quiet.run()
        let commits = quiet.coordinator.journal.count
        #expect(commits > 10)
        // Nothing depends on the last one, which says that the sweep is over.
        for number in 1..<commits {
            var scenario = Self.small()
            scenario.faults = [.crashAtCommit(number, moment, down: 1)]
            let verdict = Verdict(scenario)
            #expect(verdict.defects == [], "commit \(number) of \(commits), \(moment)")
            #expect(verdict.simulation.tally.coordinatorCrashes == 1, "commit \(number)")
        }
    }

    @Test func `a coordinator killed at every second of its commits comes to the end all the same`() {
        var scenario = Self.small()
        scenario.faults = (1...30).map { .crashAtCommit(2 * $0, $0 % 2 == 0 ? .before : .after, down: 0.2) }
        let verdict = Verdict(scenario)
        #expect(verdict.defects == [])
        #expect(verdict.simulation.tally.coordinatorCrashes > 10)
    }

    @Test func `while the disk is full nothing is acknowledged, and afterwards the sweep ends`() {
        var scenario = Self.small()
        scenario.faults = [.fullDisk(Window(0.5, 20))]
        let verdict = Verdict(scenario)
        #expect(verdict.defects == [])
        #expect(verdict.simulation.tally.fullDisks > 3)
        #expect(verdict.simulation.now > Instant.zero.advanced(by: .seconds(20)))
    }

    @Test func `a worker of another protocol version is told so, stops, and is given nothing`() {
        var scenario = Self.small()
        let far = SimulatedWorker.Plan.farVersions
        scenario.workers.insert(.init(name: "old", slots: 4, versions: far[0]), at: 0)
        scenario.workers.append(.init(name: "new", slots: 4, versions: far[1]))
        let verdict = Verdict(scenario)
        #expect(verdict.defects == [])
        #expect(verdict.simulation.tally.refusedWorkers >= 2)
        let registered = verdict.simulation.logged.filter { $0.message == "worker registered" }
        #expect(Set(registered.compactMap { $0.metadata["worker.id"] }) == ["a", "b"])
    }

    @Test func `workers of the build before and of the one to come train with this one, and the answer is the same`() {
        var scenario = Self.small()
        let near = SimulatedWorker.Plan.nearVersions
        scenario.workers = near.enumerated().map { .init(name: "w\($0.offset)", slots: 1, versions: $0.element) }
        scenario.faults = [.crashAtCommit(5, .after, down: 1)]
        let verdict = Verdict(scenario)
        #expect(verdict.defects == [])
        #expect(verdict.simulation.tally.refusedWorkers == 0)
        let trained = verdict.simulation.coordinator.facts.compactMap { fact in
            if case .leased(_, let worker, _, _, _) = fact { worker.name } else { nil }
        }
        #expect(Set(trained) == ["w0", "w1", "w2"])
    }

    @Test func `two runs of a scenario are the same to the last byte`() {
        for seed in UInt64(1)...3 {
            let runs = (0..<2).map { _ in
                let simulation = Simulation(.drawn(seed))
                simulation.run()
                return (simulation.digest.value, simulation.steps)
            }
            #expect(runs[0] == runs[1])
        }
    }

    @Test func `the adversary does what it is there for`() {
        var sum = Simulation.Tally()
        var retries = 0
        var resumed = 0
        var comparisons = 0
        for seed in UInt64(1)...30 {
            let simulation = Simulation(.drawn(seed))
            simulation.run()
            let tally = simulation.tally
            sum.workerCrashes += tally.workerCrashes
            sum.coordinatorCrashes += tally.coordinatorCrashes
            sum.fullDisks += tally.fullDisks
            sum.refusedWorkers += tally.refusedWorkers
            sum.damagedFrames += tally.damagedFrames
            sum.forgedFrames += tally.forgedFrames
            sum.drained += tally.drained
            comparisons += simulation.coordinator.comparisons
            for case .leased(let lease, _, let from, _, _) in simulation.coordinator.facts
            where lease.attempt.rawValue > 1 {
                retries += 1
                if from > 0 { resumed += 1 }
            }
        }
        #expect(sum.workerCrashes > 30)
        #expect(sum.coordinatorCrashes > 30)
        #expect(sum.fullDisks > 3)
        #expect(sum.refusedWorkers > 3)
        #expect(sum.damagedFrames > 30)
        #expect(sum.forgedFrames > 3)
        #expect(sum.drained > 3)
        #expect(comparisons > 300)
        #expect(retries > 200)
        #expect(resumed > 20)
    }
}
