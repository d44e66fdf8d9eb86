package import SweepCore

/// The report on one run: symptoms, causes and a verdict, a function of what is known of it.
package struct Diagnosis: Sendable {
    package let symptoms: SymptomReport
    package let causes: [CauseFinding]
    package let verdict: Verdict

    /// Looks at a run.
    package init(_ run: RunEvidence) {
        symptoms = SymptomReport(run)
        causes = CauseRanking.causes(of: run, symptoms: symptoms)
        verdict = Verdict(causes, symptoms: symptoms)
    }
}
