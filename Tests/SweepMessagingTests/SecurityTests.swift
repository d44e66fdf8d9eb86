import SweepMessaging
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SecurityTests {
    private let server: CurveKeyPair
    private let worker: CurveKeyPair
    private let stranger: CurveKeyPair

    init() throws {
        server = try CurveKeyPair()
        worker = try CurveKeyPair()
        stranger = try CurveKeyPair()
    }

    /// A server that allows `worker`, in the role given.
    private func security(_ role: Role = .worker) -> ServerSecurity {
        let entry = AuthorizedKey(key: worker.publicKey, role: role, name: "node 1")
        return .curve(server, allowed: .list(AuthorizedKeys([entry])))
    }

    private func client(_ keys: CurveKeyPair) -> ClientSecurity { .curve(keys, server: server.publicKey) }

    @Test(arguments: Role.allCases)
    func `an allowed key is let in, and known by key, role and name`(role: Role) async throws {
        try await withServer(security: security(role)) { host, endpoint in
            let client = try connectedClient(to: endpoint, security: client(worker))
            #expect(client.send([bytes("hello")]) == .sent)
            let message = try await host.nextMessage()
            #expect(message.peer.identity == .key(AuthorizedKey(key: worker.publicKey, role: role, name: "node 1")))
            #expect(message.peer.role == role)
            #expect(message.peer.address == "127.0.0.1")
            #expect(message.peer.allows(.steer) == (role == .admin))
            #expect(await host.send([bytes("welcome")], to: message.connection) == .sent)
            #expect(client.receive(timeout: patience) == [bytes("welcome")])
        }
    }

    @Test func `an unknown key is turned away, and both ends are told`() async throws {
        try await withServer(security: security()) { host, endpoint in
            let client = try ClientSocket(connectingTo: endpoint, security: client(stranger), options: quick)
            #expect(client.waitUntilConnected(timeout: patience) == .handshakeFailed(.notAllowed))
            #expect(client.send([bytes("hello")]) == .wouldBlock)
            let denial = Denial(reason: .unknownKey, key: stranger.publicKey, address: "127.0.0.1")
            _ = try await host.nextEvent { $0 == .denied(denial) }
            _ = try await host.nextEvent { $0 == .handshakeFailed(.notAllowed) }
            #expect(denial.description == "127.0.0.1: the key \(stranger.publicKey) is not allowed")
            #expect(await host.unread == 0)
        }
    }

    @Test func `a client without keys is turned away from a server with keys`() async throws {
        try await withServer(security: security()) { host, endpoint in
            let client = try ClientSocket(connectingTo: endpoint, security: .none, options: quick)
            _ = try await host.nextEvent { if case .handshakeFailed = $0 { true } else { false } }
            #expect(client.waitUntilConnected(timeout: .milliseconds(1)) != .connected)
            #expect(client.send([bytes("hello")]) == .wouldBlock)
            #expect(await host.unread == 0)
        }
    }

    @Test func `a client with keys does not talk to a server without`() async throws {
        try await withServer { host, endpoint in
            let client = try ClientSocket(connectingTo: endpoint, security: client(worker), options: quick)
            _ = try await host.nextEvent { if case .handshakeFailed = $0 { true } else { false } }
            #expect(client.waitUntilConnected(timeout: .milliseconds(1)) != .connected)
            #expect(client.send([bytes("hello")]) == .wouldBlock)
            #expect(await host.unread == 0)
        }
    }

    @Test func `a server with another key than expected is not talked to`() async throws {
        try await withServer(security: security()) { host, endpoint in
            let wrong = ClientSecurity.curve(worker, server: stranger.publicKey)
            let client = try ClientSocket(connectingTo: endpoint, security: wrong, options: quick)
            _ = try await host.nextEvent { if case .handshakeFailed = $0 { true } else { false } }
            #expect(client.waitUntilConnected(timeout: .milliseconds(1)) != .connected)
            #expect(client.send([bytes("hello")]) == .wouldBlock)
            #expect(await host.unread == 0)
        }
    }

    @Test func `a key that is added to the file is let in, and one that is removed is shut out at once`() async throws {
        try await withTemporaryFolder { folder in
            let file = AuthorizedKeysFile("\(folder)/allowed_keys")
            try file.add(AuthorizedKey(key: stranger.publicKey, role: .reader))
            try await withServer(security: .curve(server, allowed: .file(file))) { host, endpoint in
                let refused = try ClientSocket(connectingTo: endpoint, security: client(worker), options: quick)
                #expect(refused.waitUntilConnected(timeout: patience) == .handshakeFailed(.notAllowed))

                try file.add(AuthorizedKey(key: worker.publicKey, role: .worker))
                let client = try connectedClient(to: endpoint, security: client(worker))
                _ = try await host.nextEvent { $0 == .allowListChanged(.reloaded(entries: 2, mistakes: [])) }
                #expect(client.send([bytes("hello")]) == .sent)
                #expect(try await host.nextMessage().peer.role == .worker)

                // The client that was refused gets in when it tries again.
                try refused.reconnect()
                #expect(refused.waitUntilConnected(timeout: patience) == .connected)

                // A new role holds from the next message on.
                try file.add(AuthorizedKey(key: worker.publicKey, role: .admin))
                await host.reloadAllowedKeys()
                #expect(client.send([bytes("promoted")]) == .sent)
                #expect(try await host.nextMessage().peer.role == .admin)

                #expect(try file.remove { $0.key == worker.publicKey }.count == 1)
                await host.reloadAllowedKeys()
                #expect(client.send([bytes("still there?")]) == .sent)
                let event = try await host.nextEvent { if case .rejected = $0 { true } else { false } }
                guard case .rejected(let message) = event else { return }
                #expect(message.reason == .revoked)
                #expect(message.key == worker.publicKey)
                let late = try ClientSocket(connectingTo: endpoint, security: self.client(worker), options: quick)
                #expect(late.waitUntilConnected(timeout: patience) == .handshakeFailed(.notAllowed))
                #expect(await host.unread == 0)
            }
        }
    }

    @Test func `a file of allowed keys that breaks while the server runs lets nobody in by mistake`() async throws {
        try await withTemporaryFolder { folder in
            let file = AuthorizedKeysFile("\(folder)/allowed_keys")
            try file.add(AuthorizedKey(key: worker.publicKey, role: .worker))
            try await withServer(security: .curve(server, allowed: .file(file))) { host, endpoint in
                // One line is spoiled; the other holds.
                let line = try readFile(file.path)
                try writeFile("\(line)worker \(stranger.publicKey)x\n", to: file.path)
                _ = try connectedClient(to: endpoint, security: client(worker))
                let event = try await host.nextEvent { if case .allowListChanged = $0 { true } else { false } }
                guard case .allowListChanged(.reloaded(let entries, let mistakes)) = event else {
                    Issue.record("not reloaded: \(event)")
                    return
                }
                #expect(entries == 1)
                #expect(mistakes.map(\.line) == [2])

                // Readable by all is well, writable by all is not.
                try writeFile(line, to: file.path, mode: 0o666)
                let refused = try ClientSocket(connectingTo: endpoint, security: client(worker), options: quick)
                #expect(refused.waitUntilConnected(timeout: patience) == .handshakeFailed(.notAllowed))
                _ = try await host.nextEvent {
                    $0 == .allowListChanged(.unreadable(KeyError(.exposed(mode: 0o666), path: file.path)))
                }
            }
        }
    }

    @Test func `a server does not start on a list with mistakes, or on none`() async throws {
        try await withTemporaryFolder { folder in
            let file = AuthorizedKeysFile("\(folder)/allowed_keys")
            try await withLoop { loop in
                let host = ServerHost(on: loop)
                let security = ServerSecurity.curve(server, allowed: .file(file))
                let missing = await #expect(throws: KeyError.self) { try await host.listen(security: security) }
                #expect(missing?.reason == .missing)
                try writeFile("worker nonsense\n", to: file.path)
                let malformed = await #expect(throws: KeyError.self) { try await host.listen(security: security) }
                #expect(malformed?.description.hasPrefix("\(file.path):1: ") == true)
            }
        }
    }

    /// The socket of a server with keys, in a context that has no authenticator.
    private func serverWithoutAuthenticator(enforced: Bool) throws -> Socket {
        let router = try Socket(.router, in: ZMQContext())
        try router.requireKeys(server: server)
        if !enforced { try router.set(.enforceZAPDomain, false) }
        try router.startMonitor()
        try router.bind("tcp://127.0.0.1:*")
        return router
    }

    @Test func `a server with keys but without authenticator lets nobody in`() throws {
        let router = try serverWithoutAuthenticator(enforced: true)
        let endpoint = try router.lastEndpoint
        let client = try ClientSocket(connectingTo: endpoint, security: client(worker), options: quick)
        let monitor = try #require(router.monitor)
        var event = try #require(try monitor.next(timeout: patience))
        while event.kind == .accepted { event = try #require(try monitor.next(timeout: patience)) }
        #expect([.disconnected, .authenticationFailed, .protocolFailed, .handshakeFailed].contains(event.kind))
        #expect(client.waitUntilConnected(timeout: .milliseconds(1)) != .connected)
        #expect(client.send([bytes("hello")]) == .wouldBlock)
        #expect(try router.receive() == nil)
    }

    @Test func `which is libzmq's option at work: without it, that server lets anyone in`() throws {
        let router = try serverWithoutAuthenticator(enforced: false)
        let endpoint = try router.lastEndpoint
        let client = try ClientSocket(connectingTo: endpoint, security: client(stranger), options: quick)
        #expect(client.waitUntilConnected(timeout: patience) == .connected)
    }

    @Test func `the authenticator refuses what it cannot read, other domains and other mechanisms`() throws {
        let context = try ZMQContext()
        let key = [UInt8](0..<32)
        let entry = AuthorizedKey(key: try #require(CurvePublicKey(bytes: key)), role: .worker)
        let authenticator = try Authenticator(in: context, allowList: AllowList(AuthorizedKeys([entry])))
        let good = ["1.0", "7", "sweepd", "10.0.0.1", "", "CURVE"].map(bytes) + [key]
        func answer(_ request: [[UInt8]]) throws -> (code: [UInt8], id: [UInt8], user: [UInt8]) {
            // A DEALER with an empty frame before the request is what a REP socket takes for one.
            let asker = try Socket(.dealer, in: context)
            try asker.connect(Authenticator.endpoint)
            #expect(try asker.send([[]] + request) == .sent)
            #expect(try authenticator.socket.wait(for: .receive, timeout: patience))
            _ = try authenticator.answerNext()
            let reply = try #require(try asker.receive(timeout: patience))
            #expect(reply.count == 7)
            #expect(reply[1] == bytes("1.0"))
            return (reply[3], reply[2], reply[5])
        }
        #expect(try answer(good) == (bytes("200"), bytes("7"), bytes(entry.key.z85)))
        #expect(try answer(good.dropLast() + [[UInt8](1...32)]) == (bytes("400"), bytes("7"), []))
        for (index, value) in [(0, "2.0"), (2, "other"), (5, "NULL"), (5, "PLAIN"), (6, "short")] {
            var request = good
            request[index] = bytes(value)
            #expect(try answer(request).code != bytes("200"))
        }
        #expect(try answer([bytes("1.0")]).code == bytes("500"))
        #expect(try answer(good + [[]]).code == bytes("500"))
        #expect(try answer([[0xff, 0xfe], [], [], [], [], [], []]).code == bytes("500"))
    }
}
