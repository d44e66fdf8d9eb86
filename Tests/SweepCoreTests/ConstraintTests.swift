import SweepCore
import Testing

/// Conditions on parameters: what they mean, and what is said of wrong ones.
@Suite struct ConstraintTests {
    private static let space = SearchSpace(
        template: .map([
            SpecEntry("layers", .domain(.integer(low: 1, high: 4, step: 1))),
            SpecEntry("width", .domain(.logInteger(low: 4, high: 256, points: nil))),
            SpecEntry("batch_size", .domain(.choice([ChoiceOption(.integer(16)), ChoiceOption(.integer(64))]))),
            SpecEntry("norm", .domain(.choice([ChoiceOption(.boolean(true)), ChoiceOption(.boolean(false))]))),
            SpecEntry(
                "optimizer",
                .domain(
                    .choice([
                        ChoiceOption(
                            .map([
                                SpecEntry(
                                    "sgd",
                                    .map([SpecEntry("rate", .domain(.uniform(low: 0, high: 1, step: nil, points: nil)))]
                                    )
                                )
                            ])
                        ),
                        ChoiceOption(
                            .map([
                                SpecEntry(
                                    "adam",
                                    .map([SpecEntry("rate", .domain(.uniform(low: 0, high: 1, step: nil, points: nil)))]
                                    )
                                )
                            ])
                        ),
                    ])
                )
            ),
        ])
    )

    private static let configuration = Configuration([
        .init(path: "layers", value: .integer(3)), .init(path: "width", value: .integer(40)),
        .init(path: "batch_size", value: .integer(16)), .init(path: "norm", value: .flag(true)),
        .init(path: "optimizer", value: .text("sgd")), .init(path: "optimizer.sgd.rate", value: .real(0.25)),
    ])

    @Test(arguments: [
        ("layers * width <= 120", true), ("layers * width < 120", false), ("layers + width * 2 == 83", true),
        ("(layers + width) * 2 == 86", true), ("10 - 4 - 3 == layers", true), ("width / layers / 2 > 6.6", true),
        ("-layers < -2", true), ("not layers == 3", false), ("not (layers == 2)", true),
        ("layers == 2 or width == 40 and batch_size == 16", true),
        ("(layers == 2 or width == 40) and batch_size == 64", false),
        ("norm", true), ("not norm", false), ("norm == false", false), ("optimizer == 'sgd'", true),
        ("optimizer != \"sgd\"", false), ("sgd.rate * 4 == 1", true), ("optimizer.sgd.rate == 2.5e-1", true),
        ("layers >= 3 and layers <= 3", true), ("width != 40", false),
    ])
    func `expressions mean what they say`(_ text: String, _ expected: Bool) throws {
        #expect(try Constraint(text).resolved(in: Self.space).holds(Self.configuration) == expected)
    }

    @Test func `a condition on a parameter that is not active does not apply`() throws {
        for text in ["adam.rate > 2", "adam.rate < 2", "not adam.rate > 2"] {
            #expect(try Constraint(text).resolved(in: Self.space).holds(Self.configuration), "\(text)")
        }
    }

    @Test(arguments: [
        ("", "there is no expression at column 1"),
        ("layers *", "expected a value, found the end at column 9"),
        ("layers < 3 width", "expected an operator or the end, found width at column 12"),
        ("(layers < 3", "expected ), found the end at column 12"),
        ("layers # 3", "unexpected # at column 8"),
        ("depth < 3", "no parameter is called depth at column 1"),
        ("layers < 3 and rate < 1", "rate may mean optimizer.sgd.rate or optimizer.adam.rate at column 16"),
        ("layers + 1", "a condition is true or false; this is a value at column 1"),
        ("layers and norm", "and is for conditions at column 8"),
        ("optimizer < 3", "< is for numbers at column 11"),
        ("optimizer == 3", "== compares values that are never of one kind at column 11"),
        ("layers < 1e", "1e is no number at column 10"),
        ("optimizer == 'sgd", "a quote is not closed at column 14"),
        ("1 < layers < 3", "expected an operator or the end, found < at column 12"),
    ])
    func `mistakes are told with their column`(_ text: String, _ expected: String) {
        let fault = #expect(throws: Constraint.Fault.self) { try Constraint(text).resolved(in: Self.space) }
        #expect(fault?.description == expected)
    }

    @Test func `what is nested without end is refused`() {
        for text in [
            String(repeating: "(", count: 100_000), String(repeating: "not ", count: 100_000),
            String(repeating: "-", count: 100_000),
        ] {
            #expect(throws: Constraint.Fault.self) { try Constraint(text) }
        }
    }
}
