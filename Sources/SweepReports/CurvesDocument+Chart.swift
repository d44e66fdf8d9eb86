package import SweepCore
import SweepNumerics
import SweepSearch

extension CurvesDocument {
    /// The chart of the document: training and validation of one trial, or all trials with their band and the best.
    package var chart: Chart {
        if trials.count == 1, let trial = trials.first { return Self.chart(of: trial, sweep: sweep) }
        return chart(of: objective.metric)
    }

    /// All trials' curves of one metric, the best trial's named, with median and quartiles.
    package func chart(of metric: Metric) -> Chart {
        let curves = trials.map(\.curve)
        let bands = CurveBands.bands(curves, metric: metric)
        let ceiling = Self.ceiling(curves.flatMap { $0.series(metric) })
        func drawn(_ value: Double) -> Bool { value <= ceiling }
        var above = 0
        var lines = trials.map { trial in
            let series = trial.curve.series(metric)
            above += series.count { $0.isFinite && !drawn($0) }
            return Chart.Line(name: nil, values: series.map { drawn($0) ? $0 : .nan })
        }
        if let best = best {
            let series = best.curve.series(metric)
            var line = Chart.Line(name: "best: trial \(best.trial)", values: series.map { drawn($0) ? $0 : .nan })
            line.isOnTop = true
            lines.append(line)
        }
        lines.append(
            Chart.Line(
                name: "median",
                points: bands.map { Chart.Point(x: Double($0.epoch), y: min($0.median, ceiling)) }
            )
        )
        let limit = NumberText.significant(ceiling, digits: 2)
        let remark = above > 0 ? "; \(above) values above \(limit) are not drawn" : ""
        return Chart(
            title: "\(sweep): \(metric.rawValue) of \(trials.count) trials" + remark,
            yLabel: metric.rawValue,
            lines: lines,
            band: Chart.Band(
                name: "quartiles",
                lower: bands.map { Chart.Point(x: Double($0.epoch), y: min($0.lowerQuartile, ceiling)) },
                upper: bands.map { Chart.Point(x: Double($0.epoch), y: min($0.upperQuartile, ceiling)) }
            )
        )
    }

    /// Above this nothing is drawn: one trial that diverges to 10²⁹ would press all the others into one line.
    ///
    /// Three times the 95th percentile: what one trial in twenty, or a twentieth of all epochs, reaches is still in sight.
    private static func ceiling(_ values: [Double]) -> Double {
        let finite = values.filter(\.isFinite)
        guard let high = Quantiles.linear(finite, 0.95), let most = finite.max() else { return .infinity }
        return high > 0 && most > 10 * high ? 3 * high : .infinity
    }

    /// The trial with the best objective among those that never lost a number.
    private var best: Trial? {
        trials.filter { $0.curve.epochs > 0 && $0.curve.firstNonFiniteEpoch == nil }.min { a, b in
            func key(_ trial: Trial) -> (Double, Int) {
                (trial.curve.best(for: objective).map { objective.cost($0.value) } ?? .infinity, trial.trial)
            }
            return key(a) < key(b)
        }
    }

    private static func chart(of trial: Trial, sweep: String) -> Chart {
        let names: [(Metric, String)] = [
            (.trainingLoss, "training"), (.probeLoss, "training, evaluated"), (.validationLoss, "validation"),
        ]
        let lines = names.compactMap { metric, name in
            trial.curve.metrics.contains(metric) ? Chart.Line(name: name, values: trial.curve.series(metric)) : nil
        }
        let short = ParameterNames.short(trial.configuration.entries.map(\.path))
        let values = zip(short, trial.configuration.entries).map { "\($0) \($1.value.shortText)" }
        return Chart(
            title: "\(sweep), trial \(trial.trial), \(trial.state.words(stoppedEarly: trial.stoppedEarly))"
                + (values.isEmpty ? "" : ": " + values.joined(separator: ", ")),
            yLabel: "loss",
            lines: lines
        )
    }
}
