import Glibc
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// Serves a site over HTTP until a graceful shutdown.
package struct HTTPService: Service {
    private let addresses: [HTTPAddress]
    private let site: Site
    private let logger: Logger
    private let delivery: Delivery
    private let onBound: @Sendable (String) async -> Void

    /// Who says nothing for so long is cut off: a connection costs a descriptor.
    private static let idleTimeout = TimeAmount.seconds(60)
    /// So is who takes nothing of an answer: it keeps the answer's bytes in memory, and a download's place from others. A reader
    /// that takes a part of 64 KiB in that time is a slow one.
    package static let patience = Duration.seconds(60)
    /// A page and some programs; a descriptor each, of which workers need theirs.
    private static let maximumConnections = 128

    /// Prepares the service; nothing is bound before `run`.
    ///
    /// - Parameters:
    ///   - addresses: the first that is free is taken; not empty.
    ///   - patience: how long a reader may take nothing of an answer.
    ///   - onBound: called once with the URL, the system's choice of port filled in.
    package init(
        addresses: [HTTPAddress],
        site: Site,
        logger: Logger,
        patience: Duration = HTTPService.patience,
        onBound: @escaping @Sendable (String) async -> Void
    ) {
        self.addresses = addresses
        self.site = site
        self.logger = logger
        delivery = Delivery(patience: patience)
        self.onBound = onBound
    }

    /// Serves; throws `HTTPBindError` when no address can be bound.
    package func run() async throws {
        for (index, address) in addresses.enumerated() {
            do { return try await serve(at: address) } catch let error as IOError {
                let isBusy = error.errnoCode == EADDRINUSE
                guard isBusy, index + 1 < addresses.count else {
                    throw HTTPBindError(address: address, isBusy: isBusy, reason: "\(error)")
                }
            }
        }
    }

    private func serve(at address: HTTPAddress) async throws {
        let (site, delivery) = (site, delivery)
        let responder = CallbackResponder<Connection> { request, connection in
            func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }
            let answer = await site.answer(
                HTTPRequest(
                    method: request.method.rawValue,
                    target: request.head.path ?? "/",
                    authority: request.head.authority,
                    authorization: request.headers[.authorization],
                    cookie: request.headers[.cookie],
                    origin: request.headers[.origin],
                    fetchSite: header("sec-fetch-site"),
                    marker: header(HTTPRequest.markerName),
                    ifNoneMatch: request.headers[.ifNoneMatch],
                    acceptEncoding: request.headers[.acceptEncoding],
                    body: { limit in
                        // What is longer, or breaks off, is not read to its end.
                        (try? await request.body.collect(upTo: limit)).map { Array($0.readableBytesView) }
                    }
                )
            )
            return Response(answer, isHead: request.method == .head, delivery, connection.channel)
        }
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        let onBound = onBound
        let application = Application(
            responder: responder,
            server: .http1(configuration: .init(idleTimeout: Self.idleTimeout)),
            configuration: .init(
                address: .hostname(address.boundHost, port: address.port),
                serverName: "sweepd",
                availableConnectionsDelegate: .maximum(Self.maximumConnections, logger: logger)
            ),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { await onBound("http://\(host):\(port)") }
            },
            logger: logger
        )
        try await application.run()
    }
}

/// A request's connection, which can be ended.
private struct Connection: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

/// The address cannot be listened on.
package struct HTTPBindError: Error, Hashable, Sendable, CustomStringConvertible {
    let address: HTTPAddress
    let isBusy: Bool
    let reason: String

    package init(address: HTTPAddress, isBusy: Bool, reason: String) {
        self.address = address
        self.isBusy = isBusy
        self.reason = reason
    }

    package var description: String {
        isBusy
            ? "--http: \(address) is taken by another program, allowed a free port, or 0 for one of the system's choice"
            : "--http: cannot listen on \(address): \(reason)"
    }
}

extension Response {
    /// Puts an answer into HTTP's form; to HEAD without its body.
    fileprivate init(_ answer: HTTPAnswer, isHead: Bool, _ delivery: Delivery, _ channel: any Channel) {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        let body: ResponseBody
        if isHead {
            if answer.events == nil { headers[.contentLength] = "\(answer.body.count)" }
            body = .init()
        } else if let events = answer.events {
            // A stream has no end of its own: a server that is asked to stop does not wait for its readers.
            body = .init(asyncSequence: events.map { ByteBuffer(bytes: $0) }.cancelOnGracefulShutdown())
        } else if answer.place != nil || answer.body.count > Delivery.part {
            let (bytes, place) = (answer.body, answer.place)
            body = .init(contentLength: bytes.count) { writer in
                // A slow reader keeps the bytes in memory: the end is taken once nearly all of them have gone, or an error tells
                // that the reader has.
                defer { place?.giveBack() }
                try await delivery.send(bytes, giveUp: { channel.close(promise: nil) }) { part in
                    if let part {
                        try await writer.write(ByteBuffer(bytes: part))
                        // The loop has taken the part now, and told the writer whether there is room for the next.
                        try await channel.eventLoop.submit {}.get()
                    } else {
                        try await writer.finish(nil)
                    }
                }
            }
        } else {
            body = .init(byteBuffer: ByteBuffer(bytes: answer.body))
        }
        self.init(status: .init(code: answer.status), headers: headers, body: body)
    }
}
