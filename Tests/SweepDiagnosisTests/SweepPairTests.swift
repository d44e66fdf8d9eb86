import SweepCore
import SweepDiagnosis
import Testing

/// What a sweep has shown already of one of its runs.
@Suite struct SweepPairTests {
    private static func run(
        _ trial: Int,
        rate: Double,
        width: Int = 32,
        epochs: Int = 10,
        _ value: Double?
    ) -> SweepPair.Run {
        SweepPair.Run(
            trial: trial,
            configuration: Configuration([
                .init(path: "rate", value: .real(rate)), .init(path: "width", value: .integer(width)),
            ]),
            epochs: epochs,
            value: value
        )
    }

    private func pairs(
        of run: SweepPair.Run,
        _ others: SweepPair.Run...,
        objective: Objective = Objective()
    ) -> [SweepPair] {
        SweepPair.better(than: run, among: [run] + others, objective: objective)
    }

    @Test func `of each parameter the best trial that differs in it alone is told`() {
        let found = pairs(
            of: Self.run(1, rate: 0.1, 1),
            Self.run(2, rate: 0.01, 0.5),
            Self.run(3, rate: 0.001, 0.3),
            Self.run(4, rate: 0.1, width: 64, 0.4),
            Self.run(5, rate: 0.001, width: 64, 0.1)
        )
        #expect(
            found == [
                SweepPair(trial: 3, path: "rate", from: .real(0.1), to: .real(0.001), value: 0.3),
                SweepPair(trial: 4, path: "width", from: .integer(32), to: .integer(64), value: 0.4),
            ]
        )
    }

    @Test func `a difference that nobody would mend is none, nor one of a shorter run`() {
        let own = Self.run(1, rate: 0.1, 1)
        #expect(pairs(of: own, Self.run(2, rate: 0.01, 0.91)).isEmpty)
        #expect(pairs(of: own, Self.run(2, rate: 0.01, 0.89)).count == 1)
        #expect(pairs(of: own, Self.run(2, rate: 0.01, epochs: 9, 0.5)).isEmpty)
        #expect(pairs(of: own, Self.run(2, rate: 0.01, nil), Self.run(3, rate: 0.02, .nan)).isEmpty)
        #expect(pairs(of: own, Self.run(2, rate: 0.1, 0.5)).isEmpty)
        let accuracy = Objective(metric: .validationAccuracy, direction: .maximize)
        let scored = Self.run(1, rate: 0.1, 0.5)
        #expect(pairs(of: scored, Self.run(2, rate: 0.01, 0.51), objective: accuracy).isEmpty)
        #expect(pairs(of: scored, Self.run(2, rate: 0.01, 0.53), objective: accuracy).count == 1)
    }

    @Test func `beside a run without a number any number is better`() {
        #expect(pairs(of: Self.run(1, rate: 0.1, .infinity), Self.run(2, rate: 0.01, 2.3)).map(\.trial) == [2])
        #expect(pairs(of: Self.run(1, rate: 0.1, nil), Self.run(2, rate: 0.01, 2.3)).map(\.trial) == [2])
    }
}
