import SweepCoordination
import SweepCore
import SweepTestKit
import SweepWire
import Testing

/// Which readings of a network a coordinator keeps.
@Suite struct ReadingTests {
    private static let labels = [WorkerRequirement.readings.key: WorkerRequirement.readings.value]

    /// A worker that holds one trial of so many epochs in one segment.
    private func training(
        _ epochs: Int,
        _ tier: InstrumentTier? = nil
    ) throws -> (CoreHarness, CoreHarness.Worker, Assignment) {
        var harness = CoreHarness()
        let worker = harness.join("a", labels: Self.labels)
        var sweep = RegistrationTests.plain(1, epochs: epochs)
        sweep.instruments = tier
        _ = harness.submit(sweep)
        return (harness, worker, try #require(harness.assigned(to: worker).first))
    }

    private func reading(_ epoch: Int, deviation: Double = 1) -> PackedReading {
        let layer = Instruments.Layer(name: "1", weights: 0.5, deviation: deviation, units: 8)
        return PackedReading(Instruments.Reading(epoch: epoch, layers: [layer]))
    }

    private func kept(_ harness: CoreHarness) -> [PackedReading] { harness.trial(1)?.readings.all ?? [] }

    private func measured(_ facts: [Fact]) -> [Int] {
        facts.compactMap { if case .measured(_, let reading) = $0 { reading.epoch } else { nil } }
    }

    @Test func `readings of the schedule are journaled behind their epochs and kept`() throws {
        var (harness, worker, assignment) = try training(6)
        harness.report(assignment, 1...2, readings: [reading(1), reading(2)], by: &worker)
        #expect(kept(harness) == [reading(1), reading(2)])
        harness.report(assignment, 3...6, readings: [reading(4), reading(6)], by: &worker)
        #expect(kept(harness) == [1, 2, 4, 6].map { reading($0) })
        #expect(measured(harness.facts) == [1, 2, 4, 6])
        #expect(harness.trial(1)?.ended == .completed && harness.broken == [])
    }

    @Test func `readings off the schedule, twice, or of other epochs are left out`() throws {
        var (harness, worker, assignment) = try training(7)
        harness.report(
            assignment,
            1...5,
            readings: [
                reading(1), reading(1, deviation: 2), reading(3), reading(4), reading(2), reading(5), reading(8),
            ],
            by: &worker
        )
        #expect(kept(harness) == [reading(1), reading(4)])
        harness.report(assignment, 6...7, readings: [reading(4, deviation: 2), reading(6), reading(7)], by: &worker)
        #expect(kept(harness) == [reading(1), reading(4), reading(7)])
        #expect(harness.broken == [])
    }

    @Test func `an epoch that is trained again is not read again`() throws {
        var (harness, worker, assignment) = try training(6)
        harness.report(assignment, 1...2, readings: [reading(1), reading(2)], by: &worker)
        let facts = measured(harness.facts)
        harness.report(assignment, 1...2, readings: [reading(1, deviation: 2), reading(2, deviation: 2)], by: &worker)
        #expect(kept(harness) == [reading(1), reading(2)] && measured(harness.facts) == facts)
    }

    @Test func `of a sweep that keeps its curves alone no reading is kept`() throws {
        for tier in InstrumentTier.allCases {
            var (harness, worker, assignment) = try training(3, tier)
            harness.report(assignment, 1...2, readings: [reading(1), reading(2)], by: &worker)
            #expect(kept(harness).count == (tier == .curve ? 0 : 2), "\(tier)")
        }
    }

    @Test func `a worker of before trains what leaves the instruments out, and gets nothing of a file that names them`()
        throws
    {
        for tier in [nil, InstrumentTier.layers] {
            var harness = CoreHarness()
            let old = harness.join("old")
            var sweep = RegistrationTests.plain(1)
            sweep.instruments = tier
            _ = harness.submit(sweep)
            #expect(harness.assigned(to: old).count == (tier == nil ? 1 : 0))
        }
    }

    @Test func `a trial that is stopped keeps its readings, and decisions do not depend on them`() throws {
        func run(_ readings: [PackedReading]) throws -> CoreHarness {
            var (harness, worker, assignment) = try training(6)
            harness.report(assignment, 1...2, readings: readings, by: &worker)
            harness.report(assignment, 3...3, loss: .nan, by: &worker)
            return harness
        }
        let (with, without) = (try run([reading(1), reading(2)]), try run([]))
        #expect(with.trial(1)?.ended == .pruned(.cannotRecover) && kept(with).count == 2)
        let others = with.facts.filter { if case .measured = $0 { false } else { true } }
        #expect("\(others)" == "\(without.facts)")
    }
}
