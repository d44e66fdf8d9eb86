/// What a thinned curve knows of the epochs that it does not keep.
package final class Thinning: Hashable, Sendable {
    /// How many epochs were trained; at least one.
    package let epochs: Int
    /// The best epoch by the sweep's objective, whatever its rule says of the epoch that counts.
    package let best: Int
    /// The first epoch with a loss that is not finite; nil when there is none.
    package let firstNonFinite: Int?
    /// Core seconds of all epochs, added up in order.
    package let seconds: Double
    /// The epochs whose values are kept, ascending: those named above and the last.
    package let kept: [Int]

    fileprivate init(epochs: Int, best: Int, firstNonFinite: Int?, seconds: Double) {
        self.epochs = epochs
        self.best = best
        self.firstNonFinite = firstNonFinite
        self.seconds = seconds
        kept = Set([best, epochs] + (firstNonFinite.map { [$0] } ?? [])).sorted()
    }

    package static func == (a: Thinning, b: Thinning) -> Bool {
        (a.epochs, a.best, a.firstNonFinite, a.seconds.bitPattern)
            == (b.epochs, b.best, b.firstNonFinite, b.seconds.bitPattern)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(epochs)
        hasher.combine(best)
    }
}

extension LearningCurve {
    /// The curve with the epochs alone that a ranking by `objective` shows: the best, the last, the first that lost its numbers.
    ///
    /// All answers but those that need every epoch are the same bits. An empty curve, and one that is thinned already, is
    /// answered as it is.
    package func thinned(for objective: Objective) -> LearningCurve {
        let rule = Objective(metric: objective.metric, direction: objective.direction, epoch: .best)
        guard isWhole, epochs > 0 else { return self }
        let thin = Thinning(
            epochs: epochs,
            best: best(for: rule)?.epoch ?? epochs,
            firstNonFinite: firstNonFiniteEpoch,
            seconds: seconds
        )
        let width = columns.metrics.count
        var rows: [Double] = []
        rows.reserveCapacity(thin.kept.count * width)
        for epoch in thin.kept { rows += values[(epoch - 1) * width..<epoch * width] }
        return LearningCurve(columns, rows: rows, thin: thin).inheriting(inherited)
    }

    /// All numbers that the curve keeps: of each epoch the values, then of each the core seconds; and how it is thinned.
    package var parts: (values: [Double], seconds: [Double], thinning: Thinning?) { (values, times, thin) }

    /// A whole curve of these numbers; nil when they do not fit together.
    package init?(_ columns: CurveColumns, values: [Double], seconds: [Double]) {
        guard values.count == seconds.count * columns.metrics.count else { return nil }
        self.init(columns)
        _ = append(epochsFrom: 1, values: values[...], seconds: seconds[...])
    }

    /// A thinned curve of these numbers; nil when they do not fit together.
    package init?(
        _ columns: CurveColumns,
        rows: [Double],
        epochs: Int,
        best: Int,
        firstNonFinite: Int?,
        seconds: Double
    ) {
        guard epochs > 0, (1...epochs).contains(best), (1...epochs).contains(firstNonFinite ?? 1) else { return nil }
        let thin = Thinning(epochs: epochs, best: best, firstNonFinite: firstNonFinite, seconds: seconds)
        guard rows.count == thin.kept.count * columns.metrics.count else { return nil }
        self.init(columns, rows: rows, thin: thin)
    }
}
