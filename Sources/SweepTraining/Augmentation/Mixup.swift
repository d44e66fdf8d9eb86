package import KernelAPI
package import SweepCore
import SweepNumerics

/// Which rows of a batch are mixed, and by how much: row i becomes λᵢ · xᵢ + (1 − λᵢ) · x of its partner, and its target
/// likewise; class targets become shares of classes.
///
/// Each row draws its λ from Beta(α, α). Source: Zhang et al., "mixup: Beyond empirical risk minimization", ICLR 2018,
/// with a λ for each row in place of one for each batch.
package struct Mixup: Sendable {
    /// α of Beta(α, α): near 0 rows stay as they are, at 1 every share is as likely, above it halves are.
    package let alpha: Double

    /// The mixing of `steps`; nil when there is none.
    package init?(_ steps: [AugmentStep]) {
        for case .mixup(let alpha) in steps {
            self.alpha = alpha
            return
        }
        return nil
    }

    /// Writes the partner (a place in the batch) and λ of each of `rows` rows.
    ///
    /// A function of the seed, the epoch, the batch and the number of rows; the partners are a permutation. Allocates nothing.
    package func draw(
        rows: Int,
        seed: UInt64,
        epoch: Int,
        batch: Int,
        partners: UnsafeMutablePointer<Int32>,
        shares: MutableFloats
    ) {
        let key = StreamPurpose.mixing.key(seed: seed, index: epoch)
        var stream = RandomStream(key: RandomStream.mix(key &+ UInt64(truncatingIfNeeded: batch)))
        for row in 0..<rows { partners[row] = Int32(truncatingIfNeeded: row) }
        for last in stride(from: rows - 1, to: 0, by: -1) {
            let other = stream.below(last + 1)
            let kept = partners[last]
            partners[last] = partners[other]
            partners[other] = kept
        }
        for row in 0..<rows { shares[row] = Float(Self.beta(alpha, &stream)) }
    }

    /// Makes each of `rows` rows λ of itself and 1 − λ of its partner.
    ///
    /// Of each row's `stride` elements the first `columns` are mixed, by a product and a fused multiply-add in float32.
    /// `scratch` has room for rows · stride elements. Allocates nothing.
    package static func mix(
        _ values: MutableFloats,
        rows: Int,
        columns: Int,
        stride: Int,
        partners: UnsafePointer<Int32>,
        shares: Floats,
        scratch: MutableFloats
    ) {
        scratch.update(from: values, count: rows * stride)
        for row in 0..<rows {
            let share = shares[row]
            let (own, other) = (scratch + row * stride, scratch + Int(partners[row]) * stride)
            let mixed = values + row * stride
            for column in 0..<columns { mixed[column] = (share * own[column]).addingProduct(1 - share, other[column]) }
        }
    }

    /// A draw from Beta(α, α), from the logarithms of two gamma draws, which for small α may be below the least number.
    static func beta(_ alpha: Double, _ stream: inout RandomStream) -> Double {
        let difference = logGamma(alpha, &stream) - logGamma(alpha, &stream)
        return 1 / (1 + Elementary.exp(difference))
    }

    /// The logarithm of a draw from Gamma(α, 1).
    ///
    /// Source: Marsaglia & Tsang, ACM TOMS 26(3), 2000; below 1 by Gamma(α) = Gamma(α + 1) · U^(1/α), ibid. §6.
    private static func logGamma(_ alpha: Double, _ stream: inout RandomStream) -> Double {
        guard alpha >= 1 else {
            let larger = logGamma(alpha + 1, &stream)
            // 1 − U is in (0, 1].
            return larger + Elementary.log(1 - stream.uniform()) / alpha
        }
        let d = alpha - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = stream.normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            guard v > 0 else { continue }
            let logV = Elementary.log(v)
            if Elementary.log(1 - stream.uniform()) < 0.5 * x * x + d * (1 - v + logV) {
                return Elementary.log(d) + logV
            }
        }
    }
}
