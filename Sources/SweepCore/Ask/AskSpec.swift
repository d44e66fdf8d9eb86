/// A trial that a program outside asks for, evaluates and tells of: what `train` of the sweep file says when it has `ask`,
/// once every range has a value. See `docs/sweep-file.md`, *Trials that are asked for*.
package struct AskSpec: Hashable, Sendable {
    /// Seconds without a word after which an asker's trial is offered to others.
    package var lease: Double
    /// What is searched, and what is fixed, by name and in the file's order.
    package var parameters: [SpecEntry]
    /// Reports that make a whole run; what one stands for is the asker's own affair.
    package var epochs: Int
    /// What every report holds; the sweep's objective is always among it.
    package var metrics: [Metric]

    /// Longer than most evaluations between two reports, and short enough that a trial whose asker died is not missed for long.
    package static let usualLease = 600.0
    /// An asker that works is heard within a second at the least, and within a month.
    static let leases = 1.0...2_592_000

    package init(
        lease: Double = usualLease,
        parameters: [SpecEntry] = [],
        epochs: Int = 1,
        metrics: [Metric] = []
    ) {
        self.lease = lease
        self.parameters = parameters
        self.epochs = epochs
        self.metrics = metrics
    }

    /// What trials report under these objectives, in order, each once.
    package func metrics(for objectives: [Objective]) -> [Metric] {
        metrics + objectives.map(\.metric).filter { !metrics.contains($0) }
    }
}

extension AskSpec {
    static let keys = ["ask", "parameters", "epochs", "metrics"]

    /// Reads `train` of a file that has `ask`; nil when something is missing or wrong (and reported).
    package static func read(_ reader: SpecReader) -> AskSpec? {
        guard let fields = reader.fields(keys) else { return nil }
        let lease = fields.required("ask", "a map, as in {lease: 10m}, or {}")
            .map { $0.allowingDomains(false) }.flatMap(readLease)
        let parameters = fields.optional("parameters").map { $0.programParameters() } ?? []
        let epochs = fields.optional("epochs").map { $0.allowingDomains(false).integer(in: 1...1_000_000) } ?? 1
        let metrics = fields.optional("metrics").map { $0.allowingDomains(false).metricNames() } ?? []
        guard let lease, let parameters, let epochs, let metrics else { return nil }
        return AskSpec(lease: lease, parameters: parameters, epochs: epochs, metrics: metrics)
    }

    private static func readLease(_ reader: SpecReader) -> Double? {
        guard let fields = reader.fields(["lease"]) else { return nil }
        guard let lease = fields.optional("lease") else { return usualLease }
        guard let seconds = lease.seconds() else { return nil }
        guard leases.contains(seconds) else {
            lease.report("out of range", allowed: "from 1 second to 30 days (2592000 seconds)")
            return nil
        }
        return seconds
    }
}
