import Foundation
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepReports
import SweepStore
import SweepTestKit
import SweepWire
import Testing

/// Restarts from a snapshot and the journal after it.
@Suite struct SnapshotTests {
    /// A store whose sweep has ended and waiting trials, an entry for each fact, and a snapshot at one of them.
    private func sample(snapshotAt sequence: Int, ended: Bool = true) throws -> (sample: StoreSample, facts: [Fact]) {
        let facts = ended ? Self.halfDone() : StoreSample.waitingTrial().facts
        let sample = try StoreSample(facts.map { [$0] })
        try keep(sample, at: sequence)
        return (sample, facts)
    }

    /// A sweep without rungs of which two trials of four have ended.
    private static func halfDone(repeats: Int = 1) -> [Fact] {
        var harness = CoreHarness()
        var sweep = SampleSweep()
        sweep.trials = 4
        sweep.repeats = repeats
        sweep.prune = "none"
        _ = harness.submit(sweep)
        var worker = harness.join("a")
        for _ in 0..<2 {
            guard let lease = harness.core.sweeps.values.first?.trials.first(where: { $0.lease != nil })?.number,
                let assignment = harness.lease(of: lease)
            else { break }
            let layer = Instruments.Layer(name: "1", weights: 0.5, deviation: 1, units: 8)
            let readings = [1, 2].map { PackedReading(Instruments.Reading(epoch: $0, layers: [layer])) }
            harness.report(assignment, 1...assignment.to, readings: readings, by: &worker)
            harness.end(assignment, by: &worker)
        }
        return harness.facts
    }

    /// Writes the snapshot of the journal's first entries, as a coordinator does.
    private func keep(_ sample: StoreSample, at sequence: Int) throws {
        let journal = try Store.open(directory: sample.path, mode: .readOnly)
        var core = CoordinatorCore(session: 1)
        var checksum: UInt64 = 0
        try journal.forEachEntry { number, entry in
            guard number <= sequence else { return }
            try core.restore(entry: entry.body)
            checksum = Checksum.of(entry.body)
        }
        let snapshot = core.snapshot
        let snapshots = try SnapshotStore.open(writing: sample.path)
        var curves: [SnapshotStore.Curve] = []
        snapshot.forEachWholeCurve { trial, curve in
            curves.append(.init(sweep: Int(trial.sweep.rawValue), trial: trial.number, body: curve.bytes))
        }
        try snapshots.add(curves)
        _ = try snapshots.replace(sequence: sequence, entry: checksum) { try snapshot.write($0) }
    }

    private func restored(_ sample: StoreSample, options: CoordinatorOptions? = nil) throws -> RestoredCore {
        try RestoredCore(
            from: try Store.open(directory: sample.path, mode: .readOnly),
            snapshots: try SnapshotStore.open(readOnly: sample.path),
            options: options,
            session: 1
        )
    }

    private func change(_ sample: StoreSample, _ body: (inout [UInt8]) -> Void) throws {
        let url = URL(filePath: SnapshotStore.path(sample.path))
        var bytes = try Array(Data(contentsOf: url))
        body(&bytes)
        try Data(bytes).write(to: url)
    }

