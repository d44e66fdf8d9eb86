import SweepCore
import SweepSpec
import Testing

/// `search: {branch: …}`: each rule where it fires and where it does not.
@Suite struct BranchFileTests {
    private func read(
        _ branch: String = "{after: 4}",
        arms: String = "arms: {as it is: {}, slower: {train.optimizer.sgd.learning_rate: 0.01}}"
    ) -> String {
        file(
            model: "model: {mlp: {widths: [8], dropout: 0.1}}",
            rest: "search: {repeats: 3, branch: \(branch)}\n\(arms)"
        )
    }

    @Test func `an epoch is read, and the seed of what comes before it`() throws {
        let plain = try sweep(read()).sweep
        #expect(plain.search.branch == BranchSpec(after: 4) && plain.search.repeats == 3)
        #expect(plain.seed(before: BranchSpec(after: 4)) == pairedSeed(sweepSeed: 0, repeat: 0))
        let seeded = try sweep(read("{after: 8, seed: -1}")).sweep
        #expect(seeded.search.branch == BranchSpec(after: 8, seed: .max))
        #expect(seeded.seed(before: BranchSpec(after: 8, seed: .max)) == .max)
        // As an experiment writes it.
        #expect(Sweep.read(seeded.source, problems: SpecProblems())?.search.branch?.seed == .max)
        for seed: UInt64? in [nil, 0, 1 << 63, .max] {
            let branch = BranchSpec(after: 3, seed: seed)
            #expect(branch.node["after"] == .integer(3))
            let tree = seeded.source.replacing(["search", "branch"], with: branch.node)
            #expect(Sweep.read(try #require(tree), problems: SpecProblems())?.search.branch == branch)
        }
        #expect(try sweep(file()).sweep.search.branch == nil)
    }

    @Test func `whatever may change while a network is trained may be an arm`() {
        for change in [
            "train.batch_size: 8", "train.clip: {norm: 1}", "train.l2: 0.01", "train.model.mlp.dropout: 0",
            "train.learning_rate_schedule: cosine", "train.optimizer.sgd.momentum: 0.9",
        ] {
            #expect(problems(read(arms: "arms: {as it is: {}, other: {\(change)}}")) == [], "\(change)")
        }
    }

    @Test(arguments: [
        ("{}", "missing: search.branch.after, allowed the epoch after which the arms part"),
        ("3", "search.branch, found 3"),
        ("{after: 0}", "search.branch.after, found 0"),
        (
            "{after: 9}",
            "nothing is left to train: search.branch.after, found 9, allowed less than the 9 epochs of a run"
        ),
        ("{after: 4, seed: x}", "search.branch.seed, found x"),
        ("{after: 4, of: x}", "unknown key: search.branch.of"),
    ])
    func `wrong settings are told with their place`(_ branch: String, _ expected: String) {
        let lines = problems(read(branch))
        #expect(lines.count == 1 && lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test(arguments: [
        "train.model.mlp.widths: [4]", "data.preprocess: [standardize]",
        "train.optimizer: {adam: {learning_rate: 0.01}}",
        "train.initializer: orthogonal",
    ])
    func `an arm that cannot go on from the first one's state is told`(_ change: String) {
        let lines = problems(read(arms: "arms: {as it is: {}, slower: {train.l2: 0.1}, other: {\(change)}}"))
        #expect(
            lines.count == 1
                && lines[0].contains(
                    "the state of as it is has no meaning in this run, so that it cannot go on from it: arms.other"
                ),
            "\(lines)"
        )
        let apart = read(arms: "arms: {as it is: {}, other: {\(change)}}").replacing(", branch: {after: 4}", with: "")
        #expect(problems(apart) == [])
    }

    @Test func `searches and programs have none`() {
        let search = problems(file(rest: "search: {trials: 3, branch: {after: 4}}"))
        #expect(search.count == 1 && search[0].contains("begin with weights of their own: search.branch"), "\(search)")
        let program = """
            name: s
            train:
              command: [python3, train.py, "${args}"]
              parameters: {rate: 0.1}
              epochs: 9
              metrics: [training.loss, validation.loss]
            search: {branch: {after: 4}}
            arms: {as it is: {}, other: {train.parameters.rate: 0.2}}
            """
        let lines = problems(program)
        #expect(
            lines.contains { $0.contains("a program keeps its own state, from which no other goes on: search.branch") },
            "\(lines)"
        )
    }
}
