import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

/// Sweeps whose finalists are judged over folds: each fold is a data set of its own, which leases name.
@Suite struct FoldsTests {
    private static func sample(seeds: Int = 3) -> SampleSweep {
        var sample = SampleSweep()
        (sample.trials, sample.epochs, sample.prune, sample.folds) = (6, 3, "none", 3)
        sample.finalists = FinalistsSpec(top: 2, seeds: seeds)
        return sample
    }

    /// Trains a sweep to its end; the data set that each trial was leased with.
    private static func finished(_ sample: SampleSweep, slots: Int) throws -> (CoreHarness, [Int: DataSetID]) {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: slots)
        _ = harness.submit(sample)
        var sets: [Int: DataSetID] = [:]
        var queue = harness.assigned(to: worker)
        while !queue.isEmpty {
            let assignment = queue.removeFirst()
            sets[assignment.lease.trial.number] = assignment.dataSet
            harness.report(assignment, assignment.from + 1...assignment.to, by: &worker)
            queue += harness.assigned(to: worker)
            harness.end(assignment, by: &worker)
            queue += harness.assigned(to: worker)
        }
        #expect(harness.broken == [])
        return (harness, sets)
    }

    @Test(arguments: [1, 5])
    func `the search has the first fold, and every finalist each one, with the same seeds`(_ slots: Int) throws {
        let (harness, sets) = try Self.finished(Self.sample(), slots: slots)
        let sweep = try #require(harness.sweep)
        #expect(sweep.state == .finished && sweep.trials.count == 6 + 2 * 3)
        for trial in sweep.trials {
            let fold = try #require(sweep.fold(of: trial))
            #expect(sets[trial.number] == SampleSweep.dataSet(ofFold: fold), "trial \(trial.number)")
            #expect(trial.number > 6 || fold == 1)
        }
        let finals = Dictionary(grouping: sweep.trials[6...], by: \.configurationID)
        #expect(finals.count == 2)
        for runs in finals.values { #expect(runs.map { sweep.fold(of: $0) } == [2, 3, 1]) }
        #expect(Set(finals.values.map { $0.map(\.seed) }).count == 1, "the runs of two finalists are paired")
        #expect(sweep.explanation(of: 8)?.reason == .finalist(place: 2, run: 1, fold: 2))
        #expect(sweep.explanation(of: 9)?.reason == .finalist(place: 1, run: 2, fold: 3))
        #expect(sweep.explanation(of: 9)?.results == 0, "a pass is decided by those before it")
    }

    @Test func `a restart gives the leases of the same folds`() throws {
        let (harness, sets) = try Self.finished(Self.sample(), slots: 2)
        for cut in harness.facts.indices.dropFirst() {
            guard case .observed(let lease, _) = harness.facts[cut] else { continue }
            var restored = CoordinatorCore(session: 43)
            for fact in harness.facts[..<cut] { restored.restore(fact) }
            #expect(restored.neededObjects == Set((1...3).map { SampleSweep.dataSet(ofFold: $0).hash }))
            let sweep = try #require(restored.sweep(named: "sample"))
            let trial = try #require(sweep[lease.trial.number])
            #expect(sweep.submission.dataSet(ofFold: sweep.fold(of: trial)) == sets[lease.trial.number])
        }
    }

    @Test func `a sweep is refused that comes without the rows of each fold, or with more`() {
        for (folds, sent) in [(3, 1), (3, 2), (3, 4), (1, 2)] {
            var harness = CoreHarness()
            var sample = Self.sample()
            sample.folds = folds == 1 ? nil : folds
            let draft = SweepDraft(
                source: sample.source,
                text: "",
                fileName: "s.yaml",
                dataSet: SampleSweep.dataSet,
                foldSets: (1..<sent).map { SampleSweep.dataSet(ofFold: $0 + 1) },
                schema: SampleSweep.schema,
                coreVersion: sample.coreVersion,
                milliseconds: 0
            )
            guard case .badInput(let sentence)? = harness.submit(draft) else {
                Issue.record("\(sent) data sets for \(folds) folds are taken")
                continue
            }
            let allowed = folds == 1 ? "one" : "one for each of its 3 folds"
            #expect(sentence == "the sweep came with \(sent) data set\(sent == 1 ? "" : "s"), allowed \(allowed)")
            #expect(harness.core.sweeps.isEmpty)
        }
    }

    @Test func `it is the same sweep only with the same rows of every fold`() {
        var harness = CoreHarness()
        let sample = Self.sample()
        #expect(harness.submit(sample) == .done(SweepID(rawValue: 1)))
        #expect(harness.submit(sample) == .done(SweepID(rawValue: 1)))
        let draft = sample.draft
        let other = SweepDraft(
            source: draft.source,
            text: "",
            fileName: draft.fileName,
            dataSet: draft.dataSet,
            foldSets: draft.foldSets.reversed(),
            schema: draft.schema,
            coreVersion: draft.coreVersion,
            milliseconds: 0
        )
        guard case .conflict? = harness.submit(other) else {
            Issue.record("other rows are taken for the same")
            return
        }
    }

    @Test func `the rows of every fold are kept until the sweep is deleted, and missed when they are lost`() throws {
        var (harness, _) = try Self.finished(Self.sample(), slots: 2)
        let hashes = (1...3).map { SampleSweep.dataSet(ofFold: $0).hash }
        #expect(hashes.allSatisfy(harness.core.needs))
        #expect(harness.steer("sample", .delete) == .done(SweepID(rawValue: 1)))
        for hash in hashes { #expect(harness.effects.contains(.drop(hash))) }
        #expect(harness.core.neededObjects.isEmpty)

        var lost = CoreHarness()
        _ = lost.submit(Self.sample())
        lost.give(.objectLost(SampleSweep.dataSet(ofFold: 4).hash))
        #expect(lost.sweep?.state == .running)
        lost.give(.objectLost(hashes[2]))
        #expect(lost.sweep?.state == .paused)
    }
}
