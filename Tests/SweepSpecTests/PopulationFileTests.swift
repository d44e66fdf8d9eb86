import SweepCore
import SweepSpec
import Testing

/// `search: {method: pbt, …}`: each rule where it fires and where it does not.
@Suite struct PopulationFileTests {
    private func read(
        _ search: String = "population: 8",
        model: String = "model: {mlp: {widths: [8]}}",
        train: String = "epochs: 20",
        more: String = ""
    ) -> String {
        file(
            model: model,
            optimizer: "optimizer: {sgd: {learning_rate: {log: [1e-3, 1]}, momentum: {uniform: [0, 0.9]}}}",
            train: train,
            rest: "search: {method: pbt\(search.isEmpty ? "" : ", ")\(search)}\n\(more)"
        )
    }

    @Test func `a population is read with the defaults of the paper, and nothing else prunes it`() throws {
        let read = try sweep(read()).sweep
        #expect(read.search.method == .pbt && read.search.trials == 8 && read.prune.method == .none)
        let population = try #require(read.search.population)
        #expect(population == PopulationSpec(members: 8))
        #expect(population.quantile == 0.25 && population.factors == [0.8, 1.2] && population.resample == 0.25)
        #expect(population.levels(epochs: read.epochs) == Array(stride(from: 2, through: 20, by: 2)))
        let whole = try sweep(
            self.read("population: 16, interval: 5, quantile: 0.5, perturb: [0.5, 2], resample: 0", more: "prune: none")
        ).sweep.search.population
        #expect(whole == PopulationSpec(members: 16, interval: 5, quantile: 0.5, factors: [0.5, 2], resample: 0))
    }

