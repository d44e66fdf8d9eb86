import SweepCore
import SweepWire
import Testing

@Suite struct WorkerObjectsTests {
    private static let data: [UInt8] = [7, 8, 9]
    private static let hash = WorkerBench.dataSet.hash
    private static let checkpoint = CheckpointID(hash: GoldenSamples.hash(9), size: 400_000)

    private func chunk(_ bytes: [UInt8], total: Int? = nil) -> Message {
        .objectChunk(ObjectChunk(hash: Self.hash, offset: 0, total: total ?? bytes.count, bytes: bytes))
    }

    @Test func `a lease waits for its data set, which is asked for once and told afterwards`() {
        var bench = WorkerBench(slots: 2, holdsData: false)
        _ = bench.connect()
        let asked = bench.receive(WorkerBench.assignments(1, 2))
        #expect(asked == [.send(.objectRequest(ObjectRequest(hash: Self.hash, offset: 0, length: 3)))])
        #expect(bench.receive(chunk(Self.data)) == [.keep(Self.hash, Self.data)])
        #expect(bench.handle(.objectKept(Self.hash)).begun == [1, 2])
        guard case .register(let register)? = bench.receive(.unknownSession).messages.first else {
            Issue.record("it did not register")
            return
        }
        #expect(register.dataSets == [WorkerBench.dataSet])
    }

    @Test func `an object that cannot be had ends the leases that need it`() {
        for (event, reason) in [
            (WorkerSession.Event.received(.objectMissing(ObjectMissing(hash: Self.hash))), "does not have it"),
            (.received(chunk([1, 2, 3, 4])), "it has 4 bytes, 3 were announced"),
        ] {
            var bench = WorkerBench(holdsData: false)
            _ = bench.connect()
            _ = bench.receive(WorkerBench.assignments(1, 2))
            let ends = bench.handle(event).messages
            #expect(ends.count == 2)
            for case .segmentEnded(let end) in ends {
                guard case .died(let text, _) = end.outcome else {
                    Issue.record("\(end.outcome)")
                    continue
                }
                #expect(text.contains(reason))
            }
        }
        var bench = WorkerBench(holdsData: false)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        _ = bench.receive(chunk(Self.data))
        let ends = bench.handle(.objectLost(Self.hash, reason: "another hash")).messages
        #expect(ends.map(\.kind) == [.segmentEnded])
    }

    @Test func `a request without an answer is repeated after five seconds, and on a new connection`() {
        var bench = WorkerBench(holdsData: false)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        for _ in 0..<4 {
            #expect(!bench.pass(.seconds(1)).messages.contains { $0.kind == .objectRequest })
            _ = bench.receive(.heartbeatAnswer)
        }
        #expect(bench.pass(.seconds(1)).messages.contains { $0.kind == .objectRequest })
        _ = bench.receive(.unknownSession)
        #expect(bench.receive(WorkerBench.welcome()).messages.map(\.kind) == [.objectRequest])
    }

