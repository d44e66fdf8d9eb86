import SweepCore
import SweepSearch
import SweepSpec
import Testing

/// What `auto` picks for `prune` of a file, and how that is kept.
@Suite struct PruneChoiceTests {
    private static let range = "l2: {uniform: [0, 1], points: 5}\n  epochs: 27"

    private static func read(
        _ rest: String,
        train: String = range,
        data: String = "data: {source: d.csv, target: y}"
    ) throws -> Sweep {
        try sweep(file(data: data, train: train, rest: rest)).sweep
    }

    private static func kept(_ sweep: Sweep) throws -> Sweep {
        try #require(Sweep.read(sweep.settledSource, problems: SpecProblems()))
    }

    /// What a coordinator trains by that keeps `sweep` as it is.
    private static func levels(_ sweep: Sweep) -> [Int] {
        SchedulerFactory.make(prune: sweep.prune, epochs: sweep.epochs, trials: sweep.search.trials).levels
    }

    @Test(arguments: [
        ("search: {method: random, trials: 81}", "random"),
        ("search: {method: random, trials: 81}\nprune: auto", "random"),
        ("search: {method: random, trials: 81}\nprune: {method: auto}", "random"),
        ("search: {method: sobol, trials: 81}", "sobol"),
        ("search: {method: halton, trials: 81}", "halton"), ("search: {method: grid}", "grid"),
        ("search: {method: grid, trials: 3}", "grid"), ("search: {method: random, trials: 81, repeats: 3}", "random"),
        ("search: {method: random, trials: 81, decide: arrival}", "random"),
        ("search: {method: random, trials: 81, try_first: [{l2: 0.5}]}", "random"),
        ("search: {method: random, trials: 81}\nobjective: {maximize: validation.accuracy}", "random"),
    ])
    func `a search that needs no results has few whole curves`(_ rest: String, _ method: String) throws {
        let choice = PruneChoice(try Self.read(rest))
        #expect(choice.method == .extrapolate)
        #expect(choice.reason == "\(method) needs no results and the number of trials is known")
    }

    @Test func `so has an auto search that goes through the whole space`() throws {
        let few = "l2: {choice: [0, 0.1]}\n  epochs: 27"
        #expect(PruneChoice(try Self.read("search: {method: auto, trials: 2}", train: few)).method == .extrapolate)
        let learning = PruneChoice(try Self.read("search: {method: auto, trials: 81}"))
        #expect(learning.method == .asha && learning.reason == "gp learns from the results of high rungs")
    }

    @Test(
        arguments: SearchSpec.Method.allCases.filter { ![.auto, .random, .grid, .sobol, .halton, .pbt].contains($0) }
    )
    func `a search that learns has promotion ASHA`(_ method: SearchSpec.Method) throws {
        let sweep = try Self.read("search: {method: \(method.rawValue), trials: 81}")
        let choice = PruneChoice(sweep)
        #expect(choice.method == .asha)
        #expect(choice.reason == "\(method.rawValue) learns from the results of high rungs")
        // Kept it says what it said, and why can be told again.
        #expect(sweep.settledSource == sweep.source && PruneChoice(kept: sweep) == choice)
    }

    @Test(arguments: [
        (
            "search: {method: random, trials: 81}\nobjective: {pareto: [{minimize: validation.loss}, {minimize: weight.norm}]}",
            "there are several objectives"
        ),
        (
            "search: {method: random, trials: 81}\nfinalists: {top: 2}",
            "finalists are chosen among the trials that come to their end"
        ),
        (
            "search: {method: random, trials: 81}\nstop: {epochs: 20}",
            "stop may end the search before all trials have begun"
        ),
        (
            "search: {method: random, trials: 81}\nstop: {below: 0.1}",
            "stop may end the search before all trials have begun"
        ),
        (
            "search: {method: random, trials: 81, where: \"l2 < 0.5\"}",
            "conditions may leave fewer configurations than are to be tried"
        ),
    ])
    func `whatever all trials may not come to a rung for has promotion ASHA`(_ rest: String, _ reason: String) throws {
        let sweep = try Self.read(rest)
        let choice = PruneChoice(sweep)
        #expect(choice.method == .asha && choice.reason == reason)
        #expect(sweep.settledSource == sweep.source)
    }

