import SweepCore
import SweepNumerics
import Testing

@Suite struct SearchSpaceTests {
    /// `model: {widths: [{int: [8, 16]}, 4]}, optimizer: {choice: [sgd: {rate: log, nesterov: choice}, adam: {rate: log}, none]}`
    private let space = SearchSpace(
        template: .map([
            SpecEntry(
                "train",
                .map([
                    SpecEntry("widths", .list([.domain(.integer(low: 8, high: 16, step: 4)), .integer(4)])),
                    SpecEntry(
                        "optimizer",
                        .domain(
                            .choice([
                                ChoiceOption(
                                    .map([
                                        SpecEntry(
                                            "sgd",
                                            .map([
                                                SpecEntry(
                                                    "rate",
                                                    .domain(.logUniform(low: 0.001, high: 1, points: nil))
                                                ),
                                                SpecEntry(
                                                    "momentum",
                                                    .domain(
                                                        .choice([
                                                            ChoiceOption(.integer(0)),
                                                            ChoiceOption(
                                                                .map([
                                                                    SpecEntry(
                                                                        "heavy",
                                                                        .domain(
                                                                            .uniform(
                                                                                low: 0.5,
                                                                                high: 0.9,
                                                                                step: nil,
                                                                                points: nil
                                                                            )
                                                                        )
                                                                    )
                                                                ])
                                                            ),
                                                        ])
                                                    )
                                                ),
                                            ])
                                        )
                                    ])
                                ),
                                ChoiceOption(
                                    .map([
                                        SpecEntry(
                                            "adam",
                                            .map([
                                                SpecEntry(
                                                    "rate",
                                                    .domain(.logUniform(low: 1e-4, high: 0.1, points: nil))
                                                )
                                            ])
                                        )
                                    ])
                                ),
                                ChoiceOption(.null),
                            ])
                        )
                    ),
                ])
            )
        ])
    )

    private func configuration(_ values: [String: ParameterValue]) -> Configuration {
        space.configuration { values[$0.path] ?? $0.domain.extremes[0] }
    }

