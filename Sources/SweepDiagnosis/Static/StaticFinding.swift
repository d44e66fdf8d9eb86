package import SweepCore

/// What can be told of a run before its first step, from its specification and the data's schema alone.
package struct StaticFinding: Hashable, Sendable {
    /// How sure it is that the run cannot be what was meant.
    package enum Severity: String, Sendable {
        /// It cannot learn, whatever the data: nothing is started.
        case error
        /// It is told, and the run goes on: a deliberate fault is an experiment.
        case warning
    }

    package let severity: Severity
    /// The cause that a report would name.
    package let cause: Cause
    /// Where it stands, with the path, what was found and what would be in order.
    package let problem: SpecProblem

    package init(_ severity: Severity, _ cause: Cause, _ problem: SpecProblem) {
        self.severity = severity
        self.cause = cause
        self.problem = problem
    }
}

extension StaticChecks {
    /// What the checks say of every option of every choice and of both bounds of every range of a sweep, each once, at its
    /// place in the sweep file.
    ///
    /// A choice whose other options are in order is an experiment: what would be an error is told as a warning there, unless
    /// every configuration has it.
    package static func findings(of sweep: Sweep, on schema: DataSchema) -> [StaticFinding] {
        var found: [StaticFinding] = []
        var places: [SpecProblem: Int] = [:]
        var counts: [SpecProblem: Int] = [:]
        var configurations = 0
        var hopeless = 0
        for configuration in sweep.space.cover {
            guard let resolved = sweep.space.resolve(configuration),
                let trial = TrialSpec.read(resolved, problems: SpecProblems())
            else { continue }
            configurations += 1
            var own: Set<SpecProblem> = []
            var isHopeless = false
            for finding in findings(of: trial, on: schema) {
                let problem = SpecProblem(
                    path: sweep.space.place(of: finding.problem.path, in: configuration),
                    message: finding.problem.message,
                    found: finding.problem.found,
                    allowed: finding.problem.allowed,
                    side: finding.problem.side
                )
                if finding.severity == .error { isHopeless = true }
                if places[problem] == nil {
                    places[problem] = found.count
                    found.append(StaticFinding(finding.severity, finding.cause, problem))
                }
                if own.insert(problem).inserted { counts[problem, default: 0] += 1 }
            }
            if isHopeless { hopeless += 1 }
        }
        found += ranking(by: sweep.objective, on: schema)
        return found.map { finding in
            // No configuration escapes it, or each has one or another: either way nothing of the sweep can learn.
            let isEverywhere = counts[finding.problem] == configurations || hopeless == configurations
            return finding.severity == .error && !isEverywhere
                ? StaticFinding(.warning, finding.cause, finding.problem) : finding
        }
    }
}
