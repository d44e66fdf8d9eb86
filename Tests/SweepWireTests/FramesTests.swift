import SweepCore
import SweepNumerics
import SweepWire
import Testing

@Suite struct FramesTests {
    @Test(arguments: MessageKind.allCases)
    func `what is encoded is decoded to the same message`(kind: MessageKind) throws {
        let seed = UInt64(kind.rawValue) << 8
        var random = RandomMessages(seed: seed)
        for round in 0..<200 {
            let message = random.message(kind)
            #expect(message.kind == kind)
            for version in ProtocolVersions.spoken.oldest...ProtocolVersions.spoken.newest {
                let frames = try message.encode(in: version)
                #expect(frames.count == 2 && frames[0].count == 6 && frames[0][5] == kind.rawValue)
                #expect(try Message.decode(frames) == message, "seed \(seed), round \(round), version \(version)")
            }
        }
    }

    @Test func `NaN goes over the wire bit for bit`() throws {
        let lease = LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 2), attempt: Attempt(rawValue: 3))
        let values = [Double.nan, Double(nan: 7, signaling: false), -.infinity, -0.0]
        let item = Reports.Item(lease: lease, observations: [Observation(epoch: 1, values: values, seconds: 0)])
        let frames = try Message.reports(Reports(sequence: 1, items: [item])).encode()
        guard case .reports(let reports) = try Message.decode(frames) else {
            Issue.record("not a report")
            return
        }
        #expect(reports.items[0].observations[0].values.map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test func `epochs with a gap become two items`() throws {
        let lease = LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 2), attempt: Attempt(rawValue: 3))
        let observations = [1, 2, 4].map { Observation(epoch: $0, values: [Double($0)], seconds: 0) }
        let item = Reports.Item(lease: lease, observations: observations)
        let frames = try Message.reports(Reports(sequence: 1, items: [item])).encode()
        guard case .reports(let reports) = try Message.decode(frames) else {
            Issue.record("not a report")
            return
        }
        #expect(reports.items.map(\.observations) == [Array(observations[..<2]), Array(observations[2...])])
    }

    @Test func `other frames are refused with what is wrong`() throws {
        let good = try Message.goodbye(Goodbye(reason: "done")).encode()
        func code(_ frames: [[UInt8]]) -> ProblemCode? {
            do {
                _ = try Message.decode(frames)
                return nil
            } catch { return error.code }
        }
        #expect(code([]) == .badFrames)
        #expect(code([good[0]]) == .badFrames)
        #expect(code(good + [[]]) == .badFrames)
        #expect(code([[], []]) == .badFrames)
        #expect(code([Array("SWPX".utf8) + [1, 2], good[1]]) == .badMagic)
        #expect(code([Array("SWPD".utf8) + [1, 2], good[1]]) == .badVersion)
        #expect(code([Array("SWPD".utf8) + [3, 2], good[1]]) == nil)
        #expect(code([Array("SWPD".utf8) + [4, 2], good[1]]) == .badVersion)
        #expect(code([Array("SWPD".utf8) + [2, 0x7F], good[1]]) == .unknownKind)
        #expect(code([good[0], [0xFF]]) == .undecodable)
        #expect(code([good[0], [UInt8](repeating: 0, count: 70_000)]) == .tooLarge)
        #expect(code(good) == nil)
    }

    /// What a peer of version 1 says is answered in frames that version 1 reads.
    @Test func `a peer of version 1 is told so in its own words`() throws {
        let beat = [Array("SWPD".utf8) + [1, 0x11], []]
        let error = try #require(throws: WireError.self) { try Message.decode(beat) }
        #expect(error.code == .badVersion)
        let answer = try #require(error.answer).encode(in: protocolVersion)
        #expect(answer[0] == Array("SWPD".utf8) + [1, MessageKind.problem.rawValue])
        let sentence = "protocol version 1, here it is protocol versions 2 to 3"
        #expect(
            try Message.decode(answer) == .problem(Problem(kind: 0x11, code: .badVersion, sentence: sentence))
        )
        #expect(throws: WireError.self) { try Message.decode([Array("SWPD".utf8) + [2, 1], answer[1]]) }
    }

    @Test func `what is cut in two keeps the stop with the last epoch and each note with its own`() throws {
        let lease = LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 2), attempt: Attempt(rawValue: 3))
        let observations = [1, 2, 5].map { Observation(epoch: $0, values: [Double($0)], seconds: 0) }
        let notes = [2, 4, 5].map { TrialNote(epoch: $0, text: "\($0)") }
        let item = Reports.Item(lease: lease, observations: observations, stoppedEarly: true, notes: notes)
        let frames = try Message.reports(Reports(sequence: 1, items: [item])).encode()
        guard case .reports(let reports) = try Message.decode(frames) else {
            Issue.record("not a report")
            return
        }
        #expect(reports.items.map(\.stoppedEarly) == [false, true])
        #expect(reports.items.map(\.notes) == [[notes[0]], [notes[1], notes[2]]])
    }

    @Test func `what is cut in two keeps each reading with its own epoch`() throws {
        let observations = [1, 2, 5].map { Observation(epoch: $0, values: [Double($0)], seconds: 0) }
        let readings = [1, 2, 5].map { PackedReading(Instruments.Reading(epoch: $0, layers: [])) }
        let item = Reports.Item(lease: GoldenSamples.lease, observations: observations, readings: readings)
        let frames = try Message.reports(Reports(sequence: 1, items: [item])).encode()
        guard case .reports(let reports) = try Message.decode(frames) else {
            Issue.record("not a report")
            return
        }
        #expect(reports.items.map(\.readings) == [Array(readings[..<2]), [readings[2]]])
    }

    /// A body of reports whose items have so many notes of no bytes each.
    private func reports(notes: [Int]) -> [UInt8] {
        func number(_ value: Int) -> [UInt8] {
            value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + number(value >> 7)
        }
        return [0x08, 0x01]
            + notes.flatMap { count in
                [0x12] + number(2 * count)
                    + [UInt8](repeating: 0, count: 2 * count).indices.map { $0 % 2 == 0 ? 0x32 : 0 }
            }
    }

    /// An empty note takes two bytes on the wire and a hundred in memory.
    @Test func `fields inside of report items are counted before they are decoded, those of all items together`() throws
    {
        let header = try Message.reports(Reports(sequence: 1, items: [])).encode()[0]
        func detail(_ notes: [Int]) -> String? {
            do throws(WireError) {
                _ = try Message.decode([header, reports(notes: notes)])
                return nil
            } catch { return error.detail }
        }
        #expect(detail([196_609])?.hasPrefix("more than") == true)
        #expect(detail([98_304, 98_305])?.hasPrefix("more than") == true)
        // As many as are allowed are decoded, and refused for what they say.
        #expect(detail([98_304, 98_304])?.contains("epochs") == true)
        #expect(throws: WireError.self) { try Message.decode([header, [0x08, 0x01, 0x12, 0x02, 0x32, 0x05]]) }
    }

    @Test(arguments: GoldenSamples.outcomes)
    func `every outcome goes over the wire`(outcome: SegmentOutcome) throws {
        let end = SegmentEnded(sequence: 1, lease: GoldenSamples.lease, epoch: 4, outcome: outcome)
        #expect(try Message.decode(Message.segmentEnded(end).encode()) == .segmentEnded(end))
    }

    @Test func `an error answers with a problem, but never a problem`() {
        let answer = WireError(.unknownKind, kind: 0x7F, "kind 127 does not exist").answer
        #expect(
            answer
                == .problem(Problem(kind: 0x7F, code: .unknownKind, sentence: "kind 127 does not exist"))
        )
        #expect(WireError(.badVersion, kind: MessageKind.problem.rawValue, "version 9").answer == nil)
        #expect(Message.problem(Problem(kind: 0, code: .badFrames, sentence: "")).notAllowed("no") == nil)
    }

    @Test func `long sentences keep their beginning and long logs their end, cut between characters`() throws {
        let lease = LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 2), attempt: Attempt(rawValue: 3))
        let log = String(repeating: "ä", count: 40_000) + "the end"
        let outcome = SegmentOutcome.died(reason: "begin" + String(repeating: "€", count: 4000), log: log)
        let frames = try Message.segmentEnded(SegmentEnded(sequence: 1, lease: lease, epoch: 0, outcome: outcome))
            .encode()
        guard case .segmentEnded(let ended) = try Message.decode(frames),
            case .died(let reason, let tail) = ended.outcome
        else {
            Issue.record("not the message that was sent")
            return
        }
        #expect(reason.hasPrefix("begin€") && (4094...4096).contains(reason.utf8.count))
        #expect(tail.hasSuffix("äthe end") && (65_535...65_536).contains(tail.utf8.count))
    }

    @Test func `a sender is told when a receiver would refuse`() {
        let request = Message.request(
            ClientRequest(id: 1, verb: "submit", body: [UInt8](repeating: 0, count: 16 * 1024 * 1024))
        )
        #expect(throws: WireError.self) { try request.encode() }
    }
}
