import SweepCore
import SweepDiagnosis
import SweepSearch
import Testing

@Suite struct ExperimentSweepTests {
    private func map(_ entries: (String, SpecNode)...) -> SpecNode { .map(entries.map { SpecEntry($0.0, $0.1) }) }

    private let schema = DataSchema(
        features: ["a", "b"],
        task: .classification(classes: ["0", "1"], trainingCounts: [50, 50]),
        trainingRows: 100,
        validationRows: 20,
        testRows: 0
    )

    /// A searched sweep with everything that an experiment leaves out.
    private var source: SpecNode {
        let rates = SpecNode.domain(.logUniform(low: 1e-4, high: 1, points: nil))
        let steps = SpecNode.domain(
            .choice([ChoiceOption(.text("standardize")), ChoiceOption(.text("minmax"))])
        )
        return map(
            ("name", .text("digits")),
            ("data", map(("source", .text("d.csv")), ("seed", .integer(3)), ("preprocess", .list([steps])))),
            (
                "train",
                map(
                    ("model", map(("mlp", map(("layers", .integer(2)), ("width", .integer(16)))))),
                    ("optimizer", map(("adam", map(("learning_rate", rates))))),
                    ("batch_size", .integer(8)),
                    ("epochs", .integer(20))
                )
            ),
            ("objective", map(("maximize", .text("validation.accuracy")))),
            ("search", map(("method", .text("tpe")), ("trials", .integer(40)), ("parallelism", .integer(2)))),
            ("prune", .text("median")),
            ("stop", map(("epochs", .integer(300)))),
            ("diagnose", map(("confirm", .real(0.1)))),
            ("priority", .integer(4)),
            ("requires", map(("gpu", .text("yes"))))
        )
    }

    private func template() throws -> SpecNode {
        let sweep = try #require(Sweep.read(source, problems: SpecProblems()))
        let configuration = sweep.space.configuration { parameter in
            parameter.path.hasPrefix("data") ? .text("minmax") : .real(0.5)
        }
        return try #require(sweep.space.resolve(configuration))
    }

    // covers: Y13 C3 R19 R20 R21 T2
    @Test func `an experiment is a sweep of arms over the trial's own run, where its sweep may train`() throws {
        let template = try template()
        let experiment = try #require(Experiment(template: template, schema: schema))
        let round = experiment.firstRound(suspects: [.rateTooHigh], count: 5)
        let node = Experiment.sweep(
            of: source,
            template: template,
            name: "digits.why-7",
            arms: round,
            repeats: 3,
            seed: .max
        )
        let problems = SpecProblems()
        let read = Sweep.read(node, problems: problems)
        let sweep = try #require(read, "\(problems.all)")
        #expect(sweep.name == "digits.why-7")
        #expect(sweep.arms.map(\.name) == [Experiment.unchanged] + round.map(\.name))
        #expect(sweep.search.repeats == 3 && sweep.search.method == .grid)
        #expect(sweep.prune.method == .none && sweep.stop == nil && sweep.diagnose == nil)
        #expect(sweep.objective.metric == .validationAccuracy)
        let original = Sweep.read(source, problems: SpecProblems())
        #expect(sweep.data?.seed == 3 && sweep.data?.source == original?.data?.source)
        #expect(sweep.placement.priority == 4 && sweep.placement.requires.map(\.key) == ["gpu"])
        // The arm that changes nothing is the trial's run, its own choices included.
        var grid = GridSearcher(space: sweep.space)
        let proposed = grid.propose(number: 0)
        let first = try #require(proposed)
        let own = try #require(sweep.space.resolve(first))
        #expect(TrialSpec.read(own, problems: SpecProblems()) == TrialSpec.read(template, problems: SpecProblems()))
        #expect(TrialSpec.read(own, problems: SpecProblems())?.preprocess == [.minmax])
        #expect(sweep.problems(on: schema).isEmpty)
    }

    @Test func `interventions are found again by the names of arms, pairs too`() throws {
        let experiment = try #require(Experiment(template: try template(), schema: schema))
        let first = experiment.firstRound(suspects: [], count: 30)
        #expect(experiment.interventions(named: first.reversed().map(\.name)) == first, "in the catalogue's order")
        let pairs = experiment.secondRound(after: first, [], count: 20)
        #expect(experiment.interventions(named: pairs.map(\.name)) == pairs)
        #expect(experiment.interventions(named: ["nothing", "learning rate / 10 + nothing"]) == [])
    }

    // covers: C3 R5 R20
    @Test func `what any round tries can be trained, pairs too`() throws {
        let template = try template()
        let experiment = try #require(Experiment(template: template, schema: schema))
        let first = experiment.firstRound(suspects: [], count: 30)
        let pairs = experiment.secondRound(after: first, [], count: 20)
        #expect(pairs.count == 20)
        for round in [first, pairs] {
            let node = Experiment.sweep(of: source, template: template, name: "x", arms: round, repeats: 2, seed: 1)
            let problems = SpecProblems()
            let sweep = Sweep.read(node, problems: problems)
            #expect(sweep != nil && problems.all.isEmpty, "\(problems.all)")
            #expect(sweep?.problems(on: schema) == [])
        }
    }
}
