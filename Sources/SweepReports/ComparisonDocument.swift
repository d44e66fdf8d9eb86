package import SweepCore
package import SweepDiagnosis
import SweepNumerics
import SweepSearch

/// What each arm of a comparison did: what `compare` answers.
///
/// JSON: `{"sweep", "objective", "base", "from_epoch" (of arms that part: the first epoch that each trains itself), "arms": [{"arm", "changes": {path: value}, "pairs", "improved", "worsened",
/// "base": {"mean", "deviation", "not_finite"}, "changed": {…}, "change_percent" (losses only), "interval_percent",
/// "gain", "interval", "p", "verdict"}]}`. `gain` is on the scale of comparison: the difference of logarithms of losses, or the
/// plain difference of other metrics, above zero is better. `p` is corrected for the number of arms.
package struct ComparisonDocument: Hashable, Sendable {
    package let sweep: String
    package let objective: Objective
    /// The arm that all others are compared with: the file's first.
    package let base: String
    /// The first epoch that differs between arms that go on from one state; nil: all begin with new weights.
    package let fromEpoch: Int?
    /// The other arms, in the file's order.
    package let comparisons: [PairedComparison]
    /// What each arm changes, by its name.
    package let changes: [String: [Arm.Change]]
    /// Whether gains are differences of logarithms.
    package let isLogarithmic: Bool

    /// The comparison of the arms of `sweep`, whose ranked summary is `rank`; nil when the sweep has no arms.
    ///
    /// Runs are paired by their seeds, so that while it goes on only pairs count of which both runs have completed. `family`: arms that are
    /// compared in all, where other sweeps have some of them.
    package init?(sweep: Sweep, rank: RankDocument, chance: Double, family: Int = 0) {
        guard let first = sweep.arms.first else { return nil }
        var runs: [String: [UInt64: Double]] = [:]
        for row in rank.rows {
            guard let arm = sweep.arm(of: row.configuration) else { continue }
            for run in row.runs {
                switch run.state {
                case .completed: runs[arm.name, default: [:]][run.seed] = run.objective ?? .nan
                // It lost its numbers, or it took its workers down: it has none, and that is what the arm does.
                case .failed, .pruned(.cannotRecover): runs[arm.name, default: [:]][run.seed] = .nan
                // It says nothing: it was cancelled, or has not come to its end.
                case .waiting, .running, .paused, .pruned: break
                }
            }
        }
        let seeds = (0..<sweep.search.repeats).map { pairedSeed(sweepSeed: sweep.search.seed, repeat: $0) }
        let scale = PairedScale(sweep.objective, chance: chance)
        let own = runs[first.name] ?? [:]
        // Arms that have not come as far are compared over the pairs that they have.
        let comparisons = sweep.arms.dropFirst().map { arm in
            let other = runs[arm.name] ?? [:]
            let common = seeds.filter { own[$0] != nil && other[$0] != nil }
            return PairedComparison.Pair(
                arm: arm.name,
                base: common.compactMap { own[$0] },
                changed: common.compactMap { other[$0] }
            )
        }
        self.sweep = sweep.name
        objective = sweep.objective
        base = first.name
        fromEpoch = sweep.search.branch.map { $0.after + 1 }
        self.comparisons = PairedComparison.all(comparisons, scale: scale, family: family)
        changes = Dictionary(sweep.arms.map { ($0.name, $0.changes) }) { first, _ in first }
        isLogarithmic = scale.isLoss
    }

    /// The document as JSON.
    package var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("sweep", sweep)
        object.add("objective", objective.json)
        object.add("base", base)
        if let fromEpoch { object.add("from_epoch", fromEpoch) }
        object.add("arms", .array(comparisons.map(json)))
        return object.object
    }

    private func json(_ comparison: PairedComparison) -> JSONValue {
        var object = JSONObjectBuilder()
        object.add("arm", comparison.arm)
        var changed = JSONObjectBuilder()
        for change in changes[comparison.arm] ?? [] {
            changed.add(change.path.joined(separator: "."), change.value.text)
        }
        object.add("changes", changed.object)
        object.add("pairs", comparison.pairs)
        object.add("improved", comparison.improved)
        object.add("worsened", comparison.worsened)
        object.add("base", comparison.base.json)
        object.add("changed", comparison.changed.json)
        if isLogarithmic {
            object.add("change_percent", comparison.pairs > 0 ? Self.percent(comparison.gain) : nil)
            object.add("interval_percent", comparison.interval.map(percentages) ?? .null)
        }
        object.add("gain", comparison.pairs > 0 ? comparison.gain : nil)
        object.add(
            "interval",
            comparison.interval.map { .array([.number($0.lowerBound), .number($0.upperBound)]) } ?? .null
        )
        object.add("p", comparison.pairs > 0 ? comparison.p : nil)
        object.add("verdict", comparison.verdict.rawValue)
        return object.object
    }

    private func percentages(_ interval: ClosedRange<Double>) -> JSONValue {
        .array([.number(Self.percent(interval.upperBound)), .number(Self.percent(interval.lowerBound))])
    }

    /// The change of a loss, in percent of it, that a gain of its logarithm is.
    private static func percent(_ gain: Double) -> Double { 100 * (Elementary.exp(-gain) - 1) }

    /// The comparison for people.
    package var table: Table {
        var table = Table(columns: [
            Table.Column("arm"), Table.Column(objective.metric.rawValue, isNumeric: true),
            Table.Column("change", isNumeric: true),
            Table.Column("95 % interval", isNumeric: true, rank: 2),
            Table.Column("better in", isNumeric: true, rank: 3),
            Table.Column("p", isNumeric: true, rank: 1), Table.Column("verdict"),
        ])
        let first = comparisons.first { $0.pairs > 0 }
        table.add([base, first?.base.text ?? "", "", "", "", "", ""])
        for comparison in comparisons {
            // Without a pair there is nothing to tell yet.
            guard comparison.pairs > 0 else {
                table.add([comparison.arm] + Array(repeating: "", count: 6))
                continue
            }
            table.add([
                comparison.arm, comparison.changed.text, change(comparison.gain),
                comparison.interval.map { interval in
                    isLogarithmic
                        ? "\(change(interval.upperBound)) to \(change(interval.lowerBound))"
                        : "\(change(interval.lowerBound)) to \(change(interval.upperBound))"
                } ?? "", "\(comparison.improved) of \(comparison.pairs)",
                NumberText.significant(comparison.p, digits: 2),
                comparison.verdict.rawValue,
            ])
        }
        return table
    }

    /// A gain as a change of the objective: in percent of a loss, or by how much another metric moves.
    private func change(_ gain: Double) -> String {
        if isLogarithmic {
            let percent = Self.percent(gain)
            // Losses stop counting at 4 times chance: what lies beyond is no number to print.
            return (percent > 0 ? "+" : "") + NumberText.significant(percent, digits: abs(percent) < 10 ? 2 : 3) + " %"
        }
        let moved = objective.direction == .minimize ? -gain : gain
        return (moved > 0 ? "+" : "") + NumberText.significant(moved, digits: 3)
    }

    /// "changing X alone improved the objective from a ± s to b ± s in n paired runs", or what else the pairs say.
    package func sentence(_ comparison: PairedComparison) -> String {
        let verb =
            switch comparison.verdict {
            case .better: "improved"
            case .worse: "worsened"
            case .undecided: "did not clearly change"
            }
        let parts = changes[comparison.arm] ?? []
        let what =
            parts.map { "\($0.path.joined(separator: ".")) = \($0.value == .null ? "its default" : $0.value.excerpt)" }
            .joined(separator: " and ")
        let since = fromEpoch.map { "from epoch \($0) on, " } ?? ""
        return since
            + "changing \(what)\(parts.count == 1 ? " alone" : " together") \(verb) \(objective.metric.rawValue) from "
            + "\(comparison.base.text) to \(comparison.changed.text) in \(comparison.pairs) paired runs "
            + "(better in \(comparison.improved), p \(NumberText.significant(comparison.p, digits: 2)))"
    }
}

extension PairedComparison.Spread {
    fileprivate var json: JSONValue {
        var object = JSONObjectBuilder()
        object.add("mean", mean)
        object.add("deviation", deviation)
        object.add("not_finite", lost)
        return object.object
    }

    /// The mean and the deviation, and how many runs ended without a number.
    fileprivate var text: String {
        guard let mean else { return "no number" }
        let spread = deviation.map { " ± " + NumberText.significant($0, digits: 2) } ?? ""
        return NumberText.significant(mean, digits: 3) + spread + (lost > 0 ? " (\(lost) without a number)" : "")
    }
}
