import SweepNumerics
import SweepSearch
import Testing

/// Fronts, crowding, volumes and subsets against what their definitions say, point by point.
@Suite struct FrontTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let seed: UInt64
        let costs: Int
        var testDescription: String { "\(costs) costs, seed \(seed)" }

        /// Few different values, so that equal costs and equal points come.
        func points(_ count: Int, values: Int = 9) -> [[Double]] {
            var stream = RandomStream(key: seed)
            return (0..<count).map { _ in (0..<costs).map { _ in Double(stream.below(values)) } }
        }
    }

    static let cases = (0..<12).flatMap { seed in [2, 3].map { Case(seed: UInt64(seed), costs: $0) } }

    /// Takes away the points that no other dominates, again and again.
    private func peeled(_ points: [[Double]]) -> [Int] {
        var fronts = Array(repeating: 0, count: points.count)
        var front = 1
        while fronts.contains(0) {
            let left = points.indices.filter { fronts[$0] == 0 }
            for own in left where !left.contains(where: { ParetoFronts.dominates(points[$0], points[own]) }) {
                fronts[own] = -front
            }
            for place in left where fronts[place] < 0 { fronts[place] = front }
            front += 1
        }
        return fronts
    }

    /// Cells of a lattice that some point dominates; exact for whole numbers below `reference`.
    private func cells(_ points: [[Double]], below reference: Int, costs: Int) -> Double {
        var count = 0
        func walk(_ corner: [Double]) {
            if corner.count == costs {
                if points.contains(where: { point in zip(point, corner).allSatisfy { $0 <= $1 } }) { count += 1 }
                return
            }
            for value in 0..<reference { walk(corner + [Double(value)]) }
        }
        walk([])
        return Double(count)
    }

    @Test(arguments: cases) func `fronts are those that are left when the better ones are taken away`(_ example: Case) {
        for count in [0, 1, 2, 7, 60] {
            let points = example.points(count)
            #expect(ParetoFronts.fronts(points) == peeled(points))
            #expect(ParetoFronts.groups(points).flatMap { $0 }.sorted() == Array(points.indices))
        }
    }

    @Test(arguments: cases) func `the volume is the number of cells that are dominated`(_ example: Case) {
        for count in [0, 1, 5, 25] {
            let points = example.points(count)
            let reference = Array(repeating: 7.0, count: example.costs)
            let expected = cells(points, below: 7, costs: example.costs)
            #expect(ParetoFronts.hypervolume(points, reference: reference) == expected, "\(points)")
        }
    }

    @Test func `a volume grows with the points that add to it, drawn by hand`() {
        // Before (4, 4): 1; the second is dominated; the third has 2 by 0.5, of which 0.5 was there; the last has 3 by 3.
        let points: [[Double]] = [[3, 3], [3.5, 3], [2, 3.5], [1, 1]]
        let steps = HypervolumeHistory.steps(points, reference: [4, 4])
        #expect(steps.map(\.count) == [1, 3, 4] && steps.map(\.volume) == [1, 1.5, 9])
        #expect(HypervolumeHistory.steps([], reference: [1, 1]).isEmpty)
        // Nothing lies before the reference.
        #expect(HypervolumeHistory.steps([[1, 1], [2, 0.5]], reference: [1, 1]).isEmpty)
    }

    @Test(arguments: cases) func `its last step is the volume of all points, however many there are`(_ example: Case) {
        for count in [1, 5, 64, 65, 300] {
            let points = example.points(count, values: 30)
            let reference = Array(repeating: 31.0, count: example.costs)
            let steps = HypervolumeHistory.steps(points, reference: reference)
            #expect(steps.count <= HypervolumeHistory.most && steps.allSatisfy { $0.count <= count })
            #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.volume < $1.volume && $0.count < $1.count })
            for step in steps {
                let all = ParetoFronts.hypervolume(Array(points.prefix(step.count)), reference: reference)
                #expect(abs(step.volume - all) <= 1e-9 * all)
            }
            let whole = ParetoFronts.hypervolume(points, reference: reference)
            #expect(abs((steps.last?.volume ?? 0) - whole) <= 1e-9 * whole)
        }
    }

    @Test(arguments: cases) func `a subset adds the most at each step`(_ example: Case) {
        let points = example.points(14, values: 30)
        let bounds = (0..<example.costs).map { axis in
            (points.map { $0[axis] }.min() ?? 0, points.map { $0[axis] }.max() ?? 0)
        }
        let scaled = points.map { point in zip(point, bounds).map { ($0 - $1.0) / ($1.1 - $1.0) } }
        let reference = Array(repeating: 1.1, count: example.costs)
        func volume(_ places: [Int]) -> Double {
            ParetoFronts.hypervolume(places.map { scaled[$0] }, reference: reference)
        }
        let chosen = HypervolumeSubset.choose(points, count: 6)
        #expect(Set(chosen).count == 6)
        for step in chosen.indices {
            let before = Array(chosen[..<step])
            let own = volume(before + [chosen[step]])
            for other in points.indices where !before.contains(other) {
                #expect(volume(before + [other]) <= own + 1e-12)
            }
        }
        #expect(HypervolumeSubset.choose(points, count: 99) == Array(points.indices))
    }

    @Test func `crowding is the room between neighbours, and the ends have no end`() {
        let points: [[Double]] = [[0, 10], [1, 6], [4, 5], [10, 0]]
        let distances = CrowdingDistance.distances(points)
        #expect(distances[0] == .infinity && distances[3] == .infinity)
        #expect(abs(distances[1] - (4.0 / 10 + 5.0 / 10)) < 1e-12)
        #expect(abs(distances[2] - (9.0 / 10 + 6.0 / 10)) < 1e-12)
        #expect(CrowdingDistance.distances([[1, 1], [1, 1]]) == [0, 0])
        #expect(CrowdingDistance.distances([]) == [])
        // A range beyond what a number holds tells nothing, and is no NaN.
        #expect(CrowdingDistance.distances([[-1e308, 0], [1e308, 0], [0, 0]]) == [0, 0, 0])
    }

    @Test func `trials go on by fronts, and within one spread over it`() {
        // 1 to 5 are of the first front; 3 dominates 6, and 2, 3 and 6 dominate 7.
        let results: [(trial: Int, costs: [Double])] = [
            (7, [9, 9.5]), (6, [8, 9]), (1, [0, 10]), (2, [0.5, 9.5]), (3, [5, 5]), (4, [9.5, 0.5]), (5, [10, 0]),
        ]
        // The best of the first cost, the end furthest from it, the middle, then what is left by its distance.
        #expect(FrontOrder.order(results) == [1, 5, 3, 2, 4, 6, 7])
        #expect(FrontOrder.order(results, first: 3) == [1, 5, 3])
        #expect(FrontOrder.order([]) == [])
        // Another unit of one cost changes nothing.
        #expect(
            FrontOrder.order(results.map { ($0.trial, [$0.costs[0] * 1e6, $0.costs[1]]) }) == [1, 5, 3, 2, 4, 6, 7]
        )
        #expect(FrontOrder.dominators(results) == [3, 1, 0, 0, 0, 0, 0])
    }
}
