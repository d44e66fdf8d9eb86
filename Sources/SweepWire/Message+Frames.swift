extension Message {
    /// `SWPD`.
    static let magic: [UInt8] = [0x53, 0x57, 0x50, 0x44]

    /// The message as two frames: header and body.
    ///
    /// Reasons and logs are cut to their limits (a log keeps its end). Throws `tooLarge` when the peer would refuse the
    /// body, and `undecodable` for a tree that is too deep.
    package func encode() throws(WireError) -> [[UInt8]] {
        do throws(WireError) {
            let body = try body()
            guard body.count <= kind.bodyLimit else {
                throw WireError(.tooLarge, "\(body.count) bytes, at most \(kind.bodyLimit) are allowed")
            }
            return [Self.magic + [kind == .problem ? problemVersion : protocolVersion, kind.rawValue], body]
        } catch {
            throw WireError(error.code, kind: kind.rawValue, error.detail)
        }
    }

    /// The message that `frames` are; every frame of every content is either a message or an error, never a trap.
    package static func decode(_ frames: [[UInt8]]) throws(WireError) -> Message {
        guard frames.count == 2 else {
            throw WireError(.badFrames, "\(frames.count) frames, a message has 2: header and body")
        }
        let kind = try kind(ofHeader: frames[0])
        do throws(WireError) {
            let body = frames[1]
            guard body.count <= kind.bodyLimit else {
                throw WireError(.tooLarge, "\(body.count) bytes, at most \(kind.bodyLimit) are allowed")
            }
            try FieldCount.check(body, limit: WireLimits.fields)
            return try decode(kind, body: body)
        } catch {
            throw WireError(error.code, kind: kind.rawValue, error.detail)
        }
    }

    private static func kind(ofHeader header: [UInt8]) throws(WireError) -> MessageKind {
        guard header.count == WireLimits.header else {
            throw WireError(.badFrames, "a header of \(header.count) bytes, it has \(WireLimits.header)")
        }
        // A peer's problem must not be answered, so its kind is told even when the rest is wrong.
        let kind = header[5]
        guard Array(header[..<4]) == magic else {
            throw WireError(.badMagic, kind: kind, "the header does not begin with SWPD")
        }
        guard header[4] == (kind == MessageKind.problem.rawValue ? problemVersion : protocolVersion) else {
            throw WireError(
                .badVersion,
                kind: kind,
                "protocol version \(header[4]), version \(protocolVersion) is spoken here"
            )
        }
        guard let known = MessageKind(rawValue: kind) else {
            throw WireError(
                .unknownKind,
                kind: kind,
                "kind \(kind) does not exist in protocol version \(protocolVersion)"
            )
        }
        return known
    }
}

/// Counts a body's outermost fields without decoding them.
enum FieldCount {
    /// Throws when `body` has more than `limit` outermost fields, or is not made of protobuf fields at all.
    static func check(_ body: [UInt8], limit: Int) throws(WireError) {
        var position = 0
        var fields = 0
        while position < body.count {
            let tag = try varint(body, &position)
            fields += 1
            guard fields <= limit else { throw .undecodable("more than \(limit) fields") }
            let skip: UInt64
            switch tag & 7 {
            case 0:
                _ = try varint(body, &position)
                skip = 0
            case 1: skip = 8
            case 2: skip = try varint(body, &position)
            case 5: skip = 4
            default: throw .undecodable("a field of wire type \(tag & 7)")
            }
            guard skip <= UInt64(body.count - position) else { throw .undecodable("a field ends beyond the body") }
            position += Int(skip)
        }
    }

    private static func varint(_ body: [UInt8], _ position: inout Int) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < body.count else { throw .undecodable("a number ends beyond the body") }
            let byte = body[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .undecodable("a number of more than 10 bytes")
    }
}
