import SweepCore
import SweepSpec
import Testing

/// Problems that show on the data or in the search, and the list that all problems go into.
@Suite struct LaterProblemTests {
    private func schema(_ task: DataTask, rows: Int = 1000) -> DataSchema {
        DataSchema(features: ["a"], task: task, trainingRows: rows, validationRows: 100, testRows: 0)
    }
    private let digits = DataTask.classification(classes: ["0", "1", "2"], trainingCounts: [300, 300, 400])
    private let number = DataTask.regression(mean: 0, variance: 1)

    @Test func `a batch larger than the data is told at the line of its option`() throws {
        let file = try sweep(file(train: "batch_size:\n    choice:\n      - 32\n      - 5000\n  epochs: 9"))
        #expect(
            file.render(file.sweep.problems(on: schema(digits))) == [
                "f:9:9: more rows a batch than there are training rows (1000): train.batch_size.choice[1], found 5000, allowed at most 1000"
            ]
        )
        #expect(file.sweep.problems(on: schema(digits, rows: 5000)).isEmpty)
    }

    @Test func `a range is told once, at its place, with the value that does not fit`() throws {
        let file = try sweep(file(train: "batch_size: {int: [16, 4096], step: 16}\n  epochs: 9"))
        #expect(
            file.render(file.sweep.problems(on: schema(digits))) == [
                "f:6:15: more rows a batch than there are training rows (1000): train.batch_size, found 4096, allowed at most 1000"
            ]
        )
    }

    @Test func `each option of a loss is compared with the target`() throws {
        let file = try sweep(file(train: "loss: {choice: [softmax_cross_entropy, mean_squared_error]}\n  epochs: 9"))
        // A loss for numbers on classes is a poor choice, not an impossible one.
        #expect(file.render(file.sweep.problems(on: schema(digits))).isEmpty)
        let numbers = file.render(file.sweep.problems(on: schema(number)))
        #expect(numbers.count == 1)
        #expect(
            numbers.first?.hasPrefix(
                "f:6:19: this loss needs classes, but the target is a number: train.loss.choice[0]"
            ) == true
        )
    }

    @Test func `class weights are compared with the classes`() throws {
        func lines(_ weights: String) throws -> [String] {
            let loss = "{softmax_cross_entropy: {class_weights: \(weights)}}"
            let file = try sweep(file(train: "loss: \(loss)\n  epochs: 9"))
            return file.render(file.sweep.problems(on: schema(digits)))
        }
        #expect(try lines("[1, 2, 3]").isEmpty)
        #expect(try lines("balanced").isEmpty)
        #expect(try lines("[1, 2]").first?.contains("2 class weights for 3 classes") == true)
    }

    @Test func `a metric that the task does not have is told at the objective`() throws {
        let file = try sweep(file(rest: "search: {trials: 3}\nobjective:\n  maximize: validation.accuracy"))
        #expect(file.sweep.problems(on: schema(digits)).isEmpty)
        #expect(
            file.render(file.sweep.problems(on: schema(number))) == [
                "f:9:13: not measured for regression: objective.maximize, found validation.accuracy, allowed training.loss, probe.loss, validation.loss, validation.r2, validation.mae, training.penalty, learning_rate, gradient.norm, weight.norm, update.ratio or clip.share"
            ]
        )
    }

    @Test func `an objective of a class or of more classes than there are is told once the data is known`() throws {
        func lines(_ metric: String, _ task: DataTask) throws -> [String] {
            let file = try sweep(file(rest: "search: {trials: 3}\nobjective: {maximize: \(metric)}"))
            return file.render(file.sweep.problems(on: schema(task)))
        }
        func classes(_ count: Int) -> DataTask {
            .classification(classes: (0..<count).map { "\($0)" }, trainingCounts: Array(repeating: 9, count: count))
        }
        for metric in ["balanced_accuracy", "f1", "auc", "recall.2"] {
            #expect(try lines("validation.\(metric)", digits) == [])
            #expect(try lines("validation.\(metric)", number).count == 1)
        }
        let unknown = try lines("validation.recall.22", digits)
        #expect(
            unknown == [
                "f:8:23: no class has this label: objective.maximize, found validation.recall.22, allowed validation.recall.0, validation.recall.1 or validation.recall.2 (did you mean validation.recall.2?)"
            ]
        )
        let many = try lines("validation.recall.0", classes(21))
        #expect(many.count == 1 && many[0].contains("measured for at most 20 classes, the target has 21: "))
        #expect(try lines("validation.recall.0", classes(20)) == [])
        let few = try lines("validation.top5_accuracy", classes(5))
        #expect(few.count == 1 && few[0].contains("needs more than 5 classes, the target has 5: "))
        #expect(try lines("validation.top5_accuracy", classes(6)) == [])
        let three = try lines("validation.top3_accuracy", classes(3))
        #expect(three.count == 1 && three[0].contains("needs more than 3 classes, the target has 3: "))
        #expect(try lines("validation.top3_accuracy", classes(4)) == [])
    }

    @Test func `a value that an option of the command line gave is told at that option`() throws {
        let read = try sweep(file(), overrides: ["train.batch_size={choice: [8, 4000]}"])
        let lines = read.render(read.sweep.problems(on: schema(digits)))
        #expect(lines.count == 1)
        #expect(lines[0].hasPrefix("--set train.batch_size={choice: [8, 4000]}: more rows a batch"))
    }

    @Test func `a grid needs to know which values to take`() {
        func lines(_ l2: String, _ search: String = "{method: grid}") -> [String] {
            problems(file(train: "l2: \(l2)\n  epochs: 9", rest: "search: \(search)"))
        }
        #expect(
            lines("{uniform: [0, 1]}").first?.hasPrefix(
                "f:6:7: a grid must know which values of this range to take: train.l2"
            ) == true
        )
        #expect(lines("{log: [0.1, 1]}").count == 1)
        for known in [
            "{uniform: [0, 1], points: 3}", "{uniform: [0, 1], step: 0.5}", "{log: [0.1, 1], points: 3}",
            "{int: [0, 3]}", "{choice: [0, 0.1]}", "{log_int: [1, 9], points: 3}",
        ] {
            #expect(lines(known).isEmpty)
        }
        #expect(lines("{uniform: [0, 1]}", "{method: random, trials: 2}").isEmpty)
        // Together with other mistakes, and not where the range itself is broken.
        #expect(lines("{uniform: [0, 1]}", "{method: grid, seed: -1}").count == 2)
        #expect(lines("{uniform: [1, 0]}").count == 1)
    }

    @Test func `a grid without end needs a number of trials`() {
        func lines(_ search: String) -> [String] {
            problems(
                file(
                    model: "model: {mlp: {layers: {int: [1, 64]}, width: {int: [1, 65536]}}}",
                    train: "batch_size: {int: [1, 1048576]}\n  epochs: 9",
                    rest: "search: \(search)"
                )
            )
        }
        #expect(
            lines("{method: grid}") == [
                "f:8:9: the whole grid is too large: search, found 4398046511104 configurations, allowed 10000000 trials in all, or trials: NUMBER to take the first of them"
            ]
        )
        #expect(lines("{method: grid, trials: 50}").isEmpty)
    }

    @Test func `random search of a space needs a number of trials, one run does not`() {
        #expect(problems(file(rest: "search: {seed: 1}")).isEmpty)
        let lines = problems(file(train: "l2: {uniform: [0, 1]}\n  epochs: 9", rest: "search: {seed: 1}"))
        #expect(lines == ["f:8:1: missing: search.trials, allowed the number of trials"])
        #expect(
            problems(file(train: "l2: {uniform: [0, 1]}\n  epochs: 9", rest: ""))[0].hasPrefix(
                "f:1:1: missing: search.trials"
            )
        )
    }

    @Test func `of one kind twenty are printed and the rest counted, others are not held back`() {
        let items = (1...37).map { "-\($0)" }.joined(separator: ", ")
        let lines = problems(file(train: "batch_size: {choice: [\(items)]}\n  epochs: 0"))
        #expect(lines.count == 22)
        #expect(lines.filter { $0.contains("train.batch_size.choice") }.count == 20)
        #expect(lines[20].contains("train.epochs, found 0"))
        #expect(lines[21] == "f: … and 17 more of this kind: not an allowed value: train.batch_size")
        let exactly = (1...20).map { "-\($0)" }.joined(separator: ", ")
        #expect(problems(file(train: "batch_size: {choice: [\(exactly)]}\n  epochs: 9")).count == 20)
    }

    @Test func `problems are in the order of lines, each once`() {
        let list = SweepFileProblems(
            file: "s.yaml",
            [
                LocatedProblem(place: .option("--set a=b"), kind: "k", text: "option"),
                LocatedProblem(place: .file(line: 9, column: 1), kind: "k", text: "nine"),
                LocatedProblem(place: .file(line: 2, column: 8), kind: "k", text: "two, eight"),
                LocatedProblem(place: .file(line: 2, column: 3), kind: "k", text: "two, three"),
                LocatedProblem(place: .file(line: 9, column: 1), kind: "k", text: "nine"),
                LocatedProblem(place: nil, kind: "k", text: "whole"),
            ]
        )
        #expect(
            list.lines == [
                "s.yaml: whole", "s.yaml:2:3: two, three", "s.yaml:2:8: two, eight", "s.yaml:9:1: nine",
                "--set a=b: option",
            ]
        )
    }
}
