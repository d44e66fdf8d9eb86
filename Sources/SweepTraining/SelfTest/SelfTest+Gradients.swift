package import KernelAPI
package import SweepCore
import SweepNumerics

extension SelfTest {
    /// A quotient of differences along a gradient may err by this share of the gradient's norm.
    ///
    /// Rounding of the losses and the curvature give some 1e-3 at the best of three step lengths; a factor that is
    /// missing or a sign that is wrong gives 0.5 and more.
    static let gradientTolerance = 0.03

    /// Points at which the gradients are compared, where kinks stand in the way at the ones before.
    private static let points = 3

    /// Compares, for each parameter, the gradient with differences of the training loss along it.
    ///
    /// The directions are the gradient itself and two random halves of its elements, so that an error in a part shows, and
    /// two random ones along those that are zero, so that a part that is left out shows.
    ///
    /// ReLUs and absolute errors have kinks, and a difference across one is no gradient. Which it was is told without the
    /// gradient: the differences ahead and behind disagree at every length of step. Where they do, and only there, a
    /// disagreement with the gradient is no finding yet: the run goes on for a few steps, and the next point is looked at.
    package static func gradients(
        _ spec: TrainingSpec,
        on data: TrainingData,
        seed: UInt64,
        kernels: KernelTable
    ) throws -> Result {
        let run = try TrainingRun(spec: spec, data: data, seed: seed, kernels: kernels)
        let rows = Array(data.rows(.training).prefix(min(spec.batchSize, 32)))
        var stream = RandomStream(key: RandomStream.mix(seed))
        var found = GradientComparison()
        for point in 1...points {
            // A few steps away from the start, where all biases are zero and units may sit on a kink.
            for _ in 0..<3 where !run.diverged { run.step() }
            found = GradientComparison(run, rows: rows, &stream)
            // A difference that no kink explains stands at once.
            if found.smooth.isFailure || !found.kinked.isFailure || point == points { break }
        }
        let worst = found.smooth.isFailure || !(found.kinked.error > found.smooth.error) ? found.smooth : found.kinked
        let text = "largest disagreement with finite differences \(percent(worst.error)) of a gradient's norm"
        return Result(
            check: .gradients,
            outcome: worst.isFailure ? .failed : .passed,
            evidence: worst.name.isEmpty ? text : "\(text), at \(worst.name)"
        )
    }
}

/// How far the gradients at a run's weights are from differences of the loss.
private struct GradientComparison {
    /// The largest disagreement, as a share of a gradient's norm, and the parameter that it is at.
    struct Worst {
        var error = 0.0
        var name = ""

        var isFailure: Bool { !(error <= SelfTest.gradientTolerance) }

        mutating func note(_ found: Double, at parameter: String) {
            if found > error || found.isNaN { (error, name) = (found, parameter) }
        }
    }

    /// Where the loss is smooth along the direction.
    var smooth = Worst()
    /// Where a kink stands within each step.
    var kinked = Worst()

    init() {}

    init(_ run: TrainingRun, rows: [Int32], _ stream: inout RandomStream) {
        let start = run.parameters()
        let gradients = Dictionary(uniqueKeysWithValues: run.gradient(rows: rows).map { ($0.name, $0.values) })
        for (index, parameter) in start.enumerated() {
            guard let gradient = gradients[parameter.name] else { continue }
            let probe = SlopeProbe(run: run, start: start, index: index, rows: rows)
            let flips = (0..<gradient.count).map { _ in stream.next() }
            for part in 0..<3 {
                let direction = gradient.indices.map { element in
                    part == 0 || flips[element] & UInt64(part) != 0 ? Double(gradient[element]) : 0
                }
                let (error, isKinked) = probe.disagreement(direction, gradient)
                if isKinked { kinked.note(error, at: parameter.name) } else { smooth.note(error, at: parameter.name) }
            }
            // Two directions: what a softmax's bias lacks sums to zero, so one of them may miss it.
            for part in [4, 8] as [UInt64] {
                let silent = gradient.indices.map { gradient[$0] != 0 ? 0.0 : flips[$0] & part == 0 ? 1 : -1 }
                smooth.note(probe.omission(silent, gradient), at: parameter.name)
            }
        }
    }
}

/// Differences of the training loss along directions of one parameter.
private struct SlopeProbe {
    let run: TrainingRun
    let start: [ParameterValues]
    let index: Int
    let rows: [Int32]

