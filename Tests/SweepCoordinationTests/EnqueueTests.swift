import SweepCoordination
import SweepCore
import SweepSearch
import SweepTestKit
import SweepWire
import Testing

/// Configurations that a user enqueues while a sweep runs.
@Suite struct EnqueueTests {
    private static let rate = "train.optimizer.sgd.learning_rate"
    private static let width = "train.model.mlp.widths.0"

    private static func sweep(_ method: String = "random", prune: String = "none", trials: Int? = 12) -> SampleSweep {
        var sweep = SampleSweep()
        (sweep.method, sweep.prune, sweep.trials) = (method, prune, trials)
        return sweep
    }

    /// A request by the ends of names.
    private static func request(
        _ configurations: [[(String, SpecNode)]],
        adding: Bool = false,
        key: String? = nil
    ) -> EnqueueRequest {
        let maps = configurations.map { SpecNode.map($0.map { SpecEntry($0.0, $0.1) }) }
        return EnqueueRequest(configurations: .list(maps), addsTrials: adding, key: key)
    }

    private static func one(_ rate: Double, _ width: Int, adding: Bool = false, key: String? = nil) -> EnqueueRequest {
        request([[("learning_rate", .real(rate)), ("widths.0", .integer(width))]], adding: adding, key: key)
    }

    private static func configuration(_ rate: Double, _ width: Int) -> Configuration {
        Configuration([
            .init(path: Self.width, value: .integer(width)), .init(path: Self.rate, value: .real(rate)),
        ])
    }

    /// The request that asks for this configuration.
    private static func asking(for configuration: Configuration) -> EnqueueRequest {
        request([
            configuration.entries.map { entry in
                switch entry.value {
                case .integer(let value): (entry.path, SpecNode.integer(value))
                case .real(let value): (entry.path, SpecNode.real(value))
                case .flag(let value): (entry.path, SpecNode.boolean(value))
                case .text(let value): (entry.path, SpecNode.text(value))
                case .none: (entry.path, SpecNode.null)
                }
            }
        ])
    }

    private static let done = SteeringOutcome.done(SweepID(rawValue: 1))

    /// The sentence of a refusal; empty for anything else.
    private static func sentence(_ outcome: SteeringOutcome?) -> String {
        switch outcome {
        case .badInput(let text), .conflict(let text), .notFound(let text): text
        default: ""
        }
    }

    private static func isWrong(_ outcome: SteeringOutcome?) -> Bool {
        if case .badInput = outcome { true } else { false }
    }

    private static func isConflict(_ outcome: SteeringOutcome?) -> Bool {
        if case .conflict = outcome { true } else { false }
    }

    private static func finish(_ harness: inout CoreHarness, _ worker: inout CoreHarness.Worker) {
        AdjustmentTests.finish(&harness, &worker)
    }

    @Test(arguments: ["random", "grid", "sobol"])
    func `they come next in their order, and what the searcher proposes follows without a gap`(method: String) throws {
        var expected = CoreHarness()
        var helper = expected.join("a")
        _ = expected.submit(Self.sweep(method))
        Self.finish(&expected, &helper)
        let own = try #require(expected.sweep).trials.map(\.configuration)
        #expect(own.count == 12)

        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(Self.sweep(method))
        let begun = try #require(harness.sweep).trials.count
        #expect(begun > 0 && begun < 9)
        // One of its own that would come later, and one that it would never propose.
        #expect(harness.enqueue("sample", Self.asking(for: own[10])) == Self.done)
        #expect(harness.enqueue("sample", Self.one(0.02, 8)) == Self.done)
        Self.finish(&harness, &worker)
        let sweep = try #require(harness.sweep)
        #expect(sweep.state == .finished && sweep.trials.count == 12)
        let rest = own[begun...].filter { $0 != own[10] }
        let all = Array(own[..<begun]) + [own[10], Self.configuration(0.02, 8)] + rest
        #expect(sweep.trials.map(\.configuration) == Array(all.prefix(12)))
        #expect(sweep.enqueued.waiting.isEmpty && sweep.enqueued.trials == [begun + 1, begun + 2])
        #expect(harness.broken == [])
    }

