import SweepCore
import SweepNumerics
import SweepTraining
import Testing

@Suite struct MixupTests {
    private func draw(_ alpha: Double, rows: Int, seed: UInt64 = 1, batch: Int = 0) throws -> ([Int32], [Float]) {
        let mixup = try #require(Mixup([.noise(deviation: 1), .mixup(alpha: alpha)]))
        var partners = [Int32](repeating: -1, count: rows)
        var shares = [Float](repeating: -1, count: rows)
        partners.withUnsafeMutableBufferPointer { partners in
            shares.withUnsafeMutableBufferPointer { shares in
                guard let first = partners.baseAddress, let share = shares.baseAddress else { return }
                mixup.draw(rows: rows, seed: seed, epoch: 2, batch: batch, partners: first, shares: share)
            }
        }
        return (partners, shares)
    }

    @Test func `there is no mixing without the step`() {
        #expect(Mixup([.noise(deviation: 1)]) == nil)
    }

    @Test(arguments: [0.001, 0.2, 1.0, 4.0])
    func `shares are draws from Beta(α, α)`(_ alpha: Double) throws {
        let n = 20_000
        let (_, shares) = try draw(alpha, rows: n)
        #expect(shares.allSatisfy { $0 >= 0 && $0 <= 1 })
        let moments = Moments(of: shares.map { Double($0) })
        let variance = 1 / (4 * (2 * alpha + 1))
        #expect(abs(moments.mean - 0.5) < 5 * (variance / Double(n)).squareRoot())
        // The square of (share − ½) has a deviation below ¼.
        #expect(abs(moments.populationVariance - variance) < 5 * 0.25 / Double(n).squareRoot())
        if alpha == 1 {
            // Even: each tenth has its tenth.
            for tenth in 0..<10 {
                let count = shares.count { Int($0 * 10) == tenth }
                #expect(abs(Double(count) - 2000) < 5 * (Double(n) * 0.09).squareRoot())
            }
        }
    }

    @Test func `partners are a permutation, a function of seed and batch`() throws {
        let (partners, shares) = try draw(1, rows: 33)
        #expect(partners.sorted() == (0..<33).map { Int32($0) })
        #expect(try draw(1, rows: 33) == (partners, shares))
        #expect(try draw(1, rows: 33, batch: 1).0 != partners)
        #expect(try draw(1, rows: 33, seed: 2).1 != shares)
    }
}
