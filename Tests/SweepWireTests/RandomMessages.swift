import SweepCore
import SweepNumerics
import SweepWire

/// Messages and facts of every kind, drawn from a seed; small enough to print, odd enough to find what a hand-written list misses.
struct RandomMessages {
    var stream: RandomStream

    init(seed: UInt64) { stream = RandomStream(key: seed) }

    mutating func count(_ most: Int) -> Int { stream.below(most + 1) }
    mutating func flag() -> Bool { stream.below(2) == 0 }
    mutating func pick<Value>(_ values: [Value]) -> Value { values[stream.below(values.count)] }

    mutating func list<Value>(_ most: Int, _ make: (inout RandomMessages) -> Value) -> [Value] {
        (0..<count(most)).map { _ in make(&self) }
    }

    mutating func text() -> String {
        pick(["", "a", "digits", "Grüße", "日本", "line\nbreak", "\u{0}", "tab\t", "e\u{301}", "train.optimizer"])
    }

    mutating func real() -> Double {
        pick([0, -0.0, 1, 0.1, -2.5e300, .leastNonzeroMagnitude, .infinity, -.infinity, stream.normal()])
    }

    mutating func finite() -> Double {
        let value = real()
        return value.isFinite ? value : 7.5
    }

    mutating func integer() -> Int { pick([0, 1, -1, 42, 1 << 53, -(1 << 53), Int(Int32.max), Int.max, Int.min]) }
    mutating func epoch() -> Int { pick([0, 1, 2, 27, 1_000_000, Int(Int32.max)]) }
    mutating func bytes(_ most: Int = 40) -> [UInt8] { list(most) { UInt8(truncatingIfNeeded: $0.stream.next()) } }

    mutating func hash() -> ContentHash {
        let bytes = (0..<32).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
        guard let hash = ContentHash(bytes: bytes) else { preconditionFailure("32 bytes are a hash") }
        return hash
    }

    mutating func trial() -> TrialID {
        TrialID(sweep: SweepID(rawValue: UInt32(truncatingIfNeeded: stream.next())), number: epoch())
    }

    mutating func lease() -> LeaseID {
        LeaseID(trial: trial(), attempt: Attempt(rawValue: UInt32(count(9))))
    }

    mutating func worker() -> WorkerID { WorkerID(name: pick(["node-1", "ä"]), incarnation: stream.next()) }
    mutating func versions() -> ProtocolVersions {
        pick([.spoken, ProtocolVersions(only: 2), ProtocolVersions(only: 3), ProtocolVersions(oldest: 7, newest: 255)])
            ?? .spoken
    }
    mutating func dataSet() -> DataSetID { DataSetID(hash: hash(), size: count(1 << 20)) }
    mutating func checkpoint() -> CheckpointID { CheckpointID(hash: hash(), size: count(1 << 20)) }

    /// Consecutive epochs with equally many values, as a trainer reports them.
    mutating func observations() -> [Observation] {
        let first = 1 + count(50)
        let width = count(6)
        return (0..<1 + count(4)).map { row in
            Observation(epoch: first + row, values: (0..<width).map { _ in real() }, seconds: stream.uniform())
        }
    }

    mutating func metric() -> Metric { pick(Metric.fixed + [.validationRecall("a"), .validationRecall("Grüße, 日本")]) }

    mutating func note() -> TrialNote { TrialNote(epoch: epoch(), text: text()) }

    /// An item with notes about its epochs.
    mutating func item() -> Reports.Item {
        let observations = observations()
        let notes = list(3) { random in
            TrialNote(epoch: random.pick(observations).epoch, text: random.text())
        }
        let readings = list(2) { random in random.reading(after: random.pick(observations).epoch) }
        return Reports.Item(
            lease: lease(),
            observations: observations,
            stoppedEarly: flag(),
            notes: notes,
            readings: readings
        )
    }

