import Dispatch
import Foundation
import Logging
import SweepCoordination
import SweepCoordinator
import SweepCore
import SweepMessaging
import SweepReports
import SweepTestKit
import SweepWire
import Testing

/// Keys at their limits, through a port that proves keys: who has more than he may is told so, and workers of other keys go on meanwhile.
@Suite(.timeLimit(.minutes(3))) struct KeyLimitTests {
    /// A coordinator with a sweep of many trials, and the keys of those who come to it.
    private final class Port: Sendable {
        let coordinator: Coordinator
        let endpoint: String
        let registry: PrometheusRegistry
        let logs: LogLines
        /// The key that comes to its limit, and one that works.
        let greedy: CurveKeyPair
        let honest: CurveKeyPair
        private let server: CurveKeyPair
        private let context: ZMQContext
        private let sample: StoreSample

        init(greedy role: Role) async throws {
            let (registry, logs) = (PrometheusRegistry(), LogLines(level: .warning))
            let (server, greedy, honest) = (try CurveKeyPair(), try CurveKeyPair(), try CurveKeyPair())
            var sweep = SampleSweep()
            (sweep.prune, sweep.trials, sweep.epochs) = ("none", 1_000, 3)
            var harness = CoreHarness()
            _ = harness.submit(sweep)
            let sample = try StoreSample([harness.facts])
            let allowed = AuthorizedKeys([
                AuthorizedKey(key: greedy.publicKey, role: role), AuthorizedKey(key: honest.publicKey, role: .admin),
            ])
            let coordinator = try Coordinator(
                CoordinatorServiceOptions(
                    directory: sample.path,
                    listen: "tcp://127.0.0.1:*",
                    security: .curve(server, allowed: .list(allowed)),
                    // Nobody here beats: none is to be missed.
                    core: CoordinatorOptions(heartbeat: .seconds(60)),
                    coreVersion: "core-1"
                ),
                metrics: CoordinatorMetrics(factory: registry),
                logger: logs.logger
            )
            endpoint = try await coordinator.open()
            (self.coordinator, self.registry, self.logs, self.sample) = (coordinator, registry, logs, sample)
            (self.server, self.greedy, self.honest) = (server, greedy, honest)
            context = try ZMQContext()
        }

        /// A connection of a key.
        func connection(_ keys: CurveKeyPair) throws -> Connection {
            try Connection(endpoint, .curve(keys, server: server.publicKey), in: context)
        }

        func count(_ limit: KeyLimit) throws -> Double? {
            try PrometheusText(registry.text)["sweepd_key_limits_total", ["limit": limit.rawValue]]
        }

        /// Does what blocks on a thread of its own, and closes the coordinator whatever comes of it.
        func whileServing(_ body: @escaping @Sendable (Port) throws -> Void) async throws {
            let thread = ReadingThreads(count: 1, name: "clients")
            let result = await thread.run { Result { try body(self) } }
            thread.stop()
            await coordinator.close()
            try result.get()
        }
    }

    /// One connection, on which each question waits for its answer.
    private struct Connection {
        private let socket: ClientSocket

        init(_ endpoint: String, _ security: ClientSecurity, in context: ZMQContext) throws {
            socket = try ClientSocket(connectingTo: endpoint, security: security, in: context)
            try #require(socket.waitUntilConnected(timeout: .seconds(20)) == .connected)
        }

        func say(_ message: Message) throws { try #require(socket.send(message.encode()) == .sent) }

        func next() throws -> Message {
            try Message.decode(try #require(socket.receive(timeout: .seconds(20)), "nothing came"))
        }

        /// The next message of which `take` makes something.
        func next<Value>(_ take: (Message) -> Value?) throws -> Value {
            while true {
                if let value = take(try next()) { return value }
            }
        }

        /// Registers processes of no sweep's core; the sentences of those that were refused. What was said before has been taken then.
        func register(_ numbers: some Sequence<Int>, slots: Int = 1) throws -> [String] {
            var refused: [String] = []
            var rest = Array(numbers)[...]
            while !rest.isEmpty {
                let part = rest.prefix(100)
                rest = rest.dropFirst(100)
                for number in part {
                    let register = KeyLimitTests.introduction("greedy", number, slots: slots, coreVersion: "another")
                    try say(.register(register))
                }
                var answers = 0
                while answers < part.count {
                    switch try next() {
                    case .welcome: answers += 1
                    case .problem(let problem) where problem.code == .refused:
                        answers += 1
                        refused.append(problem.sentence)
                    default: break
                    }
                }
            }
            return refused
        }

        func ask(_ request: ControlRequest, id: Int) throws {
            try say(.request(ClientRequest(id: UInt64(id), verb: request.verb, body: request.body.bytes)))
        }

        func response() throws -> ClientResponse {
            try next { if case .response(let response) = $0 { response } else { nil } }
        }
    }

    /// A worker with one slot, which trains what it is given.
    private struct HonestWorker {
        private let connection: Connection
        private let training = CoreHarness()
        private var waiting: [Assignment] = []
        private var sequence: UInt64 = 0

        init(_ connection: Connection) throws {
            self.connection = connection
            try connection.say(.register(KeyLimitTests.introduction("honest", 1, slots: 1, coreVersion: "core-1")))
            let isWelcome: Bool = try connection.next { if case .welcome = $0 { true } else { nil } }
            try #require(isWelcome)
        }

        /// Trains a trial to its end; returns when all of it is acknowledged.
        mutating func trainOne() throws {
            while waiting.isEmpty { try hear() }
            let assignment = waiting.removeFirst()
            let observations = (assignment.from + 1...assignment.to).map { training.observation(assignment, epoch: $0) }
            let item = Reports.Item(lease: assignment.lease, observations: observations)
            try acknowledged(.reports(Reports(sequence: sequence + 1, items: [item])))
            try acknowledged(
                .segmentEnded(
                    SegmentEnded(
                        sequence: sequence + 1,
                        lease: assignment.lease,
                        epoch: assignment.to,
                        outcome: .reached
                    )
                )
            )
        }

        private mutating func acknowledged(_ message: Message) throws {
            sequence += 1
            try connection.say(message)
            while try hear() != sequence {}
        }

        /// Takes the next message in; the number that it acknowledges, if it does.
        @discardableResult
        private mutating func hear() throws -> UInt64? {
            switch try connection.next() {
            case .assignments(let batch): waiting += batch.leases
            case .acknowledged(let acknowledged): return acknowledged.sequence
            default: break
            }
            return nil
        }
    }

    private static func introduction(_ name: String, _ number: Int, slots: Int, coreVersion: String) -> Register {
        Register(
            worker: WorkerID(name: name, incarnation: UInt64(number)),
            host: "here",
            pid: 1,
            slots: slots,
            prefetch: 0,
            kernels: "none",
            coreVersion: coreVersion,
            softwareVersion: "0"
        )
    }

    @Test func `a key with as many worker processes as it may have is told so, and who leaves makes room`() async throws
    {
        let port = try await Port(greedy: .worker)
        try await port.whileServing { port in
            var honest = try HonestWorker(port.connection(port.honest))
            let greedy = try port.connection(port.greedy)
            // As many as there may be; a trial is trained after each so many.
            var names = (1...WorkersOfKeys.ofKey)[...]
            while !names.isEmpty {
                let part = names.prefix(2_048)
                names = names.dropFirst(2_048)
                #expect(try greedy.register(part) == [])
                try honest.trainOne()
            }
            let sentence =
                "16384 worker processes of this key are registered, which is as many as a key may have"
            #expect(try greedy.register([20_000, 20_001]) == [sentence, sentence])
            #expect(try port.count(.workers) == 2)
            try honest.trainOne()
            // Who is known comes back, and leaves.
            #expect(try greedy.register([7]) == [])
            try greedy.say(.goodbye(Goodbye(reason: "done")))
            #expect(try greedy.register([20_000, 20_001]) == [sentence])
            #expect(try port.count(.workers) == 3)
            try honest.trainOne()
        }
        let isTold = try await port.logs.wait(
            for: "a key has as many worker processes as it may have; further ones are refused"
        )
        #expect(isTold)
    }

    @Test func `a worker and a key with more slots than they may have are told so`() async throws {
        let port = try await Port(greedy: .worker)
        try await port.whileServing { port in
            var honest = try HonestWorker(port.connection(port.honest))
            let greedy = try port.connection(port.greedy)
            #expect(
                try greedy.register([1], slots: 65_536)
                    == ["65536 slots are more than a worker may have: start it with at most 4096"]
            )
            #expect(try greedy.register(1...256, slots: 4_096) == [])
            try honest.trainOne()
            #expect(
                try greedy.register([257])
                    == [
                        "the workers of a key may have 1048576 slots together; with the 1 of this one there would be more"
                    ]
            )
            #expect(try port.count(.slots) == 2)
            // Another key has its own, and the same one may have fewer.
            try honest.trainOne()
            #expect(try greedy.register([256], slots: 4_095) == [])
            #expect(try greedy.register([257]) == [])
        }
        let isTold = try await port.logs.wait(
            for: "a key's workers have as many slots as they may have; registrations with more are refused"
        )
        #expect(isTold)
    }

    @Test func `a key with as many requests under way as it may have is told so, until some are answered`() async throws
    {
        let port = try await Port(greedy: .reader)
        // Those who make long answers stand at the gate.
        let gate = DispatchSemaphore(value: 0)
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        for _ in 0..<2 {
            Task {
                await port.coordinator.readings.run {
                    hasBegun.yield()
                    gate.wait()
                }
            }
        }
        var standing = begun.makeAsyncIterator()
        for _ in 0..<2 { _ = await standing.next() }
        try await port.whileServing { port in
            var isOpen = false
            func open() {
                if !isOpen { for _ in 0..<2 { gate.signal() } }
                isOpen = true
            }
            defer { open() }
            var honest = try HonestWorker(port.connection(port.honest))
            let (each, all) = (RequestsUnderWay.ofConnection, RequestsUnderWay.ofKey)
            let explain = ControlRequest.explain(sweep: "sample", trial: 1)
            func refusal(_ response: ClientResponse) throws -> String {
                #expect(response.status == .badInput)
                let error = try ControlError(json: JSONValue(parsing: response.body))
                #expect(error.code == .conflict)
                return error.message
            }
            var connections: [Connection] = []
            for _ in 0..<all / each {
                let connection = try port.connection(port.greedy)
                // What one connection may not have is refused; all before it are under way then.
                for id in 1...each + 1 { try connection.ask(explain, id: id) }
                #expect(
                    try refusal(connection.response())
                        == "16 requests of this connection are under way: send more when these are answered"
                )
                connections.append(connection)
            }
            try honest.trainOne()
            let next = try port.connection(port.greedy)
            try next.ask(explain, id: 1)
            #expect(
                try refusal(next.response())
                    == "1024 requests of this key are under way: send more when these are answered"
            )
            #expect(try port.count(.requests) == 1)
            // Another key's requests are answered, and its worker's reports taken.
            let other = try port.connection(port.honest)
            try other.ask(.list, id: 1)
            #expect(try other.response().status == .done)
            try honest.trainOne()
            open()
            for connection in connections {
                let ids = try (0..<each).map { _ in
                    let response = try connection.response()
                    #expect(response.status == .done)
                    return response.id
                }
                #expect(Set(ids) == Set((1...each).map { UInt64($0) }))
            }
            try next.ask(explain, id: 2)
            #expect(try next.response().status == .done)
            #expect(try port.count(.requests) == 1)
        }
        let isTold = try await port.logs.wait(
            for: "a key has as many requests under way as it may have; further ones are refused"
        )
        #expect(isTold)
    }

    @Test func `of a key whose objects wait for the disk more is passed over, and other keys' are taken`() async throws
    {
        let port = try await Port(greedy: .worker)
        // The disk stands at the gate.
        let gate = DispatchSemaphore(value: 0)
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        port.coordinator.objects.loop.perform {
            hasBegun.yield()
            gate.wait()
        }
        var standing = begun.makeAsyncIterator()
        _ = await standing.next()
        try await port.whileServing { port in
            var isOpen = false
            func open() {
                if !isOpen { gate.signal() }
                isOpen = true
            }
            defer { open() }
            var honest = try HonestWorker(port.connection(port.honest))
            let absent = SyntheticTraining.hash(of: Array("nowhere".utf8))
            let window = Message.objectRequest(ObjectRequest(hash: absent, offset: 0, length: WireLimits.window))
            let cost = TransfersUnderWay.cost(of: window)
            let (each, all) = (TransfersUnderWay.ofConnection / cost, TransfersUnderWay.ofKey / cost)
            #expect(each == 99 && all == 382)
            /// Sends so many on a connection; they have been taken when it returns.
            func send(_ count: Int, on connection: Connection) throws {
                for _ in 0..<count { try connection.say(window) }
                #expect(try connection.register([1]) == [])
            }
            func missing(_ connection: Connection) throws -> Bool {
                try connection.next { if case .objectMissing(let missing) = $0 { missing.hash == absent } else { nil } }
            }
            var connections: [(connection: Connection, count: Int)] = []
            for count in [each, each, each, all - 3 * each] {
                let connection = try port.connection(port.greedy)
                try send(count, on: connection)
                connections.append((connection, count))
            }
            #expect(try port.count(.transfers) == 0)
            try send(2, on: connections[3].connection)
            #expect(try port.count(.transfers) == 2)
            // Another connection may have its one window, and that is all.
            let last = try port.connection(port.greedy)
            try send(2, on: last)
            connections.append((last, 1))
            #expect(try port.count(.transfers) == 3)
            // Another key's waits with the others, and its reports do not wait for that disk.
            let other = try port.connection(port.honest)
            for _ in 0..<2 { try other.say(window) }
            try honest.trainOne()
            open()
            for (connection, count) in connections {
                for _ in 0..<count { #expect(try missing(connection)) }
            }
            for _ in 0..<2 { #expect(try missing(other)) }
            // There is room again.
            try last.say(window)
            #expect(try missing(last))
            #expect(try port.count(.transfers) == 3)
        }
        let isTold = try await port.logs.wait(
            for: "a key's objects wait for the disk; what more comes of them is passed over and sent again"
        )
        #expect(isTold)
    }
}
