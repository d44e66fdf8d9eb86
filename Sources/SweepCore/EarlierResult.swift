/// What an earlier sweep found out about a configuration: a searcher with a model begins with such results.
package struct EarlierResult: Hashable, Sendable {
    package let configuration: Configuration
    /// On the scale of `Objective.cost`: less is better, infinite for what was not finite.
    package let cost: Double
    /// Epochs that were trained for it.
    package let epoch: Int

    package init(configuration: Configuration, cost: Double, epoch: Int) {
        self.configuration = configuration
        self.cost = cost
        self.epoch = epoch
    }

    /// Results that one sweep begins with: the sweep file as a tree is at most 1 MiB.
    package static let greatestCount = 1000
    static let keys = ["configuration", "objective", "epoch"]

    /// The result as a sweep's tree holds it; `objective` as it was measured.
    package static func node(_ configuration: Configuration, objective: Double, epoch: Int) -> SpecNode {
        .map([
            SpecEntry(
                keys[0],
                .map(configuration.entries.map { SpecEntry($0.path, SpecNode($0.value)) })
            ),
            SpecEntry(keys[1], objective.isFinite ? .real(objective) : .text("nan")),
            SpecEntry(keys[2], .integer(epoch)),
        ])
    }
}

extension SpecNode {
    fileprivate init(_ value: ParameterValue) {
        switch value {
        case .none: self = .null
        case .flag(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .real(let value): self = .real(value)
        case .text(let value): self = .text(value)
        }
    }
}

/// What a searcher begins with that knows results of an earlier sweep.
package enum WarmStart: Hashable, Sendable {
    /// A file with the trials of an earlier sweep, not read yet: `sweepd export --jsonl`.
    case file(String)
    case results([EarlierResult])

    /// Methods whose model learns from results, and can from others' too.
    package static let methods: [SearchSpec.Method] = [.tpe, .gp, .bohb]

    /// Reads `warm_start`: a file, or the results themselves, of configurations in `space`.
    static func read(_ reader: SpecReader, space: SearchSpace, objective: Objective) -> WarmStart? {
        guard case .list = reader.node else {
            return reader.text().map { .file($0) }
        }
        guard let items = reader.items(count: 1...EarlierResult.greatestCount) else { return nil }
        let found = items.map { $0.earlierResult(of: space, objective: objective) }
        let whole = found.compactMap { $0 }
        return whole.count == found.count ? .results(whole) : nil
    }
}

extension SpecReader {
    /// One result of an earlier sweep, of a whole configuration of `space`.
    package func earlierResult(of space: SearchSpace, objective: Objective) -> EarlierResult? {
        guard let fields = fields(EarlierResult.keys) else { return nil }
        let given = fields.required("configuration", "a map from parameters to values")
        let configuration = given?.configuration(of: space)
        let epoch = fields.required("epoch", "epochs trained")?.integer(in: 1...1_000_000)
        let value = fields.required("objective", "what was measured, or nan")
        let cost: Double? =
            value?.node == .text("nan")
            ? .infinity : value?.real(in: -1e300...1e300).map { objective.cost($0) }
        guard let given, let configuration, let epoch, let cost else { return nil }
        guard space.resolve(configuration) != nil else {
            given.report("not a whole configuration of this sweep", allowed: "a value for each parameter that counts")
            return nil
        }
        return EarlierResult(configuration: configuration, cost: cost, epoch: epoch)
    }
}
