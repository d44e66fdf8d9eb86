import ArgumentParser
import SweepNodeCommands
import SweepReports

/// `sweepd report SWEEP`.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract:
            "Write one file on a sweep for a colleague: ranking, curves, parameters, findings, how to do it again.",
        discussion: "The HTML holds its drawings and asks no network for anything; Markdown has them in characters."
    )

    /// What the file is.
    enum Format: String, ExpressibleByArgument, CaseIterable { case html, markdown }

    @Argument(help: "The sweep's name.") var sweep: String
    @Option(name: .shortAndLong, help: "The file; otherwise the report is printed.") var output: String?
    @Option(help: "html or markdown; otherwise what the file's name ends in says, and html where it says nothing.")
    var format: Format?
    @OptionGroup var location: CoordinatorLocation

    func run() async throws {
        let report = try await location.ask(about: sweep) { try await SweepReport.gathered(on: sweep, $0) }
        let isMarkdown = output.map { $0.hasSuffix(".md") || $0.hasSuffix(".markdown") } ?? false
        let text = (format ?? (isMarkdown ? .markdown : .html)) == .html ? report.html : report.markdown
        guard let output else { return Terminal.output(text) }
        try Terminal.write(Array(text.utf8), to: output)
        Terminal.error("report on \(sweep): \(output)")
    }
}
