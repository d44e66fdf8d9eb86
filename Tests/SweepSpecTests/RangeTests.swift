import SweepCore
import SweepSpec
import Testing

/// Each rule of ranges, where it fires and where it does not.
@Suite struct RangeTests {
    private func domain(_ text: String) throws -> ParameterDomain {
        let read = try sweep(file(train: "l2: \(text)\n  epochs: 9"))
        return try #require(read.sweep.space.parameters.first).domain
    }

    @Test func `each range is read with its extras`() throws {
        #expect(try domain("{uniform: [0, 0.5]}") == .uniform(low: 0, high: 0.5, step: nil, points: nil))
        #expect(try domain("{uniform: [0, 1], step: 0.25}") == .uniform(low: 0, high: 1, step: 0.25, points: nil))
        #expect(try domain("{uniform: [0, 1], points: 5}") == .uniform(low: 0, high: 1, step: nil, points: 5))
        #expect(try domain("{log: [1e-6, 1]}") == .logUniform(low: 1e-6, high: 1, points: nil))
        #expect(try domain("{log: [1e-6, 1], points: 7}") == .logUniform(low: 1e-6, high: 1, points: 7))
        #expect(try domain("{int: [0, 9]}") == .integer(low: 0, high: 9, step: 1))
        #expect(try domain("{int: [0, 9], step: 3}") == .integer(low: 0, high: 9, step: 3))
        #expect(try domain("{int: [0.0, 1e1]}") == .integer(low: 0, high: 10, step: 1))
        #expect(try domain("{log_int: [1, 64]}") == .logInteger(low: 1, high: 64, points: nil))
        #expect(try domain("{log_int: [1, 64], points: 3}") == .logInteger(low: 1, high: 64, points: 3))
        #expect(try domain("{choice: [0, 0.1]}") == .choice([.init(.integer(0)), .init(.real(0.1))]))
        #expect(try domain("{choice: [0.1]}") == .choice([.init(.real(0.1))]))
        let believed = RangePrior(mean: 1e-3, deviation: 0.5)
        #expect(
            try domain("{log: [1e-5, 1], prior: {mean: 1e-3, deviation: 0.5}}")
                == .believed(.logUniform(low: 1e-5, high: 1, points: nil), believed)
        )
        #expect(
            try domain("{int: [0, 9], step: 3, prior: {deviation: 2, mean: 4.5}}")
                == .believed(.integer(low: 0, high: 9, step: 3), RangePrior(mean: 4.5, deviation: 2))
        )
        #expect(
            try domain("{choice: [0, 0.1], prior: {weights: [3, 0]}}")
                == .choice([.init(.integer(0), weight: 3), .init(.real(0.1), weight: 0)])
        )
        #expect(try domain("{choice: [0, 0.1], prior: }") == .choice([.init(.integer(0)), .init(.real(0.1))]))
        #expect(try domain("{uniform: [0, 1], prior: }") == .uniform(low: 0, high: 1, step: nil, points: nil))
        #expect(try domain("{uniform: [0, 1], step: }") == .uniform(low: 0, high: 1, step: nil, points: nil))
    }

    @Test(arguments: [
        "he", "glorot", "lecun", "orthogonal", "{he: {distribution: normal, scale: 2}}", "{constant: 0.01}",
        "{normal: {deviation: 0.1}}", "{uniform: {bound: 0.1}}", "{uniform: {bound: {log: [0.01, 1]}}}",
        "{choice: [he, {uniform: {bound: 0.5}}]}",
    ]) func `every initializer can be written, the one that is called as a range is too`(text: String) {
        #expect(problems(file(train: "initializer: \(text)\n  epochs: 9")) == [])
    }

    @Test func `only with its bound is uniform an initializer`() throws {
        let read = try sweep(file(train: "initializer: {uniform: {bound: 0.3}}\n  epochs: 9"))
        let initializer = try #require(read.sweep.representative?.initializer)
        #expect(abs(initializer.scale - 0.3 / 3.0.squareRoot()) < 1e-15)
        let range = problems(file(train: "l2: {uniform: {min: 0, max: 1}}\n  epochs: 9"))
        #expect(range.contains { $0.contains("a range needs two numbers: train.l2.uniform") }, "\(range)")
    }

    @Test(arguments: [
        ("{uniform: 0.1}", "f:6:17: a range needs two numbers: train.l2.uniform, found 0.1, allowed [low, high]"),
        ("{uniform: [0, 1, 2]}", "a range needs two numbers: train.l2.uniform, found [0, 1, 2]"),
        ("{uniform: }", "a range needs two numbers: train.l2.uniform, found null"),
        ("{uniform: [0, ~]}", "not a number: train.l2.uniform[1], found null"),
        ("{int: [null, 3]}", "not an integer: train.l2.int[0], found null"),
        ("{uniform: [0, one]}", ":21: not a number: train.l2.uniform[1], found one"),
        ("{uniform: [1, 1]}", "the lower bound is not below the upper: train.l2.uniform, found [1, 1]"),
        ("{uniform: [2, 1]}", "the lower bound is not below the upper"),
        (
            "{uniform: [0, 1], step: 0}",
            "the step does not fit the range: train.l2.step, found 0, allowed above 0, at most 1"
        ),
        ("{uniform: [0, 1], step: -0.1}", "the step does not fit"),
        ("{uniform: [0, 1], step: 1.5}", "the step does not fit"),
        ("{uniform: [0, 1], step: a}", "not a number: train.l2.step, found a"),
        ("{uniform: [0, 1], points: 1}", "not an allowed value: train.l2.points, found 1, allowed an integer from 2"),
        ("{uniform: [0, 1], points: 2.5}", "not an integer: train.l2.points, found 2.5"),
        ("{uniform: [0, 1], step: 0.5, points: 3}", "step already says which values there are: train.l2.points"),
        ("{uniform: [-1e308, 1e308]}", "not a finite range"),
        (
            "{uniform: [0, 1], prior: 0.5}",
            ":32: a prior needs a mean and a deviation: train.l2.prior, found 0.5, allowed {mean: NUMBER, deviation: NUMBER}"
        ),
        (
            "{uniform: [0, 1], prior: {mean: 0.5}}",
            "a prior needs a mean and a deviation: train.l2.prior, found {mean: 0.5}"
        ),
        ("{uniform: [0, 1], prior: {mean: a, deviation: 1}}", "not a number: train.l2.prior.mean, found a"),
        (
            "{uniform: [0, 1], prior: {mean: 0.5, sd: 0.1}}",
            ":44: unknown key: train.l2.prior.sd, found sd, allowed mean or deviation (did you mean deviation?)"
        ),
        (
            "{uniform: [0, 1], prior: {mean: 2, deviation: 0.1}}",
            ":39: the mean of a prior lies outside its range: train.l2.prior.mean, found 2, allowed a number from 0 to 1"
        ),
        (
            "{uniform: [0, 0.7], prior: {mean: 0.5, deviation: 2}}",
            "the prior does not fit the range: train.l2.prior.deviation, found 2, allowed from 0.007 to 0.7, a hundredth of the range to all of it"
        ),
        ("{int: [1, 9], prior: {mean: 3, deviation: 0}}", "the prior does not fit the range: train.l2.prior.deviation"),
        (
            "{log: [1e-5, 1], prior: {mean: 1e-3, deviation: 6}}",
            "found 6, allowed from 0.05 to 5 powers of ten, a hundredth of the range to all of it"
        ),
        ("{log: [1e-5, 1], prior: {mean: 0, deviation: 1}}", "the mean of a prior lies outside its range"),
        (
            "{choice: [0.1, 0.2], prior: {mean: 0.1}}",
            ":36: unknown key: train.l2.prior.mean, found mean, allowed weights"
        ),
        (
            "{choice: [0.1, 0.2], prior: [1, 2]}",
            ":35: the prior of a choice needs weights: train.l2.prior, found [1, 2], allowed {weights: [NUMBER, …]}, one for each option"
        ),
        ("{choice: [0.1, 0.2], prior: {}}", "the prior of a choice needs weights: train.l2.prior, found {}"),
        (
            "{choice: [0.1, 0.2], prior: {weight: [1, 2]}}",
            "unknown key: train.l2.prior.weight, found weight, allowed weights (did you mean weights?)"
        ),
        (
            "{choice: [0.1, 0.2], prior: {weights: 1}}",
            "weights need a list: train.l2.prior.weights, found 1, allowed [NUMBER, …], one for each option"
        ),
        (
            "{choice: [0.1, 0.2], prior: {weights: [1]}}",
            "a prior has a weight for each option: train.l2.prior.weights, found 1 weight, allowed 2, in the options' order"
        ),
        (
            "{choice: [0.1, 0.2], prior: {weights: [1, a]}}",
            ":49: not a number: train.l2.prior.weights[1], found a, allowed a number"
        ),
        (
            "{choice: [0.1, 0.2], prior: {weights: [1, -1]}}",
            ":49: not a weight: train.l2.prior.weights[1], found -1, allowed a number from 0"
        ),
        ("{choice: [0.1, 0.2], prior: {weights: [1, .inf]}}", "not a number: train.l2.prior.weights[1]"),
        (
            "{choice: [0.1, 0.2], prior: {weights: [0, 0]}}",
            "a prior that allows no option: train.l2.prior.weights, found weights of 0 alone, allowed at least one weight above 0"
        ),
        (
            "{uniform: [0, 1], prior: {weights: [1, 2]}}",
            "unknown key: train.l2.prior.weights, found weights, allowed mean or deviation"
        ),
        (
            "{uniform: [0, 1], stpe: 0.5}",
            "unknown key beside uniform: train.l2.stpe, found stpe, allowed uniform, step, points or prior (did you mean step?)"
        ),
        ("{log: [0, 1]}", "a logarithmic range needs bounds above 0: train.l2.log, found [0, 1]"),
        ("{log: [-1, 1]}", "a logarithmic range needs bounds above 0"),
        ("{log: [0.1, 1], step: 0.1}", "step has no meaning for log: train.l2.step"),
        ("{int: [0.5, 3]}", "not an integer: train.l2.int[0], found 0.5"),
        (
            "{int: [0, 3], step: 0}",
            "the step does not fit the range: train.l2.step, found 0, allowed an integer from 1 to 3"
        ),
        ("{int: [0, 3], step: 4}", "the step does not fit the range"),
        ("{int: [0, 3], points: 2}", "points has no meaning for int"),
        ("{int: [-9223372036854775808, 9223372036854775807]}", "the range leaves what is allowed: train.l2.int"),
        ("{log_int: [0, 8]}", "a logarithmic range needs bounds above 0: train.l2.log_int, found [0, 8]"),
        ("{choice: []}", "a choice of nothing: train.l2.choice"),
        ("{choice: 3}", "a choice needs a list: train.l2.choice, found 3"),
        ("{choice: {a: 1}}", "a choice needs a list: train.l2.choice, found {a: 1}"),
        ("{choice: [0.1, 0.10]}", "the same option as choice[0]: train.l2.choice[1], found 0.1"),
        ("{choice: [1, 1.0]}", "the same option as choice[0]: train.l2.choice[1]"),
        ("{choice: [0, {log: [0.1, 1]}]}", "an option may not itself be a range: train.l2.choice[1]"),
        ("{choice: [0, {choice: [1, 2]}]}", "an option may not itself be a range: train.l2.choice[1]"),
        ("{choice: [0.1], step: 1}", "step has no meaning for choice"),
        ("{int: [0, 1], log: [0.1, 1]}", "several ranges in one: train.l2, found int and log"),
        (
            "{lgo: [0.1, 1]}",
            "not an allowed value: train.l2, found {lgo: [0.1, 1]}, allowed a number from 0 to 1000000 (did you mean {log: …}?)"
        ),
        ("{min: 0.1, max: 1}", "(did you mean {uniform: [0.1, 1]} or {log: [0.1, 1]}?)"),
        ("{distribution: log_uniform_values, min: 0.1, max: 1}", "(did you mean {log: [0.1, 1]}?)"),
        ("{low: 1, high: 9}", "(did you mean {int: [1, 9]}?)"),
        ("{values: [0.1, 1]}", "(did you mean {choice: [0.1, 1]}?)"),
        ("{loguniform: [0.1, 1]}", "(did you mean {log: [0.1, 1]}?)"),
        ("{quniform: [0.1, 1, 0.05]}", "(did you mean {uniform: [0.1, 1]}?)"),
        ("{grid_search: [0.1, 1]}", "(did you mean {choice: [0.1, 1]}?)"),
        ("{min: 0.1, step: 1}", "allowed a number from 0 to 1000000"),
        ("[0.1, 1]", "(or {choice: […]} to try each)"),
        (
            "{uniform: [-1, 1]}",
            "the range leaves what is allowed: train.l2, found {uniform: [-1, 1]}, allowed a number from 0 to 1000000"
        ),
    ])
    func `a range that cannot be is one mistake at its place`(_ range: String, _ line: String) {
        let lines = problems(file(train: "l2: \(range)\n  epochs: 9"))
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.hasPrefix("f:6:") == true)
        #expect(lines.first?.contains(line) == true, "\(lines)")
    }

    @Test func `a choice has at most ten thousand options, and that many are read at once`() {
        func options(_ count: Int) -> String { (1...count).map(String.init).joined(separator: ", ") }
        #expect(problems(file(train: "batch_size: {choice: [\(options(10_000))]}\n  epochs: 9")).isEmpty)
        let lines = problems(file(train: "batch_size: {choice: [\(options(10_001))]}\n  epochs: 9"))
        #expect(lines.count == 1)
        #expect(lines.first?.contains("too many options: train.batch_size.choice, found 10001 options") == true)
    }

    @Test func `several mistakes in one range are told together`() {
        #expect(problems(file(train: "l2: {uniform: [2, 1], points: 0, prior: 3}\n  epochs: 9")).count == 3)
        #expect(problems(file(train: "l2: {choice: [-1, x, -1]}\n  epochs: 9")).count == 4)
    }

    @Test func `a grid refuses what is believed of a range, other methods do not`() {
        let range = "l2: {uniform: [0, 1], points: 3, prior: {mean: 0.5, deviation: 0.1}}\n  epochs: 9"
        let lines = problems(file(train: range, rest: "search: {method: grid}"))
        #expect(
            lines == [
                "f:6:43: a grid takes every value, whatever is believed: train.l2.prior, found {mean: 0.5, deviation: 0.1}, "
                    + "allowed no prior, or search: {method: random}"
            ]
        )
        for method in ["auto", "random", "sobol", "halton", "tpe", "gp", "cmaes", "evolution"] {
            #expect(problems(file(train: range, rest: "search: {method: \(method), trials: 3}")) == [], "\(method)")
        }
    }

    @Test func `a grid refuses what is believed of a choice, other methods do not`() {
        let choice = "l2: {choice: [0, 0.1], prior: {weights: [3, 1]}}\n  epochs: 9"
        let lines = problems(file(train: choice, rest: "search: {method: grid}"))
        #expect(
            lines == [
                "f:6:33: a grid takes every value, whatever is believed: train.l2.prior, found {weights: [3, 1]}, "
                    + "allowed no prior, or search: {method: random}"
            ]
        )
        for method in ["auto", "random", "sobol", "halton", "tpe", "gp", "cmaes", "evolution", "nsga2"] {
            #expect(problems(file(train: choice, rest: "search: {method: \(method), trials: 2}")) == [], "\(method)")
        }
    }

    @Test func `weights are written back as they were read, of branches too`() throws {
        let optimizer = """
            optimizer:
                choice:
                  - sgd: {learning_rate: {log: [1e-3, 1], prior: {mean: 0.1, deviation: 0.5}}}
                  - adam: {learning_rate: {choice: [1e-3, 1e-2], prior: {weights: [2, 1]}}}
                prior: {weights: [1, 2.5]}
            """
        let read = try sweep(file(optimizer: optimizer)).sweep
        #expect(try sweep(read.source.yaml).sweep == read)
        #expect(read.space.parameters.compactMap(\.domain.weights) == [[1, 2.5], [2, 1]])
        #expect(read.space.parameters.first?.domain.text.hasSuffix(", prior: {weights: [1, 2.5]}}") == true)
    }

    @Test func `a prior is written back as it was read`() throws {
        for range in [
            "{uniform: [0, 1], step: 0.25, prior: {mean: 0.5, deviation: 0.1}}",
            "{log: [1e-5, 1], points: 7, prior: {mean: 1e-3, deviation: 0.5}}",
            "{int: [0, 9], step: 3, prior: {mean: 4.5, deviation: 2}}",
            "{log_int: [1, 64], prior: {mean: 8, deviation: 0.3}}",
        ] {
            let read = try sweep(file(train: "l2: \(range)\n  epochs: 9")).sweep
            #expect(try sweep(read.source.yaml).sweep == read, "\(range)")
            #expect(read.space.parameters[0].domain.prior != nil)
        }
    }

    @Test func `a range with a prior stands where its range may, and nowhere else`() {
        let prior = "prior: {mean: 30, deviation: 10}"
        #expect(problems(file(train: "batch_size: {int: [16, 128], \(prior)}\n  epochs: 9")) == [])
        let lines = problems(file(train: "batch_size: {uniform: [16, 128], \(prior)}\n  epochs: 9"))
        #expect(lines.count == 1)
        #expect(lines.first?.contains("a range of reals where integers are needed: train.batch_size") == true)
    }

    @Test func `a range of reals does not serve where integers are needed`() {
        let lines = problems(file(train: "batch_size: {uniform: [16, 128]}\n  epochs: 9"))
        #expect(
            lines == [
                "f:6:15: a range of reals where integers are needed: train.batch_size, found {uniform: [16, 128]}, allowed int, log_int or choice"
            ]
        )
        #expect(problems(file(train: "batch_size: {log_int: [16, 128]}\n  epochs: 9")).isEmpty)
        #expect(problems(file(train: "l2: {int: [0, 3]}\n  epochs: 9")).isEmpty)
    }

    @Test func `every option is read, also within branches`() {
        let text = file(
            optimizer: """
                optimizer:
                    choice:
                      - sgd: {learning_rate: 0}
                      - adam: {learning_rate: {choice: [0.1, -1, {log: [1, 2]}]}}
                """
        )
        #expect(
            problems(text).map { $0.prefix(while: { $0 != "," }) } == [
                "f:7:30: not an allowed value: train.optimizer.choice[0].sgd.learning_rate",
                "f:8:46: not an allowed value: train.optimizer.choice[1].adam.learning_rate.choice[1]",
                "f:8:50: an option may not itself be a range: train.optimizer.choice[1].adam.learning_rate.choice[2]",
            ]
        )
    }

    @Test func `a choice may stand for a kind, its settings, a list, an item or a value`() throws {
        for text in [
            file(model: "model: {choice: [linear, {mlp: {widths: [64]}}]}"),
            file(model: "model: {mlp: {choice: [{widths: [64]}, {layers: 2, width: 8}]}}"),
            file(model: "model: {mlp: {widths: {choice: [[64], [64, 32]]}}}"),
            file(model: "model: {mlp: {widths: [{int: [1, 9]}, {choice: [8, 16]}]}}"),
            file(optimizer: "optimizer: {adam: {choice: [{learning_rate: 0.1}, {learning_rate: 0.1, beta1: 0.5}]}}"),
            file(data: "data: {source: d.csv, preprocess: {choice: [[standardize], [minmax], []]}}"),
            file(data: "data: {source: d.csv, preprocess: [impute, {choice: [standardize, minmax, {scale: 0.1}]}]}"),
            file(data: "data: {source: d.csv, preprocess: [{scale: {log: [0.01, 1]}}]}"),
            file(train: "initializer: {choice: [he, glorot]}\n  epochs: 9"),
        ] {
            #expect(problems(text) == [])
            #expect(try sweep(text).sweep.space.parameters.count >= 1)
        }
    }

    @Test func `ranges with one name in two branches are refused`() {
        let text = file(
            model: "model: {mlp: {choice: [{widths: [{int: [1, 4]}]}, {widths: [{int: [8, 16]}], dropout: 0.1}]}}"
        )
        #expect(problems(text).count == 1)
        #expect(problems(text)[0].contains("a second range of the same name (train.model.mlp.widths.0)"))
    }

    @Test(arguments: [
        (
            "name: {choice: [a, b]}",
            "f:1:7: a range is not allowed here: name, found {choice: [a, b]}, allowed a single value"
        ),
        ("name: {int: [1, 2]}", "f:1:7: a range is not allowed here: name"),
    ])
    func `a range outside data_preprocess and train is refused`(_ name: String, _ line: String) {
        #expect(problems(file(name: name)).count == 1)
        #expect(problems(file(name: name))[0].hasPrefix(line))
    }

    @Test(arguments: [
        "data: {source: {choice: [a, b]}}", "data: {source: d, validation: {uniform: [0.1, 0.2]}}",
        "data: {source: d, test: {choice: [0.1, 0.2]}}", "data: {source: d, target: {choice: [a, b]}}",
        "data: {source: d, seed: {int: [1, 2]}}", "data: {source: d, header: {choice: [true, false]}}",
        "data: {choice: [{source: d}]}",
    ])
    func `data is the same for all trials, preprocessing aside`(_ data: String) {
        let lines = problems(file(data: data))
        #expect(lines.count == 1)
        #expect(lines[0].contains("a range is not allowed here: data"))
    }

    @Test(arguments: [
        "train: {choice: [{epochs: 1}]}", "search: {trials: {int: [1, 2]}}", "prune: {choice: [asha, none]}",
    ])
    func `sections are not ranges`(_ section: String) {
        #expect(
            problems(file(rest: section)).contains {
                $0.contains("a range is not allowed here") || $0.contains("twice")
            }
        )
    }
}
