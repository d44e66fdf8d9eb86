import ArgumentParser
import SweepCore
import SweepDiagnosis
import SweepNodeCommands
import SweepReports
import SweepWire

/// `sweepd compare SWEEP`.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "What each arm of a comparison did, over runs that share their seeds."
    )

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, csv, markdown }

    @Argument(help: "The sweep's name; its file has arms.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(
        name: .customLong("with"),
        help: ArgumentHelp(
            "Another sweep whose arms count in the correction of p too, as those of an experiment's other half do; repeatable.",
            valueName: "sweep"
        )
    )
    var others: [String] = []
    @Option(help: "table, json, csv or markdown.") var format: Format = .table

    func run() async throws {
        guard !others.contains(sweep) else {
            throw CommandFailure(.badInput, "--with: found \(sweep), which is compared itself; allowed other sweeps")
        }
        let (submission, rank) = try await location.ask(about: sweep) { control in
            (try await control.source(sweep: sweep), try await control.rank(sweep: sweep, top: nil))
        }
        let read = try Self.sweep(submission, sweep)
        var arms = read.arms.count - 1
        for other in Set(others).sorted() {
            let submission = try await location.ask(about: other) { try await $0.source(sweep: other) }
            let beside = try Self.sweep(submission, other)
            guard !beside.arms.isEmpty else { throw CommandFailure(.badInput, "--with: \(other) has no arms") }
            arms += beside.arms.count - 1
        }
        guard
            let document = ComparisonDocument(
                sweep: read,
                rank: rank,
                chance: submission.schema?.chanceLoss ?? .infinity,
                family: arms
            )
        else {
            throw CommandFailure(
                .badInput,
                "\(sweep) has no arms; `sweepd rank` compares configurations, a sweep file with `arms` compares changes of one run"
            )
        }
        let waiting = document.comparisons.count { $0.pairs == 0 }
        if waiting > 0 {
            Terminal.error("\(waiting) of \(document.comparisons.count) arms have no pair of runs that ended yet")
        }
        switch format {
        case .table:
            Terminal.output(document.table.plainText(width: Terminal.width))
            for comparison in document.comparisons where comparison.verdict != .undecided {
                Terminal.tell(document.sentence(comparison))
            }
        case .json: Terminal.output(document.json.text(pretty: true))
        case .csv: Terminal.output(document.table.csv)
        case .markdown: Terminal.output(document.table.markdown)
        }
    }

    /// The sweep that was handed in under a name.
    private static func sweep(_ submission: Submission, _ name: String) throws -> Sweep {
        guard let source = try? SpecNode(wireBytes: submission.tree),
            let sweep = Sweep.read(source, problems: SpecProblems())
        else { throw CommandFailure(.failed, "\(name): its sweep file cannot be read") }
        return sweep
    }
}
