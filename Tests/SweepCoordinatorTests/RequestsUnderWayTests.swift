import Dispatch
import Logging
import SweepCoordinator
import SweepMessaging
import SweepReports
import SweepTestKit
import SweepWire
import Testing

@Suite struct RequestsUnderWayTests {
    @Test func `of one connection no more requests are answered at once than may, and the others are not held up`() {
        var requests = RequestsUnderWay()
        let (one, other) = (ConnectionID(number: 1), ConnectionID(number: 2))
        for _ in 0..<RequestsUnderWay.ofConnection { #expect(requests.begin(of: one) == nil) }
        #expect(requests.begin(of: one) == .ofConnection)
        #expect(requests.begin(of: other) == nil)
        // An answer makes room for one.
        requests.end(of: one)
        #expect(requests.begin(of: one) == nil)
        #expect(requests.begin(of: one) == .ofConnection)
        // Nothing is kept of who waits for nothing.
        for _ in 0..<RequestsUnderWay.ofConnection { requests.end(of: one) }
        #expect(requests.connections == 1)
        requests.end(of: other)
        requests.end(of: other)
        #expect(requests.connections == 0)
    }

    @Test func `of one key no more requests are answered at once than may, on however many connections`() throws {
        var requests = RequestsUnderWay()
        let greedy = try #require(CurvePublicKey(bytes: [UInt8](repeating: 1, count: 32)))
        let other = try #require(CurvePublicKey(bytes: [UInt8](repeating: 2, count: 32)))
        // As many programs as may share a key, each with one request: none is refused.
        for number in 1...RequestsUnderWay.ofKey {
            #expect(requests.begin(of: ConnectionID(number: UInt32(number)), key: greedy) == nil)
        }
        let next = ConnectionID(number: UInt32(RequestsUnderWay.ofKey + 1))
        #expect(requests.begin(of: next, key: greedy) == .ofKey)
        // Of another key, and of a machine that has none, they are answered.
        #expect(requests.begin(of: next, key: other) == nil)
        #expect(requests.begin(of: ConnectionID(number: UInt32.max)) == nil)
        requests.end(of: ConnectionID(number: 1), key: greedy)
        #expect(requests.begin(of: next, key: greedy) == nil && requests.keys == 2)
        requests.end(of: next, key: greedy)
        requests.end(of: next, key: other)
        for number in 2...RequestsUnderWay.ofKey {
            requests.end(of: ConnectionID(number: UInt32(number)), key: greedy)
        }
        #expect(requests.keys == 0 && requests.connections == 1)
    }

    /// Sends one request more than may be under way, and calls `answered` at the first answer; all answers, as they came.
    private static func ask(_ endpoint: String, answered: () -> Void) throws -> [ClientResponse] {
        let socket = try ClientSocket(connectingTo: endpoint, security: .none)
        defer { socket.close() }
        #expect(socket.waitUntilConnected(timeout: .seconds(20)) == .connected)
        let request = ControlRequest.explain(sweep: "sample", trial: 1)
        let count = RequestsUnderWay.ofConnection + 1
        for id in 1...count {
            let message = ClientRequest(id: UInt64(id), verb: request.verb, body: request.body.bytes)
            #expect(try socket.send(Message.request(message).encode()) == .sent)
        }
        var responses: [ClientResponse] = []
        while responses.count < count, let frames = socket.receive(timeout: .seconds(20)) {
            guard case .response(let response) = try Message.decode(frames) else { continue }
            responses.append(response)
            if responses.count == 1 { answered() }
        }
        return responses
    }

    @Test(.timeLimit(.minutes(2))) func `explanations wait, and a request too many is refused`() async throws {
        var harness = CoreHarness()
        _ = harness.submit(SampleSweep())
        let sample = try StoreSample([harness.facts])
        defer { withExtendedLifetime(sample) {} }
        let coordinator = try Coordinator(
            CoordinatorServiceOptions(directory: sample.path, listen: "tcp://127.0.0.1:*", coreVersion: "core-1"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let endpoint = try await coordinator.open()
        // Both threads stand at the gate.
        let gate = DispatchSemaphore(value: 0)
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        for _ in 0..<2 {
            Task {
                await coordinator.readings.run {
                    hasBegun.yield()
                    gate.wait()
                }
            }
        }
        var busy = 0
        for await _ in begun {
            busy += 1
            if busy == 2 { break }
        }
        // The client blocks a thread of its own.
        let client = ReadingThreads(count: 1)
        defer { client.stop() }
        let asked = await client.run {
            defer { for _ in 0..<2 { gate.signal() } }
            return Result { try Self.ask(endpoint) { for _ in 0..<2 { gate.signal() } } }
        }
        await coordinator.close()
        let responses = try asked.get()
        let count = UInt64(RequestsUnderWay.ofConnection + 1)
        let refusal = try #require(responses.first)
        #expect(refusal.id == count && refusal.status == .badInput)
        #expect(try ControlError(json: JSONValue(parsing: refusal.body)).code == .conflict)
        #expect(Set(responses.map(\.id)) == Set(1...count))
    }
}
