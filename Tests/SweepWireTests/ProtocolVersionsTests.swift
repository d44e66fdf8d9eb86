import SweepCore
import SweepWire
import Testing

@Suite struct ProtocolVersionsTests {
    private static func range(_ oldest: UInt8, _ newest: UInt8) throws -> ProtocolVersions {
        try #require(ProtocolVersions(oldest: oldest, newest: newest))
    }

    @Test(
        arguments: [
            // One behind, one ahead, the same, both within the other.
            (2, 2, UInt8?.some(2)), (3, 4, 3), (2, 3, 3), (1, 9, 3), (3, 3, 3),
            // Far behind and far ahead.
            (1, 1, nil), (4, 4, nil), (7, 9, nil),
        ] as [(UInt8, UInt8, UInt8?)]
    )
    func `two builds speak the newest version that both have`(oldest: UInt8, newest: UInt8, agreed: UInt8?) throws {
        let own = try Self.range(2, 3)
        let other = try Self.range(oldest, newest)
        #expect(own.agreement(with: other) == agreed)
        #expect(other.agreement(with: own) == agreed)
    }

    @Test func `there is no range of nothing, and none with version 0`() {
        #expect(ProtocolVersions(oldest: 3, newest: 2) == nil)
        #expect(ProtocolVersions(oldest: 0, newest: 2) == nil)
        #expect(ProtocolVersions(oldest: 1, newest: 1) == ProtocolVersions(only: 1))
    }

    @Test func `this build speaks its own version and the one before`() {
        #expect(ProtocolVersions.spoken.newest == protocolVersion)
        #expect(ProtocolVersions.spoken.contains(protocolVersion - 1))
        #expect(!ProtocolVersions.spoken.contains(protocolVersion - 2))
        #expect(!ProtocolVersions.spoken.contains(protocolVersion + 1))
    }

