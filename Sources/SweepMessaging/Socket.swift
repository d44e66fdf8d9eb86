import CZeroMQ

/// The owner of one libzmq socket.
///
/// Not Sendable: libzmq wants one thread at a time, and the compiler keeps a value of this class in one isolation domain,
/// which is the same promise. Closed by `close()` or by its last reference; closing is idempotent, and every call but
/// `close()` on a closed socket throws (`ENOTSOCK`).
package final class Socket {
    /// The socket types that the program uses.
    package enum Kind: Sendable {
        case router, dealer, reply, pair

        var code: Int32 {
            switch self {
            case .router: ZMQ_ROUTER
            case .dealer: ZMQ_DEALER
            case .reply: ZMQ_REP
            case .pair: ZMQ_PAIR
            }
        }
    }

    /// The context the socket was made in, kept alive by it.
    package let context: ZMQContext
    /// False once `close()` has run.
    package private(set) var isOpen = true
    /// What happens to the socket's connections, when `startMonitor` has been called.
    package private(set) var monitor: SocketMonitor?

    let raw: UnsafeMutableRawPointer
    /// The frame being received.
    ///
    /// On the heap because libzmq may hold on to its address; reused by every receive.
    let frame: UnsafeMutablePointer<zmq_msg_t>

    /// Makes a socket with `LINGER` 0.
    package init(_ kind: Kind, in context: ZMQContext) throws(ZMQError) {
        guard let raw = zmq_socket(context.raw, kind.code) else { throw ZMQError.last("make a \(kind) socket") }
        self.raw = raw
        self.context = context
        frame = .allocate(capacity: 1)
        frame.initialize(to: zmq_msg_t())
        zmq_msg_init(frame)
        try set(.linger, .zero)
    }

    deinit {
        close()
        frame.deallocate()
    }

    /// Closes the socket, its connections and its monitor.
    ///
    /// Unsent messages live on for `LINGER`.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        // The monitor's writing end first: an event for a reader that is gone would stop libzmq's I/O thread.
        if let monitor {
            zmq_socket_monitor(raw, nil, 0)
            monitor.close()
        }
        zmq_msg_close(frame)
        zmq_close(raw)
    }

    /// Sets one option.
    ///
    /// Most take effect only for later binds and connects.
    package func set<Value>(_ option: SocketOption<Value>, _ value: Value) throws(ZMQError) {
        try checkOpen("set \(option.name)")
        let status: Int32
        switch option.encoding(value) {
        case .int32(var number):
            status = zmq_setsockopt(raw, option.code, &number, MemoryLayout<Int32>.size)
        case .int64(var number):
            status = zmq_setsockopt(raw, option.code, &number, MemoryLayout<Int64>.size)
        case .text(var text):
            status = text.withUTF8 { zmq_setsockopt(raw, option.code, $0.baseAddress, $0.count) }
        }
        guard status == 0 else { throw ZMQError.last("set \(option.name)") }
    }

    /// Listens on `endpoint`.
    ///
    /// With `tcp://HOST:*` the system chooses the port; `lastEndpoint` then tells it.
    package func bind(_ endpoint: String) throws(ZMQError) {
        try checkOpen("bind", endpoint)
        guard zmq_bind(raw, endpoint) == 0 else { throw ZMQError.last("bind", endpoint: endpoint) }
    }

    /// Connects to `endpoint`, now or as soon as something listens there.
    package func connect(_ endpoint: String) throws(ZMQError) {
        try checkOpen("connect to", endpoint)
        guard zmq_connect(raw, endpoint) == 0 else { throw ZMQError.last("connect to", endpoint: endpoint) }
    }

    /// The endpoint of the last bind or connect, with wildcards resolved.
    package var lastEndpoint: String {
        get throws(ZMQError) {
            try checkOpen("read LAST_ENDPOINT")
            // The longest text is an ipc path: 108 bytes.
            var buffer = [CChar](repeating: 0, count: 512)
            var count = buffer.count
            guard zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, &buffer, &count) == 0 else {
                throw ZMQError.last("read LAST_ENDPOINT")
            }
            return String(decoding: buffer.prefix(while: { $0 != 0 }).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// Starts to report what happens to connections; `monitor` then has the reading end.
    package func startMonitor(_ events: [ConnectionEvent.Kind] = ConnectionEvent.Kind.allCases) throws(ZMQError) {
        try checkOpen("monitor")
        let endpoint = context.nextMonitorEndpoint()
        let mask = events.reduce(Int32(0)) { $0 | $1.mask }
        guard zmq_socket_monitor(raw, endpoint, mask) == 0 else { throw ZMQError.last("monitor", endpoint: endpoint) }
        do {
            monitor = try SocketMonitor(reading: endpoint, in: context)
        } catch {
            zmq_socket_monitor(raw, nil, 0)
            throw error
        }
    }

    func checkOpen(_ operation: String, _ endpoint: String? = nil) throws(ZMQError) {
        guard isOpen else { throw ZMQError(code: ENOTSOCK, operation: operation, endpoint: endpoint) }
    }
}
