package import SweepCore
import SweepNumerics

/// One parameter as a coordinate: numbers in [0, 1], even on the domain's own scale; options by their index.
///
/// A domain of n counted values fills [0, 1] with n cells, one for each value; the coordinate of a value is its cell's
/// middle. Cells are equal, but those of `log_int`: there k has [k - ½, k + ½) on the logarithmic scale, as in
/// `ParameterDomain.sample(_:)`.
package struct SearchAxis: Sendable {
    private enum Scale: Sendable {
        case linear(low: Double, high: Double)
        case logarithmic(low: Double, high: Double, logLow: Double, logHigh: Double)
        case cells(DomainValues, first: Double, width: Double)
        case logCells(low: Int, high: Int, logLow: Double, logHigh: Double)
        case options([ParameterValue])
    }

    private let scale: Scale
    /// How many values there are; nil when they are not counted.
    package let count: Int?
    /// The axis of the choice that must be taken for this one to count, and its option.
    let parent: (axis: Int, option: Int)?
    let path: String
    /// What is believed of a range of numbers; nil where all coordinates are as likely, and of a choice.
    let prior: AxisPrior?
    /// What is believed of a choice; nil where all options are as likely, and of a range.
    let optionPrior: OptionPrior?

    init(_ parameter: Parameter, parent: (axis: Int, option: Int)?) {
        path = parameter.path
        self.parent = parent
        let range = parameter.domain.range
        let values = range.allValues
        count = values?.count
        let scale: Scale
        switch range {
        case .choice(let options): scale = .options(options.map(\.label))
        case .uniform(let low, let high, nil, _): scale = .linear(low: low, high: high)
        case .logUniform(let low, let high, _):
            scale = .logarithmic(low: low, high: high, logLow: Elementary.log(low), logHigh: Elementary.log(high))
        case .logInteger(let low, let high, _) where low >= 1:
            scale = .logCells(
                low: low,
                high: high,
                logLow: Elementary.log(Double(low) - 0.5),
                logHigh: Elementary.log(Double(high) + 0.5)
            )
        case .uniform(let low, _, let step, _):
            scale = .cells(values ?? .list([.none]), first: low, width: step ?? 1)
        case .integer(let low, _, let step):
            scale = .cells(values ?? .list([.none]), first: Double(low), width: Double(step))
        case .logInteger(let low, _, _):
            scale = .cells(values ?? .list([.none]), first: Double(low), width: 1)
        case .believed: scale = .options([])
        }
        self.scale = scale
        prior = parameter.domain.prior.flatMap { Self.prior($0, scale) }
        optionPrior = range.weights.map(OptionPrior.init)
    }

    /// A belief in values as one in coordinates; nil where there is nothing to choose.
    private static func prior(_ prior: RangePrior, _ scale: Scale) -> AxisPrior? {
        let mean: Double
        let length: Double
        switch scale {
        case .linear(let low, let high):
            mean = (prior.mean - low) / (high - low)
            length = high - low
        case .logarithmic(_, _, let logLow, let logHigh), .logCells(_, _, let logLow, let logHigh):
            mean = (Elementary.log(prior.mean) - logLow) / (logHigh - logLow)
            length = (logHigh - logLow) / ParameterDomain.logOfTen
        case .cells(let values, let first, let width):
            mean = ((prior.mean - first) / width + 0.5) / Double(values.count)
            length = width * Double(values.count)
        case .options: return nil
        }
        let deviation = prior.deviation / length
        guard mean.isFinite, deviation > 0, deviation.isFinite else { return nil }
        return AxisPrior(mean: mean, deviation: min(deviation, 1))
    }

    /// Whether the coordinate is an option's index.
    var isCategorical: Bool {
        if case .options = scale { return true }
        return false
    }

    /// Whether there is something to choose.
    var isFree: Bool { count != 1 }

    /// The value at `coordinate`, which is clamped to the axis.
    func value(at coordinate: Double) -> ParameterValue {
        switch scale {
        case .linear(let low, let high):
            return .real(min(max(low * (1 - coordinate) + high * coordinate, low), high))
        case .logarithmic(let low, let high, let logLow, let logHigh):
            // The ends are exact, and so is a range of one value.
            if coordinate <= 0 { return .real(low) }
            if coordinate >= 1 { return .real(high) }
            return .real(min(max(Elementary.exp(logLow * (1 - coordinate) + logHigh * coordinate), low), high))
        case .cells(let values, _, _): return values[cell(coordinate, of: values.count)]
        case .logCells(let low, let high, let logLow, let logHigh):
            // Clamped as a real first: the conversion must not meet a number beyond Int's.
            let real = Elementary.exp(logLow * (1 - coordinate) + logHigh * coordinate).rounded()
            return .integer(min(max(Int(min(max(real, Double(low)), 0x1p62)), low), high))
        case .options(let labels): return labels[min(max(Int(coordinate), 0), labels.count - 1)]
        }
    }

    /// The coordinate of `value`; NaN for one that the domain does not have.
    func coordinate(of value: ParameterValue) -> Double {
        switch (scale, value) {
        case (.options(let labels), _): return labels.firstIndex(of: value).map(Double.init) ?? .nan
        case (.linear(let low, let high), .real(let real)):
            return high > low ? min(max((real - low) / (high - low), 0), 1) : 0.5
        case (.logarithmic(let low, let high, let logLow, let logHigh), .real(let real)):
            guard high > low, real > 0 else { return 0.5 }
            return min(max((Elementary.log(real) - logLow) / (logHigh - logLow), 0), 1)
        case (.cells(let values, let first, let width), .real(let real)):
            return middle((real - first) / width, of: values.count)
        case (.cells(let values, let first, let width), .integer(let integer)):
            return middle((Double(integer) - first) / width, of: values.count)
        case (.logCells(_, _, let logLow, let logHigh), .integer(let integer)):
            let log = Elementary.log(max(Double(integer), 0.75))
            return min(max((log - logLow) / (logHigh - logLow), 0), 1)
        default: return .nan
        }
    }

    /// The ends of the cell that `coordinate` lies in; both the same where values are not counted.
    func cell(around coordinate: Double) -> (low: Double, high: Double) {
        switch scale {
        case .linear, .logarithmic, .options: return (coordinate, coordinate)
        case .cells(let values, _, _):
            let index = Double(cell(coordinate, of: values.count))
            return (index / Double(values.count), (index + 1) / Double(values.count))
        case .logCells(_, _, let logLow, let logHigh):
            guard case .integer(let integer) = value(at: coordinate) else { return (coordinate, coordinate) }
            let low = (Elementary.log(Double(integer) - 0.5) - logLow) / (logHigh - logLow)
            let high = (Elementary.log(Double(integer) + 0.5) - logLow) / (logHigh - logLow)
            return (max(low, 0), min(high, 1))
        }
    }

    /// The coordinate of the counted value `index`.
    package func coordinate(ofValue index: Int) -> Double {
        switch scale {
        case .linear, .logarithmic: 0.5
        case .options: Double(index)
        case .cells(let values, _, _): (Double(index) + 0.5) / Double(values.count)
        case .logCells(let low, _, _, _): coordinate(of: .integer(low + index))
        }
    }

    /// `coordinate` moved to the value that stands there: of a choice to an option's index.
    func snapped(_ coordinate: Double) -> Double {
        if isCategorical { return min(max(coordinate.rounded(.down), 0), Double((count ?? 1) - 1)) }
        return count == nil ? min(max(coordinate, 0), 1) : self.coordinate(of: value(at: coordinate))
    }

    private func cell(_ coordinate: Double, of count: Int) -> Int {
        // Compared as reals first: a count may be Int.max, whose product is beyond what converts.
        let place = (coordinate * Double(count)).rounded(.down)
        return place < Double(count - 1) ? max(Int(place), 0) : count - 1
    }

    private func middle(_ steps: Double, of count: Int) -> Double {
        min(max((steps.rounded() + 0.5) / Double(count), 0), 1)
    }
}

