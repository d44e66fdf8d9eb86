package import SweepCore
import SweepNumerics
package import SweepSearch

/// The pictures of a report that the page has too: fronts of several objectives, and the objective over each parameter.
extension SweepReport {
    /// Configurations that a picture shows; of more, every so many of the ranking, so that the report on any sweep stays a file to send.
    package static let configurationsDrawn = 1_000
    /// Members of the first front in the table.
    private static let membersShown = 25

    /// At most `configurationsDrawn` rows, at equal distances, the first among them.
    package static func thinned(_ rows: [RankRow]) -> [RankRow] {
        let step = (rows.count + configurationsDrawn - 1) / configurationsDrawn
        return step <= 1 ? rows : stride(from: 0, to: rows.count, by: step).map { rows[$0] }
    }

    // MARK: Fronts

    /// The first objective over each other one, and who is on the first front; nothing for one objective.
    var fronts: Section {
        let title = "Front"
        let measured = rank.rows.filter {
            $0.values.count == rank.objectives.count && $0.values.allSatisfy(\.isFinite)
        }
        guard !rank.further.isEmpty, !measured.isEmpty else { return Section(title: title, parts: []) }
        let members = measured.filter { $0.front == 1 }
        let pictures = rank.further.indices.map { front(over: $0 + 1, measured) }
        var parts: [Part] = [.pictures(pictures + [volume].compactMap { $0 })]
        guard !members.isEmpty else { return Section(title: title, parts: parts) }
        parts.append(
            .paragraph(
                "On the first front: configurations that no other completed one is better than in one objective and as good in all."
            )
        )
        parts.append(.table(membersTable(Array(members.prefix(Self.membersShown)))))
        let more = members.count - Self.membersShown
        if more > 0 { parts.append(.paragraph("\(more) more members are not shown.")) }
        return Section(title: title, parts: parts)
    }

    private func membersTable(_ members: [RankRow]) -> Table {
        let named = rank.objectives.map { objective in
            Table.Column(
                "\(objective.metric.rawValue) (\(objective.direction == .minimize ? "min" : "max"))",
                isNumeric: true
            )
        }
        var table = Table(
            columns: [Table.Column("#", isNumeric: true), Table.Column("trial", isNumeric: true)] + named
                + [Table.Column("configuration")]
        )
        for row in members {
            table.add(
                [String(row.place), String(row.trial)] + row.values.map { NumberText.significant($0) }
                    + [row.configuration.shortText]
            )
        }
        return table
    }

    /// The first objective over the one at this place.
    private func front(over place: Int, _ measured: [RankRow]) -> Chart {
        let (first, other) = (rank.objectives[0], rank.objectives[place])
        func point(_ row: RankRow) -> Chart.Point { Chart.Point(x: row.values[place], y: row.values[0]) }
        let members = Self.thinned(measured.filter { $0.front == 1 }).map(point).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
        let others = Self.thinned(measured.filter { $0.front != 1 }).map(point)
        // With two objectives nothing of the front lies beyond its stairs; of three, stairs would say what is not so.
        let stairs = rank.further.count == 1 ? Self.stairs(members, first, other) : []
        var chart = Chart(
            title: "\(first.metric.rawValue) over \(other.metric.rawValue)",
            xLabel: "\(other.metric.rawValue) (\(other.direction.rawValue))",
            yLabel: "\(first.metric.rawValue) (\(first.direction.rawValue))",
            lines: [Chart.Line(name: nil, dots: others)]
                + (members.isEmpty ? [] : [Chart.Line(name: "first front", points: stairs, dots: members)])
        )
        chart.xAxis = .numbers(logarithmic: false)
        chart.isLogarithmic = false
        return chart
    }

    /// The line through members in the order of x: what lies between two of them is as bad as the worse of both in each objective.
    package static func stairs(_ members: [Chart.Point], _ first: Objective, _ other: Objective) -> [Chart.Point] {
        func worse(_ objective: Objective, _ a: Double, _ b: Double) -> Double {
            objective.direction == .minimize ? max(a, b) : min(a, b)
        }
        var points = Array(members.prefix(1))
        for (last, next) in zip(members, members.dropFirst()) {
            points.append(Chart.Point(x: worse(other, last.x, next.x), y: worse(first, last.y, next.y)))
            points.append(next)
        }
        return points
    }

