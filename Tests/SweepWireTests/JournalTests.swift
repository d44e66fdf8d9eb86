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

    @Test(arguments: 0..<RandomMessages.factKinds)
    func `rows are the bytes that protobuf's library gives`(kind: Int) throws {
        var random = RandomMessages(seed: UInt64(kind) + 500)
        var facts: [Fact] = []
        for round in 0..<200 {
            let fact = random.fact(kind)
            facts.append(fact)
            #expect(try JournalCodec.encode([fact]) == JournalCodec.encodeThoroughly([fact]), "round \(round): \(fact)")
        }
        #expect(try JournalCodec.encode(facts) == JournalCodec.encodeThoroughly(facts))
    }

    private static func submitted(_ part: ExperimentPart?) -> Fact {
        .sweepSubmitted(
            SweepSubmission(
                id: SweepID(rawValue: 1),
                source: .map([]),
                text: "",
                fileName: "a.yaml",
                dataSet: DataSetID(hash: GoldenSamples.hash(1), size: 1),
                schema: nil,
                metrics: [.validationLoss],
                coreVersion: "1",
                milliseconds: 1,
                experiment: part
            )
        )
    }

    @Test func `what experiment a sweep is a part of comes back, and costs others no byte`() throws {
        let part = ExperimentPart(sweep: "digits", trial: 17, round: 2, first: "digits.why-17")
        #expect(try JournalCodec.decode(JournalCodec.encode([Self.submitted(part)])) == [Self.submitted(part)])
        let plain = try JournalCodec.encode([Self.submitted(nil)])
        #expect(try JournalCodec.decode(plain) == [Self.submitted(nil)])
        // A name of 6 letters, two small numbers and a name of 13, 8 + 2 + 2 + 15 bytes, behind 2 of field 11.
        #expect(try JournalCodec.encode([Self.submitted(part)]).count >= plain.count + 29)
        for wrong in [
            ExperimentPart(sweep: "digits", trial: 0, round: 1, first: "a"),
            ExperimentPart(sweep: "digits", trial: 1, round: 1, first: ""),
        ] {
            #expect(throws: WireError.self) { try JournalCodec.decode(JournalCodec.encode([Self.submitted(wrong)])) }
        }
    }

    @Test func `rows of zeros and of long texts are the library's bytes too`() throws {
        let trial = TrialID(sweep: SweepID(rawValue: 0), number: 0)
        let lease = LeaseID(trial: trial, attempt: Attempt(rawValue: 0))
        let long = String(repeating: "ä", count: 200)
        let values: [ParameterValue] = [
            .none, .flag(false), .flag(true), .integer(0), .integer(.min), .integer(-1), .real(0), .real(-0.0),
            .text(""),
            .text(long),
        ]
        let facts: [Fact] = [
            .segmentDecided(trial, from: 0, to: 0, virtualEnd: 0, order: 0),
            .segmentDecided(trial, from: 0, to: 0, virtualEnd: -0.0, order: 1 << 40),
            .leased(lease, worker: WorkerID(name: "", incarnation: 0), from: 0, to: 0),
            .leased(lease, worker: WorkerID(name: long, incarnation: .max), from: 1, to: 300),
            .leased(lease, worker: WorkerID(name: "a", incarnation: 1), from: 0, to: 3, kernels: "v3"),
            .leased(lease, worker: WorkerID(name: "a", incarnation: 1), from: 0, to: 0, kernels: long),
            .segmentResolved(trial, epoch: 0, cost: 0), .segmentResolved(trial, epoch: 1, cost: .infinity),
            .leaseEnded(lease, .superseded), .trialEnded(trial, .completed),
            .workerSequence(WorkerID(name: "a", incarnation: 0), sequence: 0),
            .observed(lease, []), .observed(lease, [Observation(epoch: 0, values: [], seconds: 0)]),
            .observed(lease, (1...40).map { Observation(epoch: $0, values: [1, .nan, 0], seconds: 0.5) }),
            .observed(lease, [1, 3].map { Observation(epoch: $0, values: [1], seconds: 0) }),
            .observed(
                lease,
                [Observation(epoch: 1, values: [1], seconds: 0), Observation(epoch: 2, values: [], seconds: 0)]
            ),
            .trialProposed(
                TrialProposal(
                    trial: trial,
                    configuration: Configuration(values.map { .init(path: long, value: $0) }),
                    configurationIndex: 0,
                    repeatIndex: 0,
                    seed: 0
                )
            ),
        ]
        for fact in facts {
            #expect(try JournalCodec.encode([fact]) == JournalCodec.encodeThoroughly([fact]), "\(fact)")
        }
    }

    @Test func `a batch keeps its facts and their order`() throws {
        var random = RandomMessages(seed: 7)
        let facts = (0..<500).map { random.fact($0 % RandomMessages.factKinds) }
        #expect(try JournalCodec.decode(JournalCodec.encode(facts)) == facts)
        #expect(try JournalCodec.decode(JournalCodec.encode([])) == [])
    }

    @Test func `a commit is one row, or several in the order of its facts where it has very many bytes`() throws {
        var random = RandomMessages(seed: 7)
        let facts = (0..<500).map { random.fact($0 % RandomMessages.factKinds) }
        #expect(try JournalCodec.rows(facts) == [JournalCodec.encode(facts)])
        #expect(try JournalCodec.rows([]) == [])
        for limit in [1, 1_000, 5_000] {
            let rows = try JournalCodec.rows(facts, bytes: limit)
            #expect(try rows.flatMap { try JournalCodec.decode($0) } == facts)
            #expect(rows.count > 1 && rows.dropLast().allSatisfy { $0.count >= limit })
            #expect(limit > 1 || rows.count == facts.count)
        }
        // A fact that does not fit on top of the others begins the next row; one that is larger alone has a row for itself.
        func fact(_ length: Int) -> Fact {
            .workerSequence(WorkerID(name: String(repeating: "a", count: length), incarnation: 1), sequence: 1)
        }
        let some = [fact(10), fact(20), fact(220), fact(240), fact(10)]
        let rows = try JournalCodec.rows(some, bytes: 200, atMost: 250)
        #expect(try rows.map { try JournalCodec.decode($0) } == [[some[0], some[1]], [some[2]], [some[3]], [some[4]]])
        #expect(rows.dropLast(2).allSatisfy { $0.count <= 250 })
        // The largest fact of a client's request fits on top.
        #expect(JournalCodec.rowBytes + MessageKind.request.bodyLimit < WireLimits.journal)
    }

    @Test func `a row is cleared of a sweep, and keeps the others, how far workers were heard, and that it is gone`()
        throws
    {
        var random = RandomMessages(seed: 12)
        let facts = (0..<600).map { random.fact($0 % RandomMessages.factKinds) }
        let gone: Set<SweepID> = [SweepID(rawValue: 3)]
        let bytes = try JournalCodec.encode(facts)
        let cleared = try #require(try JournalCodec.cleared(bytes, of: gone))
        let rest = try JournalCodec.decode(cleared)
        #expect(rest == facts.filter { $0.sweep.map { !gone.contains($0) } ?? true })
        #expect(rest.count < facts.count)
        #expect(rest.contains { if case .workerSequence = $0 { true } else { false } })
        #expect(try JournalCodec.cleared(cleared, of: gone) == nil, "nothing is left to be cleared")
        let removal = Fact.sweepChanged(SweepID(rawValue: 3), .deleted([], leasesGiven: 4))
        #expect(try JournalCodec.cleared(JournalCodec.encode([removal]), of: gone) == nil)
        #expect(throws: WireError.self) { try JournalCodec.cleared([0xFF, 0xFF], of: gone) }
    }

    @Test func `observations with a gap become several facts`() throws {
        let lease = LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 1), attempt: Attempt(rawValue: 1))
        let observations = [1, 3].map { Observation(epoch: $0, values: [1], seconds: 0) }
        #expect(
            try JournalCodec.decode(JournalCodec.encode([.observed(lease, observations)]))
                == observations.map { .observed(lease, [$0]) }
        )
    }

    @Test func `numbers that nothing could follow, and an end at no time, are refused by both readers`() throws {
        let trial = TrialID(sweep: SweepID(rawValue: 1), number: 1)
        let worker = WorkerID(name: "a", incarnation: 1)
        func leased(_ attempt: UInt32) -> Fact {
            .leased(LeaseID(trial: trial, attempt: Attempt(rawValue: attempt)), worker: worker, from: 0, to: 1)
        }
        func decided(_ end: Double) -> Fact { .segmentDecided(trial, from: 0, to: 1, virtualEnd: end, order: 0) }
        for fact in [leased(.max), leased(1 << 31), decided(.nan), decided(.infinity)] {
            let row = try JournalCodec.encode([fact])
            #expect(throws: WireError.self) { try JournalCodec.decode(row) }
            #expect(throws: WireError.self) { try JournalCodec.row(row) }
        }
        for fact in [leased(1 << 31 - 1), decided(-.greatestFiniteMagnitude)] {
            let row = try JournalCodec.encode([fact])
            #expect(try JournalCodec.decode(row) == [fact])
            #expect(try JournalCodec.row(row).facts == [fact])
        }
    }

    @Test func `a row of another version is refused`() {
        #expect(throws: WireError(.badVersion, "journal version 9, versions 1 to 8 are read here")) {
            try JournalCodec.decode([0x08, 0x09])
        }
        #expect(throws: WireError(.badVersion, "journal version 0, versions 1 to 8 are read here")) {
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

    @Test func `a journal of version 2 is read as it was meant`() throws {
        #expect(GoldenTests.factDigests[2] == GoldenTests.digest(GoldenBytes.factsOfVersion2))
        let facts = try GoldenBytes.factsOfVersion2.flatMap { try JournalCodec.decode(GoldenTests.bytes($0)) }
        #expect("\(facts)" == "\(Array(GoldenSamples.factsOfOneSplit.prefix(12)))")
    }

    @Test func `a journal of version 3 is read as it was meant`() throws {
        #expect(GoldenTests.factDigests[3] == GoldenTests.digest(GoldenBytes.factsOfVersion3))
        let facts = try GoldenBytes.factsOfVersion3.flatMap { try JournalCodec.decode(GoldenTests.bytes($0)) }
        #expect("\(facts)" == "\(Array(GoldenSamples.factsOfOneSplit.prefix(12)))")
    }

    @Test func `a journal of version 4 is read as it was meant`() throws {
        #expect(GoldenTests.factDigests[4] == GoldenTests.digest(GoldenBytes.factsOfVersion4))
        let facts = try GoldenBytes.factsOfVersion4.flatMap { try JournalCodec.decode(GoldenTests.bytes($0)) }
        #expect("\(facts)" == "\(Array(GoldenSamples.factsOfOneSplit.prefix(13)))")
    }

    @Test func `a journal of version 5 is read as it was meant`() throws {
        #expect(GoldenTests.factDigests[5] == GoldenTests.digest(GoldenBytes.factsOfVersion5))
        let facts = try GoldenBytes.factsOfVersion5.flatMap { try JournalCodec.decode(GoldenTests.bytes($0)) }
        #expect("\(facts)" == "\(Array(GoldenSamples.factsOfOneSplit.prefix(15)))")
    }

    @Test func `a journal of version 6 is read as it was meant`() throws {
        #expect(GoldenTests.factDigests[6] == GoldenTests.digest(GoldenBytes.factsOfVersion6))
        let facts = try GoldenBytes.factsOfVersion6.flatMap { try JournalCodec.decode(GoldenTests.bytes($0)) }
        #expect("\(facts)" == "\(Array(GoldenSamples.facts.prefix(16)))")
    }

    @Test func `a journal of version 7 is read as it was meant`() throws {
        #expect(GoldenTests.factDigests[7] == GoldenTests.digest(GoldenBytes.factsOfVersion7))
        let facts = try GoldenBytes.factsOfVersion7.flatMap { try JournalCodec.decode(GoldenTests.bytes($0)) }
        #expect("\(facts)" == "\(Array(GoldenSamples.facts.prefix(18)))")
    }

    @Test func `nothing enqueued, and more than may wait, is refused by both readers`() throws {
        func row(_ count: Int) throws -> [UInt8] {
            let configurations = (0..<count).map { Configuration([.init(path: "a", value: .integer($0))]) }
            return try JournalCodec.encode([.sweepChanged(SweepID(rawValue: 1), .enqueued(configurations))])
        }
        for count in [0, EnqueueRequest.greatestWaiting + 1] {
            let bytes = try row(count)
            #expect(throws: WireError.self, "\(count)") { try JournalCodec.decode(bytes) }
            #expect(throws: WireError.self, "\(count)") { try JournalCodec.row(bytes) }
        }
        for count in [1, EnqueueRequest.greatestWaiting] {
            let bytes = try row(count)
            #expect(throws: Never.self, "\(count)") { try JournalCodec.row(bytes) }
        }
    }

    @Test func `half a parent is refused`() throws {
        let trial = TrialID(sweep: SweepID(rawValue: 1), number: 3)
        func row(_ parent: Parent?) throws -> [UInt8] {
            try JournalCodec.encode([
                .trialProposed(
                    TrialProposal(
                        trial: trial,
                        configuration: Configuration([]),
                        configurationIndex: 2,
                        repeatIndex: 0,
                        seed: 1,
                        parent: parent
                    )
                )
            ])
        }
        for half in [Parent(trial: 2, epoch: 0), Parent(trial: 0, epoch: 4)] {
            let bytes = try row(half)
            #expect(throws: WireError.self, "\(half)") { try JournalCodec.decode(bytes) }
            #expect(throws: WireError.self, "\(half)") { try JournalCodec.row(bytes) }
        }
        #expect(throws: Never.self) { try JournalCodec.row(row(Parent(trial: 2, epoch: 4))) }
    }

    @Test func `a change out of bounds is refused`() throws {
        let wrong = [
            SweepAdjustment(priority: 1_001), SweepAdjustment(priority: -1_001), SweepAdjustment(trials: 0),
            SweepAdjustment(maxParallel: .atMost(0)), SweepAdjustment(maxParallel: .atMost(65_537)),
            SweepAdjustment(trials: 10_000_001),
        ]
        for adjustment in wrong {
            let bytes = try JournalCodec.encode([.sweepChanged(SweepID(rawValue: 1), .adjusted(adjustment))])
            #expect(throws: WireError.self, "\(adjustment)") { try JournalCodec.decode(bytes) }
        }
    }

    @Test(arguments: 0..<RandomMessages.factKinds)
    func `the fast reader of rows gives the facts of the thorough one`(kind: Int) throws {
        var random = RandomMessages(seed: UInt64(kind) + 300)
        var batch: [Fact] = []
        for round in 0..<100 {
            let fact = random.fact(kind)
            #expect(try "\(JournalCodec.row(JournalCodec.encode([fact])).facts)" == "\([fact])", "round \(round)")
            if case .workerSequence = fact { continue }
            batch.append(fact)
        }
        #expect(try "\(JournalCodec.row(JournalCodec.encode(batch)).facts)" == "\(batch)")
    }

    @Test func `of a row's sequence numbers the fast reader gives each worker's highest, last; epochs stay numbers`()
        throws
    {
        let workers = ["a", "b"].map { WorkerID(name: $0, incarnation: 3) }
        let lease = LeaseID(trial: TrialID(sweep: SweepID(rawValue: 1), number: 1), attempt: Attempt(rawValue: 1))
        var facts: [Fact] = []
        for epoch in 1...6 {
            facts.append(.observed(lease, [Observation(epoch: epoch, values: [0.5, Double(epoch)], seconds: 1)]))
            facts.append(.workerSequence(workers[epoch % 2], sequence: UInt64(epoch)))
        }
        let row = try JournalCodec.row(JournalCodec.encode(facts))
        #expect(row.values.count == 12 && row.seconds.count == 6)
        let observed = facts.filter { if case .observed = $0 { true } else { false } }
        #expect(
            row.facts == observed + [
                .workerSequence(workers[1], sequence: 5), .workerSequence(workers[0], sequence: 6),
            ]
        )
    }

    @Test func `rows cut short or changed are refused by the fast reader where the thorough one refuses them`() throws {
        var random = RandomMessages(seed: 11)
        for round in 0..<400 {
            var bytes = try JournalCodec.encode(
                (0..<6).map { random.fact(($0 * 5 + round) % RandomMessages.factKinds) }
            )
            if round.isMultiple(of: 2) {
                bytes.removeLast(1 + round % 7)
            } else {
                bytes[round * 7919 % bytes.count] ^= UInt8(1 + round % 255)
            }
            let thorough = Result { try JournalCodec.decode(bytes) }
            let fast = Result { try JournalCodec.row(bytes).facts }
            switch (thorough, fast) {
            case (.failure, .failure): break
            case (.success(let a), .success(let b)): #expect(a.count >= b.count, "round \(round)")
            default: Issue.record("round \(round): \(thorough) and \(fast)")
            }
        }
    }

    @Test func `a trial cannot end in a state that is not an end`() {
        let trial = TrialID(sweep: SweepID(rawValue: 1), number: 1)
        for state in [TrialState.waiting, .running, .paused] {
            #expect(throws: WireError.self) { try JournalCodec.encode([.trialEnded(trial, state)]) }
        }
    }
}
