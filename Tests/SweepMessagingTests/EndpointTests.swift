import SweepMessaging
import Testing

struct EndpointTests {
    @Test(arguments: [
        "tcp://127.0.0.1:1", "tcp://127.0.0.1:*", "tcp://127.8.9.10:7700", "tcp://localhost:1", "tcp://[::1]:1",
        "tcp://[0:0:0:0:0:0:0:1]:7700", "ipc:///run/sweepd.socket", "ipc://@sweepd", "inproc://sweepd",
    ])
    func `on loopback no keys are needed`(text: String) throws {
        let endpoint = try Endpoint(text)
        #expect(endpoint.isLoopback)
        try ListenPolicy.check(listeningOn: endpoint, hasKeys: false)
        try ListenPolicy.check(connectingTo: endpoint, hasKeys: false)
    }

    @Test(arguments: [
        "tcp://*:7700", "tcp://0.0.0.0:*", "tcp://192.168.1.2:7700", "tcp://10.0.0.1:1", "tcp://128.0.0.1:1",
        "tcp://[::]:7700", "tcp://[::2]:1", "tcp://[fe80::1]:1", "tcp://[::ffff:127.0.0.1]:1", "tcp://[::1%lo]:1",
        "tcp://lo:1", "tcp://eth0:*", "tcp://127.1:1", "tcp://0x7f000001:1", "tcp://2130706433:1",
        "tcp://127.0.0.1.example.org:1", "tcp://localhost.example.org:1", "tcp://coordinator:7700",
    ])
    func `off loopback listening and connecting need keys`(text: String) throws {
        let endpoint = try Endpoint(text)
        #expect(!endpoint.isLoopback)
        try ListenPolicy.check(listeningOn: endpoint, hasKeys: true)
        try ListenPolicy.check(connectingTo: endpoint, hasKeys: true)
        let listening = try #require(throws: UnprotectedEndpointError.self) {
            try ListenPolicy.check(listeningOn: endpoint, hasKeys: false)
        }
        #expect(listening.direction == .listen)
        #expect(listening.description.contains("sweepd keys new"))
        #expect(listening.description.contains("sweepd keys allow"))
        let connecting = try #require(throws: UnprotectedEndpointError.self) {
            try ListenPolicy.check(connectingTo: endpoint, hasKeys: false)
        }
        #expect(connecting.direction == .connect)
        #expect(connecting.description.contains("--server-key"))
    }

    @Test(
        arguments: [
            ("127.0.0.1:7700", .noTransport),
            ("", .noTransport),
            ("udp://127.0.0.1:1", .unknownTransport("udp")),
            ("TCP://127.0.0.1:1", .unknownTransport("TCP")),
            ("tcp://", .noAddress),
            ("tcp://127.0.0.1\0.example.org:1", .noAddress),
            ("tcp://127.0.0.1", .noPort),
            ("tcp://127.0.0.1:", .badPort("")),
            ("tcp://127.0.0.1:0", .badPort("0")),
            ("tcp://127.0.0.1:65536", .badPort("65536")),
            ("tcp://127.0.0.1:+1", .badPort("+1")),
            ("tcp://127.0.0.1:1/", .badPort("1/")),
            ("tcp://:1", .badHost("")),
            ("tcp://127.0.0.1;10.0.0.1:1", .badHost("127.0.0.1;10.0.0.1")),
            ("tcp://127.0.0.1:1;10.0.0.1:1", .badHost("127.0.0.1:1;10.0.0.1")),
        ] as [(String, EndpointError.Reason)]
    )
    func `what is no endpoint is refused with the reason`(text: String, reason: EndpointError.Reason) throws {
        let error = try #require(throws: EndpointError.self) { try Endpoint(text) }
        #expect(error.reason == reason)
        #expect(error.description.contains("tcp://HOST:PORT"))
    }

    @Test func `localhost is 127·0·0·1, whatever a name service says`() throws {
        #expect(try Endpoint("tcp://localhost:7700").description == "tcp://127.0.0.1:7700")
    }

    @Test(arguments: ["tcp://*:7700", "tcp://[::1]:*", "tcp://10.0.0.1:1", "ipc://@sweepd", "inproc://a b"])
    func `an endpoint is written as it was read`(text: String) throws {
        #expect(try Endpoint(text).description == text)
    }

    @Test func `what is bound on every interface is reached at a host, anything else where it is`() {
        #expect(Endpoint.reached("tcp://0.0.0.0:7700", at: "red") == "tcp://red:7700")
        for text in ["tcp://10.0.0.0:7700", "tcp://127.0.0.1:7700", "ipc://0.0.0.0:1"] {
            #expect(Endpoint.reached(text, at: "red") == text)
        }
    }
}