    @Test func `a fetched checkpoint is dropped when its lease is done with`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        let id = CheckpointID(hash: GoldenSamples.hash(9), size: 2)
        let assignment = WorkerBench.assignment(1, checkpoint: id)
        #expect(
            bench.receive(.assignments(Assignments(leases: [assignment]))).messages
                == [.objectRequest(ObjectRequest(hash: id.hash, offset: 0, length: 2))]
        )
        _ = bench.receive(.objectChunk(ObjectChunk(hash: id.hash, offset: 0, total: 2, bytes: [1, 2])))
        #expect(bench.handle(.objectKept(id.hash)).begun == [1])
        _ = bench.handle(.ended(WorkerBench.lease(1), epoch: 3, .reached, checkpoint: nil))
        #expect(bench.receive(.acknowledged(Acknowledged(sequence: 1))) == [.discard(id.hash)])
    }

    /// A worker that has just handed a fetched checkpoint to its cache, and whose lease then ends by a verdict.
    private static func checking(_ id: CheckpointID) -> WorkerBench {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(.assignments(Assignments(leases: [WorkerBench.assignment(1, checkpoint: id)])))
        let whole = bench.receive(.objectChunk(ObjectChunk(hash: id.hash, offset: 0, total: 2, bytes: [1, 2])))
        #expect(whole.contains(.keep(id.hash, [1, 2])))
        let stop = Verdicts.Item(lease: WorkerBench.lease(1), stop: .cancelled)
        _ = bench.receive(.verdicts(Verdicts(items: [stop])))
        #expect(!bench.receive(.acknowledged(Acknowledged(sequence: 1))).contains(.discard(id.hash)))
        return bench
    }

    @Test func `a checkpoint whose lease ended while it was looked at is dropped when it is kept`() {
        let id = CheckpointID(hash: GoldenSamples.hash(9), size: 2)
        var bench = Self.checking(id)
        #expect(bench.handle(.objectKept(id.hash)) == [.discard(id.hash)])
        // It is not taken for one that is there.
        let later = bench.receive(.assignments(Assignments(leases: [WorkerBench.assignment(2, checkpoint: id)])))
        #expect(later.messages == [.objectRequest(ObjectRequest(hash: id.hash, offset: 0, length: 2))])
    }

    @Test func `a checkpoint whose lease ended while it was looked at stays when another lease needs it by then`() {
        let id = CheckpointID(hash: GoldenSamples.hash(9), size: 2)
        var bench = Self.checking(id)
        _ = bench.receive(.assignments(Assignments(leases: [WorkerBench.assignment(2, checkpoint: id)])))
        let kept = bench.handle(.objectKept(id.hash))
        #expect(kept.begun == [2] && !kept.contains(.discard(id.hash)))
    }

    @Test func `a checkpoint is stored before the segment's end is said, and the slot is free meanwhile`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(
            .assignments(Assignments(leases: [WorkerBench.assignment(1, keeps: true), WorkerBench.assignment(2)]))
        )
        let bytes = [UInt8](repeating: 5, count: Self.checkpoint.size)
        let made = WorkerCheckpoint(id: Self.checkpoint, bytes: bytes)
        let ended = bench.handle(.ended(WorkerBench.lease(1), epoch: 3, .reached, checkpoint: made))
        #expect(ended.begun == [2])
        #expect(ended.messages == [.objectOffer(ObjectOffer(hash: Self.checkpoint.hash, bytes: bytes))])
        let request = ObjectRequest(hash: Self.checkpoint.hash, offset: 262_144, length: 137_856)
        #expect(
            bench.receive(.objectRequest(request)).messages == request.chunks(of: bytes).map { .objectChunk($0) }
        )
        let end = bench.receive(.objectStored(ObjectStored(hash: Self.checkpoint.hash))).messages
        #expect(
            end == [
                .segmentEnded(
                    SegmentEnded(
                        sequence: 1,
                        lease: WorkerBench.lease(1),
                        epoch: 3,
                        outcome: .reached,
                        checkpoint: Self.checkpoint
                    )
                )
            ]
        )
        #expect(
            bench.receive(.objectRequest(request)).messages
                == [.objectMissing(ObjectMissing(hash: Self.checkpoint.hash))],
            "it is not kept after it was stored"
        )
    }

    @Test func `an offer without an answer is repeated, and a verdict withdraws it`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(.assignments(Assignments(leases: [WorkerBench.assignment(1, keeps: true)])))
        let id = CheckpointID(hash: GoldenSamples.hash(9), size: 3)
        let made = WorkerCheckpoint(id: id, bytes: [1, 2, 3])
        let offer = Message.objectOffer(ObjectOffer(hash: id.hash, bytes: [1, 2, 3]))
        #expect(
            bench.handle(.ended(WorkerBench.lease(1), epoch: 3, .reached, checkpoint: made)).messages == [offer]
        )
        _ = bench.receive(.unknownSession)
        #expect(bench.receive(WorkerBench.welcome()).messages == [offer])
        let stop = Verdicts(items: [Verdicts.Item(lease: WorkerBench.lease(1), stop: .superseded)])
        guard case .segmentEnded(let end)? = bench.receive(.verdicts(stop)).messages.first else {
            Issue.record("the lease was not ended")
            return
        }
        #expect(end.outcome == .cancelled && end.checkpoint == nil)
        #expect(bench.receive(.objectStored(ObjectStored(hash: id.hash))).isEmpty)
    }
}
