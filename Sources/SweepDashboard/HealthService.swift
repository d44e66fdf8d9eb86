import Hummingbird
package import Logging
import ServiceLifecycle

/// Serves `GET /health` over HTTP: whether the coordinator answers, as JSON.
package struct HealthService: Service {
    private let address: HTTPAddress
    private let logger: Logger
    private let report: @Sendable () async -> String
    private let onBound: @Sendable (String) async -> Void

    /// Prepares the service; nothing is bound before `run`.
    ///
    /// - Parameters:
    ///   - report: the JSON document of an answer.
    ///   - onBound: called once with the URL, the system's choice of port filled in.
    package init(
        address: HTTPAddress,
        logger: Logger,
        report: @escaping @Sendable () async -> String,
        onBound: @escaping @Sendable (String) async -> Void
    ) {
        self.address = address
        self.logger = logger
        self.report = report
        self.onBound = onBound
    }

    /// Serves until a graceful shutdown; throws when the address cannot be bound.
    package func run() async throws {
        let router = Router()
        let report = report
        router.get("health") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(string: await report()))
            )
        }
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        let onBound = onBound
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(address.host, port: address.port), serverName: "sweepd"),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { await onBound("http://\(host):\(port)") }
            },
            logger: logger
        )
        try await application.run()
    }
}
