import SweepCore
import SweepNumerics
import SweepWire
import Testing

/// Bytes that no peer of ours would send: they are refused with an error; a trap would end the test process.
@Suite struct HostileBytesTests {
    /// `bytes` with one to four changes: bits flipped, bytes set, removed, inserted, doubled, or the end cut off.
    static func mutated(_ bytes: [UInt8], _ stream: inout RandomStream) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<1 + stream.below(4) {
            guard !bytes.isEmpty else { return [UInt8(truncatingIfNeeded: stream.next())] }
            let position = stream.below(bytes.count)
            switch stream.below(7) {
            case 0: bytes[position] ^= 1 << UInt8(stream.below(8))
            case 1: bytes[position] = [0, 1, 0x7F, 0x80, 0xFF][stream.below(5)]
            case 2: bytes.remove(at: position)
            case 3: bytes.insert(UInt8(truncatingIfNeeded: stream.next()), at: position)
            case 4: bytes.removeLast(bytes.count - position)
            case 5: bytes.insert(contentsOf: bytes[..<position], at: position)
            default: bytes.replaceSubrange(position..., with: bytes[position...].reversed())
            }
            if bytes.count > 100_000 { bytes.removeLast(bytes.count - 100_000) }
        }
        return bytes
    }

    @Test(arguments: MessageKind.allCases)
    func `changed and cut messages are decoded or refused, never trapped on`(kind: MessageKind) throws {
        let seed = 0xF0 ^ UInt64(kind.rawValue)
        var random = RandomMessages(seed: seed)
        var stream = RandomStream(key: seed &+ 1)
        var decoded = 0
        for _ in 0..<400 {
            let frames = try random.message(kind).encode()
            let body = Self.mutated(frames[1], &stream)
            // What is decoded from such bytes can be sent on, or is refused when sent.
            if let message = try? Message.decode([frames[0], body]) {
                decoded += 1
                _ = try? message.encode()
            }
            _ = try? Message.decode([Self.mutated(frames[0], &stream), body])
        }
        // The checks must not refuse everything; only a kind without fields has nothing that may change.
        let isEmpty = [MessageKind.heartbeatAnswer, .drain, .unknownSession].contains(kind)
        #expect(isEmpty || decoded > 0, "seed \(seed)")
    }

    @Test func `every beginning of a message is decoded or refused`() throws {
        var random = RandomMessages(seed: 3)
        for kind in MessageKind.allCases {
            let frames = try random.message(kind).encode()
            for end in 0...frames[1].count { _ = try? Message.decode([frames[0], Array(frames[1][..<end])]) }
        }
    }

    @Test func `changed and cut journal rows are decoded or refused, never trapped on`() throws {
        let seed: UInt64 = 11
        var random = RandomMessages(seed: seed)
        var stream = RandomStream(key: seed &+ 1)
        for round in 0..<2000 {
            let row = try JournalCodec.encode([random.fact(round % RandomMessages.factKinds)])
            if let facts = try? JournalCodec.decode(Self.mutated(row, &stream)) { _ = try? JournalCodec.encode(facts) }
        }
    }

    @Test func `a body of very many small fields is refused before it is decoded`() throws {
        var header = try Message.reports(Reports(sequence: 1, items: [])).encode()[0]
        let items = (0..<100_000).flatMap { _ -> [UInt8] in [0x12, 0x00] }
        #expect(throws: WireError(.undecodable, kind: 0x12, "more than 65536 fields")) {
            try Message.decode([header, items])
        }
        header[5] = MessageKind.draining.rawValue
        let leases = (0..<20_000).flatMap { _ -> [UInt8] in [0x0A, 0x00] }
        #expect(throws: WireError(.undecodable, kind: 0x14, "20000 leases, at most 16384 are allowed")) {
            try Message.decode([header, leases])
        }
    }

    @Test func `a length beyond the body is refused`() throws {
        let header = try Message.goodbye(Goodbye(reason: "")).encode()[0]
        for length: [UInt8] in [[0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [UInt8](repeating: 0xFF, count: 9) + [0x01]] {
            #expect(throws: WireError.self) { try Message.decode([header, [0x0A] + length]) }
        }
    }

    @Test func `an unknown field is skipped`() throws {
        let frames = try Message.goodbye(Goodbye(reason: "done")).encode()
        let extended = frames[1] + [0xF8, 0x7F, 0x05]
        #expect(try Message.decode([frames[0], extended]) == .goodbye(Goodbye(reason: "done")))
    }

    @Test func `values that this version does not know are refused by name`() throws {
        var random = RandomMessages(seed: 5)
        let header = try Message.response(ClientResponse(id: 1, status: .done, body: [])).encode()[0]
        #expect(throws: WireError(.undecodable, kind: 0x31, "the status 77 is not known here")) {
            try Message.decode([header, [0x10, 77]])
        }
        // A message of one lease: its field, the lease's length, the lease.
        let item = try Message.draining(Draining(handedBack: [random.lease()])).encode()[1] + [0x10, 9]
        let verdicts = try Message.verdicts(Verdicts(items: [])).encode()[0]
        #expect(throws: WireError(.undecodable, kind: 0x24, "the verdict 9 is not known here")) {
            try Message.decode([verdicts, [0x0A, UInt8(item.count)] + item])
        }
    }

    @Test func `a metric whose name none can have is refused by name`() throws {
        var random = RandomMessages(seed: 5)
        let assignment = Assignment(
            lease: random.lease(),
            sweepName: "digits",
            spec: .null,
            seed: 1,
            from: 0,
            to: 1,
            checkpoint: nil,
            dataSet: random.dataSet(),
            keepsCheckpoint: false,
            metrics: [.validationLoss]
        )
        let frames = try Message.assignments(Assignments(leases: [assignment])).encode()
        var body = frames[1]
        let name = Array(Metric.validationLoss.rawValue.utf8)
        let start = try #require((0...body.count - name.count).first { body[$0...].starts(with: name) })
        body.replaceSubrange(start + name.count - 4..<start + name.count, with: Array("lu k".utf8))
        let kind = MessageKind.assignments.rawValue
        #expect(throws: WireError(.undecodable, kind: kind, "the metric validation.lu k is not known here")) {
            try Message.decode([frames[0], body])
        }
    }

    @Test func `a stop without an epoch and a note without end are refused`() throws {
        let header = try Message.reports(Reports(sequence: 1, items: [])).encode()[0]
        // Sequence 1, and an item of two bytes: `stopped_early` and nothing else.
        #expect(throws: WireError(.undecodable, kind: 0x12, "a stop, notes or readings without epochs")) {
            try Message.decode([header, [0x08, 1, 0x12, 2, 0x28, 1]])
        }
        let text = [UInt8](repeating: 0x61, count: 201)
        let note: [UInt8] = [0x08, 1, 0x12, 0xC9, 1] + text
        // One epoch of one second and one value, then the note.
        let real = [UInt8](repeating: 0, count: 8)
        let numbers: [UInt8] = [0x10, 1, 0x1A, 8] + real + [0x22, 8] + real
        let item = numbers + [0x32, UInt8(note.count & 0x7F | 0x80), UInt8(note.count >> 7)] + note
        let body: [UInt8] = [0x08, 1, 0x12, UInt8(item.count & 0x7F | 0x80), UInt8(item.count >> 7)] + item
        #expect(throws: WireError(.undecodable, kind: 0x12, "a note has 201 bytes, at most 200 are allowed")) {
            try Message.decode([header, body])
        }
    }

    @Test(arguments: [-1.0, 1.1e9, .infinity, .nan])
    func `an epoch that took no time that can be is refused`(seconds: Double) throws {
        var random = RandomMessages(seed: 6)
        let lease = random.lease()
        func frames(_ seconds: Double, note: String?) throws -> [[UInt8]] {
            let observation = Observation(epoch: 1, values: [0.5], seconds: seconds)
            let notes = note.map { [TrialNote(epoch: 1, text: $0)] } ?? []
            let item = Reports.Item(lease: lease, observations: [observation], notes: notes)
            return try Message.reports(Reports(sequence: 1, items: [item])).encode()
        }
        // With a note the message takes the general way through the decoder.
        for note in [nil, "a note"] {
            _ = try Message.decode(frames(1e9, note: note))
            #expect(throws: WireError.self) { try Message.decode(frames(seconds, note: note)) }
        }
    }

    @Test func `a problem with an unknown code is still a problem`() throws {
        let header = try Message.problem(Problem(kind: 0, code: .badMagic, sentence: "")).encode()[0]
        #expect(
            try Message.decode([header, [0x10, 99]])
                == .problem(Problem(kind: 0, code: .unspecified, sentence: ""))
        )
    }
}