    /// A reading with and without what may be missing of it.
    mutating func reading(after epoch: Int) -> PackedReading {
        PackedReading(
            Instruments.Reading(
                epoch: epoch,
                layers: list(4) { random in
                    Instruments.Layer(
                        name: random.text(),
                        isHead: random.flag(),
                        activation: random.pick([nil, .relu, .tanh, .sigmoid]),
                        gradient: random.flag() ? random.real() : nil,
                        weights: random.real(),
                        change: random.flag() ? random.real() : nil,
                        weightCount: random.count(1 << 40),
                        deviation: random.real(),
                        units: random.count(9_999),
                        dead: random.flag() ? random.real() : nil,
                        saturated: random.flag() ? random.real() : nil,
                        equalUnits: random.count(9)
                    )
                },
                noise: flag()
                    ? Instruments.GradientNoise(
                        variance: real(),
                        squaredMean: real(),
                        rows: flag() ? count(9_999) : nil
                    ) : nil,
                commonestPrediction: flag() ? real() : nil,
                predictionVariance: flag() ? real() : nil,
                stepLosses: list(5) { Float($0.real()) },
                classes: list(4) { $0.flag() }.enumerated().map { index, isLate in
                    Instruments.ClassReading(
                        index: 2 * index + (isLate ? 1 : 0),
                        rows: count(9_999),
                        loss: flag() ? real() : nil,
                        recall: flag() ? real() : nil,
                        probeLoss: flag() ? real() : nil
                    )
                }
            )
        )
    }

    mutating func value() -> ParameterValue {
        pick([.none, .flag(flag()), .integer(integer()), .real(real()), .text(text())])
    }

    mutating func domain(depth: Int) -> ParameterDomain {
        switch stream.below(5) {
        case 0:
            .uniform(
                low: -1,
                high: stream.uniform(),
                step: flag() ? 0.25 : nil,
                points: flag() ? 1 + count(9) : nil
            )
        case 1: .logUniform(low: 1e-6, high: 1 + stream.uniform(), points: flag() ? 1 + count(9) : nil)
        case 2: .integer(low: -count(9), high: count(9), step: 1 + count(3))
        case 3: .logInteger(low: 1 + count(3), high: 5 + count(9), points: flag() ? 3 : nil)
        default:
            .choice(
                (0..<1 + count(3)).map { index in
                    ChoiceOption(
                        label: .text("\(index) \(text())"),
                        node: node(depth: depth + 1),
                        // At every other level something is believed.
                        weight: depth.isMultiple(of: 2) ? nil : 1 / Double(1 + index)
                    )
                }
            )
        }
    }

    mutating func node(depth: Int = 0) -> SpecNode {
        switch stream.below(depth > 5 ? 5 : 8) {
        case 0: .null
        case 1: .boolean(flag())
        case 2: .integer(integer())
        case 3: .real(real())
        case 4: .text(text())
        case 5: .list(list(4) { $0.node(depth: depth + 1) })
        case 6: .map(list(4) { SpecEntry($0.text(), $0.node(depth: depth + 1)) })
        default: .domain(domain(depth: depth))
        }
    }

    mutating func outcome() -> SegmentOutcome {
        pick([
            .reached, .notFinite, .cancelled, .stoppedEarly, .failed(reason: text(), log: text()),
            .died(reason: text(), log: text()),
        ])
    }

    mutating func assignment() -> Assignment {
        let from = flag() ? 0 : 1 + count(9)
        return Assignment(
            lease: lease(),
            sweepName: text(),
            spec: node(),
            seed: stream.next(),
            from: from,
            to: from + 1 + count(9),
            checkpoint: from > 0 ? checkpoint() : nil,
            dataSet: dataSet(),
            keepsCheckpoint: flag(),
            metrics: list(6) { $0.metric() }
        )
    }

