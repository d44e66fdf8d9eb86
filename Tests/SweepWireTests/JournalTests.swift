import SweepCore
import SweepWire
import Testing

@Suite struct JournalTests {
    @Test(arguments: 0..<RandomMessages.factKinds)
    func `facts come back as they were`(kind: Int) throws {
        var random = RandomMessages(seed: UInt64(kind) + 100)
        for round in 0..<100 {
            let fact = random.fact(kind)
            #expect(try JournalCodec.decode(JournalCodec.encode([fact])) == [fact], "round \(round)")
        }
    }

    @Test func `a batch keeps its facts and their order`() throws {
        var random = RandomMessages(seed: 7)
        let facts = (0..<500).map { random.fact($0 % RandomMessages.factKinds) }
        #expect(try JournalCodec.decode(JournalCodec.encode(facts)) == facts)
        #expect(try JournalCodec.decode(JournalCodec.encode([])) == [])
    }

    @Test func `observations with a gap become several facts`() throws {
        let lease = LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 1), attempt: Attempt(rawValue: 1))
        let observations = [1, 3].map { Observation(epoch: $0, values: [1], seconds: 0) }
        #expect(
            try JournalCodec.decode(JournalCodec.encode([.observed(lease, observations)]))
                == observations.map { .observed(lease, [$0]) }
        )
    }

    @Test func `a row of another version is refused`() {
        #expect(throws: WireError(.badVersion, "journal version 3, versions 1 to 2 are read here")) {
            try JournalCodec.decode([0x08, 0x03])
        }
        #expect(throws: WireError(.badVersion, "journal version 0, versions 1 to 2 are read here")) {
            try JournalCodec.decode([])
        }
    }

    /// The rows that version 1 wrote, one fact of each of its kinds.
    @Test func `a journal of version 1 is read, with the metrics that its sweeps had`() throws {
        #expect(GoldenTests.factDigests[1] == GoldenTests.digest(GoldenBytes.factsOfVersion1))
        let facts = try GoldenBytes.factsOfVersion1.flatMap { try JournalCodec.decode(GoldenTests.bytes($0)) }
        #expect(facts.count == 11)
        for (fact, sample) in zip(facts, GoldenSamples.facts) {
            guard case .sweepSubmitted(let submission) = fact else {
                #expect("\(fact)" == "\(sample)")
                continue
            }
            #expect(submission.metrics == Metric.reportedAtFirst(for: .classification))
            #expect(submission.fileName == "digits.yaml" && submission.milliseconds == 1_700_000_000_000)
        }
    }

    @Test func `a trial cannot end in a state that is not an end`() {
        let trial = TrialID(sweep: SweepID(rawValue: 1), number: 1)
        for state in [TrialState.waiting, .running, .paused] {
            #expect(throws: WireError.self) { try JournalCodec.encode([.trialEnded(trial, state)]) }
        }
    }
}
