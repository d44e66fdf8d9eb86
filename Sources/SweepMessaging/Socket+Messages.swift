import CZeroMQ

/// What became of a message handed to a socket.
package enum SendOutcome: Sendable, Equatable {
    /// It is in libzmq's hands. That is no promise of arrival: what is under way when a connection breaks is lost.
    case sent
    /// The peer's queue is full, or nobody is connected. Nothing was sent; try later.
    case wouldBlock
    /// The addressed connection no longer exists. Nothing was sent; trying again is useless.
    case unreachable
}

extension Socket {
    /// Sends the frames as one message, all or nothing, without waiting.
    ///
    /// An empty message has no form in libzmq: at least one frame is needed, which may be empty.
    package func send(_ frames: some Collection<[UInt8]>) throws(ZMQError) -> SendOutcome {
        try checkOpen("send")
        precondition(!frames.isEmpty, "a message has at least one frame")
        let outcome = try sendOnce(frames)
        // While it is busy, libzmq looks for news of its connections about once a millisecond, so what it says may be stale:
        // a connection just made, a queue just emptied. Polling makes it look.
        guard outcome == .wouldBlock, try wait(for: .send, timeout: .zero) else { return outcome }
        return try sendOnce(frames)
    }

    private func sendOnce(_ frames: some Collection<[UInt8]>) throws(ZMQError) -> SendOutcome {
        var remaining = frames.count
        var outcome = SendOutcome.sent
        for (index, bytes) in frames.enumerated() {
            remaining -= 1
            let more = remaining > 0 ? ZMQ_SNDMORE : 0
            guard let code = sendFrame(bytes, flags: ZMQ_DONTWAIT | more) else { continue }
            // A connection that ends between two frames takes the message with it: libzmq then swallows the frames that
            // are left, up to the last one, so they are handed over all the same and the next message starts clean.
            switch code {
            case EAGAIN: outcome = .wouldBlock
            case EHOSTUNREACH: outcome = .unreachable
            default: throw ZMQError(code: code, operation: "send")
            }
            if index == 0 { return outcome }
        }
        return outcome
    }

    /// Nil when the frame was taken, else the reason why not.
    private func sendFrame(_ bytes: [UInt8], flags: Int32) -> Int32? {
        bytes.withUnsafeBytes { buffer in
            while zmq_send(raw, buffer.baseAddress, buffer.count, flags) < 0 {
                let code = zmq_errno()
                if code != EINTR { return code }
            }
            return nil
        }
    }

    /// Receives one message without waiting; nil when there is none.
    ///
    /// Every frame is kept: for sockets whose other end is ourselves. Strangers are read through `FrameCollector`.
    package func receive() throws(ZMQError) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        return try receiveFrames { _, bytes in frames.append([UInt8](bytes)) } ? frames : nil
    }

    /// Receives one message without waiting, and shows each frame in place, with its number from 0.
    ///
    /// False when there is no message. The buffer is valid only during the call. After the last frame, `metadata(_:)` tells
    /// of the message received.
    func receiveFrames(_ consume: (Int, UnsafeRawBufferPointer) -> Void) throws(ZMQError) -> Bool {
        try checkOpen("receive")
        var index = 0
        repeat {
            while zmq_msg_recv(frame, raw, ZMQ_DONTWAIT) < 0 {
                let code = zmq_errno()
                if code == EINTR { continue }
                // libzmq delivers messages whole: once the first frame is here, so are the others.
                if code == EAGAIN && index == 0 { return false }
                throw ZMQError(code: code, operation: "receive")
            }
            consume(index, UnsafeRawBufferPointer(start: zmq_msg_data(frame), count: zmq_msg_size(frame)))
            index += 1
        } while zmq_msg_more(frame) != 0
        return true
    }

    /// A property of the message received last: `User-Id` (set by the ZAP handler), `Peer-Address`, `Socket-Type`.
    package func metadata(_ name: String) -> String? {
        guard isOpen, let value = zmq_msg_gets(frame, name) else { return nil }
        return String(cString: value)
    }
}

// MARK: - Waiting

/// What one waits for on a socket.
package enum SocketReadiness: Sendable {
    case receive, send
}

extension Socket {
    /// Waits until the socket can send or receive, or the time is up; false when it is.
    ///
    /// Blocks the thread: for commands and tests. Whoever owns a `MessagingLoop` registers the socket there instead.
    package func wait(for readiness: SocketReadiness, timeout: Duration) throws(ZMQError) -> Bool {
        try checkOpen("wait")
        let events = readiness == .receive ? ZMQ_POLLIN : ZMQ_POLLOUT
        let deadline = ContinuousClock.now + timeout
        while true {
            var item = zmq_pollitem_t(socket: raw, fd: -1, events: Int16(events), revents: 0)
            let left = deadline - ContinuousClock.now
            let count = zmq_poll(&item, 1, Int(left.clampedMilliseconds))
            if count > 0 { return true }
            if count == 0 {
                if ContinuousClock.now >= deadline { return false }
            } else if zmq_errno() != EINTR {
                throw ZMQError.last("wait")
            }
        }
    }

    /// Receives one message, waiting for it up to the timeout; nil when none came.
    package func receive(timeout: Duration) throws(ZMQError) -> [[UInt8]]? {
        let deadline = ContinuousClock.now + timeout
        while try wait(for: .receive, timeout: deadline - ContinuousClock.now) {
            // Readiness can vanish when a connection ends just then.
            if let frames = try receive() { return frames }
        }
        return nil
    }
}