    mutating func message(_ kind: MessageKind) -> Message {
        switch kind {
        case .problem:
            .problem(Problem(kind: UInt8(count(255)), code: pick(ProblemCode.allCases), sentence: text()))
        case .goodbye: .goodbye(Goodbye(reason: text()))
        case .objectOffer:
            {
                let head = bytes()
                return .objectOffer(ObjectOffer(hash: hash(), size: head.count + count(9), head: head))
            }()
        case .objectRequest:
            .objectRequest(
                ObjectRequest(hash: hash(), offset: count(1 << 30), length: 1 + count(WireLimits.window - 1))
            )
        case .objectChunk:
            {
                let (part, offset) = (bytes(), count(1 << 20))
                return .objectChunk(
                    ObjectChunk(hash: hash(), offset: offset, total: offset + part.count + count(9), bytes: part)
                )
            }()
        case .objectStored: .objectStored(ObjectStored(hash: hash()))
        case .objectMissing: .objectMissing(ObjectMissing(hash: hash()))
        case .register:
            .register(
                Register(
                    worker: worker(),
                    host: text(),
                    pid: Int32(count(9999)),
                    slots: 1 + count(63),
                    prefetch: count(256),
                    kernels: text(),
                    coreVersion: text(),
                    softwareVersion: text(),
                    labels: list(3) { WorkerLabel(key: $0.text(), value: $0.text()) },
                    dataSets: list(3) { $0.dataSet() },
                    leases: list(3) { HeldLease(lease: $0.lease(), epoch: $0.epoch()) },
                    oldestSequence: 1 + UInt64(count(99)),
                    versions: versions(),
                    samplesPerSecond: count(1) == 0 ? nil : Double(1 + count(99_999)) / 2
                )
            )
        case .heartbeat:
            .heartbeat(
                Heartbeat(
                    running: list(3) {
                        Heartbeat.Progress(lease: $0.lease(), epoch: $0.epoch(), step: $0.count(1 << 40))
                    },
                    busySlots: count(64)
                )
            )
        case .reports:
            .reports(
                Reports(
                    sequence: 1 + UInt64(count(1 << 40)),
                    items: list(3) { $0.item() }
                )
            )
        case .segmentEnded:
            .segmentEnded(
                SegmentEnded(
                    sequence: 1 + UInt64(count(99)),
                    lease: lease(),
                    epoch: epoch(),
                    outcome: outcome(),
                    checkpoint: flag() ? checkpoint() : nil
                )
            )
        case .draining: .draining(Draining(handedBack: list(3) { $0.lease() }))
        case .welcome:
            {
                let beat = 10 + count(1000)
                let version = pick([handshakeVersion, 3, 200])
                return .welcome(
                    Welcome(
                        session: stream.next(),
                        heartbeatMilliseconds: beat,
                        lapseMilliseconds: 3 * beat + count(1000),
                        coordinator: text(),
                        lastSequence: UInt64(count(99)),
                        refused: list(3) { $0.lease() },
                        version: version,
                        softwareVersion: version < 3 ? "" : text()
                    )
                )
            }()
        case .heartbeatAnswer: .heartbeatAnswer
        case .assignments: .assignments(Assignments(leases: list(3) { $0.assignment() }))
        case .acknowledged: .acknowledged(Acknowledged(sequence: UInt64(count(99))))
        case .verdicts:
            .verdicts(
                Verdicts(items: list(3) { Verdicts.Item(lease: $0.lease(), stop: $0.pick(StopReason.allCases)) })
            )
        case .drain: .drain
        case .unknownSession: .unknownSession
        case .request: .request(ClientRequest(id: stream.next(), verb: text(), body: bytes()))
        case .response:
            .response(
                ClientResponse(
                    id: stream.next(),
                    status: pick(ResponseStatus.allCases),
                    more: flag(),
                    body: bytes()
                )
            )
        }
    }

    mutating func schema() -> DataSchema {
        let classes = list(4) { $0.text() }
        return DataSchema(
            features: list(5) { $0.text() },
            image: flag() ? ImageShape(height: count(28), width: count(28), channels: 1 + count(2)) : nil,
            task: flag()
                ? .classification(classes: classes, trainingCounts: classes.map { _ in count(999) })
                : .regression(mean: real(), variance: stream.uniform()),
            trainingRows: count(60_000),
            validationRows: count(10_000),
            testRows: count(10_000)
        )
    }

    /// The number of kinds that `fact` draws from.
    static let factKinds = 20

