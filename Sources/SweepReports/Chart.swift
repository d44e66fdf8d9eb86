/// Lines over epochs, for any medium.
package struct Chart: Hashable, Sendable {
    package var title: String
    package var xLabel: String
    package var yLabel: String
    package var lines: [Line]
    /// A shaded range behind the lines.
    package var band: Band?
    /// What x is.
    package var xAxis = XAxis.epochs
    /// Whether the y axis is logarithmic; nil: as the values ask for.
    package var isLogarithmic: Bool?

    /// What stands along the x axis.
    package enum XAxis: Hashable, Sendable {
        /// Whole numbers, from end to end.
        case epochs
        case numbers(logarithmic: Bool)
        /// These, at 0, 1, 2, ….
        case options([String])
    }

    /// One line.
    package struct Line: Hashable, Sendable {
        /// What the legend calls it; nil: not in the legend, drawn faintly.
        package var name: String?
        package var points: [Point]
        /// Dots beside the line.
        package var dots: [Point]
        /// Whether it is drawn over all others; its colour and its place in the legend are those of its turn.
        package var isOnTop = false

        package init(name: String?, points: [Point] = [], dots: [Point] = []) {
            self.name = name
            self.points = points
            self.dots = dots
        }

        /// The line through `values` at 1, 2, 3, ….
        package init(name: String?, values: [Double]) {
            self.init(name: name, points: values.enumerated().map { Point(x: Double($0.offset + 1), y: $0.element) })
        }
    }

    /// A point; one whose y is not finite breaks the line and is marked.
    package struct Point: Hashable, Sendable {
        package var x: Double
        package var y: Double

        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// A range over x.
    package struct Band: Hashable, Sendable {
        package var name: String
        package var lower: [Point]
        package var upper: [Point]

        package init(name: String, lower: [Point], upper: [Point]) {
            self.name = name
            self.lower = lower
            self.upper = upper
        }
    }

    package init(title: String, xLabel: String = "epoch", yLabel: String, lines: [Line], band: Band? = nil) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.lines = lines
        self.band = band
    }

    /// The lines in the order in which they are drawn, faint ones first, each with its turn among the named ones.
    var drawn: [(line: Line, turn: Int?)] {
        let faint: [(line: Line, turn: Int?)] = lines.filter { $0.name == nil }.map { ($0, nil) }
        let named: [(line: Line, turn: Int?)] = lines.filter { $0.name != nil }.enumerated().map {
            ($0.element, $0.offset)
        }
        return faint + named.filter { !$0.line.isOnTop } + named.filter { $0.line.isOnTop }
    }

    /// The scale of x, over all lines.
    var xScale: ChartScale {
        let values = lines.flatMap { ($0.points + $0.dots).map(\.x) }
        return switch xAxis {
        case .epochs: ChartScale(values, logarithmic: false, padded: false)
        case .numbers(let logarithmic): ChartScale(values, logarithmic: logarithmic, padded: true)
        case .options(let names):
            ChartScale([-0.5, Double(max(1, names.count)) - 0.5], logarithmic: false, padded: false)
        }
    }

    /// What is written along the x axis, and where.
    func xTicks(_ scale: ChartScale) -> [(value: Double, label: String)] {
        switch xAxis {
        case .epochs:
            scale.ticks.filter { $0 == $0.rounded() }.map { ($0, NumberText.short($0, digits: 7)) }
        case .numbers: zip(scale.ticks, scale.labels).map { ($0, $1) }
        case .options(let names): names.enumerated().map { (Double($0.offset), $0.element) }
        }
    }

    /// The scale of y: logarithmic when all values are positive and span more than one decade, unless told otherwise.
    func yScale(logarithmic: Bool?) -> ChartScale {
        let values =
            lines.flatMap { ($0.points + $0.dots).map(\.y) } + (band.map { ($0.lower + $0.upper).map(\.y) } ?? [])
        let finite = values.filter(\.isFinite)
        let positive = !finite.isEmpty && finite.allSatisfy { $0 > 0 }
        let wide = positive && (finite.max() ?? 1) / (finite.min() ?? 1) > 10
        return ChartScale(values, logarithmic: positive && (logarithmic ?? isLogarithmic ?? wide), padded: true)
    }
}