    @Test func `parameters are named by their path without the words of choices, parents first`() {
        #expect(
            space.parameters.map(\.path) == [
                "train.widths.0", "train.optimizer", "train.optimizer.sgd.rate", "train.optimizer.sgd.momentum",
                "train.optimizer.sgd.momentum.heavy", "train.optimizer.adam.rate",
            ]
        )
        #expect(space.parameters[1].condition == nil)
        #expect(space.parameters[4].condition == .init(path: "train.optimizer.sgd.momentum", option: 1))
        #expect(space.parameters[5].condition == .init(path: "train.optimizer", option: 1))
    }

    @Test func `only the parameters of the branch that is taken have a value`() {
        let sgd = configuration([:])
        #expect(
            sgd.entries.map(\.path) == [
                "train.widths.0", "train.optimizer", "train.optimizer.sgd.rate", "train.optimizer.sgd.momentum",
            ]
        )
        let adam = configuration(["train.optimizer": .text("adam")])
        #expect(adam.entries.map(\.path) == ["train.widths.0", "train.optimizer", "train.optimizer.adam.rate"])
        let heavy = configuration(["train.optimizer.sgd.momentum": .text("heavy")])
        #expect(heavy["train.optimizer.sgd.momentum.heavy"] == .real(0.5))
        #expect(configuration(["train.optimizer": .none]).entries.count == 2)
    }

    @Test func `a configuration resolves to a tree without ranges`() {
        let resolved = space.resolve(configuration(["train.optimizer": .text("adam"), "train.widths.0": .integer(12)]))
        let expected = SpecNode.map([
            SpecEntry(
                "train",
                .map([
                    SpecEntry("widths", .list([.integer(12), .integer(4)])),
                    SpecEntry(
                        "optimizer",
                        .map([SpecEntry("adam", .map([SpecEntry("rate", .real(1e-4))]))])
                    ),
                ])
            )
        ])
        #expect(resolved == expected)
    }

    @Test func `a configuration of another space does not resolve`() {
        let right = configuration([:])
        #expect(space.resolve(right) != nil)
        #expect(space.resolve(Configuration(Array(right.entries.dropLast()))) == nil)
        #expect(space.resolve(Configuration(right.entries + [.init(path: "more", value: .integer(1))])) == nil)
        #expect(space.resolve(configuration(["train.widths.0": .integer(20)])) == nil)
        #expect(space.resolve(configuration(["train.widths.0": .integer(9)])) == nil)
        #expect(space.resolve(configuration(["train.widths.0": .real(8)])) == nil)
        #expect(space.resolve(configuration(["train.optimizer": .text("lion")])) == nil)
        #expect(space.resolve(configuration(["train.optimizer.sgd.rate": .real(.nan)])) == nil)
    }

    @Test func `random configurations all resolve, and to trees without ranges`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = RandomStream(key: seed)
        for _ in 0..<2000 {
            let configuration = space.configuration { parameter in
                switch parameter.domain.range {
                case .choice(let options): options[random.below(options.count)].label
                case .integer(let low, let high, let step): .integer(low + step * random.below((high - low) / step + 1))
                case .uniform(let low, let high, _, _), .logUniform(let low, let high, _):
                    .real(min(high, low + (high - low) * random.uniform()))
                case .logInteger(let low, let high, _): .integer(low + random.below(high - low + 1))
                case .believed: .none
                }
            }
            let resolved = try #require(space.resolve(configuration), "seed \(seed)")
            var ranges = 0
            resolved.visitDomains(at: SpecPath()) { _, _ in ranges += 1 }
            #expect(ranges == 0, "seed \(seed)")
        }
    }

    @Test func `the cover takes every option and both bounds of every range`() {
        let cover = space.cover
        for parameter in space.parameters {
            for value in parameter.domain.extremes {
                #expect(cover.contains { $0[parameter.path] == value }, "\(parameter.path) = \(value)")
            }
        }
        #expect(cover.allSatisfy { space.resolve($0) != nil })
        #expect(Set(cover).count == cover.count)
    }

    @Test func `a path of the resolved tree leads back to the place in the file`() {
        let path = SpecPath([.key("train"), .key("optimizer"), .key("sgd"), .key("momentum"), .key("heavy")])
        let heavy = configuration(["train.optimizer.sgd.momentum": .text("heavy")])
        #expect(
            space.place(of: path, in: heavy).description
                == "train.optimizer.choice[0].sgd.momentum.choice[1].heavy"
        )
        let width = SpecPath([.key("train"), .key("widths"), .index(0)])
        #expect(space.place(of: width, in: heavy) == width)
        let none = configuration(["train.optimizer": .none])
        #expect(
            space.place(of: SpecPath([.key("train"), .key("optimizer")]), in: none).description
                == "train.optimizer.choice[2]"
        )
    }

    // The values were computed by an independent program from the definitions of FNV-1a and SplitMix64.
    @Test func `a configuration's name and a trial's seed are the same in every version`() {
        #expect(configuration([:]).id.description == "a816742d92")
        let adam = configuration(["train.optimizer": .text("adam"), "train.widths.0": .integer(16)])
        #expect(adam.id.description == "7d58f76db2")
        #expect(trialSeed(sweepSeed: 7, configuration: adam.id, repeat: 0) == 543413579463079695)
        #expect(
            trialSeed(sweepSeed: 7, configuration: adam.id, repeat: 1)
                != trialSeed(sweepSeed: 7, configuration: adam.id, repeat: 0)
        )
    }

    @Test func `configurations that differ in kind of value alone have different names`() {
        let values: [ParameterValue] = [
            .none, .flag(false), .flag(true), .integer(0), .integer(1), .real(0), .real(-0.0), .text("0"), .text(""),
        ]
        let names = values.map { Configuration([.init(path: "p", value: $0)]).id }
        #expect(Set(names).count == values.count)
        #expect(
            Configuration([.init(path: "p", value: .text("q"))]).id
                != Configuration([.init(path: "pq", value: .text(""))]).id
        )
    }
}
