import Glibc
import SweepMessaging
import Testing

struct ServerSocketTests {
    @Test func `messages go both ways, and the server knows whose they are`() async throws {
        try await withServer { host, endpoint in
            let first = try connectedClient(to: endpoint)
            let second = try connectedClient(to: endpoint)
            #expect(first.send([bytes("hello"), [], bytes("1")]) == .sent)
            let one = try await host.nextMessage()
            #expect(second.send([bytes("hello"), bytes("2")]) == .sent)
            let two = try await host.nextMessage()
            #expect(one.frames == [bytes("hello"), [], bytes("1")])
            #expect(two.frames == [bytes("hello"), bytes("2")])
            #expect(one.connection != two.connection)
            #expect(one.peer == Peer(identity: .local, address: "127.0.0.1"))
            #expect(Permission.allCases.allSatisfy(one.peer.allows))
            #expect(await host.send([bytes("to two")], to: two.connection) == .sent)
            #expect(await host.send([bytes("to one"), []], to: one.connection) == .sent)
            #expect(first.receive(timeout: patience) == [bytes("to one"), []])
            #expect(second.receive(timeout: patience) == [bytes("to two")])
        }
    }

    @Test func `a batch takes so many messages and leaves the rest for the next round`() async throws {
        try await withServer(batchLimit: 7) { host, endpoint in
            let client = try connectedClient(to: endpoint)
            for number in 0..<100 { #expect(client.send([[UInt8(number)]]) == .sent) }
            for number in 0..<100 { #expect(try await host.nextMessage().frames == [[UInt8(number)]]) }
            let batches = await host.batches
            #expect(batches.allSatisfy { $0 <= 7 })
        }
    }

    @Test func `a full queue is a value, holds up one peer alone, and empties`() async throws {
        var options = quick
        options.sendHighWaterMark = 3
        options.receiveHighWaterMark = 2
        try await withLoop { loop in
            let context = try ZMQContext()
            let host = ServerHost(on: loop)
            // Inside a process there are no kernel's buffers: what fits is the two ends' marks, to the message.
            let endpoint = try await host.listen(on: "inproc://full", options: options, in: context)
            func client() throws -> ClientSocket {
                try ClientSocket(connectingTo: endpoint, security: .none, options: options, in: context)
            }
            let slow = try client()
            let other = try client()
            #expect(slow.send([bytes("slow")]) == .sent)
            let slowID = try await host.nextMessage().connection
            #expect(other.send([bytes("other")]) == .sent)
            let otherID = try await host.nextMessage().connection

            var sent = 0
            while sent < 100, await host.send([bytes("\(sent)")], to: slowID) == .sent { sent += 1 }
            #expect(sent == 5)
            let outcomes = await host.send([
                OutgoingMessage(to: slowID, frames: [bytes("late")]),
                OutgoingMessage(to: otherID, frames: [bytes("at once")]),
                OutgoingMessage(to: slowID, frames: [bytes("later")]),
            ])
            #expect(outcomes == [.wouldBlock, .wouldBlock])
            #expect(other.receive(timeout: patience) == [bytes("at once")])

            for number in 0..<sent { #expect(slow.receive(timeout: patience) == [bytes("\(number)")]) }
            #expect(slow.receive(timeout: .zero) == nil)
            #expect(await host.send([bytes("late")], to: slowID) == .sent)
            #expect(slow.receive(timeout: patience) == [bytes("late")])
            slow.close()
            other.close()
            await host.close()
        }
    }

    @Test func `over TCP too a peer that does not read fills up and blocks`() async throws {
        var options = quick
        options.sendHighWaterMark = 2
        options.receiveHighWaterMark = 2
        try await withServer(options: options) { host, endpoint in
            let slow = try connectedClient(to: endpoint, options: options)
            #expect(slow.send([bytes("slow")]) == .sent)
            let connection = try await host.nextMessage().connection
            // The kernel's buffers take a few MiB first.
            let chunk = [UInt8](repeating: 7, count: 1 << 20)
            var sent = 0
            while await host.send([chunk], to: connection) == .sent {
                sent += 1
                try #require(sent < 100, "the queue has no end")
            }
            for _ in 0..<sent { #expect(slow.receive(timeout: patience)?.first?.count == chunk.count) }
        }
    }

    @Test func `a connection that ended is unreachable, and one that never was`() async throws {
        try await withServer { host, endpoint in
            let client = try connectedClient(to: endpoint)
            #expect(client.send([bytes("hello")]) == .sent)
            let connection = try await host.nextMessage().connection
            client.close()
            _ = try await host.nextEvent { $0 == .disconnected }
            #expect(await host.send([bytes("gone")], to: connection) == .unreachable)
            #expect(await host.send([bytes("who?")], to: ConnectionID(number: connection.number &+ 77)) == .unreachable)
        }
    }

    @Test func `a frame that is too large ends the connection, and no other`() async throws {
        var options = quick
        options.limits.maximumFrameBytes = 1_000
        try await withServer(options: options) { host, endpoint in
            let client = try connectedClient(to: endpoint)
            let other = try connectedClient(to: endpoint)
            #expect(client.send([[UInt8](repeating: 1, count: 1_000)]) == .sent)
            #expect(try await host.nextMessage().frames[0].count == 1_000)
            #expect(client.send([[UInt8](repeating: 1, count: 1_001)]) == .sent)
            _ = try await host.nextEvent { $0 == .disconnected }
            #expect(other.send([bytes("still here")]) == .sent)
            #expect(try await host.nextMessage().frames == [bytes("still here")])
            #expect(await host.unread == 0)
        }
    }

    @Test func `a message of too many frames or bytes is rejected, and the next is read`() async throws {
        var options = quick
        options.limits.maximumFrames = 3
        options.limits.maximumMessageBytes = 100
        try await withServer(options: options) { host, endpoint in
            let client = try connectedClient(to: endpoint)
            #expect(client.send([[1], [2], [3], [4], [5]]) == .sent)
            #expect(client.send([[UInt8](repeating: 1, count: 60), [UInt8](repeating: 1, count: 41), [1]]) == .sent)
            #expect(client.send([[UInt8](repeating: 1, count: 60), [UInt8](repeating: 1, count: 39), [1]]) == .sent)
            let good = try await host.nextMessage()
            #expect(good.frames.map(\.count) == [60, 39, 1])
            for violation in [MessageViolation.tooManyFrames(limit: 3), .tooLarge(limit: 100)] {
                let event = try await host.nextEvent { if case .rejected = $0 { true } else { false } }
                let expected = RejectedMessage(
                    reason: .violation(violation),
                    connection: good.connection,
                    key: nil,
                    address: "127.0.0.1"
                )
                #expect(event == .rejected(expected))
            }
        }
    }

    @Test func `a peer that names its connection itself is not heard`() async throws {
        try await withServer { host, endpoint in
            let stranger = try Socket(.dealer, in: ZMQContext())
            try stranger.set(.routingID, "worker-1")
            try stranger.connect(endpoint)
            #expect(try stranger.send([bytes("hello")]) == .sent)
            let event = try await host.nextEvent { if case .rejected = $0 { true } else { false } }
            guard case .rejected(let message) = event else { return }
            #expect(message.reason == .selfChosenRoutingID)
            #expect(message.connection == nil)
            #expect(await host.unread == 0)
        }
    }

    @Test(arguments: ["tcp://127.0.0.1:*", "tcp://[::1]:*", "tcp://localhost:*", "inproc://server", "ipc"])
    func `every transport of ours carries messages`(text: String) async throws {
        try await withTemporaryFolder { folder in
            try await withLoop { loop in
                let context = try ZMQContext()
                let host = ServerHost(on: loop)
                let endpoint = try await host.listen(
                    on: text == "ipc" ? "ipc://\(folder)/socket" : text,
                    in: context
                )
                let client = try ClientSocket(
                    connectingTo: endpoint,
                    security: .none,
                    options: quick,
                    in: context
                )
                // An inproc connection is made at once and has no handshake.
                if !text.hasPrefix("inproc") {
                    #expect(client.waitUntilConnected(timeout: patience) == .connected)
                }
                #expect(client.send([bytes("hello")]) == .sent)
                let message = try await host.nextMessage()
                #expect(await host.send(message.frames, to: message.connection) == .sent)
                #expect(client.receive(timeout: patience) == [bytes("hello")])
                client.close()
                await host.close()
            }
        }
    }

    @Test func `a port that is taken, and one off loopback without keys, are refused and leave nothing behind`()
        async throws
    {
        try await withServer { _, endpoint in
            try await withLoop { loop in
                let second = ServerHost(on: loop)
                let taken = await #expect(throws: ZMQError.self) { try await second.listen(on: endpoint) }
                #expect(taken?.isAddressInUse == true)
                await #expect(throws: UnprotectedEndpointError.self) { try await second.listen(on: "tcp://*:*") }
                await #expect(throws: EndpointError.self) { try await second.listen(on: "127.0.0.1:*") }
                let endpoint = try await second.listen()
                #expect(endpoint.hasPrefix("tcp://127.0.0.1:"))
                await second.close()
            }
        }
    }

    @Test func `after its end a server answers unreachable`() async throws {
        try await withServer { host, endpoint in
            let client = try connectedClient(to: endpoint)
            #expect(client.send([bytes("hello")]) == .sent)
            let connection = try await host.nextMessage().connection
            await host.close()
            #expect(await host.send([bytes("late")], to: connection) == .unreachable)
        }
    }
}