    /// How the first front's hypervolume came about: it holds until the next trial that adds to it. Nil where that is not known.
    private var volume: Chart? {
        guard let history = rank.front?.history, let newest = history.last else { return nil }
        let step = max(1, (history.count + Self.configurationsDrawn - 1) / Self.configurationsDrawn)
        // It never falls, so that those between two that are drawn lie between them too.
        let drawn = stride(from: 0, to: history.count, by: step).map { history[$0] } + (step > 1 ? [newest] : [])
        var points = [Chart.Point(x: 0, y: 0)]
        for one in drawn {
            points.append(Chart.Point(x: Double(one.trial), y: points[points.count - 1].y))
            points.append(Chart.Point(x: Double(one.trial), y: one.hypervolume))
        }
        let last = max(newest.trial, rank.rows.map(\.trial).max() ?? 0)
        points.append(Chart.Point(x: Double(last), y: newest.hypervolume))
        var chart = Chart(
            title: "hypervolume up to each trial",
            xLabel: "trial",
            yLabel: "hypervolume",
            lines: [Chart.Line(name: "first front", points: points)]
        )
        chart.isLogarithmic = false
        return chart
    }

    // MARK: Slices

    /// The objective over each parameter that has more than one value, in the paths' order; `names` are the paths' short ones.
    func slices(_ trained: [RankRow], paths: [String], names: [String]) -> [Chart] {
        let rows = Self.thinned(trained)
        let edge = Self.edge(rows.compactMap(\.objective), rank.objective.direction)
        return zip(paths, names).compactMap { path, name in
            let active = rows.compactMap { row in row.configuration[path].map { (value: $0, row: row) } }
            guard let first = active.first?.value, active.contains(where: { $0.value != first }) else { return nil }
            let axis = axis(of: path, active.map(\.value))
            func dots(_ isCompleted: Bool) -> [Chart.Point] {
                active.compactMap { value, row in
                    guard (row.state == .completed) == isCompleted, let objective = row.objective else { return nil }
                    let y = rank.objective.direction == .minimize ? min(objective, edge) : max(objective, edge)
                    return axis.place(value, row).map { Chart.Point(x: $0, y: y) }
                }
            }
            let (stopped, completed) = (dots(false), dots(true))
            var chart = Chart(
                title: name,
                xLabel: "",
                yLabel: rank.objective.metric.rawValue,
                lines: [Chart.Line(name: nil, dots: stopped)]
                    + (completed.isEmpty ? [] : [Chart.Line(name: "completed", dots: completed)])
            )
            chart.xAxis = axis.axis
            return chart
        }
    }

    /// Beyond this a value stands at the edge, as on the page: a few that diverged would press all others into one line.
    package static func edge(_ values: [Double], _ direction: Objective.Direction) -> Double {
        let sorted = values.filter(\.isFinite).sorted()
        guard let least = sorted.first, let most = sorted.last,
            let high = Quantiles.linear(sorted: sorted, 0.97), let low = Quantiles.linear(sorted: sorted, 0.03)
        else { return 0 }
        switch direction {
        case .minimize: return min(most, least > 0 ? high * 1.5 : high)
        case .maximize: return low
        }
    }

    private typealias Axis = (axis: Chart.XAxis, place: (ParameterValue, RankRow) -> Double?)

    /// The axis of a parameter, by its range where that is known, else by its values.
    private func axis(of path: String, _ values: [ParameterValue]) -> Axis {
        let numbers = values.compactMap(\.number)
        let domain = space?.parameters.first { $0.path == path }?.domain.range
        switch domain {
        case .uniform, .integer: return (.numbers(logarithmic: false), { value, _ in value.number })
        case .logUniform, .logInteger: return (.numbers(logarithmic: true), { value, _ in value.number })
        case .choice(let options): return Self.axis(options: options.map(\.label).filter(values.contains))
        case nil where numbers.count == values.count:
            let (least, most) = (numbers.min() ?? 0, numbers.max() ?? 0)
            return (.numbers(logarithmic: least > 0 && most > 10 * least), { value, _ in value.number })
        // Of a range with a belief the range alone is asked.
        case nil, .believed:
            var options: [ParameterValue] = []
            for value in values where !options.contains(value) { options.append(value) }
            return Self.axis(options: options)
        }
    }

    /// Options side by side; dots of one are spread by the trials' numbers, so that they do not hide each other.
    private static func axis(options: [ParameterValue]) -> Axis {
        let texts = options.map { option in
            let text = option.shortText
            return text.count <= 16 ? text : text.prefix(15) + "…"
        }
        return (
            .options(texts),
            { value, row in
                options.firstIndex(of: value).map { index in
                    let spread = Double(UInt64(row.trial) &* 2_654_435_761 % 1000) / 1000 - 0.5
                    return Double(index) + 0.3 * spread
                }
            }
        )
    }
}
