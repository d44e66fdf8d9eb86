/// Linear least squares with a penalty on the squares of the coefficients.
package enum RidgeRegression {
    /// The coefficients (columns × outputs, row-major) that minimise Σ(y − x·b)² + λ Σb², rows of `x` having so many columns.
    ///
    /// `x` is rows × columns, `y` rows × outputs, both row-major. By Cholesky's decomposition of XᵀX + λI; nil where that is not
    /// positive. λ > 0 makes it so but for rounding. Cost: rows · columns² + columns³.
    package static func fit(
        _ x: [Double],
        columns: Int,
        _ y: [Double],
        outputs: Int,
        penalty: Double
    ) -> [Double]? {
        guard columns > 0, outputs > 0, x.count % columns == 0, y.count == x.count / columns * outputs else {
            return nil
        }
        let rows = x.count / columns
        var matrix = [Double](repeating: 0, count: columns * columns)
        var right = [Double](repeating: 0, count: columns * outputs)
        for row in 0..<rows {
            for i in 0..<columns {
                let value = x[row * columns + i]
                guard value != 0 else { continue }
                for j in 0...i { matrix[i * columns + j] += value * x[row * columns + j] }
                for output in 0..<outputs { right[i * outputs + output] += value * y[row * outputs + output] }
            }
        }
        for i in 0..<columns { matrix[i * columns + i] += penalty }
        for i in 0..<columns {
            for j in 0...i {
                var sum = matrix[i * columns + j]
                for k in 0..<j { sum -= matrix[i * columns + k] * matrix[j * columns + k] }
                if i == j {
                    guard sum > 0, sum.isFinite else { return nil }
                    matrix[i * columns + i] = sum.squareRoot()
                } else {
                    matrix[i * columns + j] = sum / matrix[j * columns + j]
                }
            }
        }
        for output in 0..<outputs {
            for i in 0..<columns {
                var sum = right[i * outputs + output]
                for k in 0..<i { sum -= matrix[i * columns + k] * right[k * outputs + output] }
                right[i * outputs + output] = sum / matrix[i * columns + i]
            }
            for i in (0..<columns).reversed() {
                var sum = right[i * outputs + output]
                for k in (i + 1)..<max(i + 1, columns) { sum -= matrix[k * columns + i] * right[k * outputs + output] }
                right[i * outputs + output] = sum / matrix[i * columns + i]
            }
        }
        return right
    }
}