    @Test(arguments: [
        ("", "missing: search.population, allowed the number of members"),
        ("population: 1", "not an allowed value: search.population, found 1, allowed an integer from 2 to 10000"),
        ("population: 8, quantile: 0", "search.quantile, found 0"),
        ("population: 8, quantile: 0.6", "search.quantile, found 0.6"),
        ("population: 8, resample: 2", "search.resample, found 2"),
        ("population: 8, perturb: 1.2", "search.perturb, found 1.2, allowed a list of 1 to 16 items"),
        ("population: 8, perturb: [1]", "a factor of 1 changes nothing: search.perturb[0], found 1"),
        ("population: 8, perturb: [-1, 2]", "search.perturb[0], found -1"),
        (
            "population: 8, interval: 20",
            "nothing is ever copied: search.interval, found 20, allowed less than the 20 epochs"
        ),
        (
            "population: 8, trials: 8",
            "a population has its members, and a trial more for each copy: search.trials, found 8"
        ),
        ("population: 8, repeats: 2", "a member of a population cannot be run twice: search.repeats, found 2"),
        ("population: 8, warm_start: a.jsonl", "pbt has no model that could learn from it: search.warm_start"),
    ])
    func `wrong settings are told with their place`(_ search: String, _ expected: String) {
        let lines = problems(read(search))
        #expect(lines.count == 1 && lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test(arguments: [
        ("prune: asha", "pbt itself decides which members go on: prune, found asha, allowed none"),
        ("prune: {method: median}", "pbt itself decides which members go on: prune"),
        ("finalists: {top: 2, seeds: 3}", "a member's settings changed while it was trained"),
    ])
    func `what a population cannot have beside it is told`(_ more: String, _ expected: String) {
        let lines = problems(read(more: more))
        #expect(lines.count == 1 && lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test func `folds are for finalists, of which it has none`() {
        let text = read().replacing("target: y}", with: "target: y, validation: {folds: 5}}")
        let lines = problems(text)
        #expect(lines.count == 1 && lines[0].contains("a population has none: data.validation.folds"), "\(lines)")
        #expect(problems(text.replacing("{folds: 5}", with: "{fold: 1, of: 5}")) == [])
    }

    @Test func `early stopping, too many decisions and a single epoch are told`() {
        let stopping = problems(read(train: "epochs: 20\n  early_stopping: {patience: 3}"))
        #expect(
            stopping.count == 1 && stopping[0].contains("are compared to their end: train.early_stopping"),
            "\(stopping)"
        )
        let many = problems(read("population: 8, interval: 1", train: "epochs: 200"))
        #expect(
            many.count == 1
                && many[0].contains(
                    "199 decisions, at most 100 are taken: search.interval, found 1, allowed at least 2"
                ),
            "\(many)"
        )
        #expect(problems(read("population: 8, interval: 2", train: "epochs: 200")) == [])
        let single = problems(read(train: "epochs: 1"))
        #expect(single.count == 1 && single[0].contains("pbt decides between epochs, and a trial has one"), "\(single)")
    }

    @Test func `programs are refused, as they keep their own state`() {
        let lines = problems(
            """
            name: s
            train: {command: [./train], epochs: 9, parameters: {rate: {log: [1e-3, 1]}}}
            objective: {minimize: loss}
            search: {method: pbt, population: 4}
            """
        )
        #expect(lines.count == 1 && lines[0].contains("a program keeps its own: search.method, found pbt"), "\(lines)")
    }

    @Test func `a file whose ranges are all of the state has nothing to change`() {
        let fixed = file(
            model: "model: {mlp: {layers: 1, width: {choice: [8, 16]}}}",
            train: "epochs: 9",
            rest: "search: {method: pbt, population: 2}"
        )
        let lines = problems(fixed)
        #expect(lines.count == 1 && lines[0].contains("pbt has nothing to change"), "\(lines)")
        #expect(problems(read(model: "model: {mlp: {layers: 1, width: {choice: [8, 16]}}}")) == [])
    }

    @Test func `a space with fewer configurations than members is told`() {
        let few = file(
            optimizer: "optimizer: {sgd: {learning_rate: {choice: [0.1, 0.2, 0.3]}}}",
            rest: "search: {method: pbt, population: 4}"
        )
        let lines = problems(few)
        #expect(
            lines.count == 1
                && lines[0].contains(
                    "not so many configurations to begin with: search.population, found 4, allowed at most 3"
                ),
            "\(lines)"
        )
        #expect(problems(few, overrides: ["search.population=3"]) == [])
    }

    @Test(arguments: PopulationFileTests.settings) func `its settings are no settings of other methods`(
        _ setting: String
    ) {
        let lines = problems(
            file(
                optimizer: "optimizer: {sgd: {learning_rate: {log: [1e-3, 1]}}}",
                rest: "search: {trials: 3, \(setting)}"
            )
        )
        #expect(lines.count == 1 && lines[0].contains("not a setting of auto"), "\(lines)")
    }
    static let settings = ["population: 8", "interval: 2", "quantile: 0.25", "perturb: [0.8, 1.2]", "resample: 0.25"]

    /// Of each setting whether it may change while a network is trained.
    @Test(arguments: [
        ("l2: {log: [1e-6, 1e-2]}", true), ("batch_size: {choice: [8, 16]}", true), ("accumulate: {int: [1, 4]}", true),
        ("clip: {norm: {uniform: [0.5, 2]}}", true),
        ("learning_rate_schedule: {exponential: {factor: {uniform: [0.8, 0.99]}}}", true),
        ("learning_rate_schedule: {choice: [constant, {exponential: {factor: 0.9}}]}", true),
        ("average: {uniform: [0.9, 0.99]}", true),
        ("loss: {softmax_cross_entropy: {label_smoothing: {uniform: [0, 0.2]}}}", true),
        ("loss: {choice: [softmax_cross_entropy, mean_squared_error]}", false),
        ("initializer: {choice: [he, glorot]}", false),
    ])
    func `which settings change is one rule`(_ setting: String, _ changes: Bool) throws {
        let text = file(model: "model: {mlp: {widths: [8]}}", train: "\(setting)\n  epochs: 9")
        let space = try sweep(text).sweep.space
        #expect(space.changeable.first == changes, "\(setting)")
    }

    @Test(arguments: [
        ("{adam: {learning_rate: 0.1, amsgrad: {choice: [true, false]}}}", false),
        ("{adam: {learning_rate: 0.1, beta1: {uniform: [0.8, 0.99]}}}", true),
        ("{adamw: {learning_rate: 0.1, weight_decay: {log: [1e-4, 1]}}}", true),
        ("{rmsprop: {learning_rate: 0.1, momentum: {uniform: [0, 0.9]}}}", false),
        ("{rmsprop: {learning_rate: 0.1, momentum: {uniform: [0.1, 0.9]}}}", true),
    ])
    func `of an optimizer what it remembers stays`(_ optimizer: String, _ changes: Bool) throws {
        let space = try sweep(file(optimizer: "optimizer: \(optimizer)")).sweep.space
        #expect(space.changeable.first == changes, "\(optimizer)")
    }

    @Test(arguments: [
        ("{mlp: {widths: [8], dropout: {uniform: [0, 0.5]}}}", true),
        ("{mlp: {layers: 1, width: {int: [8, 16]}}}", false),
        ("{mlp: {layers: {int: [1, 3]}, width: 8}}", false),
        ("{mlp: {widths: [8], activation: {choice: [relu, tanh]}}}", false),
    ])
    func `of a model its layers stay, and dropout changes`(_ model: String, _ changes: Bool) throws {
        let space = try sweep(file(model: "model: \(model)")).sweep.space
        #expect(space.changeable.first == changes, "\(model)")
    }
}
