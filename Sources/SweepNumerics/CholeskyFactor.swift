/// The lower triangle L of a symmetric positive definite matrix A = L Lᵀ.
///
/// Determinism: each entry is one sum in eight fixed lanes, without fused products, so it has the same bits on every
/// machine. Source: Golub & Van Loan, Matrix Computations, section 4.2.
package struct CholeskyFactor: Sendable {
    /// The order n.
    package private(set) var count: Int
    /// Row by row, each with room for `stride` entries; what is right of the diagonal is not used.
    private var rows: [Double]
    private let stride: Int

    /// Factors A, of which `entry(row, column)` is asked for column ≤ row; nil when it is not positive definite.
    ///
    /// `room` rows may be appended. O(n³/6) products.
    package init?(count: Int, room: Int = 0, entry: (Int, Int) -> Double) {
        self.count = 0
        stride = count + room
        rows = Array(repeating: 0, count: stride * stride)
        for row in 0..<count {
            guard append({ entry(row, $0) }) else { return nil }
        }
    }

    /// Adds a row and column to A; false (and no change) when it is then not positive definite, or there is no room.
    package mutating func append(_ entry: (Int) -> Double) -> Bool {
        guard count < stride else { return false }
        let n = count
        let stride = stride
        let done = rows.withUnsafeMutableBufferPointer { rows -> Bool in
            guard let base = rows.baseAddress else { return false }
            let own = base + n * stride
            for column in 0..<n {
                let other = base + column * stride
                own[column] = (entry(column) - dotProduct(own, other, column)) / other[column]
            }
            let pivot = entry(n) - dotProduct(own, own, n)
            guard pivot > 0, pivot.isFinite else { return false }
            own[n] = pivot.squareRoot()
            return true
        }
        if done { count += 1 }
        return done
    }

    /// Solves L x = b in place.
    package func solveLower(_ b: inout [Double]) {
        let n = count
        rows.withUnsafeBufferPointer { rows in
            b.withUnsafeMutableBufferPointer { b in
                guard let base = rows.baseAddress, let values = b.baseAddress else { return }
                for row in 0..<n {
                    let own = base + row * stride
                    values[row] = (values[row] - dotProduct(own, values, row)) / own[row]
                }
            }
        }
    }

    /// Solves Lᵀ x = b in place.
    package func solveUpper(_ b: inout [Double]) {
        let n = count
        rows.withUnsafeBufferPointer { rows in
            b.withUnsafeMutableBufferPointer { b in
                guard let base = rows.baseAddress, let values = b.baseAddress else { return }
                for row in (0..<n).reversed() {
                    let own = base + row * stride
                    let x = values[row] / own[row]
                    values[row] = x
                    for column in 0..<row { values[column] -= x * own[column] }
                }
            }
        }
    }

    /// log det A.
    package var logDeterminant: Double {
        var sum = 0.0
        for row in 0..<count { sum += Elementary.log(rows[row * stride + row]) }
        return 2 * sum
    }

    /// A⁻¹, row by row, n × n; O(n³/2) products.
    package var inverse: [Double] {
        let n = count
        // The rows of L⁻ᵀ: column j of L⁻¹, zero before j.
        var columns = Array(repeating: 0.0, count: n * n)
        var inverse = Array(repeating: 0.0, count: n * n)
        rows.withUnsafeBufferPointer { rows in
            columns.withUnsafeMutableBufferPointer { columns in
                guard let base = rows.baseAddress, let store = columns.baseAddress else { return }
                for column in 0..<n {
                    let own = store + column * n
                    own[column] = 1 / base[column * stride + column]
                    for row in column + 1..<max(n, column + 1) {
                        let factor = base + row * stride
                        own[row] = -dotProduct(factor + column, own + column, row - column) / factor[row]
                    }
                }
                inverse.withUnsafeMutableBufferPointer { inverse in
                    for row in 0..<n {
                        for column in 0...row {
                            // (L⁻ᵀ L⁻¹)ᵢⱼ: both columns are zero before the later of the two.
                            let value = dotProduct(store + row * n + row, store + column * n + row, n - row)
                            inverse[row * n + column] = value
                            inverse[column * n + row] = value
                        }
                    }
                }
            }
        }
        return inverse
    }
}

/// Σ aᵢ bᵢ over `count` entries, in eight lanes.
@inline(__always)
func dotProduct(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
    var lanes = SIMD8<Double>()
    var index = 0
    while index + 8 <= count {
        let x = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Double>.self)
        let y = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Double>.self)
        lanes += x * y
        index += 8
    }
    var sum = ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]))
    while index < count {
        sum += a[index] * b[index]
        index += 1
    }
    return sum
}
