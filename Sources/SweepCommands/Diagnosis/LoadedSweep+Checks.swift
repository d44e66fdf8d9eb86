import SweepCore
import SweepData
import SweepDiagnosis
import SweepNodeCommands
import SweepReports
import SweepSpec

extension LoadedSweep {
    /// What is wrong with every configuration of a file so that none can learn, one line each.
    static func hopeless(_ file: SweepFile, _ schema: DataSchema) -> [String] { lines(.error, file, schema) }

    private static func lines(_ severity: StaticFinding.Severity, _ file: SweepFile, _ schema: DataSchema) -> [String] {
        let found = StaticChecks.findings(of: file.sweep, on: schema).filter { $0.severity == severity }
        guard !found.isEmpty else { return [] }
        let located = found.map { finding in
            let plain = LocatedProblem(finding.problem, in: file.sourceMap)
            guard severity == .warning else { return plain }
            return LocatedProblem(
                place: plain.place,
                kind: plain.kind,
                text: "warning: \(plain.text) (\(finding.cause.rawValue))"
            )
        }
        return SweepFileProblems(file: file.file, located).lines
    }

    /// What the checks find in the rows of `spec`, the sweep file's data; where there are folds, in those of each.
    ///
    /// Throws a `CommandFailure` where trials are programs.
    func dataFindings(_ spec: DataSpec, depth: DataChecks.Depth) throws -> [DataFinding] {
        var found: [[DataFinding]] = []
        var lacking: [[String]] = []
        for number in 1...folds.count + 1 {
            let data = try rows(ofFold: number).data
            found.append(
                DataChecks.findings(data, steps: spec.preprocess, targetScale: spec.targetScale, depth: depth)
            )
            lacking.append(FoldChecks.classesWithoutValidation(data))
        }
        return folds.isEmpty ? found[0] : FoldChecks.joined(found, lacking: lacking)
    }

    /// What checks of specification and data have to say before a sweep: on standard error, which leaves results alone.
    func printWarnings() {
        guard case .rows(let data) = material, let spec = file.sweep.data else { return }
        for line in Self.lines(.warning, file, data.schema) { Terminal.error(line) }
        guard let findings = try? dataFindings(spec, depth: .quick) else { return }
        let report = DataReport(schema: data.schema, findings: findings)
        for line in report.lines { Terminal.error("\(file.file): \(line)") }
        if !report.lines.isEmpty { Terminal.error("\(file.file): `sweepd data \(file.file)` says more") }
    }
}
