import SweepCoordination
import SweepCore
import SweepTestKit
import SweepTraining
import Testing

/// Population-based training on the digits, with the real core and the real training.
@Suite struct PopulationDigitsTests {
    private static let members = 6
    private static let epochs = 20

    private static func map(_ entries: (String, SpecNode)...) -> SpecNode {
        .map(entries.map { SpecEntry($0.0, $0.1) })
    }

    /// Six members whose learning rates begin with `rates`, or are drawn; as a population, or each to its end alone.
    private static func source(isPopulation: Bool, seed: Int, rates: [Double]) -> SpecNode {
        let sgd = map(
            ("learning_rate", .domain(.logUniform(low: 1e-5, high: 1, points: nil))),
            ("momentum", .real(0.9))
        )
        var search = [
            SpecEntry("seed", .integer(seed)), SpecEntry("parallelism", .integer(members)),
        ]
        if !rates.isEmpty {
            let first = rates.map { map(("learning_rate", .real($0))) }
            search.append(SpecEntry("try_first", .list(first)))
        }
        search +=
            isPopulation
            ? [
                SpecEntry("method", .text("pbt")), SpecEntry("population", .integer(members)),
                SpecEntry("interval", .integer(2)), SpecEntry("perturb", .list([.real(0.5), .real(2)])),
                SpecEntry("resample", .real(0)),
            ] : [SpecEntry("method", .text("random")), SpecEntry("trials", .integer(members))]
        return map(
            ("name", .text("population-\(isPopulation)-\(seed)")),
            (
                "data",
                map(
                    ("source", .text("data/digits.csv.gz")),
                    ("target", .text("label")),
                    ("test", .real(0.1)),
                    ("preprocess", .list([.text("standardize")]))
                )
            ),
            (
                "train",
                map(
                    ("model", map(("mlp", map(("widths", .list([.integer(16)])))))),
                    ("optimizer", map(("sgd", sgd))),
                    ("batch_size", .integer(64)),
                    ("epochs", .integer(epochs))
                )
            ),
            ("search", .map(search)),
            ("prune", .text("none"))
        )
    }

    private static func best(_ sweep: SweepProgress) -> Double {
        sweep.trials.compactMap { $0.curve.best(for: sweep.sweep.objective)?.value }.filter(\.isFinite).min()
            ?? .infinity
    }

    @Test(.timeLimit(.minutes(3)))
    func `every curve of a population is that of its lineage alone, with deaths on the way`() throws {
        let trainer = try Trainer()
        let sweep = try DigitsSweepTests.sweep(Self.source(isPopulation: true, seed: 1, rates: []), trainer)
        #expect(sweep.state == .finished && sweep.trials.count > Self.members)
        #expect(sweep.trials.count { $0.ended == .completed } == Self.members)
        var copies = 0
        for trial in sweep.trials {
            let template = try #require(sweep.template(of: trial.number))
            let alone = try trainer.run(template, seed: trial.seed)
            #expect(alone.epoch == trial.parent?.epoch ?? 0)
            for observation in trial.curve.observations.dropFirst(alone.epoch) {
                #expect(
                    observation.matches(try #require(alone.trainEpoch())),
                    "trial \(trial.number), epoch \(observation.epoch)"
                )
            }
            if trial.parent != nil { copies += 1 }
        }
        #expect(copies > 3)
    }

    /// The same six members, seeds 1 to 5: learning rates from 1e-4 to 6e-4 where about 0.03 is best.
    @Test(.timeLimit(.minutes(5)))
    func `a population whose learning rates begin far off ends better than its members alone`() throws {
        let trainer = try Trainer()
        let rates = (1...Self.members).map { Double($0) * 1e-4 }
        var wins = 0
        for seed in 1...5 {
            let population = try DigitsSweepTests.sweep(
                Self.source(isPopulation: true, seed: seed, rates: rates),
                trainer
            )
            let alone = try DigitsSweepTests.sweep(Self.source(isPopulation: false, seed: seed, rates: rates), trainer)
            #expect(population.trials.prefix(6).map(\.configuration) == alone.trials.map(\.configuration))
            #expect(
                population.epochsTrained == alone.epochsTrained && alone.epochsTrained == Self.members * Self.epochs
            )
            let (found, base) = (Self.best(population), Self.best(alone))
            print(
                "seed \(seed): a population \(found), its members alone \(base), \(population.trials.count - 6) copies"
            )
            if found < base * 0.8 { wins += 1 }
        }
        #expect(wins == 5)
    }
}