/// A space as a box: one axis a parameter, in the space's order.
///
/// A point has a coordinate for each axis; those of inactive parameters are NaN in the point of a configuration, and
/// ignored on the way back.
package struct SearchBox: Sendable {
    package let axes: [SearchAxis]

    /// The box of `space`.
    package init(_ space: SearchSpace) {
        var places: [String: Int] = [:]
        axes = space.parameters.enumerated().map { index, parameter in
            places[parameter.path] = index
            let parent = parameter.condition.flatMap { condition in
                places[condition.path].map { (axis: $0, option: condition.option) }
            }
            return SearchAxis(parameter, parent: parent)
        }
    }

    /// Axes on which something is chosen.
    var free: [Int] { axes.indices.filter { axes[$0].isFree } }

    /// Whether axis `index` counts at `point`, whose earlier coordinates are set (NaN where inactive).
    func isActive(_ index: Int, at point: [Double]) -> Bool {
        guard let parent = axes[index].parent else { return true }
        return point[parent.axis] == Double(parent.option)
    }

    /// The point of `configuration`; a value that is not of the space is left as inactive.
    func point(of configuration: Configuration) -> [Double] {
        var point = Array(repeating: Double.nan, count: axes.count)
        var next = 0
        for entry in configuration.entries {
            while next < axes.count, axes[next].path != entry.path { next += 1 }
            guard next < axes.count else { break }
            point[next] = axes[next].coordinate(of: entry.value)
            next += 1
        }
        return point
    }

    /// The configuration at `point`: only what the options taken make active.
    package func configuration(at point: [Double]) -> Configuration {
        var entries: [Configuration.Entry] = []
        entries.reserveCapacity(axes.count)
        var taken = point
        for (index, axis) in axes.enumerated() {
            guard isActive(index, at: taken) else {
                taken[index] = .nan
                continue
            }
            entries.append(.init(path: axis.path, value: axis.value(at: point[index])))
        }
        return Configuration(entries)
    }

    /// `point` with every coordinate moved to a value of its axis, and NaN where an option taken makes it inactive.
    ///
    /// A coordinate that is NaN and counts is set by `missing`.
    func completed(_ point: [Double], missing: (Int) -> Double = { _ in 0.5 }) -> [Double] {
        var point = point
        for index in axes.indices {
            guard isActive(index, at: point) else {
                point[index] = .nan
                continue
            }
            if point[index].isNaN { point[index] = missing(index) }
            point[index] = axes[index].snapped(point[index])
        }
        return point
    }

    /// A point drawn by what is believed, or evenly, with options of weight 0 or without: each active axis from one draw.
    func randomPoint(
        _ stream: inout RandomStream,
        evenly: Bool = false,
        withoutRuledOut: Bool = false
    ) -> [Double] {
        var point = Array(repeating: Double.nan, count: axes.count)
        for (index, axis) in axes.enumerated() where isActive(index, at: point) {
            point[index] =
                evenly ? axis.drawEvenly(&stream, withoutRuledOut: withoutRuledOut) : axis.draw(&stream)
        }
        return point
    }

    /// Whether `point` has an option of weight 0.
    func isRuledOut(_ point: [Double]) -> Bool {
        axes.indices.contains { !point[$0].isNaN && axes[$0].isRuledOut(point[$0]) }
    }

    /// `point` with another option, by what is believed, in the place of each of weight 0.
    func withoutRuledOut(_ point: [Double], _ stream: inout RandomStream) -> [Double] {
        var point = point
        for (index, axis) in axes.enumerated() where !point[index].isNaN && axis.isRuledOut(point[index]) {
            point[index] = axis.draw(&stream)
        }
        return point
    }

    /// The free axes of which something is believed.
    var believed: [Int] { axes.indices.filter { axes[$0].isFree && axes[$0].isBelieved } }

    /// Whether something is believed of a choice.
    var weighsOptions: Bool { axes.contains { $0.optionPrior != nil } }

    /// Whether a choice has an option of weight 0.
    var hasRuledOut: Bool { axes.contains { $0.optionPrior?.shares.contains(0) ?? false } }

    /// log of the density that is believed at `point` over that of an even draw; inactive axes do not count. -∞ where an option has the
    /// weight 0.
    func logPrior(at point: [Double]) -> Double {
        var sum = 0.0
        for index in axes.indices where axes[index].isFree && !point[index].isNaN {
            if let log = axes[index].logPrior(at: point[index]) { sum += log }
        }
        return sum
    }
}

