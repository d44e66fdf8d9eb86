import ArgumentParser
import Foundation
import SweepCore
import SweepData
import SweepNodeCommands
import SweepReports
import SweepSpec

/// `sweepd data FILE`.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract:
            "Check data before training: leaks, copies, scale, far values, doubtful labels, and whether there is a signal.",
        discussion: """
            FILE is a sweep file, whose data are read, split and checked as its trials would have them, or a table (then --target \
            names the column that is predicted). A fault ends with exit code 1.
            """
    )

    @Argument(help: "A sweep file, or a table.") var file: String
    @Option(help: "Of a table: the column that is predicted, by name or index, or last.") var target: String?
    @OptionGroup var overrides: OverrideOptions
    @Option(help: "text or json.") var format: ReportFormat = .text

    func run() throws {
        let isSweepFile = ["yaml", "yml"].contains((file as NSString).pathExtension.lowercased())
        let report: DataReport
        if isSweepFile {
            guard target == nil else {
                throw CommandFailure(.badInput, "--target: of a table; a sweep file says data.target")
            }
            let loaded = try LoadedSweep(file, overrides: overrides.overrides, mustLearn: false)
            let schema = try loaded.data.schema
            guard let spec = loaded.file.sweep.data else { throw CommandFailure(.badInput, "\(file): has no data") }
            report = DataReport(schema: schema, findings: try loaded.dataFindings(spec, depth: .full))
        } else {
            guard overrides.overrides.isEmpty else {
                throw CommandFailure(.badInput, "--set: replaces values of a sweep file; give one")
            }
            let column = target.map { text in
                text == "last" ? TargetColumn.last : Int(text).map { .index($0) } ?? .name(text)
            }
            // Missing values are looked at here, not refused.
            let spec = DataSpec(source: .table(file), target: column ?? .last, preprocess: [.impute])
            switch DataSet.load(spec, relativeTo: ".") {
            case .success(let data): report = DataReport(schema: data.schema, findings: DataChecks.findings(data))
            case .failure(let problems):
                // No sweep file was read in which a value could be wrong.
                throw CommandFailure(.badInput, problems.problems.map { $0.at(nil).description })
            }
        }
        switch format {
        case .text: Terminal.tell(report.text)
        case .json: Terminal.output(report.json.text(pretty: true))
        }
        if report.findings.contains(where: { $0.severity == .fault }) {
            throw CommandFailure(.failed, "\(file): \(report.summary)")
        }
    }
}
