import SweepCore

extension WorkerSession {
    mutating func receive(_ message: Message, at now: Instant, random: UInt64, _ actions: inout [Action]) {
        switch (message, phase) {
        case (_, .unopened), (_, .waiting), (_, .ended): break
        case (.problem(let problem), _): receive(problem, at: now, random: random, &actions)
        case (.goodbye, _): lose(at: now, reopen: false, random: random, &actions)
        case (.unknownSession, .active): register(at: now, &actions)
        // Each message that was on its way is answered so; one registration is enough.
        case (.unknownSession, .registering): break
        case (.welcome(let welcome), .registering): receive(welcome, at: now, &actions)
        case (.drain, _): drain(&actions)
        case (.heartbeatAnswer, .active): break
        case (.assignments(let assignments), .active):
            for assignment in assignments.leases { take(assignment, &actions) }
        case (.acknowledged(let acknowledged), .active):
            let (committed, resend) = sender.acknowledged(acknowledged.sequence, at: now)
            finish(committed, &actions)
            actions += resend.map { .send($0) }
        case (.verdicts(let verdicts), .active):
            for item in verdicts.items { stop(item.lease, item.stop, &actions) }
        case (.objectChunk(let chunk), .active): receive(chunk, at: now, &actions)
        case (.objectMissing(let missing), .active):
            endDownload(missing.hash, &actions)
            abandon(missing.hash, reason: "the coordinator does not have it")
        case (.objectRequest(let request), .active): answer(request, at: now, &actions)
        case (.objectStored(let stored), .active): uploaded(stored.hash)
        case (.heartbeatAnswer, .registering), (.assignments, .registering), (.acknowledged, .registering),
            (.verdicts, .registering), (.objectChunk, .registering), (.objectMissing, .registering),
            (.objectRequest, .registering), (.objectStored, .registering):
            // The connection's past: sent before the coordinator saw the registration.
            break
        case (.welcome, .active), (.register, _), (.heartbeat, _), (.reports, _), (.segmentEnded, _), (.draining, _),
            (.request, _), (.response, _), (.objectOffer, _):
            if let answer = message.notAllowed("a worker does not take this here") { actions.append(.send(answer)) }
        }
    }

    mutating func tick(at now: Instant, random: UInt64, _ actions: inout [Action]) {
        if let lostSince, lostSince.duration(to: now) >= options.patience { return exit(.lost, &actions) }
        switch phase {
        case .ended: break
        case .unopened:
            lostSince = now
            open(at: now, &actions)
        case .registering(let since):
            if since.duration(to: now) >= Self.welcomePatience {
                lose(at: now, reopen: false, random: random, &actions)
            }
        case .waiting(let until):
            if now >= until { open(at: now, &actions) }
        case .active:
            guard let liveness, !liveness.isLost(at: now) else {
                return lose(at: now, reopen: true, random: random, &actions)
            }
            if self.liveness?.beats(at: now) == true {
                // Those too that are not held any more: a trainer that does not stop keeps its slot.
                let running = busy.keys.sorted().map { lease in
                    progress[lease] ?? Heartbeat.Progress(lease: lease, epoch: held[lease]?.epoch ?? 0, step: 0)
                }
                actions.append(.send(.heartbeat(Heartbeat(running: running, busySlots: busySlots))))
            }
            actions += sender.tick(at: now).map { .send($0) }
            repeatTransfers(at: now, &actions)
        }
    }

    private mutating func open(at now: Instant, _ actions: inout [Action]) {
        actions.append(.open)
        register(at: now, &actions)
    }

    private mutating func register(at now: Instant, _ actions: inout [Action]) {
        phase = .registering(since: now)
        version = handshakeVersion
        if lostSince == nil { lostSince = now }
        var register = options.register
        let epochs = held.mapValues(\.epoch).merging(inherited) { epoch, _ in epoch }
        register.leases = epochs.sorted { $0.key < $1.key }.map { HeldLease(lease: $0.key, epoch: $0.value) }
        register.oldestSequence = sender.oldestSequence
        actions.append(.send(.register(register)))
    }

    /// The connection is of no use any more: a new socket, at once or after a pause.
    private mutating func lose(at now: Instant, reopen: Bool, random: UInt64, _ actions: inout [Action]) {
        liveness = nil
        if lostSince == nil { lostSince = now }
        guard !reopen else { return open(at: now, &actions) }
        phase = .waiting(until: now.advanced(by: Self.jittered(pause, random)))
        pause = min(pause * 2, Self.longestPause)
    }

    /// `pause` times a factor in [½, 1].
    ///
    /// Worked values: 250 ms with random bits 0 give 125 ms, with all bits set 250 ms.
    static func jittered(_ pause: Duration, _ random: UInt64) -> Duration {
        let half = pause.wholeNanoseconds / 2
        let extra = (UInt64(half) + 1).multipliedFullWidth(by: random).high
        return .nanoseconds(pause.wholeNanoseconds - half + Int64(extra))
    }

    private mutating func receive(_ welcome: Welcome, at now: Instant, _ actions: inout [Action]) {
        let own = options.register.versions
        guard own.contains(welcome.version) else {
            // A coordinator that does not look for what both speak: of version 2, or one that is mistaken.
            let coordinator = ProtocolVersions(only: welcome.version)
            let build = welcome.softwareVersion.isEmpty ? "of another build" : welcome.softwareVersion
            let sentence = own.refusal(worker: options.register.softwareVersion, coordinator: coordinator, build)
            actions.append(.send(.goodbye(Goodbye(reason: sentence))))
            return exit(.turnedAway(sentence: sentence), &actions)
        }
        version = welcome.version
        phase = .active
        pause = Self.firstPause
        lostSince = nil
        liveness = Liveness(interval: .milliseconds(welcome.heartbeatMilliseconds), at: now)
        let (committed, resend) = sender.welcomed(last: welcome.lastSequence, at: now)
        finish(committed, &actions)
        for lease in welcome.refused { forget(lease, &actions) }
        actions += resend.map { .send($0) }
        if isDraining { sayDraining(&actions) }
        restartTransfers(at: now, &actions)
    }

    private mutating func receive(
        _ problem: Problem,
        at now: Instant,
        random: UInt64,
        _ actions: inout [Action]
    ) {
        actions.append(.note(problem))
        switch problem.code {
        case .refused, .forbidden: exit(.refused(sentence: problem.sentence), &actions)
        case .badVersion where phase == .active && version != handshakeVersion:
            // An older coordinator has taken the place of the one that this version was settled with: it is to be settled anew, on a
            // connection on which nothing of before is under way.
            lose(at: now, reopen: false, random: random, &actions)
        // About what was said before the registration.
        case .badVersion where phase != .active && ![0, MessageKind.register.rawValue].contains(problem.kind): break
        case .badVersion: exit(.turnedAway(sentence: problem.sentence), &actions)
        case .unspecified where [MessageKind.objectOffer, .objectChunk].map(\.rawValue).contains(problem.kind):
            uploadsRefused(at: now)
        case .unspecified, .badFrames, .badMagic, .unknownKind, .tooLarge, .undecodable, .notAllowed: break
        }
    }
}
