import CoordinationSimulation
import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Each rule of the audit fires on what breaks it, and none on what the core does.
@Suite struct PlacementAuditTests {
    /// A coordinator with two sweeps of ready trials and one worker of four slots, and its core.
    static func standing(_ change: (inout SampleSweep, inout SampleSweep) -> Void) -> (CoreHarness, Register) {
        // With pruning all of them are decided at once, whoever has room.
        var first = SampleSweep()
        first.trials = 30
        first.parallelism = 30
        var second = first
        first.name = "first"
        second.name = "second"
        change(&first, &second)
        var harness = CoreHarness()
        _ = harness.submit(first)
        _ = harness.submit(second)
        let worker = harness.join("w", slots: 4)
        let register = harness.core.workers[worker.id]?.introduction
        return (harness, register!)
    }

    /// What the audit says of these leases, given to the worker by a core that is as it is after them.
    static func problems(
        _ leases: [(sweep: UInt32, trial: Int)],
        _ change: (inout SampleSweep, inout SampleSweep) -> Void = { _, _ in }
    ) -> [String] {
        let (harness, register) = standing(change)
        var audit = PlacementAudit()
        audit.registered(register)
        audit.replay(harness.facts.filter { if case .leased = $0 { false } else { true } })
        audit.add(
            leases.map { lease in
                let id = TrialID(sweep: SweepID(rawValue: lease.sweep), number: lease.trial)
                return .leased(
                    LeaseID(trial: id, attempt: Attempt(rawValue: 1)),
                    worker: register.worker,
                    from: 0,
                    to: 1
                )
            },
            harness.core,
            at: .zero
        )
        return audit.problems
    }

    @Test func `what the core gives is right`() {
        let (harness, register) = Self.standing { first, second in
            first.maxParallel = 2
            second.priority = 0
        }
        var audit = PlacementAudit()
        audit.registered(register)
        audit.add(harness.facts, harness.core, at: .zero)
        #expect(audit.problems == [])
        #expect(audit.choices > 0)
    }

    @Test func `more than a limit, a worker that does not fit, and more than it may hold are told`() {
        #expect(Self.problems([(1, 1), (2, 1), (1, 2), (2, 2)]).isEmpty)
        #expect(Self.problems([(1, 1), (2, 1), (1, 2), (2, 2)]) { first, _ in first.maxParallel = 1 }.count == 1)
        let unfit = Self.problems([(1, 1)]) { first, _ in first.requires = ["gpu": "yes"] }
        #expect(unfit.contains { $0.contains("lacks gpu=yes") })
        let wide = Self.problems([(1, 1)]) { first, _ in first.threads = 5 }
        #expect(wide.contains { $0.contains("it has 4 slots") })
        #expect(Self.problems([(1, 1), (2, 1), (1, 2), (2, 2), (1, 3)]).contains { $0.contains("holds 4 slots") })
    }

    @Test func `a lower priority before a higher, and a greater share before a smaller, are told`() {
        let low = Self.problems([(1, 1)]) { _, second in second.priority = 1 }
        #expect(low.contains { $0.contains("whose priority is higher") })
        let greedy = Self.problems([(1, 1), (1, 2)])
        #expect(greedy.contains { $0.contains("would hold 1 slots, not 2") })
    }

    @Test func `a free slot beside a ready trial is told`() {
        #expect(Self.problems([(1, 1), (2, 1), (1, 2)]).contains { $0.contains("has a slot free") })
    }
}
