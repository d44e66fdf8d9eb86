/// When a search ends before all its trials: `stop` of the sweep file.
///
/// It is asked when a segment would be handed out, in the order in which results are resolved: so a sweep ends with the same trials
/// for any number of workers. What is under way then is trained to the end of its segment.
package struct StopSpec: Hashable, Sendable {
    /// Epochs of all trials of the search, those of segments under way too, after which nothing is begun.
    package var epochs: Int?
    /// The objective at the end of a segment that is good enough, on the scale of `Objective.cost`.
    package var cost: Double?

    package init(epochs: Int? = nil, cost: Double? = nil) {
        self.epochs = epochs
        self.cost = cost
    }

    /// Whether a search that decided to train so many epochs, and whose best resolved result is this, is over.
    package func isReached(epochs decided: Int, best: Double) -> Bool {
        epochs.map { decided >= $0 } ?? false || cost.map { best <= $0 } ?? false
    }

    private static let keys = ["epochs", "below", "above"]
    private static let plannedKeys = ["after"]

    /// Reads `stop`; `below` is for objectives that are minimized, `above` for the others.
    ///
    /// Without an objective, which is wrong itself then, nothing is said of its direction.
    static func read(_ reader: SpecReader, objective: Objective?) -> StopSpec? {
        guard let fields = reader.fields(keys, planned: plannedKeys), let objective else { return nil }
        let (good, other) = objective.direction == .minimize ? ("below", "above") : ("above", "below")
        if let wrong = fields.optional(other) {
            wrong.report("\(objective.metric.rawValue) is \(objective.direction.rawValue)d", allowed: good)
            return nil
        }
        let epochs: Int?? = fields.optional("epochs").map { $0.integer(in: 1...1_000_000_000_000) }
        let value: Double?? = fields.optional(good).map { $0.real(in: -1e300...1e300) }
        if epochs == nil, value == nil {
            if case .map(let entries) = reader.node, entries.allSatisfy({ keys.contains($0.key) }) {
                reader.report("nothing to stop at", allowed: "epochs: NUMBER, \(good): VALUE, or both")
            }
            return nil
        }
        if case .some(.none) = epochs { return nil }
        if case .some(.none) = value { return nil }
        return StopSpec(epochs: epochs ?? nil, cost: (value ?? nil).map { objective.cost($0) })
    }
}