    @Test func `so have folds, whose best are finalists, and trials that programs ask for`() throws {
        let folds = try Self.read(
            "search: {method: random, trials: 81}",
            data: "data: {source: d.csv, target: y, validation: {folds: 3}}"
        )
        #expect(PruneChoice(folds).method == .asha && PruneChoice(folds).reason?.hasPrefix("finalists") == true)
        let asked = """
            name: p
            train: {ask: {}, parameters: {x: {uniform: [0, 1]}}, epochs: 9}
            objective: {minimize: loss}
            search: {method: random, trials: 81}
            """
        let choice = PruneChoice(try sweep(asked).sweep)
        #expect(choice.method == .asha && choice.reason == "programs ask for as many trials as they like")
        let command = asked.replacing("ask: {}", with: "command: [sh]")
        #expect(PruneChoice(try sweep(command).sweep).method == .extrapolate)
    }

    @Test func `where the number of trials is not known it is promotion ASHA, and one epoch has no rungs`() throws {
        let space = try Self.read("search: {method: random, trials: 81}").space
        let unknown = PruneChoice.pick(search: SearchSpec(), space: space, epochs: 27)
        #expect(unknown.method == .asha && unknown.reason == "the number of trials is not known")
        #expect(PruneChoice.pick(search: SearchSpec(method: .grid), space: space, epochs: 27).method == .extrapolate)
        let one = try Self.read("search: {method: random, trials: 81}", train: "l2: {uniform: [0, 1]}\n  epochs: 1")
        #expect(PruneChoice(one).method == .none && one.settledSource == one.source)
    }

    @Test(arguments: [
        ("prune: asha", PruneSpec.Method.asha), ("prune: none", .none), ("prune: extrapolate", .extrapolate),
        ("prune: {budget: 0.2}", .extrapolate), ("prune: {reduction_factor: 4}", .asha),
        ("prune: {method: auto, first_rung: 2}", .asha), ("prune: {method: auto, budget: 0.2}", .extrapolate),
    ])
    func `what the file says itself is so, and no reason is told`(_ prune: String, _ method: PruneSpec.Method) throws {
        let sweep = try Self.read("search: {method: random, trials: 81}\n\(prune)")
        #expect(PruneChoice(sweep).method == method && PruneChoice(sweep).reason == nil)
        #expect(PruneChoice(kept: sweep) == PruneChoice(sweep))
        #expect(sweep.settledSource == sweep.source)
    }

    @Test func `populations and arms prune nothing, and are kept as they are`() throws {
        let population = try sweep(text("sweeps/population.yaml")).sweep
        #expect(PruneChoice(population).method == .none && population.settledSource == population.source)
        let arms = """
            name: p
            train: {command: [sh], parameters: {x: 1}, epochs: 9}
            objective: {minimize: loss}
            arms: {low: {train.parameters.x: 0}, high: {train.parameters.x: 2}}
            """
        let compared = try sweep(arms).sweep
        #expect(PruneChoice(compared).method == .none && compared.settledSource == compared.source)
    }

