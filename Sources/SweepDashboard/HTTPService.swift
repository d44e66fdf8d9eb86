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
    private let onBound: @Sendable (String) async -> Void

    /// Who says nothing for so long is cut off: a connection costs a descriptor.
    private static let idleTimeout = TimeAmount.seconds(60)
    /// A page and some programs; a descriptor each, of which workers need theirs.
    private static let maximumConnections = 128

    /// Prepares the service; nothing is bound before `run`.
    ///
    /// - Parameters:
    ///   - addresses: the first that is free is taken; not empty.
    ///   - onBound: called once with the URL, the system's choice of port filled in.
    package init(
        addresses: [HTTPAddress],
        site: Site,
        logger: Logger,
        onBound: @escaping @Sendable (String) async -> Void
    ) {
        self.addresses = addresses
        self.site = site
        self.logger = logger
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
        let site = site
        let responder = CallbackResponder<BasicRequestContext> { request, _ in
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
            return Response(answer, isHead: request.method == .head)
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
    fileprivate init(_ answer: HTTPAnswer, isHead: Bool) {
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
        } else if let place = answer.place {
            let bytes = ByteBuffer(bytes: answer.body)
            body = .init(contentLength: bytes.readableBytes) { writer in
                // A slow reader keeps the bytes in memory: the end is taken once nearly all of them have gone, or an error tells
                // that the reader has.
                defer { place.giveBack() }
                try await writer.write(bytes)
                try await writer.finish(nil)
            }
        } else {
            body = .init(byteBuffer: ByteBuffer(bytes: answer.body))
        }
        self.init(status: .init(code: answer.status), headers: headers, body: body)
    }
}
