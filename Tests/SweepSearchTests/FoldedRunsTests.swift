import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// Finalists that are judged over the folds of a cross-validation.
@Suite struct FoldedRunsTests {
    private static func race(
        _ finalists: Int,
        seeds: Int,
        folds: Int,
        _ cost: (Int, Int) -> Double
    ) -> [FinalRace.Run] {
        var runs: [FinalRace.Run] = []
        while case .run(let next) = FinalRace.step(after: runs, finalists: finalists, seeds: seeds, folds: folds) {
            let number = runs.count { $0.finalist == next }
            runs.append(FinalRace.Run(finalist: next, cost: cost(next, number)))
        }
        return runs
    }

    @Test func `every finalist is run once on each fold, one after the other, whatever the results`() {
        let runs = Self.race(3, seeds: 4, folds: 4) { finalist, _ in Double(finalist) }
        #expect(runs.map(\.finalist) == (0..<12).map { $0 % 3 })
        let unknown = runs.map { FinalRace.Run(finalist: $0.finalist, cost: nil) }
        #expect(FinalRace.step(after: Array(unknown[..<11]), finalists: 3, seeds: 4, folds: 4) == .run(2))
        #expect(FinalRace.step(after: unknown, finalists: 3, seeds: 4, folds: 4) == .over)
        // A second pass awaits all of the first.
        #expect(FinalRace.step(after: unknown, finalists: 3, seeds: 8, folds: 4) == .wait)
    }

    @Test func `between passes a clear race ends, a close one goes on, and means stay of the same folds`() {
        // Folds differ by far more than the finalists, which differ by the same on each.
        let folds = [0.1, 0.9, 0.5, 0.3]
        let noise = [0.002, -0.001, 0.001, -0.002, 0.0015]
        let clear = Self.race(3, seeds: 12, folds: 4) { 0.05 * Double($0) + folds[$1 % 4] + noise[($0 + 2 * $1) % 5] }
        #expect(clear.count == 12)
        let close = Self.race(3, seeds: 12, folds: 4) { folds[$1 % 4] + noise[($0 + 2 * $1) % 5] }
        #expect(close.count == 36 && (0..<3).allSatisfy { own in close.count { $0.finalist == own } == 12 })
    }

    @Test func `who lost its numbers or failed too often is left behind after the pass`() {
        let noise = [0.02, -0.01, 0.015]
        let runs = Self.race(4, seeds: 6, folds: 3) { finalist, number in
            if finalist == 1 { return number == 2 ? .infinity : 0 }
            if finalist == 3 { return number > 0 ? .nan : 0 }
            return 1 + noise[(finalist + number) % 3]
        }
        let counts = (0..<4).map { own in runs.count { $0.finalist == own } }
        #expect(counts == [6, 3, 6, 3])
        #expect(FinalRace.passStart(before: 11, of: runs, finalists: 4, folds: 3) == 0)
        #expect(FinalRace.passStart(before: 12, of: runs, finalists: 4, folds: 3) == 12)
        #expect(FinalRace.passStart(before: 17, of: runs, finalists: 4, folds: 3) == 12)
        // Alone it is run on with all seeds; when all others are lost it is over.
        #expect(Self.race(1, seeds: 6, folds: 3) { _, number in Double(number) }.count == 6)
        #expect(Self.race(2, seeds: 6, folds: 3) { finalist, _ in finalist == 0 ? 1 : .nan }.count == 6)
    }

    @Test func `the interval is widened by the rows that folds share`() throws {
        let values = [0.4, 0.5, 0.45, 0.6, 0.42]
        let plain = try #require(StudentT.interval95(values))
        let folded = try #require(StudentT.interval95(values, overlap: FoldedRuns.overlap(folds: 5)))
        // Nadeau & Bengio: √(1/5 + 1/4) in place of √(1/5).
        let ratio = (folded.upperBound - folded.lowerBound) / (plain.upperBound - plain.lowerBound)
        #expect(abs(ratio - (0.45 / 0.2).squareRoot()) < 1e-12)
        #expect(abs(folded.lowerBound + folded.upperBound - plain.lowerBound - plain.upperBound) < 1e-12)
        #expect(StudentT.interval95(values, overlap: 0) == plain)
    }

    /// Scores of folds as Nadeau & Bengio take them: any two share 1/K of their variance.
    @Test func `over 20,000 made-up cross-validations the wider interval holds the truth, the plain one does not`() {
        var random = RandomStream(key: 20_261_129)
        let (folds, sweeps) = (5, 20_000)
        let shared = 1 / Double(folds)
        var (plain, corrected) = (0, 0)
        for _ in 0..<sweeps {
            let common = shared.squareRoot() * random.normal()
            let scores = (0..<folds).map { _ in common + (1 - shared).squareRoot() * random.normal() }
            if StudentT.interval95(scores)?.contains(0) == true { plain += 1 }
            let wide = StudentT.interval95(scores, overlap: FoldedRuns.overlap(folds: folds))
            if wide?.contains(0) == true { corrected += 1 }
        }
        // Four standard errors of a share of 20,000 are 0.6 %; the factor is exact under this assumption.
        let (bare, wide) = (Double(plain) / Double(sweeps), Double(corrected) / Double(sweeps))
        #expect(abs(wide - 0.95) < 0.0062, "\(wide)")
        #expect(bare < 0.90, "\(bare)")
        print("95 % intervals over \(folds) folds hold the truth in \(wide), without the correction in \(bare)")
    }

