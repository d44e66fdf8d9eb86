import SweepCore
import SweepWire

/// One message of each kind and one fact of each kind, every field set: what `GoldenBytes` are the bytes of.
enum GoldenSamples {
    static let messages: [Message] = [
        .problem(Problem(kind: 0x7F, code: .unknownKind, sentence: "kind 127 does not exist")),
        .goodbye(Goodbye(reason: "drained")),
        .objectOffer(ObjectOffer(hash: hash(1), size: 5, head: [1, 2, 3])),
        .objectRequest(ObjectRequest(hash: hash(1), offset: 3, length: 2)),
        .objectChunk(ObjectChunk(hash: hash(1), offset: 3, total: 5, bytes: [4, 5])),
        .objectStored(ObjectStored(hash: hash(1))),
        .objectMissing(ObjectMissing(hash: hash(1))),
        .register(
            Register(
                worker: worker,
                host: "node-1",
                pid: 4242,
                slots: 2,
                prefetch: 8,
                kernels: "v3",
                coreVersion: "1",
                softwareVersion: "0.1.0",
                labels: [WorkerLabel(key: "rack", value: "b")],
                dataSets: [DataSetID(hash: hash(1), size: 460_032)],
                leases: [HeldLease(lease: lease, epoch: 3)],
                oldestSequence: 17
            )
        ),
        .heartbeat(
            Heartbeat(running: [Heartbeat.Progress(lease: lease, epoch: 3, step: 40)], busySlots: 1)
        ),
        .reports(
            Reports(
                sequence: 17,
                items: [
                    Reports.Item(lease: lease, observations: observations, stoppedEarly: true, notes: notes)
                ]
            )
        ),
        .segmentEnded(
            SegmentEnded(sequence: 18, lease: lease, epoch: 9, outcome: .reached, checkpoint: checkpoint)
        ),
        .draining(Draining(handedBack: [lease])),
        .welcome(
            Welcome(
                session: 3,
                heartbeatMilliseconds: 1000,
                lapseMilliseconds: 3000,
                coordinator: "main",
                lastSequence: 16,
                refused: [lease],
                version: 3,
                softwareVersion: "0.1.0"
            )
        ),
        .heartbeatAnswer,
        .assignments(
            Assignments(leases: [
                Assignment(
                    lease: lease,
                    sweepName: "digits",
                    spec: tree,
                    seed: 0x0123_4567_89AB_CDEF,
                    from: 3,
                    to: 9,
                    checkpoint: checkpoint,
                    dataSet: DataSetID(hash: hash(1), size: 460_032),
                    keepsCheckpoint: true,
                    metrics: [.trainingLoss, .validationRecall("a b")]
                )
            ])
        ),
        .acknowledged(Acknowledged(sequence: 18)),
        .verdicts(Verdicts(items: [Verdicts.Item(lease: lease, stop: .superseded)])),
        .drain,
        .unknownSession,
        .request(ClientRequest(id: 9, verb: "rank", body: Array(#"{"sweep":"digits"}"#.utf8))),
        .response(ClientResponse(id: 9, status: .badInput, more: true, body: Array("{}".utf8))),
    ]

    /// The same as they are said between peers of which one speaks version 2 alone.
    static let messagesOfVersion2: [Message] = messages.map { message in
        switch message {
        case .register(var register):
            register.versions = ProtocolVersions(only: 2)
            return .register(register)
        case .welcome(var welcome):
            welcome.version = 2
            welcome.softwareVersion = ""
            return .welcome(welcome)
        default: return message
        }
    }

    /// A sweep of two folds, or of one split.
    private static func submitted(foldSets: [DataSetID]) -> Fact {
        .sweepSubmitted(
            SweepSubmission(
                id: SweepID(rawValue: 1),
                source: tree,
                text: "name: digits\n",
                fileName: "digits.yaml",
                dataSet: DataSetID(hash: hash(1), size: 460_032),
                foldSets: foldSets,
                schema: DataSchema(
                    features: ["a", "b"],
                    image: ImageShape(height: 1, width: 2),
                    task: .classification(classes: ["no", "yes"], trainingCounts: [3, 4]),
                    trainingRows: 7,
                    validationRows: 2,
                    testRows: 1
                ),
                metrics: [.validationAUC, .clipShare],
                coreVersion: "1",
                milliseconds: 1_700_000_000_000
            )
        )
    }

    /// The facts as versions of the journal before 6 could say them: of a sweep of one split.
    static let factsOfOneSplit: [Fact] = [submitted(foldSets: [])] + facts.dropFirst()

    static let facts: [Fact] = [
        submitted(foldSets: [DataSetID(hash: hash(3), size: 460_032)]),
        .sweepChanged(SweepID(rawValue: 1), .halted("no space")),
        .trialProposed(
            TrialProposal(
                trial: lease.trial,
                configuration: Configuration([
                    Configuration.Entry(path: "train.optimizer", value: .text("adam")),
                    Configuration.Entry(path: "train.batch_size", value: .integer(32)),
                ]),
                configurationIndex: 13,
                repeatIndex: 1,
                seed: 5
            )
        ),
        .segmentDecided(lease.trial, from: 3, to: 9, virtualEnd: 12.5, order: 21),
        .leased(lease, worker: worker, from: 3, to: 9),
        .observed(lease, observations),
        .checkpointKept(lease.trial, epoch: 9, checkpoint),
        .segmentResolved(lease.trial, epoch: 9, cost: 0.25),
        .leaseEnded(lease, .died("signal 9")),
        .trialEnded(lease.trial, .pruned(.scheduler)),
        .workerSequence(worker, sequence: 18),
        .noted(lease.trial, notes),
        .sweepChanged(
            SweepID(rawValue: 1),
            .adjusted(SweepAdjustment(priority: -3, maxParallel: .atMost(4), trials: 40))
        ),
        .sweepChanged(SweepID(rawValue: 1), .ran(milliseconds: 61_000)),
        .sweepChanged(
            SweepID(rawValue: 2),
            .deleted(
                [SweepStanding(sweep: SweepID(rawValue: 1), head: -2.5, newestLease: 70)],
                leasesGiven: 71
            )
        ),
        .trialProposed(
            TrialProposal(
                trial: TrialID(sweep: SweepID(rawValue: 1), number: 15),
                configuration: Configuration([
                    Configuration.Entry(path: "train.batch_size", value: .integer(32))
                ]),
                configurationIndex: 14,
                repeatIndex: 0,
                seed: 6,
                parent: Parent(trial: 14, epoch: 9)
            )
        ),
        .measured(lease.trial, PackedReading(reading)),
        .sweepChanged(
            SweepID(rawValue: 1),
            .enqueued(
                [
                    Configuration([
                        Configuration.Entry(path: "train.optimizer", value: .text("sgd")),
                        Configuration.Entry(path: "train.optimizer.sgd.learning_rate", value: .real(0.25)),
                    ]),
                    Configuration([Configuration.Entry(path: "train.batch_size", value: .integer(32))]),
                ],
                key: "a1"
            )
        ),
        .sweepChanged(
            SweepID(rawValue: 1),
            .experiment(
                SweepExperiment(
                    trial: 17,
                    round: 1,
                    sweeps: [SweepID(rawValue: 2), SweepID(rawValue: 300)],
                    causes: [.rateTooHigh, .smallBatch],
                    epochs: 270
                )
            )
        ),
        .sweepChanged(SweepID(rawValue: 1), .experimentsOver("nothing is left")),
    ]

    static let reading = Instruments.Reading(
        epoch: 4,
        layers: [
            Instruments.Layer(
                name: "1",
                activation: .relu,
                gradient: 0.5,
                weights: 0.25,
                change: 0.125,
                weightCount: 300,
                deviation: 1.5,
                units: 20,
                dead: 0.25,
                equalUnits: 2
            ),
            Instruments.Layer(
                name: "3",
                isHead: true,
                gradient: 0.5,
                weights: 2,
                change: 0.0625,
                weightCount: 60,
                deviation: 4,
                units: 3
            ),
        ],
        noise: Instruments.GradientNoise(variance: 8, squaredMean: 0.5),
        commonestPrediction: 0.75,
        stepLosses: [2, 1.5]
    )

    /// The ends of segments that the messages do not show.
    static let outcomes: [SegmentOutcome] = [
        .reached, .notFinite, .failed(reason: "a", log: "b"), .died(reason: "c", log: "d"), .cancelled, .stoppedEarly,
    ]

    static let notes = [TrialNote(epoch: 5, text: "learning rate 0.1 → 0.01")]

    static let worker = WorkerID(name: "node-1-a", incarnation: 0xFEDC_BA98_7654_3210)
    static let lease = LeaseID(
        trial: TrialID(sweep: SweepID(rawValue: 1), number: 14),
        attempt: Attempt(rawValue: 2)
    )
    static let checkpoint = CheckpointID(hash: hash(2), size: 1024)
    static let observations = [
        Observation(epoch: 4, values: [0.5, 0.25], seconds: 0.125),
        Observation(epoch: 5, values: [.nan, 0.75], seconds: 0.25),
    ]
    static let tree = SpecNode.map([
        SpecEntry("null", .null),
        SpecEntry("boolean", .boolean(true)),
        SpecEntry("integer", .integer(-7)),
        SpecEntry("real", .real(0.5)),
        SpecEntry("list", .list([.text("a")])),
        SpecEntry("uniform", .domain(.uniform(low: 0, high: 1, step: 0.5, points: 3))),
        SpecEntry("log", .domain(.logUniform(low: 0.25, high: 1, points: 4))),
        SpecEntry("int", .domain(.integer(low: -2, high: 8, step: 2))),
        SpecEntry("log_int", .domain(.logInteger(low: 1, high: 64, points: 7))),
        SpecEntry(
            "choice",
            .domain(
                .choice([
                    ChoiceOption(.null), ChoiceOption(.boolean(false)), ChoiceOption(.integer(3)),
                    ChoiceOption(.real(1.5)), ChoiceOption(.text("b")),
                ])
            )
        ),
    ])

    static func hash(_ byte: UInt8) -> ContentHash {
        guard let hash = ContentHash(bytes: [UInt8](repeating: byte, count: 32)) else {
            preconditionFailure("32 bytes are a hash")
        }
        return hash
    }
}
