import Foundation
import SweepCore
import SweepData
import SweepMessaging
import SweepNodeCommands
import SweepReports
import SweepWire

/// A coordinator on the other side of its port.
///
/// Blocks its own thread while it waits: it belongs to a command that has nothing else to do.
actor ControlClient: SweepControl {
    private let socket: ClientSocket
    private let endpoint: String
    private var isConnected = false
    private var nextID: UInt64 = 1
    /// Whether a coordinator that does not answer is an error to the asker, and not the end of the process.
    private let isPatient: Bool

    /// How long a coordinator may take to be found.
    private static let connectPatience = Duration.seconds(5)
    /// How long an answer may take: ranking a hundred thousand trials takes less. Who asks again anyway asks for little.
    private var answerPatience: Duration { isPatient ? .seconds(10) : .seconds(60) }

    /// Prepares a connection; throws a `CommandFailure` for an endpoint that cannot be.
    init(_ endpoint: String, security: ClientSecurity, isPatient: Bool = false) throws {
        self.endpoint = endpoint
        self.isPatient = isPatient
        do { socket = try ClientSocket(connectingTo: endpoint, security: security) } catch {
            throw CommandFailure(.badInput, "--coordinator: \(error)")
        }
    }

    func submit(_ submission: Submission) async throws(ControlError) -> ListDocument.Entry {
        guard case .submitted(let entry) = try ask(.submit(submission)) else { throw Self.otherAnswer }
        return entry
    }

    func list() async throws(ControlError) -> ListDocument {
        guard case .list(let document) = try ask(.list) else { throw Self.otherAnswer }
        return document
    }

    func status(sweep: String) async throws(ControlError) -> StatusDocument { try status(.status(sweep: sweep)) }

    func source(sweep: String) async throws(ControlError) -> Submission {
        guard case .source(let submission) = try ask(.source(sweep: sweep)) else { throw Self.otherAnswer }
        return submission
    }

    func rank(sweep: String, top: Int?, metric: Metric?) async throws(ControlError) -> RankDocument {
        guard case .rank(let document) = try ask(.rank(sweep: sweep, top: top, metric: metric)) else {
            throw Self.otherAnswer
        }
        return document
    }

    func curves(sweep: String, trial: Int?) async throws(ControlError) -> CurvesDocument {
        // All of a large sweep come in parts, of which one at a time is text.
        var page = trial == nil ? TrialPage() : nil
        var trials: [CurvesDocument.Trial] = []
        while true {
            guard case .curves(let part) = try ask(.curves(sweep: sweep, trial: trial, page: page)) else {
                throw Self.otherAnswer
            }
            guard let next = part.next, next > page?.after ?? .max else {
                return CurvesDocument(sweep: part.sweep, objective: part.objective, trials: trials + part.trials)
            }
            trials += part.trials
            page?.after = next
        }
    }

    func diagnose(sweep: String, trial: Int?) async throws(ControlError) -> DiagnosisDocument {
        var page = trial == nil ? TrialPage() : nil
        var parts: [DiagnosisDocument] = []
        while true {
            guard case .diagnosis(let part) = try ask(.diagnose(sweep: sweep, trial: trial, page: page)) else {
                throw Self.otherAnswer
            }
            parts.append(part)
            guard let next = part.next, next > page?.after ?? .max else {
                return DiagnosisDocument(
                    sweep: part.sweep,
                    reports: parts.flatMap(\.reports),
                    regions: parts.flatMap(\.regions),
                    experiments: parts.flatMap(\.experiments)
                )
            }
            page?.after = next
        }
    }

    func importance(sweep: String, metric: Metric?) async throws(ControlError) -> ImportanceDocument {
        guard case .importance(let document) = try ask(.importance(sweep: sweep, metric: metric)) else {
            throw Self.otherAnswer
        }
        return document
    }

    func explain(sweep: String, trial: Int) async throws(ControlError) -> ExplanationDocument {
        guard case .explanation(let document) = try ask(.explain(sweep: sweep, trial: trial)) else {
            throw Self.otherAnswer
        }
        return document
    }

    func pause(sweep: String) async throws(ControlError) -> StatusDocument { try status(.pause(sweep: sweep)) }
    func resume(sweep: String) async throws(ControlError) -> StatusDocument { try status(.resume(sweep: sweep)) }
    func cancel(sweep: String) async throws(ControlError) -> StatusDocument { try status(.cancel(sweep: sweep)) }

    func delete(sweep: String) async throws(ControlError) -> ListDocument.Entry {
        guard case .submitted(let entry) = try ask(.delete(sweep: sweep)) else { throw Self.otherAnswer }
        return entry
    }

    func set(sweep: String, _ adjustment: SweepAdjustment) async throws(ControlError) -> StatusDocument {
        try status(.set(sweep: sweep, adjustment))
    }

    func enqueue(sweep: String, _ request: EnqueueRequest) async throws(ControlError) -> StatusDocument {
        try status(.enqueue(sweep: sweep, request))
    }

    /// Sends a data set, unless the coordinator has it.
    func send(dataSet id: DataSetID, _ bytes: Blob) throws {
        try connect()
        let head = bytes.bytes(in: 0..<min(bytes.count, WireLimits.chunk))
        let offer = ObjectOffer(hash: id.hash, size: bytes.count, head: head)
        try post(.objectOffer(offer))
        var upload = ObjectUpload()
        var heard = ContinuousClock.now
        while true {
            let patience = max(.zero, answerPatience - heard.duration(to: .now))
            guard let message = try receive(within: min(upload.pause, patience)) else {
                guard heard.duration(to: .now) < answerPatience else { throw unanswered }
                // Somebody else may have sent the same bytes, or all are there and being compared: who offers them again is told.
                upload.offerAgain(longest: answerPatience / 2)
                try post(.objectOffer(offer.again))
                continue
            }
            heard = .now
            switch message {
            case .objectStored(let stored) where stored.hash == id.hash: return
            case .objectRequest(let request) where request.hash == id.hash:
                guard upload.answers(request) else { continue }
                for chunk in request.chunks(total: bytes.count, read: { bytes.bytes(in: $0) }) {
                    try post(.objectChunk(chunk))
                }
            case .problem(let problem): throw Self.failure(problem)
            default: continue
            }
        }
    }

    private static let otherAnswer = ControlError(.internal, "the coordinator answered something else")

    private func status(_ request: ControlRequest) throws(ControlError) -> StatusDocument {
        guard case .status(let document) = try ask(request) else { throw Self.otherAnswer }
        return document
    }

    private func ask(_ request: ControlRequest) throws(ControlError) -> ControlAnswer {
        do {
            try connect()
            let id = nextID
            nextID += 1
            try post(.request(ClientRequest(id: id, verb: request.verb, body: request.body.bytes)))
            var body: [UInt8] = []
            while true {
                switch try receive() {
                case .response(let response) where response.id == id:
                    body += response.body
                    if response.more { continue }
                    if response.status == .done { return try ControlAnswer(verb: request.verb, bytes: body) }
                    throw try ControlError(json: JSONValue(parsing: body))
                case .problem(let problem): throw Self.failure(problem)
                default: continue
                }
            }
        } catch let error as ControlError {
            throw error
        } catch let failure as CommandFailure {
            if isPatient {
                throw ControlError(
                    failure.status == .notAllowed ? .notAllowed : .internal,
                    failure.lines.joined(separator: "; ")
                )
            }
            // What has no answer has no document either: the process ends here, with the reason.
            for line in failure.lines { Terminal.error(line) }
            exit(failure.status.rawValue)
        } catch {
            throw ControlError(.internal, "the coordinator's answer cannot be read: \(error)")
        }
    }

    private static func failure(_ problem: Problem) -> CommandFailure {
        CommandFailure(problem.code == .forbidden ? .notAllowed : .failed, problem.sentence)
    }

    private func connect() throws {
        guard !isConnected else { return }
        switch socket.waitUntilConnected(timeout: Self.connectPatience) {
        case .connected: isConnected = true
        case .handshakeFailed(.notAllowed):
            throw CommandFailure(.notAllowed, "\(endpoint): the coordinator does not allow this key")
        case .handshakeFailed(let failure): throw CommandFailure(.unreachable, "\(endpoint): \(failure)")
        default:
            throw CommandFailure(
                .unreachable,
                "\(endpoint): no coordinator answers; is `sweepd coordinator` running, and are the keys right? What `sweepd run` "
                    + "or a stopped coordinator left is read with --directory, as in --directory \(Self.directory ?? "digits.sweepd")"
            )
        }
    }

    /// A directory of a coordinator that lies here.
    private static var directory: String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: ".")) ?? []
        return names.sorted().first { FileManager.default.fileExists(atPath: $0 + "/sweepd.db") }
    }

    private func post(_ message: Message) throws {
        let frames = try message.encode()
        let deadline = ContinuousClock.now + answerPatience
        while ContinuousClock.now < deadline {
            switch socket.send(frames) {
            case .sent: return
            case .wouldBlock: usleep(1000)
            case .unreachable: throw CommandFailure(.unreachable, "\(endpoint): the connection broke")
            }
        }
        throw CommandFailure(.unreachable, "\(endpoint): the coordinator does not take messages")
    }

    private func receive() throws -> Message {
        guard let message = try receive(within: answerPatience) else { throw unanswered }
        return message
    }

    /// The next message; nil when none comes in this time.
    private func receive(within patience: Duration) throws -> Message? {
        try socket.receive(timeout: patience).map { try Message.decode($0) }
    }

    private var unanswered: CommandFailure {
        CommandFailure(.unreachable, "\(endpoint): the coordinator does not answer")
    }
}