    @Test func `from a snapshot at every entry the state and the documents are those of the whole journal`() throws {
        for ended in [true, false] {
            let facts = ended ? Self.halfDone() : StoreSample.waitingTrial().facts
            let sample = try StoreSample(facts.map { [$0] })
            let whole = try restored(sample)
            #expect(whole.head == nil && whole.last?.sequence == facts.count)
            let expected = whole.core.snapshot.parts
            let sweep = try #require(whole.core.sweep(named: "sample"))
            for sequence in 1...facts.count {
                try keep(sample, at: sequence)
                let quick = try restored(sample)
                #expect(quick.passedOver == nil && quick.head?.sequence == sequence)
                #expect(quick.last == whole.last)
                #expect(quick.core.snapshot.parts == expected, "entry \(sequence)")
                #expect(quick.core.brokenInvariants() == [])
                let curves = WholeCurves(
                    snapshots: try SnapshotStore.open(readOnly: sample.path),
                    store: try Store.open(directory: sample.path, mode: .readOnly)
                )
                let same = try #require(quick.core.sweep(named: "sample"))
                #expect(
                    quick.core.rankDocument(same, top: nil, curves: curves).json
                        == whole.core.rankDocument(sweep, top: nil).json
                )
                #expect(
                    quick.core.curvesDocument(same, trial: nil, curves: curves)?.json
                        == whole.core.curvesDocument(sweep, trial: nil)?.json
                )
            }
        }
    }

    @Test func `ended trials keep a thinned curve, and the whole one is read when it is asked for, from either file`()
        async throws
    {
        let (sample, facts) = try sample(snapshotAt: Self.halfDone().count)
        let quick = try restored(sample)
        let trials = try #require(quick.core.sweep(named: "sample")).trials
        #expect(trials.count { !$0.curve.isWhole } == 2 && quick.bytesReplayed == 0 && facts.count > 10)
        let stored = try StoredSweeps(directory: sample.path)
        let before = try await stored.curves(sweep: "sample", trial: nil).json
        // Without the curves beside it, the journal is read.
        do {
            let snapshots = try SnapshotStore.open(writing: sample.path)
            let parts = quick.core.snapshot.parts
            let head = try #require(try snapshots.head)
            try snapshots.clear()
            _ = try snapshots.replace(sequence: head.sequence, entry: head.entry) { part in
                for body in parts { try part(body) }
            }
        }
        let again = try StoredSweeps(directory: sample.path)
        #expect(try await again.curves(sweep: "sample", trial: nil).json == before)
    }

    @Test(arguments: [1, 2]) func `what curves show is told of thinned ones too, with other seeds and in parts`(
        _ repeats: Int
    ) throws {
        let facts = Self.halfDone(repeats: repeats)
        let sample = try StoreSample(facts.map { [$0] })
        let whole = try restored(sample).core
        try keep(sample, at: facts.count)
        let quick = try restored(sample).core
        let curves = WholeCurves(
            snapshots: try SnapshotStore.open(readOnly: sample.path),
            store: try Store.open(directory: sample.path, mode: .readOnly)
        )
        let sweep = try #require(whole.sweep(named: "sample"))
        let thinned = try #require(quick.sweep(named: "sample"))
        try #require(sweep.trials.allSatisfy(\.curve.isWhole) && thinned.trials.count { !$0.curve.isWhole } == 2)
        try #require((thinned.trials[0].configurationID == thinned.trials[1].configurationID) == (repeats == 2))
        let all = try #require(whole.diagnosisDocument(sweep, trial: nil))
        #expect(all.reports.count == 2)
        #expect(quick.diagnosisDocument(thinned, trial: nil, curves: curves)?.json == all.json)
        for number in sweep.trials.map(\.number) {
            #expect(
                quick.diagnosisDocument(thinned, trial: number, curves: curves)?.json
                    == whole.diagnosisDocument(sweep, trial: number)?.json
            )
            // One trial a part.
            let page = TrialPage(after: number - 1, epochs: 1)
            let (part, expected) = (
                quick.diagnosisDocument(thinned, page: page, curves: curves),
                whole.diagnosisDocument(sweep, page: page)
            )
            #expect(part.json == expected.json && part.next == expected.next)
            #expect(
                quick.trialDocument(thinned, number: number, curves: curves)?.json
                    == whole.trialDocument(sweep, number: number)?.json
            )
        }
        for number in sweep.trials.map(\.number) {
            #expect(
                quick.explanationDocument(thinned, trial: number)?.json
                    == whole.explanationDocument(sweep, trial: number)?.json
            )
        }
        #expect(
            quick.statusDocument(thinned, pace: nil, at: .zero).json
                == whole.statusDocument(sweep, pace: nil, at: .zero).json
        )
        #expect(quick.listDocument.json == whole.listDocument.json)
        #expect(
            quick.trialChanges(thinned, unlike: [], curves: curves).document.text(version: "1", since: nil)
                == whole.trialChanges(sweep, unlike: []).document.text(version: "1", since: nil)
        )
        // The first rows are those of all, by the sweep's objective and by a metric whose best epoch is not kept.
        for judged in [nil, Objective(metric: .trainingLoss)] {
            let rows = whole.rankDocument(sweep, top: nil, judged: judged).rows
            for top in 0...rows.count {
                let first = quick.rankDocument(thinned, top: top, judged: judged, curves: curves)
                #expect(first.rows == Array(rows.prefix(top)) && first.configurations == rows.count)
            }
        }
    }

    /// What is made of all curves reads them ahead, in the order of their numbers, instead of one after the other.
    @Test(arguments: [1, 2]) func `what asks for all curves reads each in few statements, and answers the same`(
        _ repeats: Int
    ) throws {
        let facts = Self.halfDone(repeats: repeats)
        let sample = try StoreSample(facts.map { [$0] })
        let whole = try restored(sample).core
        try keep(sample, at: facts.count)
        let quick = try restored(sample).core
        let sweep = try #require(whole.sweep(named: "sample"))
        let thinned = try #require(quick.sweep(named: "sample"))
        try #require(thinned.trials.count { !$0.curve.isWhole } == 2)
        // All that is asked for fits into one statement, or each curve is as much as may be read at once.
        for (bytesAhead, statements) in [(8 << 20, 1), (1, 2)] {
            /// What `make` makes of curves that nobody read before, and what was read for it.
            func reading<Made>(_ make: (WholeCurves) -> Made) throws -> (made: Made, statements: Int, rows: Int) {
                let snapshots = try #require(try SnapshotStore.open(readOnly: sample.path))
                let store = try Store.open(directory: sample.path, mode: .readOnly)
                let made = make(WholeCurves(snapshots: snapshots, store: store, bytesAhead: bytesAhead))
                return (made, snapshots.curveReads.statements, snapshots.curveReads.rows)
            }
            // One pass; with other seeds another for what those came to.
            let passes = repeats == 1 ? 1 : 2
            let diagnosis = try reading { quick.diagnosisDocument(thinned, trial: nil, curves: $0)?.json }
            #expect(diagnosis.made == whole.diagnosisDocument(sweep, trial: nil)?.json)
            #expect(diagnosis.statements == passes * statements && diagnosis.rows == passes * 2)
            let curves = try reading { quick.curvesDocument(thinned, trial: nil, curves: $0)?.json }
            #expect(curves.made == whole.curvesDocument(sweep, trial: nil)?.json)
            #expect(curves.statements == statements && curves.rows == 2)
            let trials = try reading { quick.trialChanges(thinned, unlike: [], curves: $0).document }
            #expect(
                trials.made.text(version: "1", since: nil)
                    == whole.trialChanges(sweep, unlike: []).document.text(version: "1", since: nil)
            )
            #expect(trials.statements == statements && trials.rows == 2)
            // By another metric once for the order, and once for what the rows tell of; one of two runs of a configuration is told of.
            let judged = Objective(metric: .trainingLoss)
            let rank = try reading { quick.rankDocument(thinned, top: nil, judged: judged, curves: $0).json }
            #expect(rank.made == whole.rankDocument(sweep, top: nil, judged: judged).json)
            let told = repeats == 1 ? 2 : 1
            #expect(rank.statements == statements + min(told, statements) && rank.rows == 2 + told)
            let own = try reading { quick.rankDocument(thinned, top: nil, curves: $0).json }
            #expect(own.made == whole.rankDocument(sweep, top: nil).json)
            #expect(own.statements == min(told, statements) && own.rows == told)
            // Of rows that are not shown nothing is told.
            let none = try reading { quick.rankDocument(thinned, top: 0, curves: $0).rows.count }
            #expect(none == (0, 0, 0))
        }
    }

    /// A whole grid of twelve points with rungs, which has ended: results are compared at the first one, which few curves keep.
    private static func ended() -> [Fact] {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 4)
        var sweep = SampleSweep()
        (sweep.method, sweep.trials) = ("grid", nil)
        _ = harness.submit(sweep)
        harness.trainAll(&worker, harness.assigned(to: worker))
        return harness.facts
    }

    @Test func `importance reads the curves that it needs, and no others, in few statements, and answers the same`()
        throws
    {
        let facts = Self.ended()
        let sample = try StoreSample(facts.map { [$0] })
        let whole = try restored(sample).core
        try keep(sample, at: facts.count)
        let quick = try restored(sample).core
        let sweep = try #require(whole.sweep(named: "sample"))
        let thinned = try #require(quick.sweep(named: "sample"))
        try #require(sweep.state == .finished && sweep.trials.count == 12)
        try #require(thinned.trials.allSatisfy { !$0.curve.isWhole })
        // A trial that ended at the first rung keeps that epoch, and so does one whose best it is.
        let objective = sweep.sweep.objective
        let needed = thinned.trials.count { $0.curve.best(for: objective)?.epoch != 1 }
        try #require(needed > 1 && needed < 12)
        let expected = try whole.importanceDocument(
            sweep,
            metric: nil,
            curves: WholeCurves(snapshots: nil, store: nil)
        )
        #expect(expected.comparedAt == 1)
        for (bytesAhead, statements) in [(8 << 20, 1), (1, needed)] {
            let snapshots = try #require(try SnapshotStore.open(readOnly: sample.path))
            let store = try Store.open(directory: sample.path, mode: .readOnly)
            let curves = WholeCurves(snapshots: snapshots, store: store, bytesAhead: bytesAhead)
            let document = try quick.importanceDocument(thinned, metric: nil, curves: curves)
            #expect(document.json == expected.json)
            #expect(snapshots.curveReads.statements == statements && snapshots.curveReads.rows == needed)
        }
    }

    @Test func `a damaged snapshot is passed over with its reason, and nothing is lost`() throws {
        let (sample, _) = try sample(snapshotAt: 5)
        let expected = try CoordinatorCore.restored(
            from: try Store.open(directory: sample.path, mode: .readOnly),
            session: 1
        ).snapshot.parts
        let whole = try Array(Data(contentsOf: URL(filePath: SnapshotStore.path(sample.path))))
        for place in stride(from: 100, to: whole.count, by: max(1, whole.count / 40)) {
            try change(sample) { bytes in
                bytes = whole
                bytes[place] ^= 0x55
            }
            var snapshots: SnapshotStore?
            do { snapshots = try SnapshotStore.open(readOnly: sample.path) } catch {}
            let found = try RestoredCore(
                from: try Store.open(directory: sample.path, mode: .readOnly),
                snapshots: snapshots,
                session: 1
            )
            #expect(found.core.snapshot.parts == expected, "byte \(place)")
        }
        try change(sample) { $0 = Array($0.prefix($0.count / 2)) }
        var snapshots: SnapshotStore?
        do { snapshots = try SnapshotStore.open(readOnly: sample.path) } catch {}
        let found = try RestoredCore(
            from: try Store.open(directory: sample.path, mode: .readOnly),
            snapshots: snapshots,
            session: 1
        )
        #expect(found.core.snapshot.parts == expected)
    }

    @Test func `a snapshot that could not be written is tried again when the journal has grown by as much`() throws {
        let began = try restored(try StoreSample(Self.halfDone().map { [$0] }))
        let place = try #require(began.last)
        let least = began.bytesReplayed + 100
        var upkeep = SnapshotUpkeep(began, least: least)
        #expect(began.head == nil && !upkeep.isDue)
        upkeep.committed((place, 100))
        #expect(upkeep.isDue)
        upkeep.taken()
        #expect(!upkeep.isDue)
        // What comes while it is written counts for the next one, not for another try.
        upkeep.committed((place, 1_000))
        var isFirst = upkeep.failed()
        #expect(isFirst && !upkeep.isDue)
        upkeep.committed((place, least - 1))
        #expect(!upkeep.isDue)
        upkeep.committed((place, 1))
        #expect(upkeep.isDue)
        upkeep.taken()
        isFirst = upkeep.failed()
        #expect(!isFirst && !upkeep.isDue)
        upkeep.committed((place, least))
        upkeep.taken()
        upkeep.written(bytes: 10)
        #expect(!upkeep.isDue)
        // One that was written begins anew.
        upkeep.committed((place, least))
        #expect(upkeep.isDue)
        upkeep.taken()
        isFirst = upkeep.failed()
        #expect(isFirst)
    }

    @Test func `a file that could not be cleared is tried again too, and cleared before it is written to`() throws {
        let began = try restored(try StoreSample(Self.halfDone().map { [$0] }))
        let place = try #require(began.last)
        var upkeep = SnapshotUpkeep(began, least: 100)
        #expect(upkeep.isDue && !upkeep.isToBeCleared)
        let isFirst = upkeep.notCleared()
        #expect(isFirst && !upkeep.isDue && upkeep.isToBeCleared)
        upkeep.committed((place, 100))
        #expect(upkeep.isDue)
        upkeep.taken()
        upkeep.cleared()
        upkeep.written(bytes: 10)
        #expect(!upkeep.isToBeCleared && !upkeep.isDue)
    }

    @Test func `a snapshot of another journal, of a newer one, or of other options is passed over`() throws {
        let (sample, facts) = try sample(snapshotAt: 5)
        #expect(try restored(sample, options: CoordinatorOptions(attempts: 5)).passedOver?.contains("attempts") == true)
        #expect(try restored(sample, options: CoordinatorOptions(attempts: 3)).passedOver == nil)
        // The same number, another entry.
        let other = try StoreSample(
            facts.dropLast().map { [$0, .workerSequence(WorkerID(name: "x", incarnation: 1), sequence: 9)] }
        )
        try FileManager.default.copyItem(
            atPath: SnapshotStore.path(sample.path),
            toPath: SnapshotStore.path(other.path)
        )
        #expect(try restored(other).passedOver?.contains("not of this journal") == true)
        // An entry that the journal does not have.
        let short = try StoreSample(facts.prefix(3).map { [$0] })
        try FileManager.default.copyItem(
            atPath: SnapshotStore.path(sample.path),
            toPath: SnapshotStore.path(short.path)
        )
        #expect(try restored(short).passedOver?.contains("not of this journal") == true)
        #expect(try restored(short).last?.sequence == 3)
    }

    @Test func `a snapshot of an earlier format is passed over, and the journal is read from its beginning`() throws {
        let (sample, facts) = try sample(snapshotAt: Self.halfDone().count)
        let whole = try restored(sample)
        #expect(
            whole.passedOver == nil && whole.core.sweeps.values.first?.trials.contains { !$0.readings.isEmpty } == true
        )
        do {
            let snapshots = try SnapshotStore.open(writing: sample.path)
            let head = try #require(try snapshots.head)
            var parts = whole.core.snapshot.parts
            // The head begins with its kind and the format, a signed number that the writer doubles.
            #expect(parts[0][1] == UInt8(2 * CoreSnapshot.format))
            parts[0][1] -= 2
            _ = try snapshots.replace(sequence: head.sequence, entry: head.entry) { part in
                for body in parts { try part(body) }
            }
        }
        let again = try restored(sample)
        #expect(again.passedOver != nil && again.last?.sequence == facts.count)
        // Nothing is wrong with the store; a format that is yet to come, or none, is another matter.
        let check = try StoreCheck(directory: sample.path)
        #expect(check.isSound && check.snapshotSequence == nil, "\(check.problems)")
        do {
            let snapshots = try SnapshotStore.open(writing: sample.path)
            let head = try #require(try snapshots.head)
            var parts = whole.core.snapshot.parts
            parts[0][1] += 2
            _ = try snapshots.replace(sequence: head.sequence, entry: head.entry) { part in
                for body in parts { try part(body) }
            }
        }
        let format = CoreSnapshot.format
        #expect(
            try StoreCheck(directory: sample.path).problems
                == ["the snapshot: its format is \(format + 1), this version's is \(format)"]
        )
        let readings = again.core.sweeps.values.first?.trials.map(\.readings)
        #expect(readings == whole.core.sweeps.values.first?.trials.map(\.readings))
    }

    @Test func `changed parts are refused or give a state, and trap in neither case`() throws {
        let facts = Self.halfDone()
        var core = CoordinatorCore(session: 1)
        for fact in facts { core.restore(fact) }
        let parts = core.snapshot.parts
        var refused = 0
        for (index, part) in parts.enumerated() {
            for place in part.indices {
                var changed = parts
                changed[index][place] ^= UInt8(truncatingIfNeeded: 1 << (place % 8)) | 1
                do {
                    var restoration = SnapshotRestoration(options: nil, session: 1)
                    for part in changed { try restoration.add(part) }
                    var found = try restoration.finish()
                    // Checksums keep such a state out; what is asked here is that it can be gone on from.
                    _ = found.start(at: .zero)
                    _ = found.snapshot.parts
                } catch { refused += 1 }
            }
        }
        #expect(refused > 100)
    }

    @Test func `the check compares the snapshot and its curves with the journal`() throws {
        let (sample, facts) = try sample(snapshotAt: Self.halfDone().count - 1)
        let sound = try StoreCheck(directory: sample.path)
        #expect(sound.isSound, "\(sound.problems)")
        #expect(sound.snapshotSequence == facts.count - 1 && sound.snapshotCurves >= 1 && sound.snapshotBytes > 100)
        do {
            let snapshots = try SnapshotStore.open(writing: sample.path)
            try snapshots.add([.init(sweep: 1, trial: 1, body: [0, 0, 0])])
        }
        #expect(
            try StoreCheck(directory: sample.path).problems
                == ["the snapshot: the curve of trial 1/1 is not that of the journal"]
        )
        // A state that is sound in itself and not this journal's.
        var core = CoordinatorCore(session: 1)
        for fact in facts.prefix(6) { core.restore(fact) }
        do {
            let snapshots = try SnapshotStore.open(writing: sample.path)
            let head = try #require(try snapshots.head)
            try snapshots.clear()
            _ = try snapshots.replace(sequence: head.sequence, entry: head.entry) { try core.snapshot.write($0) }
        }
        #expect(
            try StoreCheck(directory: sample.path).problems
                == ["the snapshot: it is not what the journal gives at entry \(facts.count - 1)"]
        )
    }

    @Test func `a backup takes the snapshot along, and does without one that is damaged`() throws {
        let (sample, facts) = try sample(snapshotAt: 5)
        let targets = ["-copy", "-other"].map { sample.beside($0) }
        defer { for target in targets { try? FileManager.default.removeItem(atPath: target) } }
        _ = try StoreBackup(of: sample.path, to: targets[0])
        let copy = try RestoredCore(
            from: try Store.open(directory: targets[0], mode: .readOnly),
            snapshots: try SnapshotStore.open(readOnly: targets[0]),
            session: 1
        )
        #expect(copy.head?.sequence == 5 && copy.last?.sequence == facts.count && copy.passedOver == nil)
        try Data("nothing".utf8).write(to: URL(filePath: SnapshotStore.path(sample.path)))
        _ = try StoreBackup(of: sample.path, to: targets[1])
        #expect(!FileManager.default.fileExists(atPath: SnapshotStore.path(targets[1])))
        #expect(try StoreCheck(directory: targets[1]).isSound)
    }

    @Test func `from a snapshot the experiments on a sweep are those of the journal`() throws {
        let id = SweepID(rawValue: 1)
        let experiment = SweepExperiment(
            trial: 3,
            round: 2,
            sweeps: [SweepID(rawValue: 2), SweepID(rawValue: 3)],
            causes: [.rateTooHigh, .noDecay],
            epochs: 270
        )
        let more: [Fact] = [
            .sweepChanged(id, .experiment(experiment)), .sweepChanged(id, .experimentsOver("nothing is left")),
        ]
        let sample = try StoreSample((Self.halfDone() + more).map { [$0] })
        try keep(sample, at: Self.halfDone().count + more.count)
        let restored = try restored(sample)
        #expect(restored.passedOver == nil)
        let sweep = try #require(restored.core.sweeps[id])
        #expect(sweep.experiments == [experiment] && sweep.experimentsEnd == "nothing is left")
    }

    /// A stored property that is added must be thought of here: whether it is written, follows from what is, or is no fact.
    @Test func `every property of the state is written, made anew, or no fact`() throws {
        var core = CoordinatorCore(session: 1)
        for fact in Self.halfDone() { core.restore(fact) }
        let sweep = try #require(core.sweeps.values.first)
        let trial = try #require(sweep.trials.first)
        func names(_ value: Any) -> Set<String> { Set(Mirror(reflecting: value).children.compactMap(\.label)) }
        #expect(
            names(core) == [
                "sweeps", "table", "sequences", "unreadable", "deleted", "leasesGiven",  // written
                "active", "checkpointUsers", "nextSweep", "experimenting", "mayBeDue",  // follow
                "options", "session", "connections", "effects", "clock", "clocked", "unwritten",
                "turnedAway", "sought",  // no facts
            ]
        )
        #expect(
            names(sweep) == [
                "id", "definition", "state", "trials", "timeline", "brake", "longestEpochSeconds", "decided",
                "resolved", "epochsDecided", "leastCost", "ranMilliseconds",
                "epochsTrained", "epochSeconds", "incumbent", "incumbents", "leastProbeLoss", "arrived", "told", "plan",
                "placement", "share", "enqueued", "experiments", "experimentsEnd",  // written
                "ready", "lastAttempts", "retries", "open", "tally", "searcher", "scheduler",
                "readsCurves", "pool", "searched",  // follow
                "attempts", "searchedAt", "finalists", "weighed",  // the core's, no facts, and empty between two facts
            ]
        )
        #expect(
            names(trial) == [
                "number", "configuration", "configurationID", "runOfConfiguration", "seed", "parent", "curve",
                "checkpoint",
                "goal",
                "lease", "attempt", "fruitlessAttempts", "lastDeath", "avoided", "ended", "stoppedEarly", "notes",
                "readings", "workers", "kernels",
            ]
        )
    }
}
