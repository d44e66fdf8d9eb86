import CZeroMQ

/// A libzmq context: the sockets made in it, their I/O threads, and the name space of their `inproc://` endpoints.
///
/// Sockets keep their context alive. When the last of them is gone, `deinit` ends the I/O threads; it waits for messages
/// that still linger, which is at most the longest `LINGER` set (0 unless asked for).
package final class ZMQContext: @unchecked Sendable {
    // Sendable by libzmq's contract: a context, unlike a socket, may be used by any thread.
    let raw: UnsafeMutableRawPointer
    private let monitors = Locked(0)

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - ioThreads: one carries about a gigabit of small messages, and all the traffic of a coordinator.
    ///   - maxSockets: sockets of this process, not peers: a server with 10,000 peers is one socket. Only load generators
    ///     need more than libzmq's own default of 1,023.
    package init(ioThreads: Int = 1, maxSockets: Int = 1_023) throws(ZMQError) {
        guard let raw = zmq_ctx_new() else { throw ZMQError.last("make a context") }
        self.raw = raw
        zmq_ctx_set(raw, ZMQ_IO_THREADS, Int32(clamping: ioThreads))
        guard zmq_ctx_set(raw, ZMQ_MAX_SOCKETS, Int32(clamping: maxSockets)) == 0 else {
            throw ZMQError.last("set MAX_SOCKETS")
        }
        // Sockets start with LINGER 0 instead of "for ever".
        zmq_ctx_set(raw, ZMQ_BLOCKY, 0)
    }

    deinit {
        while zmq_ctx_term(raw) != 0 && zmq_errno() == EINTR {}
    }

    /// A name for a monitor's `inproc://` endpoint that no other monitor of this context has.
    func nextMonitorEndpoint() -> String {
        let number = monitors.withLock { count in
            count += 1
            return count
        }
        return "inproc://sweepd.monitor.\(number)"
    }
}
