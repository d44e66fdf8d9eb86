/// The eigenvalues and eigenvectors of a symmetric matrix.
///
/// Determinism: products, sums, quotients and square roots in a fixed order. Source: the cyclic Jacobi method, Golub & Van
/// Loan, Matrix Computations, section 8.5.
package struct SymmetricEigen: Sendable {
    /// In no order.
    package let values: [Double]
    /// Row by row, n × n: column j belongs to value j.
    package let vectors: [Double]

    /// Of `matrix` (row by row, n × n, symmetric); error some units in the last place of the largest value. O(n³) a sweep,
    /// some ten sweeps.
    package init(_ matrix: [Double], count n: Int) {
        precondition(matrix.count == n * n, "the matrix must be n × n")
        var a = matrix
        var v = Array(repeating: 0.0, count: n * n)
        for i in 0..<n { v[i * n + i] = 1 }
        for _ in 0..<60 {
            var off = 0.0
            var all = 0.0
            for i in 0..<n {
                for j in 0..<n {
                    let square = a[i * n + j] * a[i * n + j]
                    all += square
                    if i != j { off += square }
                }
            }
            if off <= 1e-30 * all || !off.isFinite { break }
            for p in 0..<n {
                for q in p + 1..<max(n, p + 1) where a[p * n + q] != 0 { Self.rotate(&a, &v, n, p, q) }
            }
        }
        values = (0..<n).map { a[$0 * n + $0] }
        vectors = v
    }

    private static func rotate(_ a: inout [Double], _ v: inout [Double], _ n: Int, _ p: Int, _ q: Int) {
        let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
        let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<n {
            let kp = a[k * n + p]
            let kq = a[k * n + q]
            a[k * n + p] = c * kp - s * kq
            a[k * n + q] = s * kp + c * kq
        }
        for k in 0..<n {
            let pk = a[p * n + k]
            let qk = a[q * n + k]
            a[p * n + k] = c * pk - s * qk
            a[q * n + k] = s * pk + c * qk
        }
        for k in 0..<n {
            let kp = v[k * n + p]
            let kq = v[k * n + q]
            v[k * n + p] = c * kp - s * kq
            v[k * n + q] = s * kp + c * kq
        }
    }
}
