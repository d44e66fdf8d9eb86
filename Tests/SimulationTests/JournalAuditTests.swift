import CoordinationSimulation
import SweepCore
import SweepWire
import Testing

/// The audit is what finds a lie of the core, so each of its rules must fire, and none on what is right.
@Suite struct JournalAuditTests {
    static let trial = TrialID(sweep: SweepID(rawValue: 1), number: 1)
    static let worker = WorkerID(name: "w", incarnation: 1)
    static let checkpoint = CheckpointID(
        hash: SampleHash.hash,
        size: 16
    )

    enum SampleHash {
        static let hash = ContentHash(bytes: [UInt8](repeating: 7, count: 32))!
    }

    static func lease(_ attempt: UInt32) -> LeaseID { LeaseID(trial: trial, attempt: Attempt(rawValue: attempt)) }
    static func epochs(_ epochs: ClosedRange<Int>) -> [Observation] {
        epochs.map { Observation(epoch: $0, values: [1], seconds: 1) }
    }

    static let proposed = Fact.trialProposed(
        TrialProposal(
            trial: trial,
            configuration: Configuration([]),
            configurationIndex: 0,
            repeatIndex: 0,
            seed: 1
        )
    )
    static let begun = [
        proposed, .segmentDecided(trial, from: 0, to: 3, virtualEnd: 3, order: 0),
        .leased(lease(1), worker: worker, from: 0, to: 3), .observed(lease(1), epochs(1...2)),
    ]

    @Test func `a trial from its proposal to its end is in order`() {
        let facts =
            Self.begun + [
                .leaseEnded(Self.lease(1), .lapsed), .leased(Self.lease(2), worker: Self.worker, from: 0, to: 3),
                .observed(Self.lease(2), Self.epochs(3...3)), .checkpointKept(Self.trial, epoch: 3, Self.checkpoint),
                .leaseEnded(Self.lease(2), .superseded), .trialEnded(Self.trial, .completed),
                .workerSequence(Self.worker, sequence: 1), .workerSequence(Self.worker, sequence: 2),
            ]
        #expect(JournalAudit.problems(facts) == [])
    }

    static let wrong: [(String, [Fact])] = [
        ("a lease beside a lease", [.leased(lease(2), worker: worker, from: 0, to: 3)]),
        (
            "an attempt that does not rise",
            [.leaseEnded(lease(1), .lapsed), .leased(lease(1), worker: worker, from: 0, to: 3)]
        ),
        ("epochs of an old attempt", [.observed(lease(0), epochs(3...3))]),
        ("a gap in the epochs", [.observed(lease(1), epochs(4...4))]),
        ("epochs twice", [.observed(lease(1), epochs(2...2))]),
        ("a checkpoint of epochs that nobody has seen", [.checkpointKept(trial, epoch: 3, checkpoint)]),
        ("a second end", [.trialEnded(trial, .completed), .trialEnded(trial, .completed)]),
        ("an end that is none", [.trialEnded(trial, .running)]),
        (
            "a reading of an epoch that nobody has seen",
            [.measured(trial, PackedReading(Instruments.Reading(epoch: 3, layers: [])))]
        ),
        ("epochs after the end", [.trialEnded(trial, .completed), .observed(lease(1), epochs(3...3))]),
        ("a number twice", [.workerSequence(worker, sequence: 1), .workerSequence(worker, sequence: 1)]),
    ]

    @Test(arguments: wrong.indices) func `what no journal may hold is told`(index: Int) {
        let (name, facts) = Self.wrong[index]
        #expect(JournalAudit.problems(Self.begun + facts).count == 1, "\(name)")
    }

    @Test func `an acknowledged epoch that is nowhere is told, unless its lease had lost the trial`() {
        func problems(_ attempt: UInt32, _ last: Int) -> Int {
            let item = Reports.Item(lease: Self.lease(attempt), observations: Self.epochs(1...last))
            let said = Message.reports(Reports(sequence: 1, items: [item]))
            var audit = JournalAudit()
            for fact in Self.begun { audit.add(fact) { _, _ in nil } }
            audit.add(.workerSequence(WorkerID(name: "before", incarnation: 1), sequence: 1)) { _, _ in nil }
            audit.add(.workerSequence(Self.worker, sequence: 1)) { _, _ in said }
            return audit.problems.count
        }
        #expect(problems(1, 2) == 0)
        #expect(problems(1, 3) == 1)
        #expect(problems(0, 3) == 0)
    }

    @Test func `epochs that were said under another lease, or by another worker, are told`() {
        func problems(attempt: UInt32, worker: WorkerID) -> Int {
            let item = Reports.Item(lease: Self.lease(attempt), observations: Self.epochs(1...2))
            let said = Message.reports(Reports(sequence: 1, items: [item]))
            var audit = JournalAudit()
            for fact in Self.begun + [.workerSequence(worker, sequence: 1)] { audit.add(fact) { _, _ in said } }
            return audit.problems.count
        }
        #expect(problems(attempt: 1, worker: Self.worker) == 0)
        #expect(problems(attempt: 0, worker: Self.worker) == 1)
        #expect(problems(attempt: 1, worker: WorkerID(name: "other", incarnation: 1)) == 1)
    }

    @Test func `an acknowledged end whose lease goes on is told`() {
        func problems(_ more: [Fact]) -> Int {
            let end = SegmentEnded(sequence: 1, lease: Self.lease(1), epoch: 3, outcome: .reached)
            var audit = JournalAudit()
            for fact in Self.begun { audit.add(fact) { _, _ in nil } }
            audit.add(.workerSequence(WorkerID(name: "before", incarnation: 1), sequence: 1)) { _, _ in nil }
            for fact in more + [.workerSequence(Self.worker, sequence: 1)] {
                audit.add(fact) { _, _ in .segmentEnded(end) }
            }
            return audit.problems.count
        }
        #expect(problems([.leaseEnded(Self.lease(1), .superseded)]) == 0)
        #expect(problems([]) == 1)
    }
}
