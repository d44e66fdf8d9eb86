import SweepCore
import SweepWire
import Testing

/// A worker's process after a crash of the one before it: the same worker, with something to tell.
@Suite struct InheritanceTests {
    private static func death(_ trial: Int) -> SegmentEnded {
        SegmentEnded(
            sequence: 1,
            lease: WorkerBench.lease(trial),
            epoch: 2,
            outcome: .died(reason: "signal 11 (SIGSEGV) after epoch 2", log: "last words")
        )
    }

    @Test func `it registers what was taken down, and reports it behind what was committed`() {
        var bench = WorkerBench(inherited: [Self.death(1), Self.death(2)])
        let hello = bench.handle(.tick).messages
        guard case .register(let register)? = hello.first else {
            Issue.record("\(hello)")
            return
        }
        #expect(register.leases == [1, 2].map { HeldLease(lease: WorkerBench.lease($0), epoch: 2) })
        #expect(register.oldestSequence == 1)
        var expected = [Self.death(1), Self.death(2)]
        expected[0].sequence = 8
        expected[1].sequence = 9
        #expect(bench.receive(WorkerBench.welcome(last: 7)).messages == expected.map { .segmentEnded($0) })
        #expect(bench.session.owesInheritance)
        _ = bench.receive(.acknowledged(Acknowledged(sequence: 8)))
        #expect(bench.session.owesInheritance)
        _ = bench.receive(.acknowledged(Acknowledged(sequence: 9)))
        #expect(!bench.session.owesInheritance)
        // What comes next follows on.
        _ = bench.receive(WorkerBench.assignments(3))
        guard case .reports(let reports)? = bench.handle(WorkerBench.observed(3, 1)).messages.first else {
            Issue.record("no report")
            return
        }
        #expect(reports.sequence == 10)
    }

    @Test func `a lease that is given elsewhere already is not reported`() {
        var bench = WorkerBench(inherited: [Self.death(1), Self.death(2)])
        let told = bench.connect(last: 7, refused: [WorkerBench.lease(1)]).messages
        var expected = Self.death(2)
        expected.sequence = 8
        #expect(told == [.segmentEnded(expected)])
        _ = bench.receive(.acknowledged(Acknowledged(sequence: 8)))
        #expect(!bench.session.owesInheritance)
    }

    @Test func `an assignment of before the crash is not begun again`() {
        var bench = WorkerBench(inherited: [Self.death(1)])
        _ = bench.connect()
        #expect(bench.receive(WorkerBench.assignments(1, 2)).begun == [2])
    }

    @Test func `a process without a predecessor counts from one, whatever its first welcome says of others`() {
        var bench = WorkerBench()
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        guard case .reports(let reports)? = bench.handle(WorkerBench.observed(1, 1)).messages.first else {
            Issue.record("no report")
            return
        }
        #expect(reports.sequence == 1)
        // A later welcome with an older number does not turn the count back.
        _ = bench.receive(.unknownSession)
        let again = bench.receive(WorkerBench.welcome(last: 0)).messages
        #expect(again == [.reports(reports)])
    }

    @Test func `a trial that a drain stopped is handed back with its checkpoint`() {
        let checkpoint = WorkerCheckpoint(id: CheckpointID(hash: GoldenSamples.hash(5), size: 4), bytes: [1, 2, 3, 4])
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        _ = bench.handle(WorkerBench.observed(1, 1))
        _ = bench.receive(.acknowledged(Acknowledged(sequence: 1)))
        _ = bench.handle(.drain)
        let offers = bench.handle(.ended(WorkerBench.lease(1), epoch: 1, .cancelled, checkpoint: checkpoint)).messages
        #expect(offers == [.objectOffer(ObjectOffer(hash: checkpoint.id.hash, bytes: checkpoint.bytes))])
        let ends = bench.receive(.objectStored(ObjectStored(hash: checkpoint.id.hash))).messages
        #expect(
            ends == [
                .segmentEnded(
                    SegmentEnded(
                        sequence: 2,
                        lease: WorkerBench.lease(1),
                        epoch: 1,
                        outcome: .cancelled,
                        checkpoint: checkpoint.id
                    )
                )
            ]
        )
        #expect(bench.receive(.acknowledged(Acknowledged(sequence: 2))).exit == .drained)
    }

    @Test func `one that a verdict stopped is not, whatever it made`() {
        let checkpoint = WorkerCheckpoint(id: CheckpointID(hash: GoldenSamples.hash(5), size: 4), bytes: [1, 2, 3, 4])
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        let item = Verdicts.Item(lease: WorkerBench.lease(1), stop: .paused)
        #expect(bench.receive(.verdicts(Verdicts(items: [item]))).stopped == [1])
        let ends = bench.handle(.ended(WorkerBench.lease(1), epoch: 1, .cancelled, checkpoint: checkpoint)).messages
        #expect(
            ends == [
                .segmentEnded(SegmentEnded(sequence: 1, lease: WorkerBench.lease(1), epoch: 1, outcome: .cancelled))
            ]
        )
    }
}