    @Test func `what was picked is kept in the file, and is read by versions of before as it is by this one`() throws {
        let given = try Self.read("search: {method: random, trials: 81}\nprune: auto\npriority: 3")
        let kept = try Self.kept(given)
        #expect(
            kept.source["prune"]
                == .map([SpecEntry("method", .text("auto")), SpecEntry("budget", .real(PruneSpec.defaultBudget))])
        )
        #expect(kept.prune.resolvedMethod == .extrapolate && kept.search == given.search)
        #expect(Self.levels(kept) == [1, 2, 6, 27])
        #expect(PruneChoice(kept: kept) == PruneChoice(given) && PruneChoice(kept: kept).reason != nil)
        #expect(kept.settledSource == kept.source)
        #expect(try sweep(kept.source.yaml).sweep.source == kept.source)
    }

    @Test func `a file that was kept before there was a choice has promotion ASHA for ever`() throws {
        let old = try Self.read("search: {method: random, trials: 81}")
        #expect(old.source["prune"] == nil && Self.levels(old) == [3, 9, 27])
        #expect(PruneChoice(kept: old).method == .asha && PruneChoice(kept: old).reason == nil)
    }

    @Test func `the same file is the same sweep, whatever was picked for it`() throws {
        func given(_ rest: String) throws -> SpecNode { try Self.read(rest).source }
        let plain = try Self.read("search: {method: random, trials: 81}")
        for kept in [plain.settledSource, plain.source] {
            #expect(plain.source.difference(fromKept: kept) == .none)
            #expect(try given("search: {method: random, trials: 81}\nprune: auto").difference(fromKept: kept) == .none)
            #expect(
                try given("search: {method: random, trials: 81}\npriority: 3").difference(fromKept: kept) == .placement
            )
            #expect(
                try given("search: {method: random, trials: 99}\npriority: 3").difference(fromKept: kept) == .trials
            )
            #expect(try given("search: {method: random, trials: 81, seed: 3}").difference(fromKept: kept) == .another)
            for other in ["asha", "extrapolate", "none", "{budget: 0.2}"] {
                let named = try given("search: {method: random, trials: 81}\nprune: \(other)")
                #expect(named.difference(fromKept: kept) == .another, "\(other)")
                #expect(plain.source.difference(fromKept: named) == .another, "\(other)")
                #expect(named.difference(fromKept: named) == .none)
            }
        }
    }

    @Test func `whether hopeless trials are stopped leaves the rest to auto, and stays in the kept file`() throws {
        let given = try Self.read("search: {method: random, trials: 81}\nprune: {stop_hopeless: true}")
        #expect(PruneChoice(given).method == .extrapolate && PruneChoice(given).reason != nil)
        let kept = try Self.kept(given)
        #expect(kept.prune.stopsHopeless && kept.prune.resolvedMethod == .extrapolate)
        #expect(PruneChoice(kept: kept) == PruneChoice(given) && kept.settledSource == kept.source)
        #expect(given.source.difference(fromKept: kept.source) == .none)
        let plain = try Self.read("search: {method: random, trials: 81}")
        #expect(plain.source.difference(fromKept: kept.source) == .another)
        #expect(given.source.difference(fromKept: plain.settledSource) == .another)
        let learning = try Self.read("search: {method: tpe, trials: 81}\nprune: {stop_hopeless: true}")
        #expect(PruneChoice(learning).method == .asha && learning.settledSource == learning.source)
        #expect(learning.prune.stopsHopeless && learning.prune.resolvedMethod == .asha)
    }

    @Test func `a file that said itself what auto picks elsewhere is another without it`() throws {
        func given(_ rest: String) throws -> Sweep { try Self.read("search: {trials: 81\(rest)") }
        let line = "\nprune: {method: auto, budget: 0.11}"
        for method in [", method: tpe}", ", method: cmaes}"] {
            let own = try given(method + line)
            #expect(own.source["prune"] == PruneSpec.pickedExtrapolation && own.settledSource == own.source)
            #expect(own.source.difference(fromKept: own.settledSource) == .none)
            #expect(try given(method).source.difference(fromKept: own.settledSource) == .another)
        }
        // Where it is what would be picked, nothing is lost with it.
        let random = try given(", method: random}" + line)
        #expect(try given(", method: random}").source.difference(fromKept: random.settledSource) == .none)
        #expect(
            try given(", method: random, repeats: 2}").source.difference(fromKept: random.settledSource) == .another
        )
    }
}
