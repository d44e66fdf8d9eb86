package import SweepCore
package import SweepWire

/// A connection of the port, by the number that the socket gave it.
package struct PeerID: Hashable, Sendable {
    package let number: UInt32
    package init(number: UInt32) { self.number = number }
}

/// Names the asker of a steering request until it is answered.
package struct ReplyToken: Hashable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What happens to a coordinator.
package enum Event: Hashable, Sendable {
    /// A worker's message, already decoded and allowed by its key's role.
    case message(Message, from: PeerID)
    /// Nothing can be sent to this connection any more.
    case unreachable(PeerID)
    /// A sweep to begin; its data set is stored.
    case submit(SweepDraft, ReplyToken)
    /// A sweep to steer, by name.
    case steer(String, Steering, ReplyToken)
    /// A sweep to change, by name.
    case adjust(String, SweepAdjustment, ReplyToken)
    /// Configurations to try next of a sweep, by its name.
    case enqueue(String, EnqueueRequest, ReplyToken)
    /// A program outside asks for a trial of a sweep, by the sweep's name, under a name of its own.
    case ask(String, asker: String, ReplyToken)
    /// A program outside tells of a trial that it was given, by the sweep's name.
    case told(String, Tell, ReplyToken)
    /// What `seekExperiment` asked for; it is asked for anew where the sweep has gone on since.
    case experimentFound(SweepID, ExperimentStep)
    /// Bytes that a trial or sweep needs are damaged, or not on the disk any more.
    case objectLost(ContentHash)
    /// Time has passed.
    case tick
}

/// A sweep as it is handed in; the coordinator gives it its number.
package struct SweepDraft: Hashable, Sendable {
    package let source: SpecNode
    package let text: String
    package let fileName: String
    package let dataSet: DataSetID
    /// The same rows as the second and each further fold parts them; empty where all trials have one split.
    package let foldSets: [DataSetID]
    /// Nil for trials that are programs.
    package let schema: DataSchema?
    package let coreVersion: String
    /// Wall-clock milliseconds since 1970 UTC.
    package let milliseconds: Int64
    /// What it is a part of; nil for a sweep that stands for itself.
    package let experiment: ExperimentPart?

    package init(
        source: SpecNode,
        text: String,
        fileName: String,
        dataSet: DataSetID,
        foldSets: [DataSetID] = [],
        schema: DataSchema?,
        coreVersion: String,
        milliseconds: Int64,
        experiment: ExperimentPart? = nil
    ) {
        self.source = source
        self.text = text
        self.fileName = fileName
        self.dataSet = dataSet
        self.foldSets = foldSets
        self.schema = schema
        self.coreVersion = coreVersion
        self.milliseconds = milliseconds
        self.experiment = experiment
    }
}

/// What a user may do to a sweep.
package enum Steering: String, CaseIterable, Sendable {
    case pause, resume, cancel
    /// Removes a sweep that is over, with all that nobody else needs.
    case delete
}

/// What a coordinator does; the shell commits every `record` of a turn before it carries out the rest.
package enum Effect: Hashable, Sendable {
    case record(Fact)
    case send(Message, to: PeerID)
    /// The worker of this connection has come by another: nobody listens to this one.
    case replaced(PeerID)
    case reply(ReplyToken, SteeringOutcome)
    /// These bytes are needed by nobody any more.
    case drop(ContentHash)
    /// The next experiment on this finished sweep is to be looked for, in the state as it is then; `experimentFound` tells it.
    case seekExperiment(SweepID)
    case log(LogLine)
    /// `tick` is due at this moment at the latest.
    case wake(at: Instant)
}

extension Effect {
    /// The effects of one commit without the acknowledgements that a later one of them includes; and where `orBeats` is said without
    /// all that a worker is told anew when it asks again.
    ///
    /// That is: what is said to a connection before its worker came by another, the answers to beats and registrations, the problems, the
    /// sessions that are unknown and the verdicts that a later one of the connection stands for (of a lease that goes on the next beat is
    /// told again), assignments whose leases are all given in later ones of the connection, and lines of the log that say the same.
    package static func withoutRepetitions(_ effects: consuming [Effect], orBeats: Bool = false) -> [Effect] {
        enum Saying: Hashable {
            case answer(MessageKind, PeerID)
            case lease(LeaseID, PeerID)
            case line(LogLine)
        }
        var later: Set<Saying> = []
        var replaced: Set<PeerID> = []
        // From the last on, what is said later is known.
        func isRepeated(_ effect: Effect) -> Bool {
            switch effect {
            case .send(.acknowledged, let peer) where !orBeats:
                return !later.insert(.answer(.acknowledged, peer)).inserted
            case .send(let message, let peer) where orBeats:
                guard !replaced.contains(peer) else { return true }
                switch message {
                case .acknowledged, .heartbeatAnswer, .welcome, .unknownSession, .verdicts, .problem:
                    return !later.insert(.answer(message.kind, peer)).inserted
                case .assignments(let assignments):
                    let new = assignments.leases.count { later.insert(.lease($0.lease, peer)).inserted }
                    return new == 0
                default: return false
                }
            case .log(let line) where orBeats && (line.level == .debug || line.level == .info):
                return !later.insert(.line(line)).inserted
            case .replaced(let peer) where orBeats:
                replaced.insert(peer)
                return true
            default: return false
            }
        }
        // The last first.
        var repeated: [Int] = []
        for index in effects.indices.reversed() where isRepeated(effects[index]) { repeated.append(index) }
        guard !repeated.isEmpty else { return effects }
        var index = -1
        effects.removeAll { _ in
            index += 1
            guard repeated.last == index else { return false }
            repeated.removeLast()
            return true
        }
        return effects
    }

    /// What waits with it, about: one, and one for each lease that it names.
    var weight: Int {
        switch self {
        case .send(.welcome(let welcome), _): 1 + welcome.refused.count
        case .send(.verdicts(let verdicts), _): 1 + verdicts.items.count
        case .send(.assignments(let assignments), _): 1 + assignments.leases.count
        default: 1
        }
    }
}

/// The answer to `submit`, `steer`, `adjust`, `enqueue`, `ask` or `told`.
package enum SteeringOutcome: Hashable, Sendable {
    case done(SweepID)
    /// To `ask`: a trial, or where the sweep stands that has none to give now.
    case asked(AskedTrial)
    case nothingToAsk(SweepState)
    /// To `told`.
    case told(TellVerdict)
    /// The sweep file cannot be read; never the case for one that the client has validated.
    case badInput(String)
    case notFound(String)
    case conflict(String)
    /// To `told`: the attempt is over.
    case leaseLost(String)
}

/// Something for the log.
package struct LogLine: Hashable, Sendable {
    /// How much a line matters; the words are those of swift-log.
    package enum Level: Hashable, Sendable {
        case debug, info, warning, error
    }
    package let level: Level
    package let message: String
    /// Dotted keys: `trial.id`, `lease.attempt`, `worker.id`.
    package let metadata: [String: String]
    package init(_ level: Level, _ message: String, _ metadata: [String: String] = [:]) {
        self.level = level
        self.message = message
        self.metadata = metadata
    }
}
