package import SweepCore
import SweepNumerics

/// A controlled experiment on one trial's run: what is changed, one thing at a time, and what that showed.
///
/// Two rounds. The first changes one factor in each arm. Only when none of them cures, the second changes two factors at
/// once: the most promising ones, pair by pair. All arms train from the same initial weights in the same order of rows,
/// repeat by repeat, beside a first arm that changes nothing; or, where the symptom came late, from the state before it (`groups`).
package struct Experiment {
    /// What stands in tables for the run as it is.
    package static let unchanged = "as it is"
    /// Arms of a round beside the one that changes nothing: with five runs each, what a small sweep can spare.
    package static let usualArms = 8

    let catalogue: InterventionCatalogue
    /// All that makes sense for the run.
    private let interventions: [Intervention]
    /// The rate of the range test, where one was made.
    private let tested: Intervention?

    /// The experiments that the run of `template` allows on data of `schema`; nil when the template cannot be read. `rangeTest` is
    /// that of the run.
    package init?(template: SpecNode, schema: DataSchema, rangeTest: RateRangeTest? = nil) {
        let rate = rangeTest?.rate.map(CauseContext.oneDigit)
        guard let catalogue = InterventionCatalogue(template: template, schema: schema, testedRate: rate) else {
            return nil
        }
        self.catalogue = catalogue
        interventions = catalogue.all
        tested = catalogue.tested
    }

    /// The interventions of these names, in the catalogue's order; of a pair the one that joins both.
    ///
    /// For who has the arms of a round that was trained, and wants to know what they were for. Names that this version does not know
    /// are left out.
    package func interventions(named names: [String]) -> [Intervention] {
        let single = interventions.filter { names.contains($0.name) }
        let known = Dictionary(interventions.map { ($0.name, $0) }) { first, _ in first }
        let pairs = names.compactMap { name -> Intervention? in
            guard known[name] == nil else { return nil }
            return interventions.lazy.compactMap { first -> Intervention? in
                let head = first.name + " + "
                guard name.hasPrefix(head) else { return nil }
                return known[String(name.dropFirst(head.count))].map(first.joined(with:))
            }.first
        }
        return single + pairs
    }

    /// The first round: `count` arms for the suspected causes, the most likely first.
    ///
    /// Both directions of the learning rate are always among them, and the rate that was tested: nothing else is worth blaming before the rate is
    /// ruled out (it shifts with almost every other setting), and a larger batch beside a lower rate is what tells noise
    /// of the gradient from a step that is too long. Then comes what the sweep has shown already, each of which alone made a trial
    /// better: one change for each of the pairs, in its direction. They have half of `count` at most, and leave one arm to the suspects.
    /// What is left goes to the catalogue's order.
    package func firstRound(suspects: [Cause], shown: [SweepPair] = [], count: Int = usualArms) -> [Intervention] {
        var chosen: [Intervention] = []
        func take(_ intervention: Intervention?) {
            guard let intervention, chosen.count < count, !chosen.contains(intervention) else { return }
            chosen.append(intervention)
        }
        for name in ["learning rate / 10", "learning rate × 10"] { take(interventions.first { $0.name == name }) }
        take(interventions.first { $0 == tested })
        // The rate is among the arms already, in both directions.
        var room = min(count / 2, count - chosen.count - (suspects.isEmpty ? 0 : 1))
        for pair in shown where room > 0 && !chosen.contains(where: { $0.sets(pair.path) }) {
            guard let same = interventions.first(where: { $0.goes(as: pair) }) else { continue }
            take(same)
            room -= 1
        }
        for cause in suspects {
            for intervention in interventions where intervention.causes.contains(cause) { take(intervention) }
            if cause == .rateTooHigh { take(interventions.first { $0.causes.contains(.smallBatch) }) }
        }
        for intervention in interventions { take(intervention) }
        // In the catalogue's order, so that the same arms make the same table.
        return interventions.filter { chosen.contains($0) }
    }

    /// The second round: pairs of the interventions of the first that went furthest in the right direction.
    ///
    /// Both directions of one setting are never paired.
    package func secondRound(after round: [Intervention], _ comparisons: [PairedComparison], count: Int = usualArms)
        -> [Intervention]
    {
        let gains = Dictionary(comparisons.map { ($0.arm, $0.gain) }) { first, _ in first }
        let order = round.indices.sorted { a, b in
            let (first, second) = (gains[round[a].name] ?? 0, gains[round[b].name] ?? 0)
            return first == second ? a < b : first > second
        }
        // Of each setting the better direction; nothing that made it worse.
        var best: [Intervention] = []
        for index in order where !best.contains(where: { $0.touches(round[index]) }) {
            if gains[round[index].name] ?? 0 >= 0 { best.append(round[index]) }
        }
        var pairs: [Intervention] = []
        // Pairs in the order of the sum of their ranks: 0+1, 0+2, 1+2 and 0+3, …
        for sum in 1..<max(2, 2 * best.count) {
            for first in best.indices where sum - first > first && best.indices.contains(sum - first) {
                if pairs.count < count { pairs.append(best[first].joined(with: best[sum - first])) }
            }
        }
        return pairs
    }

    /// What a round showed: the cures, equal ones together.
    ///
    /// A cure improves the objective beyond doubt (`PairedComparison.verdict`), and recovers at least four fifths of
    /// what the best of the round recovers: what helps a little beside something that heals is not the cause. The
    /// smallest change comes first, among changes of equal size the one with the greater gain.
    package static func cures(of round: [Intervention], _ comparisons: [PairedComparison]) -> [Cure] {
        let found = Dictionary(comparisons.map { ($0.arm, $0) }) { first, _ in first }
        let better = round.compactMap { intervention in
            found[intervention.name].flatMap {
                $0.verdict == .better ? Cure(intervention: intervention, comparison: $0) : nil
            }
        }
        let best = better.map(\.comparison.gain).max() ?? 0
        return better.filter { $0.comparison.gain >= 0.8 * best }.sorted {
            $0.intervention.size == $1.intervention.size
                ? $0.comparison.gain > $1.comparison.gain : $0.intervention.size < $1.intervention.size
        }
    }

    /// A change that cures, with what it did.
    package struct Cure: Hashable, Sendable {
        package let intervention: Intervention
        package let comparison: PairedComparison
    }
}