    @Test(arguments: ["tpe", "gp", "cmaes", "evolution", "bohb", "nsga2", "random", "grid"])
    func `in virtual time a replay decides the same, and explains each trial`(method: String) throws {
        var harness = CoreHarness()
        var worker = harness.join("a", slots: 2)
        var sample = Self.sweep(method, prune: "asha", trials: method == "grid" ? nil : 27)
        sample.epochs = 3
        _ = harness.submit(sample)
        // A grid gives no point of its own away.
        let adding = method == "grid"
        #expect(harness.enqueue("sample", Self.one(0.02, 8, adding: adding)) == Self.done)
        for number in 1...3 {
            guard let lease = harness.lease(of: number) else { continue }
            harness.report(lease, lease.from + 1...lease.to, by: &worker)
            harness.end(lease, by: &worker)
        }
        let partial = Self.request([[("learning_rate", .real(0.03))], []], adding: adding)
        #expect(harness.enqueue("sample", partial) == Self.done)
        // With what waits a snapshot gives the same state.
        try Self.expectSame(harness.core, harness.facts)
        Self.finish(&harness, &worker)
        let sweep = try #require(harness.sweep)
        #expect(sweep.state == .finished && sweep.enqueued.waiting.isEmpty && sweep.enqueued.trials.count == 3)
        #expect(Set(sweep.trials.map(\.configurationID)).count == sweep.trials.count, "none twice")
        let restored = try Self.expectSame(harness.core, harness.facts)
        for number in 1...sweep.trials.count {
            let reason = try #require(sweep.explanation(of: number)?.reason, "trial \(number)")
            #expect((reason == .enqueued) == sweep.enqueued.trials.contains(number), "trial \(number)")
            #expect(restored.explanation(of: number)?.reason == reason)
        }
        #expect(harness.broken == [])
    }

    /// That the facts, and a snapshot, give the state of `core`; the sweep as the snapshot has it.
    @discardableResult private static func expectSame(_ core: CoordinatorCore, _ facts: [Fact]) throws -> SweepProgress
    {
        var replayed = CoordinatorCore(session: 43)
        for fact in facts { replayed.restore(fact) }
        #expect(replayed.snapshot.parts == core.snapshot.parts)
        var restoration = SnapshotRestoration(options: nil, session: 43)
        for part in core.snapshot.parts { try restoration.add(part) }
        let restored = try restoration.finish()
        #expect(restored.snapshot.parts == core.snapshot.parts)
        #expect(restored.brokenInvariants() == [])
        let sweep = try #require(restored.sweep(named: "sample"))
        #expect(sweep.enqueued == core.sweep(named: "sample")?.enqueued)
        return sweep
    }

