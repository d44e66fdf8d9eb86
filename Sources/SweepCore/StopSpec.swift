/// When a search ends before all its trials: `stop` of the sweep file.
///
/// It is asked when a segment would be handed out, in the order in which results are resolved: so a sweep ends with the same trials
/// for any number of workers, unless a time ends it. What is under way then is trained to the end of its segment.
package struct StopSpec: Hashable, Sendable {
    /// Epochs of all trials of the search, those of segments under way too, after which nothing is begun.
    package var epochs: Int?
    /// The objective at the end of a segment that is good enough, on the scale of `Objective.cost`.
    package var cost: Double?
    /// Milliseconds in which a worker held trials of it, after which nothing is begun: real time, so that another run of the same
    /// sweep may end with other trials.
    package var milliseconds: Int?

    package init(epochs: Int? = nil, cost: Double? = nil, milliseconds: Int? = nil) {
        self.epochs = epochs
        self.cost = cost
        self.milliseconds = milliseconds
    }

    /// Whether a search that decided to train so many epochs, whose best resolved result is this, and that was trained for so many
    /// milliseconds is over.
    package func isReached(epochs decided: Int, best: Double, milliseconds ran: Int) -> Bool {
        epochs.map { decided >= $0 } ?? false || cost.map { best <= $0 } ?? false
            || milliseconds.map { ran >= $0 } ?? false
    }

    private static let keys = ["epochs", "below", "above", "after"]

    /// Reads `stop`; `below` is for objectives that are minimized, `above` for the others.
    ///
    /// Without an objective, which is wrong itself then, nothing is said of its direction.
    static func read(_ reader: SpecReader, objective: Objective?) -> StopSpec? {
        guard let fields = reader.fields(keys), let objective else { return nil }
        let (good, other) = objective.direction == .minimize ? ("below", "above") : ("above", "below")
        if let wrong = fields.optional(other) {
            wrong.report("\(objective.metric.rawValue) is \(objective.direction.rawValue)d", allowed: good)
            return nil
        }
        let epochs: Int?? = fields.optional("epochs").map { $0.integer(in: 1...1_000_000_000_000) }
        let value: Double?? = fields.optional(good).map { $0.real(in: -1e300...1e300) }
        let after: Double?? = fields.optional("after").map { $0.seconds() }
        if epochs == nil, value == nil, after == nil {
            if case .map(let entries) = reader.node, entries.allSatisfy({ keys.contains($0.key) }) {
                reader.report("nothing to stop at", allowed: "epochs: NUMBER, \(good): VALUE, after: TIME, or several")
            }
            return nil
        }
        if case .some(.none) = epochs { return nil }
        if case .some(.none) = value { return nil }
        if case .some(.none) = after { return nil }
        return StopSpec(
            epochs: epochs ?? nil,
            cost: (value ?? nil).map { objective.cost($0) },
            // At most a year; of less than a millisecond one is left.
            milliseconds: (after ?? nil).map { max(1, Int(($0 * 1000).rounded())) }
        )
    }
}
