import CZeroMQ

/// A libzmq call that failed, with the call, the endpoint it was about and the reason.
///
/// Would-block and unreachable are ordinary results of sending and receiving, so they are values there, never this error.
package struct ZMQError: Error, Sendable, CustomStringConvertible {
    /// The libzmq error number: an errno, or one of libzmq's own above `ZMQ_HAUSNUMERO`.
    package let code: Int32
    /// What was attempted, as a verb: `bind`, `connect`, `set LINGER`.
    package let operation: String
    /// The endpoint concerned, where there is one.
    package let endpoint: String?

    package init(code: Int32, operation: String, endpoint: String? = nil) {
        self.code = code
        self.operation = operation
        self.endpoint = endpoint
    }

    /// The error that the last libzmq call of this thread left behind.
    static func last(_ operation: String, endpoint: String? = nil) -> ZMQError {
        ZMQError(code: zmq_errno(), operation: operation, endpoint: endpoint)
    }

    /// True when the address is taken by another socket or process.
    package var isAddressInUse: Bool { code == EADDRINUSE }

    package var description: String {
        let target = endpoint.map { " \($0)" } ?? ""
        return "cannot \(operation)\(target): \(String(cString: zmq_strerror(code)))"
    }
}

extension ZMQError: Equatable {
    /// Equality of the reason alone: the call and the endpoint are context.
    package static func == (left: ZMQError, right: ZMQError) -> Bool { left.code == right.code }
}