    /// The slopes at one length of step.
    struct Slopes {
        /// From the weights to a step ahead, and from a step behind to the weights.
        let ahead: Double
        let behind: Double
        /// What rounding of the losses may make of either of a slope of zero.
        let noise: Double

        var across: Double { (ahead + behind) / 2 }
        /// The slope that both sides have at least; 0 where they have different signs.
        var least: Double { ahead * behind > 0 ? min(abs(ahead), abs(behind)) : ahead * behind <= 0 ? 0 : .nan }
    }

    /// The error of g·d against the difference quotients along d, as a share of the gradient's norm, and whether the loss has a
    /// kink within each step.
    ///
    /// A kink on one side leaves the difference on the other as it is, so each side counts as well as both together: a
    /// gradient that is wrong is as far from either.
    func disagreement(_ direction: [Double], _ gradient: [Float]) -> (error: Double, isKinked: Bool) {
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let norm = Self.norm(gradient)
        // A gradient too small for float32 losses to show: nothing can be said.
        guard length > 1e-6 else { return (norm.isNaN ? .nan : 0, false) }
        let expected = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * $1.1 } / length
        // The shortest step crosses few kinks of ReLUs and absolute errors.
        let slopes = slopes(direction, steps: [1e-2, 2e-3, 4e-4], least: 1e-1)
        let error = slopes.reduce(Double.infinity) { best, slope in
            let found = [slope.across, slope.ahead, slope.behind].map { abs($0 - expected) / norm }
            return found.contains { $0.isNaN } || best.isNaN ? .nan : min(best, found.min() ?? best)
        }
        // Curvature parts the sides by less the shorter the step is, a kink by as much at every length.
        let isKinked = slopes.allSatisfy {
            abs($0.ahead - $0.behind) > SelfTest.gradientTolerance * norm + 2 * $0.noise
        }
        return (error, isKinked)
    }

    /// What a gradient leaves out: the slope along elements that it says do not count, as a share of the norm that the parameter's
    /// gradient would have with it.
    ///
    /// `direction` is ±1 at n such elements and 0 elsewhere; along it a missing part of norm e has a slope of about e / √n. A
    /// slope on one side alone is that of a kink: a unit that is silent for all rows wakes up there.
    func omission(_ direction: [Double], _ gradient: [Float]) -> Double {
        let count = direction.reduce(0) { $0 + $1 * $1 }
        guard count > 0 else { return 0 }
        let norm = Self.norm(gradient)
        // Biases are small, and their unit is that of what they are added to: about 1.
        let slopes =
            norm == 0
            ? slopes(direction, steps: [5e-2, 1e-2], least: 1) : slopes(direction, steps: [1e-2, 2e-3], least: 1e-1)
        return slopes.reduce(Double.infinity) { least, slope in
            guard !slope.least.isNaN, !least.isNaN, !norm.isNaN else { return .nan }
            let missing = slope.least <= slope.noise ? 0 : slope.least * count.squareRoot()
            return min(least, missing > 0 ? missing / (missing * missing + norm * norm).squareRoot() : 0)
        }
    }

    /// The slopes of the training loss along a direction, for steps that are shares of the parameter's norm, or of `least`
    /// where that is greater.
    private func slopes(_ direction: [Double], steps: [Double], least: Double) -> [Slopes] {
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let size = max(Self.norm(start[index].values), least)
        func loss(_ step: Double) -> Double {
            var values = start
            values[index] = ParameterValues(
                name: start[index].name,
                shape: start[index].shape,
                values: zip(start[index].values, direction).map { Float(Double($0) + step * $1 / length) }
            )
            guard run.setParameters(values) else { return .nan }
            return run.trainingLoss(rows: rows)
        }
        defer { _ = run.setParameters(start) }
        let here = loss(0)
        return steps.map { share in
            let step = share * size
            let (ahead, behind) = (loss(step), loss(-step))
            // Losses are means of float32 sums of some hundred terms: 10⁻⁵ of them at most.
            let noise = 1e-5 * max(abs(ahead), abs(behind), abs(here)) / step
            return Slopes(ahead: (ahead - here) / step, behind: (here - behind) / step, noise: noise)
        }
    }

    private static func norm(_ values: [Float]) -> Double {
        values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
