import Logging
import SweepCoordinator
import SweepCore
import SweepMessaging
import SweepStore
import SweepTestKit
import SweepWire
import Testing

@Suite struct UnclaimedObjectsTests {
    private static let size = 1 << 20
    /// What an object of that size counts.
    private static let cost = size + UnclaimedObjects.ofObject
    private let one = CurvePublicKey(bytes: [UInt8](repeating: 1, count: 32))
    private let other = CurvePublicKey(bytes: [UInt8](repeating: 2, count: 32))

    private func hash(_ number: Int) throws -> ContentHash {
        let digits = String(number, radix: 16)
        return try #require(ContentHash(hex: String(repeating: "0", count: 64 - digits.count) + digits))
    }

    private func at(_ seconds: Int) -> Instant { Instant.zero.advanced(by: .seconds(seconds)) }

    /// Four objects of a key may be unclaimed, and six of all.
    private func four() throws -> UnclaimedObjects {
        var objects = UnclaimedObjects(.init(ofKey: 4 * Self.cost, ofAll: 6 * Self.cost))
        for number in 1...4 { objects.note(try hash(number), size: Self.size, of: one, at: at(number)) }
        return objects
    }

    @Test func `a key that sends objects which nobody names is refused further ones, and another key is not`() throws {
        var objects = try four()
        #expect(objects.limit(beyond: Self.size, of: one) == .ofKey)
        #expect(objects.limit(beyond: Self.size, of: other) == nil)
        for number in 5...6 { objects.note(try hash(number), size: Self.size, of: other, at: at(number)) }
        #expect(objects.limit(beyond: Self.size, of: other) == .ofAll)
        #expect(objects.limit(beyond: Self.size, of: nil) == .ofAll, "who has no key is in the sum")
        #expect(objects.limit(beyond: 0, of: other) == .ofAll, "an object without bytes takes a name")
        #expect(objects.limit(beyond: .max, of: other) == .ofKey, "whatever somebody says")
    }

    @Test func `what is claimed counts no more`() throws {
        var objects = try four()
        let claimed: Set<ContentHash> = [try hash(2)]
        objects.removeClaimed { claimed.contains($0) }
        #expect(objects.count == 3)
        #expect(objects.limit(beyond: Self.size, of: one) == nil)
        // A second time nothing is taken off.
        objects.remove(try hash(2))
        #expect(objects.limit(beyond: Self.size + 1, of: one) == .ofKey)
    }

    @Test func `what is sent twice counts once and waits anew, and its size on the disk is what counts`() throws {
        var objects = try four()
        objects.note(try hash(1), size: 1, of: one, at: at(9))
        #expect(objects.count == 4)
        #expect(objects.limit(beyond: Self.size - 1 - UnclaimedObjects.ofObject, of: one) == nil)
        objects.weigh(try hash(1), size: Self.size)
        #expect(objects.limit(beyond: 0, of: one) == .ofKey)
        objects.weigh(try hash(7), size: Self.size)
        #expect(objects.count == 4, "one that is not noted is none")
        #expect(try Set(objects.expired(at: at(3605))) == [hash(2), hash(3), hash(4)])
    }

    @Test func `what rests for a minute gives way, the oldest first and no more than is needed`() throws {
        let objects = try four()
        #expect(objects.givingWay(to: Self.size, of: one, at: at(61)) == [], "none has rested for longer than a minute")
        #expect(try objects.givingWay(to: Self.size, of: one, at: at(100)) == [hash(1)])
        #expect(try objects.givingWay(to: 2 * Self.size, of: one, at: at(100)) == [hash(1), hash(2)])
        #expect(try objects.givingWay(to: 2 * Self.size, of: one, at: at(62)) == [hash(1)], "the second still may wait")
        #expect(objects.givingWay(to: Self.size, of: other, at: at(100)) == [], "there is room")
    }

    @Test func `where all together are too many, those of whoever has most give way`() throws {
        var objects = try four()
        for number in 5...6 { objects.note(try hash(number), size: Self.size, of: other, at: .zero) }
        #expect(try objects.givingWay(to: Self.size, of: other, at: at(100)) == [hash(1)])
        #expect(try objects.givingWay(to: Self.size, of: nil, at: at(100)) == [hash(1)])
    }

    @Test func `an object that nobody named for an hour is to go`() throws {
        let objects = try four()
        #expect(objects.expired(at: at(3601)) == [])
        #expect(try objects.expired(at: at(3602)) == [hash(1)])
    }

    @Test func `a fleet's checkpoints, each claimed when it is stored, are never refused`() throws {
        var objects = UnclaimedObjects()
        for number in 1...10_000 {
            #expect(objects.limit(beyond: 256 << 20, of: one) == nil)
            objects.note(try hash(number), size: 256 << 20, of: one, at: at(number / 1000))
            objects.removeClaimed { _ in true }
        }
        #expect(objects.count == 0)
    }

    /// Offers objects, each when the one before is answered; the answers.
    private static func offer(_ offers: [ObjectOffer], to endpoint: String) throws -> [Message] {
        let socket = try ClientSocket(connectingTo: endpoint, security: .none)
        defer { socket.close() }
        #expect(socket.waitUntilConnected(timeout: .seconds(20)) == .connected)
        var answers: [Message] = []
        for offer in offers {
            #expect(try socket.send(Message.objectOffer(offer).encode()) == .sent)
            guard let frames = socket.receive(timeout: .seconds(20)) else { break }
            answers.append(try Message.decode(frames))
        }
        return answers
    }

    @Test(.timeLimit(.minutes(2))) func `a coordinator refuses what nobody names beyond its bound, and says why`()
        async throws
    {
        var harness = CoreHarness()
        _ = harness.submit(SampleSweep())
        let sample = try StoreSample([harness.facts])
        defer { withExtendedLifetime(sample) {} }
        var options = CoordinatorServiceOptions(
            directory: sample.path,
            listen: "tcp://127.0.0.1:*",
            coreVersion: "core-1"
        )
        // Two objects of ten bytes.
        options.unclaimed = UnclaimedObjects.Limits(ofAll: 2 * (UnclaimedObjects.ofObject + 10))
        let coordinator = try Coordinator(options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let endpoint = try await coordinator.open()
        let sender = ObjectStore(directory: sample.path + "/sender")
        let offers = try (1...3).map { number in
            let bytes = [UInt8](repeating: UInt8(number), count: 10)
            return ObjectOffer(hash: try sender.put(bytes), bytes: bytes)
        }
        // The client blocks a thread of its own; what is there already is not refused.
        let client = ReadingThreads(count: 1)
        defer { client.stop() }
        let asked = await client.run { Result { try Self.offer(offers + [offers[0]], to: endpoint) } }
        await coordinator.close()
        let answers = try asked.get()
        try #require(answers.count == 4)
        let stored = offers.map { Message.objectStored(ObjectStored(hash: $0.hash)) }
        #expect(answers[0] == stored[0] && answers[1] == stored[1] && answers[3] == stored[0])
        guard case .problem(let problem) = answers[2] else {
            Issue.record("the third is refused, found \(answers[2])")
            return
        }
        #expect(problem.code == .unspecified && problem.sentence == UnclaimedObjects.Limit.ofAll.sentence)
    }
}
