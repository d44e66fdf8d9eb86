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

    @Test func `an object too large for memory is handed on piece by piece, and begins anew when it is fetched anew`() {
        var bench = WorkerBench(holdsData: false, heldObject: 2)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        func piece(_ offset: Int, _ bytes: [UInt8]) -> Message {
            .objectChunk(ObjectChunk(hash: Self.hash, offset: offset, total: 3, bytes: bytes))
        }
        #expect(bench.receive(piece(0, [7, 8])) == [.add(Self.hash, offset: 0, [7, 8])])
        #expect(bench.receive(piece(0, [7, 8])).isEmpty, "a chunk that came twice")
        #expect(bench.receive(piece(2, [9])) == [.add(Self.hash, offset: 2, [9]), .keepAdded(Self.hash)])
        #expect(bench.handle(.objectKept(Self.hash)).begun == [1])
        // One byte less is held.
        var other = WorkerBench(holdsData: false, heldObject: 3)
        _ = other.connect()
        _ = other.receive(WorkerBench.assignments(1))
        #expect(other.receive(piece(0, [7, 8, 9])) == [.keep(Self.hash, Self.data)])
    }

    @Test func `the next window of a large object is asked for when the one before is put away`() {
        var bench = WorkerBench(slots: 1, holdsData: false, heldObject: 2)
        _ = bench.connect()
        let id = DataSetID(hash: GoldenSamples.hash(5), size: WireLimits.window + 1)
        let lease = WorkerBench.assignment(1, dataSet: id)
        let asked = bench.receive(.assignments(Assignments(leases: [lease]))).messages
        #expect(asked == [.objectRequest(ObjectRequest(hash: id.hash, offset: 0, length: WireLimits.window))])
        let bytes = [UInt8](repeating: 1, count: WireLimits.chunk)
        for offset in stride(from: 0, to: WireLimits.window, by: bytes.count) {
            let chunk = ObjectChunk(hash: id.hash, offset: offset, total: id.size, bytes: bytes)
            #expect(bench.receive(.objectChunk(chunk)) == [.add(id.hash, offset: offset, bytes)])
        }
        #expect(bench.handle(.added(id.hash, upTo: bytes.count)).isEmpty)
        let next = bench.handle(.added(id.hash, upTo: WireLimits.window)).messages
        #expect(next == [.objectRequest(ObjectRequest(hash: id.hash, offset: WireLimits.window, length: 1))])
        let last = bench.receive(
            .objectChunk(ObjectChunk(hash: id.hash, offset: WireLimits.window, total: id.size, bytes: [1]))
        )
        #expect(last == [.add(id.hash, offset: WireLimits.window, [1]), .keepAdded(id.hash)])
        // It is whole: nothing is left to ask for.
        #expect(bench.handle(.added(id.hash, upTo: id.size)).isEmpty)
        #expect(bench.handle(.objectKept(id.hash)).begun == [1])
    }

    private func piece(_ offset: Int, _ bytes: [UInt8], total: Int = 3) -> Message {
        .objectChunk(ObjectChunk(hash: Self.hash, offset: offset, total: total, bytes: bytes))
    }

    /// A worker that has handed on the first two bytes of an object too large for its memory.
    private func halfway() -> WorkerBench {
        var bench = WorkerBench(holdsData: false, heldObject: 2)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        #expect(bench.receive(piece(0, [7, 8])) == [.add(Self.hash, offset: 0, [7, 8])])
        return bench
    }

    @Test func `what came of a large object is dropped when the rest cannot be had, and it is fetched anew`() {
        for event in [Message.objectMissing(ObjectMissing(hash: Self.hash)), piece(2, [9], total: 4)] {
            var bench = halfway()
            let ended = bench.receive(event)
            #expect(ended.contains(.forgetAdded(Self.hash)))
            #expect(ended.messages.map(\.kind) == [.segmentEnded])
            let anew = bench.receive(WorkerBench.assignments(2)).messages
            #expect(anew == [.objectRequest(ObjectRequest(hash: Self.hash, offset: 0, length: 3))])
            #expect(bench.receive(piece(0, [7, 8])) == [.add(Self.hash, offset: 0, [7, 8])])
            #expect(bench.receive(piece(2, [9])).contains(.keepAdded(Self.hash)))
        }
    }

    @Test func `what came of a large object is dropped when its worker drains or its lease ends`() {
        var bench = halfway()
        #expect(bench.handle(.drain).contains(.forgetAdded(Self.hash)))
        // A checkpoint that its only lease waits for.
        let id = CheckpointID(hash: GoldenSamples.hash(9), size: 3)
        var other = WorkerBench(slots: 1, heldObject: 2)
        _ = other.connect()
        _ = other.receive(.assignments(Assignments(leases: [WorkerBench.assignment(1, checkpoint: id)])))
        let part = other.receive(.objectChunk(ObjectChunk(hash: id.hash, offset: 0, total: 3, bytes: [1, 2])))
        #expect(part == [.add(id.hash, offset: 0, [1, 2])])
        let stop = Verdicts.Item(lease: WorkerBench.lease(1), stop: .cancelled)
        _ = other.receive(.verdicts(Verdicts(items: [stop])))
        #expect(other.receive(.acknowledged(Acknowledged(sequence: 1))) == [.forgetAdded(id.hash)])
    }

    @Test func `nothing is dropped of an object that is held in memory, or of which nothing came`() {
        for (held, first) in [(3, true), (2, false)] {
            var bench = WorkerBench(holdsData: false, heldObject: held)
            _ = bench.connect()
            _ = bench.receive(WorkerBench.assignments(1))
            if first { _ = bench.receive(piece(0, [7, 8])) }
            let ended = bench.receive(.objectMissing(ObjectMissing(hash: Self.hash)))
            #expect(!ended.contains(.forgetAdded(Self.hash)))
        }
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

    /// A worker with one slot and room for five bytes of data sets, which trains leases 1, 2, … one after the other.
    private struct Shelf {
        var bench = WorkerBench(slots: 1, cachedData: 5)
        var trial = 0

        init() { _ = bench.connect() }

        /// Takes a lease on a data set of `size` bytes; what was discarded when it came.
        mutating func take(_ byte: UInt8, size: Int) -> [WorkerSession.Action] {
            trial += 1
            let id = DataSetID(hash: GoldenSamples.hash(byte), size: size)
            let actions = bench.receive(
                .assignments(Assignments(leases: [WorkerBench.assignment(trial, dataSet: id)]))
            )
            guard case .objectRequest? = actions.messages.first else { return actions }
            let bytes = [UInt8](repeating: byte, count: size)
            _ = bench.receive(.objectChunk(ObjectChunk(hash: id.hash, offset: 0, total: size, bytes: bytes)))
            return bench.handle(.objectKept(id.hash))
        }

        /// Ends the lease that was taken last, and has it committed.
        mutating func end() -> [WorkerSession.Action] {
            _ = bench.handle(.ended(WorkerBench.lease(trial), epoch: 3, .reached, checkpoint: nil))
            return bench.receive(.acknowledged(Acknowledged(sequence: UInt64(trial))))
        }

        /// What it says it holds, when it registers again.
        mutating func told() -> [DataSetID] {
            guard case .register(let register)? = bench.receive(.unknownSession).messages.first else { return [] }
            return register.dataSets
        }
    }

    @Test func `of data sets that no lease needs those used longest ago go, when there are too many`() {
        var shelf = Shelf()
        #expect(shelf.take(1, size: 3).begun == [1], "it has this one")
        #expect(!shelf.end().contains { if case .discard = $0 { true } else { false } })
        #expect(shelf.take(2, size: 2).begun == [2], "both have room")
        _ = shelf.end()
        // The first is used again, so the second goes for the third.
        #expect(shelf.take(1, size: 3).begun == [3])
        _ = shelf.end()
        let third = shelf.take(3, size: 1)
        #expect(third.begun == [4] && third.contains(.discard(GoldenSamples.hash(2))))
        #expect(!third.contains(.discard(GoldenSamples.hash(1))))
        _ = shelf.end()
        #expect(shelf.told().map(\.size) == [3, 1])
        // What was dropped is fetched again.
        _ = shelf.bench.receive(WorkerBench.welcome(last: 4))
        #expect(shelf.take(2, size: 2).begun == [5])
    }

    @Test func `a data set whose leases ended while it was looked at is not kept`() {
        var bench = WorkerBench(slots: 1, holdsData: false)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        #expect(bench.receive(chunk(Self.data)) == [.keep(Self.hash, Self.data)])
        _ = bench.receive(.verdicts(Verdicts(items: [Verdicts.Item(lease: WorkerBench.lease(1), stop: .cancelled)])))
        _ = bench.receive(.acknowledged(Acknowledged(sequence: 1)))
        #expect(bench.handle(.objectKept(Self.hash)) == [.discard(Self.hash)])
        let later = bench.receive(WorkerBench.assignments(2))
        #expect(later.messages == [.objectRequest(ObjectRequest(hash: Self.hash, offset: 0, length: 3))])
    }

    @Test func `a data set that a lease needs stays however large it is, and so does the one used last`() {
        var shelf = Shelf()
        _ = shelf.take(1, size: 3)
        _ = shelf.end()
        let large = shelf.take(4, size: 9)
        #expect(large.begun == [2] && large.contains(.discard(GoldenSamples.hash(1))))
        #expect(
            !shelf.end().contains(.discard(GoldenSamples.hash(4))),
            "the next lease is most often of the same sweep"
        )
        #expect(shelf.take(2, size: 1).contains(.discard(GoldenSamples.hash(4))))
        // Two leases at once: neither data set goes while both are needed.
        var both = Shelf()
        _ = both.take(1, size: 3)
        _ = both.take(4, size: 9)
        #expect(both.told().map(\.size) == [3, 9])
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

    @Test func `an offer is repeated after ever longer pauses, and what each of them brings is sent once`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(.assignments(Assignments(leases: [WorkerBench.assignment(1, keeps: true)])))
        let bytes = [UInt8](repeating: 5, count: Self.checkpoint.size)
        let made = WorkerCheckpoint(id: Self.checkpoint, bytes: bytes)
        let offer = ObjectOffer(hash: Self.checkpoint.hash, bytes: bytes)
        let ended = bench.handle(.ended(WorkerBench.lease(1), epoch: 3, .reached, checkpoint: made))
        #expect(ended.messages == [.objectOffer(offer)])
        /// The seconds after which it is offered again; the coordinator is heard each second.
        func seconds(_ bench: inout WorkerBench) -> Int? {
            for second in 1...100 {
                bench.now = bench.now.advanced(by: .seconds(1))
                _ = bench.receive(.heartbeatAnswer)
                let offers = bench.handle(.tick).messages.filter {
                    if case .objectOffer = $0 { true } else { false }
                }
                guard !offers.isEmpty else { continue }
                #expect(offers == [.objectOffer(ObjectOffer(hash: offer.hash, size: offer.size, head: []))])
                return second
            }
            return nil
        }
        #expect(seconds(&bench) == 5)
        #expect(seconds(&bench) == 10)
        let request = ObjectRequest(hash: offer.hash, offset: WireLimits.chunk, length: 137_856)
        #expect(bench.receive(.objectRequest(request)).messages.count == 1)
        #expect(bench.receive(.objectRequest(request)).messages.isEmpty)
        #expect(seconds(&bench) == 20)
        // A full disk is no slow link.
        let kind = MessageKind.objectOffer.rawValue
        _ = bench.receive(.problem(Problem(kind: kind, code: .unspecified, sentence: "no space left on device")))
        #expect(seconds(&bench) == 5)
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
