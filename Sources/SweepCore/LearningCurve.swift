/// What the columns of a curve are; one value serves all curves of a sweep.
package struct CurveColumns: Hashable, Sendable {
    package let metrics: [Metric]
    /// The places of the losses: what must stay finite.
    let losses: [Int]

    package init(_ metrics: [Metric]) {
        self.metrics = metrics
        losses = metrics.indices.filter { metrics[$0].mustBeFinite }
    }

    package static func == (a: Self, b: Self) -> Bool { a.metrics == b.metrics }
    package func hash(into hasher: inout Hasher) { hasher.combine(metrics) }
}

/// A trial's observations: epochs 1, 2, 3, … without a gap.
///
/// Kept as one run of numbers, epoch after epoch: 8 bytes a value and nothing beside, as a large sweep has millions of epochs.
/// A thinned curve keeps of them what a ranking asks for (`thinned(for:)`).
package struct LearningCurve: Hashable, Sendable {
    package let columns: CurveColumns
    /// Every epoch's values, or those of `thin.kept`.
    private(set) var values: [Double] = []
    /// Core seconds, one number an epoch; none when thinned.
    private(set) var times: [Double] = []
    /// What stands for the epochs that are not kept; nil while all are.
    private(set) var thin: Thinning?
    /// The first epochs, which are those of the trial that this one's state was copied from: it is not judged by them.
    package private(set) var inherited = 0

    package init(metrics: [Metric], observations: [Observation] = []) {
        self.init(CurveColumns(metrics))
        for observation in observations { append(observation) }
    }

    /// An empty curve.
    package init(_ columns: CurveColumns) { self.columns = columns }

    /// A thinned curve with these rows, whose numbers fit together.
    init(_ columns: CurveColumns, rows: [Double], thin: Thinning) {
        self.columns = columns
        values = rows
        self.thin = thin
    }

    /// The curve as one whose first epochs are another trial's.
    package func inheriting(_ epochs: Int) -> LearningCurve {
        var curve = self
        curve.inherited = epochs
        return curve
    }

    /// What a trial begins with that goes on from the state after `epoch` of this whole curve: its first epochs, which cost it nothing.
    package func inheritance(after epoch: Int) -> LearningCurve {
        needWhole()
        var curve = LearningCurve(columns)
        let count = min(max(epoch, 0), times.count)
        curve.values = Array(values.prefix(count * columns.metrics.count))
        curve.times = Array(repeating: 0, count: count)
        curve.inherited = epoch
        return curve
    }

    /// What an epoch's values are, in their order.
    package var metrics: [Metric] { columns.metrics }

    /// How many epochs were trained.
    package var epochs: Int { thin?.epochs ?? times.count }

    /// Whether every epoch is here; what asks for epochs that a thinned curve has not is a mistake of ours, and traps.
    package var isWhole: Bool { thin == nil }

    /// The epochs one by one, of a whole curve.
    package var observations: Observations {
        needWhole()
        return Observations(curve: self)
    }

    func needWhole() { precondition(isWhole, "every epoch of a thinned curve was asked for") }

    /// A curve's epochs as observations, made when they are asked for.
    package struct Observations: RandomAccessCollection, Sendable {
        fileprivate let curve: LearningCurve
        package var startIndex: Int { 0 }
        package var endIndex: Int { curve.times.count }
        /// The epoch at a position, from 0.
        package subscript(position: Int) -> Observation {
            let width = curve.columns.metrics.count
            return Observation(
                epoch: position + 1,
                values: Array(curve.values[position * width..<(position + 1) * width]),
                seconds: curve.times[position]
            )
        }
    }

    /// Adds the next epoch; anything but the next epoch, or a wrong number of values, is ignored and answered with false.
    @discardableResult
    package mutating func append(_ observation: Observation) -> Bool {
        guard isWhole, observation.epoch == times.count + 1, observation.values.count == columns.metrics.count else {
            return false
        }
        values.append(contentsOf: observation.values)
        times.append(observation.seconds)
        return true
    }

    /// Adds those of some epochs that continue the curve, as `append` does one by one: `times.count` epochs from `first` on,
    /// with equally many values each. Answers with how many were added.
    package mutating func append(epochsFrom first: Int, values rows: ArraySlice<Double>, seconds: ArraySlice<Double>)
        -> Int
    {
        let width = columns.metrics.count
        let known = times.count + 1 - first
        guard isWhole, seconds.count > 0, rows.count == width * seconds.count, known >= 0, known < seconds.count else {
            return 0
        }
        values.append(contentsOf: rows.dropFirst(known * width))
        times.append(contentsOf: seconds.dropFirst(known))
        return seconds.count - known
    }

    /// The series of `metric`, one value an epoch; empty when the curve does not have it.
    package func series(_ metric: Metric) -> [Double] {
        needWhole()
        guard let column = metrics.firstIndex(of: metric) else { return [] }
        return stride(from: column, to: values.count, by: metrics.count).map { values[$0] }
    }

    /// The value of `metric` at `epoch` (from 1); nil when there is none.
    package func value(_ metric: Metric, at epoch: Int) -> Double? {
        guard let column = metrics.firstIndex(of: metric), epoch >= 1, epoch <= epochs else { return nil }
        return value(at: epoch, column: column)
    }

    /// The value in a column at an epoch that was trained.
    package func value(at epoch: Int, column: Int) -> Double { values[row(of: epoch) * columns.metrics.count + column] }

    private func row(of epoch: Int) -> Int {
        guard let thin else { return epoch - 1 }
        guard let row = thin.kept.firstIndex(of: epoch) else {
            preconditionFailure("epoch \(epoch) of a thinned curve was asked for, kept are \(thin.kept)")
        }
        return row
    }

    /// Core seconds of an epoch that was trained, of a whole curve.
    package func seconds(at epoch: Int) -> Double { times[epoch - 1] }

    /// Whether any epoch after `epoch` has a loss that is not finite.
    package func hasNonFinite(after epoch: Int) -> Bool {
        needWhole()
        let width = columns.metrics.count
        return stride(from: epoch * width, to: values.count, by: max(width, 1)).contains { start in
            columns.losses.contains { !values[start + $0].isFinite }
        }
    }

    /// The least finite value of `metric`; nil when there is none.
    package func leastFinite(_ metric: Metric) -> Double? {
        needWhole()
        guard let column = metrics.firstIndex(of: metric) else { return nil }
        let width = metrics.count
        return values.withUnsafeBufferPointer { values in
            var least = Double.infinity
            var index = column
            while index < values.count {
                if values[index] < least, values[index].isFinite { least = values[index] }
                index += width
            }
            return least < .infinity ? least : nil
        }
    }

    /// The epoch that counts for `objective`, and its value; nil for a curve without an epoch of its own.
    ///
    /// `best` takes the first of equal epochs and prefers any number to none; `last` takes the last epoch, NaN or not.
    package func best(for objective: Objective) -> (epoch: Int, value: Double)? {
        guard let column = metrics.firstIndex(of: objective.metric), epochs > inherited else { return nil }
        if let thin {
            let epoch = objective.epoch == .last ? thin.epochs : thin.best
            return (epoch, value(at: epoch, column: column))
        }
        let last = times.count - 1
        let width = metrics.count
        if objective.epoch == .last { return (last + 1, values[last * width + column]) }
        return values.withUnsafeBufferPointer { values in
            var best = inherited
            var cost = objective.cost(values[inherited * width + column])
            for index in inherited + 1..<last + 1 {
                let next = objective.cost(values[index * width + column])
                if next < cost {
                    best = index
                    cost = next
                }
            }
            return (best + 1, values[best * width + column])
        }
    }

    /// The first epoch with a loss that is not finite; nil when there is none.
    package var firstNonFiniteEpoch: Int? {
        if let thin { return thin.firstNonFinite }
        let width = metrics.count
        return values.withUnsafeBufferPointer { values in
            var start = 0
            while start < values.count {
                for column in columns.losses where !values[start + column].isFinite { return start / width + 1 }
                start += width
            }
            return nil
        }
    }

    /// Whether any of `observations`, made of this curve's metrics, has a loss that is not finite.
    package func hasNonFinite(_ observations: [Observation]) -> Bool {
        observations.contains { observation in
            columns.losses.contains { observation.values.indices.contains($0) && !observation.values[$0].isFinite }
        }
    }

    /// Core seconds over all epochs.
    package var seconds: Double { thin?.seconds ?? times.reduce(0, +) }
}
