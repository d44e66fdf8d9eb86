import SweepCore
import SweepSpec
import Testing

/// `search`: methods, configurations to begin with, conditions; each rule where it fires and where it does not.
@Suite struct SearchKeysTests {
    private func read(_ search: String) -> String {
        file(
            model: "model: {mlp: {layers: {int: [1, 4]}, width: {choice: [16, 32]}}}",
            optimizer: """
                optimizer:
                    choice:
                      - sgd: {learning_rate: {log: [1e-3, 1]}}
                      - adam: {learning_rate: {log: [1e-3, 1]}}
                """,
            rest: "search: \(search)"
        )
    }

    @Test(arguments: SearchSpec.Method.allCases.filter { $0 != .pbt })
    func `every method but that of populations is read, and asks for trials`(
        _ method: SearchSpec.Method
    ) throws {
        let file = file(
            train: "l2: {uniform: [0, 1], points: 4}\n  epochs: 9",
            rest: "search: {method: \(method.rawValue)}"
        )
        #expect(problems(file).isEmpty == (method == .grid), "\(problems(file))")
        let read = try sweep(file, overrides: ["search.trials=4"]).sweep
        #expect(read.search.method == method)
    }

    @Test func `configurations to begin with are read with the options they imply`() throws {
        let read = try sweep(
            read("{method: tpe, trials: 9, try_first: [{adam.learning_rate: 0.1, layers: 2}, {width: 16}]}")
        )
        #expect(read.sweep.search.tryFirst.count == 2)
        let first = try #require(read.sweep.search.tryFirst.first)
        #expect(first["train.optimizer"] == .text("adam"))
        #expect(first["train.optimizer.adam.learning_rate"] == .real(0.1))
        #expect(first["train.model.mlp.layers"] == .integer(2))
        #expect(first.entries.count == 3)
    }

    @Test func `a whole number may be written with a point`() throws {
        let point = try sweep(
            read("{method: tpe, trials: 9, try_first: [{adam.learning_rate: 1, layers: 2.0, width: 16.0}]}")
        )
        let first = try #require(point.sweep.search.tryFirst.first)
        #expect(first["train.optimizer.adam.learning_rate"] == .real(1))
        #expect(first["train.model.mlp.layers"] == .integer(2))
        #expect(first["train.model.mlp.width"] == .integer(16))
        #expect(!problems(read("{method: tpe, trials: 9, try_first: [{layers: 2.5}]}")).isEmpty)
    }

    @Test(arguments: [
        ("[{depth: 2}]", "no parameter of this name: search.try_first[0].depth, found 2"),
        ("[{learning_rate: 2}]", "more than one parameter of this name: search.try_first[0].learning_rate"),
        ("[{layers: 9}]", "not an allowed value: search.try_first[0].layers, found 9, allowed a value of"),
        ("[{layers: two}]", "not an allowed value: search.try_first[0].layers, found two"),
        ("[{optimizer: adam, sgd.learning_rate: 0.1}]", "does not count where train.optimizer is adam"),
        ("[{layers: 2, mlp.layers: 3}]", "a second value for train.model.mlp.layers"),
        ("[3]", "not an allowed value: search.try_first[0], found 3, allowed a map from parameters to values"),
        ("{layers: 2}", "search.try_first"),
        (
            "[{layers: 2, width: 16, sgd.learning_rate: 0.1}, {layers: 2, width: 16, sgd.learning_rate: 0.1}]",
            "repeats an earlier one, or does not meet the conditions of where: search.try_first[1]"
        ),
    ])
    func `wrong ones are told with their place`(_ list: String, _ expected: String) {
        let lines = problems(read("{trials: 9, try_first: \(list)}"))
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test func `conditions are read, alone and as a list`() throws {
        let one = try sweep(read("{trials: 9, where: layers * width <= 64}")).sweep
        #expect(one.search.constraints.map(\.text) == ["layers * width <= 64"])
        let two = try sweep(read("{trials: 9, where: [layers < 3, \"optimizer == 'sgd'\"]}")).sweep
        #expect(two.search.constraints.count == 2)
    }

    @Test(arguments: [
        ("depth < 3", "no parameter is called depth at column 1: search.where, found depth < 3"),
        ("[layers < 3, layers <]", "expected a value, found the end at column 9: search.where[1], found layers <"),
        ("layers > 4", "no configuration was found that meets every condition: search.where, found \"layers > 4\""),
        ("3", "not text: search.where, found 3"),
    ])
    func `wrong conditions are told with their column`(_ condition: String, _ expected: String) {
        let lines = problems(read("{trials: 9, where: \(condition)}"))
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.contains(expected) == true, "\(lines)")
    }
}
