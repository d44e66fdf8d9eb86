extension Message {
    /// The body's bytes.
    func body() throws(WireError) -> [UInt8] {
        switch self {
        case .problem(let value): try value.bytes()
        case .goodbye(let value): try value.bytes()
        case .objectOffer(let value): try value.bytes()
        case .objectRequest(let value): try value.bytes()
        case .objectChunk(let value): try value.bytes()
        case .objectStored(let value): try value.bytes()
        case .objectMissing(let value): try value.bytes()
        case .register(let value): try value.bytes()
        case .heartbeat(let value): try value.bytes()
        case .reports(let value): try either(FieldWriter.bytes(value)) { () throws(WireError) in try value.bytes() }
        case .segmentEnded(let value):
            try either(FieldWriter.bytes(value)) { () throws(WireError) in try value.bytes() }
        case .draining(let value): try value.bytes()
        case .welcome(let value): try value.bytes()
        case .assignments(let value):
            try either(try FieldWriter.bytes(value)) { () throws(WireError) in try value.bytes() }
        case .acknowledged(let value): try value.bytes()
        case .verdicts(let value): try value.bytes()
        case .request(let value): try value.bytes()
        case .response(let value): try value.bytes()
        case .heartbeatAnswer, .drain, .unknownSession: []
        }
    }

    /// The message of `kind` whose body is `bytes`.
    static func decode(_ kind: MessageKind, body bytes: [UInt8]) throws(WireError) -> Message {
        switch kind {
        case .problem: return .problem(try Problem(bytes: bytes))
        case .goodbye: return .goodbye(try Goodbye(bytes: bytes))
        case .objectOffer: return .objectOffer(try ObjectOffer(bytes: bytes))
        case .objectRequest: return .objectRequest(try ObjectRequest(bytes: bytes))
        case .objectChunk: return .objectChunk(try ObjectChunk(bytes: bytes))
        case .objectStored: return .objectStored(try ObjectStored(bytes: bytes))
        case .objectMissing: return .objectMissing(try ObjectMissing(bytes: bytes))
        case .register: return .register(try Register(bytes: bytes))
        case .heartbeat: return .heartbeat(try Heartbeat(bytes: bytes))
        case .reports:
            let quick = FieldReader.all(bytes) { $0.reports() }
            return .reports(try either(quick) { () throws(WireError) in try Reports(bytes: bytes) })
        case .segmentEnded:
            let quick = FieldReader.all(bytes) { $0.reachedEnd() }
            return .segmentEnded(try either(quick) { () throws(WireError) in try SegmentEnded(bytes: bytes) })
        case .draining: return .draining(try Draining(bytes: bytes))
        case .welcome: return .welcome(try Welcome(bytes: bytes))
        case .assignments:
            let quick = FieldReader.all(bytes) { $0.assignments() }
            return .assignments(try either(quick) { () throws(WireError) in try Assignments(bytes: bytes) })
        case .acknowledged: return .acknowledged(try Acknowledged(bytes: bytes))
        case .verdicts: return .verdicts(try Verdicts(bytes: bytes))
        case .request: return .request(try ClientRequest(bytes: bytes))
        case .response: return .response(try ClientResponse(bytes: bytes))
        case .heartbeatAnswer:
            let _: Sweepd_Wire_HeartbeatAnswer = try parse(bytes)
            return .heartbeatAnswer
        case .drain:
            let _: Sweepd_Wire_Drain = try parse(bytes)
            return .drain
        case .unknownSession:
            let _: Sweepd_Wire_UnknownSession = try parse(bytes)
            return .unknownSession
        }
    }

    /// The body's bytes by protobuf's library, for the kinds that are written without it: what `encode` is compared with.
    package func thoroughBody() throws(WireError) -> [UInt8]? {
        switch self {
        case .reports(let value): try value.bytes()
        case .segmentEnded(let value): try value.bytes()
        case .assignments(let value): try value.bytes()
        default: nil
        }
    }

    /// What the library reads `bytes` as, for these kinds.
    package static func thoroughly(_ kind: MessageKind, body bytes: [UInt8]) throws(WireError) -> Message? {
        switch kind {
        case .reports: .reports(try Reports(bytes: bytes))
        case .segmentEnded: .segmentEnded(try SegmentEnded(bytes: bytes))
        case .assignments: .assignments(try Assignments(bytes: bytes))
        default: nil
        }
    }
}

/// What the quick way gave, or else what the thorough one gives.
private func either<Value>(
    _ quick: Value?,
    _ thorough: () throws(WireError) -> Value
) throws(WireError) -> Value {
    if let quick { return quick }
    return try thorough()
}
