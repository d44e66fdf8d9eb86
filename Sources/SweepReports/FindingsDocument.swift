package import SweepCore
package import SweepDiagnosis

/// What a sweep's trials suffer from, those of one verdict together: what `/api/v1/sweeps/NAME/findings` answers.
///
/// JSON: `{"sweep", "trials", "sound", "groups": [{"verdict", "verdict_kind", "count", "trials": [number], "cause"}], "regions": [..],
/// "experiments" (where there are some, as in `diagnose`)}`:
/// how many trials have trained an epoch, how many of them show no fault, and the others, the largest group first. `cause` is the most
/// likely one of the group's first trial, as in `diagnose`, or null; a region is told of at `SickRegion.json`.
package struct FindingsDocument: Hashable, Sendable {
    package let sweep: String
    /// Trials that have trained an epoch.
    package let trials: Int
    /// Those of them without a fault.
    package let sound: Int
    /// The others by their verdict, the largest group first, equal ones by their first trial.
    package let groups: [Group]
    package let regions: [SickRegion]
    /// The experiments that the coordinator made by itself.
    package let experiments: [DiagnosisDocument.Experiment]

    /// Trials of one verdict.
    package struct Group: Hashable, Sendable {
        package let verdict: String
        package let verdictKind: String
        /// Their numbers, ascending as they were reported.
        package let trials: [Int]
        /// What the first of them most likely comes from, with its evidence and a remedy.
        package let cause: CauseFinding?

        package var count: Int { trials.count }
    }

    /// What the reports on all trials of a sweep come to.
    package init(_ diagnosis: DiagnosisDocument) {
        var order: [String] = []
        var found: [String: [DiagnosisDocument.Report]] = [:]
        for report in diagnosis.reports where report.verdictKind != "no_fault" {
            if found[report.verdict] == nil { order.append(report.verdict) }
            found[report.verdict, default: []].append(report)
        }
        let groups = order.compactMap { verdict -> Group? in
            guard let reports = found[verdict], let first = reports.first else { return nil }
            return Group(
                verdict: verdict,
                verdictKind: first.verdictKind,
                trials: reports.compactMap(\.trial),
                cause: first.causes.first
            )
        }
        sweep = diagnosis.sweep ?? ""
        trials = diagnosis.reports.count
        sound = diagnosis.reports.count { $0.verdictKind == "no_fault" }
        self.groups = groups.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(
            \.element
        )
        regions = diagnosis.regions
        experiments = diagnosis.experiments
    }

    /// The document as JSON.
    package var json: JSONValue {
        let made = experiments.isEmpty ? [] : [JSONMember("experiments", .array(experiments.map(\.json)))]
        return .object(
            [
                JSONMember("sweep", .text(sweep)), JSONMember("trials", .integer(trials)),
                JSONMember("sound", .integer(sound)), JSONMember("groups", .array(groups.map(\.json))),
                JSONMember("regions", .array(regions.map(\.json))),
            ] + made
        )
    }
}

extension FindingsDocument.Group {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("verdict", .text(verdict)), JSONMember("verdict_kind", .text(verdictKind)),
            JSONMember("count", .integer(count)), JSONMember("trials", .array(trials.map { .integer($0) })),
            JSONMember("cause", cause?.json ?? .null),
        ])
    }
}
