import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire

/// A small sweep's journal and snapshot, for what a restart reads.
enum RestoreSample {
    /// Its facts: trials that ended, wait at a rung, and are leased; a lost worker.
    static let facts: [Fact] = {
        var harness = CoreHarness()
        var sweep = SampleSweep()
        sweep.trials = 6
        _ = harness.submit(sweep)
        var worker = harness.join("a", slots: 2)
        for _ in 0..<3 {
            guard let number = harness.sweep?.trials.first(where: { $0.lease?.worker == worker.id })?.number,
                let lease = harness.lease(of: number)
            else { break }
            harness.report(
                lease,
                lease.from + 1...lease.to,
                notes: [TrialNote(epoch: lease.to, text: "seen")],
                by: &worker
            )
            harness.end(lease, by: &worker)
        }
        harness.tick(after: .seconds(60))
        return harness.facts
    }()

    /// What a user enqueues.
    private static let enqueued = Fact.sweepChanged(
        SweepID(rawValue: 1),
        .enqueued([
            Configuration([
                .init(path: "train.model.mlp.widths.0", value: .integer(8)),
                .init(path: "train.optimizer.sgd.learning_rate", value: .real(0.25)),
            ])
        ])
    )

    /// The facts from the third on as rows: first alone, then all, and one of what was enqueued.
    static var rows: [[UInt8]] {
        get throws {
            let rest = facts.dropFirst(2)
            return try rest.prefix(20).map { try JournalCodec.encode([$0]) } + [JournalCodec.encode(Array(rest))]
                + [JournalCodec.encode([enqueued])]
        }
    }

    /// A core that knows the sweep and its first trial.
    static let core: CoordinatorCore = {
        var core = CoordinatorCore(session: 1)
        for fact in facts.prefix(2) { core.restore(fact) }
        return core
    }()

    /// The parts of the snapshot of all facts.
    static let parts: [[UInt8]] = {
        var core = CoordinatorCore(session: 1)
        for fact in facts { core.restore(fact) }
        return core.snapshot.parts
    }()

    static var head: [UInt8] { parts[0] }
}
