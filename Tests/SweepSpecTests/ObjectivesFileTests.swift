import SweepCore
import SweepSpec
import Testing

/// `objective: {pareto: […]}`: what is read, and what is refused, each with its sentence.
@Suite struct ObjectivesFileTests {
    private func lines(_ objective: String, _ rest: String = "search: {trials: 9}") -> [String] {
        problems(file(train: "l2: {uniform: [0, 1]}\n  epochs: 9", rest: "\(rest)\nobjective: \(objective)"))
    }

    private static let two = "{pareto: [{minimize: validation.loss}, {minimize: weight.norm}]}"

    /// An objective that is wrong, and what is said of it.
    private static let wrong: [(objective: String, said: String)] = [
        (
            "{pareto: [{minimize: probe.loss}]}",
            "too few items: objective.pareto, found [{minimize: probe.loss}], allowed a list of 2 to 3 items"
        ),
        ("{pareto: []}", "an empty list: objective.pareto"),
        ("{pareto: probe.loss}", "not an allowed value: objective.pareto, found probe.loss, allowed a list of 2 to 3"),
        ("{pareto: }", "missing: objective.pareto, allowed two or three objectives"),
        (
            "{minimize: validation.loss, pareto: [{minimize: weight.norm}, {minimize: probe.loss}]}",
            "both minimize and pareto: objective.minimize"
        ),
        (
            "{pareto: [{minimize: probe.loss}, {minimize: probe.loss}]}",
            "a second objective of probe.loss: objective.pareto[1]"
        ),
        (
            "{pareto: [{minimize: probe.loss}, {minimize: validation.accuracy}]}",
            "this metric is better when it is greater: objective.pareto[1].minimize"
        ),
        (
            "{pareto: [{minimize: probe.loss}, {maximise: validation.accuracy}]}",
            "unknown key: objective.pareto[1].maximise"
        ),
        (
            "{pareto: [{minimize: probe.loss}, {minimize: test.loss}]}",
            "nothing may be chosen by them: objective.pareto[1].minimize"
        ),
        (
            "{pareto: [{minimize: probe.loss}, {minimize: core_seconds}]}",
            "core_seconds differ from one run to the next, so that no search can go by it: objective.pareto[1]"
        ),
        (
            "{pareto: [{minimize: probe.loss}, {minimize: epochs}]}",
            "epochs are what is given to a trial, not what it reports"
        ),
        (
            "{pareto: [{minimize: probe.loss, epoch: last}, {minimize: weight.norm}]}",
            "one epoch counts for all objectives: objective.pareto[0]"
        ),
    ]

    /// What goes by one objective, and what is said of it beside several.
    private static let single: [(rest: String, said: String)] = [
        (
            "search: {trials: 9, method: cmaes}",
            """
            cmaes goes by one objective: search.method, found cmaes, allowed auto, random, grid, sobol, halton, tpe, gp \
            or nsga2 where there are several
            """
        ),
        ("search: {trials: 9, method: evolution}", "evolution goes by one objective"),
        ("search: {trials: 9, method: bohb}", "bohb goes by one objective"),
        (
            "search: {trials: 9, method: tpe, warm_start: a.jsonl}",
            "earlier results are of one objective: search.warm_start"
        ),
        (
            "search: {trials: 9}\nprune: pasha",
            """
            pasha compares trials by one objective: prune, found pasha, allowed auto, asha, halving, hyperband, \
            threshold or none where there are several
            """
        ),
        (
            "search: {trials: 9}\nprune: {method: median}",
            "median compares trials by one objective: prune.method, found median"
        ),
        (
            "search: {trials: 9}\nprune: {budget: 0.2}",
            "extrapolate compares trials by one objective: prune.budget, found 0.2"
        ),
        ("search: {trials: 9}\nprune: stopping_asha", "stopping_asha compares trials by one objective"),
        ("search: {trials: 9}\nprune: {method: patience, patience: 3}", "patience compares trials by one objective"),
        (
            "search: {trials: 2001}",
            "by fronts, which takes a time that grows with the square of their number: search.trials"
        ),
        ("search: {trials: 9}\nfinalists: {top: 2}", "finalists are placed by one objective: finalists"),
        (
            "search: {trials: 9}\nstop: {below: 0.1}",
            """
            one value says nothing of several objectives: stop.below, found 0.1, allowed epochs: NUMBER, after: TIME, \
            or both
            """
        ),
    ]

