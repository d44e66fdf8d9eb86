import Logging
import SweepCoordinator
import SweepDashboard
import SweepNodeCommands
import SweepReports

extension HTTPAddress {
    /// Where HTTP may be served, in the order to try, for what `--http` says; none for nowhere.
    ///
    /// An address that was asked for is taken or refused, before anything is written; the usual one moves on when busy.
    static func asked(_ http: String?, unlessTold usual: [HTTPAddress]) throws -> [HTTPAddress] {
        guard let http else { return usual }
        guard http != "none" else { return [] }
        guard let address = HTTPAddress(http) else {
            throw CommandFailure(
                .badInput,
                "--http: found \(http), allowed HOST:PORT, for example 127.0.0.1:7780, or none"
            )
        }
        guard address.isLoopback else {
            throw CommandFailure(
                .badInput,
                "--http: found \(http), allowed an address of this machine's loopback such as 127.0.0.1:7780: plain HTTP "
                    + "proves nobody's name and hides nothing. From elsewhere reach it through ssh: "
                    + "ssh -L 7780:127.0.0.1:\(address.port) THIS-MACHINE, then http://127.0.0.1:7780"
            )
        }
        guard address.isFree else {
            throw CommandFailure(.badInput, HTTPBindError(address: address, isBusy: true, reason: "").description)
        }
        return [address]
    }
}

extension HTTPService {
    /// Serves a coordinator's page, API and metrics; `directory` is the coordinator's.
    init(
        _ coordinator: Coordinator,
        directory: String,
        _ registry: PrometheusRegistry,
        at addresses: [HTTPAddress],
        access: HTTPAccess,
        logger: Logger,
        onBound: @escaping @Sendable (String) async -> Void
    ) {
        let overviews = DataOverviews(directory: directory)
        let files = SweepDownloads()
        self.init(
            addresses: addresses,
            site: Site(
                access: access,
                observatory: coordinator,
                health: { await coordinator.health() },
                metrics: {
                    await coordinator.refreshGauges()
                    return registry.text
                },
                data: { name async throws(ControlError) in
                    try await overviews.document(of: try await coordinator.sweep(name))
                },
                file: { file, name async throws(ControlError) in
                    try await files.made(file, sweep: name, coordinator)
                },
                submit: { text in await coordinator.take(text: text) },
                counts: HTTPMetrics(factory: registry)
            ),
            logger: logger,
            onBound: onBound
        )
    }
}

extension PrometheusRegistry {
    /// For what a coordinator counts, and its HTTP side.
    static func ofCoordinator() -> PrometheusRegistry {
        PrometheusRegistry(help: CoordinatorMetrics.help.merging(HTTPMetrics.help) { first, _ in first })
    }
}
