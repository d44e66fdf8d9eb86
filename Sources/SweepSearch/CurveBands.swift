package import SweepCore
import SweepNumerics

/// What many curves say together, epoch by epoch.
///
/// Curves end at different epochs and some lose their numbers, so each epoch says how many values it rests on: a band
/// that narrows where trials were stopped shows the survivors, not progress.
package enum CurveBands {
    /// The spread of all trials at one epoch.
    package struct Band: Hashable, Sendable {
        /// From 1.
        package let epoch: Int
        /// How many curves have a finite value here.
        package let count: Int
        /// How many curves have one that is not finite.
        package let notFinite: Int
        package let minimum: Double
        package let lowerQuartile: Double
        package let median: Double
        package let upperQuartile: Double
        package let maximum: Double
    }

    /// The mean over the seeds of one configuration at one epoch.
    package struct Mean: Hashable, Sendable {
        /// From 1.
        package let epoch: Int
        /// How many curves have a finite value here.
        package let count: Int
        package let mean: Double
    }

    /// The bands of `metric` over `curves`, for each epoch that has a finite value; what a copy of another trial's state inherited
    /// counts as that trial's alone.
    package static func bands(_ curves: [LearningCurve], metric: Metric) -> [Band] {
        let columns = curves.map { (values: $0.series(metric), first: $0.inherited) }
        return (0..<(columns.map(\.values.count).max() ?? 0)).compactMap { index in
            let all = columns.compactMap { column in
                column.first <= index && index < column.values.count ? column.values[index] : nil
            }
            let values = all.filter(\.isFinite).sorted()
            guard let least = values.first, let greatest = values.last,
                let lower = Quantiles.linear(values, 0.25),
                let median = Quantiles.median(values),
                let upper = Quantiles.linear(values, 0.75)
            else { return nil }
            return Band(
                epoch: index + 1,
                count: values.count,
                notFinite: all.count - values.count,
                minimum: least,
                lowerQuartile: lower,
                median: median,
                upperQuartile: upper,
                maximum: greatest
            )
        }
    }

    /// The means of `metric` over `curves` (the seeds of one configuration), for each epoch that has a finite value.
    package static func means(_ curves: [LearningCurve], metric: Metric) -> [Mean] {
        let columns = curves.map { $0.series(metric) }
        return (0..<(columns.map(\.count).max() ?? 0)).compactMap { index in
            let values = columns.compactMap { $0.indices.contains(index) ? $0[index] : nil }.filter(\.isFinite)
            return values.isEmpty
                ? nil : Mean(epoch: index + 1, count: values.count, mean: Moments(of: values).mean)
        }
    }
}
