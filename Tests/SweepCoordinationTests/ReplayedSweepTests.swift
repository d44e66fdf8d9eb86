import SweepCoordination
import SweepCore
import SweepNumerics
import Testing

@Suite struct ReplayedSweepTests {
    private static func replay(
        _ curves: [[Double]],
        _ prune: String,
        parallelism: Int = 1,
        workers: Int = 1
    ) -> ReplayedSweep.Outcome? {
        ReplayedSweep(
            curves: curves,
            epochs: curves[0].count,
            prune: .text(prune),
            parallelism: parallelism,
            workers: workers
        ).run()
    }

    private static func curves(_ seed: UInt64, count: Int = 30, epochs: Int = 27) -> [[Double]] {
        var stream = RandomStream(key: seed)
        return (0..<count).map { _ in
            let floor = stream.uniform()
            let lost = stream.below(5) == 0 ? stream.below(epochs) : epochs
            return (0..<epochs).map { $0 >= lost ? .infinity : floor + 1 / Double($0 + 1) + 0.1 * stream.uniform() }
        }
    }

    @Test func `bounds are values of the metric, whichever way it is better`() throws {
        // Accuracies 0.2, 0.5, 0.9 after three epochs, as costs.
        let curves = [[-0.1, -0.1, -0.2], [-0.1, -0.3, -0.5], [-0.1, -0.5, -0.9]]
        func trained(_ bound: SpecEntry) -> [Int]? {
            ReplayedSweep(
                curves: curves,
                epochs: 3,
                direction: .maximize,
                prune: .map([SpecEntry("method", .text("threshold")), bound]),
                parallelism: 1,
                workers: 1
            ).run()?.trained
        }
        #expect(trained(SpecEntry("below", .real(0.05))) == [3, 3, 3])
        #expect(trained(SpecEntry("below", .real(0.2))) == [1, 1, 1])
        #expect(trained(SpecEntry("above", .real(0.4))) == [3, 3, 2])
    }

    @Test func `without pruning every curve is read to its end, and the best is chosen`() throws {
        let curves = [[3, 2, 1.0], [3, 2, 0.5], [0.1, 2, 3.0]]
        let one = try #require(Self.replay(curves, "none"))
        #expect(one.epochs == 9)
        #expect(one.time == 9)
        #expect(one.chosen == 1)
        let three = try #require(Self.replay(curves, "none", parallelism: 3, workers: 3))
        #expect(three.time == 3)
        #expect(three.epochs == 9)
    }

    @Test func `a curve that loses its numbers is trained no further, and never chosen`() throws {
        let curves = [[0.1, .infinity, .infinity, .infinity], [3, 2, 1, 0.5]]
        let outcome = try #require(Self.replay(curves, "none"))
        #expect(outcome.trained == [2, 4])
        #expect(outcome.chosen == 1)
    }

    @Test func `promotion ASHA trains a third as far`() throws {
        let curves = (0..<9).map { Array(repeating: Double($0), count: 27) }
        let outcome = try #require(Self.replay(curves, "asha"))
        #expect(outcome.chosen == 0)
        #expect(outcome.trained[0] == 27)
        #expect(outcome.trained.allSatisfy { [3, 9, 27].contains($0) })
        #expect(outcome.epochs == outcome.trained.reduce(0, +))
    }

    @Test(arguments: ["extrapolate", "asha", "stopping_asha", "halving", "hyperband", "pasha", "median", "percentile"])
    func `the number of workers changes the time and nothing else`(_ prune: String) throws {
        for seed in 1...3 {
            let curves = Self.curves(UInt64(seed))
            let one = try #require(Self.replay(curves, prune, parallelism: 6))
            let many = try #require(Self.replay(curves, prune, parallelism: 6, workers: 6))
            #expect(one.trained == many.trained, "seed \(seed)")
            #expect(one.chosen == many.chosen, "seed \(seed)")
            #expect(many.time < one.time, "seed \(seed)")
            #expect(one.time == one.epochs, "seed \(seed)")
        }
    }

    /// Sound curves, three that explode, one that stands high and comes back, and one that loses its numbers.
    private static var sick: [[Double]] {
        var curves = Self.curves(5, count: 20)
        curves[2] = (1...27).map { 10 * Double($0) }
        curves[7] = (1...27).map { 50 + Double($0 % 2) }
        curves[11] = (1...27).map { $0 < 12 ? 0.9 + 0.001 * Double($0 % 2) : 1000 }
        curves[13] = (1...27).map { 40 / Double($0) }
        return curves
    }

    private static func replaySick(_ method: String, stops: Bool, workers: Int = 1) -> ReplayedSweep.Outcome? {
        ReplayedSweep(
            curves: sick,
            epochs: 27,
            start: 1,
            prune: .map([
                SpecEntry("method", .text(method)), SpecEntry(PruneSpec.hopelessKey, .boolean(stops)),
            ]),
            parallelism: 4,
            workers: workers
        ).run()
    }

    @Test func `what cannot recover is stopped at its epoch, and what comes back or was once good is spared`() throws {
        let without = try #require(Self.replaySick("none", stops: false))
        let with = try #require(Self.replaySick("none", stops: true))
        #expect(without.hopeless == [] && with.hopeless == [2, 7])
        #expect(with.trained[2] == 10 && with.trained[7] == 10)
        #expect(with.trained[11] == 27 && with.trained[13] == 27)
        #expect(with.trained.indices.allSatisfy { [2, 7].contains($0) || with.trained[$0] == without.trained[$0] })
        #expect(with.chosen == without.chosen && with.epochs == without.epochs - 34)
        // The workers' clock sees it too.
        #expect(with.time < without.time)
    }

    @Test func `a recorded loss that stays low spares what the replayed one alone would not`() throws {
        let sick = (1...27).map { 10 * Double($0) }
        let sound = (1...27).map { 1 / Double($0) }
        func hopeless(_ losses: [[Metric: [Double]]]) -> [Int]? {
            ReplayedSweep(
                curves: [sick, sound],
                epochs: 27,
                start: 1,
                losses: losses,
                prune: .map([
                    SpecEntry("method", .text("none")), SpecEntry(PruneSpec.hopelessKey, .boolean(true)),
                ]),
                parallelism: 1,
                workers: 1
            ).run()?.hopeless
        }
        #expect(hopeless([]) == [0])
        #expect(hopeless([[.probeLoss: sick], [:]]) == [0])
        #expect(hopeless([[.probeLoss: sound], [:]]) == [])
    }

    @Test(arguments: [
        "none", "extrapolate", "asha", "stopping_asha", "halving", "hyperband", "pasha", "median", "percentile",
    ])
    func `beside every method it chooses the same, for any number of workers`(_ method: String) throws {
        let without = try #require(Self.replaySick(method, stops: false))
        let one = try #require(Self.replaySick(method, stops: true))
        let many = try #require(Self.replaySick(method, stops: true, workers: 4))
        #expect(one.trained == many.trained && one.chosen == many.chosen && one.hopeless == many.hopeless)
        // These two compare with the completed ones, which are fewer then.
        if method != "median", method != "percentile" {
            #expect(one.chosen == without.chosen && one.epochs <= without.epochs)
        }
        #expect(Set(one.hopeless).isSubset(of: [2, 7]))
    }

    @Test func `what is no way to prune has no outcome`() {
        #expect(Self.replay([[1], [2]], "sometimes") == nil)
    }
}
