import SweepCore
import SweepDiagnosis
import SweepReports
import SweepSearch

/// Documents for tests.
enum Samples {
    static let diagnosis = DiagnosisDocument(
        sweep: "digits",
        reports: [
            DiagnosisDocument.Report(
                trial: 4,
                name: "rate 0.1",
                metric: .validationLoss,
                value: .nan,
                bestOfSweep: 0.1,
                Diagnosis(RunEvidence(curve: curve([2.3, 4.5, .nan]), budget: 3, chanceLoss: 2.3, bestProbeLoss: 0.1)),
                unknown: ["the layers"]
            )
        ],
        regions: [
            SickRegion(
                symptom: .diverging,
                conditions: [
                    .init(path: "train.optimizer.sgd.learning_rate", bound: .atLeast(.real(0.12))),
                    .init(path: "train.model.mlp.width", bound: .atLeast(.integer(128))),
                ],
                inside: 37,
                sick: 36,
                sickInAll: 38,
                all: 81,
                chance: 0.0000213
            ),
            SickRegion(
                symptom: .slow,
                conditions: [
                    .init(path: "train.optimizer", bound: .equal(.text("sgd"))),
                    .init(path: "train.optimizer.sgd.learning_rate", bound: .atMost(.real(1e-5))),
                ],
                inside: 9,
                sick: 9,
                sickInAll: 9,
                all: 81,
                chance: 3e-15
            ),
        ]
    )

    static let metrics: [Metric] = [.trainingLoss, .probeLoss, .validationLoss, .validationAccuracy, .gradientNorm]

    static func curve(_ losses: [Double]) -> LearningCurve {
        LearningCurve(
            metrics: metrics,
            observations: losses.enumerated().map { index, loss in
                Observation(
                    epoch: index + 1,
                    values: [loss, loss * 0.9, loss * 1.1, 1 / (1 + loss), loss * 3],
                    seconds: 0.25
                )
            }
        )
    }

    static func sgd(_ rate: Double) -> Configuration {
        Configuration([
            .init(path: "train.model.mlp.width", value: .integer(64)),
            .init(path: "train.optimizer", value: .text("sgd")),
            .init(path: "train.optimizer.sgd.learning_rate", value: .real(rate)),
            .init(path: "train.batch_size", value: .integer(32)),
        ])
    }

    static func adam(_ rate: Double) -> Configuration {
        Configuration([
            .init(path: "train.model.mlp.width", value: .integer(128)),
            .init(path: "train.optimizer", value: .text("adam")),
            .init(path: "train.optimizer.adam.learning_rate", value: .real(rate)),
            .init(path: "train.batch_size", value: .integer(32)),
        ])
    }

    static let records: [TrialRecord] = [
        TrialRecord(
            number: 1,
            configuration: adam(0.001),
            seed: 0xFFFF_FFFF_FFFF_FFFE,
            state: .completed,
            curve: curve([0.5, 0.3, 0.2]),
            coreSeconds: 0.75,
            workers: ["node-a"]
        ),
        TrialRecord(
            number: 2,
            configuration: adam(0.001),
            seed: 7,
            repetition: 1,
            state: .completed,
            curve: curve([0.5, 0.32, 0.22]),
            attempts: 2,
            coreSeconds: 0.8,
            workers: ["node-a", "node-b"]
        ),
        TrialRecord(
            number: 3,
            configuration: sgd(1),
            seed: 8,
            state: .pruned(.cannotRecover),
            curve: curve([0.9, .infinity]),
            coreSeconds: 0.5,
            workers: ["node-b"],
            finding: Finding(symptom: .nonFinite, sinceEpoch: 2, evidence: "training.loss is inf in epoch 2")
        ),
        TrialRecord(
            number: 4,
            configuration: sgd(0.01),
            seed: 9,
            state: .pruned(.scheduler),
            curve: curve([0.8]),
            coreSeconds: 0.25,
            workers: ["node-b"],
            finding: Finding(symptom: .slow, sinceEpoch: 1, evidence: "slow, says \"the rule\", 50 %")
        ),
        TrialRecord(number: 5, configuration: sgd(0.1), seed: 10, state: .failed("signal 9"), curve: curve([])),
        TrialRecord(number: 6, configuration: adam(1e-5), seed: 11, state: .waiting, curve: curve([])),
    ]

    static let rank = RankDocument(
        sweep: "digits",
        objective: Objective(),
        rows: Ranking.rows(records, objective: Objective(), levels: [1, 3])
    )

    static let curves = CurvesDocument(
        sweep: "digits",
        objective: Objective(),
        trials: records.map { CurvesDocument.Trial($0) }
    )

    static let status = StatusDocument(
        sweep: "digits",
        state: "running",
        trials: TrialCounts(records.map(\.state)),
        trialsPlanned: 81,
        epochs: 9,
        epochsPerSecond: 123.456,
        secondsLeft: 95,
        best: .init(trial: 1, configurationID: adam(0.001).id.description, objective: 0.22, epoch: 3),
        workers: [
            .init(id: "node-a", host: "10.0.0.1", slots: 2, busy: 2, kernels: "v3", lastSeen: 0.5),
            .init(
                id: "node-b",
                host: "10.0.0.2",
                slots: 2,
                busy: 0,
                kernels: "v4",
                lastSeen: 1.2,
                idleBecause: "every trial waits for a result"
            ),
        ]
    )

    static let list = ListDocument(sweeps: [
        .init(
            sweep: "digits",
            number: 1,
            state: "running",
            trials: TrialCounts(records.map(\.state)),
            trialsPlanned: 81,
            epochs: 9,
            objective: Objective(metric: .validationAccuracy, direction: .maximize, epoch: .last),
            best: status.best
        ),
        .init(sweep: "empty", number: 2, state: "paused", trials: TrialCounts(), epochs: 0, objective: Objective()),
    ])
}
