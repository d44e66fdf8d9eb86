import ArgumentParser
import Foundation
import SweepCoordination
import SweepCore
import SweepNodeCommands
import SweepNumerics
import SweepReports
import SweepSearch
import SweepSpec

/// `sweepd simulate FILE --curves PATH`: what would another pruner have done?
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Replay recorded curves: what each way to prune spends, and what it chooses.",
        discussion: """
            The coordinator's own core decides, in virtual time; virtual workers read the curves instead of training. A study \
            is a number of configurations in a random order. Of the sweep file only prune, or what its search has auto \
            pick, and search.parallelism count; data and train may be missing. Curves: CSV files, also packed by gzip, or \
            folders of them; a task each: one row a configuration with columns e1, e2, … (of a column split the rows with \
            valid are taken), or what sweepd curves --format csv writes of a sweep that ran without pruning.
            Regret is (last cost of the chosen - least)/(median - least), at most 9; chosen is the best of those trained \
            furthest. Budget is the share of all epochs, time is in epochs. Differences are to the first method, study by study.
            Where prune says stop_hopeless, the table counts the trials that were stopped by it and those that stood as high at an \
            epoch and were spared; in brackets, whose curves end in the better half of their study.
            """
    )

    @Argument(help: "The sweep file whose prune comes first.")
    var file: String

    @Option(help: "A file or folder of curves; repeatable.")
    var curves: [String]

    @Option(help: "Another value of prune to compare, for example median or {method: asha, first_rung: 1}; repeatable.")
    var against: [String] = []

    @Option(help: "Studies of each task.")
    var studies = 20

    @Option(help: "Configurations of a study; all that there are if fewer.")
    var configurations = 100

    @Option(help: "The seed of the orders.")
    var seed: UInt64 = 0

    @Option(help: "Virtual workers of one slot; as many as virtual slots unless given.")
    var workers: Int?

    @Option(help: "The metric of curves that sweepd wrote; less is better unless it is an accuracy or the like.")
    var metric = Metric.validationLoss.rawValue

    @Option(help: "The loss before training, for stop_hopeless; a column e0 tells it too.")
    var start: Double?

    @Flag(help: "A row of each task too.")
    var byTask = false

    @Option(help: "table, markdown, csv or json.")
    var format: Format = .table

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, markdown, csv, json }

    /// Compared when nothing is named.
    private static let others = [
        "asha", "stopping_asha", "halving", "hyperband", "pasha", "median", "{method: percentile, percentile: 25}",
        "none",
    ]

    func run() async throws {
        guard studies >= 1, configurations >= 2, workers ?? 1 >= 1 else {
            throw CommandFailure(.badInput, "--studies and --workers must be at least 1, --configurations at least 2")
        }
        guard let metric = Metric(rawValue: metric) else {
            throw CommandFailure(.badInput, "--metric: not a metric: found \(metric)")
        }
        let direction = metric.usualDirection
        let tasks = try recorded(Objective(metric: metric, direction: direction))
        let epochs = tasks.map(\.epochs).min() ?? 1
        var parallelism = 1
        var methods: [(name: String, node: SpecNode)] = []
        for text in [nil] + (against.isEmpty ? Self.others : against).map(Optional.some) {
            switch SweepFile.readPrune(path: file, overrides: text.map { ["prune=\($0)"] } ?? [], epochs: epochs) {
            case .success(let read):
                if text == nil { parallelism = read.parallelism ?? 1 }
                methods.append((text ?? read.node.excerpt, read.node))
            case .failure(let problems):
                // It is read as an override, and told as the option that it came by.
                let lines = problems.lines.map { line in
                    text.map { line.replacing("--set prune=\($0)", with: "--against \($0)") } ?? line
                }
                throw CommandFailure(.badInput, lines)
            }
        }
        if let start, !(start > 0 && start.isFinite) {
            throw CommandFailure(.badInput, "--start: not a loss: found \(start), allowed a number above 0")
        }
        let drawn = plan(tasks, direction)
        var results: [SimulateDocument.Method] = []
        for (name, node) in methods {
            let studies = await Self.replay(drawn, node, parallelism: parallelism, workers: workers ?? parallelism)
            guard let studies else {
                throw CommandFailure(.failed, "\(name): the sweep did not come to its end; this is a mistake of sweepd")
            }
            results.append(.init(name: name, studies: studies))
        }
        let document = SimulateDocument(methods: results)
        switch format {
        case .table: Terminal.output(document.table(byTask: byTask).plainText(width: Terminal.width))
        case .markdown: Terminal.output(document.table(byTask: byTask).markdown)
        case .csv: Terminal.output(document.table(byTask: byTask).csv)
        case .json: Terminal.output(document.json.text(pretty: true))
        }
    }

    private func recorded(_ objective: Objective) throws -> [RecordedCurves] {
        var files: [String] = []
        for path in curves {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw CommandFailure(.badInput, "--curves: there is no file or folder \(path)")
            }
            guard isFolder.boolValue else {
                files.append(path)
                continue
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
                .filter { $0.hasSuffix(".csv") || $0.hasSuffix(".csv.gz") }
            guard !names.isEmpty else {
                throw CommandFailure(.badInput, "--curves: no file in \(path) ends in .csv or .csv.gz")
            }
            files += names.map { (path as NSString).appendingPathComponent($0) }
        }
        let tasks = try files.map { try RecordedCurves(path: $0, objective: objective) }
        for task in tasks where task.unfinished > 0 {
            Terminal.error("\(task.task): \(task.unfinished) curves end before epoch \(task.epochs) and are left out")
        }
        return tasks
    }

    private struct Planned: Sendable {
        let task: String
        let curves: [[Double]]
        let losses: [[Metric: [Double]]]
        let epochs: Int
        let direction: Objective.Direction
        let start: Double?
    }

    /// The studies: the same for each method, and each drawn by its own stream.
    private func plan(_ tasks: [RecordedCurves], _ direction: Objective.Direction) -> [Planned] {
        tasks.enumerated().flatMap { index, task in
            (0..<studies).map { study in
                let key = RandomStream.mix(RandomStream.mix(seed) ^ UInt64(index) << 32 ^ UInt64(study))
                var stream = RandomStream(key: key)
                var order = Array(task.costs.indices)
                stream.shuffle(&order)
                let chosen = order.prefix(configurations)
                return Planned(
                    task: task.task,
                    curves: chosen.map { task.costs[$0] },
                    losses: direction == .minimize && !task.losses.isEmpty ? chosen.map { task.losses[$0] } : [],
                    epochs: task.epochs,
                    direction: direction,
                    start: direction == .minimize ? start ?? task.start : nil
                )
            }
        }
    }

    /// All studies under one method, on every core; nil when one does not end.
    private static func replay(
        _ plan: [Planned],
        _ prune: SpecNode,
        parallelism: Int,
        workers: Int
    ) async -> [SimulateDocument.Study]? {
        await withTaskGroup(of: (Int, SimulateDocument.Study?).self) { group in
            for (index, study) in plan.enumerated() {
                group.addTask {
                    let sweep = ReplayedSweep(
                        curves: study.curves,
                        epochs: study.epochs,
                        direction: study.direction,
                        start: study.start,
                        losses: study.losses,
                        prune: prune,
                        parallelism: parallelism,
                        workers: workers
                    )
                    let stops = prune[PruneSpec.hopelessKey] == .boolean(true)
                    return (index, sweep.run().map { Self.judge($0, of: study, stopsHopeless: stops) })
                }
            }
            var results: [SimulateDocument.Study?] = Array(repeating: nil, count: plan.count)
            for await (index, study) in group { results[index] = study }
            return results.contains { $0 == nil } ? nil : results.compactMap { $0 }
        }
    }

    private static func judge(
        _ outcome: ReplayedSweep.Outcome,
        of study: Planned,
        stopsHopeless: Bool
    ) -> SimulateDocument.Study {
        let last = study.curves.map { $0[study.epochs - 1] }
        let least = last.min() ?? .infinity
        let reached = outcome.chosen.map { last[$0] } ?? .infinity
        // A study of which half is lost is measured against the median of the rest.
        let whole = Quantiles.median(last) ?? .infinity
        let median = whole < .infinity ? whole : Quantiles.median(last.filter { $0 < .infinity }) ?? .infinity
        let scale = median > least && median < .infinity ? median - least : 1
        let regret = reached < .infinity ? min(greatestRegret, max(0, (reached - least) / scale)) : greatestRegret
        return SimulateDocument.Study(
            task: study.task,
            budget: Double(outcome.epochs) / Double(study.epochs * study.curves.count),
            regret: least < .infinity ? regret : 0,
            isBest: reached == least,
            time: Double(outcome.time),
            hopeless: stopsHopeless ? hopeless(outcome, of: study, last, median: whole) : nil
        )
    }

    /// Whom the rule stopped, and whom it spared though they stood as high at an epoch that they were trained to.
    private static func hopeless(
        _ outcome: ReplayedSweep.Outcome,
        of study: Planned,
        _ last: [Double],
        median: Double
    ) -> SimulateDocument.Hopeless {
        let stopped = Set(outcome.hopeless)
        let spared = study.curves.indices.filter { index in
            let limit = HopelessRule.multiple * (study.start ?? study.curves[index][0])
            return !stopped.contains(index) && last[index] < .infinity
                && study.curves[index].prefix(outcome.trained[index]).contains { $0 > limit }
        }
        func better(_ curves: some Sequence<Int>) -> Int { curves.count { last[$0] < median } }
        return .init(
            stopped: stopped.count,
            stoppedBetter: better(stopped),
            spared: spared.count,
            sparedBetter: better(spared)
        )
    }

    /// Where regret is cut off, so that one lost study does not drown the others.
    private static let greatestRegret = 9.0
}
