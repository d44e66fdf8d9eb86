import SweepMessaging
import Testing

/// A client on a loop, as a worker would hold it.
private actor ClientHost {
    nonisolated let loop: MessagingLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private var client: ClientSocket?
    private let events: AsyncStream<ClientEvent>.Continuation
    private let messages: AsyncStream<[[UInt8]]>.Continuation

    init(
        on loop: MessagingLoop,
        events: AsyncStream<ClientEvent>.Continuation,
        messages: AsyncStream<[[UInt8]]>.Continuation
    ) {
        self.loop = loop
        self.events = events
        self.messages = messages
    }

    func connect(to endpoint: String, security: ClientSecurity = .none, options: ConnectionOptions) throws {
        let client = try ClientSocket(connectingTo: endpoint, security: security, options: options)
        client.attach(
            to: loop,
            onEvent: { event in
                // Everyone introduces himself on each connection.
                if event == .connected { _ = self.client?.send([bytes("hello")]) }
                self.events.yield(event)
            },
            onReadable: { client in
                client.receiveBatch().forEach { self.messages.yield($0) }
            }
        )
        self.client = client
    }

    func reconnect() throws { try client?.reconnect() }

    func close() { client?.close() }
}

struct ClientSocketTests {
    @Test func `without a connection sending would block, and is heard once there is one`() async throws {
        let endpoint = try await withServer { _, endpoint in endpoint }
        let client = try ClientSocket(connectingTo: endpoint, security: .none, options: quick)
        #expect(client.send([bytes("hello")]) == .wouldBlock)
        #expect(client.waitUntilConnected(timeout: .milliseconds(1)) == nil)
        try await withLoop { loop in
            let host = ServerHost(on: loop)
            _ = try await host.listen(on: endpoint)
            #expect(client.waitUntilConnected(timeout: patience) == .connected)
            #expect(client.send([bytes("hello")]) == .sent)
            #expect(try await host.nextMessage().frames == [bytes("hello")])
            await host.close()
        }
    }

    @Test func `an attached client introduces itself on every connection, after a restart of the server too`()
        async throws
    {
        let (events, eventSource) = AsyncStream.makeStream(of: ClientEvent.self)
        let (messages, messageSource) = AsyncStream.makeStream(of: [[UInt8]].self)
        var nextEvent = events.filter { $0 != .unanswered }.makeAsyncIterator()
        var nextMessage = messages.makeAsyncIterator()
        try await withLoop { loop in
            let worker = ClientHost(on: loop, events: eventSource, messages: messageSource)
            let (endpoint, first) = try await withServer { host, endpoint in
                try await worker.connect(to: endpoint, options: quick)
                let hello = try await host.nextMessage()
                #expect(hello.frames == [bytes("hello")])
                #expect(await host.send([bytes("welcome")], to: hello.connection) == .sent)
                #expect(await nextMessage.next() == [bytes("welcome")])
                return (endpoint, hello.connection)
            }
            #expect(await nextEvent.next() == .connected)
            #expect(await nextEvent.next() == .disconnected)
            try await withLoop { secondLoop in
                let host = ServerHost(on: secondLoop)
                _ = try await host.listen(on: endpoint)
                let again = try await host.nextMessage()
                #expect(again.frames == [bytes("hello")])
                #expect(again.connection != first)
                #expect(await nextEvent.next() == .connected)

                // On a fresh socket, as when the server is held for dead.
                try await worker.reconnect()
                let fresh = try await host.nextMessage()
                #expect(fresh.frames == [bytes("hello")])
                #expect(fresh.connection != again.connection)
                _ = try await host.nextEvent { $0 == .disconnected }
                #expect(await host.send([bytes("old")], to: again.connection) == .unreachable)
                #expect(await host.send([bytes("new")], to: fresh.connection) == .sent)
                #expect(await nextMessage.next() == [bytes("new")])
                await host.close()
            }
            await worker.close()
        }
    }

