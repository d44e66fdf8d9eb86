extension Message {
    /// `SWPD`.
    static let magic: [UInt8] = [0x53, 0x57, 0x50, 0x44]

    /// The message as two frames: header and body, for a peer with whom `version` was settled.
    ///
    /// Reasons and logs are cut to their limits (a log keeps its end). Throws `tooLarge` when the peer would refuse the
    /// body, `undecodable` for a tree that is too deep, and `unknownKind` for a kind that `version` does not have.
    package func encode(in version: UInt8 = handshakeVersion) throws(WireError) -> [[UInt8]] {
        do throws(WireError) {
            guard kind.since <= version else {
                throw WireError(.unknownKind, "protocol version \(version) has no such kind; \(kind.since) has")
            }
            let body = try body()
            guard body.count <= kind.bodyLimit else {
                throw WireError(.tooLarge, "\(body.count) bytes, at most \(kind.bodyLimit) are allowed")
            }
            return [Self.magic + [kind.headerVersion(settled: version), kind.rawValue], body]
        } catch {
            throw WireError(error.code, kind: kind.rawValue, error.detail)
        }
    }

    /// The message that `frames` are; every frame of every content is either a message or an error, never a trap.
    ///
    /// A registration is read whatever version its header names, so that its sender can be told what to do: named another than
    /// the handshake's, that is all it speaks.
    package static func decode(_ frames: [[UInt8]]) throws(WireError) -> Message {
        guard frames.count == 2 else {
            throw WireError(.badFrames, "\(frames.count) frames, a message has 2: header and body")
        }
        let (kind, version) = try kind(ofHeader: frames[0])
        do throws(WireError) {
            let body = frames[1]
            guard body.count <= kind.bodyLimit else {
                throw WireError(.tooLarge, "\(body.count) bytes, at most \(kind.bodyLimit) are allowed")
            }
            try FieldCount.check(body, limit: WireLimits.fields, inner: kind.inner)
            let message = try decode(kind, body: body)
            guard case .register(var register) = message, version != handshakeVersion else { return message }
            register.versions = ProtocolVersions(only: version)
            return .register(register)
        } catch {
            // What another version puts into a registration need not be what this one reads.
            guard kind != .register || isRead(version) else { throw otherVersion(version, kind: kind.rawValue) }
            throw WireError(error.code, kind: kind.rawValue, error.detail)
        }
    }

    /// Whether what is said in this version can be read here.
    private static func isRead(_ version: UInt8) -> Bool {
        version == handshakeVersion || ProtocolVersions.spoken.contains(version)
    }

    private static func otherVersion(_ version: UInt8, kind: UInt8) -> WireError {
        WireError(.badVersion, kind: kind, "protocol version \(version), here it is \(ProtocolVersions.spoken)")
    }

    private static func kind(ofHeader header: [UInt8]) throws(WireError) -> (MessageKind, version: UInt8) {
        guard header.count == WireLimits.header else {
            throw WireError(.badFrames, "a header of \(header.count) bytes, it has \(WireLimits.header)")
        }
        // A peer's problem must not be answered, so its kind is told even when the rest is wrong.
        let kind = header[5]
        guard Array(header[..<4]) == magic else {
            throw WireError(.badMagic, kind: kind, "the header does not begin with SWPD")
        }
        let version = header[4]
        let isRead =
            switch kind {
            case MessageKind.problem.rawValue: version == problemVersion
            case MessageKind.register.rawValue: true
            default: isRead(version)
            }
        guard isRead else { throw otherVersion(version, kind: kind) }
        guard let known = MessageKind(rawValue: kind) else {
            throw WireError(
                .unknownKind,
                kind: kind,
                "kind \(kind) does not exist in \(ProtocolVersions.spoken)"
            )
        }
        return (known, version)
    }
}

/// Counts a body's fields without decoding them.
enum FieldCount {
    /// Throws when `body` has more than `limit` outermost fields, or is not made of protobuf fields at all; so when those of its
    /// field `inner` have more than that one's limit of fields, all together.
    static func check(_ body: [UInt8], limit: Int, inner: (field: UInt64, limit: Int)? = nil) throws(WireError) {
        var innerFields = 0
        _ = try count(body, in: body.indices, limit: limit) { field, content throws(WireError) in
            guard let inner, field == inner.field else { return }
            innerFields += try count(body, in: content, limit: inner.limit - innerFields) { _, _ in }
        }
    }

    /// The fields that these bytes are; `visit` is told the number of each that has bytes of its own, and where they stand.
    private static func count(
        _ body: [UInt8],
        in range: Range<Int>,
        limit: Int,
        _ visit: (UInt64, Range<Int>) throws(WireError) -> Void
    ) throws(WireError) -> Int {
        var position = range.lowerBound
        var fields = 0
        while position < range.upperBound {
            let tag = try varint(body, &position, range.upperBound)
            fields += 1
            guard fields <= limit else { throw .undecodable("more than \(limit) fields") }
            let skip: UInt64
            switch tag & 7 {
            case 0:
                _ = try varint(body, &position, range.upperBound)
                skip = 0
            case 1: skip = 8
            case 2: skip = try varint(body, &position, range.upperBound)
            case 5: skip = 4
            default: throw .undecodable("a field of wire type \(tag & 7)")
            }
            guard skip <= UInt64(range.upperBound - position) else {
                throw .undecodable("a field ends beyond the body")
            }
            if tag & 7 == 2 { try visit(tag >> 3, position..<position + Int(skip)) }
            position += Int(skip)
        }
        return fields
    }

    private static func varint(_ body: [UInt8], _ position: inout Int, _ end: Int) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw .undecodable("a number ends beyond the body") }
            let byte = body[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .undecodable("a number of more than 10 bytes")
    }
}
