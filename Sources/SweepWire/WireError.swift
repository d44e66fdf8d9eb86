/// Why frames are not a message, or a message is not frames; the peer's fault, never a reason to stop.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: ProblemCode
    /// The kind byte of the message; 0 when there was none.
    package var kind: UInt8
    /// What is wrong, with what was found and what is allowed.
    package let detail: String

    package init(_ code: ProblemCode, kind: UInt8 = 0, _ detail: String) {
        self.code = code
        self.kind = kind
        self.detail = detail
    }

    package var description: String {
        guard let name = MessageKind(rawValue: kind) else { return detail }
        return "\(name): \(detail)"
    }

    /// What the sender of the frames is told; nil for a problem, which is never answered with one.
    package var answer: Message? {
        guard kind != MessageKind.problem.rawValue else { return nil }
        return .problem(Problem(kind: kind, code: code, sentence: detail))
    }

    /// A body that is not what its kind says.
    static func undecodable(_ detail: String) -> WireError { WireError(.undecodable, detail) }
}

extension Message {
    /// What this message is, in its header.
    package var kind: MessageKind {
        switch self {
        case .problem: .problem
        case .goodbye: .goodbye
        case .objectOffer: .objectOffer
        case .objectRequest: .objectRequest
        case .objectChunk: .objectChunk
        case .objectStored: .objectStored
        case .objectMissing: .objectMissing
        case .register: .register
        case .heartbeat: .heartbeat
        case .reports: .reports
        case .segmentEnded: .segmentEnded
        case .draining: .draining
        case .welcome: .welcome
        case .heartbeatAnswer: .heartbeatAnswer
        case .assignments: .assignments
        case .acknowledged: .acknowledged
        case .verdicts: .verdicts
        case .drain: .drain
        case .unknownSession: .unknownSession
        case .request: .request
        case .response: .response
        }
    }

    /// The answer to a message that is known but not allowed here; nil for a problem.
    package func notAllowed(_ sentence: String) -> Message? {
        WireError(.notAllowed, kind: kind.rawValue, sentence).answer
    }
}
