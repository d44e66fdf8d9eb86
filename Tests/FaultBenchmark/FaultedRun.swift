import SweepCore
import SweepDiagnosis

/// A run of a base task with some faults in it, or with none.
struct FaultedRun: Sendable {
    let task: BaseTask
    /// Empty: sound.
    let kinds: [FaultKind]
    let injections: [Injection]
    /// What a sound run does differently from its base; empty for the base itself.
    let variant: String
    let overrides: [String]

    init(_ task: BaseTask, _ kinds: [FaultKind], _ injections: [Injection]) {
        self.task = task
        self.kinds = kinds
        self.injections = injections
        variant = ""
        overrides = injections.flatMap(\.overrides)
    }

    init(_ task: BaseTask, variant: String, overrides: [String]) {
        self.task = task
        kinds = []
        injections = []
        self.variant = variant
        self.overrides = overrides
    }

    /// The run in words.
    var name: String {
        let faults = zip(kinds, injections).map { "\($0.name) (\($1.dose))" }.joined(separator: " + ")
        return "\(task.name): \(faults.isEmpty ? (variant.isEmpty ? "sound" : variant) : faults)"
    }

    /// Names the edits of the data, for the random draws they make and for keeping the result.
    var dataKey: String {
        let edits = zip(kinds, injections).filter { $1.edit != nil }.map { "\($0.name)/\($1.dose)" }
        return ([task.name] + edits).joined(separator: "|")
    }

    /// Sound runs: each base as it is, and as people change it without harm, some of it odd to look at.
    static func sound(_ task: BaseTask) -> [FaultedRun] {
        func run(_ variant: String, _ overrides: String...) -> FaultedRun {
            FaultedRun(task, variant: variant, overrides: overrides)
        }
        return [
            run(""), run("rate × 2", task.rate(times: 2)), run("rate / 2", task.rate(times: 0.5)),
            run("batch / 2", "train.batch_size=\(task.batch / 2)"),
            run("batch × 2", "train.batch_size=\(task.batch * 2)"),
            run("cosine", "train.learning_rate_schedule=cosine"), run("width × 2", task.model(width: task.width * 2)),
            run("small penalty", "train.l2=0.0001"), run("dropout .1", task.model("dropout: 0.1")),
            run("other rows", "data.seed=17"), run("glorot", "train.initializer=glorot"),
        ]
    }
}

/// What a run came to, and what is known of it.
struct RunResult: Sendable {
    /// Balanced accuracy or R² on test rows; a run without numbers has that of guessing.
    let quality: Double
    /// ln of the loss on test rows over that of guessing, from ln 0.001 to ln 4; nil where another loss was trained, whose unit is
    /// another.
    let loss: Double?
    /// Quality on validation rows, as a user sees it.
    let validation: Double
    /// nil: refused before the first step.
    let evidence: RunEvidence?
    /// Why it was refused.
    let refusal: [Cause]
}

/// How much of the evidence a diagnosis is given.
package enum EvidenceLevel: String, CaseIterable, Sendable {
    case curve = "curve only"
    case specification = "+ specification"
    case instruments = "+ instruments"
    case data = "+ data checks"
}

/// What a diagnosis said of one run.
struct Answer: Sendable {
    /// The likeliest first.
    let causes: [CauseFinding]
    let verdict: Verdict

    var named: [Cause] { isFault ? causes.map(\.cause) : [] }
    var isFault: Bool { verdict != .noFault }

    init(_ result: RunResult, _ level: EvidenceLevel) {
        guard let evidence = result.evidence else {
            causes = result.refusal.map {
                CauseFinding(cause: $0, probability: 1, evidence: ["refused"], neighbours: [], remedy: .init(""))
            }
            verdict = .causes(result.refusal)
            return
        }
        let diagnosis = Diagnosis(evidence.reduced(to: level))
        causes = diagnosis.causes
        verdict = diagnosis.verdict
    }
}

extension RunEvidence {
    /// What is known of the run at a level of evidence.
    fileprivate func reduced(to level: EvidenceLevel) -> RunEvidence {
        let hasSpecification = level != .curve
        var reduced = RunEvidence(
            curve: curve,
            budget: budget,
            chanceLoss: chanceLoss,
            instruments: level == .instruments || level == .data ? instruments : nil,
            trial: hasSpecification ? trial : nil,
            schema: hasSpecification ? schema : nil,
            data: level == .data ? data : nil,
            notes: hasSpecification ? notes : [],
            optimizerKey: hasSpecification ? optimizerKey : nil
        )
        if level == .data { reduced.rangeTest = rangeTest }
        return reduced
    }
}
