import SweepCore
import SweepSpec
import Testing

@Suite struct OverrideTests {
    private let text = file(
        data: "data: {source: d.csv, target: y, preprocess: [standardize, {scale: 0.5}]}",
        optimizer: "optimizer: {choice: [{sgd: {learning_rate: 0.1}}, {adam: {learning_rate: 0.001}}]}"
    )

    @Test func `a value, a range, a list item, a new key and a new section can be set`() throws {
        let read = try sweep(
            text,
            overrides: [
                "train.epochs=3", "train.batch_size={choice: [16, 32]}", "data.preprocess.1.scale=2",
                "data.seed=5", "objective.maximize=validation.accuracy", "name=other", "prune=none",
            ]
        ).sweep
        #expect(read.epochs == 3)
        #expect(read.space.parameters.map(\.path).contains("train.batch_size"))
        #expect(read.data?.preprocess == [.standardize, .scale(2)])
        #expect(read.data?.seed == 5)
        #expect(read.objective.metric == .validationAccuracy)
        #expect(read.name == "other")
        #expect(read.prune.method == .none)
        #expect(read.source["train"]?["epochs"] == .integer(3))
    }

    @Test func `a branch of a choice is called by its key, or by its place`() throws {
        for option in [
            "train.optimizer.adam.learning_rate={log: [1e-3, 1]}",
            "train.optimizer.choice.1.adam.learning_rate={log: [1e-3, 1]}",
        ] {
            let read = try sweep(text, overrides: [option]).sweep
            #expect(read.space.parameters.map(\.path) == ["train.optimizer", "train.optimizer.adam.learning_rate"])
        }
    }

    @Test func `a whole branch can be replaced, and the last of two options counts`() throws {
        let read = try sweep(
            text,
            overrides: ["train.optimizer={sgd: {learning_rate: 1}}", "train.epochs=2", "train.epochs=4"]
        )
        #expect(read.sweep.representative?.optimizer == .sgd(learningRate: 1, momentum: 0))
        #expect(read.sweep.epochs == 4)
    }

    @Test func `nothing after the sign takes the value away`() throws {
        #expect(try sweep(text, overrides: ["data.preprocess="]).sweep.data?.preprocess == [])
        #expect(problems(text, overrides: ["train.epochs="])[0].hasPrefix("--set train.epochs=: missing: train.epochs"))
    }

    @Test(arguments: [
        ("train.epochs", "not an assignment"), ("=3", "not an assignment"), ("", "not an assignment"),
        ("train..epochs=3", "not a path: found train..epochs"), (".=3", "not a path"),
        ("train.epochs.more=3", "nothing can be set below this value: train.epochs, found 9, allowed a map"),
        ("data.preprocess.2=minmax", "no such item: data.preprocess, found 2, allowed 0 to 1"),
        ("data.preprocess.-1=minmax", "no such item"), ("data.preprocess.x=minmax", "no such item"),
        ("train.optimizer.lion.learning_rate=1", "no option of train.optimizer has the key lion"),
        ("train.epochs=0", "not an allowed value: train.epochs, found 0, allowed an integer from 1"),
        ("train.epoch=3", "unknown key: train.epoch, found epoch"),
        ("train.epochs=[1", "not YAML: expected “,” or “]” in a list"),
        ("train.l2={uniform: [1, 0]}", "the lower bound is not below the upper: train.l2.uniform"),
        ("train.l2={uniform: [0, 1], uniform: [0, 2]}", "the same key twice: uniform"),
        ("train.optimizer.adam.beta1=2", "not an allowed value: train.optimizer.choice[1].adam.beta1, found 2"),
    ])
    func `a mistake names the option`(_ option: String, _ message: String) {
        let lines = problems(text, overrides: [option])
        #expect(lines.count == 1, "\(lines)")
        #expect(lines[0].hasPrefix("--set \(option): "))
        #expect(lines[0].contains(message), "\(lines)")
    }

    @Test func `mistakes of options come after those of the file`() {
        let lines = problems(file(train: "epochs: 0"), overrides: ["train.l2=-1", "nonsense"])
        #expect(
            lines.map { $0.prefix(8) } == ["f:6:11: ", "--set tr", "--set no"]
                || lines.map { $0.prefix(8) } == ["f:6:11: ", "--set no", "--set tr"]
        )
    }
}
