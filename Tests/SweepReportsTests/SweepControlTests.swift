import SweepCore
import SweepReports
import Testing

@Suite struct SweepControlTests {
    /// Answers with the samples; knows one sweep.
    private struct Desk: SweepControl {
        private func check(_ sweep: String) throws(ControlError) {
            guard sweep == "digits" else { throw ControlError(.notFound, "there is no sweep '\(sweep)'") }
        }
        func submit(_ submission: Submission) async throws(ControlError) -> ListDocument.Entry {
            Samples.list.sweeps[0]
        }
        func list() async throws(ControlError) -> ListDocument { Samples.list }
        func status(sweep: String) async throws(ControlError) -> StatusDocument {
            try check(sweep)
            return Samples.status
        }
        func source(sweep: String) async throws(ControlError) -> Submission { SweepControlTests.submission }
        func rank(sweep: String, top: Int?, metric: Metric?) async throws(ControlError) -> RankDocument { Samples.rank }
        func curves(sweep: String, trial: Int?) async throws(ControlError) -> CurvesDocument { Samples.curves }
        func diagnose(sweep: String, trial: Int?) async throws(ControlError) -> DiagnosisDocument { Samples.diagnosis }
        func importance(sweep: String, metric: Metric?) async throws(ControlError) -> ImportanceDocument {
            Samples.importance
        }
        func explain(sweep: String, trial: Int) async throws(ControlError) -> ExplanationDocument {
            Samples.explanation
        }
        func pause(sweep: String) async throws(ControlError) -> StatusDocument { try await status(sweep: sweep) }
        func resume(sweep: String) async throws(ControlError) -> StatusDocument { try await status(sweep: sweep) }
        func cancel(sweep: String) async throws(ControlError) -> StatusDocument {
            throw ControlError(.conflict, "'\(sweep)' is finished")
        }
        func delete(sweep: String) async throws(ControlError) -> ListDocument.Entry { Samples.list.sweeps[0] }
        func set(sweep: String, _ adjustment: SweepAdjustment) async throws(ControlError) -> StatusDocument {
            try await status(sweep: sweep)
        }
        func enqueue(sweep: String, _ request: EnqueueRequest) async throws(ControlError) -> StatusDocument {
            try await status(sweep: sweep)
        }
    }

    /// Values of every kind that a configuration has.
    private static let configurations = SpecNode.list([
        .map([
            SpecEntry("learning_rate", .real(0.5)), SpecEntry("layers", .integer(2)), SpecEntry("bias", .boolean(true)),
            SpecEntry("train.activation", .text("relu")), SpecEntry("decay", .null),
            SpecEntry("widths", .list([.integer(8), .integer(4)])),
        ]),
        .map([]),
    ])

    private static let submission = Submission(
        text: "name: digits\n",
        fileName: "digits.yaml",
        tree: [0, 1, 254, 255],
        dataSet: DataSetID(hash: ContentHash(hex: String(repeating: "0a", count: 32))!, size: 1234),
        schema: DataSchema(
            features: ["a", "b"],
            image: ImageShape(height: 1, width: 1, channels: 2),
            task: .classification(classes: ["x", "y"], trainingCounts: [3, 4]),
            trainingRows: 7,
            validationRows: 2,
            testRows: 1
        )
    )

    private static let requests: [ControlRequest] = [
        .submit(submission), .list, .status(sweep: "digits"), .source(sweep: "digits"),
        .rank(sweep: "digits", top: nil),
        .rank(sweep: "digits", top: 3), .rank(sweep: "digits", top: nil, metric: .validationAccuracy),
        .curves(sweep: "digits", trial: nil), .curves(sweep: "digits", trial: 4),
        .diagnose(sweep: "digits", trial: nil), .diagnose(sweep: "digits", trial: 4),
        .importance(sweep: "digits", metric: nil), .importance(sweep: "digits", metric: .validationAccuracy),
        .explain(sweep: "digits", trial: 4),
        .pause(sweep: "digits"), .resume(sweep: "digits"), .cancel(sweep: "digits"),
        .delete(sweep: "digits"),
        .set(sweep: "digits", SweepAdjustment(priority: -2)), .set(sweep: "digits", SweepAdjustment(trials: 50)),
        .set(sweep: "digits", SweepAdjustment(priority: 1, maxParallel: .atMost(4), trials: 9)),
        .set(sweep: "digits", SweepAdjustment(maxParallel: .unlimited)),
        .enqueue(sweep: "digits", EnqueueRequest(configurations: configurations)),
        .enqueue(sweep: "digits", EnqueueRequest(configurations: configurations, addsTrials: true, key: "4f")),
    ]

