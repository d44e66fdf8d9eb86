import SweepCore
import SweepReports
import SweepSearch

extension Samples {
    static let importance = ImportanceDocument(
        sweep: "digits",
        objective: Objective(),
        comparedAt: 3,
        importance: Importance(
            parameters: [
                .init(
                    path: "train.optimizer.adam.learning_rate",
                    variance: 0.75,
                    deviation: 0.05,
                    amongBest: 0.6,
                    marginal: [
                        .init(value: .real(1e-4), objective: 0.5, deviation: 0.1),
                        .init(value: .real(1e-3), objective: 0.1, deviation: 0.02),
                        .init(value: .real(0.1), objective: 2, deviation: 0.2),
                    ]
                ),
                .init(
                    path: "train.model.mlp.activation",
                    variance: 0.125,
                    deviation: 0.02,
                    amongBest: nil,
                    marginal: [.init(value: .text("relu"), objective: 0.25, deviation: 0)]
                ),
            ],
            pairs: [
                .init(
                    first: "train.optimizer.adam.learning_rate",
                    second: "train.model.mlp.activation",
                    variance: 0.0625,
                    deviation: 0.01
                )
            ],
            advice: [
                RangeAdvice(
                    path: "train.optimizer.adam.learning_rate",
                    change: .widen(low: .real(1e-5), high: nil),
                    agreeing: 6,
                    best: 8,
                    chance: 0.001
                ),
                RangeAdvice(
                    path: "train.batch_size",
                    change: .widen(low: nil, high: .integer(96)),
                    agreeing: 7,
                    best: 8,
                    chance: 0.0001
                ),
                RangeAdvice(
                    path: "train.epochs",
                    change: .narrow(low: .integer(3), high: .integer(5)),
                    agreeing: 8,
                    best: 8,
                    chance: 0.002
                ),
                RangeAdvice(
                    path: "train.model.mlp.activation",
                    change: .drop([.text("tanh"), .none]),
                    agreeing: 8,
                    best: 8,
                    chance: 0.003
                ),
            ],
            explained: 0.875,
            configurations: 80,
            bounded: 2
        )
    )

    /// One of each reason.
    static let reasons: [ProposalReason] = [
        .triedFirst, .regardless, .startup(results: 3, needed: 10), .independent,
        .densities(best: 2, others: 14, logBest: 1.5, logOthers: -2.25, candidates: 24, median: 0.5, rung: 3),
        .densities(best: 2, others: 14, logBest: 1.5, logOthers: -2.25, candidates: 23, median: 0.5, rung: nil),
        .improvement(results: 12, pending: 3, mean: -1.5, deviation: 0.25, incumbent: -1.25, logImprovement: -2),
        .generation(number: 2, run: 0, population: 8, stepSize: 0.125),
        .mutation(parent: 6, living: 20, changed: ["train.batch_size"]),
        .copy(
            trial: 5,
            epoch: 6,
            replaced: 3,
            changes: [
                .init(path: "train.optimizer.sgd.learning_rate", from: .real(0.1), to: .real(0.125), factor: 1.25),
                .init(path: "train.batch_size", from: .integer(32), to: .integer(64), factor: nil),
            ]
        ),
        .copy(trial: 5, epoch: 6, replaced: 3, changes: []),
        .crossover(parents: [6, 11], population: 50, changed: ["train.batch_size"]),
        .finalist(place: 2, run: 3), .enqueued,
    ]

    static let explanation = explained(reasons[4], state: .pruned(.scheduler))

    static func explained(_ reason: ProposalReason?, state: TrialState) -> ExplanationDocument {
        ExplanationDocument(
            sweep: "digits",
            objective: Objective(),
            state: state,
            method: "tpe",
            picked: "parameters depend on choices",
            rule: "asha, of the results at a level the best one in 3 go on",
            rulePicked: "tpe learns from high rungs",
            explanation: TrialExplanation(
                trial: 17,
                configuration: Configuration([.init(path: "train.batch_size", value: .integer(32))]),
                reason: reason,
                firstRun: 16,
                results: 12,
                pending: 3,
                neighbours: [
                    .init(trial: 4, distance: 0.0625, epoch: 9, objective: 0.25),
                    .init(trial: 2, distance: 0.5, epoch: 3, objective: .infinity),
                ],
                standings: [
                    .init(
                        epoch: 3,
                        objective: 0.5,
                        place: 2,
                        of: 12,
                        best: 0.25,
                        median: 0.75,
                        wentOn: 3,
                        verdict: .promoted(to: 9)
                    ),
                    .init(
                        epoch: 9,
                        objective: .infinity,
                        place: 4,
                        of: 4,
                        best: 0.125,
                        median: 0.25,
                        wentOn: 1,
                        verdict: .stopped
                    ),
                ]
            )
        )
    }
}
