/// Who trained what and when, and how the best so far came about: what `/api/v1/sweeps/NAME/timeline` answers.
///
/// JSON: `{"sweep", "started_ms", "now_s", "workers": [name], "spans": {"trial", "attempt", "worker", "begin", "end",
/// "to_epoch", "end_kind"}, "incumbents": {"epochs", "core_seconds", "trial", "epoch", "value"}}`: each of `spans` and
/// `incumbents` is an object of equally long lists. `worker` is a place in `workers`; `begin` and `end` are seconds since
/// `started_ms`, the start of this coordinator process: what was trained before it is not known. `end_kind` is `running`,
/// `done` or `lost`.
package struct TimelineDocument: Sendable {
    package let sweep: String
    /// Wall-clock time of the coordinator's start, milliseconds since 1970.
    package let startedMilliseconds: Int64
    /// Seconds since then.
    package let now: Double
    package let spans: [Span]
    package let incumbents: [Step]

    /// One attempt of a trial on a worker.
    package struct Span: Hashable, Sendable {
        /// How it came to its end.
        package enum End: String, Sendable {
            case running, done, lost
        }
        package let trial: Int
        package let attempt: Int
        package let worker: String
        /// Seconds since the coordinator's start.
        package let begin: Double
        package let end: Double
        /// The last epoch that was trained.
        package let toEpoch: Int
        package let kind: End
        package init(trial: Int, attempt: Int, worker: String, begin: Double, end: Double, toEpoch: Int, kind: End) {
            self.trial = trial
            self.attempt = attempt
            self.worker = worker
            self.begin = begin
            self.end = end
            self.toEpoch = toEpoch
            self.kind = kind
        }
    }

    /// A new best.
    package struct Step: Hashable, Sendable {
        /// Epochs that all trials had been trained by then, and the core seconds they took.
        package let epochs: Int
        package let coreSeconds: Double
        package let trial: Int
        package let epoch: Int
        package let value: Double
        package init(epochs: Int, coreSeconds: Double, trial: Int, epoch: Int, value: Double) {
            self.epochs = epochs
            self.coreSeconds = coreSeconds
            self.trial = trial
            self.epoch = epoch
            self.value = value
        }
    }

    package init(sweep: String, startedMilliseconds: Int64, now: Double, spans: [Span], incumbents: [Step]) {
        self.sweep = sweep
        self.startedMilliseconds = startedMilliseconds
        self.now = now
        self.spans = spans
        self.incumbents = incumbents
    }

    /// The document as JSON.
    package var json: JSONValue {
        var order: [String] = []
        var places: [String: Int] = [:]
        for span in spans where places[span.worker] == nil {
            places[span.worker] = order.count
            order.append(span.worker)
        }
        func column<Row>(_ key: String, _ rows: [Row], _ value: (Row) -> JSONValue) -> JSONMember {
            JSONMember(key, .array(rows.map(value)))
        }
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        object.add("started_ms", Int(startedMilliseconds))
        object.add("now_s", now)
        object.add("workers", .array(order.map { .text($0) }))
        object.add(
            "spans",
            .object([
                column("trial", spans) { .integer($0.trial) },
                column("attempt", spans) { .integer($0.attempt) },
                column("worker", spans) { .integer(places[$0.worker] ?? 0) },
                column("begin", spans) { .number(Self.milli($0.begin)) },
                column("end", spans) { .number(Self.milli($0.end)) },
                column("to_epoch", spans) { .integer($0.toEpoch) },
                column("end_kind", spans) { .text($0.kind.rawValue) },
            ])
        )
        object.add(
            "incumbents",
            .object([
                column("epochs", incumbents) { .integer($0.epochs) },
                column("core_seconds", incumbents) { .number($0.coreSeconds) },
                column("trial", incumbents) { .integer($0.trial) },
                column("epoch", incumbents) { .integer($0.epoch) },
                column("value", incumbents) { .number($0.value) },
            ])
        )
        return object.object
    }

    /// To the millisecond: no picture shows more.
    private static func milli(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
