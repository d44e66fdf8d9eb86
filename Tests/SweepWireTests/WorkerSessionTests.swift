import SweepCore
import SweepWire
import Testing

/// A worker session with its clock, and the coordinator's words at hand.
struct WorkerBench {
    var session: WorkerSession
    var now = Instant.zero

    static let dataSet = DataSetID(hash: GoldenSamples.hash(1), size: 3)

    init(
        slots: Int = 2,
        prefetch: Int = 4,
        holdsData: Bool = true,
        patience: Duration = .seconds(600),
        inherited: [SegmentEnded] = [],
        heldObject: Int = WireLimits.checkpoint,
        cachedData: Int = WorkerSession.Options.usualCachedData
    ) {
        session = WorkerSession(
            WorkerSession.Options(
                register: Register(
                    worker: WorkerID(name: "a", incarnation: 1),
                    host: "h",
                    pid: 1,
                    slots: slots,
                    prefetch: prefetch,
                    kernels: "v3",
                    coreVersion: "1",
                    softwareVersion: "1",
                    dataSets: holdsData ? [Self.dataSet] : []
                ),
                patience: patience,
                inherited: inherited,
                heldObject: heldObject,
                cachedData: cachedData
            )
        )
    }

    mutating func handle(_ event: WorkerSession.Event) -> [WorkerSession.Action] {
        session.handle(event, at: now, random: .max)
    }

    mutating func receive(_ message: Message) -> [WorkerSession.Action] { handle(.received(message)) }

    /// Opens the socket and is welcomed.
    mutating func connect(last: UInt64 = 0, refused: [LeaseID] = []) -> [WorkerSession.Action] {
        _ = handle(.tick)
        return receive(Self.welcome(last: last, refused: refused))
    }

    mutating func pass(_ duration: Duration) -> [WorkerSession.Action] {
        now = now.advanced(by: duration)
        return handle(.tick)
    }

    static func welcome(last: UInt64 = 0, refused: [LeaseID] = []) -> Message {
        .welcome(
            Welcome(
                session: 1,
                heartbeatMilliseconds: 1000,
                lapseMilliseconds: 3000,
                coordinator: "c",
                lastSequence: last,
                refused: refused
            )
        )
    }

    static func lease(_ trial: Int, _ attempt: UInt32 = 1) -> LeaseID {
        LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: trial), attempt: Attempt(rawValue: attempt))
    }

    static func assignment(
        _ trial: Int,
        checkpoint: CheckpointID? = nil,
        keeps: Bool = false,
        threads: Int? = nil,
        dataSet: DataSetID = dataSet
    ) -> Assignment {
        Assignment(
            lease: lease(trial),
            sweepName: "digits",
            spec: .map(threads.map { [SpecEntry("train", .map([SpecEntry("threads", .integer($0))]))] } ?? []),
            seed: 1,
            from: checkpoint == nil ? 0 : 1,
            to: 3,
            checkpoint: checkpoint,
            dataSet: dataSet,
            keepsCheckpoint: keeps,
            metrics: [.validationLoss]
        )
    }

    static func assignments(_ trials: Int...) -> Message {
        .assignments(Assignments(leases: trials.map { assignment($0) }))
    }

    static func observed(_ trial: Int, _ epoch: Int) -> WorkerSession.Event {
        let observation = Observation(epoch: epoch, values: [Double(epoch)], seconds: 0)
        return .observed([Reports.Item(lease: lease(trial), observations: [observation])])
    }
}

extension [WorkerSession.Action] {
    var messages: [Message] {
        compactMap { action in
            guard case .send(let message) = action else { return nil }
            return message
        }
    }
    var begun: [Int] {
        compactMap { action in
            guard case .begin(let assignment) = action else { return nil }
            return assignment.lease.trial.number
        }
    }
    var stopped: [Int] {
        compactMap { action in
            guard case .stop(let lease, _) = action else { return nil }
            return lease.trial.number
        }
    }
    var exit: WorkerSession.Exit? {
        for case .exit(let reason) in self { return reason }
        return nil
    }
    var opens: Bool { contains(.open) }
}

