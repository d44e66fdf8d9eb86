import Logging
import SweepCoordination
import SweepCore
import SweepMessaging
import SweepNodes
import SweepReports
import SweepWire

extension Coordinator {
    /// Takes what has arrived; called on the port's thread while there is something to read.
    func turn() {
        guard let server else { return }
        inTurn { for received in server.receiveBatch() { take(received) } }
    }

    private func take(_ received: ReceivedMessage) {
        metrics.received(received.frames)
        // Not even read: who sends noise without end gets none of the time that others wait for.
        guard !badPeers.isCutOff(received.connection) else { return metrics.refused(.cutOff) }
        let message: Message
        do { message = try Message.decode(received.frames) } catch {
            unreadable(received, error)
            return
        }
        // Whoever may connect may know with whom.
        if case .request(let request) = message, request.verb == AboutDocument.verb {
            return answer(request, from: received.connection, of: received.peer)
        }
        guard let permission = Self.permission(for: message) else { return }
        guard received.peer.allows(permission) else {
            metrics.refused(.forbidden)
            let problem = Problem(
                kind: message.kind.rawValue,
                code: .forbidden,
                sentence: "this key may not do that; its role is \(received.peer.role?.rawValue ?? "none")"
            )
            send(Self.refusal(problem, of: message), to: received.connection)
            return
        }
        if case .register(let introduction) = message,
            ProtocolVersions.spoken.agreement(with: introduction.versions) == nil
        {
            // The core tells it what to do; it is no more listened to than others whose messages cannot be read.
            metrics.refused(.otherVersion)
            guard !losesPatience(with: received) else { return }
            return handle(.message(message, from: PeerID(number: received.connection.number)))
        }
        if case .register(let introduction) = message,
            let sentence = refusal(of: introduction, with: received.peer)
        {
            let problem = Problem(kind: message.kind.rawValue, code: .refused, sentence: sentence)
            send(.problem(problem), to: received.connection)
            return
        }
        switch message {
        case .request(let request): answer(request, from: received.connection, of: received.peer)
        case .objectOffer, .objectChunk, .objectRequest: transfer(message, with: received.connection, of: received.peer)
        default:
            let connection = PeerID(number: received.connection.number)
            let leaving = if case .goodbye = message { core.worker(on: connection) } else { nil as WorkerID? }
            handle(Event.arrived(message, from: connection) { kept.contains($0) })
            // A fleet that is started again has twice as many processes for a moment: who has left makes room at once.
            if let leaving, core.workers[leaving] == nil { workersOfKeys.forget(leaving) }
        }
    }

    /// Counts the message, tells its sender what is wrong with it, and listens to him no more if he goes on.
    private func unreadable(_ received: ReceivedMessage, _ error: WireError) {
        let who = received.peer.key?.z85 ?? received.peer.address
        if error.code == .unknownKind, core.hasWorker(on: PeerID(number: received.connection.number)) {
            // A newer worker that says too much is no reason to lose it: counted, told of once, and passed over. It costs less than
            // any message that it may send.
            refuse(.unknownKind, who: who, "\(error)", "a message of an unknown kind is passed over")
            if let answer = error.answer { send(answer, to: received.connection) }
            return
        }
        refuse(.undecodable, who: who, "\(error)", "unreadable message")
        if !losesPatience(with: received), let answer = error.answer { send(answer, to: received.connection) }
    }

    /// Notes a message that nothing can be done with; true when its connection is not listened to any more by that.
    private func losesPatience(with received: ReceivedMessage) -> Bool {
        guard badPeers.offended(by: received.connection) else { return false }
        let who = received.peer.key?.z85 ?? received.peer.address
        // Told once for each peer: he may come back on ever new connections.
        let isFirst = badPeers.tells(.cutOff, who: who) == .first
        logger.log(
            level: isFirst ? .warning : .debug,
            "a connection is not listened to any more",
            metadata: ["peer.id": "\(who)", "peer.connection": "\(received.connection)"]
        )
        // Behind what was decided before it in this turn: facts are kept in the order in which they were taken.
        handle(.unreachable(PeerID(number: received.connection.number)))
        return true
    }

    /// What a key must allow for this message; nil for messages that are answered by nothing.
    private static func permission(for message: Message) -> Permission? {
        switch message {
        case .problem, .objectStored, .objectMissing: nil
        case .request(let request): ControlRequest.readingVerbs.contains(request.verb) ? .read : .steer
        // Workers send checkpoints, those who submit send data sets: what an object is for is seen when it is named.
        case .objectOffer, .objectChunk, .objectRequest: .work
        default: .work
        }
    }

    private static func refusal(_ problem: Problem, of message: Message) -> Message {
        guard case .request(let request) = message else { return .problem(problem) }
        let body = ControlError(.notAllowed, problem.sentence).json.bytes
        return .response(ClientResponse(id: request.id, status: .forbidden, body: body))
    }

    /// Forgets the keys of workers that are gone, once they are many: a peer may register under ever new names.
    func forgetKeys() {
        guard workersOfKeys.holdsMany(besides: core.workers.count) else { return }
        workersOfKeys.keepOnly { core.workers[$0] != nil }
    }

    /// Binds a worker process to the key that it proved first; why not, when it may not register.
    private func refusal(of introduction: Register, with peer: Peer) -> String? {
        let (worker, slots) = (introduction.worker, introduction.slots)
        switch workersOfKeys.bind(worker, slots: slots, to: peer.key) {
        case .bound: return nil
        case .ofAnother: return "the name and incarnation \(worker.name) belong to another key"
        case .tooMany:
            reached(.workers, by: peer)
            return
                "\(WorkersOfKeys.ofKey) worker processes of this key are registered, which is as many as a key may have"
        case .tooWide:
            reached(.slots, by: peer)
            return "\(slots) slots are more than a worker may have: start it with at most \(Register.mostSlots)"
        case .tooManySlots:
            reached(.slots, by: peer)
            return
                "the workers of a key may have \(WorkersOfKeys.slotsOfKey) slots together; with the \(slots) of this one there would be more"
        }
    }

    /// Counts that a key would have more than it may, and tells of it the first time.
    func reached(_ limit: KeyLimit, by peer: Peer) {
        metrics.reached(limit)
        let who = peer.key?.z85 ?? ""
        guard limitsTold.count < KeyLimit.toldAtMost, limitsTold.insert(.init(limit: limit, key: who)).inserted else {
            return
        }
        logger.warning("\(limit.sentence)", metadata: ["peer.id": "\(who)", "peer.address": "\(peer.address)"])
    }
}
