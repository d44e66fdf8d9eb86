import SweepCore
import SweepNumerics
import SweepSearch
import Testing

/// The Gaussian process: it interpolates, its derivatives are those of its values, and it finds what draws do not.
@Suite struct GPSearcherTests {
    private static func points(_ count: Int, _ axes: Int, seed: UInt64) -> [[Double]] {
        var stream = RandomStream(key: seed)
        return (0..<count).map { _ in (0..<axes).map { _ in stream.uniform() } }
    }

    private static func value(_ point: [Double]) -> Double { point.map { Elementary.sine(turns: $0) }.reduce(0, +) }

    @Test func `it gives back what it learnt, and less certainty further away`() throws {
        let points = Self.points(20, 2, seed: 1)
        let kernel = MaternKernel(isCategorical: [false, false], weights: [10, 10], scale: 1, noise: 1e-8)
        let process = try #require(GaussianProcess(kernel: kernel, points: points, values: points.map(Self.value)))
        for point in points {
            let (mean, variance) = process.predict(point)
            #expect(abs(mean - Self.value(point)) < 1e-4)
            #expect(variance < 1e-4)
        }
        #expect(process.predict([3, 3]).variance > 0.9)
    }

    @Test func `a pending point keeps the mean and takes the doubt`() throws {
        let points = Self.points(12, 2, seed: 2)
        let kernel = MaternKernel(isCategorical: [false, false], weights: [8, 3], scale: 1.3, noise: 1e-6)
        var process = try #require(
            GaussianProcess(kernel: kernel, points: points, values: points.map(Self.value), room: 1)
        )
        let probes = Self.points(20, 2, seed: 3)
        let before = probes.map { process.predict($0) }
        process.believe([0.4, 0.6])
        for (probe, old) in zip(probes, before) {
            let new = process.predict(probe)
            #expect(abs(new.mean - old.mean) < 1e-8)
            #expect(new.variance <= old.variance + 1e-12)
        }
        #expect(process.predict([0.4, 0.6]).variance < 1e-5)
    }

    @Test func `slopes are those of mean, variance and improvement`() throws {
        let points = Self.points(15, 3, seed: 4)
        let kernel = MaternKernel(isCategorical: [false, true, false], weights: [8, 0.5, 3], scale: 1.3, noise: 1e-4)
        let mixed = points.map { [$0[0], $0[1] < 0.5 ? 0 : 1, $0[2]] }
        let process = try #require(GaussianProcess(kernel: kernel, points: mixed, values: points.map(Self.value)))
        let at = [0.31, 1, 0.77]
        let slopes = process.predict(at, slopesOf: [0, 2])
        let h = 1e-6
        for (place, axis) in [0, 2].enumerated() {
            var up = at
            var down = at
            up[axis] += h
            down[axis] -= h
            let (a, b) = (process.predict(up), process.predict(down))
            #expect(abs((a.mean - b.mean) / (2 * h) - slopes.meanSlopes[place]) < 1e-5)
            #expect(abs((a.variance - b.variance) / (2 * h) - slopes.varianceSlopes[place]) < 1e-5)
        }
        for threshold in [-30.0, -8, -1, 0, 3] {
            let own = ExpectedImprovement.log(mean: 0.2, variance: 0.5, below: threshold)
            func value(_ mean: Double, _ variance: Double) -> Double {
                ExpectedImprovement.log(mean: mean, variance: variance, below: threshold).value
            }
            let byMean = (value(0.2 + h, 0.5) - value(0.2 - h, 0.5)) / (2 * h)
            let byVariance = (value(0.2, 0.5 + h) - value(0.2, 0.5 - h)) / (2 * h)
            #expect(abs(byMean - own.byMean) < 1e-4 * max(1, abs(byMean)), "threshold \(threshold)")
            #expect(abs(byVariance - own.byVariance) < 1e-4 * max(1, abs(byVariance)), "threshold \(threshold)")
        }
    }

    /// Against the integral of max(0, t - y) over the density, and across the change of formulas.
    @Test func `the improvement is the mean of what is below the threshold`() {
        for threshold in [-3.0, -1, 0, 0.5, 2] {
            var sum = 0.0
            let steps = 200_000
            for step in 0..<steps {
                let y = -9 + 18 * (Double(step) + 0.5) / Double(steps)
                if y < threshold { sum += (threshold - y) * NormalDistribution.density(y) * 18 / Double(steps) }
            }
            let own = ExpectedImprovement.log(mean: 0, variance: 1, below: threshold).value
            #expect(abs(own - Elementary.log(sum)) < 1e-5, "threshold \(threshold)")
        }
        let near = ExpectedImprovement.log(mean: 0, variance: 1, below: -11.999_999)
        let beyond = ExpectedImprovement.log(mean: 0, variance: 1, below: -12.000_001)
        #expect(abs(near.value - beyond.value) < 1e-3)
        #expect(ExpectedImprovement.log(mean: 0, variance: 1, below: -1e6).value.isFinite)
    }

    @Test func `a fit tells the axis that matters from the one that does not`() {
        let points = Self.points(40, 2, seed: 5)
        let values = points.map { 3 * Elementary.sine(turns: $0[0]) }
        let deviation = (values.map { $0 * $0 }.reduce(0, +) / 40).squareRoot()
        let kernel = KernelFit.fit(
            points: points,
            values: values.map { $0 / deviation },
            isCategorical: [false, false]
        )
        #expect(kernel.weights[0] > 10 * kernel.weights[1], "\(kernel.weights)")
        #expect(kernel.noise < 0.01)
    }

    @Test(arguments: [1, 8]) func `it beats independent draws on reals, mixed spaces and branches`(_ parallelism: Int) {
        #expect(
            Problems.wins(.gp, Problems.box(4), trials: 40, seeds: 10, parallelism: parallelism, Problems.bowl(4)) >= 9
        )
        #expect(
            Problems.wins(.gp, Problems.mixed, trials: 40, seeds: 10, parallelism: parallelism, Problems.mixedCost) >= 9
        )
        #expect(
            Problems.wins(.gp, Problems.branches, trials: 40, seeds: 10, parallelism: parallelism, Problems.branchCost)
                >= 9
        )
    }
}
