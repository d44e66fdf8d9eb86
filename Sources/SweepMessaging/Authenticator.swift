/// The ZAP handler of a context (ZeroMQ RFC 27): libzmq asks it about every handshake of the context's server sockets.
///
/// It must be bound before any of them: libzmq takes the absence of a handler for consent. (`ZAP_ENFORCE_DOMAIN`, which our
/// server sets, turns that absence into refusal.)
package final class Authenticator {
    /// The ZAP domain of our servers.
    package static let domain = "sweepd"
    package static let endpoint = "inproc://zeromq.zap.01"

    package let socket: Socket
    private let allowList: AllowList

    /// Binds the handler in this context, which has none yet.
    package init(in context: ZMQContext, allowList: AllowList) throws(ZMQError) {
        self.allowList = allowList
        socket = try Socket(.reply, in: context)
        try socket.bind(Self.endpoint)
    }

    /// Answers one request; nil when none waits.
    ///
    /// Allowed is who proved, by CURVE, to hold a key of the list; its public key in Z85 becomes the `User-Id` of every
    /// message of the connection.
    package func answerNext() throws(ZMQError) -> Answer? {
        guard let frames = try socket.receive() else { return nil }
        let answer = judge(frames)
        // A reply socket with a request in hand has its one peer's pipe: this neither waits nor misses.
        _ = try socket.send(answer.reply(to: frames))
        return answer
    }

    private func judge(_ frames: [[UInt8]]) -> Answer {
        // Version, request id, domain, address, routing id, mechanism, credentials…
        guard frames.count >= 6, frames[0] == Array("1.0".utf8) else {
            return .denied(Denial(reason: .malformedRequest, key: nil, address: ""))
        }
        let address = String(decoding: frames[3], as: UTF8.self)
        func denied(_ reason: Denial.Reason, _ key: CurvePublicKey? = nil) -> Answer {
            .denied(Denial(reason: reason, key: key, address: address))
        }
        guard frames[2] == Array(Self.domain.utf8) else { return denied(.otherDomain) }
        guard frames[5] == Array("CURVE".utf8) else { return denied(.noKey) }
        guard frames.count == 7, let key = CurvePublicKey(bytes: frames[6]) else { return denied(.malformedRequest) }
        guard allowList.keys[key] != nil else { return denied(.unknownKey, key) }
        return .allowed(key)
    }

    /// What a peer at a handshake was told.
    package enum Answer: Sendable, Equatable {
        case allowed(CurvePublicKey)
        case denied(Denial)

        /// Version, request id, status code, status text, user id, metadata.
        func reply(to request: [[UInt8]]) -> [[UInt8]] {
            let (code, text, user) =
                switch self {
                case .allowed(let key): ("200", "OK", key.z85)
                case .denied(let denial): (denial.reason == .malformedRequest ? "500" : "400", "not allowed", "")
                }
            let id = request.count > 1 ? request[1] : []
            return [Array("1.0".utf8), id, Array(code.utf8), Array(text.utf8), Array(user.utf8), []]
        }
    }
}

/// A connection that was refused.
package struct Denial: Sendable, Equatable, CustomStringConvertible {
    /// Why.
    package enum Reason: Sendable, Equatable {
        /// The key is not on the list.
        case unknownKey
        /// The peer came without a key.
        case noKey
        /// The question was about a socket that is not ours.
        case otherDomain
        /// libzmq's question could not be read.
        case malformedRequest
    }

    package let reason: Reason
    /// The key that the peer proved to hold: the one to allow, if the peer is to be let in.
    package let key: CurvePublicKey?
    /// The peer's network address, without its port.
    package let address: String

    package init(reason: Reason, key: CurvePublicKey?, address: String) {
        self.reason = reason
        self.key = key
        self.address = address
    }

    package var description: String {
        let peer = address.isEmpty ? "a peer" : address
        switch reason {
        case .unknownKey:
            let shown = key.map { " \($0)" } ?? ""
            return "\(peer): the key\(shown) is not allowed"
        case .noKey: return "\(peer): came without a key"
        case .otherDomain: return "\(peer): asked for another domain"
        case .malformedRequest: return "\(peer): unreadable authentication request"
        }
    }
}
