import SweepCore
import SweepNumerics
import SweepWire
import Testing

/// The messages that each trial has several of are written and read without protobuf's library: to the same bytes and values.
@Suite struct QuickFormTests {
    private static let kinds: [MessageKind] = [.reports, .segmentEnded, .assignments]

    @Test(arguments: kinds)
    func `written by hand they are the library's bytes`(kind: MessageKind) throws {
        var random = RandomMessages(seed: 900 + UInt64(kind.rawValue))
        for round in 0..<400 {
            let message = random.message(kind)
            #expect(try message.encode()[1] == message.thoroughBody(), "round \(round): \(message)")
        }
    }

    @Test(arguments: kinds)
    func `read by hand they are what the library reads, and what it refuses is refused`(kind: MessageKind) throws {
        var random = RandomMessages(seed: 950 + UInt64(kind.rawValue))
        var stream = RandomStream(key: 7 + UInt64(kind.rawValue))
        var (read, refused) = (0, 0)
        for round in 0..<1500 {
            let frames = try random.message(kind).encode()
            var body = frames[1]
            if round.isMultiple(of: 3) { body = HostileBytesTests.mutated(body, &stream) }
            let quick = try? Message.decode([frames[0], body])
            // The outermost fields are counted before either reader is asked.
            guard quick != nil || round.isMultiple(of: 3) else {
                Issue.record("round \(round) is refused")
                continue
            }
            let thorough = (try? Message.thoroughly(kind, body: body)) ?? nil
            if quick == nil { refused += 1 } else { read += 1 }
            if let quick { #expect("\(quick)" == thorough.map { "\($0)" }, "round \(round)") }
        }
        #expect(read > 1000 && refused > 0)
    }

    @Test func `many leases of one sweep, and of several, keep what each is`() throws {
        var random = RandomMessages(seed: 77)
        let some = (0..<3).map { _ in random.assignment() }
        let leases = (0..<30).map { index in
            let from = some[index * index % 3]
            return Assignment(
                lease: random.lease(),
                sweepName: from.sweepName,
                spec: .integer(index),
                seed: UInt64(index),
                from: from.from,
                to: from.to,
                checkpoint: from.checkpoint,
                dataSet: some[index / 7 % 3].dataSet,
                keepsCheckpoint: index.isMultiple(of: 2),
                metrics: some[index / 5 % 3].metrics
            )
        }
        let message = Message.assignments(Assignments(leases: leases))
        let frames = try message.encode()
        #expect(try frames[1] == message.thoroughBody())
        #expect("\(try Message.decode(frames))" == "\(message)")
    }
}