    @Test func `two are compared by their pairs, so that hard folds hide nothing`() {
        let folds = [0.1, 0.9, 0.5, 0.3, 0.7]
        let noise = [0.004, -0.003, 0.002, -0.004, 0.001]
        func costs(_ shift: Double) -> [Int: Double] {
            let costs = folds.indices.map { ($0 + 1, folds[$0] + shift + (shift > 0 ? noise[$0] : 0)) }
            return Dictionary(uniqueKeysWithValues: costs)
        }
        let (better, worse) = (costs(0), costs(0.02))
        let difference = FoldedRuns.difference(better, worse, folds: 5)
        #expect(difference.map { $0.upperBound < 0 } == true, "\(String(describing: difference))")
        let chances = FoldedRuns.chances([better, worse], folds: 5)
        #expect(chances[0] > 0.95 && abs(chances[0] + chances[1] - 1) < 1e-12)
        // Without pairs nothing is told apart: the spread over folds is larger than the difference.
        let unpaired = BestOf.chances([better, worse].map { Moments(of: $0.sorted { $0.key < $1.key }.map(\.value)) })
        #expect(unpaired[0] < 0.7)
        // For two it is about Student's t of the corrected paired difference.
        let moments = Moments(of: folds.indices.map { noise[$0] + 0.02 })
        let scale = (moments.sampleDeviation ?? 0) * (1.0 / 5 + 1.0 / 4).squareRoot()
        let exact = 0.5 * (1 + StudentT.within(moments.mean / scale, degrees: 4))
        #expect(abs(chances[0] - exact) < 0.02, "\(chances[0]), exact \(exact)")
    }

    @Test func `runs that only some have count alone where too few are common`() {
        let chances = FoldedRuns.chances([[1: 0.1, 2: 0.2], [3: 0.5, 4: 0.6]], folds: 2)
        #expect(abs(chances.reduce(0, +) - 1) < 1e-12 && chances[0] > 0.5)
        #expect(FoldedRuns.difference([1: 0.1], [2: 0.1], folds: 2) == nil)
        #expect(FoldedRuns.chances([[1: 3, 2: 4]], folds: 2) == [1])
    }

    @Test func `the table has the mean over folds with its wider interval, and ties by pairs`() throws {
        let folds = [0.1, 0.9, 0.5]
        let noise = [0.001, -0.001, 0.0005]
        var records = (0..<3).map { trial($0 + 1, $0, 0.1, repetition: 0) }
        for run in 0..<9 {
            let (own, number) = (run % 3, run / 3)
            // The third is as good as the second.
            let shift = [0, 0.1, 0.1][own] + (own == 2 ? noise[number] : 0)
            records.append(trial(run + 4, own, folds[number] + shift, repetition: number + 1))
        }
        let rows = Ranking.rows(records, objective: Objective(), levels: [1], repeats: 1, folds: 3)
        #expect(rows.map { $0.configuration["train.x"] }[0] == .integer(0))
        let finals = rows[0].runs.dropLast().map { $0.objective ?? 0 }
        #expect(rows[0].interval == StudentT.interval95(finals, overlap: 0.5))
        #expect(rows.map(\.tiedWith) == [[], [3], [2]])
        #expect((rows[0].final?.chance ?? 0) > 0.95)
        #expect(rows[0].runs.map(\.fold).sorted { ($0 ?? 0) < ($1 ?? 0) } == [1, 1, 2, 3])
        // As runs of one split their intervals all overlap, as the folds differ.
        let plain = Ranking.rows(records, objective: Objective(), levels: [1], repeats: 1)
        #expect(plain.map(\.tiedWith) == [[2, 3], [1, 3], [1, 2]])
    }

    @Test func `means are of whole passes over the folds, and who lacks one stands behind`() {
        func places(_ records: [TrialRecord]) -> [ParameterValue?] {
            Ranking.rows(records, objective: Objective(), levels: [1], repeats: 1, folds: 3).map {
                $0.configuration["train.x"]
            }
        }
        let searched = [trial(1, 0, 0.3, repetition: 0), trial(2, 1, 0.2, repetition: 0)]
        // The first has had its easy fold alone, the second all but the last.
        var records = searched + [trial(3, 0, 0.1, repetition: 1), trial(4, 1, 0.1, repetition: 1)]
        records.append(trial(5, 1, 0.9, repetition: 2))
        #expect(places(records) == [.integer(1), .integer(0)], "as the search left them, until each has all folds")
        records += [trial(6, 0, 0.8, repetition: 2), trial(7, 0, 0.6, repetition: 3), trial(8, 1, 0.7, repetition: 3)]
        #expect(places(records) == [.integer(0), .integer(1)], "0.5 against 0.57")
        // A run of a second pass, on the hardest fold alone, changes nothing yet.
        #expect(places(records + [trial(9, 0, 3, repetition: 4)]) == [.integer(0), .integer(1)])
        // Without its hard fold the second would be first: 0.4.
        let lacking = records.filter { $0.number != 5 } + [trial(5, 1, 0, repetition: 2, state: .failed("x"))]
        #expect(places(lacking) == [.integer(0), .integer(1)])
    }

    /// A run of configuration `x`, the `repetition`-th from 0, which ended with this loss.
    private func trial(
        _ number: Int,
        _ x: Int,
        _ loss: Double,
        repetition: Int,
        state: TrialState = .completed
    ) -> TrialRecord {
        TrialRecord(
            number: number,
            configuration: Configuration([.init(path: "train.x", value: .integer(x))]),
            seed: UInt64(repetition),
            repetition: repetition,
            fold: repetition == 0 ? 1 : repetition % 3 + 1,
            state: state,
            curve: LearningCurve(
                metrics: [.validationLoss],
                observations: [Observation(epoch: 1, values: [loss], seconds: 1)]
            )
        )
    }
}
