import SweepNumerics

/// The kernel of the greatest posterior density, given points and standardised values.
///
/// Marginal likelihood times priors: for each inverse squared length scale w a density that falls off as exp(-0.1 (w + 1/w)),
/// for the scale a gamma density (2, 1), for the noise one (1.1, 30). Searched over the logarithms, in a box, from two
/// starts: long and short length scales.
/// Source: Rasmussen & Williams, section 5.4.1; the priors are those that users of Optuna's process know.
package enum KernelFit {
    static let leastNoise = 1e-6

    /// The kernel for `points` (each of as many coordinates as `isCategorical`) with `values`.
    package static func fit(points: [[Double]], values: [Double], isCategorical: [Bool]) -> MaternKernel {
        let axes = isCategorical.count
        let n = points.count
        // d² of all pairs, by axis, row after row below the diagonal.
        let pairs = n * (n - 1) / 2
        var squares = Array(repeating: Array(repeating: 0.0, count: pairs), count: axes)
        for axis in 0..<axes {
            var pair = 0
            for row in 0..<n {
                for column in 0..<row {
                    let difference = points[row][axis] - points[column][axis]
                    squares[axis][pair] = isCategorical[axis] ? (difference == 0 ? 0 : 1) : difference * difference
                    pair += 1
                }
            }
        }
        let low =
            Array(repeating: Elementary.log(1e-4), count: axes) + [Elementary.log(1e-3), Elementary.log(leastNoise)]
        let high = Array(repeating: Elementary.log(1e4), count: axes) + [Elementary.log(1e2), 0]
        var minimizer = BoundedMinimizer(low: low, high: high)
        minimizer.evaluations = 40
        minimizer.tolerance = 1e-2
        var best: (point: [Double], value: Double)?
        for start in [0.0, Elementary.log(20)] {
            let from = Array(repeating: start, count: axes) + [0, Elementary.log(1e-3)]
            let found = minimizer.minimize(from: from) { logs, gradient in
                loss(logs, squares, values, &gradient)
            }
            if found.value.isFinite, found.value < best?.value ?? .infinity { best = found }
        }
        let logs = best?.point ?? Array(repeating: 0, count: axes + 1) + [Elementary.log(1e-2)]
        return MaternKernel(
            isCategorical: isCategorical,
            weights: logs.prefix(axes).map(Elementary.exp),
            scale: Elementary.exp(logs[axes]),
            noise: Elementary.exp(logs[axes + 1])
        )
    }

    /// The negative logarithm of the posterior density, and its gradient by the logarithms.
    private static func loss(
        _ logs: [Double],
        _ squares: [[Double]],
        _ values: [Double],
        _ gradient: inout [Double]
    ) -> Double {
        let axes = squares.count
        let n = values.count
        let weights = logs.prefix(axes).map(Elementary.exp)
        let scale = Elementary.exp(logs[axes])
        let noise = Elementary.exp(logs[axes + 1])
        let pairs = n * (n - 1) / 2
        var kernel = Array(repeating: 0.0, count: pairs)
        for axis in 0..<axes {
            let weight = weights[axis]
            squares[axis].withUnsafeBufferPointer { own in
                kernel.withUnsafeMutableBufferPointer { kernel in
                    for pair in 0..<pairs { kernel[pair] += weight * own[pair] }
                }
            }
        }
        var slopes = Array(repeating: 0.0, count: pairs)
        for pair in 0..<pairs {
            let (value, slope) = MaternKernel.value(kernel[pair], scale: scale)
            kernel[pair] = value
            slopes[pair] = slope
        }
        let factor = CholeskyFactor(count: n) { row, column in
            row == column ? scale + noise : kernel[row * (row - 1) / 2 + column]
        }
        guard let factor else { return .infinity }
        var alpha = values
        factor.solveLower(&alpha)
        var fit = 0.0
        for value in alpha { fit += value * value }
        factor.solveUpper(&alpha)
        let inverse = factor.inverse
        // Above: ½ (K⁻¹ - α αᵀ), whose product with a derivative of K is that of the loss.
        var ofScale = 0.0
        var ofNoise = 0.0
        var pair = 0
        for row in 0..<n {
            for column in 0..<row {
                let difference = inverse[row * n + column] - alpha[row] * alpha[column]
                ofScale += difference * kernel[pair]
                slopes[pair] *= difference
                pair += 1
            }
            let own = 0.5 * (inverse[row * n + row] - alpha[row] * alpha[row])
            ofScale += own * scale
            ofNoise += own * noise
        }
        var prior = 0.0
        for axis in 0..<axes {
            gradient[axis] = weights[axis] * dot(slopes, squares[axis])
            prior += 0.1 * (weights[axis] + 1 / weights[axis])
            gradient[axis] += 0.1 * (weights[axis] - 1 / weights[axis])
        }
        prior += scale - logs[axes]
        gradient[axes] = ofScale + scale - 1
        prior += 30 * noise - 0.1 * logs[axes + 1]
        gradient[axes + 1] = ofNoise + 30 * noise - 0.1
        return 0.5 * (fit + factor.logDeterminant) + prior
    }

    /// Σ aᵢ bᵢ in four lanes.
    private static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var lanes = SIMD4<Double>()
        var index = 0
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                while index + 4 <= a.count {
                    let x = SIMD4<Double>(a[index], a[index + 1], a[index + 2], a[index + 3])
                    let y = SIMD4<Double>(b[index], b[index + 1], b[index + 2], b[index + 3])
                    lanes += x * y
                    index += 4
                }
            }
        }
        var sum = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
        while index < a.count {
            sum += a[index] * b[index]
            index += 1
        }
        return sum
    }
}
