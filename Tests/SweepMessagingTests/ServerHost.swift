import SweepMessaging
import Testing

/// How long a test waits for what should happen at once: long enough for a loaded machine, and only ever spent on failure.
let patience = Duration.seconds(10)

/// The text of a frame, and back.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Nothing came in time.
struct NothingCame: Error, CustomStringConvertible {
    let description: String
}

/// A server on a loop of its own, as a coordinator would hold it, that keeps what comes for the test to look at.
actor ServerHost {
    nonisolated let loop: MessagingLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var server: ServerSocket?
    private var messages: [ReceivedMessage] = []
    private var events: [ServerEvent] = []
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// The sizes of the batches in which messages came.
    private(set) var batches: [Int] = []
    private var batchLimit = 256

    init(on loop: MessagingLoop) {
        self.loop = loop
    }

    func listen(
        on text: String = "tcp://127.0.0.1:*",
        security: ServerSecurity = .none,
        options: ConnectionOptions = ConnectionOptions(),
        in context: ZMQContext? = nil,
        batchLimit: Int = 256
    ) throws -> String {
        self.batchLimit = batchLimit
        let server = try ServerSocket(
            listeningOn: text,
            security: security,
            options: options,
            in: context,
            on: loop,
            onEvent: { event in self.take(event) },
            onReadable: { server in self.turn(server) }
        )
        self.server = server
        return server.endpoint
    }

    private func turn(_ server: ServerSocket) {
        let batch = server.receiveBatch(max: batchLimit)
        batches.append(batch.count)
        messages += batch
        wakeWaiters()
    }

    private func take(_ event: ServerEvent) {
        events.append(event)
        wakeWaiters()
    }

    private func wakeWaiters() {
        let woken = waiters
        waiters = []
        woken.forEach { $0.resume() }
    }

    /// Waits until `take` finds something.
    private func wait<Value>(_ what: String, _ take: (isolated ServerHost) -> Value?) async throws -> Value {
        let deadline = ContinuousClock.now + patience
        let timer = loop.schedule(at: deadline) { self.wakeWaiters() }
        defer { loop.cancel(timer) }
        while true {
            if let value = take(self) { return value }
            guard ContinuousClock.now < deadline else { throw NothingCame(description: "\(what); events: \(events)") }
            await withCheckedContinuation { waiters.append($0) }
        }
    }

    /// The oldest message that was not asked for yet.
    func nextMessage() async throws -> ReceivedMessage {
        try await wait("a message") { me in me.messages.isEmpty ? nil : me.messages.removeFirst() }
    }

    /// The oldest event of the kind that was not asked for yet.
    func nextEvent(where matches: @Sendable (ServerEvent) -> Bool) async throws -> ServerEvent {
        try await wait("an event") { me in
            me.events.firstIndex(where: matches).map { me.events.remove(at: $0) }
        }
    }

    /// Messages that were not asked for.
    var unread: Int { messages.count }

    func send(_ frames: [[UInt8]], to connection: ConnectionID) -> SendOutcome? {
        server?.send(frames, to: connection)
    }

    func send(_ messages: [OutgoingMessage]) -> [SendOutcome] {
        server?.send(messages).map(\.outcome) ?? []
    }

    func reloadAllowedKeys() { server?.reloadAllowedKeys() }

    func close() { server?.close() }
}

/// Runs `body` with a server, and ends the server, its loop and its thread whatever happens.
func withServer<Value>(
    security: ServerSecurity = .none,
    options: ConnectionOptions = ConnectionOptions(),
    batchLimit: Int = 256,
    _ body: (ServerHost, _ endpoint: String) async throws -> Value
) async throws -> Value {
    try await withLoop { loop in
        let host = ServerHost(on: loop)
        do {
            let endpoint = try await host.listen(security: security, options: options, batchLimit: batchLimit)
            let value = try await body(host, endpoint)
            await host.close()
            return value
        } catch {
            await host.close()
            throw error
        }
    }
}

/// Runs `body` with a loop, and ends its thread whatever happens.
func withLoop<Value>(_ body: (MessagingLoop) async throws -> Value) async rethrows -> Value {
    let loop = MessagingLoop(name: "test")
    defer {
        loop.stop()
        loop.join()
    }
    return try await body(loop)
}

/// Options that come back quickly, so that tests of reconnecting do not wait.
var quick: ConnectionOptions {
    var options = ConnectionOptions()
    options.reconnectInterval = .milliseconds(10)
    options.reconnectIntervalMaximum = .milliseconds(50)
    return options
}

/// A client whose handshake has been settled.
func connectedClient(
    to endpoint: String,
    security: ClientSecurity = .none,
    options: ConnectionOptions = quick
) throws -> ClientSocket {
    let client = try ClientSocket(connectingTo: endpoint, security: security, options: options)
    try #require(client.waitUntilConnected(timeout: patience) == .connected)
    return client
}
