import SweepCore
import SweepSearch
import SweepSpec
import Testing

/// What a sweep file that leaves `search.method` out is searched with, and what one that is kept means by it.
@Suite struct DefaultMethodTests {
    private static let range = "l2: {uniform: [0, 1], points: 5}\n  epochs: 27"
    private static let auto = SpecNode.text("auto")

    private static func read(_ rest: String, train: String = range) throws -> Sweep {
        try sweep(file(train: train, rest: rest)).sweep
    }

    /// The file as an earlier version kept it.
    private static func kept(_ rest: String, train: String = range) throws -> SpecNode {
        try read(rest, train: train).source.withoutMethod
    }

    @Test(arguments: ["", "search:", "search: null", "search: {}", "search: {seed: 3}", "search: {method: null}"])
    func `a file of one run says auto`(_ rest: String) throws {
        let read = try Self.read(rest, train: "epochs: 9")
        #expect(read.search.method == .auto && read.source["search"]?["method"] == Self.auto)
        #expect(SearchChoice(spec: read.search, space: read.space).method == .random)
    }

    @Test func `the method comes before what the file says, which stays`() throws {
        let read = try Self.read("search: {seed: 3, method: null, trials: 81}\npriority: 2")
        let search = [
            SpecEntry("method", Self.auto), SpecEntry("seed", .integer(3)), SpecEntry("trials", .integer(81)),
        ]
        #expect(read.source["search"] == .map(search))
        guard case .map(let entries) = read.source else { return }
        #expect(entries.map(\.key) == ["name", "data", "train", "search", "priority"])
        #expect(Sweep.read(read.source, problems: SpecProblems()) == read)
    }

    @Test func `what is picked is told as of a file that says auto, for pruning too`() throws {
        let learning = try Self.read("search: {trials: 81}")
        let written = try Self.read("search: {method: auto, trials: 81}")
        #expect(learning == written)
        let choice = SearchChoice(spec: learning.search, space: learning.space)
        #expect(choice.method == .gp && choice.reason != nil)
        #expect(PruneChoice(learning).method == .asha)
        #expect(PruneChoice(learning).reason == "gp learns from the results of high rungs")
        let few = try Self.read("search: {trials: 2}", train: "l2: {choice: [0, 0.1]}\n  epochs: 27")
        #expect(SearchChoice(spec: few.search, space: few.space).reason == "all 2 configurations can be tried")
        #expect(PruneChoice(few).method == .extrapolate)
    }

    @Test(arguments: SearchSpec.Method.allCases.filter { $0 != .pbt })
    func `a method that the file names is the method`(_ method: SearchSpec.Method) throws {
        let text = file(train: Self.range, rest: "search: {method: \(method.rawValue), trials: 4}")
        let read = try sweep(text).sweep
        #expect(read.search.method == method && read.source["search"]?["method"] == .text(method.rawValue))
        let plain = file(train: Self.range, rest: "search: {trials: 4}")
        #expect(try sweep(plain, overrides: ["search.method=\(method.rawValue)"]).sweep.search.method == method)
    }

    @Test func `arms are all trained, so that nothing is put in`() throws {
        let arms = "arms: {as it is: {}, stronger: {train.l2: 0.1}}"
        let alone = try Self.read(arms, train: "l2: 0.01\n  epochs: 9")
        #expect(alone.source["search"] == nil && alone.search.method == .grid)
        let repeated = try Self.read("search: {repeats: 3}\n\(arms)", train: "l2: 0.01\n  epochs: 9")
        #expect(repeated.source["search"] == .map([SpecEntry("repeats", .integer(3))]))
    }

    @Test(arguments: [
        ("{trials: 10000}", true), ("{trials: 10001}", false), ("{trials: 20000, repeats: 2}", true),
        ("{trials: 20002, repeats: 2}", false),
    ])
    func `more configurations than a model was measured with are drawn, as before`(_ search: String, _ isAuto: Bool)
        throws
    {
        let read = try Self.read("search: \(search)")
        #expect(read.search.method == (isAuto ? .auto : .random))
        #expect(read.source["search"]?["method"] == (isAuto ? Self.auto : nil))
    }