extension Intervention {
    /// Whether it sets the parameter of this path.
    fileprivate func sets(_ path: String) -> Bool { value(of: path) != nil }

    /// What it sets the parameter of this path to.
    private func value(of path: String) -> SpecNode? {
        changes.first { $0.path.joined(separator: ".") == path }?.value
    }

    /// Whether it changes the parameter of a pair as the better trial did: to the same side where it is a number, else to the same
    /// value.
    fileprivate func goes(as pair: SweepPair) -> Bool {
        guard let value = value(of: pair.path) else { return false }
        guard let from = pair.from.number, let to = pair.to.number, let own = value.number else {
            return value.isSame(as: pair.to)
        }
        return to > from ? own > from : own < from
    }

    /// Whether both set the same place, or one sets a part of what the other sets.
    fileprivate func touches(_ other: Intervention) -> Bool {
        changes.contains { own in
            other.changes.contains { $0.path.starts(with: own.path) || own.path.starts(with: $0.path) }
        }
    }
}

extension SpecNode {
    fileprivate var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        case .null, .boolean, .text, .list, .map, .domain: nil
        }
    }

    /// Whether it is what a parameter without a number has.
    fileprivate func isSame(as value: ParameterValue) -> Bool {
        switch value {
        case .none: self == .null
        case .flag(let value): self == .boolean(value)
        case .text(let value): self == .text(value)
        case .integer, .real: false
        }
    }
}

/// The √k test: whether a larger batch calms the loss as much as it calms the noise of the gradient.
///
/// With k times the rows in each batch the noise of a gradient falls by √k, and what it does to the loss by √k to k. A
/// loss that falls by less is not thrown about by noise: the step itself is too long. Measured: batches that were too
/// small fell by 5.2 to 10.9 at k = 16, rates that were too high by 1.5 to 3.1.
package struct BatchNoiseTest: Hashable, Sendable {
    /// How many times the rows.
    package let k: Int
    /// Fluctuation as it is, and with the larger batch: the median over runs of the mean |Δ ln probe loss| an epoch, in
    /// the second half of the curve.
    package let before: Double
    package let after: Double

    /// Compares the probe losses of runs as they are with those of runs with `k` times the batch; nil when there are too
    /// few epochs (8), or nothing fluctuates (below 2 % an epoch there is nothing to explain).
    ///
    /// Epochs with a loss below 5 % of `chance` are left out: what is left of a loss there jumps by large factors that mean
    /// nothing.
    package init?(k: Int, before: [[Double]], after: [[Double]], chance: Double) {
        let floor = 0.05 * chance
        guard k > 1, let calm = Self.fluctuation(after, floor: floor),
            let wild = Self.fluctuation(before, floor: floor), wild > 0.02
        else { return nil }
        self.k = k
        self.before = wild
        self.after = calm
    }

    /// By how much the fluctuation fell.
    package var ratio: Double { after > 0 ? before / after : .infinity }

    /// Whether it fell as noise does.
    package var isNoise: Bool { ratio * ratio >= Double(k) }

    private static func fluctuation(_ curves: [[Double]], floor: Double) -> Double? {
        let each: [Double] = curves.compactMap { curve in
            let half = curve.suffix(curve.count / 2).filter { $0.isFinite && $0 > floor }
            guard half.count >= 4 else { return nil }
            let logs = half.map { Elementary.log($0) }
            // The trend is taken out: a loss that falls evenly does not fluctuate.
            let slope = (logs[logs.count - 1] - logs[0]) / Double(logs.count - 1)
            let moves = zip(logs, logs.dropFirst()).map { abs($1 - $0 - slope) }
            return moves.reduce(0, +) / Double(moves.count)
        }
        return Quantiles.median(each)
    }
}
