import SweepCore
import SweepNumerics
import SweepSpec
import Testing

@Suite struct ExampleFileTests {
    @Test(arguments: exampleFiles)
    func `an example is read without problems, and reading its node again gives the same sweep`(_ name: String) throws {
        let read = try SweepFile.read(path: path(name)).get()
        let problems = SpecProblems()
        #expect(Sweep.read(read.sweep.source, problems: problems) == read.sweep)
        #expect(problems.all.isEmpty)
    }

    @Test(arguments: exampleFiles)
    func `every configuration of an example resolves to a trial without problems`(_ name: String) throws {
        let space = try sweep(text(name)).sweep.space
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = RandomStream(key: seed)
        for _ in 0..<300 {
            let configuration = space.configuration { draw($0, &random) }
            let resolved = try #require(space.resolve(configuration), "seed \(seed)")
            let problems = SpecProblems()
            #expect(TrialWork.read(resolved, problems: problems) != nil, "seed \(seed): \(problems.all)")
        }
        for configuration in space.cover {
            let resolved = try #require(space.resolve(configuration))
            #expect(TrialWork.read(resolved, problems: SpecProblems()) != nil)
        }
    }

    @Test(arguments: exampleFiles)
    func `written as YAML an example reads back as the same sweep`(_ name: String) throws {
        let read = try sweep(text(name)).sweep
        #expect(try sweep(read.source.yaml).sweep == read)
    }

    @Test(arguments: exampleFiles)
    func `any configuration of an example is a sweep file of one run`(_ name: String) throws {
        let read = try sweep(text(name)).sweep
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = RandomStream(key: seed)
        for _ in 0..<50 {
            let configuration = read.space.configuration { draw($0, &random) }
            let node = try #require(read.single(configuration, name: "alone"), "seed \(seed)")
            let alone = try sweep(node.yaml).sweep
            #expect(alone.name == "alone" && alone.space.parameters.isEmpty, "seed \(seed)")
            #expect(alone.source["train"] == read.space.resolve(configuration)?["train"], "seed \(seed)")
        }
    }

    @Test(arguments: [
        "no", "1e3", "true", "~", "a: b", "# c", "\"q\\", "- x", "ü\tb\u{1}\u{85}\u{2028}🙂", "{a}", "0.5", " s ", "x#y",
        "*a",
    ])
    func `text that looks like something else reads back as it was`(_ target: String) throws {
        let source = try sweep(text("sweeps/digits.yaml")).sweep.source
        guard case .map(let entries) = source, case .map(let data)? = source["data"] else {
            Issue.record("the example has no data")
            return
        }
        let changed = data.map { $0.key == "target" ? SpecEntry("target", .text(target)) : $0 }
        let node = SpecNode.map(entries.map { $0.key == "data" ? SpecEntry("data", .map(changed)) : $0 })
        #expect(try sweep(node.yaml).sweep.source == node)
    }

    @Test func `the demo is what its promises are measured on`() throws {
        let demo = try sweep(text("sweeps/digits.yaml")).sweep
        #expect(demo.epochs == 27)
        #expect(demo.search.trials == 81)
        #expect(demo.prune.method == .asha)
        #expect(demo.search.parallelism == 16)
        #expect(demo.search.decide == .virtual)
        #expect(demo.data?.source == .table("data/digits.csv.gz"))
        #expect(
            demo.space.parameters.map(\.path) == [
                "train.model.mlp.layers", "train.model.mlp.width", "train.model.mlp.dropout", "train.optimizer",
                "train.optimizer.sgd.learning_rate", "train.optimizer.sgd.momentum",
                "train.optimizer.adam.learning_rate", "train.batch_size",
            ]
        )
    }

    @Test func `the three learning rates stand in the order of the file`() throws {
        let why = try sweep(text("sweeps/why/learning-rate.yaml")).sweep
        #expect(why.prune.method == .none)
        #expect(why.search.method == .grid)
        #expect(why.space.parameters[0].domain.extremes == [.real(0.1), .real(1e-6), .real(1e-3)])
    }
}
