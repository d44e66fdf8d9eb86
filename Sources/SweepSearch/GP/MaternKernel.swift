import SweepNumerics

/// Matérn's covariance with ν = 5/2 and a length scale for each axis.
///
/// k(x, x') = s (1 + √5 r + 5/3 r²) exp(-√5 r), r² = Σ wᵢ dᵢ², with wᵢ the inverse square of a length scale. On numeric axes
/// d is the difference of coordinates, on choices 1 between different options. An inactive axis stands at ½, or at an option
/// of its own, so that the matrix stays positive definite.
/// Source: Rasmussen & Williams, Gaussian Processes for Machine Learning, equation 4.17.
package struct MaternKernel: Sendable {
    package let isCategorical: [Bool]
    /// w, one an axis.
    package var weights: [Double]
    /// s.
    package var scale: Double
    /// The variance of the noise on the diagonal.
    package var noise: Double

    package init(isCategorical: [Bool], weights: [Double], scale: Double, noise: Double) {
        self.isCategorical = isCategorical
        self.weights = weights
        self.scale = scale
        self.noise = noise
    }

    /// The value, and its derivative by r².
    static func value(_ squared: Double, scale: Double) -> (value: Double, slope: Double) {
        let root = (5 * squared).squareRoot()
        let fall = scale * Elementary.exp(-root)
        return (fall * (1 + root + 5.0 / 3 * squared), -5.0 / 6 * fall * (1 + root))
    }

    /// r² between two points.
    func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for axis in weights.indices {
            if isCategorical[axis] {
                if a[axis] != b[axis] { sum += weights[axis] }
            } else {
                let difference = a[axis] - b[axis]
                sum += weights[axis] * difference * difference
            }
        }
        return sum
    }

    /// k(a, b).
    func callAsFunction(_ a: [Double], _ b: [Double]) -> Double {
        Self.value(squaredDistance(a, b), scale: scale).value
    }
}

/// What is learnt from points and values: mean and variance anywhere.
///
/// Values are standardised by the caller. Source: Rasmussen & Williams, algorithm 2.1.
package struct GaussianProcess: Sendable {
    let kernel: MaternKernel
    private(set) var points: [[Double]]
    /// By axis: the coordinates of all points.
    private var columns: [[Double]]
    private var factor: CholeskyFactor
    private var values: [Double]
    /// K⁻¹ y.
    private var weights: [Double]

    /// The process over `points` with `values`; nil when the covariance matrix is not positive definite.
    package init?(kernel: MaternKernel, points: [[Double]], values: [Double], room: Int = 0) {
        let factor = CholeskyFactor(count: points.count, room: room) { row, column in
            kernel(points[row], points[column]) + (row == column ? kernel.noise : 0)
        }
        guard let factor else { return nil }
        self.kernel = kernel
        self.points = points
        self.factor = factor
        self.values = values
        columns = kernel.weights.indices.map { axis in points.map { $0[axis] } }
        weights = values
        factor.solveLower(&weights)
        factor.solveUpper(&weights)
    }

    /// Adds a point as if it had its own mean for a value: the mean stays everywhere, the variance falls around it.
    ///
    /// Source: Ginsbourger, Le Riche & Carraro, "Kriging is well-suited to parallelize optimization", 2010 (the believer).
    package mutating func believe(_ point: [Double]) {
        let mean = predict(point).mean
        let kernel = kernel
        let points = points
        let done = factor.append { row in
            row == points.count ? kernel.scale + kernel.noise : kernel(point, points[row])
        }
        guard done else { return }
        self.points.append(point)
        for axis in columns.indices { columns[axis].append(point[axis]) }
        values.append(mean)
        weights = values
        factor.solveLower(&weights)
        factor.solveUpper(&weights)
    }

    /// Mean and variance at `point`.
    package func predict(_ point: [Double]) -> (mean: Double, variance: Double) {
        var covariances = squaredDistances(point)
        var mean = 0.0
        for row in covariances.indices {
            covariances[row] = MaternKernel.value(covariances[row], scale: kernel.scale).value
            mean += covariances[row] * weights[row]
        }
        factor.solveLower(&covariances)
        var explained = 0.0
        for value in covariances { explained += value * value }
        return (mean, max(kernel.scale - explained, 1e-12))
    }

    /// The same with the derivatives by the coordinates of `axes`, which must be numeric.
    package func predict(
        _ point: [Double],
        slopesOf axes: [Int]
    ) -> (mean: Double, variance: Double, meanSlopes: [Double], varianceSlopes: [Double]) {
        var covariances = squaredDistances(point)
        var falls = covariances
        var mean = 0.0
        for row in covariances.indices {
            let (value, slope) = MaternKernel.value(covariances[row], scale: kernel.scale)
            covariances[row] = value
            falls[row] = slope
            mean += value * weights[row]
        }
        var solved = covariances
        factor.solveLower(&solved)
        var explained = 0.0
        for value in solved { explained += value * value }
        factor.solveUpper(&solved)
        var meanSlopes: [Double] = []
        var varianceSlopes: [Double] = []
        for axis in axes {
            let column = columns[axis]
            let x = point[axis]
            let twice = 2 * kernel.weights[axis]
            var ofMean = 0.0
            var ofExplained = 0.0
            for row in column.indices {
                let slope = falls[row] * (x - column[row])
                ofMean += slope * weights[row]
                ofExplained += slope * solved[row]
            }
            meanSlopes.append(twice * ofMean)
            varianceSlopes.append(-2 * twice * ofExplained)
        }
        return (mean, max(kernel.scale - explained, 1e-12), meanSlopes, varianceSlopes)
    }

    private func squaredDistances(_ point: [Double]) -> [Double] {
        var sums = Array(repeating: 0.0, count: points.count)
        for axis in columns.indices {
            let x = point[axis]
            let weight = kernel.weights[axis]
            let categorical = kernel.isCategorical[axis]
            columns[axis].withUnsafeBufferPointer { column in
                sums.withUnsafeMutableBufferPointer { sums in
                    if categorical {
                        for row in 0..<sums.count where column[row] != x { sums[row] += weight }
                    } else {
                        for row in 0..<sums.count {
                            let difference = x - column[row]
                            sums[row] += weight * difference * difference
                        }
                    }
                }
            }
        }
        return sums
    }
}
