package import CoreMetrics

/// What a site counts of its requests, for whoever watches the coordinator.
///
/// Labels are bounded: a route is told by its pattern and never by what was asked for, and what is none of ours is one.
package struct HTTPMetrics: Sendable {
    private let factory: any MetricsFactory
    private let streams: Meter
    private let bytes: Counter

    /// Counts into `factory`, or nowhere.
    package init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        self.factory = factory
        streams = Meter(label: "sweepd_http_event_streams", factory: factory)
        bytes = Counter(label: "sweepd_http_sent_bytes_total", factory: factory)
        streams.set(0)
    }

    /// What each metric says.
    package static let help = [
        "sweepd_http_requests_total":
            "HTTP requests that were answered, by the pattern of the route (page: its files; other: none of ours) and the class of the status.",
        "sweepd_http_request_seconds":
            "Time until the answer to an HTTP request was made, by route; of a stream of events until it began.",
        "sweepd_http_event_streams": "Streams of events that are open.",
        "sweepd_http_sent_bytes_total": "Bytes of the bodies of HTTP answers, events among them.",
    ]

    /// Counts a request that was answered.
    func answered(_ request: HTTPRequest, status: Int, in duration: Duration) {
        let route = Self.route(of: request)
        // The factory knows which there are.
        Counter(
            label: "sweepd_http_requests_total",
            dimensions: [("route", route), ("status", "\(status / 100)xx")],
            factory: factory
        ).increment()
        Timer(label: "sweepd_http_request_seconds", dimensions: [("route", route)], factory: factory)
            .recordSeconds(duration / .seconds(1))
    }

    /// Counts bytes of a body.
    func sent(_ count: Int) { bytes.increment(by: count) }

    /// Counts a stream as open for as long as what is answered lives.
    func opened() -> OpenStream { OpenStream(counted: self) }

    /// The pattern of what a request asks for; `page` for the page's files, `other` for what is not there.
    package static func route(of request: HTTPRequest) -> String {
        if PageAsset.at(request.target) != nil { return "page" }
        return (try? HTTPRoute(method: request.method, target: request.target))?.pattern ?? "other"
    }

    /// A stream that somebody reads.
    final class OpenStream: Sendable {
        private let metrics: HTTPMetrics

        init(counted metrics: HTTPMetrics) {
            self.metrics = metrics
            metrics.streams.increment()
        }

        deinit { metrics.streams.decrement() }

        /// Counts bytes that it reads.
        func sent(_ count: Int) { metrics.sent(count) }
    }
}
