import SweepCoordinator
import SweepCore
import SweepMessaging
import SweepWire
import Testing

@Suite struct WorkersOfKeysTests {
    private static func key(_ byte: UInt8) throws -> CurvePublicKey {
        try #require(CurvePublicKey(bytes: [UInt8](repeating: byte, count: 32)))
    }

    private static func worker(_ number: Int) -> WorkerID { WorkerID(name: "w", incarnation: UInt64(number)) }

    @Test func `a process belongs to the key that registered it`() throws {
        var workers = WorkersOfKeys()
        let (one, other) = (try Self.key(1), try Self.key(2))
        #expect(workers.bind(Self.worker(1), slots: 1, to: one) == .bound)
        #expect(workers.bind(Self.worker(1), slots: 1, to: one) == .bound && workers.count == 1)
        #expect(workers.bind(Self.worker(1), slots: 1, to: other) == .ofAnother)
        #expect(workers.bind(Self.worker(1), slots: 1, to: nil) == .ofAnother)
        // Without keys, too, a process is one.
        #expect(workers.bind(Self.worker(2), slots: 1, to: nil) == .bound)
        #expect(workers.bind(Self.worker(2), slots: 1, to: nil) == .bound && workers.count == 2)
    }

    /// A fleet of 10,000 shares a key; whoever makes up names is not let in for ever, and no other key's workers pay for it.
    @Test func `a key has no more processes than it may, those that are gone make room, and other keys have theirs`()
        throws
    {
        var workers = WorkersOfKeys()
        let (one, other) = (try Self.key(1), try Self.key(2))
        let bound = (1...100_000).filter { workers.bind(Self.worker($0), slots: 1, to: one) == .bound }
        #expect(bound == Array(1...WorkersOfKeys.ofKey) && WorkersOfKeys.ofKey >= 10_000)
        #expect(workers.bind(Self.worker(100_001), slots: 1, to: one) == .tooMany)
        // Who is known comes back.
        #expect(workers.bind(Self.worker(1), slots: 1, to: one) == .bound)
        #expect(workers.bind(Self.worker(200_000), slots: 1, to: other) == .bound)
        #expect(workers.bind(Self.worker(200_001), slots: 1, to: nil) == .bound)
        // All are there: there is nothing to forget.
        #expect(!workers.holdsMany(besides: workers.count))
        // One is gone: near the limit that is worth a look.
        #expect(workers.holdsMany(besides: workers.count - 1))
        workers.keepOnly { $0 != Self.worker(7) }
        #expect(workers.bind(Self.worker(100_001), slots: 1, to: one) == .bound)
        #expect(workers.bind(Self.worker(100_002), slots: 1, to: one) == .tooMany)
        workers.keepOnly { _ in false }
        #expect(workers.count == 0 && !workers.holdsMany(besides: 0))
        #expect(workers.bind(Self.worker(100_003), slots: 1, to: one) == .bound)
    }

    @Test func `a worker and a key have no more slots than they may, and other keys have theirs`() throws {
        var workers = WorkersOfKeys()
        let (one, other) = (try Self.key(1), try Self.key(2))
        let most = Register.mostSlots
        // What `--slots` takes is taken, and no more; who is refused is not bound.
        #expect(workers.bind(Self.worker(1), slots: most + 1, to: one) == .tooWide && workers.count == 0)
        #expect(workers.bind(Self.worker(1), slots: most, to: one) == .bound)
        #expect(workers.bind(Self.worker(1), slots: most + 1, to: one) == .tooWide && workers.count == 1)
        let full = WorkersOfKeys.slotsOfKey / most
        for number in 2...full { #expect(workers.bind(Self.worker(number), slots: most, to: one) == .bound) }
        #expect(workers.bind(Self.worker(full + 1), slots: 1, to: one) == .tooManySlots && workers.count == full)
        #expect(workers.bind(Self.worker(full + 1), slots: 1, to: other) == .bound)
        #expect(workers.bind(Self.worker(full + 2), slots: most, to: nil) == .bound)
        // Who is known comes back, also with fewer, which others may have then.
        #expect(workers.bind(Self.worker(1), slots: most, to: one) == .bound)
        #expect(workers.bind(Self.worker(1), slots: most - 2, to: one) == .bound)
        #expect(workers.bind(Self.worker(full + 3), slots: 3, to: one) == .tooManySlots)
        #expect(workers.bind(Self.worker(full + 3), slots: 2, to: one) == .bound)
        #expect(workers.bind(Self.worker(1), slots: most - 1, to: one) == .tooManySlots)
        // One is gone: near the limit that is worth a look, and makes room.
        #expect(!workers.holdsMany(besides: workers.count) && workers.holdsMany(besides: workers.count - 1))
        workers.keepOnly { $0 != Self.worker(2) }
        #expect(workers.bind(Self.worker(full + 4), slots: most, to: one) == .bound)
        #expect(workers.bind(Self.worker(full + 5), slots: 1, to: one) == .tooManySlots)
    }

    /// A fleet of 10,000 with 64 slots each is below both.
    @Test func `a large fleet shares a key`() throws {
        var workers = WorkersOfKeys()
        let key = try Self.key(1)
        #expect((1...10_000).allSatisfy { workers.bind(Self.worker($0), slots: 64, to: key) == .bound })
    }

    @Test func `who leaves makes room at once, and another key may have its name then`() throws {
        var workers = WorkersOfKeys()
        let (one, other) = (try Self.key(1), try Self.key(2))
        for number in 1...WorkersOfKeys.ofKey {
            #expect(workers.bind(Self.worker(number), slots: 1, to: one) == .bound)
        }
        #expect(workers.bind(Self.worker(0), slots: 1, to: one) == .tooMany)
        workers.forget(Self.worker(7))
        workers.forget(Self.worker(7))
        workers.forget(Self.worker(0))
        #expect(workers.bind(Self.worker(0), slots: 1, to: one) == .bound)
        #expect(workers.bind(Self.worker(7), slots: 1, to: one) == .tooMany)
        #expect(workers.bind(Self.worker(7), slots: 1, to: other) == .bound)
        #expect(workers.bind(Self.worker(7), slots: 1, to: one) == .ofAnother)
        for number in 0...WorkersOfKeys.ofKey { workers.forget(Self.worker(number)) }
        #expect(workers.count == 0)
    }

    @Test func `far from the limit a look waits until those that are gone are many`() throws {
        var workers = WorkersOfKeys()
        for number in 1...1_124 { #expect(workers.bind(Self.worker(number), slots: 1, to: try Self.key(1)) == .bound) }
        #expect(!workers.holdsMany(besides: 50))
        #expect(workers.holdsMany(besides: 49))
    }
}