    @Test func `an attached client that was turned away gets in by itself once its key is allowed`() async throws {
        let server = try CurveKeyPair()
        let worker = try CurveKeyPair()
        let (events, eventSource) = AsyncStream.makeStream(of: ClientEvent.self)
        let (_, messageSource) = AsyncStream.makeStream(of: [[UInt8]].self)
        var nextEvent = events.filter { $0 != .unanswered && $0 != .disconnected }.makeAsyncIterator()
        try await withTemporaryFolder { folder in
            let file = AuthorizedKeysFile("\(folder)/allowed_keys")
            try file.add(AuthorizedKey(key: server.publicKey, role: .reader))
            try await withServer(security: .curve(server, allowed: .file(file))) { host, endpoint in
                try await withLoop { loop in
                    let client = ClientHost(on: loop, events: eventSource, messages: messageSource)
                    let security = ClientSecurity.curve(worker, server: server.publicKey)
                    try await client.connect(to: endpoint, security: security, options: quick)
                    // Twice: libzmq itself would have given up after the first.
                    #expect(await nextEvent.next() == .handshakeFailed(.notAllowed))
                    #expect(await nextEvent.next() == .handshakeFailed(.notAllowed))
                    try file.add(AuthorizedKey(key: worker.publicKey, role: .worker))
                    let hello = try await host.nextMessage()
                    #expect(hello.frames == [bytes("hello")])
                    #expect(hello.peer.key == worker.publicKey)
                    await client.close()
                }
            }
        }
    }

    @Test func `an attached client comes back after a frame of the server's that was too large for it`() async throws {
        let (events, eventSource) = AsyncStream.makeStream(of: ClientEvent.self)
        let (_, messageSource) = AsyncStream.makeStream(of: [[UInt8]].self)
        _ = events
        var options = quick
        options.limits.maximumFrameBytes = 1_000
        try await withServer { host, endpoint in
            try await withLoop { loop in
                let client = ClientHost(on: loop, events: eventSource, messages: messageSource)
                try await client.connect(to: endpoint, options: options)
                let hello = try await host.nextMessage()
                #expect(await host.send([[UInt8](repeating: 0, count: 1_001)], to: hello.connection) == .sent)
                let again = try await host.nextMessage()
                #expect(again.frames == [bytes("hello")])
                #expect(again.connection != hello.connection)
                await client.close()
            }
        }
    }

    @Test func `a client off loopback without keys is refused before it sends anything`() {
        #expect(throws: UnprotectedEndpointError.self) {
            try ClientSocket(connectingTo: "tcp://192.0.2.1:7700", security: .none)
        }
    }

    @Test func `a closed client sends and receives nothing`() async throws {
        try await withServer { _, endpoint in
            let client = try connectedClient(to: endpoint)
            client.close()
            client.close()
            #expect(client.send([[1]]) == .unreachable)
            #expect(client.receive(timeout: patience) == nil)
        }
    }

    @Test func `a last message is not lost when the close lets it linger`() async throws {
        try await withServer { host, endpoint in
            let client = try connectedClient(to: endpoint)
            #expect(client.send([bytes("goodbye")]) == .sent)
            client.close(linger: patience)
            #expect(try await host.nextMessage().frames == [bytes("goodbye")])
        }
    }

    @Test func `a message of the server's beyond the limits is dropped`() async throws {
        var options = quick
        options.limits.maximumFrames = 2
        try await withServer { host, endpoint in
            let client = try connectedClient(to: endpoint, options: options)
            #expect(client.send([bytes("hello")]) == .sent)
            let connection = try await host.nextMessage().connection
            #expect(await host.send([[1], [2], [3]], to: connection) == .sent)
            #expect(await host.send([[4], [5]], to: connection) == .sent)
            #expect(client.receive(timeout: patience) == [[4], [5]])
        }
    }
}