    @Test func `a refusal names both builds, both versions, and the side to upgrade`() throws {
        let own = try Self.range(2, 3)
        #expect(
            ProtocolVersions(only: 1).refusal(worker: "0.0.9", coordinator: own, "0.1.0")
                == "no protocol version in common: the worker is sweepd 0.0.9 with protocol version 1, the coordinator "
                + "sweepd 0.1.0 with protocol versions 2 to 3; upgrade the worker"
        )
        #expect(
            try Self.range(7, 9).refusal(worker: "", coordinator: own, "0.1.0")
                == "no protocol version in common: the worker is sweepd unknown with protocol versions 7 to 9, the coordinator "
                + "sweepd 0.1.0 with protocol versions 2 to 3; upgrade the coordinator, or run the worker with the "
                + "coordinator's build"
        )
    }

    @Test func `a kind is not sent to whom it is unknown`() throws {
        let beat = Message.heartbeat(Heartbeat(running: [], busySlots: 0))
        let error = try #require(throws: WireError.self) { try beat.encode(in: 0) }
        #expect(error.code == .unknownKind && error.kind == MessageKind.heartbeat.rawValue)
        for version in ProtocolVersions.spoken.oldest...ProtocolVersions.spoken.newest {
            #expect(try beat.encode(in: version)[0][4] == version)
        }
        #expect(MessageKind.allCases.allSatisfy { $0.since <= protocolVersion })
    }

    @Test func `handshakes and clients speak the handshake's version, whatever was settled`() {
        for kind in MessageKind.allCases {
            let expected: UInt8 =
                switch kind {
                case .problem: 1
                case .register, .welcome, .unknownSession, .request, .response: 2
                default: 3
                }
            #expect(kind.headerVersion(settled: 3) == expected, "\(kind)")
        }
    }

    @Test func `a welcome of version 2 has no field of version 3`() throws {
        var welcome = Welcome(
            session: 1,
            heartbeatMilliseconds: 1000,
            lapseMilliseconds: 3000,
            coordinator: "c",
            lastSequence: 0,
            softwareVersion: "0.1.0"
        )
        let old = try Message.welcome(welcome).encode()[1]
        #expect(old == [0x08, 1, 0x10, 0xE8, 0x07, 0x18, 0xB8, 0x17, 0x22, 1, 0x63])
        welcome.version = 3
        #expect(try Message.welcome(welcome).encode()[1] == old + [0x38, 3, 0x42, 5] + Array("0.1.0".utf8))
    }

    @Test(arguments: [UInt8(0), 1, 3, 4, 255])
    func `a registration of any version is read, and speaks that version alone`(version: UInt8) throws {
        let body = GoldenBytes.registerOfVersion1[1]
        guard case .register(let register) = try Message.decode([Array("SWPD".utf8) + [version, 0x10], body]) else {
            Issue.record("not a registration")
            return
        }
        #expect(register.worker.name == "node-1-a" && register.softwareVersion == "0.1.0")
        #expect(register.versions == ProtocolVersions(only: version))
        #expect((ProtocolVersions.spoken.agreement(with: register.versions) != nil) == (version == 3))
    }

    @Test func `a registration whose body is another version's is answered with the version`() throws {
        func code(_ version: UInt8, _ body: [UInt8]) -> ProblemCode? {
            do {
                _ = try Message.decode([Array("SWPD".utf8) + [version, 0x10], body])
                return nil
            } catch { return error.code }
        }
        let large = [UInt8](repeating: 0, count: 2 << 20)
        #expect(code(9, [0xFF]) == .badVersion && code(9, []) == .badVersion && code(9, large) == .badVersion)
        #expect(code(2, [0xFF]) == .undecodable && code(2, []) == .undecodable && code(2, large) == .tooLarge)
    }

    /// Field 16 of a registration: 1.5 and so on as doubles, the lowest byte first.
    @Test(
        arguments: [
            ([0, 0, 0, 0, 0, 0, 0xF8, 0x3F], 1.5), ([0, 0, 0, 0, 0, 0, 0, 0], nil),
            ([0, 0, 0, 0, 0x65, 0xCD, 0xCD, 0x41], 1e9),
        ] as [([UInt8], Double?)]
    )
    func `a worker's speed is a field that others leave out`(bytes: [UInt8], speed: Double?) throws {
        let body = GoldenBytes.registerOfVersion1[1]
        let header = Array("SWPD".utf8) + [handshakeVersion, 0x10]
        guard case .register(var register) = try Message.decode([header, body + [0x81, 1] + bytes]) else {
            Issue.record("not a registration")
            return
        }
        #expect(register.samplesPerSecond == speed)
        let written = try Message.register(register).encode()[1]
        #expect(written == (speed == nil ? body : body + [0x81, 1] + bytes))
        // What was not measured is not said: the bytes are those of before.
        register.samplesPerSecond = nil
        #expect(try Message.register(register).encode()[1] == body)
        for none in [0, -1, Double.nan, .infinity, 2e9] {
            register.samplesPerSecond = none
            #expect(try Message.register(register).encode()[1] == body)
        }
    }

    /// -1, NaN, infinity and 2·10⁹.
    @Test(
        arguments: [
            [0, 0, 0, 0, 0, 0, 0xF0, 0xBF], [0, 0, 0, 0, 0, 0, 0xF8, 0x7F], [0, 0, 0, 0, 0, 0, 0xF0, 0x7F],
            [0, 0, 0, 0, 0x65, 0xCD, 0xDD, 0x41],
        ] as [[UInt8]]
    )
    func `a speed that none can be is refused`(bytes: [UInt8]) throws {
        let header = Array("SWPD".utf8) + [handshakeVersion, 0x10]
        let frames = [header, GoldenBytes.registerOfVersion1[1] + [0x81, 1] + bytes]
        let error = try #require(throws: WireError.self) { try Message.decode(frames) }
        #expect(error.code == .undecodable)
    }

    /// Fields 14 and 15 of a registration, as varints.
    @Test(
        arguments: [
            ([0x70, 2], false), ([0x78, 3], false), ([0x70, 3, 0x78, 2], false), ([0x70, 2, 0x78, 0x80, 2], false),
            ([0x70, 2, 0x78, 3], true), ([], true),
        ] as [([UInt8], Bool)]
    )
    func `versions that are no range are refused`(fields: [UInt8], isRead: Bool) throws {
        let header = Array("SWPD".utf8) + [handshakeVersion, 0x10]
        let frames = [header, GoldenBytes.registerOfVersion1[1] + fields]
        guard isRead else {
            let error = try #require(throws: WireError.self) { try Message.decode(frames) }
            #expect(error.code == .undecodable)
            return
        }
        guard case .register(let register) = try Message.decode(frames) else {
            Issue.record("not a registration")
            return
        }
        #expect(register.versions == (fields.isEmpty ? ProtocolVersions(only: 2) : try Self.range(2, 3)))
    }
}
