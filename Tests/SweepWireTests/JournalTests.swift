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
        #expect(throws: WireError(.badVersion, "journal version 2, version 1 is read here")) {
            try JournalCodec.decode([0x08, 0x02])
        }
        #expect(throws: WireError(.badVersion, "journal version 0, version 1 is read here")) {
            try JournalCodec.decode([])
        }
    }

    @Test func `a trial cannot end in a state that is not an end`() {
        let trial = TrialID(sweep: SweepID(rawValue: 1), number: 1)
        for state in [TrialState.waiting, .running, .paused] {
            #expect(throws: WireError.self) { try JournalCodec.encode([.trialEnded(trial, state)]) }
        }
    }
}
