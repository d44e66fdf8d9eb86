import SweepCore
import SweepDiagnosis
import SweepNumerics
import Testing

@Suite struct PairedComparisonTests {
    private let loss = PairedScale(Objective(), chance: 2.3)

    private func compare(_ runs: [(arm: String, values: [Double])]) -> [PairedComparison] {
        Self.compare(runs, loss)
    }

    /// Each later run with the first.
    private static func compare(_ runs: [(arm: String, values: [Double])], _ scale: PairedScale) -> [PairedComparison] {
        PairedComparison.all(
            runs.dropFirst().map { .init(arm: $0.arm, base: runs[0].values, changed: $0.values) },
            scale: scale
        )
    }

    @Test func aChangeThatHelpsInEveryPairIsShown() throws {
        let found = compare([("as it is", [1.6, 1.5, 1.7, 1.55, 1.62]), ("slower", [0.25, 0.24, 0.27, 0.25, 0.26])])
        let slower = try #require(found.first)
        #expect(slower.verdict == .better)
        #expect(slower.improved == 5)
        #expect(slower.worsened == 0)
        #expect(slower.p < 0.001)
        #expect(abs((slower.base.mean ?? 0) - 1.594) < 1e-12)
        #expect(abs((slower.changed.mean ?? 0) - 0.254) < 1e-12)
    }

    @Test func equalGainsOfFewPairsShowNothing() throws {
        // One row of eight more that is right, in each pair: there is no variance, and no certainty either.
        let accuracy = PairedScale(Objective(metric: .validationAccuracy, direction: .maximize), chance: 2.3)
        func compared(_ pairs: Int) throws -> PairedComparison {
            let values = [Double](repeating: 0.625, count: pairs)
            let found = Self.compare([("as it is", values), ("other", values.map { $0 - 0.125 })], accuracy)
            return try #require(found.first)
        }
        #expect(try compared(2).p == 0.5 && compared(2).verdict == .undecided)
        #expect(try compared(5).p == 0.0625 && compared(5).verdict == .undecided)
        #expect(try compared(6).p == 0.03125 && compared(6).verdict == .worse)
    }

    @Test func seedsThatDifferMoreThanTheArmsDoNotHideTheChange() throws {
        // Between seeds the loss varies twentyfold; within each pair the changed run is a tenth better.
        let base = [0.1, 0.4, 2.0, 0.2, 1.1, 0.7]
        let wobble = [1.0, 1.01, 0.99, 1.005, 0.995, 1.0]
        let found = compare([("as it is", base), ("a tenth", zip(base, wobble).map { $0 * 0.9 * $1 })])
        #expect(try #require(found.first).verdict == .better)
    }

    @Test func noiseIsNotACure() {
        // Of 400 comparisons of four arms that do nothing, at most one in twenty may show any (expected: 5 %).
        var random = RandomStream(key: 20)
        var alarms = 0
        for _ in 0..<400 {
            let runs = (0..<5).map { arm in
                (arm: "arm \(arm)", values: (0..<5).map { _ in 0.5 + 0.1 * abs(random.normal()) })
            }
            if compare(runs).contains(where: { $0.verdict != .undecided }) { alarms += 1 }
        }
        #expect(alarms <= 32, "\(alarms) of 400; three deviations above 20 are 33")
    }

    @Test func whatDoesNotEndWithANumberIsWorseThanWhatDoes() throws {
        let found = compare([
            ("as it is", [.nan, .infinity, .nan, 900, .nan]), ("slower", [0.4, 0.5, 0.6, 0.45, 0.5]),
            ("other", [.nan, .nan, .nan, .nan, .nan]),
        ])
        #expect(found[0].verdict == .better)
        #expect(found[0].base.lost == 4)
        #expect(found[0].base.mean == 900)
        #expect(found[1].verdict == .undecided)
        #expect(found[1].improved == 0)
        #expect(found[1].changed.mean == nil)
    }

    @Test func accuraciesAreComparedTheirOwnWay() throws {
        let scale = PairedScale(Objective(metric: .validationAccuracy, direction: .maximize), chance: 2.3)
        let found = Self.compare(
            [("as it is", [0.81, 0.8, 0.82]), ("wider", [0.9, 0.905, 0.915]), ("narrow", [0.5, .nan, 0.52])],
            scale
        )
        #expect(found[0].verdict == .better)
        #expect(abs(found[0].gain - 0.0966666666) < 1e-6)
        #expect(found[1].gain < 0)
        #expect(found[1].worsened == 3)
    }

    @Test func onePairShowsNothing() throws {
        let found = compare([("as it is", [1.6]), ("slower", [0.2])])
        #expect(try #require(found.first).verdict == .undecided)
        #expect(found[0].interval == nil)
    }

    @Test func equalRunsAreNoChange() {
        let found = compare([("as it is", [0.5, 0.6]), ("same", [0.5, 0.6])])
        #expect(found[0].verdict == .undecided)
        #expect(found[0].p == 1)
    }

    @Test func theMoreArmsTheMoreMustBeShown() throws {
        let base = (arm: "as it is", values: [1.0, 1.1, 0.9, 1.05])
        let helps = (arm: "helps", values: [0.9, 0.95, 0.87, 0.96])
        let alone = try #require(compare([base, helps]).first)
        let others = (0..<12).map { (arm: "no \($0)", values: [1.0, 1.1, 0.91, 1.04]) }
        let among = try #require(compare([base, helps] + others).first)
        #expect(alone.verdict == .better)
        #expect(among.verdict == .undecided)
        #expect(among.p > alone.p)
    }
}
