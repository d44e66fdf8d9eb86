import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

/// A sweep of several objectives in the core: the same for any number of workers, again after a restart, and no front without numbers.
@Suite struct FrontSweepTests {
    private static func sample(_ method: String, prune: String = "asha", further: [Metric] = [.updateRatio])
        -> SampleSweep
    {
        var sample = SampleSweep()
        (sample.trials, sample.epochs, sample.parallelism) = (method == "nsga2" ? 70 : 30, 9, 8)
        (sample.method, sample.prune, sample.further) = (method, prune, further)
        return sample
    }

    /// The sweep trained to its end by workers of so many slots.
    private static func finished(_ sample: SampleSweep, slots: [Int] = [4]) throws -> CoreHarness {
        var harness = CoreHarness()
        var workers = slots.enumerated().map { harness.join("w\($0)", slots: $1) }
        _ = harness.submit(sample)
        var queue: [(worker: Int, assignment: Assignment)] = []
        func take() {
            for index in workers.indices { queue += harness.assigned(to: workers[index]).map { (index, $0) } }
        }
        take()
        // The newest first, so that what one slot trains in order comes in another order from several.
        while let next = queue.popLast() {
            let assignment = next.assignment
            harness.report(assignment, assignment.from + 1...assignment.to, by: &workers[next.worker])
            take()
            harness.end(assignment, by: &workers[next.worker])
            take()
        }
        #expect(harness.broken == [])
        try #require(harness.sweep?.state == .finished)
        return harness
    }

    private static func rows(_ sweep: SweepProgress) -> [RankRow] {
        let records = sweep.trials.map { $0.record($0.state(begun: false)) }
        return Ranking.rows(
            records,
            objective: sweep.sweep.objective,
            further: sweep.sweep.further,
            levels: sweep.levels,
            repeats: sweep.repeats
        )
    }

    /// What a table shows that must not depend on who trained.
    private static func table(_ harness: CoreHarness) throws -> [String] {
        let sweep = try #require(harness.sweep)
        return table(of: sweep)
    }

    private static func table(of sweep: SweepProgress) -> [String] {
        rows(sweep).map { row in
            "\(row.place) \(row.front ?? 0) \(row.configuration.id) \(row.values) \(row.runs.map(\.trial)) \(row.state) \(row.epochs)"
        }
    }

    @Test(arguments: ["random", "tpe", "nsga2", "gp", "auto"])
    func `the table is the same for 1, 2 and 8 slots`(_ method: String) throws {
        var sample = Self.sample(method)
        if method == "gp" || method == "auto" { sample.trials = 16 }
        let one = try Self.table(Self.finished(sample, slots: [1]))
        #expect(one.count > 5)
        #expect(try Self.table(Self.finished(sample, slots: [1, 1])) == one)
        #expect(try Self.table(Self.finished(sample, slots: [5, 3])) == one)
    }

