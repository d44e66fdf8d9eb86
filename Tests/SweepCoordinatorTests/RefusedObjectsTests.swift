import Foundation
import Logging
import SweepCoordinator
import SweepCore
import SweepMessaging
import SweepStore
import SweepTestKit
import SweepWire
import Testing

@Suite(.timeLimit(.minutes(2))) struct RefusedObjectsTests {
    /// Offers an object three times while the folder for pieces is none, each time with one that is `there`, and
    /// once when it may be made again.
    private static func offer(
        _ bytes: [UInt8],
        as hash: ContentHash,
        there: ContentHash,
        to endpoint: String,
        pieces: String
    ) throws {
        let socket = try ClientSocket(connectingTo: endpoint, security: .none)
        try #require(socket.waitUntilConnected(timeout: .seconds(20)) == .connected)
        func answer(_ offer: ObjectOffer) throws -> Message {
            try #require(socket.send(Message.objectOffer(offer).encode()) == .sent)
            return try Message.decode(try #require(socket.receive(timeout: .seconds(20)), "nothing came"))
        }
        try? FileManager.default.removeItem(atPath: pieces)
        try Data().write(to: URL(filePath: pieces))
        for _ in 0..<3 {
            guard case .problem(let problem) = try answer(ObjectOffer(hash: hash, size: 1 << 20, head: bytes)) else {
                Issue.record("it was taken")
                return
            }
            #expect(problem.code == .unspecified)
            // What is there already says nothing of the disk.
            let offer = ObjectOffer(hash: there, size: 1 << 20, head: [])
            #expect(try answer(offer) == .objectStored(ObjectStored(hash: there)))
        }
        try FileManager.default.removeItem(atPath: pieces)
        #expect(
            try answer(ObjectOffer(hash: hash, size: bytes.count, head: bytes))
                == .objectStored(ObjectStored(hash: hash))
        )
    }

    @Test func `a disk that takes no object is told of once, and that it takes them again`() async throws {
        var harness = CoreHarness()
        _ = harness.submit(SampleSweep())
        let sample = try StoreSample([harness.facts])
        let bytes = Array("a checkpoint".utf8)
        let hash = try sample.objects.put(bytes)
        _ = try sample.objects.delete(hash)
        let logs = LogLines(level: .notice)
        let coordinator = try Coordinator(
            CoordinatorServiceOptions(directory: sample.path, listen: "tcp://127.0.0.1:*", coreVersion: "core-1"),
            logger: logs.logger
        )
        let endpoint = try await coordinator.open()
        // At the start it would be deleted, as nobody needs it.
        let there = try sample.objects.put(Array("another".utf8))
        // The client blocks a thread of its own.
        let thread = ReadingThreads(count: 1, name: "client")
        let pieces = sample.path + "/objects/partial"
        let result = await thread.run {
            Result { try Self.offer(bytes, as: hash, there: there, to: endpoint, pieces: pieces) }
        }
        thread.stop()
        await coordinator.close()
        try result.get()
        let lines = await logs.lines(through: "data sets and checkpoints are kept again")
        let refusals = lines.count { $0 == "data sets and checkpoints cannot be kept; trials wait until they can be" }
        #expect(refusals == 1)
        withExtendedLifetime(sample) {}
    }
}
