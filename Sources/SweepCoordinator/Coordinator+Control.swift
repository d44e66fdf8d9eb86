import SweepCoordination
package import SweepCore
import SweepMessaging
import SweepNodes
package import SweepReports
package import SweepStore
import SweepWire

extension Coordinator: SweepControl {
    package func submit(_ submission: Submission) async throws(ControlError) -> ListDocument.Entry {
        let source: SpecNode
        do { source = try SpecNode(wireBytes: submission.tree) } catch {
            throw ControlError(.badInput, "the sweep's tree cannot be read: \(error)")
        }
        for set in submission.dataSets {
            guard await objects.contains(set.hash) else {
                throw ControlError(.conflict, "the data set \(set.hash) was not sent")
            }
        }
        kept.formUnion(submission.dataSets.map(\.hash))
        let draft = SweepDraft(
            source: source,
            text: submission.text,
            fileName: submission.fileName,
            dataSet: submission.dataSet,
            foldSets: submission.foldSets,
            schema: submission.schema,
            coreVersion: options.coreVersion,
            milliseconds: wallClockMilliseconds(),
            experiment: submission.experiment
        )
        let outcome = await steer { .submit(draft, $0) }
        guard case .done(let id) = outcome else { throw Self.refusal(outcome) }
        let core = core.reading
        guard let sweep = core.sweeps[id] else { throw ControlError(.internal, "the sweep is gone") }
        return await Self.aside { core.entry(sweep) }
    }

    package func list() async throws(ControlError) -> ListDocument {
        let core = core.reading
        return await Self.aside { core.listDocument }
    }

    package func status(sweep name: String) async throws(ControlError) -> StatusDocument {
        let (core, sweep) = try reading(name)
        let (pace, moment) = (pace(of: sweep), now)
        var document = await Self.aside { core.statusDocument(sweep, pace: pace, at: moment) }
        document.storage = try? await StatusDocument.Storage(directory: options.directory, objects.usage())
        return document
    }

    package func source(sweep name: String) async throws(ControlError) -> Submission {
        try reading(name).1.handedIn
    }

    package func rank(sweep name: String, top: Int?, metric: Metric?) async throws(ControlError) -> RankDocument {
        let (core, sweep) = try reading(name)
        let judged = try sweep.objective(on: metric)
        return try await read { [curves] in core.rankDocument(sweep, top: top, judged: judged, curves: curves) }
    }

    package func curves(sweep name: String, trial: Int?) async throws(ControlError) -> CurvesDocument {
        let (core, sweep) = try reading(name)
        let document = try await read { [curves] in core.curvesDocument(sweep, trial: trial, curves: curves) }
        guard let document else { throw ControlError(.notFound, "\(name) has no trial \(trial ?? 0)") }
        return document
    }

    package func curves(sweep name: String, page: TrialPage) async throws(ControlError) -> CurvesDocument {
        let (core, sweep) = try reading(name)
        return try await read { [curves] in core.curvesDocument(sweep, page: page, curves: curves) }
    }

    package func diagnose(sweep name: String, page: TrialPage) async throws(ControlError) -> DiagnosisDocument {
        let (core, sweep) = try reading(name)
        return try await read { [curves] in core.diagnosisDocument(sweep, page: page, curves: curves) }
    }

    package func diagnose(sweep name: String, trial: Int?) async throws(ControlError) -> DiagnosisDocument {
        let (core, sweep) = try reading(name)
        let document = try await read { [curves] in core.diagnosisDocument(sweep, trial: trial, curves: curves) }
        guard let document else { throw ControlError(.notFound, "\(name) has no trial \(trial ?? 0)") }
        return document
    }

    package func importance(sweep name: String, metric: Metric?) async throws(ControlError) -> ImportanceDocument {
        let (core, sweep) = try reading(name)
        return try await read { [curves] in
            Result { () throws(ControlError) in try core.importanceDocument(sweep, metric: metric, curves: curves) }
        }.get()
    }

    package func explain(sweep name: String, trial: Int) async throws(ControlError) -> ExplanationDocument {
        let (core, sweep) = try reading(name)
        let document = try await read { [curves] in core.explanationDocument(sweep, trial: trial, curves: curves) }
        guard let document else { throw ControlError(.notFound, "\(name) has no trial \(trial)") }
        return document
    }

    /// Makes a long answer on the threads for them; throws `busy` where too many wait already.
    func read<Value: Sendable>(_ make: @escaping @Sendable () -> Value) async throws(ControlError) -> Value {
        guard let made = await readings.runUnlessFull(make) else {
            throw ControlError(
                .busy,
                "\(ReadingThreads.mostWaiting) long answers wait to be made, which is as many as may: ask again later"
            )
        }
        return made
    }

    /// Makes something of the state on another thread than the port's: of a large sweep it takes longer than any message
    /// may wait. What may take longer than other tasks may wait is made on those of `readings`.
    static func aside<Value: Sendable>(_ make: @escaping @Sendable () -> Value) async -> Value {
        await Task.detached(operation: make).value
    }

    /// The state as it is now, and a sweep of it.
    func reading(_ name: String) throws(ControlError) -> (CoordinatorCore, SweepProgress) {
        let core = core.reading
        guard let sweep = core.sweep(named: name) else { throw ControlError.unknownSweep(name, core) }
        return (core, sweep)
    }

    package func pause(sweep name: String) async throws(ControlError) -> StatusDocument {
        try await steer(name, .pause)
    }