extension SearchAxis {
    /// Whether something is believed of it.
    var isBelieved: Bool { prior != nil || optionPrior != nil }

    /// log of the density that is believed at `coordinate` over that of an even draw; nil where nothing is believed.
    func logPrior(at coordinate: Double) -> Double? {
        if let optionPrior { return optionPrior.logDensity(of: Int(coordinate)) }
        return prior?.logDensity(at: coordinate)
    }

    /// A coordinate drawn by what is believed; evenly where nothing is.
    func draw(_ stream: inout RandomStream) -> Double {
        if let optionPrior { return Double(optionPrior.option(below: stream.uniform())) }
        guard let prior else { return drawEvenly(&stream) }
        return snapped(prior.coordinate(below: stream.uniform()))
    }

    /// Of a choice another option than `option`, by what is believed of the others.
    func drawOther(than option: Double, _ stream: inout RandomStream) -> Double {
        if let optionPrior { return Double(optionPrior.option(otherThan: Int(option), below: stream.uniform())) }
        let count = count ?? 1
        return Double((Int(option) + 1 + stream.below(max(1, count - 1))) % count)
    }

    /// Whether `coordinate` is an option of weight 0.
    func isRuledOut(_ coordinate: Double) -> Bool { optionPrior.map { $0.shares[Int(coordinate)] == 0 } ?? false }

    /// A coordinate drawn evenly, of a choice with options of weight 0 or without.
    func drawEvenly(_ stream: inout RandomStream, withoutRuledOut: Bool = false) -> Double {
        if withoutRuledOut, let possible = optionPrior?.possible {
            return Double(possible[stream.below(possible.count)])
        }
        if isCategorical { return Double(stream.below(max(1, count ?? 1))) }
        return snapped(stream.uniform())
    }
}
