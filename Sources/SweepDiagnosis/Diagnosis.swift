package import SweepCore

/// The report on one run: symptoms, causes and a verdict, a function of what is known of it.
package struct Diagnosis: Sendable {
    package let symptoms: SymptomReport
    package let causes: [CauseFinding]
    package let verdict: Verdict
    /// Class by class, where a reading tells of them.
    package let classes: [ClassState]
    /// After which epoch they were so.
    package let classesEpoch: Int?
    /// Whether they fare so differently that somebody should see them.
    package let classesDiffer: Bool
    /// The gradient's noise, where a reading tells of it.
    package let noise: NoiseState?

    /// Looks at a run.
    package init(_ run: RunEvidence) {
        symptoms = SymptomReport(run)
        causes = CauseRanking.causes(of: run, symptoms: symptoms)
        verdict = Verdict(causes, symptoms: symptoms)
        classes = run.classes
        classesEpoch = classes.isEmpty ? nil : run.instruments?.newestClasses?.epoch
        classesDiffer = ClassState.differ(classes, chance: run.chanceLoss)
        noise = run.noise
    }
}
