import SweepNumerics
import SweepReports

/// An answer, before it is put into HTTP's form.
package struct HTTPAnswer: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// What follows the body, part by part, until the asker goes; nil for an answer that is whole.
    package private(set) var events: HTTPEvents?
    /// What the body holds until it is sent; nil for one that nobody counts.
    package private(set) var place: BoundedPlaces.Place?
    /// Header fields beside the length.
    package private(set) var headers: [String: String]

    private init(
        _ status: Int,
        _ type: String,
        _ body: [UInt8],
        events: HTTPEvents? = nil,
        _ more: [String: String] = [:]
    ) {
        self.status = status
        self.body = body
        self.events = events
        // What is true now is not kept, and not guessed at; no other page may have it, nor show it in a frame.
        let fixed = [
            "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "same-origin", "content-security-policy": "default-src 'none'",
        ]
        headers = fixed.merging(more) { $1 }
    }

    init(json: [UInt8], _ more: [String: String] = [:]) { self.init(200, "application/json", json, more) }

    /// A document that the asker may keep, to ask whether it is still so; nothing of it when it is.
    init(json: [UInt8], tag: String, for request: HTTPRequest) {
        let isKnown = request.has(tag)
        self.init(
            isKnown ? 304 : 200,
            "application/json",
            isKnown ? [] : json,
            ["etag": tag, "cache-control": "private, no-cache"]
        )
    }

    /// The same, with a tag made of its bytes.
    init(json: [UInt8], for request: HTTPRequest) { self.init(json: json, tag: Self.tag(of: json), for: request) }

    /// A file that a browser keeps under this name, with a tag made of its bytes: it is not shown as a page of this server.
    init(file: HeldFile, type: String, name: String, for request: HTTPRequest) {
        let tag = Self.tag(of: file.bytes)
        let isKnown = request.has(tag)
        self.init(
            isKnown ? 304 : 200,
            type,
            isKnown ? [] : file.bytes,
            [
                "etag": tag, "cache-control": "private, no-cache",
                "content-disposition": "attachment; filename=\"\(name)\"",
            ]
        )
        if !isKnown { place = file.place }
    }

    /// A tag that is the same for the same bytes.
    static func tag(of bytes: [UInt8]) -> String {
        var hash = StableHash()
        for byte in bytes { hash.combine(byte: byte) }
        return "\"\(String(hash.value, radix: 36))\""
    }

    /// Text as Prometheus reads it.
    init(text: String) { self.init(200, "text/plain; version=0.0.4; charset=utf-8", Array(text.utf8)) }

    /// Server-sent events.
    init(events: AsyncStream<[UInt8]>) {
        self.init(200, "text/event-stream", [], events: HTTPEvents(events), ["x-accel-buffering": "no"])
    }

    /// A file of the page; `more` has what browsers are to know about it.
    init(_ asset: PageAsset, for request: HTTPRequest) {
        var more = ["etag": asset.tag, "cache-control": "no-cache", "vary": "accept-encoding"].merging(asset.headers) {
            $1
        }
        if request.has(asset.tag) {
            self.init(304, asset.type, [], more)
        } else if request.takesGzip {
            more["content-encoding"] = "gzip"
            self.init(200, asset.type, asset.packed, more)
        } else {
            self.init(200, asset.type, asset.plain, more)
        }
    }

    /// The answer with what is sent of it counted.
    func counted(by metrics: HTTPMetrics) -> HTTPAnswer {
        metrics.sent(body.count)
        var answer = self
        answer.events = events?.counted(by: metrics)
        return answer
    }

    /// The document of a refusal.
    package init(_ failure: HTTPFailure) {
        var more: [String: String] = [:]
        if let allow = failure.allow { more["allow"] = allow }
        // Seconds: long enough that who waits does not add to what is refused.
        if failure.status == 503 { more["retry-after"] = "5" }
        if failure.status == 401 { more["www-authenticate"] = "Bearer" }
        self.init(failure.status, "application/json", failure.json.bytes, more)
    }
}