@Suite struct WorkerSessionTests {
    @Test func `it registers first, and again on the same socket when it is unknown`() {
        var bench = WorkerBench()
        let actions = bench.handle(.tick)
        #expect(actions.opens && actions.messages.map(\.kind) == [.register])
        #expect(!bench.session.isConnected)
        #expect(bench.receive(WorkerBench.welcome()).isEmpty)
        #expect(bench.session.isConnected)
        let again = bench.receive(.unknownSession)
        #expect(!again.opens && again.messages.map(\.kind) == [.register])
        #expect(bench.receive(.unknownSession).isEmpty, "once")
        #expect(bench.receive(WorkerBench.welcome()).isEmpty && bench.session.isConnected)
    }

    @Test func `leases begin in order as slots become free`() {
        var bench = WorkerBench(slots: 2)
        _ = bench.connect()
        #expect(bench.receive(WorkerBench.assignments(1, 2, 3, 4)).begun == [1, 2])
        let ended = bench.handle(.ended(WorkerBench.lease(2), epoch: 3, .reached, checkpoint: nil))
        #expect(ended.begun == [3])
        #expect(bench.receive(WorkerBench.assignments(1, 3)).begun.isEmpty, "leases it has")
        #expect(bench.session.leases == [1, 2, 3, 4].map { WorkerBench.lease($0) })
    }

