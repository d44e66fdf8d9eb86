import SweepCore
import SweepDiagnosis
import SweepNumerics
import Testing

@Suite struct RegionTests {
    private typealias Point = (configuration: Configuration, symptom: Symptom?)

    /// A sweep of `count` trials over a rate (by its logarithm), a width and an optimizer, drawn from a seed.
    private static func sweep(
        _ count: Int,
        seed: UInt64,
        _ symptom: (_ rate: Double, _ width: Int, _ optimizer: String, _ stream: inout RandomStream) -> Symptom?
    ) -> [Point] {
        var stream = RandomStream(key: seed)
        return (0..<count).map { _ in
            let rate = Elementary.pow(10, -4 + 4 * stream.uniform())
            let width = [16, 32, 64, 128, 256][stream.below(5)]
            let optimizer = ["sgd", "adam"][stream.below(2)]
            let configuration = Configuration([
                .init(path: "train.optimizer.rate", value: .real(rate)),
                .init(path: "train.model.mlp.width", value: .integer(width)),
                .init(path: "train.optimizer", value: .text(optimizer)),
            ])
            return (configuration, symptom(rate, width, optimizer, &stream))
        }
    }

    private static func bound(_ region: SickRegion, _ path: String) -> SickRegion.Bound? {
        region.conditions.first { $0.path == path }?.bound
    }

    @Test func `a rate too high for wide networks is found with both of its bounds`() throws {
        let trials = Self.sweep(120, seed: 1) { rate, width, _, _ in
            rate > 0.02 && width >= 128 ? (rate > 0.3 ? .nonFinite : .diverging) : nil
        }
        let region = try #require(RegionSearch.regions(of: trials).first)
        #expect(region.symptom == .diverging && region.conditions.count == 2, "\(region)")
        #expect(Self.bound(region, "train.model.mlp.width") == .atLeast(.integer(128)), "\(region)")
        guard case .atLeast(.real(let least))? = Self.bound(region, "train.optimizer.rate") else {
            Issue.record("no bound on the rate: \(region)")
            return
        }
        #expect((0.01...0.06).contains(least), "\(region)")
        let members = trials.filter { trial in region.conditions.allSatisfy { $0.holds(trial.configuration) } }
        #expect(region.inside == members.count && region.sick == members.count { $0.symptom != nil })
        #expect(region.sickInAll == trials.count { $0.symptom != nil } && region.all == 120 && region.chance < 1e-6)
    }

    @Test func `one parameter alone is said of one parameter alone`() throws {
        let trials = Self.sweep(100, seed: 2) { rate, _, _, stream in
            // A few exceptions on either side.
            (rate > 0.1) != (stream.uniform() < 0.05) ? .oscillating : nil
        }
        let region = try #require(RegionSearch.regions(of: trials).first)
        #expect(region.conditions.map(\.path) == ["train.optimizer.rate"], "\(region)")
        #expect(region.symptom == .oscillating && region.sick < region.sickInAll)
    }

    @Test func `two regions of one symptom are both found, and another symptom's too`() {
        let trials = Self.sweep(300, seed: 3) { rate, _, optimizer, _ in
            if rate < 3e-4 { return .slow }
            return rate > (optimizer == "sgd" ? 0.3 : 0.02) ? .diverging : nil
        }
        let regions = RegionSearch.regions(of: trials)
        #expect(regions.contains { $0.symptom == .slow && $0.conditions.count == 1 }, "\(regions)")
        let diverging = regions.filter { $0.symptom == .diverging }
        #expect(diverging.count == 2, "\(regions)")
        #expect(diverging.reduce(0) { $0 + $1.sick } * 10 >= 9 * trials.count { $0.symptom == .diverging })
    }

    @Test func `symptoms at random have no region`() {
        var alarms: [UInt64] = []
        for seed in 0..<60 as Range<UInt64> {
            let share = [0.1, 0.3, 0.6][Int(seed % 3)]
            let trials = Self.sweep(81, seed: 100 + seed) { _, _, _, stream in
                stream.uniform() < share ? .oscillating : nil
            }
            if !RegionSearch.regions(of: trials).isEmpty { alarms.append(seed) }
        }
        // One in a hundred is what the correction allows.
        #expect(alarms.count <= 1, "seeds \(alarms)")
    }

    @Test func `few sick trials, sick trials everywhere, and no trials have no region`() {
        #expect(RegionSearch.regions(of: []).isEmpty)
        let few = Self.sweep(80, seed: 4) { rate, _, _, _ in rate > 0.9 ? .diverging : nil }
        #expect(few.count { $0.symptom != nil } < 4 && RegionSearch.regions(of: few).isEmpty)
        #expect(RegionSearch.regions(of: Self.sweep(80, seed: 5) { _, _, _, _ in .plateau }).isEmpty)
    }

    @Test func `the order of the trials does not matter`() {
        let trials = Self.sweep(150, seed: 6) { rate, width, _, _ in rate * Double(width) > 2 ? .diverging : nil }
        let regions = RegionSearch.regions(of: trials)
        #expect(!regions.isEmpty && RegionSearch.regions(of: trials.reversed()) == regions)
    }

    @Test func `a parameter that only some trials have bounds those`() throws {
        var trials = Self.sweep(120, seed: 7) { _, _, optimizer, _ in optimizer == "sgd" ? .slow : nil }
        trials = trials.map { trial in
            let isSGD = trial.symptom != nil
            return (
                Configuration(
                    trial.configuration.entries.filter { $0.path != "train.optimizer" }
                        + (isSGD ? [.init(path: "train.optimizer.sgd.momentum", value: .real(0.9))] : [])
                ), trial.symptom
            )
        }
        let region = try #require(RegionSearch.regions(of: trials).first)
        #expect(region.conditions.map(\.path) == ["train.optimizer.sgd.momentum"] && region.sick == region.inside)
    }
}
