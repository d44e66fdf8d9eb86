package import SweepCore
import SweepNumerics

/// The tree-structured Parzen estimator: proposals where good results are dense and the others are not.
///
/// The best γ of the n finished configurations, γ = min(⌈n/10⌉, 25), give one density, all others and the pending ones
/// (as if they had come out badly: the constant liar) another; of 24 points drawn from the first that with the greatest
/// quotient is proposed. Parameters are modelled together, those of a branch with all above them (`ParzenMixture`).
/// Configurations are compared as `SearchHistory.standing(_:)` says, so that in a pruned sweep what went further is better.
/// Before ten results, draws are independent.
///
/// Of several objectives the best tenth, however many, are those of `SearchHistory.bestByFronts(_:)`, all of one weight, and parameters are
/// modelled one by one: what lies along a front has little in common but what is good everywhere (MOTPE: Ozaki et al., GECCO 2020, in
/// the form of Optuna 5; weights by what each adds to the volume, as there, held three costs at the ends of their front).
///
/// Nothing is proposed twice: of the 24 the best new one counts, then that of further draws, and in the end any new one.
/// Cost: O(24 · n · parameters). Memory: `SearchHistory`'s and 24 bytes for each parameter and row.
/// Source: Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; multivariate as in Falkner et al.,
/// "BOHB", ICML 2018, section 4.
package struct TPESearcher: Searcher {
    /// The settings, each with the value that users of other programs know.
    package struct Settings: Hashable, Sendable {
        /// Results before the first model.
        package var startup = 10
        /// Points drawn for a proposal.
        package var candidates = 24
        /// Whether the model is of the results at one rung alone: the highest that has enough of them.
        package var usesOneRung = false
        /// The share of proposals that are independent draws, results or not.
        package var randomShare = 0.0
        package init() {}

        /// As in BOHB: the model of the highest rung with enough results, and a third of the proposals drawn independently.
        package static var bohb: Settings {
            var settings = Settings()
            settings.usesOneRung = true
            settings.randomShare = 1.0 / 3
            return settings
        }
    }

    /// Rounds of draws before any new configuration will do: each is of candidates that were all proposed before.
    private static let rounds = 8

    private let seed: UInt64
    private let settings: Settings
    private let byFronts: Bool
    private let box: SearchBox
    private var history: SearchHistory
    private var novelty: Novelty
    /// For each numeric axis the rows that have it, by coordinate.
    private var order: [[Int]]
    private var widths = KernelWidths()

    /// Starts over `space` with the sweep's seed; every proposal meets `constraints`. `byFronts`: results have several objectives.
    package init(
        space: SearchSpace,
        seed: UInt64,
        constraints: [Constraint] = [],
        settings: Settings = Settings(),
        byFronts: Bool = false
    ) {
        self.seed = seed
        self.settings = settings
        self.byFronts = byFronts
        box = SearchBox(space)
        history = SearchHistory(box: box)
        novelty = Novelty(space: space, box: box, constraints: constraints)
        order = Array(repeating: [], count: box.axes.count)
    }

    package var ignoresResults: Bool { false }

    package var total: Int? { novelty.total }

    package mutating func propose(number: Int) -> Configuration? {
        guard number >= 0 else { return nil }
        if let known = history.configuration(number: number) { return known }
        return proposal(number: number)?.configuration
    }

    package mutating func reason(number: Int) -> ProposalReason { proposal(number: number)?.reason ?? .independent }

    private mutating func proposal(number: Int) -> (configuration: Configuration, reason: ProposalReason)? {
        if novelty.isExhausted { return nil }
        var stream = RandomStream(key: proposalKey(seed: seed, number: number))
        guard history.finished.count >= settings.startup else {
            let needed = ProposalReason.startup(results: history.finished.count, needed: settings.startup)
            return novelty.draw(&stream).map { ($0, needed) }
        }
        guard box.axes.contains(where: \.isFree),
            settings.randomShare == 0 || stream.uniform() >= settings.randomShare
        else { return novelty.draw(&stream).map { ($0, .independent) } }
        let (good, other, rung) = densities()
        for _ in 0..<Self.rounds {
            let candidates = (0..<settings.candidates).map { _ in good.draw(&stream) }
            var fresh: [(point: [Double], configuration: Configuration)] = []
            var drawn: Set<[Double]> = []
            for point in candidates where drawn.insert(point.map { $0.isNaN ? -1 : $0 }).inserted {
                let configuration = box.configuration(at: point)
                if novelty.admits(configuration) { fresh.append((point, configuration)) }
            }
            guard !fresh.isEmpty else { continue }
            let points = fresh.map(\.point)
            let logGood = good.logDensities(at: points)
            let logOther = other.logDensities(at: points)
            let scores = zip(logGood, logOther).map { $0 - $1 }
            var best = 0
            for index in scores.indices where scores[index] > scores[best] { best = index }
            let reason = ProposalReason.densities(
                best: good.count,
                others: other.count,
                logBest: logGood[best],
                logOthers: logOther[best],
                candidates: fresh.count,
                median: Quantiles.median(scores) ?? scores[best],
                rung: rung
            )
            return (fresh[best].configuration, reason)
        }
        return novelty.draw(&stream).map { ($0, .independent) }
    }

    package mutating func proposed(number: Int, configuration: Configuration) {
        guard history.add(number: number, configuration: configuration) else { return }
        novelty.add(configuration)
        let row = history.count - 1
        for (index, axis) in box.axes.enumerated() where axis.isFree && !axis.isCategorical {
            let coordinate = history.columns[index][row]
            guard !coordinate.isNaN else { continue }
            var low = 0
            var high = order[index].count
            while low < high {
                let middle = (low + high) / 2
                if history.columns[index][order[index][middle]] <= coordinate {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            order[index].insert(row, at: low)
        }
    }

    package mutating func observe(number: Int, objective cost: Double, epoch: Int) {
        _ = history.add(number: number, cost: cost, epoch: epoch)
    }

    package mutating func observe(number: Int, costs: [Double], epoch: Int) {
        _ = history.add(number: number, costs: costs, epoch: epoch)
    }

    /// The densities of the best and of all others, and the epoch whose results are compared; nil for all.
    private mutating func densities() -> (good: ParzenMixture, other: ParzenMixture, rung: Int?) {
        let rung = settings.usesOneRung ? history.highestRung(with: enough) : nil
        var finished = 0
        var others: [Int] = []
        var members = Array(repeating: false, count: history.count)
        for row in 0..<history.count {
            let isPending = history.results[row].isEmpty
            let counts = rung.map { history.cost(row, at: $0) != nil } ?? true
            guard isPending || counts else { continue }
            members[row] = true
            if !isPending { finished += 1 }
        }
        let tenth = (finished + 9) / 10
        let best =
            byFronts
            ? history.bestByFronts(tenth).map(\.row).sorted() : history.best(min(tenth, 25), at: rung).sorted()
        for row in best { members[row] = false }
        for row in members.indices where members[row] { others.append(row) }
        let other = ParzenMixture(
            history: history,
            rows: others,
            members: members,
            order: order,
            widths: &widths,
            isIndependent: byFronts
        )
        for row in members.indices { members[row] = false }
        for row in best { members[row] = true }
        let good = ParzenMixture(
            history: history,
            rows: best,
            members: members,
            order: order,
            widths: &widths,
            isIndependent: byFronts,
            weights: byFronts ? Array(repeating: 1, count: best.count) : nil
        )
        return (good, other, rung)
    }

    /// Results that a rung must have: those before the first model, and more than there are parameters.
    private var enough: Int { max(settings.startup, box.free.count + 3) }
}

/// The key of the random numbers for proposal `number`.
func proposalKey(seed: UInt64, number: Int) -> UInt64 {
    var hash = StableHash()
    hash.combine(seed)
    hash.combine(UInt64(number))
    return hash.value
}
