import SweepCore
import SweepSpec
import Testing

/// `validation: {folds: K}` of a sweep file.
@Suite struct FoldsFileTests {
    private static func text(_ validation: String, _ rest: String) -> String {
        """
        name: folded
        data: {source: d.csv, target: y, validation: \(validation)}
        train:
          model: linear
          optimizer: {adam: {learning_rate: {log: [1e-4, 1e-1]}}}
          batch_size: 32
          epochs: 9
        \(rest)
        """
    }

    private static func read(_ rest: String, validation: String = "{folds: 5}") throws -> Sweep {
        try SweepFile.read(text: text(validation, rest), file: "f").get().sweep
    }

    @Test func `finalists are run once on each fold unless the file says more`() throws {
        #expect(try Self.read("search: {trials: 3}").finalists == FinalistsSpec(top: 5, seeds: 5))
        #expect(try Self.read("search: {trials: 3}\nfinalists: {top: 2}").finalists == FinalistsSpec(top: 2, seeds: 5))
        #expect(try Self.read("search: {trials: 3}\nfinalists: {seeds: 10}").finalists?.seeds == 10)
        // Of one split nothing is changed.
        #expect(try Self.read("search: {trials: 3}", validation: "0.2").finalists == nil)
        let one = try Self.read("search: {trials: 3}\nfinalists: {seeds: 7}", validation: "{fold: 1, of: 5}")
        #expect(one.finalists == FinalistsSpec(top: 5, seeds: 7) && one.folds == nil && one.fold(ofRun: 3) == nil)
    }

    @Test(arguments: [
        (3, "a multiple of 5, such as 5"), (7, "a multiple of 5, such as 5"), (8, "a multiple of 5, such as 10"),
    ])
    func `runs that do not take each fold equally often are refused, with both numbers`(_ seeds: Int, allowed: String) {
        #expect(
            problems(Self.text("{folds: 5}", "search: {trials: 3}\nfinalists: {seeds: \(seeds)}")) == [
                "f:9:20: \(seeds) runs do not take each of 5 folds equally often: finalists.seeds, found \(seeds), allowed \(allowed)"
            ]
        )
    }

    @Test func `arms have no folds, and may have one`() {
        let arms = "arms: {a: {}, b: {train.batch_size: 64}}"
        let fixed = Self.text("{folds: 5}", arms).replacing("{log: [1e-4, 1e-1]}", with: "0.1")
        #expect(
            problems(fixed) == [
                "f:2:54: arms are compared on one split, and have no finalists: data.validation.folds, "
                    + "allowed {fold: I, of: K}, a share, {last: ROWS} or {source: …}"
            ]
        )
        #expect(problems(fixed.replacing("{folds: 5}", with: "{fold: 2, of: 5}")) == [])
    }

    @Test func `the search has the first fold, and a finalist's runs go through all, paired`() throws {
        let sweep = try Self.read("search: {trials: 6, repeats: 2, seed: 3}")
        #expect((0..<2).map { sweep.fold(ofRun: $0) } == [1, 1])
        #expect((2..<12).map { sweep.fold(ofRun: $0) } == [2, 3, 4, 5, 1, 2, 3, 4, 5, 1])
        let ids = [1, 2].map { ConfigurationID(rawValue: $0) }
        for run in 0..<6 {
            let isPaired = sweep.trialSeed(ids[0], repeat: run) == sweep.trialSeed(ids[1], repeat: run)
            #expect(isPaired == (run >= 2), "run \(run)")
        }
        #expect(Set((0..<6).map { sweep.trialSeed(ids[0], repeat: $0) }).count == 6)
        // The search is the one of a file with that fold alone.
        let one = try Self.read("search: {trials: 6, repeats: 2, seed: 3}", validation: "{fold: 1, of: 5}")
        #expect((0..<2).allSatisfy { one.trialSeed(ids[0], repeat: $0) == sweep.trialSeed(ids[0], repeat: $0) })
    }

    @Test func `one fold takes the place of all in a file of one run`() throws {
        let stratified = "{folds: 5, stratify: false}"
        let sweep = try Self.read("search: {trials: 3}", validation: stratified)
        for fold in [1, 4] {
            let read = try #require(Sweep.read(sweep.source.onFold(fold), problems: SpecProblems()))
            #expect(read.data == sweep.data?.onFold(fold) && read.folds == nil && read.finalists == nil)
            #expect(read.data?.validation == .fold(fold, of: 5, isStratified: false))
        }
        let single = try #require(sweep.single(sweep.space.cover[0], name: "one"))
        #expect(Sweep.read(single, problems: SpecProblems())?.data?.validation == .fold(1, of: 5, isStratified: false))
        let plain = try Self.read("search: {trials: 3}", validation: "0.2").source
        #expect(plain.onFold(2) == plain)
    }
}