    @Test func `a lease takes as many slots as its trial has threads, and lets no narrow one before it`() {
        func wide(_ trial: Int, _ threads: Int?) -> Message {
            .assignments(Assignments(leases: [WorkerBench.assignment(trial, threads: threads)]))
        }
        var bench = WorkerBench(slots: 4)
        _ = bench.connect()
        #expect(bench.receive(wide(1, nil)).begun == [1] && bench.session.busySlots == 1)
        #expect(bench.receive(wide(2, 2)).begun == [2] && bench.session.busySlots == 3)
        #expect(bench.receive(wide(3, 4)).begun.isEmpty, "one slot is free, four are needed")
        #expect(bench.receive(wide(4, nil)).begun.isEmpty, "it would keep the third waiting")
        #expect(
            bench.pass(.seconds(1)).messages.contains { message in
                if case .heartbeat(let beat) = message { beat.busySlots == 3 && beat.running.count == 2 } else { false }
            }
        )
        #expect(bench.handle(.ended(WorkerBench.lease(1), epoch: 3, .reached, checkpoint: nil)).begun.isEmpty)
        #expect(bench.handle(.ended(WorkerBench.lease(2), epoch: 3, .reached, checkpoint: nil)).begun == [3])
        #expect(bench.session.busySlots == 4)
        #expect(bench.handle(.ended(WorkerBench.lease(3), epoch: 3, .reached, checkpoint: nil)).begun == [4])
        // One that is wider than the worker takes all of it.
        #expect(bench.receive(wide(5, 9)).begun.isEmpty)
        #expect(bench.handle(.ended(WorkerBench.lease(4), epoch: 3, .reached, checkpoint: nil)).begun == [5])
        #expect(bench.session.busySlots == 4)
    }

    @Test func `epochs and ends are numbered in order and sent again after a reconnection`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        let first = bench.handle(WorkerBench.observed(1, 1)).messages
        let second = bench.handle(WorkerBench.observed(1, 2)).messages
        let end = bench.handle(.ended(WorkerBench.lease(1), epoch: 2, .notFinite, checkpoint: nil)).messages
        #expect((first + second + end).map(\.kind) == [.reports, .reports, .segmentEnded])
        _ = bench.receive(.acknowledged(Acknowledged(sequence: 1)))
        _ = bench.receive(.unknownSession)
        #expect(bench.receive(WorkerBench.welcome(last: 1)).messages == second + end)
        #expect(bench.session.leases == [WorkerBench.lease(1)], "held until its end is committed")
        _ = bench.receive(.acknowledged(Acknowledged(sequence: 3)))
        #expect(bench.session.leases.isEmpty)
    }

    @Test func `what is observed while no one listens is gathered into one batch`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        _ = bench.receive(.unknownSession)
        for epoch in 1...50 { #expect(bench.handle(WorkerBench.observed(1, epoch)).isEmpty) }
        let messages = bench.receive(WorkerBench.welcome()).messages
        guard messages.count == 1, case .reports(let reports) = messages[0] else {
            Issue.record("\(messages.count) messages")
            return
        }
        #expect(reports.items.count == 1 && reports.items[0].observations.map(\.epoch) == Array(1...50))
    }

    @Test func `a stop, notes and readings go out with the epochs they belong to`() throws {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        let lease = WorkerBench.lease(1)
        // More than one message holds, so that the item is cut on its way.
        let observations = (1...2000).map {
            Observation(epoch: $0, values: Array(repeating: 0, count: 60), seconds: 0)
        }
        let notes = [TrialNote(epoch: 3, text: "early"), TrialNote(epoch: 1999, text: "late")]
        let readings = [1, 1024, 2000].map { PackedReading(Instruments.Reading(epoch: $0, layers: [])) }
        let item = Reports.Item(
            lease: lease,
            observations: observations,
            stoppedEarly: true,
            notes: notes,
            readings: readings
        )
        let messages =
            bench.handle(.observed([item])).messages
            + bench.handle(.ended(lease, epoch: 2000, .stoppedEarly, checkpoint: nil)).messages
        var items: [Reports.Item] = []
        for case .reports(let reports) in messages { items += reports.items }
        #expect(items.count > 1)
        #expect(items.flatMap(\.observations) == observations)
        #expect(items.map(\.stoppedEarly) == items.indices.map { $0 == items.count - 1 })
        #expect(items.first?.notes == [notes[0]] && items.last?.notes == [notes[1]])
        #expect(items.flatMap(\.readings) == readings && items.last?.readings.contains(readings[2]) == true)
        #expect(
            items.allSatisfy { item in
                item.readings.allSatisfy { reading in item.observations.contains { $0.epoch == reading.epoch } }
            }
        )
        guard case .segmentEnded(let end)? = messages.last else {
            Issue.record("no end: \(messages.count) messages")
            return
        }
        #expect(end.outcome == .stoppedEarly && end.epoch == 2000 && end.checkpoint == nil)
    }

    @Test func `without acknowledgements it fills up, says so, begins nothing, and goes on afterwards`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1, 2))
        var sent = 0
        var epoch = 0
        while !bench.session.isFull, epoch < 100_000 {
            let observations = (1...500).map { Observation(epoch: epoch + $0, values: [0], seconds: 0) }
            epoch += 500
            sent +=
                bench.handle(.observed([Reports.Item(lease: WorkerBench.lease(1), observations: observations)]))
                .messages.count
        }
        while !bench.session.isFull {
            let big = (1...50).map {
                Observation(epoch: epoch + $0, values: Array(repeating: 0, count: 60), seconds: 0)
            }
            epoch += 50
            sent +=
                bench.handle(.observed([Reports.Item(lease: WorkerBench.lease(1), observations: big)])).messages
                .count
        }
        #expect(sent == ReliableSender.countLimit)
        let ended = bench.handle(.ended(WorkerBench.lease(1), epoch: epoch, .reached, checkpoint: nil))
        #expect(ended.begun.isEmpty)
        var acknowledged: UInt64 = 0
        var begun: [Int] = []
        while bench.session.leases.contains(WorkerBench.lease(1)), acknowledged < 10_000 {
            acknowledged += 1
            begun += bench.receive(.acknowledged(Acknowledged(sequence: acknowledged))).begun
        }
        #expect(begun == [2] && !bench.session.isFull)
    }

    @Test func `three silent beats open a new socket, then the pause doubles up to ten seconds`() {
        var bench = WorkerBench()
        _ = bench.connect()
        #expect(bench.pass(.seconds(1)).messages.map(\.kind) == [.heartbeat])
        #expect(bench.pass(.seconds(1)).messages.map(\.kind) == [.heartbeat])
        let lost = bench.pass(.seconds(1))
        #expect(lost.opens && lost.messages.map(\.kind) == [.register])
        var pauses: [Int64] = []
        for _ in 0..<8 {
            #expect(!bench.pass(.seconds(3)).opens, "no welcome for three seconds")
            guard let until = bench.session.deadline else {
                Issue.record("it does not wait")
                return
            }
            pauses.append(bench.now.duration(to: until).wholeNanoseconds / 1_000_000)
            #expect(bench.pass(bench.now.duration(to: until)).opens)
        }
        #expect(pauses == [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000])
    }

    @Test func `anything heard keeps the connection`() {
        var bench = WorkerBench()
        _ = bench.connect()
        for _ in 0..<20 {
            #expect(!bench.pass(.milliseconds(2900)).opens)
            _ = bench.receive(.heartbeatAnswer)
        }
    }

    /// The lengths of the first `count` pauses of a worker that no one answers, in nanoseconds.
    private func pauses(_ count: Int, random: UInt64) throws -> [Int64] {
        var bench = WorkerBench()
        _ = bench.handle(.tick)
        return try (0..<count).map { _ in
            bench.now = bench.now.advanced(by: .seconds(3))
            _ = bench.session.handle(.tick, at: bench.now, random: random)
            let until = try #require(bench.session.deadline)
            let pause = bench.now.duration(to: until).wholeNanoseconds
            bench.now = until
            _ = bench.handle(.tick)
            return pause
        }
    }

    @Test func `pauses are spread over half their length`() throws {
        #expect(try pauses(2, random: 0) == [125_000_000, 250_000_000])
        #expect(try pauses(2, random: .max) == [250_000_000, 500_000_000])
        // From the seventh pause on it is ten seconds; bits just under a half are under three quarters of it.
        let middle = try #require(try pauses(7, random: .max / 2).last)
        #expect((7_499_999_999...7_500_000_000).contains(middle))
    }

    @Test func `it gives up when the coordinator stays lost, not before`() {
        var bench = WorkerBench(patience: .seconds(60))
        _ = bench.handle(.tick)
        var exit: WorkerSession.Exit?
        while exit == nil, bench.now < Instant.zero.advanced(by: .seconds(120)) {
            bench.now = bench.session.deadline ?? bench.now
            exit = bench.handle(.tick).exit
        }
        #expect(exit == .lost)
        #expect(bench.now == Instant.zero.advanced(by: .seconds(60)))
        #expect(bench.handle(.tick).isEmpty && bench.session.deadline == nil)
    }

    @Test func `a refusal ends it, other problems are noted`() {
        var bench = WorkerBench()
        _ = bench.connect()
        let problem = Problem(kind: 0x12, code: .undecodable, sentence: "?")
        #expect(bench.receive(.problem(problem)) == [.note(problem)])
        let refusal = Problem(kind: 0x10, code: .refused, sentence: "another key has this name")
        #expect(bench.receive(.problem(refusal)).exit == .refused(sentence: "another key has this name"))
    }

    @Test func `verdicts end a lease with cancelled, wherever it stands`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1, 2))
        let items = [1, 2, 9].map { Verdicts.Item(lease: WorkerBench.lease($0), stop: .cancelled) }
        let actions = bench.receive(.verdicts(Verdicts(items: items)))
        #expect(actions.stopped == [1])
        guard case .segmentEnded(let end)? = actions.messages.first else {
            Issue.record("the queued lease was not ended")
            return
        }
        #expect(end.lease == WorkerBench.lease(2) && end.outcome == .cancelled && actions.messages.count == 1)
        let stopped = bench.handle(.ended(WorkerBench.lease(1), epoch: 1, .cancelled, checkpoint: nil))
        #expect(stopped.messages.map(\.kind) == [.segmentEnded])
    }

    @Test func `refused leases are stopped and forgotten without a word`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1, 2))
        _ = bench.receive(.unknownSession)
        _ = bench.handle(WorkerBench.observed(1, 1))
        let actions = bench.receive(WorkerBench.welcome(refused: [WorkerBench.lease(1), WorkerBench.lease(2)]))
        #expect(actions.stopped == [1] && actions.messages.isEmpty)
        #expect(bench.session.leases.isEmpty)
        #expect(bench.receive(WorkerBench.assignments(3)).begun.isEmpty, "the slot is busy until its trainer stopped")
        let ended = bench.handle(.ended(WorkerBench.lease(1), epoch: 2, .cancelled, checkpoint: nil))
        #expect(ended.begun == [3] && ended.messages.isEmpty)
    }

    @Test func `a registration lists what is held`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1, 2))
        _ = bench.handle(WorkerBench.observed(1, 1))
        guard case .register(let register)? = bench.receive(.unknownSession).messages.first else {
            Issue.record("it did not register")
            return
        }
        #expect(
            register.leases == [
                HeldLease(lease: WorkerBench.lease(1), epoch: 1), HeldLease(lease: WorkerBench.lease(2), epoch: 0),
            ]
        )
        #expect(register.oldestSequence == 1)
    }

    @Test func `a drained worker hands back, finishes, says goodbye and ends`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1, 2))
        #expect(
            bench.receive(.drain).messages == [.draining(Draining(handedBack: [WorkerBench.lease(2)]))]
        )
        #expect(
            bench.receive(WorkerBench.assignments(3)).messages
                == [.draining(Draining(handedBack: [WorkerBench.lease(3)]))],
            "an assignment that crossed"
        )
        #expect(bench.handle(.ended(WorkerBench.lease(1), epoch: 3, .reached, checkpoint: nil)).exit == nil)
        let last = bench.receive(.acknowledged(Acknowledged(sequence: 1)))
        #expect(last.messages == [.goodbye(Goodbye(reason: "drained"))] && last.exit == .drained)
    }

    @Test func `what is handed back while no one listens is told after the welcome`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1, 2))
        _ = bench.receive(.unknownSession)
        #expect(bench.handle(.drain).isEmpty)
        #expect(
            bench.receive(WorkerBench.welcome()).messages
                == [.draining(Draining(handedBack: [WorkerBench.lease(2)]))]
        )
    }

    @Test func `leaving stops the trainers at once`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        let actions = bench.handle(.leave(reason: "interrupted"))
        #expect(actions.messages == [.goodbye(Goodbye(reason: "interrupted"))])
        #expect(actions.stopped == [1] && actions.exit == .left(reason: "interrupted"))
    }

    @Test func `heartbeats carry how far the running trials are`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1, 2))
        let progress = Heartbeat.Progress(lease: WorkerBench.lease(1), epoch: 2, step: 40)
        _ = bench.handle(.progress([progress]))
        #expect(
            bench.pass(.seconds(1)).messages == [.heartbeat(Heartbeat(running: [progress], busySlots: 1))]
        )
    }

    @Test func `a coordinator that says goodbye is looked for again`() {
        var bench = WorkerBench(slots: 1)
        _ = bench.connect()
        _ = bench.receive(WorkerBench.assignments(1))
        #expect(bench.receive(.goodbye(Goodbye(reason: "stopped"))).isEmpty)
        #expect(bench.session.leases == [WorkerBench.lease(1)], "it trains on")
        #expect(bench.pass(.milliseconds(250)).opens)
    }

    @Test func `what is not for a worker is answered with a problem, and never a problem with one`() {
        var bench = WorkerBench()
        _ = bench.connect()
        for message in GoldenSamples.messages {
            switch message {
            case .register, .heartbeat, .reports, .segmentEnded, .draining, .request, .response, .objectOffer, .welcome:
                guard case .problem(let problem)? = bench.receive(message).messages.first else {
                    Issue.record("\(message.kind) was not refused")
                    continue
                }
                #expect(problem.code == .notAllowed)
            default: break
            }
        }
        #expect(
            bench.handle(.unreadable(WireError(.unknownKind, kind: 0x7F, "?"))).messages
                == [.problem(Problem(kind: 0x7F, code: .unknownKind, sentence: "?"))]
        )
        #expect(bench.handle(.unreadable(WireError(.badVersion, kind: 1, "?"))).isEmpty)
    }
}