    @Test func `every request is read back as it was`() throws {
        for request in Self.requests {
            #expect(try ControlRequest(verb: request.verb, body: request.body.bytes) == request)
        }
        #expect(Set(Self.requests.map(\.verb)) == Set(ControlRequest.verbs))
        #expect(
            Self.requests.map(\.verb).filter(ControlRequest.readingVerbs.contains) == [
                "list", "status", "source", "rank", "rank", "rank", "curves", "curves", "diagnose", "diagnose",
                "importance", "importance", "explain",
            ]
        )
    }

    @Test func `a request and its answer go through bytes`() async throws {
        for request in Self.requests where request.verb != "cancel" {
            let there = try ControlRequest(verb: request.verb, body: request.body.bytes)
            let answer = try await Desk().answer(there)
            let back = try ControlAnswer(verb: request.verb, bytes: answer.json.bytes)
            #expect(back.json == answer.json)
        }
    }

    @Test func `failures keep their code and sentence`() async throws {
        for (request, code) in [
            (ControlRequest.status(sweep: "other"), ControlError.Code.notFound), (.cancel(sweep: "digits"), .conflict),
        ] {
            let error = await #expect(throws: ControlError.self) { try await Desk().answer(request) }
            #expect(error?.code == code)
            #expect(try error.map { try ControlError(json: $0.json) } == error)
        }
    }

    @Test(arguments: [
        ("dance", "{}"), ("status", "{}"), ("status", ""), ("status", "{\"sweep\":3}"),
        ("rank", "{\"sweep\":\"x\",\"top\":0}"), ("rank", "{\"sweep\":\"x\",\"metric\":\"7loss\"}"),
        ("curves", "{\"sweep\":\"x\",\"trial\":\"a\"}"), ("set", "{\"trials\":3}"),
        ("set", "{\"sweep\":\"x\",\"trials\":\"many\"}"), ("set", "{\"sweep\":\"x\",\"max_parallel\":1.5}"),
        ("submit", "{}"), ("list", "nonsense"), ("importance", "{\"sweep\":\"x\",\"metric\":\"7loss\"}"),
        ("enqueue", "{\"sweep\":\"x\"}"), ("enqueue", "{\"configurations\":[]}"),
        ("enqueue", "{\"sweep\":\"x\",\"configurations\":[{\"a\":18446744073709551615}]}"),
        ("enqueue", "{\"sweep\":\"x\",\"configurations\":[],\"more\":1}"),
        ("enqueue", "{\"sweep\":\"x\",\"configurations\":[],\"key\":\"\"}"),
        ("explain", "{\"sweep\":\"x\"}"), ("explain", "{\"sweep\":\"x\",\"trial\":\"a\"}"),
    ]) func `a wrong request is bad input`(_ verb: String, _ body: String) {
        let error = #expect(throws: ControlError.self) { try ControlRequest(verb: verb, body: Array(body.utf8)) }
        #expect(error?.code == .badInput)
    }

    @Test func `a submission with wrong parts is bad input`() throws {
        let good = String(decoding: ControlRequest.submit(Self.submission).body.bytes, as: UTF8.self)
        for (from, to) in [
            ("0a0a", "0g0a"), ("\"size\":1234", "\"size\":-1"), ("AAH+/w==", "AAH+/w="), ("AAH+/w==", "AAH+/x=="),
            ("\"height\":1", "\"height\":3"), ("[3, 4]", "[3]"), ("\"training_rows\":7", "\"training_rows\":-7"),
            ("[3, 4]", "[3, 9223372036854775807]"), ("\"height\":1", "\"height\":4611686018427387904"),
        ] {
            let bad = good.replacing(from, with: to, maxReplacements: 1)
            #expect(bad != good, "\(from)")
            let error = #expect(throws: ControlError.self, "\(from) → \(to)") {
                try ControlRequest(verb: "submit", body: Array(bad.utf8))
            }
            #expect(error?.code == .badInput)
        }
    }

    private static func part(of part: ExperimentPart?) -> Submission {
        Submission(
            text: submission.text,
            fileName: submission.fileName,
            tree: submission.tree,
            dataSet: submission.dataSet,
            schema: submission.schema,
            experiment: part
        )
    }

    @Test func `a submission says what experiment it is a part of, and nothing where it is none`() throws {
        let part = ExperimentPart(sweep: "digits", trial: 17, round: 1, first: "digits.why-17")
        for part in [part, nil] {
            let request = ControlRequest.submit(Self.part(of: part))
            #expect(try ControlRequest(verb: "submit", body: request.body.bytes) == request)
            #expect((request.body["experiment"] == nil) == (part == nil))
        }
        for wrong in [
            ExperimentPart(sweep: "", trial: 17, round: 1, first: "a"),
            ExperimentPart(sweep: "digits", trial: 0, round: 1, first: "a"),
            ExperimentPart(sweep: "digits", trial: 17, round: 0, first: "a"),
            ExperimentPart(sweep: "digits", trial: 17, round: 101, first: "a"),
            ExperimentPart(sweep: "digits", trial: 17, round: 1, first: String(repeating: "a", count: 65)),
        ] {
            let request = ControlRequest.submit(Self.part(of: wrong))
            let error = #expect(throws: ControlError.self, "\(wrong)") {
                try ControlRequest(verb: "submit", body: request.body.bytes)
            }
            #expect(error?.code == .badInput)
        }
    }

    @Test func `any bytes survive base64`() throws {
        for count in 0..<20 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 89 + count) }
            let submission = Submission(
                text: "",
                fileName: "",
                tree: bytes,
                dataSet: Self.submission.dataSet,
                foldSets: (0..<count % 3).map { DataSetID(hash: Self.submission.dataSet.hash, size: $0) },
                schema: DataSchema(
                    features: [],
                    task: .regression(mean: 1.5, variance: 2),
                    trainingRows: 1,
                    validationRows: 1,
                    testRows: 0
                )
            )
            let request = ControlRequest.submit(submission)
            #expect(try ControlRequest(verb: "submit", body: request.body.bytes) == request)
        }
    }
}
