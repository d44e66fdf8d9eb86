import ArgumentParser
import Foundation
import SweepCore
import SweepNodeCommands
import SweepReports
import SweepSearch
import SweepSpec
import SweepWire

/// `sweepd list`.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "The coordinator's sweeps.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @OptionGroup var location: CoordinatorLocation
    @Option(help: "table or json.") var format: Format = .table

    func run() async throws {
        let document = try await location.ask { try await $0.list() }
        switch format {
        case .table: Terminal.output(document.table.plainText(width: Terminal.width))
        case .json: Terminal.output(document.json.text(pretty: true))
        }
    }
}

/// `sweepd status SWEEP`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How far a sweep is, and what each worker does or why it is idle."
    )

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Flag(
        help: "Show it until the sweep is over or Ctrl-C: a steady screen on a terminal, a line now and then elsewhere."
    )
    var watch = false
    @Option(help: "table or json.") var format: ListCommand.Format = .table

    func validate() throws {
        if watch, format == .json { throw ValidationError("--watch: for people; --format json tells the status once") }
    }

    func run() async throws {
        if watch {
            _ = try await location.follow(sweep, on: .output)
            return
        }
        Terminal.show(try await location.ask(about: sweep) { try await $0.status(sweep: sweep) }, format)
    }
}

extension Terminal {
    /// Prints a sweep's status.
    static func show(_ document: StatusDocument, _ format: ListCommand.Format) {
        switch format {
        case .table: tell(document.plainText(width: width))
        case .json: output(document.json.text(pretty: true))
        }
    }
}

/// How a ranked summary is printed.
enum RankFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, csv, markdown

    /// The document in this format.
    func text(_ document: RankDocument) -> String {
        switch self {
        case .table:
            document.table.plainText(width: Terminal.width) + (document.frontWords.map { "\($0)\n" } ?? "")
        case .json: document.json.text(pretty: true)
        case .csv: document.exactTable.csv
        case .markdown: document.table.markdown + (document.frontWords.map { "\n\($0)\n" } ?? "")
        }
    }
}