    @Test(arguments: [
        ("search: {trials: 0}", "f:8:18: not an allowed value: search.trials, found 0"),
        ("search:\n  seed: 1\n  trials: 0", "f:10:11: not an allowed value: search.trials, found 0"),
        ("search: {seed: 1}", "f:8:1: missing: search.trials"), ("", "f:1:1: missing: search.trials"),
        ("search: random", "f:8:9: not an allowed value: search, found random"),
        ("search: [random]", "f:8:9: not an allowed value: search, found [random]"),
    ])
    func `a mistake is told where the user wrote it`(_ rest: String, _ expected: String) {
        let lines = problems(file(train: Self.range, rest: rest))
        #expect(lines.count == 1 && lines[0].hasPrefix(expected), "\(lines)")
    }

    @Test func `earlier results and several objectives need no method`() {
        let warm = "search: {trials: 9, warm_start: a.jsonl}"
        #expect(problems(file(train: Self.range, rest: warm)) == [])
        let drawn = problems(file(train: Self.range, rest: warm.replacing("{", with: "{method: random, ")))
        #expect(drawn.count == 1 && drawn[0].contains("random has no model that could learn from it"), "\(drawn)")
        let two = "objective: {pareto: [{minimize: validation.loss}, {minimize: weight.norm}]}"
        #expect(problems(file(train: Self.range, rest: "search: {trials: 9}\n\(two)")) == [])
    }

    @Test(arguments: ["search: {trials: 81}", "search: {trials: 81, seed: 3}\nprune: asha", "search: {trials: 20000}"])
    func `a kept file without a method means random, for ever`(_ rest: String) throws {
        let kept = try Self.kept(rest)
        #expect(kept.leavesMethod)
        let read = try #require(Sweep.read(kept, problems: SpecProblems()))
        #expect(read.search.method == .random && read.source == kept)
        #expect(SearchChoice(spec: read.search, space: read.space).reason == nil)
    }

    @Test func `the same file is the same sweep as one that an earlier version began`() throws {
        func given(_ rest: String) throws -> SpecNode { try Self.read(rest).source }
        let old = try Self.kept("search: {trials: 81}")
        #expect(old["search"] == .map([SpecEntry("trials", .integer(81))]) && old["prune"] == nil)
        // As the version before kept it, which picked extrapolate for a random search.
        let picked = try #require(Sweep.read(old, problems: SpecProblems())).settledSource
        #expect(picked["prune"] == PruneSpec.pickedExtrapolation)
        for kept in [old, picked] {
            for search in ["{trials: 81}", "{method: auto, trials: 81}"] {
                #expect(try given("search: \(search)").difference(fromKept: kept) == .none)
                #expect(try given("search: \(search)\npriority: 3").difference(fromKept: kept) == .placement)
                #expect(try given("search: \(search)\nprune: asha").difference(fromKept: kept) == .another)
            }
            #expect(try given("search: {trials: 99}").difference(fromKept: kept) == .trials)
            #expect(try given("search: {trials: 81, seed: 3}").difference(fromKept: kept) == .another)
            for method in ["random", "tpe", "gp", "sobol"] {
                let named = try given("search: {method: \(method), trials: 81}")
                #expect(named.difference(fromKept: kept) == .another, "\(method)")
            }
        }
        let one = try Self.read("", train: "epochs: 9").source
        #expect(one.withoutMethod["search"] == nil && one.difference(fromKept: one.withoutMethod) == .none)
        guard case .map(let entries) = one.withoutMethod else { return }
        for empty in [SpecNode.null, .map([]), .map([SpecEntry("method", .null)])] {
            #expect(one.difference(fromKept: .map(entries + [SpecEntry("search", empty)])) == .none)
        }
    }

    @Test func `a file that is kept now says its method, and is another than one of random`() throws {
        let given = try Self.read("search: {trials: 81}")
        #expect(given.settledSource == given.source && !given.settledSource.leavesMethod)
        #expect(given.source.difference(fromKept: given.settledSource) == .none)
        let random = try Self.read("search: {method: random, trials: 81}")
        #expect(given.source.difference(fromKept: random.settledSource) == .another)
        #expect(random.source.difference(fromKept: given.settledSource) == .another)
        // What means random since it was kept is not what learns.
        #expect(given.source.withoutMethod.difference(fromKept: given.source) == .another)
    }
}
