extension Chart {
    /// Marks of the named lines in turn; faint lines are dots.
    private static let marks: [Character] = ["o", "x", "+", "*", "#", "@"]

    /// The chart as text for a terminal of `width` columns: `height` rows of plot, an axis and a legend.
    ///
    /// Neighbouring points are joined by dots. A point that is not finite is a `!` in the top row.
    package func terminalText(width: Int = 80, height: Int = 16, logarithmic: Bool? = nil) -> String {
        let y = yScale(logarithmic: logarithmic)
        let x = xScale
        let height = max(height, 4)
        let labels = tickRows(y, height: height)
        let margin = labels.values.map(\.count).max() ?? 0
        // One column is the axis.
        let columns = max(width - margin - 2, 10)
        var grid = Array(repeating: Array(repeating: Character(" "), count: columns), count: height)
        for (line, turn) in drawn {
            draw(line, turn.map { Self.marks[$0 % Self.marks.count] } ?? "·", x, y, on: &grid)
        }
        var text = title + "\n"
        for row in 0..<height {
            let label = labels[row] ?? ""
            text += String(repeating: " ", count: margin - label.count) + label
            text += (labels[row] == nil ? " │" : " ┤") + trimmed(grid[row]) + "\n"
        }
        text += String(repeating: " ", count: margin) + " └" + String(repeating: "─", count: columns) + "\n"
        text += xAxis(x, margin: margin + 2, columns: columns)
        let legend = lines.compactMap(\.name).enumerated().map {
            "\(Self.marks[$0.offset % Self.marks.count]) \($0.element)"
        }
        let note = "\(yLabel)\(y.isLogarithmic ? " (log)" : "") over \(xLabel)"
        return text + ([note] + legend).joined(separator: "   ") + "\n"
    }

    private func trimmed(_ row: [Character]) -> String {
        String(row.prefix((row.lastIndex { $0 != " " } ?? -1) + 1))
    }

    private func tickRows(_ y: ChartScale, height: Int) -> [Int: String] {
        var labels: [Int: String] = [:]
        for (tick, label) in zip(y.ticks, y.labels) {
            guard let share = y.position(tick), (0...1).contains(share) else { continue }
            let row = height - 1 - Int((share * Double(height - 1)).rounded())
            if labels[row] == nil { labels[row] = label }
        }
        return labels
    }

    private func draw(
        _ line: Line,
        _ mark: Character,
        _ x: ChartScale,
        _ y: ChartScale,
        on grid: inout [[Character]]
    ) {
        let columns = grid[0].count
        var previous: (column: Int, row: Int)?
        var points: [(column: Int, row: Int)] = []
        for point in line.points {
            guard let across = x.position(point.x) else { continue }
            let column = Int((across * Double(columns - 1)).rounded())
            guard let up = y.position(point.y) else {
                grid[0][column] = "!"
                previous = nil
                continue
            }
            let row = grid.count - 1 - Int((up * Double(grid.count - 1)).rounded())
            if let previous { join(previous, (column, row), on: &grid) }
            previous = (column, row)
            points.append((column, row))
        }
        // Marks last, so that no joining dot covers one. A line that has dots is marked there.
        guard line.dots.isEmpty else {
            for dot in line.dots {
                guard let across = x.position(dot.x), let up = y.position(dot.y) else { continue }
                let row = grid.count - 1 - Int((up * Double(grid.count - 1)).rounded())
                grid[row][Int((across * Double(columns - 1)).rounded())] = mark
            }
            return
        }
        for point in points { grid[point.row][point.column] = mark }
    }

    private func join(_ from: (column: Int, row: Int), _ to: (column: Int, row: Int), on grid: inout [[Character]]) {
        let steps = max(abs(to.column - from.column), abs(to.row - from.row))
        guard steps > 1 else { return }
        for step in 1..<steps {
            let share = Double(step) / Double(steps)
            let column = from.column + Int((Double(to.column - from.column) * share).rounded())
            let row = from.row + Int((Double(to.row - from.row) * share).rounded())
            if grid[row][column] == " " { grid[row][column] = "·" }
        }
    }

    private func xAxis(_ x: ChartScale, margin: Int, columns: Int) -> String {
        var line = Array(repeating: Character(" "), count: margin + columns)
        var free = 0
        for (tick, text) in xTicks(x) {
            guard let share = x.position(tick) else { continue }
            let label = Array(text)
            let start = min(
                margin + Int((share * Double(columns - 1)).rounded()) - label.count / 2,
                margin + columns - label.count
            )
            guard start >= free else { continue }
            for (offset, character) in label.enumerated() { line[start + offset] = character }
            free = start + label.count + 2
        }
        return trimmed(line) + "\n"
    }
}
