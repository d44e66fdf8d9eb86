import SweepMessaging
import Testing

/// The example of `MessagingLoop`'s documentation, letter by letter.
private actor Echo {
    nonisolated let loop: MessagingLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private var server: ServerSocket?

    init(on loop: MessagingLoop) { self.loop = loop }

    func listen() throws -> String {
        let server = try ServerSocket(listeningOn: "tcp://127.0.0.1:*", security: .none, on: loop) { server in
            self.turn(server)
        }
        self.server = server
        return server.endpoint
    }

    private func turn(_ server: ServerSocket) {
        for message in server.receiveBatch() { _ = server.send(message.frames, to: message.connection) }
    }

    func close() { server?.close() }
}

struct EchoExampleTests {
    @Test func `the documentation's example echoes`() async throws {
        let loop = MessagingLoop()
        let echo = Echo(on: loop)
        let endpoint = try await echo.listen()
        let client = try connectedClient(to: endpoint)
        for number in 0..<1_000 {
            #expect(client.send([bytes("\(number)")]) == .sent)
            #expect(client.receive(timeout: patience) == [bytes("\(number)")])
        }
        await echo.close()
        loop.stop()
        loop.join()
    }
}
