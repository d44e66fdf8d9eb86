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
        // The third central moment is 0, the fourth 3/(16 (2α + 1)(2α + 3)); both by the powers' own standard errors.
        let fourth = 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3))
        for (exponent, expected) in [(3, 0.0), (4, fourth)] {
            let powers = Moments(
                of: shares.map { share in
                    (0..<exponent).reduce(1.0) { product, _ in product * (Double(share) - 0.5) }
                }
            )
            let error = (powers.populationVariance / Double(n)).squareRoot()
            #expect(abs(powers.mean - expected) < 5 * error, "moment \(exponent): \(powers.mean)")
        }
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

    @Test func `a mixed row is λ of itself and 1 − λ of its partner`() {
        let (rows, columns, stride) = (7, 5, 16)
        let partners: [Int32] = [3, 1, 0, 6, 4, 2, 5]
        let shares: [Float] = [0.25, 0.7, 1, 0, 0.9999, 1e-6, 0.5]
        var stream = RandomStream(key: 5)
        var values = (0..<rows * stride).map { index in
            index % stride < columns ? Float(stream.normal()) : -7
        }
        let before = values
        var scratch = [Float](repeating: .nan, count: rows * stride)
        values.withUnsafeMutableBufferPointer { values in
            scratch.withUnsafeMutableBufferPointer { scratch in
                guard let start = values.baseAddress, let room = scratch.baseAddress else { return }
                Mixup.mix(
                    start,
                    rows: rows,
                    columns: columns,
                    stride: stride,
                    partners: partners,
                    shares: shares,
                    scratch: room
                )
            }
        }
        for row in 0..<rows {
            let share = Double(shares[row])
            for column in 0..<stride {
                let found = values[row * stride + column]
                let own = before[row * stride + column]
                // What is behind the columns stays.
                guard column < columns else {
                    #expect(found == own)
                    continue
                }
                let other = before[Int(partners[row]) * stride + column]
                let expected = share * Double(own) + (1 - share) * Double(other)
                // 1 − λ, the product and the sum are rounded once each.
                let bound = 0x1p-24 * (2 * abs(Double(own)) + 3 * abs(Double(other)))
                #expect(abs(Double(found) - expected) <= bound, "row \(row), column \(column)")
                if share == 1 { #expect(found == own) }
                if share == 0 { #expect(found == other) }
            }
        }
    }
}
