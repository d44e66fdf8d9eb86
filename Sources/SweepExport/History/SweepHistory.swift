package import SweepCore
package import SweepReports

/// A sweep as other tools keep it: what each trial was set to, what was measured, how it ended.
package struct SweepHistory: Sendable {
    /// Every trial with its curve.
    package let curves: CurvesDocument
    /// The ranges that were searched.
    package let space: SearchSpace
    /// The objectives after the first, which the curves name.
    package let further: [Objective]
    /// What trials' curves show, in two words, by the trials' numbers.
    package let findings: [Int: String]
    /// Where all curves begin on the clock of other tools, in seconds since 1970.
    ///
    /// A sweep keeps the core seconds of each epoch and no times of day, so that it is the same however often and wherever it
    /// is trained: distances between the times of one trial are what was measured, distances between trials are not.
    package let began: Double

    package init(
        curves: CurvesDocument,
        space: SearchSpace,
        further: [Objective] = [],
        findings: [Int: String] = [:],
        began: Double
    ) {
        self.curves = curves
        self.space = space
        self.further = further
        self.findings = findings
        self.began = began
    }

    /// The core seconds of the longest trial.
    package static func longest(_ curves: CurvesDocument) -> Double {
        curves.trials.map { $0.curve.observations.reduce(0) { $0 + $1.seconds } }.max() ?? 0
    }

    var sweep: String { curves.sweep }
    var objective: Objective { curves.objective }
    var objectives: [Objective] { [objective] + further }

    /// The paths of all parameters, in the sweep file's order.
    var paths: [String] {
        var paths: [String] = []
        var seen: Set<String> = []
        for path in space.parameters.map(\.path) + curves.trials.flatMap({ $0.configuration.entries.map(\.path) })
        where seen.insert(path).inserted { paths.append(path) }
        return paths
    }

    /// The short names of the parameters, by their paths.
    var names: [String: String] {
        let paths = paths
        return Dictionary(uniqueKeysWithValues: zip(paths, ParameterNames.short(paths)))
    }

    /// The range of a parameter. One path may stand in several branches of a choice: the first one's.
    func domain(_ path: String) -> ParameterDomain? { space.parameters.first { $0.path == path }?.domain }

    /// Seconds since 1970 at which each epoch of `trial` ended.
    func times(of trial: CurvesDocument.Trial) -> [Double] {
        var time = began
        return trial.curve.observations.map { observation in
            time += observation.seconds
            return time
        }
    }

    /// What other tools keep of a trial as text, beside its parameters: the same words everywhere.
    func attributes(of trial: CurvesDocument.Trial) -> [(key: String, value: String)] {
        var attributes = [
            ("sweepd.sweep", sweep), ("sweepd.trial", String(trial.trial)),
            ("sweepd.configuration_id", trial.configuration.id.description), ("sweepd.seed", String(trial.seed)),
            ("sweepd.state", trial.stoppedEarly ? "\(trial.state.name) early" : trial.state.name),
        ]
        if let fold = trial.fold { attributes.append(("sweepd.fold", String(fold))) }
        if let parent = trial.parent {
            attributes.append(("sweepd.copied_from", "trial \(parent.trial), epoch \(parent.epoch)"))
        }
        if trial.isFinal { attributes.append(("sweepd.final", "true")) }
        if let reason = trial.state.reason { attributes.append(("sweepd.reason", reason)) }
        if let finding = findings[trial.trial] { attributes.append(("sweepd.finding", finding)) }
        return attributes.map { (key: $0.0, value: $0.1) }
    }
}