    @Test func `two and three objectives are read in their order, with one rule of epochs`() throws {
        let aims = "[{minimize: weight.norm}, {minimize: validation.loss}, {maximize: validation.accuracy}]"
        let text = "{pareto: \(aims), epoch: last}"
        let read = try sweep(file(rest: "objective: \(text)")).sweep
        #expect(read.objectives.map(\.metric) == [.weightNorm, .validationLoss, .validationAccuracy])
        #expect(read.objectives.map(\.direction) == [.minimize, .minimize, .maximize])
        #expect(read.objectives.allSatisfy { $0.epoch == .last })
        #expect(read.objective == read.objectives[0] && read.further.count == 2)
        #expect(read.search.objectives == 3 && read.prune.objectives == 3)
    }

    @Test func `one objective is as it was`() throws {
        let read = try sweep(file(rest: "objective: {maximize: validation.accuracy}")).sweep
        #expect(read.further == [] && read.search.objectives == 1 && read.prune.objectives == 1)
        #expect(try sweep(file(rest: "")).sweep.objectives == [Objective()])
    }

    @Test(arguments: wrong) func `what is wrong is told in a sentence`(_ objective: String, _ expected: String) {
        let lines = lines(objective)
        #expect(lines.count == 1 && lines[0].contains(expected), "\(lines)")
    }

    @Test(arguments: single) func `what goes by one objective is refused beside several, and stands alone`(
        _ rest: String,
        _ expected: String
    ) {
        let lines = lines(Self.two, rest)
        #expect(lines.count == 1 && lines[0].contains(expected), "\(lines)")
        #expect(self.lines("{minimize: validation.loss}", rest) == [])
    }

    @Test(arguments: [
        "search: {trials: 9, method: auto}", "search: {trials: 9, method: nsga2}", "search: {trials: 9, method: tpe}",
        "search: {trials: 2000}", "search: {trials: 2001}\nprune: none", "search: {trials: 9, method: gp}",
        "search: {trials: 9, method: halton}", "search: {trials: 9}\nprune: asha",
        "search: {trials: 9}\nprune: halving", "search: {trials: 9}\nprune: hyperband",
        "search: {trials: 9}\nprune: {method: threshold, above: 3}", "search: {trials: 9}\nprune: none",
        "search: {trials: 9}\nstop: {epochs: 20}", "search: {trials: 9}\nfinalists:",
    ])
    func `what weighs several is read`(_ rest: String) {
        #expect(lines(Self.two, rest) == [])
    }

    @Test func `folds, which are for finalists, are refused beside several`() {
        let data = "data: {source: d.csv, target: y, validation: {folds: 5}}"
        let rest = "search: {trials: 9}\nobjective: "
        let lines = problems(file(data: data, rest: rest + Self.two))
        #expect(lines.count == 1 && lines[0].contains("placed by one objective: data.validation.folds"), "\(lines)")
        #expect(problems(file(data: data, rest: rest + "{minimize: validation.loss}")) == [])
    }

    @Test func `programs name their own, and report both`() throws {
        let text = """
            name: two
            train: {command: [python3, t.py], parameters: {x: {uniform: [0, 1]}}, epochs: 3, metrics: [size]}
            objective: {pareto: [{minimize: error}, {minimize: size}]}
            search: {trials: 9}
            """
        let read = try sweep(text).sweep
        #expect(read.metrics(on: nil) == [.custom("size"), .custom("error")])
    }
}
