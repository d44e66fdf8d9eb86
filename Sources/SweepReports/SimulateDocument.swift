import SweepNumerics

/// What ways to prune spend on recorded curves, and what they choose: what `simulate` answers.
///
/// JSON: `{"methods": [{"method", "studies", "budget", "regret", "regret_interval", "best_chosen", "time",
/// "regret_difference", "regret_difference_interval", "tasks": [the same of each task]}]}`. Budget is a share of all epochs,
/// regret is (last cost of the chosen − least)/(median − least), `time` is in epochs on the clock. Differences are to the
/// first method, paired by study; null of the first.
package struct SimulateDocument: Hashable, Sendable {
    /// One study under one method.
    package struct Study: Hashable, Sendable {
        package let task: String
        package let budget: Double
        package let regret: Double
        package let isBest: Bool
        package let time: Double

        package init(task: String, budget: Double, regret: Double, isBest: Bool, time: Double) {
            self.task = task
            self.budget = budget
            self.regret = regret
            self.isBest = isBest
            self.time = time
        }
    }

    /// A method and its studies; those of all methods are in the same order.
    package struct Method: Hashable, Sendable {
        package let name: String
        package let studies: [Study]

        package init(name: String, studies: [Study]) {
            self.name = name
            self.studies = studies
        }
    }

    package let methods: [Method]

    package init(methods: [Method]) { self.methods = methods }

    /// The document as JSON.
    package var json: JSONValue {
        .object([
            JSONMember(
                "methods",
                .array(
                    methods.enumerated().map { index, method in
                        let whole = Summary(method, index == 0 ? nil : methods[0], task: nil)
                        var object = whole.object
                        object.add(
                            "tasks",
                            .array(
                                tasks.map { task in
                                    Summary(method, index == 0 ? nil : methods[0], task: task).object.object
                                }
                            )
                        )
                        return object.object
                    }
                )
            )
        ])
    }

    /// The document as a table: a row a method; with `byTask` more than one task gets rows of its own.
    package func table(byTask: Bool = false) -> Table {
        var table = Table(columns: [
            Table.Column("method"), Table.Column("task", rank: 1), Table.Column("studies", isNumeric: true, rank: 2),
            Table.Column("budget", isNumeric: true), Table.Column("regret", isNumeric: true),
            Table.Column("95 %"), Table.Column("best chosen", isNumeric: true),
            Table.Column("time", isNumeric: true, rank: 3), Table.Column("difference", isNumeric: true),
            Table.Column("95 % of it"),
        ])
        for (index, method) in methods.enumerated() {
            for task in [nil] + (byTask ? tasks.map(Optional.some) : []) {
                table.add(Summary(method, index == 0 ? nil : methods[0], task: task).cells)
            }
        }
        return table
    }

    /// The tasks in the order of their studies.
    private var tasks: [String] {
        var seen: Set<String> = []
        return methods.first?.studies.map(\.task).filter { seen.insert($0).inserted } ?? []
    }

    /// Means over the studies of one task, or of all.
    private struct Summary {
        let name: String
        let task: String?
        let studies: [Study]
        let differences: [Double]?

        init(_ method: Method, _ first: Method?, task: String?) {
            name = method.name
            self.task = task
            studies = method.studies.filter { task == nil || $0.task == task }
            differences = first.map { first in
                zip(method.studies, first.studies).filter { task == nil || $0.0.task == task }
                    .map { $0.0.regret - $0.1.regret }
            }
        }

        private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
        private var budget: Double { mean(studies.map(\.budget)) }
        private var regret: Double { mean(studies.map(\.regret)) }
        private var bestChosen: Double { mean(studies.map { $0.isBest ? 1 : 0 }) }
        private var time: Double { mean(studies.map(\.time)) }

        var object: JSONObjectBuilder {
            var object = JSONObjectBuilder()
            object.add("method", name)
            if let task { object.add("task", task) }
            object.add("studies", studies.count)
            object.add("budget", budget)
            object.add("regret", regret)
            object.add("regret_interval", Self.interval(studies.map(\.regret)))
            object.add("best_chosen", bestChosen)
            object.add("time", time)
            object.add("regret_difference", differences.map(mean))
            object.add("regret_difference_interval", differences.map(Self.interval) ?? .null)
            return object
        }

        var cells: [String] {
            [
                name, task ?? "all", String(studies.count), NumberText.fixed(budget, decimals: 3),
                NumberText.fixed(regret, decimals: 4), Self.text(studies.map(\.regret)),
                NumberText.fixed(100 * bestChosen, decimals: 1) + " %", NumberText.fixed(time, decimals: 0),
                differences.map { NumberText.fixed(mean($0), decimals: 4) } ?? "–", differences.map(Self.text) ?? "–",
            ]
        }

        private static func interval(_ values: [Double]) -> JSONValue {
            guard let interval = StudentT.interval95(values) else { return .null }
            return .array([.number(interval.lowerBound), .number(interval.upperBound)])
        }

        private static func text(_ values: [Double]) -> String {
            guard let interval = StudentT.interval95(values) else { return "–" }
            let ends = [interval.lowerBound, interval.upperBound].map { NumberText.fixed($0, decimals: 4) }
            return "\(ends[0]) to \(ends[1])"
        }
    }
}
