import Foundation
import Glibc
import Logging
import SweepDashboard
import SweepReports
import Synchronization
import Testing

/// How the bytes of an answer go to its reader.
@Suite(.timeLimit(.minutes(2))) struct DeliveryTests {
    private struct Cut: Error {}

    /// Takes as many parts as a test lets it.
    private final class Reader: Sendable {
        private struct State {
            var taken: [Int] = []
            var isCut = false
            var cuts = 0
            var waiting: CheckedContinuation<Void, any Error>?
        }

        private let state = Mutex(State())

        /// The lengths of the parts that were brought, 0 for the end.
        var brought: [Int] { state.withLock { $0.taken } }
        var cuts: Int { state.withLock { $0.cuts } }

        /// Waits until the part may be taken.
        func bring(_ part: ArraySlice<UInt8>?) async throws {
            try await withCheckedThrowingContinuation { (one: CheckedContinuation<Void, any Error>) in
                state.withLock { state in
                    state.taken.append(part?.count ?? 0)
                    state.waiting = one
                }
            }
        }

        func take() { state.withLock { $0.waiting.take() }?.resume() }

        func cut() {
            state.withLock { state in
                state.cuts += 1
                return state.waiting.take()
            }?.resume(throwing: Cut())
        }
    }

    private let bytes = [UInt8](repeating: 7, count: Delivery.part + 5)

    @Test func `a reader that takes nothing is given up, and what is sent to it ends`() async throws {
        let (clock, reader, bytes) = (HandClock(), Reader(), bytes)
        let sending = Task {
            try await Delivery(patience: .seconds(60), clock: clock).send(bytes, giveUp: { reader.cut() }) {
                try await reader.bring($0)
            }
        }
        while reader.brought.isEmpty || clock.sleepers < 1 { await Task.yield() }
        clock.advance(by: .seconds(59))
        #expect(reader.cuts == 0 && clock.sleepers == 1)
        clock.advance(by: .seconds(1))
        await #expect(throws: Cut.self) { try await sending.value }
        #expect(reader.cuts == 1 && reader.brought == [Delivery.part])
    }

    @Test func `a slow reader gets all of it, however long that takes`() async throws {
        let (clock, reader, bytes) = (HandClock(), Reader(), bytes)
        let sending = Task {
            try await Delivery(patience: .seconds(60), clock: clock).send(bytes, giveUp: { reader.cut() }) {
                try await reader.bring($0)
            }
        }
        while reader.brought.count < 1 || clock.sleepers < 1 { await Task.yield() }
        // A part a minute: each is taken before the reader is looked at again.
        for parts in 2...3 {
            reader.take()
            while reader.brought.count < parts { await Task.yield() }
            clock.advance(by: .seconds(60))
            while clock.sleepers < 1 { await Task.yield() }
        }
        reader.take()
        try await sending.value
        #expect(reader.cuts == 0 && reader.brought == [Delivery.part, 5, 0])
        #expect(clock.now.time == .seconds(120) && clock.sleepers == 0)
    }

    @Test func `over a connection such a reader is cut off, and the next asker gets its place`() async throws {
        let places = BoundedPlaces(1)
        let site = Site(
            access: HTTPAccess(token: nil),
            observatory: Desk(),
            health: { "" },
            metrics: { "" },
            data: Desk.data,
            file: { _, _ async throws(ControlError) in
                guard let place = places.take() else { throw ControlError(.conflict, "busy") }
                // More than the system keeps for a reader.
                return HeldFile([UInt8](repeating: 7, count: 64 << 20), place)
            },
            submit: Desk.submit
        )
        let (ports, told) = AsyncStream.makeStream(of: UInt16.self)
        let service = Task {
            try await HTTPService(
                addresses: [try #require(HTTPAddress("127.0.0.1:0"))],
                site: site,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                patience: .milliseconds(20),
                onBound: { told.yield(UInt16($0.split(separator: ":").last ?? "") ?? 0) }
            ).run()
        }
        defer { service.cancel() }
        let port = try #require(await ports.first { _ in true })
        let reader = try Self.connected(to: port)
        defer { close(reader) }
        let got = await Self.onThread { () -> Int? in
            let request = Array("GET /api/v1/sweeps/digits/export HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            guard write(reader, request, request.count) == request.count else { return nil }
            // The head of the answer has come: the place is held, until the reader is cut off.
            var first: UInt8 = 0
            guard read(reader, &first, 1) == 1 else { return nil }
            var next: BoundedPlaces.Place?
            while next == nil {
                next = places.take()
                sched_yield()
            }
            var got = 0
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = read(reader, &buffer, buffer.count)
                guard count > 0 else { break }
                got += count
            }
            withExtendedLifetime(next) {}
            return got
        }
        // What came before the end is less than what was asked for.
        let count = try #require(got)
        #expect(count < 64 << 20)
    }

    /// What `work`, which waits for the system, answers: on a thread of its own, as the site's tasks need those of the pool.
    private static func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { one in
            Thread.detachNewThread { one.resume(returning: work()) }
        }
    }

    /// A socket that keeps little for its reader.
    private static func connected(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var size: Int32 = 64 << 10
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(status == 0)
        return descriptor
    }
}
