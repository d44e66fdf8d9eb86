extension Chart {
    /// Colours of the named lines in turn; told apart also by people who see red and green alike.
    ///
    /// Source: Okabe & Ito, "Color universal design", 2008.
    private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]

    /// The chart as an SVG document that needs nothing else: no script, no font, no other file.
    ///
    /// Size in CSS pixels. `logarithmic` nil: a logarithmic y axis when the values span more than a decade. A point that is not
    /// finite is a red cross at the top edge.
    package func svg(width: Int = 720, height: Int = 420, logarithmic: Bool? = nil) -> String {
        let x = xScale
        let y = yScale(logarithmic: logarithmic)
        let longest = Double(y.labels.map(\.count).max() ?? 0)
        // Of a digit 6 pixels, and the name of the axis beside them.
        let frame = Frame(
            left: max(64, 24 + 6 * longest),
            top: 36,
            right: Double(width) - 16,
            bottom: Double(height) - 48
        )
        var body = ""
        body += #"<rect width="100%" height="100%" fill="white"/>"# + "\n"
        body += Self.text(title, x: frame.left, y: 20, anchor: "start", size: 14, weight: "bold")
        body += axes(frame, x, y)
        if let band { body += Self.area(band, frame, x, y) }
        for (line, turn) in drawn {
            let colour = turn.map { Self.colours[$0 % Self.colours.count] } ?? "#999999"
            body += Self.path(line, frame, x, y, colour: colour)
            body += Self.dots(line, frame, x, y, colour: colour)
        }
        body += legend(frame)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
            font-family="sans-serif" font-size="11">
            \(body)</svg>

            """
    }

    private struct Frame {
        let left: Double
        let top: Double
        let right: Double
        let bottom: Double

        func x(_ share: Double) -> Double { left + (right - left) * share }
        func y(_ share: Double) -> Double { bottom - (bottom - top) * share }
    }

    private func axes(_ frame: Frame, _ x: ChartScale, _ y: ChartScale) -> String {
        var body = ""
        for (tick, label) in zip(y.ticks, y.labels) {
            guard let share = y.position(tick) else { continue }
            let at = frame.y(share)
            body += Self.line(frame.left, at, frame.right, at, colour: "#e0e0e0")
            body += Self.text(label, x: frame.left - 6, y: at + 4, anchor: "end")
        }
        var free = -Double.infinity
        for (tick, label) in xTicks(x) {
            guard let share = x.position(tick) else { continue }
            let at = frame.x(share)
            body += Self.line(at, frame.bottom, at, frame.bottom + 4, colour: "#444444")
            // Of a digit 6 pixels. Epochs have room; others are written where the one before leaves some.
            let half = 3 * Double(label.count)
            guard xAxis == .epochs || at - half >= free else { continue }
            body += Self.text(label, x: at, y: frame.bottom + 18, anchor: "middle")
            free = at + half + 6
        }
        body += Self.line(frame.left, frame.bottom, frame.right, frame.bottom, colour: "#444444")
        body += Self.line(frame.left, frame.top, frame.left, frame.bottom, colour: "#444444")
        body += Self.text(xLabel, x: (frame.left + frame.right) / 2, y: frame.bottom + 38, anchor: "middle")
        let middle = (frame.top + frame.bottom) / 2
        let scale = y.isLogarithmic ? " (log)" : ""
        body +=
            #"<g transform="rotate(-90 14 \#(Self.number(middle)))">"#
            + Self.text(yLabel + scale, x: 14, y: middle, anchor: "middle") + "</g>\n"
        return body
    }

    private func legend(_ frame: Frame) -> String {
        var body = ""
        var at = frame.top + 6
        for (index, name) in lines.compactMap(\.name).enumerated() {
            let colour = Self.colours[index % Self.colours.count]
            if let line = lines.first(where: { $0.name == name }), line.points.isEmpty, !line.dots.isEmpty {
                body += Self.circle(frame.right - 14, at, radius: 4, colour: colour)
            } else {
                body += Self.line(frame.right - 24, at, frame.right - 4, at, colour: colour, width: 2)
            }
            body += Self.text(name, x: frame.right - 30, y: at + 4, anchor: "end")
            at += 16
        }
        if let band {
            body +=
                #"<rect x="\#(Self.number(frame.right - 24))" y="\#(Self.number(at - 5))" width="20" height="10" "#
                + #"fill="\#(Self.colours[0])" fill-opacity="0.15"/>"# + "\n"
            body += Self.text(band.name, x: frame.right - 30, y: at + 4, anchor: "end")
        }
        return body
    }

    private static func area(_ band: Band, _ frame: Frame, _ x: ChartScale, _ y: ChartScale) -> String {
        let points = (band.upper + band.lower.reversed()).compactMap { point -> String? in
            guard let across = x.position(point.x), let up = y.position(point.y) else { return nil }
            return number(frame.x(across)) + "," + number(frame.y(up))
        }
        guard points.count > 2 else { return "" }
        return #"<polygon points="\#(points.joined(separator: " "))" fill="\#(colours[0])" fill-opacity="0.15"/>"#
            + "\n"
    }

    private static func path(_ line: Line, _ frame: Frame, _ x: ChartScale, _ y: ChartScale, colour: String) -> String {
        var data = ""
        var marks = ""
        var pen = false
        var lastStart = ""
        for point in line.points {
            guard let across = x.position(point.x) else { continue }
            let h = frame.x(across)
            guard let up = y.position(point.y) else {
                pen = false
                marks +=
                    #"<path d="M\#(number(h - 3)) \#(number(frame.top - 3))l6 6m0 -6l-6 6" stroke="red" "#
                    + #"stroke-width="1.5"/>"# + "\n"
                continue
            }
            let v = frame.y(up)
            if !pen { lastStart = "M" }
            data += (pen ? "L" : lastStart) + number(h) + " " + number(v)
            pen = true
        }
        guard !data.isEmpty else { return marks }
        let width = line.name == nil ? "0.7" : "2"
        // A round cap shows a single point too.
        let path =
            #"<path d="\#(data)" fill="none" stroke="\#(colour)" stroke-width="\#(width)" stroke-linejoin="round" "#
            + #"stroke-linecap="round"/>"# + "\n"
        return path + marks
    }

    /// The dots of a line, faint ones smaller; one whose y is not finite has no place among values.
    private static func dots(_ line: Line, _ frame: Frame, _ x: ChartScale, _ y: ChartScale, colour: String) -> String {
        let circles = line.dots.compactMap { dot -> String? in
            guard let across = x.position(dot.x), let up = y.position(dot.y) else { return nil }
            return circle(frame.x(across), frame.y(up), radius: line.name == nil ? 3 : 4)
        }
        guard !circles.isEmpty else { return "" }
        let opacity = line.name == nil ? "0.5" : "0.75"
        return #"<g fill="\#(colour)" fill-opacity="\#(opacity)">"# + "\n" + circles.joined() + "</g>\n"
    }

    private static func circle(_ x: Double, _ y: Double, radius: Int, colour: String? = nil) -> String {
        let fill = colour.map { #" fill="\#($0)""# } ?? ""
        return #"<circle cx="\#(number(x))" cy="\#(number(y))" r="\#(radius)"\#(fill)/>"# + "\n"
    }

    private static func line(
        _ x1: Double,
        _ y1: Double,
        _ x2: Double,
        _ y2: Double,
        colour: String,
        width: Int = 1
    ) -> String {
        #"<line x1="\#(number(x1))" y1="\#(number(y1))" x2="\#(number(x2))" y2="\#(number(y2))" "#
            + #"stroke="\#(colour)" stroke-width="\#(width)"/>"# + "\n"
    }

    private static func text(
        _ text: String,
        x: Double,
        y: Double,
        anchor: String,
        size: Int = 11,
        weight: String = "normal"
    ) -> String {
        #"<text x="\#(number(x))" y="\#(number(y))" text-anchor="\#(anchor)" font-size="\#(size)" "#
            + #"font-weight="\#(weight)">\#(escape(text))</text>"# + "\n"
    }

    private static func number(_ value: Double) -> String { NumberText.fixed(value, decimals: 1) }

    /// `text` with XML's special characters written as references; control characters are left out.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case _ where scalar.value < 0x20: escaped += " "
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
