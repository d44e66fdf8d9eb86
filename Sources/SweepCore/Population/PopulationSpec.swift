/// A population whose members are trained side by side and copy one another: `search: {method: pbt, …}` of the sweep file.
///
/// Source: Jaderberg et al., "Population based training of neural networks", 2017, arXiv:1711.09846.
package struct PopulationSpec: Hashable, Sendable {
    /// Members, P.
    package var members: Int
    /// Epochs between two decisions; nil: a tenth of the epochs, rounded up.
    package var interval: Int?
    /// The share of the members that is replaced by copies at a decision, and the share that is copied.
    package var quantile: Double
    /// Factors of a number that is perturbed; each is as likely.
    package var factors: [Double]
    /// The probability that a value of a copy is drawn anew from its range instead.
    package var resample: Double

    package init(
        members: Int,
        interval: Int? = nil,
        quantile: Double = 0.25,
        factors: [Double] = [0.8, 1.2],
        resample: Double = 0.25
    ) {
        self.members = members
        self.interval = interval
        self.quantile = quantile
        self.factors = factors
        self.resample = resample
    }

    /// Members of the largest population.
    static let sizes = 2...10_000
    /// Decisions in a trial's life: each may add a specification to what a worker is sent.
    package static let greatestDecisions = 100

    /// The epochs at which members are compared, ascending; at the last one they are done.
    package func levels(epochs: Int) -> [Int] {
        let interval = interval ?? max(1, (epochs + 9) / 10)
        return Array(stride(from: interval, to: epochs, by: interval)) + [epochs]
    }

    /// How many of `count` members are replaced at a decision, at most: the share rounded up, never more than half of them.
    package func replaced(of count: Int) -> Int {
        min(Int((quantile * Double(count)).rounded(.up)), count / 2)
    }
}

extension PopulationSpec {
    /// The keys of `search` that belong to it, in the order of the documentation.
    static let keys = ["population", "interval", "quantile", "perturb", "resample"]

    /// Reads the keys that belong to a population; nil when one is wrong (and reported).
    static func read(_ fields: SpecFields) -> PopulationSpec? {
        let members = fields.required("population", "the number of members")?.integer(in: sizes)
        let interval: Int?? = fields.optional("interval").map { $0.integer(in: 1...1_000_000) }
        let quantile = fields.optional("quantile").map { $0.real(in: 0...0.5, above: true) } ?? 0.25
        let factors = fields.optional("perturb").map(readFactors) ?? [0.8, 1.2]
        let resample = fields.optional("resample").map { $0.real(in: 0...1) } ?? 0.25
        guard let members, let quantile, let factors, let resample else { return nil }
        if case .some(.none) = interval { return nil }
        return PopulationSpec(
            members: members,
            interval: interval ?? nil,
            quantile: quantile,
            factors: factors,
            resample: resample
        )
    }

    private static func readFactors(_ reader: SpecReader) -> [Double]? {
        guard let items = reader.items(count: 1...16) else { return nil }
        let found = items.map { item -> Double? in
            guard let factor = item.real(in: 0...100, above: true) else { return nil }
            if factor == 1 { item.report("a factor of 1 changes nothing", allowed: "factors such as [0.8, 1.2]") }
            return factor == 1 ? nil : factor
        }
        let whole = found.compactMap { $0 }
        return whole.count == found.count ? whole : nil
    }
}

extension SpecNode {
    /// About as many bytes as the tree takes on its way, rather more than fewer.
    var roughBytes: Int {
        switch self {
        case .null, .boolean, .integer, .real: 16
        case .text(let text): 16 + text.utf8.count
        case .list(let items): items.reduce(16) { $0 + $1.roughBytes }
        case .map(let entries): entries.reduce(16) { $0 + 8 + $1.key.utf8.count + $1.value.roughBytes }
        case .domain(let domain):
            if case .choice(let options) = domain { options.map(\.node.roughBytes).max() ?? 16 } else { 16 }
        }
    }
}

extension Sweep {
    /// Reports what else a sweep file says that a population cannot have.
    static func reportUnfit(
        _ population: PopulationSpec,
        _ source: SpecNode,
        work: Work?,
        space: SearchSpace,
        problems: SpecProblems
    ) {
        func refuse(_ keys: [String], _ message: String, _ allowed: String) {
            var path = SpecPath()
            var found: SpecNode? = source
            for key in keys {
                path = path.appending(.key(key))
                found = found?[key]
            }
            let excerpt = found?.excerpt
            problems.add(SpecProblem(path: path, message: message, found: excerpt, allowed: allowed))
        }
        func has(_ keys: [String]) -> Bool {
            let found = keys.reduce(Optional(source)) { $0?[$1] }
            return found != nil && found != .null
        }
        if has(["search", "trials"]) {
            refuse(
                ["search", "trials"],
                "a population has its members, and a trial more for each copy",
                "population alone"
            )
        }
        if has(["search", "repeats"]), source["search"]?["repeats"] != .integer(1) {
            refuse(["search", "repeats"], "a member of a population cannot be run twice", "no repeats")
        }
        if has(["prune"]), source["prune"] != .text(PruneSpec.Method.none.rawValue),
            source["prune"]?["method"] != .text(PruneSpec.Method.none.rawValue)
        {
            refuse(["prune"], "pbt itself decides which members go on", "none")
        }
        if has(["finalists"]) {
            refuse(
                ["finalists"],
                "a member's settings changed while it was trained, so that no configuration can be run again with new seeds",
                "no finalists"
            )
        }
        if has(["data", "validation", "folds"]) {
            refuse(
                ["data", "validation", "folds"],
                "folds are for finalists, of which a population has none",
                "{fold: I, of: K}, a share, {last: ROWS} or {source: …}"
            )
        }
        if has(["train", "early_stopping"]) {
            refuse(["train", "early_stopping"], "the members of a population are compared to their end", "none")
        }
        guard let work else { return }
        guard case .training = work else {
            refuse(
                ["search", "method"],
                "pbt copies the state of networks that are trained here; a program keeps its own",
                "another method"
            )
            return
        }
        let levels = population.levels(epochs: work.epochs)
        if let interval = population.interval, interval >= work.epochs {
            refuse(["search", "interval"], "nothing is ever copied", "less than the \(work.epochs) epochs of a trial")
        } else if levels.count > PopulationSpec.greatestDecisions + 1 {
            let least = (work.epochs + PopulationSpec.greatestDecisions) / (PopulationSpec.greatestDecisions + 1)
            refuse(
                ["search", "interval"],
                "\(levels.count - 1) decisions, at most \(PopulationSpec.greatestDecisions) are taken",
                "at least \(least)"
            )
        } else if levels.count < 2 {
            refuse(
                ["search", "method"],
                "pbt decides between epochs, and a trial has one",
                "another method, or more epochs"
            )
        }
        if space.template.roughBytes * levels.count > greatestLineage {
            refuse(
                ["search", "interval"],
                "with \(levels.count - 1) decisions what a copy went through may take more than 1 MiB to tell a worker",
                "a longer interval, or a shorter model"
            )
        }
        // The space of a file with mistakes says nothing.
        if problems.all.isEmpty, !space.changeable.contains(true) {
            refuse(
                ["search", "method"],
                "pbt has nothing to change: no range of this file can change while a network is trained",
                "a range of the learning rate, momentum, weight decay, dropout, batch size, …, or another method"
            )
        }
    }
}
