import SweepNumerics

/// What ways to prune spend on recorded curves, and what they choose: what `simulate` answers.
///
/// JSON: `{"methods": [{"method", "studies", "budget", "regret", "regret_interval", "best_chosen", "time",
/// "regret_difference", "regret_difference_interval", "budget_difference", "budget_difference_interval", "hopeless": {"stopped",
/// "stopped_better", "spared", "spared_better"} or null, "tasks": [the same of each task]}]}`. Budget is a share of all epochs,
/// regret is (last cost of the chosen − least)/(median − least), `time` is in epochs on the clock. Differences are to the
/// first method, paired by study; null of the first. `hopeless` counts trials of a method that stops those which cannot recover: how many it
/// stopped, how many it spared that stood as high at an epoch, and of both whose curves end in the better half of their study.
package struct SimulateDocument: Hashable, Sendable {
    /// One study under one method.
    package struct Study: Hashable, Sendable {
        package let task: String
        package let budget: Double
        package let regret: Double
        package let isBest: Bool
        package let time: Double
        /// Trials that cannot recover; nil where the method does not look for them.
        package let hopeless: Hopeless?

        package init(
            task: String,
            budget: Double,
            regret: Double,
            isBest: Bool,
            time: Double,
            hopeless: Hopeless? = nil
        ) {
            self.task = task
            self.budget = budget
            self.regret = regret
            self.isBest = isBest
            self.time = time
            self.hopeless = hopeless
        }
    }

    /// Trials of a study that stood high.
    package struct Hopeless: Hashable, Sendable {
        /// How many were stopped as ones that cannot recover, and how many of their curves end in the better half.
        package let stopped: Int
        package let stoppedBetter: Int
        /// The same of those that were not stopped.
        package let spared: Int
        package let sparedBetter: Int

        package init(stopped: Int, stoppedBetter: Int, spared: Int, sparedBetter: Int) {
            self.stopped = stopped
            self.stoppedBetter = stoppedBetter
            self.spared = spared
            self.sparedBetter = sparedBetter
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
        let stops = methods.contains { $0.studies.contains { $0.hopeless != nil } }
        let columns = [
            Table.Column("method"), Table.Column("task", rank: 1), Table.Column("studies", isNumeric: true, rank: 2),
            Table.Column("budget", isNumeric: true), Table.Column("regret", isNumeric: true),
            Table.Column("95 %"), Table.Column("best chosen", isNumeric: true),
            Table.Column("time", isNumeric: true, rank: 3), Table.Column("difference", isNumeric: true),
            Table.Column("95 % of it"),
        ]
        let further = [
            Table.Column("budget difference", isNumeric: true), Table.Column("95 % of that"),
            Table.Column("stopped", isNumeric: true), Table.Column("spared", isNumeric: true),
        ]
        var table = Table(columns: columns + (stops ? further : []))
        for (index, method) in methods.enumerated() {
            for task in [nil] + (byTask ? tasks.map(Optional.some) : []) {
                let summary = Summary(method, index == 0 ? nil : methods[0], task: task)
                table.add(summary.cells + (stops ? summary.furtherCells : []))
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
        let budgetDifferences: [Double]?

        init(_ method: Method, _ first: Method?, task: String?) {
            name = method.name
            self.task = task
            studies = method.studies.filter { task == nil || $0.task == task }
            let pairs = first.map { first in
                zip(method.studies, first.studies).filter { task == nil || $0.0.task == task }
            }
            differences = pairs?.map { $0.0.regret - $0.1.regret }
            budgetDifferences = pairs?.map { $0.0.budget - $0.1.budget }
        }

        private func hopeless(_ count: (Hopeless) -> Int) -> Int? {
            let counted = studies.compactMap(\.hopeless)
            return counted.isEmpty ? nil : counted.map(count).reduce(0, +)
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
            object.add("budget_difference", budgetDifferences.map(mean))
            object.add("budget_difference_interval", budgetDifferences.map(Self.interval) ?? .null)
            var counts = JSONObjectBuilder()
            counts.add("stopped", hopeless(\.stopped))
            counts.add("stopped_better", hopeless(\.stoppedBetter))
            counts.add("spared", hopeless(\.spared))
            counts.add("spared_better", hopeless(\.sparedBetter))
            object.add("hopeless", hopeless(\.stopped) == nil ? .null : counts.object)
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

        /// Of a table in which hopeless trials are stopped; of both counts in brackets those that end in the better half.
        var furtherCells: [String] {
            func cell(_ all: Int?, _ better: Int?) -> String { all.map { "\($0) (\(better ?? 0))" } ?? "–" }
            return [
                budgetDifferences.map { NumberText.fixed(mean($0), decimals: 4) } ?? "–",
                budgetDifferences.map(Self.text) ?? "–",
                cell(hopeless(\.stopped), hopeless(\.stoppedBetter)),
                cell(hopeless(\.spared), hopeless(\.sparedBetter)),
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