    private mutating func adjustment() -> SweepAdjustment {
        SweepAdjustment(
            priority: flag() ? count(2_000) - 1_000 : nil,
            maxParallel: pick([nil, .unlimited, .atMost(1 + count(65_535))]),
            trials: flag() ? 1 + count(9_999_999) : nil
        )
    }

    mutating func fact(_ kind: Int) -> Fact {
        switch kind {
        case 0:
            .sweepSubmitted(
                SweepSubmission(
                    id: SweepID(rawValue: UInt32(count(9))),
                    source: node(),
                    text: text(),
                    fileName: text(),
                    dataSet: dataSet(),
                    foldSets: list(3) { $0.dataSet() },
                    schema: schema(),
                    metrics: [metric()] + list(6) { $0.metric() },
                    coreVersion: text(),
                    milliseconds: Int64(count(1 << 41))
                )
            )
        case 1:
            .sweepChanged(
                SweepID(rawValue: UInt32(count(9))),
                pick([.paused, .resumed, .cancelled, .finished, .halted(text())])
            )
        case 2:
            .trialProposed(
                TrialProposal(
                    trial: trial(),
                    configuration: Configuration(
                        list(5) { Configuration.Entry(path: $0.text(), value: $0.value()) }
                    ),
                    configurationIndex: count(999),
                    repeatIndex: count(9),
                    seed: stream.next()
                )
            )
        case 3: .segmentDecided(trial(), from: epoch(), to: epoch(), virtualEnd: finite(), order: count(1 << 40))
        case 4: .leased(lease(), worker: worker(), from: epoch(), to: epoch(), kernels: text())
        case 5: .observed(lease(), observations())
        case 6: .checkpointKept(trial(), epoch: epoch(), checkpoint())
        case 7: .segmentResolved(trial(), epoch: epoch(), cost: real())
        case 8: .leaseEnded(lease(), pick([.lapsed, .died(text()), .handedBack, .superseded]))
        case 9: .trialEnded(trial(), pick([.completed, .failed(text()), .pruned(pick(PruneReason.allCases))]))
        case 10: .workerSequence(worker(), sequence: stream.next())
        case 11: .noted(trial(), list(5) { $0.note() })
        case 12: .sweepChanged(SweepID(rawValue: UInt32(count(9))), .ran(milliseconds: count(1 << 40)))
        case 13:
            .sweepChanged(
                SweepID(rawValue: UInt32(count(9))),
                .deleted(
                    list(5) { random in
                        SweepStanding(
                            sweep: SweepID(rawValue: UInt32(random.count(9))),
                            head: random.finite(),
                            newestLease: random.count(1 << 40)
                        )
                    },
                    leasesGiven: count(1 << 40)
                )
            )
        case 14:
            .trialProposed(
                TrialProposal(
                    trial: trial(),
                    configuration: Configuration([]),
                    configurationIndex: count(999),
                    repeatIndex: 0,
                    seed: stream.next(),
                    parent: Parent(trial: 1 + count(99), epoch: 1 + count(999))
                )
            )
        case 16: .measured(trial(), reading(after: 1 + count(999)))
        case 17:
            .sweepChanged(
                SweepID(rawValue: UInt32(count(9))),
                .enqueued(
                    (0...count(4)).map { _ in
                        Configuration(list(5) { Configuration.Entry(path: $0.text(), value: $0.value()) })
                    },
                    key: pick(["", "4f", "again"])
                )
            )
        case 18:
            .sweepChanged(
                SweepID(rawValue: UInt32(count(9))),
                .experiment(
                    SweepExperiment(
                        trial: 1 + count(99),
                        round: 1 + count(1),
                        sweeps: list(3) { SweepID(rawValue: UInt32($0.count(1 << 20))) },
                        causes: list(3) { $0.pick(Cause.allCases) },
                        epochs: count(1 << 40)
                    )
                )
            )
        case 19: .sweepChanged(SweepID(rawValue: UInt32(count(9))), .experimentsOver(text()))
        default: .sweepChanged(SweepID(rawValue: UInt32(count(9))), .adjusted(adjustment()))
        }
    }
}