    @Test func `what is left open is drawn, so that nothing is tried twice, and stands in the fact`() throws {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("tpe", trials: 30))
        let partial = Self.request([[("learning_rate", .real(0.02))]])
        #expect(harness.enqueue("sample", partial) == Self.done && harness.enqueue("sample", partial) == Self.done)
        let waiting = try #require(harness.sweep).enqueued.waiting
        #expect(Set(waiting) == [Self.configuration(0.02, 4), Self.configuration(0.02, 8)])
        let facts = harness.facts.compactMap { fact -> [Configuration]? in
            if case .sweepChanged(_, .enqueued(let configurations, _)) = fact { configurations } else { nil }
        }
        #expect(facts == waiting.map { [$0] })
        let refusal = harness.enqueue("sample", partial)
        #expect(Self.isWrong(refusal))
        #expect(
            Self.sentence(refusal)
                == "nothing new was found for the parameters that it leaves open, found \(Self.rate): 0.02, "
                + "allowed values with which it differs from every trial"
        )
    }

    @Test func `all of a request are taken or none, and every mistake is told`() throws {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("tpe", trials: 30))
        let before = harness.facts.count
        let good: [(String, SpecNode)] = [("learning_rate", .real(0.02)), ("widths.0", .integer(8))]
        let wrong: [([[(String, SpecNode)]], [String])] = [
            ([[("depth", .integer(2))]], ["no parameter of this name: depth, found 2, allowed "]),
            (
                [[("learning_rate", .integer(3))]],
                ["not an allowed value: learning_rate, found 3, allowed a value of {log: ["]
            ),
            ([[("learning_rate", .text("fast"))]], ["not an allowed value: learning_rate, found fast"]),
            ([[("learning_rate", .real(.nan))]], ["not a finite number"]),
            (
                [[("widths.0", .integer(5))]],
                ["not an allowed value: widths.0, found 5, allowed a value of {choice: [4, 8]}"]
            ),
            (
                [good, [("depth", .integer(2))], [("widths.0", .integer(5))]],
                [
                    "no parameter of this name: configurations[1].depth, found 2",
                    "not an allowed value: configurations[2].widths.0, found 5",
                ]
            ),
            (
                [good, good],
                ["configurations[1]: repeats configurations[0], found \(Self.width): 8, \(Self.rate): 0.02"]
            ),
            ([], ["an empty list: configurations"]),
        ]
        for (configurations, parts) in wrong {
            let outcome = harness.enqueue("sample", Self.request(configurations))
            #expect(Self.isWrong(outcome))
            for part in parts { #expect(Self.sentence(outcome).contains(part), "\(Self.sentence(outcome))") }
        }
        let single = harness.enqueue("sample", EnqueueRequest(configurations: .integer(3)))
        #expect(Self.isWrong(single), "\(Self.sentence(single))")
        #expect(
            harness.enqueue("other", Self.one(0.02, 8)) == .notFound("no sweep is called other; there are: sample")
        )
        #expect(harness.facts.count == before && harness.sweep?.enqueued.waiting.isEmpty == true)
    }

    @Test func `what was tried, or waits, is not taken again`() throws {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("tpe", trials: 30))
        let tried = try #require(harness.trial(2)).configuration
        let again = harness.enqueue("sample", Self.asking(for: tried))
        #expect(Self.isWrong(again) && Self.sentence(again).hasPrefix("trial 2 has this configuration, found "))
        #expect(harness.enqueue("sample", Self.one(0.02, 8)) == Self.done)
        let waits = harness.enqueue("sample", Self.one(0.02, 8))
        #expect(
            Self.sentence(waits)
                == "this configuration is enqueued already, at place 1, found \(Self.width): 8, \(Self.rate): 0.02, "
                + "allowed one that was not tried: equal ones have equal seeds and give the same numbers"
        )
        #expect(harness.sweep?.enqueued.waiting.count == 1)
    }

    @Test func `a request of a name that came before is done already`() throws {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("tpe", trials: 30))
        let request = Self.request([[("learning_rate", .real(0.02))]], key: "4f")
        #expect(harness.enqueue("sample", request) == Self.done)
        let facts = harness.facts.count
        #expect(harness.enqueue("sample", request) == Self.done && harness.facts.count == facts)
        #expect(harness.sweep?.enqueued.waiting.count == 1)
        let restored = try Self.expectSame(harness.core, harness.facts)
        #expect(restored.enqueued.keys == ["4f"])
        var other = request
        other.key = "50"
        #expect(harness.enqueue("sample", other) == Self.done && harness.sweep?.enqueued.waiting.count == 2)
    }

    @Test func `conditions of the sweep file hold for them`() throws {
        var harness = CoreHarness()
        let sample = Self.sweep("tpe", trials: 30)
        guard case .map(let entries) = sample.source else { return }
        let source = SpecNode.map(
            entries.map { entry in
                guard entry.key == "search", case .map(let search) = entry.value else { return entry }
                return SpecEntry("search", .map(search + [SpecEntry("where", .text("learning_rate < 0.5"))]))
            }
        )
        let draft = sample.draft
        let outcome = harness.submit(
            SweepDraft(
                source: source,
                text: draft.text,
                fileName: draft.fileName,
                dataSet: draft.dataSet,
                schema: draft.schema,
                coreVersion: draft.coreVersion,
                milliseconds: draft.milliseconds
            )
        )
        try #require(outcome == Self.done, "\(Self.sentence(outcome))")
        let broken = harness.enqueue("sample", Self.one(0.6, 8))
        #expect(
            Self.sentence(broken)
                == "does not meet a condition of search.where, found \(Self.width): 8, \(Self.rate): 0.6, "
                + "allowed what meets \"learning_rate < 0.5\""
        )
        let open = harness.enqueue("sample", Self.request([[("learning_rate", .real(0.6))]]))
        #expect(
            Self.isWrong(open) && Self.sentence(open).hasSuffix("from every trial and meets \"learning_rate < 0.5\"")
        )
        #expect(harness.enqueue("sample", Self.one(0.4, 8)) == Self.done)
    }

    @Test func `each takes a trial that is not begun; where none is left more are told of, or given`() throws {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("tpe", trials: 6))
        // Four are begun in virtual time, whoever trains them.
        #expect(harness.sweep?.trials.count == 4)
        #expect(harness.enqueue("sample", Self.one(0.02, 8)) == Self.done)
        let both = Self.request([
            [("learning_rate", .real(0.03)), ("widths.0", .integer(8))],
            [("learning_rate", .real(0.04)), ("widths.0", .integer(8))],
        ])
        let refusal = harness.enqueue("sample", both)
        #expect(
            refusal
                == .conflict(
                    "no trial of sample is left for it: 4 of 6 are begun, 1 enqueued before it waits; sweepd enqueue with --more "
                        + "gives it one of its own, sweepd set sample --trials NUMBER lets the search go on too"
                )
        )
        // Fewer trials than wait is refused too.
        #expect(
            harness.adjust("sample", SweepAdjustment(trials: 4))
                == .conflict("trials: found 4, but 4 trials of sample are begun and 1 enqueued; allowed from 5")
        )
        #expect(harness.adjust("sample", SweepAdjustment(trials: 5)) == Self.done)
        var more = both
        more.addsTrials = true
        #expect(harness.enqueue("sample", more) == Self.done)
        #expect(harness.sweep?.plannedTrials == 7 && harness.sweep?.enqueued.waiting.count == 3)
        var worker = harness.join("a")
        Self.finish(&harness, &worker)
        #expect(
            harness.sweep?.trials.suffix(3).map(\.configuration)
                == [0.02, 0.03, 0.04].map { Self.configuration($0, 8) }
        )
        #expect(harness.sweep?.state == .finished && harness.broken == [])
    }

    @Test func `with more it costs the search none of its trials, and a grid none of its points`() throws {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("tpe", trials: 30))
        #expect(harness.enqueue("sample", Self.one(0.02, 8, adding: true)) == Self.done)
        #expect(harness.sweep?.plannedTrials == 31)
        #expect(harness.enqueue("sample", Self.one(0.03, 8)) == Self.done)
        #expect(harness.sweep?.plannedTrials == 31)

        var grid = CoreHarness()
        var worker = grid.join("a")
        _ = grid.submit(Self.sweep("grid", trials: nil))
        let points = try #require(grid.sweep?.plannedTrials)
        let refusal = grid.enqueue("sample", Self.one(0.02, 8))
        #expect(
            refusal
                == .conflict(
                    "the trials of sample are the points of its grid, and not all of these are; sweepd enqueue with --more gives them "
                        + "trials of their own"
                )
        )
        #expect(grid.enqueue("sample", Self.one(0.02, 8, adding: true)) == Self.done)
        #expect(grid.sweep?.plannedTrials == points + 1)
        // A point of the grid comes sooner, and has a trial as it is.
        var plain = CoreHarness()
        var other = plain.join("a")
        _ = plain.submit(Self.sweep("grid", trials: nil))
        Self.finish(&plain, &other)
        var own = Self.asking(for: try #require(plain.sweep?.trials.last).configuration)
        own.addsTrials = true
        #expect(grid.enqueue("sample", own) == Self.done)
        #expect(grid.sweep?.plannedTrials == points + 1)
        Self.finish(&grid, &worker)
        let trained = try #require(grid.sweep).trials
        #expect(trained.count == points + 1 && Set(trained.map(\.configurationID)).count == points + 1)
        for harness in [harness, grid] { #expect(harness.broken == []) }
    }

    @Test(arguments: ["random", "grid"]) func `a finished sweep goes on for it alone`(method: String) throws {
        var harness = CoreHarness()
        var worker = harness.join("a")
        _ = harness.submit(Self.sweep(method, trials: method == "grid" ? nil : 3))
        Self.finish(&harness, &worker)
        let count = try #require(harness.sweep).trials.count
        #expect(harness.sweep?.state == .finished)
        let refusal = harness.enqueue("sample", Self.one(0.02, 8))
        #expect(Self.isConflict(refusal) && harness.sweep?.state == .finished)
        #expect(harness.enqueue("sample", Self.one(0.02, 8, adding: true)) == Self.done)
        #expect(harness.sweep?.state == .running)
        Self.finish(&harness, &worker)
        let sweep = try #require(harness.sweep)
        #expect(sweep.state == .finished && sweep.trials.count == count + 1)
        #expect(sweep.trials.last?.configuration == Self.configuration(0.02, 8))
        try Self.expectSame(harness.core, harness.facts)
        #expect(harness.broken == [])
    }

    @Test func `one has all the runs that the file asks for, after those that are begun`() throws {
        var harness = CoreHarness()
        var sample = Self.sweep("tpe", trials: 9)
        sample.repeats = 3
        _ = harness.submit(sample)
        // Of the second configuration one run is begun.
        #expect(harness.sweep?.trials.map(\.runOfConfiguration) == [0, 1, 2, 0])
        #expect(harness.enqueue("sample", Self.one(0.02, 8)) == Self.done)
        #expect(Self.isConflict(harness.enqueue("sample", Self.one(0.03, 8))))
        var worker = harness.join("a")
        Self.finish(&harness, &worker)
        let sweep = try #require(harness.sweep)
        #expect(sweep.trials.map(\.runOfConfiguration) == [0, 1, 2, 0, 1, 2, 0, 1, 2])
        #expect(sweep.trials.suffix(3).allSatisfy { $0.configuration == Self.configuration(0.02, 8) })
        #expect(sweep.enqueued.trials == [7] && sweep.explanation(of: 9)?.reason == .enqueued)
        #expect(sweep.explanation(of: 9)?.firstRun == 7)
    }

    @Test func `a sweep that rests takes them, one that is over does not`() throws {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("tpe", trials: 30))
        _ = harness.steer("sample", .pause)
        #expect(harness.enqueue("sample", Self.one(0.02, 8)) == Self.done)
        _ = harness.steer("sample", .cancel)
        #expect(
            harness.enqueue("sample", Self.one(0.03, 8, adding: true))
                == .conflict("sample is cancelled; nothing of it is tried any more")
        )
        // It was told that it waits, and the end came before.
        #expect(harness.sweep?.enqueued.waiting.count == 1 && harness.broken == [])
    }

    @Test func `finalists, a stop, planned rungs and a population have answers of their own`() throws {
        var finals = CoreHarness()
        var worker = finals.join("a")
        var sample = Self.sweep(trials: 4)
        sample.finalists = FinalistsSpec(top: 2, seeds: 2)
        _ = finals.submit(sample)
        Self.finish(&finals, &worker)
        #expect(
            finals.enqueue("sample", Self.one(0.02, 8, adding: true))
                == .conflict(
                    "the search of sample is over, its finalists are run with new seeds; submit it under another name"
                )
        )

        var stopped = CoreHarness()
        worker = stopped.join("a")
        sample = Self.sweep("tpe", trials: 20)
        sample.stop = StopSpec(epochs: 40)
        _ = stopped.submit(sample)
        Self.finish(&stopped, &worker)
        #expect(
            stopped.enqueue("sample", Self.one(0.02, 8, adding: true))
                == .conflict("the search of sample has ended as its stop says; submit it under another name")
        )

        var planned = CoreHarness()
        worker = planned.join("a")
        _ = planned.submit(Self.sweep(prune: "hyperband", trials: 9))
        Self.finish(&planned, &worker)
        let rungs = planned.enqueue("sample", Self.one(0.02, 8, adding: true))
        #expect(
            Self.sentence(rungs).hasPrefix("trials: the rungs of sample are planned for "),
            "\(Self.sentence(rungs))"
        )

        var population = CoreHarness()
        sample = SampleSweep()
        (sample.population, sample.parallelism) = (PopulationSpec(members: 4), 2)
        _ = population.submit(sample)
        #expect(population.sweep?.trials.count == 2)
        let two = Self.request([
            [("learning_rate", .real(0.02)), ("widths.0", .integer(8))],
            [("learning_rate", .real(0.03)), ("widths.0", .integer(8))],
        ])
        #expect(population.enqueue("sample", two) == Self.done)
        #expect(
            population.enqueue("sample", Self.one(0.04, 8, adding: true))
                == .conflict(
                    "the members of sample are all begun; its later trials are copies of them, and nothing can be enqueued"
                )
        )
        var parting = CoreHarness()
        sample = SampleSweep()
        (sample.branch, sample.prune) = (BranchSpec(after: 2), "none")
        _ = parting.submit(sample)
        let arm = parting.enqueue("sample", Self.one(0.02, 8, adding: true))
        #expect(
            Self.sentence(arm).hasPrefix("the runs of sample all go on from its first trial's state"),
            "\(Self.sentence(arm))"
        )
        for harness in [finals, stopped, planned, population, parting] { #expect(harness.broken == []) }
    }

    @Test func `a thousand may wait, and no more`() throws {
        var harness = CoreHarness()
        _ = harness.submit(Self.sweep("tpe", trials: 2000))
        let many = (1...1000).map { [("learning_rate", SpecNode.real(Double($0) / 1001)), ("widths.0", .integer(8))] }
        let tooMany = harness.enqueue("sample", Self.request(many + [[("learning_rate", .real(0.5))]]))
        #expect(Self.isWrong(tooMany) && Self.sentence(tooMany).contains("too many items: configurations"))
        #expect(harness.enqueue("sample", Self.request(many)) == Self.done)
        #expect(
            harness.enqueue("sample", Self.one(0.02, 4))
                == .conflict(
                    "1000 enqueued configurations of sample wait and 1 would come to them; allowed are 1000 at once"
                )
        )
        try Self.expectSame(harness.core, harness.facts)
        #expect(harness.broken == [])
    }
}
