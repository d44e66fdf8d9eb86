import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

/// The best configurations of a search are run again with new seeds.
@Suite struct FinalsTests {
    private static func sample(top: Int = 3, seeds: Int = 4, prune: String = "asha") -> SampleSweep {
        var sample = SampleSweep()
        (sample.trials, sample.epochs, sample.prune) = (18, 9, prune)
        sample.finalists = FinalistsSpec(top: top, seeds: seeds)
        return sample
    }

    /// The sweep trained to its end by one worker of so many slots.
    private static func finished(_ sample: SampleSweep, slots: Int = 4) throws -> CoreHarness {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: slots)
        _ = harness.submit(sample)
        harness.trainAll(&worker, harness.assigned(to: worker))
        #expect(harness.broken == [])
        return harness
    }

    private static func rows(_ sweep: SweepProgress) -> [RankRow] {
        let records = sweep.trials.map { $0.record($0.state(begun: false)) }
        return Ranking.rows(records, objective: sweep.sweep.objective, levels: sweep.levels, repeats: sweep.repeats)
    }

    @Test(arguments: [true, false], [[], [Metric.updateRatio]])
    func `ranked by where trials stand the table is that of their records`(finals: Bool, further: [Metric]) throws {
        var sample = Self.sample()
        if !finals || !further.isEmpty { sample.finalists = nil }
        sample.further = further
        let sweep = try #require(try Self.finished(sample).sweep)
        let records = sweep.trials.map { $0.record($0.state(begun: false)) }
        let rule = RankRule(
            objective: sweep.sweep.objective,
            further: sweep.sweep.further,
            levels: sweep.levels,
            repeats: sweep.repeats
        )
        let standings = sweep.standings(by: rule) { $0.state(begun: false) }
        for top in [nil, 0, 1, 4, 100] {
            let (expected, all, front) = Ranking.summary(
                records,
                objective: sweep.sweep.objective,
                further: sweep.sweep.further,
                levels: sweep.levels,
                repeats: sweep.repeats,
                top: top,
                withHistory: true
            ) { _ in nil }
            let found = Ranking.summary(of: standings, rule, top: top, withHistory: true, finding: { _ in nil }) {
                records[$0]
            }
            #expect(found.rows == expected && found.all == all && found.front == front)
            #expect(found.rows.count == min(top ?? all, all))
        }
    }

    @Test func `the best of the search are run with new seeds, whole and unpruned, and nobody else is`() throws {
        let harness = try Self.finished(Self.sample())
        let sweep = try #require(harness.sweep)
        #expect(sweep.state == .finished && sweep.searched == 18)
        let search = Array(sweep.trials[..<18])
        let finals = Array(sweep.trials[18...])
        let before = Ranking.rows(
            search.map { $0.record($0.state(begun: false)) },
            objective: sweep.sweep.objective,
            levels: sweep.levels
        )
        let best = before.prefix { $0.state == .completed }.prefix(3).map(\.configuration)
        try #require((2...3).contains(best.count))
        #expect((3 * best.count...4 * best.count).contains(finals.count))
        #expect(finals.prefix(3 * best.count).map(\.configuration) == best + best + best)
        #expect(finals.allSatisfy { $0.ended == .completed && $0.curve.epochs == 9 })
        #expect(Set(sweep.trials.map(\.seed)).count == sweep.trials.count, "every run has a seed of its own")
        let rows = Self.rows(sweep)
        #expect(Set(rows.prefix(best.count).map(\.configuration)) == Set(best))
        for row in rows.prefix(best.count) {
            let own = finals.filter { $0.configuration == row.configuration }
            let values = own.compactMap { $0.curve.best(for: sweep.sweep.objective)?.value }
            #expect(row.final?.runs == own.count)
            #expect(abs((row.objective ?? .nan) - values.reduce(0, +) / Double(values.count)) < 1e-12)
            #expect(row.interval?.contains(row.objective ?? .nan) == true)
            #expect(row.final?.searchObjective == before.first { $0.configuration == row.configuration }?.objective)
        }
        #expect(abs(rows.compactMap { $0.final?.chance }.reduce(0, +) - 1) < 1e-9)
        #expect(rows[best.count...].allSatisfy { $0.final == nil })
    }

    @Test func `the search is the same as without finalists`() throws {
        var plain = Self.sample()
        plain.finalists = nil
        let without = try #require(try Self.finished(plain).sweep)
        let with = try #require(try Self.finished(Self.sample()).sweep)
        #expect(without.trials.map(\.configurationID) == with.trials[..<18].map(\.configurationID))
        #expect(without.trials.map { $0.curve.epochs } == with.trials[..<18].map { $0.curve.epochs })
        #expect(without.trials.map(\.ended) == with.trials[..<18].map(\.ended))
    }

    @Test(arguments: ["random", "tpe"], ["asha", "none"])
    func `slots and restarts change nothing`(method: String, prune: String) throws {
        var sample = Self.sample(prune: prune)
        sample.method = method
        let one = try #require(try Self.finished(sample, slots: 1).sweep)
        let many = try Self.finished(sample, slots: 7)
        func told(_ sweep: SweepProgress) -> [String] {
            sweep.trials.map { "\($0.configurationID) \($0.seed) \($0.ended?.name ?? "") \($0.curve.epochs)" }
        }
        #expect(told(one) == told(try #require(many.sweep)))
        // A core that is told all facts but the last ones decides them again.
        let facts = many.facts
        // What one event leads to is written at once, so a restart begins before a report.
        let cuts = facts.indices.filter { if case .observed = facts[$0] { $0 > facts.count / 2 } else { false } }
        for cut in cuts {
            var restored = CoordinatorCore(session: 43)
            for fact in facts[..<cut] { restored.restore(fact) }
            let again = try #require(restored.sweep(named: "sample"))
            // What it takes next is what was taken then.
            let whole = try #require(many.sweep).trials[..<again.trials.count]
            #expect(again.trials.map(\.configurationID) == whole.map(\.configurationID), "after \(cut) facts")
            _ = restored.start(at: .zero)
            var next = CoreHarness()
            next.core = restored
            // What the first worker held lapses.
            for _ in 0..<3 { next.tick(after: .seconds(7)) }
            var worker = next.join("b", slots: 3)
            next.trainAll(&worker, next.assigned(to: worker))
            #expect(told(try #require(next.sweep)) == told(one), "after \(cut) facts")
        }
    }

    @Test func `a search without a completed trial has no finalists, and the sweep ends`() throws {
        var harness = CoreHarness()
        var sample = Self.sample(prune: "none")
        sample.trials = 4
        var worker = harness.join("a", slots: 4)
        _ = harness.submit(sample)
        for assignment in harness.assigned(to: worker) {
            harness.report(assignment, 1...1, loss: .nan, by: &worker)
        }
        #expect(harness.sweep?.state == .finished)
        #expect(harness.sweep?.trials.count == 4)
    }

    @Test func `more trials after a search without a completed one get their race`() throws {
        var harness = CoreHarness()
        var sample = Self.sample(prune: "none")
        (sample.trials, sample.parallelism) = (2, 2)
        var worker = harness.join("a", slots: 2)
        _ = harness.submit(sample)
        for assignment in harness.assigned(to: worker) {
            harness.report(assignment, 1...1, loss: .nan, by: &worker)
        }
        try #require(harness.sweep?.state == .finished)
        #expect(harness.adjust("sample", SweepAdjustment(trials: 6)) == .done(SweepID(rawValue: 1)))
        harness.trainAll(
            &worker,
            (harness.core.workers[worker.id]?.held ?? []).compactMap { harness.lease(of: $0.number) }
        )
        let sweep = try #require(harness.sweep)
        #expect(sweep.state == .finished && sweep.searched == 6 && sweep.trials.count >= 6 + 9)
        // The incumbent is of the search: the luckiest of new seeds says nothing.
        #expect((sweep.incumbent?.trial ?? 99) <= 6)
        #expect(harness.broken == [])
    }

    @Test func `more trials are refused once the finalists are run`() throws {
        var harness = try Self.finished(Self.sample())
        guard case .conflict(let reason)? = harness.adjust("sample", SweepAdjustment(trials: 40)) else {
            Issue.record("not refused")
            return
        }
        #expect(
            reason
                == "trials: the search of sample is over, its finalists are run with new seeds; submit it under another name"
        )
    }

    @Test func `a run of a finalist is explained`() throws {
        let sweep = try #require(try Self.finished(Self.sample()).sweep)
        let explanation = try #require(sweep.explanation(of: 19))
        #expect(explanation.reason == .finalist(place: 1, run: 1))
        #expect(explanation.firstRun < 19 && explanation.standings.map(\.verdict) == [.completed])
        let second = try #require(sweep.trials[19...].first { $0.configuration == explanation.configuration })
        #expect(sweep.explanation(of: second.number)?.reason == .finalist(place: 1, run: 2))
        // Those of the search are replayed as ever.
        #expect(sweep.explanation(of: 5)?.reason == .regardless)
    }
}
