import SweepCore
import SweepData
import SweepDiagnosis
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

    /// What checks of specification and data have to say before a sweep: on standard error, which leaves results alone.
    func printWarnings() {
        guard case .rows(let data) = material, let spec = file.sweep.data else { return }
        for line in Self.lines(.warning, file, data.schema) { Terminal.error(line) }
        let report = DataReport(
            schema: data.schema,
            findings: DataChecks.findings(
                data,
                steps: spec.preprocess,
                targetScale: spec.targetScale,
                depth: .quick
            )
        )
        for line in report.lines { Terminal.error("\(file.file): \(line)") }
        if !report.lines.isEmpty { Terminal.error("\(file.file): `sweepd data \(file.file)` says more") }
    }
}
