import SweepCoordinator
import SweepCore
import SweepMessaging
import Testing

@Suite struct WorkersOfKeysTests {
    private static func key(_ byte: UInt8) throws -> CurvePublicKey {
        try #require(CurvePublicKey(bytes: [UInt8](repeating: byte, count: 32)))
    }

    private static func worker(_ number: Int) -> WorkerID { WorkerID(name: "w", incarnation: UInt64(number)) }

    @Test func `a process belongs to the key that registered it`() throws {
        var workers = WorkersOfKeys()
        let (one, other) = (try Self.key(1), try Self.key(2))
        #expect(workers.bind(Self.worker(1), to: one) == .bound)
        #expect(workers.bind(Self.worker(1), to: one) == .bound && workers.count == 1)
        #expect(workers.bind(Self.worker(1), to: other) == .ofAnother)
        #expect(workers.bind(Self.worker(1), to: nil) == .ofAnother)
        // Without keys, too, a process is one.
        #expect(workers.bind(Self.worker(2), to: nil) == .bound)
        #expect(workers.bind(Self.worker(2), to: nil) == .bound && workers.count == 2)
    }

    /// A fleet of 10,000 shares a key; whoever makes up names is not let in for ever, and no other key's workers pay for it.
    @Test func `a key has no more processes than it may, those that are gone make room, and other keys have theirs`()
        throws
    {
        var workers = WorkersOfKeys()
        let (one, other) = (try Self.key(1), try Self.key(2))
        let bound = (1...100_000).filter { workers.bind(Self.worker($0), to: one) == .bound }
        #expect(bound == Array(1...WorkersOfKeys.ofKey) && WorkersOfKeys.ofKey >= 10_000)
        #expect(workers.bind(Self.worker(100_001), to: one) == .tooMany)
        // Who is known comes back.
        #expect(workers.bind(Self.worker(1), to: one) == .bound)
        #expect(workers.bind(Self.worker(200_000), to: other) == .bound)
        #expect(workers.bind(Self.worker(200_001), to: nil) == .bound)
        // All are there: there is nothing to forget.
        #expect(!workers.holdsMany(besides: workers.count))
        // One is gone: near the limit that is worth a look.
        #expect(workers.holdsMany(besides: workers.count - 1))
        workers.keepOnly { $0 != Self.worker(7) }
        #expect(workers.bind(Self.worker(100_001), to: one) == .bound)
        #expect(workers.bind(Self.worker(100_002), to: one) == .tooMany)
        workers.keepOnly { _ in false }
        #expect(workers.count == 0 && !workers.holdsMany(besides: 0))
        #expect(workers.bind(Self.worker(100_003), to: one) == .bound)
    }

    @Test func `far from the limit a look waits until those that are gone are many`() throws {
        var workers = WorkersOfKeys()
        for number in 1...1_124 { #expect(workers.bind(Self.worker(number), to: try Self.key(1)) == .bound) }
        #expect(!workers.holdsMany(besides: 50))
        #expect(workers.holdsMany(besides: 49))
    }
}
