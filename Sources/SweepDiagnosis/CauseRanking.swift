package import SweepCore
import SweepNumerics

/// Why a run shows what it shows, as far as it can be told without another run.
///
/// Each cause has its own odds, ln(prior odds) + Σ weights of its clues, because several may be at work; a cause without a clue
/// for it is not listed. Priors follow what 52 real faulty programs were mended by (DeepFD, ICSE 2022); weights are judgements,
/// set by hand on the tuning half of the fault benchmark. Nothing here is confirmed: the experiment does that.
package enum CauseRanking {
    /// Below it a cause is not listed.
    private static let least = 0.1
    private static let rules =
        RateCauses.rules + DataCauses.rules + CapacityCauses.rules + NetworkCauses.rules + ProgramCauses.rules

    /// The causes of a run, the most probable first; equally probable ones in the catalogue's order.
    package static func causes(of run: RunEvidence, symptoms: SymptomReport) -> [CauseFinding] {
        let context = CauseContext(run: run, symptoms: symptoms)
        var found: [CauseFinding] = []
        for rule in rules {
            let clues = rule.clues(context)
            guard clues.contains(where: { $0.weight > 0 }) else { continue }
            let weight: Double = clues.reduce(0) { $0 + $1.weight }
            let odds = Elementary.log(rule.prior / (1 - rule.prior)) + weight
            let probability = 1 / (1 + Elementary.exp(-odds))
            guard probability >= least else { continue }
            // The strongest first; what speaks against it stands last.
            let ordered = clues.indices.sorted {
                clues[$0].weight != clues[$1].weight ? clues[$0].weight > clues[$1].weight : $0 < $1
            }.map { clues[$0] }
            found.append(
                CauseFinding(
                    cause: rule.cause,
                    probability: probability,
                    evidence: ordered.map { clue in clue.weight < 0 ? "against: \(clue.text)" : clue.text },
                    neighbours: rule.neighbours,
                    remedy: rule.remedy(context)
                )
            )
        }
        let order = Dictionary(uniqueKeysWithValues: Cause.allCases.enumerated().map { ($1, $0) })
        return found.sorted {
            $0.probability != $1.probability
                ? $0.probability > $1.probability : (order[$0.cause] ?? 0) < (order[$1.cause] ?? 0)
        }
    }
}

/// What a report says in the end.
package enum Verdict: Hashable, Sendable {
    /// No symptom that asks for a cause.
    case noFault
    /// One cause, or several that do not look alike and may be at work together.
    case causes([Cause])
    /// Two that look alike, and the experiment that would decide between them.
    case undecided(Cause, Cause, experiment: String)
    /// Symptoms without a cause that is likely enough.
    case unexplained

    /// How likely a cause must be to be spoken of at all, alone or beside one that looks like it.
    package static let least = 0.3
    /// How likely a cause must be to be named.
    private static let named = 0.5
    /// How near a neighbour's odds must come to leave it open, in nats: a factor of two; of four, where the first is not likely
    /// enough to be named.
    private static let margin = (named: 0.7, unnamed: 1.4)

    /// The verdict on these causes, the most likely first, of a run that shows `symptoms`.
    package init(_ causes: [CauseFinding], symptoms: SymptomReport) {
        guard let first = causes.first, first.probability >= Self.least else {
            self = symptoms.complaints.isEmpty ? .noFault : .unexplained
            return
        }
        guard !symptoms.complaints.isEmpty || first.probability >= Self.named else {
            self = .noFault
            return
        }
        let margin = first.probability >= Self.named ? Self.margin.named : Self.margin.unnamed
        for other in causes.dropFirst() where Self.odds(first) - Self.odds(other) < margin {
            let experiment =
                first.neighbours.first { $0.cause == other.cause }?.experiment
                ?? other.neighbours.first { $0.cause == first.cause }?.experiment
            if let experiment {
                self = .undecided(first.cause, other.cause, experiment: experiment)
                return
            }
        }
        guard first.probability >= Self.named else {
            self = .unexplained
            return
        }
        // A cause that looks like a likelier one is not a second one.
        var together = [first]
        for other in causes.dropFirst() where other.probability >= 0.7 && together.count < 3 {
            let alike = together.contains { known in
                known.neighbours.contains { $0.cause == other.cause }
                    || other.neighbours.contains { $0.cause == known.cause }
            }
            if !alike { together.append(other) }
        }
        self = .causes(together.map(\.cause))
    }

    private static func odds(_ cause: CauseFinding) -> Double {
        let p = min(max(cause.probability, 1e-9), 1 - 1e-9)
        return Elementary.log(p / (1 - p))
    }

    /// The verdict in a sentence.
    package var text: String {
        switch self {
        case .noFault: "no fault found"
        case .causes(let causes): causes.map(\.words).joined(separator: "; and ") + " (not confirmed)"
        case .undecided(let a, let b, let experiment):
            "undecided between \(a.words) and \(b.words); this would decide: \(experiment)"
        case .unexplained: "unexplained: no cause is likely enough; `sweepd selftest` looks for a bug"
        }
    }
}