    package func resume(sweep name: String) async throws(ControlError) -> StatusDocument {
        try await steer(name, .resume)
    }

    package func cancel(sweep name: String) async throws(ControlError) -> StatusDocument {
        try await steer(name, .cancel)
    }

    package func set(sweep name: String, _ adjustment: SweepAdjustment) async throws(ControlError) -> StatusDocument {
        try await answer(about: name, await steer { .adjust(name, adjustment, $0) })
    }

    package func enqueue(sweep name: String, _ request: EnqueueRequest) async throws(ControlError) -> StatusDocument {
        try await answer(about: name, await steer { .enqueue(name, request, $0) })
    }

    /// Keeps a data set that was read on this machine: `put` puts it into the store, piece by piece where it is large.
    package func keepDataSet(_ put: @Sendable (ObjectStore) throws -> ContentHash) async throws {
        arrived(try await objects.put(put))
    }

    private func steer(_ name: String, _ steering: Steering) async throws(ControlError) -> StatusDocument {
        try await answer(about: name, await steer { .steer(name, steering, $0) })
    }

    private func answer(about name: String, _ outcome: SteeringOutcome) async throws(ControlError) -> StatusDocument {
        guard case .done = outcome else { throw Self.refusal(outcome) }
        return try await status(sweep: name)
    }

    /// The error that a refusal is to who asked.
    static func refusal(_ outcome: SteeringOutcome) -> ControlError {
        switch outcome {
        case .badInput(let text): ControlError(.badInput, text)
        case .notFound(let text): ControlError(.notFound, text)
        case .conflict(let text): ControlError(.conflict, text)
        case .leaseLost(let text): ControlError(.leaseLost, text)
        case .done, .asked, .nothingToAsk, .told: ControlError(.internal, "another question was answered")
        }
    }
}

extension ControlError {
    /// "No sweep is called so", with the names there are.
    static func unknownSweep(_ name: String, _ core: CoordinatorCore) -> ControlError {
        ControlError(.notFound, core.unknown(sweep: name))
    }
}

// MARK: - Requests over the port

extension Coordinator {
    /// Bytes of a document in one message; a longer one comes in parts.
    private static let partBytes = 8 << 20

    func answer(_ request: ClientRequest, from connection: ConnectionID, of peer: Peer) {
        if request.verb == AboutDocument.verb {
            let body = about(peer.role).json.bytes
            send(.response(ClientResponse(id: request.id, status: .done, body: body)), to: connection)
            return
        }
        let key = peer.key
        if let limit = requests.begin(of: connection, key: key) {
            metrics.refusedRequest()
            if limit == .ofKey { reached(.requests, by: peer) }
            let most =
                limit == .ofKey
                ? "\(RequestsUnderWay.ofKey) requests of this key"
                : "\(RequestsUnderWay.ofConnection) requests of this connection"
            let error = ControlError(.conflict, "\(most) are under way: send more when these are answered")
            let response = ClientResponse(id: request.id, status: .badInput, body: error.json.bytes)
            return send(.response(response), to: connection)
        }
        Task {
            let (status, body) = await document(for: request)
            requests.end(of: connection, key: key)
            var rest = body[...]
            repeat {
                let part = rest.prefix(Self.partBytes)
                rest = rest.dropFirst(part.count)
                let response = ClientResponse(id: request.id, status: status, more: !rest.isEmpty, body: Array(part))
                send(.response(response), to: connection)
            } while !rest.isEmpty
        }
    }

    private func answer(_ request: AskRequest.OfPort) async throws(ControlError) -> JSONValue {
        switch request {
        case .ask(let sweep, let asker): try await ask(sweep: sweep, asker: asker).json
        case .tell(let sweep, let tell): try await told(sweep: sweep, tell).json
        }
    }

    private func document(for request: ClientRequest) async -> (ResponseStatus, [UInt8]) {
        do throws(ControlError) {
            if AskRequest.verbs.contains(request.verb) {
                return (.done, try await answer(AskRequest.ofPort(verb: request.verb, body: request.body)).bytes)
            }
            let request = try ControlRequest(verb: request.verb, body: request.body)
            let answer = try await self.answer(request)
            // The curves of a large sweep are tens of megabytes of text: a second in which the port would not be served.
            return (.done, await Task.detached { answer.json.bytes }.value)
        } catch {
            let status: ResponseStatus =
                switch error.code {
                case .badInput, .notFound, .conflict, .leaseLost: .badInput
                case .notAllowed: .forbidden
                case .busy, .internal: .failed
                }
            return (status, error.json.bytes)
        }
    }
}

extension Coordinator {
    /// What it says of itself to the holder of a key.
    private func about(_ role: Role?) -> AboutDocument {
        AboutDocument(
            software: options.softwareVersion,
            oldestProtocol: Int(ProtocolVersions.spoken.oldest),
            newestProtocol: Int(ProtocolVersions.spoken.newest),
            core: options.coreVersion,
            role: role?.rawValue,
            milliseconds: Int(wallClockMilliseconds()),
            expectations: expectations.value(at: now) { core.expectations(ofCore: options.coreVersion) }
        )
    }

    /// The document of `/health`.
    package func health() -> String {
        let running = core.sweeps.values.filter { !$0.state.isOver }.count
        return JSONValue.object([
            JSONMember("status", .text("ok")),
            JSONMember("sweeps", .integer(core.sweeps.count)),
            JSONMember("sweeps_running", .integer(running)),
            JSONMember("workers", .integer(core.workers.values.filter { $0.connection != nil }.count)),
        ]).text()
    }
}