/// `sweepd rank SWEEP`.
struct RankCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rank",
        abstract: "The ranked summary: one row a configuration, best first."
    )

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, csv, markdown, yaml }

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "Only the first rows.") var top: Int?
    @Option(
        help: """
            What trials are ranked by; otherwise the sweep's objective. A program's metric is better when greater where its name \
            ends in accuracy, acc, auc, f1, r2, precision, recall or score.
            """
    )
    var metric: String?
    @Option(
        help:
            "table, json, csv or markdown; yaml (with --top 1) is a sweep file that trains the first configuration alone."
    )
    var format: Format = .table
    @Flag(help: "JSON without times, workers and attempts: the same bytes for the same sweep.") var stable = false
    @Option(
        help: """
            The fronts of two or three objectives, with commas between them, and the hypervolume of the first: metrics, epochs and \
            core_seconds (of a run). What is better of a program's metric is told by its name as for --metric, or by \
            maximize:NAME and minimize:NAME.
            """
    )
    var pareto: String?
    @Option(help: "With --pareto: the point before which the hypervolume lies; otherwise the worst of each.")
    var reference: String?

    func run() async throws {
        if let top, top < 1 { throw CommandFailure(.badInput, "--top: found \(top), allowed a number from 1") }
        if let pareto { return try await showFronts(of: pareto) }
        if reference != nil {
            throw CommandFailure(.badInput, "--reference: it is a point of --pareto, allowed together with it")
        }
        if format == .yaml, top != 1 || stable {
            throw CommandFailure(
                .badInput,
                "--format yaml: it is the sweep file of one configuration, allowed with --top 1 and without --stable"
            )
        }
        let judged = try metric.map(Metric.named)
        let control = try await location.control(about: sweep)
        do {
            let document = try await control.rank(sweep: sweep, top: top, metric: judged)
            if format == .yaml {
                return Terminal.output(try Self.file(of: document, try await control.source(sweep: sweep)))
            }
            let shown = RankFormat(rawValue: format.rawValue) ?? .table
            Terminal.output(stable ? document.stable.text(pretty: true) : shown.text(document))
        } catch let error as ControlError { throw CommandFailure(error) }
    }

    /// Prints the fronts of the objectives that `names` has.
    private func showFronts(of names: String) async throws {
        if metric != nil || stable || format == .yaml {
            throw CommandFailure(
                .badInput,
                "--pareto: it has objectives and a table of its own, allowed without --metric, --stable and --format yaml"
            )
        }
        let words = names.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        let objectives = words.compactMap { ParetoObjective($0) }
        guard objectives.count == words.count, Set(objectives.map(\.name)).count == words.count,
            (2...3).contains(words.count)
        else {
            throw CommandFailure(
                .badInput,
                "--pareto: found \(names), allowed two or three different ones of the sweep's metrics (also maximize:NAME and "
                    + "minimize:NAME), epochs and core_seconds"
            )
        }
        if let test = objectives.first(where: \.isOfTestRows) {
            throw CommandFailure(
                .badInput,
                "--pareto: found \(test.name): test rows tell what was chosen, nothing may be chosen by them"
            )
        }
        let point = try reference.map { try Self.numbers($0, count: words.count) }
        let ranked = try await location.ask(about: sweep) { try await $0.rank(sweep: sweep, top: nil, metric: nil) }
        guard let document = ParetoDocument(ranked, objectives: objectives, reference: point) else {
            var measured: [String] = []
            for value in ranked.rows.flatMap(\.metrics) where !measured.contains(value.metric.rawValue) {
                measured.append(value.metric.rawValue)
            }
            let known = measured.isEmpty ? "none yet" : measured.joined(separator: ", ")
            throw CommandFailure(
                .badInput,
                "--pareto: no configuration of \(sweep) has a finite value of each of \(names); measured are \(known)"
            )
        }
        switch format {
        case .table, .yaml:
            Terminal.output(document.table(top: top).plainText(width: Terminal.width))
            Terminal.tell(document.summary)
        case .json: Terminal.output(document.json(top: top).text(pretty: true))
        case .csv: Terminal.output(document.table(top: top, exact: true).csv)
        case .markdown: Terminal.output(document.table(top: top).markdown)
        }
    }

    /// The numbers of a point, with commas between them.
    private static func numbers(_ text: String, count: Int) throws -> [Double] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Double($0) }.filter { $0.isFinite }
        guard parts.count == count, numbers.count == count else {
            throw CommandFailure(
                .badInput,
                "--reference: found \(text), allowed \(count) numbers with commas between them, one of each objective"
            )
        }
        return numbers
    }

    /// The sweep file of the first row's configuration.
    private static func file(of document: RankDocument, _ submission: Submission) throws -> String {
        let sweep = document.sweep
        guard let row = document.rows.first else {
            throw CommandFailure(.badInput, "\(sweep): no configuration has been ranked yet")
        }
        // A name has at most 64 characters.
        let name = sweep.prefix(59) + "-best"
        guard let source = try? SpecNode(wireBytes: submission.tree),
            let read = Sweep.read(source, problems: SpecProblems()),
            let single = read.single(row.configuration, name: String(name))
        else { throw CommandFailure(.failed, "\(sweep): trial \(row.trial) cannot be made a sweep file of") }
        let lineage =
            read.search.branch.map { branch in
                "# Its first \(branch.after) epochs are those of trial 1, from whose state it went on. Trained alone it gives another result.\n"
            }
            ?? (read.search.population == nil
                ? ""
                : "# It is a member of a population: these are its last settings, and may not be those it began with.\n"
                    + "# Trained alone they give another result; `sweepd explain \(sweep) --trial \(row.trial)` tells where it\n"
                    + "# comes from, and `sweepd export` writes its weights.\n")
        return "# Place 1 of the sweep \(sweep). Paths are relative to this file, as they were to the sweep's.\n"
            + lineage + single.yaml
    }
}

/// `sweepd curves SWEEP`.
struct CurvesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "curves",
        abstract: "Loss curves, whole: every epoch of every trial, bands over trials, means over seeds."
    )

    enum Format: String, ExpressibleByArgument, CaseIterable { case plot, csv, json, svg }

    @Argument(help: "The sweep's name.") var sweep: String
    @OptionGroup var location: CoordinatorLocation
    @Option(help: "One trial's number; otherwise all.") var trial: Int?
    @Option(help: "plot (in the terminal), csv, json or svg.") var format: Format = .plot
    @Flag(help: "JSON without times: the same bytes for the same sweep.") var stable = false

    func run() async throws {
        let document = try await location.ask(about: sweep) { try await $0.curves(sweep: sweep, trial: trial) }
        if stable { return Terminal.output(document.stable.text()) }
        switch format {
        case .plot:
            Terminal.tell(document.chart.terminalText(width: Terminal.width ?? 80))
            for line in document.noteLines { Terminal.tell(line) }
        case .csv: Terminal.output(document.csv)
        case .json: Terminal.output(document.json.text(pretty: true))
        case .svg: Terminal.output(document.chart.svg())
        }
    }
}
