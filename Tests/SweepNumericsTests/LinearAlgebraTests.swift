import SweepNumerics
import Testing

/// Factors, eigenvalues and minima against what defines them.
@Suite struct LinearAlgebraTests {
    /// A Aᵀ + I of normal draws: positive definite.
    private static func matrix(_ n: Int, seed: UInt64) -> [[Double]] {
        var stream = RandomStream(key: seed)
        let a = (0..<n).map { _ in (0..<n).map { _ in stream.normal() } }
        var product = Array(repeating: Array(repeating: 0.0, count: n), count: n)
        for i in 0..<n {
            for j in 0..<n {
                var sum = i == j ? 1.0 : 0
                for k in 0..<n { sum += a[i][k] * a[j][k] }
                product[i][j] = sum
            }
        }
        return product
    }

    @Test(arguments: [1, 2, 3, 7, 8, 9, 17, 40]) func `a factor solves, inverts and has the determinant`(_ n: Int)
        throws
    {
        let a = Self.matrix(n, seed: UInt64(n))
        let factor = try #require(CholeskyFactor(count: n) { a[$0][$1] })
        var stream = RandomStream(key: 99)
        let x = (0..<n).map { _ in stream.normal() }
        var b = a.map { row in zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } }
        factor.solveLower(&b)
        factor.solveUpper(&b)
        // The condition of these matrices is below n⁴; the bound is n times that in units of the last place.
        let bound = 1e-15 * Double(n * n * n * n * n) + 1e-13
        for i in 0..<n { #expect(abs(b[i] - x[i]) < bound) }
        let inverse = factor.inverse
        for i in 0..<n {
            for j in 0..<n {
                var product = 0.0
                for k in 0..<n { product += a[i][k] * inverse[k * n + j] }
                #expect(abs(product - (i == j ? 1 : 0)) < bound)
            }
        }
        let eigen = SymmetricEigen(a.flatMap { $0 }, count: n)
        let logs = eigen.values.map(Elementary.log).reduce(0, +)
        #expect(abs(logs - factor.logDeterminant) < 1e-9 * max(1, abs(logs)))
    }

    @Test func `appended rows give the factor of the whole`() throws {
        let n = 20
        let a = Self.matrix(n, seed: 4)
        let whole = try #require(CholeskyFactor(count: n) { a[$0][$1] })
        var grown = try #require(CholeskyFactor(count: 12, room: 8) { a[$0][$1] })
        for row in 12..<n {
            let done = grown.append { a[row][$0] }
            #expect(done)
        }
        let more = grown.append { _ in 1 }
        #expect(!more, "there is no room")
        #expect(grown.inverse == whole.inverse)
        #expect(CholeskyFactor(count: 2) { $0 == $1 ? 1 : 2 } == nil)
    }

    @Test(arguments: [1, 2, 5, 12]) func `eigenvectors are stretched by their values`(_ n: Int) {
        let a = Self.matrix(n, seed: UInt64(100 + n))
        let eigen = SymmetricEigen(a.flatMap { $0 }, count: n)
        let largest = eigen.values.max() ?? 1
        for column in 0..<n {
            let v = (0..<n).map { eigen.vectors[$0 * n + column] }
            #expect(abs(v.map { $0 * $0 }.reduce(0, +) - 1) < 1e-12)
            for row in 0..<n {
                let product = zip(a[row], v).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(product - eigen.values[column] * v[row]) < 1e-11 * largest)
            }
        }
    }

    @Test func `a minimum within the box and one at its edge are found`() {
        func rosenbrock(_ x: [Double], _ gradient: inout [Double]) -> Double {
            let bend = x[1] - x[0] * x[0]
            let rest = 1 - x[0]
            gradient[0] = -400 * x[0] * bend - 2 * rest
            gradient[1] = 200 * bend
            return 100 * bend * bend + rest * rest
        }
        var wide = BoundedMinimizer(low: [-2, -2], high: [2, 2])
        wide.evaluations = 300
        let within = wide.minimize(from: [-1.2, 1], rosenbrock)
        #expect(within.value < 1e-6, "\(within)")
        var narrow = BoundedMinimizer(low: [-2, -2], high: [0.5, 2])
        narrow.evaluations = 300
        let edge = narrow.minimize(from: [-1.2, 1], rosenbrock)
        #expect(edge.point[0] == 0.5)
        #expect(abs(edge.point[1] - 0.25) < 1e-3)
        let none = wide.minimize(from: [0, 0]) { _, _ in .infinity }
        #expect(none.point == [0, 0])
    }

    @Test func `the cumulative distribution is that of erfc`() {
        for step in -800...800 {
            let z = Double(step) / 100
            let expected = z < 0 ? NormalDistribution.upperTail(-z) : 1 - NormalDistribution.upperTail(z)
            #expect(abs(NormalDistribution.cumulative(z) - expected) < 1e-14, "z \(z)")
            // In the lower tail relative too.
            if z < -1 { #expect(abs(NormalDistribution.cumulative(z) / expected - 1) < 1e-11, "z \(z)") }
        }
        let far = NormalDistribution.mass(from: 20, to: 21)
        #expect(far > 0)
        #expect(abs(far / NormalDistribution.upperTail(20) - 1) < 1e-6)
    }
}
