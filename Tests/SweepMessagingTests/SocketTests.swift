import Glibc
import SweepMessaging
import Testing

struct SocketTests {
    @Test func `a message of several frames arrives as it was sent, empty frames included`() throws {
        let context = try ZMQContext()
        let router = try Socket(.router, in: context)
        let dealer = try Socket(.dealer, in: context)
        try router.bind("tcp://127.0.0.1:*")
        try dealer.connect(router.lastEndpoint)
        #expect(try dealer.send([[1], [], [2, 3]]) == .sent)
        let received = try #require(try router.receive(timeout: patience))
        #expect(received.dropFirst() == [[1], [], [2, 3]])
        #expect(try router.send([received[0], [9]]) == .sent)
        #expect(try dealer.receive(timeout: patience) == [[9]])
    }

    @Test func `nothing to receive is a value, at once and after a wait`() throws {
        let pair = try Socket(.pair, in: ZMQContext())
        try pair.bind("inproc://silent")
        #expect(try pair.receive() == nil)
        #expect(try pair.wait(for: .receive, timeout: .milliseconds(1)) == false)
        #expect(try pair.receive(timeout: .milliseconds(1)) == nil)
    }

    @Test func `nobody to send to is a value`() throws {
        let dealer = try Socket(.dealer, in: ZMQContext())
        #expect(try dealer.send([[1]]) == .wouldBlock)
        #expect(try dealer.send([[1], [2], [3]]) == .wouldBlock)
    }

    @Test func `the system's choice of port is told`() throws {
        let router = try Socket(.router, in: ZMQContext())
        try router.bind("tcp://127.0.0.1:*")
        let port = try #require(Endpoint(try router.lastEndpoint).port)
        #expect(port > 0)
    }

    @Test func `a bind to a port that is taken says so, with the endpoint`() throws {
        let context = try ZMQContext()
        let first = try Socket(.router, in: context)
        try first.bind("tcp://127.0.0.1:*")
        let endpoint = try first.lastEndpoint
        let second = try Socket(.router, in: context)
        let error = try #require(throws: ZMQError.self) { try second.bind(endpoint) }
        #expect(error.isAddressInUse)
        #expect(error.endpoint == endpoint)
        #expect(error.description == "cannot bind \(endpoint): Address already in use")
    }

    @Test func `a closed socket throws and can be closed again`() throws {
        let socket = try Socket(.dealer, in: ZMQContext())
        socket.close()
        socket.close()
        #expect(throws: ZMQError(code: ENOTSOCK, operation: "")) { try socket.send([[1]]) }
        #expect(throws: ZMQError(code: ENOTSOCK, operation: "")) { try socket.receive() }
        #expect(throws: ZMQError(code: ENOTSOCK, operation: "")) { try socket.bind("inproc://late") }
    }

    @Test func `a monitor reports connection, handshake and end`() throws {
        let context = try ZMQContext()
        let router = try Socket(.router, in: context)
        try router.startMonitor()
        try router.bind("tcp://127.0.0.1:*")
        let dealer = try Socket(.dealer, in: context)
        try dealer.connect(router.lastEndpoint)
        let monitor = try #require(router.monitor)
        #expect(try monitor.next(timeout: patience)?.kind == .accepted)
        #expect(try monitor.next(timeout: patience)?.kind == .handshakeSucceeded)
        dealer.close()
        #expect(try monitor.next(timeout: patience)?.kind == .disconnected)
    }

    @Test func `a message tells the address of its sender`() throws {
        let context = try ZMQContext()
        let router = try Socket(.router, in: context)
        try router.bind("tcp://127.0.0.1:*")
        let dealer = try Socket(.dealer, in: context)
        try dealer.connect(router.lastEndpoint)
        #expect(try dealer.send([[1]]) == .sent)
        _ = try #require(try router.receive(timeout: patience))
        #expect(router.metadata("Peer-Address") == "127.0.0.1")
        #expect(router.metadata("User-Id") == nil)
    }

    @Test func `a wait survives a signal`() async {
        // In a process of its own: signal handlers belong to all of it.
        await #expect(processExitsWith: .success) {
            signal(SIGALRM) { _ in }
            var timer = itimerval(
                it_interval: timeval(tv_sec: 0, tv_usec: 5_000),
                it_value: timeval(tv_sec: 0, tv_usec: 5_000)
            )
            setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
            let pair = try Socket(.pair, in: ZMQContext())
            try pair.bind("inproc://interrupted")
            let start = ContinuousClock.now
            #expect(try pair.wait(for: .receive, timeout: .milliseconds(50)) == false)
            #expect(ContinuousClock.now - start >= .milliseconds(50))
        }
    }
}
