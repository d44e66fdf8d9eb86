import SweepCore
import SweepSearch
import SweepSpec
import Testing

@Suite struct ArmsTests {
    /// A sweep file whose line 8 on says `rest`.
    private static func text(_ rest: String) -> String {
        """
        name: compared
        data: {source: d.csv, target: y, preprocess: [standardize]}
        train:
          model: {mlp: {layers: 2, width: 16}}
          optimizer: {adam: {learning_rate: 0.1}}
          epochs: 9
        search: {repeats: 3}
        \(rest)
        """
    }

    private static let good = """
        arms:
          as it is: {}
          slower: {train.optimizer.adam.learning_rate: 0.01}
          wider, no scaling: {train.model.mlp.width: 64, data.preprocess: []}
          sgd: {train.optimizer: {sgd: {learning_rate: 0.05}}, train.clip: {norm: 1}}
        """

    @Test func `each arm is the file's run with its changes`() throws {
        let read = try sweep(Self.text(Self.good)).sweep
        #expect(read.arms.map(\.name) == ["as it is", "slower", "wider, no scaling", "sgd"])
        #expect(read.search.method == .grid)
        #expect(read.prune.method == .none)
        #expect(read.space.parameters.map(\.path) == [Arm.parameter])
        var grid = GridSearcher(space: read.space)
        #expect(grid.total == 4)
        let trials = try (0..<4).map { number in
            let proposed = grid.propose(number: number)
            let configuration = try #require(proposed)
            let node = try #require(read.space.resolve(configuration))
            return try #require(TrialSpec.read(node, problems: SpecProblems()))
        }
        #expect(trials[0].training == read.representative)
        #expect(trials[1].training.optimizer.learningRate == 0.01)
        #expect(trials[1].training.model == trials[0].training.model)
        #expect(trials[2].training.model == ModelSpec(widths: [64, 64]))
        #expect(trials[2].preprocess == [])
        #expect(trials[3].training.optimizer == .sgd(learningRate: 0.05, momentum: 0))
        #expect(trials[3].training.clipNorm == 1)
    }

    @Test func `all arms of a repeat share its seed, and repeats differ`() throws {
        let read = try sweep(Self.text(Self.good)).sweep
        let ids = [1, 2, 3].map { ConfigurationID(rawValue: $0) }
        #expect(Set(ids.map { read.trialSeed($0, repeat: 0) }).count == 1)
        #expect(read.trialSeed(ids[0], repeat: 0) != read.trialSeed(ids[0], repeat: 1))
        let search = try sweep(Self.text("prune: none")).sweep
        #expect(Set(ids.map { search.trialSeed($0, repeat: 0) }).count == 3)
    }

    @Test func `a sweep with arms is read again from its node`() throws {
        let read = try sweep(Self.text(Self.good)).sweep
        #expect(Sweep.read(read.source, problems: SpecProblems()) == read)
    }

    @Test(arguments: [
        ("arms: {as it is: {}}", "8:7: not a comparison: arms"), ("arms: 3", "8:7: not a comparison: arms, found 3"),
        ("arms:", "8:1: no value: arms"),
        ("arms: {a: {}, b: {train.epochs: 3}}", "not a place that an arm may change: arms.b.train.epochs"),
        ("arms: {a: {}, b: {name: x}}", "not a place that an arm may change"),
        ("arms: {a: {}, b: {data.target: x}}", "not a place that an arm may change"),
        ("arms: {a: {}, b: {train..x: 1}}", "not a place that an arm may change"),
        ("arms: {a: {}, b: {train.model.mlp.width.more: 1}}", "nothing can be set there"),
        ("arms: {a: {}, b: {train.more: 1}}", "unknown key: arms.b.train.more"),
        ("arms: {a: {}, b: {train.optimizer.adam.learning_rate.x: 1}}", "nothing can be set there"),
        ("arms: {a: {}, b: {train.optimizer.adam.learning_rate: 0.1}}", "changes nothing"),
        ("arms: {a: {}, b: {}}", "the same run as the arm a"),
        ("arms: {a: {}, b: {train.l2: 1}, c: {train.l2: 1}}", "the same run as the arm b"),
        ("arms: {a: {}, b: [1]}", "not an allowed value: arms.b"),
        ("arms: {a: {}, b: {train.batch_size: 0}}", "not an allowed value: arms.b.train.batch_size, found 0"),
        ("arms: {a: {}, b: {train.optimizer: {sgd: {}}}}", "missing: arms.b.train.optimizer.sgd.learning_rate"),
        ("arms: {a: {}, b: {train.l2: {log: [1e-4, 1]}}}", "a range is not allowed here"),
        ("prune: asha\narms: {a: {}, b: {train.l2: 1}}", "arms are compared over whole curves: prune, found asha"),
    ]) func `a wrong arm is told with its place`(_ rest: String, _ expected: String) {
        let found = problems(Self.text(rest))
        #expect(found.contains { $0.contains(expected) }, "\(rest): \(found)")
        #expect(found.count == 1, "\(rest): \(found)")
    }

    @Test func `arms and ranges, a method or a number of trials exclude each other`() {
        let arms = "arms: {a: {}, b: {train.l2: 1}}"
        for (set, expected) in [
            ("train.batch_size={choice: [16, 32]}", "arms compare fixed runs: train.batch_size"),
            ("search.method=random", "arms are all trained: search.method"),
            ("search.trials=3", "arms are all trained: search.trials"),
        ] {
            let found = problems(Self.text(arms), overrides: [set])
            #expect(found.count == 1 && found[0].contains(expected), "\(set): \(found)")
        }
        #expect((try? sweep(Self.text(arms), overrides: ["search.method=grid", "prune=none"])) != nil)
    }

    @Test func `what does not fit the data is told at the arm that says it`() throws {
        let file = try sweep(Self.text("arms: {a: {}, b: {train.batch_size: 5000}}"))
        let schema = DataSchema(
            features: ["a"],
            task: .regression(mean: 0, variance: 1),
            trainingRows: 100,
            validationRows: 20,
            testRows: 0
        )
        let found = file.render(file.sweep.problems(on: schema))
        #expect(found.count == 1)
        #expect(found.first?.contains("arms.b.train.batch_size") == true, "\(found)")
        #expect(found.first?.contains(":8:") == true, "\(found)")
    }
}