    @Test(arguments: ["asha", "halving", "hyperband", "none", "auto"])
    func `the same under each way to prune, and the first rows are a front`(_ prune: String) throws {
        let sample = Self.sample("random", prune: prune)
        let harness = try Self.finished(sample, slots: [8])
        #expect(try Self.table(Self.finished(sample, slots: [2])) == Self.table(harness))
        let rows = Self.rows(try #require(harness.sweep))
        let complete = rows.filter { $0.state == .completed }
        try #require(complete.count > 1)
        let fronts: [Int?] = ParetoFronts.fronts(complete.map(\.values)).map { $0 }
        #expect(complete.map(\.front) == fronts)
        #expect(complete.compactMap(\.front) == complete.compactMap(\.front).sorted())
        #expect(rows.dropFirst(complete.count).allSatisfy { $0.front == nil })
        #expect(rows.prefix(complete.count).allSatisfy { $0.state == .completed })
    }

    @Test func `three objectives, one of them maximized, are weighed too`() throws {
        let sample = Self.sample("nsga2", further: [.validationAccuracy, .updateRatio])
        let harness = try Self.finished(sample)
        let sweep = try #require(harness.sweep)
        #expect(sweep.sweep.objectives.map(\.direction) == [.minimize, .maximize, .minimize])
        #expect(Self.rows(sweep).first?.values.count == 3)
    }

    @Test(arguments: ["tpe", "nsga2", "random"])
    func `a restart from facts or a snapshot decides and explains the same`(_ method: String) throws {
        let harness = try Self.finished(Self.sample(method))
        let sweep = try #require(harness.sweep)
        var again = CoordinatorCore(options: CoordinatorOptions(), session: 1)
        for fact in try JournalCodec.decode(JournalCodec.encode(harness.facts)) { again.restore(fact) }
        var restoration = SnapshotRestoration(options: nil, session: 1)
        for part in again.snapshot.parts { try restoration.add(part) }
        let revived = try restoration.finish()
        #expect(revived.snapshot.parts == again.snapshot.parts)
        let table = try Self.table(harness)
        for core in [again, revived] {
            let restored = try #require(core.sweeps[sweep.id])
            #expect(restored.levels == sweep.levels)
            #expect(Self.table(of: restored) == table)
            for number in 1...sweep.trials.count {
                let explanation = try #require(sweep.explanation(of: number))
                #expect(restored.explanation(of: number) == explanation)
                #expect(explanation.reason != nil, "trial \(number)")
            }
        }
    }

    @Test func `in the middle of a sweep a restart goes on as if nothing had been`() throws {
        let sample = Self.sample("nsga2")
        let whole = try Self.finished(sample, slots: [1])
        // Half of the facts, up to the end of a batch that named a decision.
        let half = whole.facts.prefix(whole.facts.count / 2)
        let cut = try #require(half.lastIndex { if case .segmentResolved = $0 { true } else { false } })
        var before = CoordinatorCore(session: 1)
        for fact in whole.facts[...cut] { before.restore(fact) }
        var restoration = SnapshotRestoration(options: nil, session: 1)
        for part in before.snapshot.parts { try restoration.add(part) }
        var after = try restoration.finish()
        for fact in whole.facts[(cut + 1)...] { after.restore(fact) }
        let sweep = try #require(after.sweeps.values.first)
        // Every proposal that was taken is the one that the restored searcher names.
        for number in 1...sweep.trials.count {
            #expect(sweep.explanation(of: number)?.reason != nil, "trial \(number)")
        }
    }

    @Test func `a trial that loses its numbers, or one objective, is last and on no front`() throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 1)
        var sample = Self.sample("random", prune: "none")
        (sample.trials, sample.parallelism, sample.epochs) = (4, 1, 1)
        _ = harness.submit(sample)
        var queue = harness.assigned(to: worker)
        var place = 0
        while !queue.isEmpty {
            let assignment = queue.removeFirst()
            let lossless = harness.observation(assignment, epoch: 1)
            // The second trial has the best loss of all and no other objective.
            let values = zip(assignment.metrics, lossless.values).map { metric, value in
                place == 1 ? (metric == .updateRatio ? .nan : 0.0001) : value
            }
            worker.sequence += 1
            let observation = Observation(epoch: 1, values: values, seconds: 0.1)
            let item = Reports.Item(lease: assignment.lease, observations: [observation])
            harness.say(.reports(Reports(sequence: worker.sequence, items: [item])), by: worker)
            queue += harness.assigned(to: worker)
            harness.end(assignment, by: &worker)
            queue += harness.assigned(to: worker)
            place += 1
        }
        let sweep = try #require(harness.sweep)
        #expect(sweep.state == .finished)
        let rows = Self.rows(sweep)
        #expect(rows.count == 4)
        #expect(rows.last?.trial == 2 && rows.last?.front == nil && rows.last?.values == [])
        #expect(rows.dropLast().allSatisfy { $0.front != nil })
        let second = TrialID(sweep: sweep.id, number: 2)
        #expect(harness.facts.contains(.segmentResolved(second, epoch: 1, cost: .infinity)))
    }
}
