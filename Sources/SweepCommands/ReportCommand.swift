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
        let report = try await location.ask(about: sweep) { control in
            SweepReport(
                status: try await control.status(sweep: sweep),
                rank: try await control.rank(sweep: sweep, top: nil),
                curves: try await control.curves(sweep: sweep, trial: nil),
                diagnosis: try await control.diagnose(sweep: sweep, trial: nil),
                importance: try await importance(control),
                submission: try await control.source(sweep: sweep),
                version: SoftwareVersion.current
            )
        }
        let isMarkdown = output.map { $0.hasSuffix(".md") || $0.hasSuffix(".markdown") } ?? false
        let text = (format ?? (isMarkdown ? .markdown : .html)) == .html ? report.html : report.markdown
        guard let output else { return Terminal.output(text) }
        try Terminal.write(Array(text.utf8), to: output)
        Terminal.error("report on \(sweep): \(output)")
    }

    /// Which parameters matter; nil while too little is known for that.
    private func importance(_ control: any SweepControl) async throws(ControlError) -> ImportanceDocument? {
        do throws(ControlError) { return try await control.importance(sweep: sweep, metric: nil) } catch {
            guard error.code == .conflict else { throw error }
            return nil
        }
    }
}
