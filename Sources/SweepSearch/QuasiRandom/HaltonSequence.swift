import SweepNumerics

/// Halton's points with each digit permuted at random.
///
/// Coordinate d is the index in the d-th prime's digits, mirrored at the point; a permutation for each digit's place takes
/// away the stripes between large primes.
/// Source: Halton, Numer. Math. 2, 1960; the scrambling is that of Owen, "A randomized Halton algorithm in R", 2017.
package struct HaltonSequence: PointSequence {
    package static let greatestDimensions = 256

    private struct Dimension: Sendable {
        let base: UInt64
        /// For each place, the permuted digit times its weight.
        var digits: [[Double]] = []
        /// For each place, what the zeros of it and all further ones give.
        var zeros: [Double] = []
    }

    private let dimensions: [Dimension]

    package init(dimensions: Int, seed: UInt64) {
        precondition(dimensions <= Self.greatestDimensions, "there are primes for 256 dimensions")
        self.dimensions = Self.primes(dimensions).enumerated().map { index, base in
            var dimension = Dimension(base: UInt64(base))
            var weight = 1.0
            var place = 0
            // Places below 2^-53 change nothing.
            while weight > 0x1p-53 {
                weight /= Double(base)
                var hash = StableHash()
                hash.combine(seed)
                hash.combine(UInt64(index))
                hash.combine(UInt64(place))
                var stream = RandomStream(key: hash.value)
                var permutation = Array(0..<base)
                stream.shuffle(&permutation)
                dimension.digits.append(permutation.map { Double($0) * weight })
                place += 1
            }
            var zeros = Array(repeating: 0.0, count: place + 1)
            for place in (0..<place).reversed() { zeros[place] = zeros[place + 1] + dimension.digits[place][0] }
            dimension.zeros = zeros
            return dimension
        }
    }

    package func coordinate(_ dimension: Int, of index: Int) -> Double {
        let axis = dimensions[dimension]
        var rest = UInt64(max(0, index))
        var place = 0
        var sum = 0.0
        while rest > 0, place < axis.digits.count {
            let quotient = rest / axis.base
            sum += axis.digits[place][Int(rest - quotient * axis.base)]
            rest = quotient
            place += 1
        }
        // Never 0 or 1, whatever the permutations.
        return min(max(sum + axis.zeros[place], 0x1p-53), 1 - 0x1p-53)
    }

    private static func primes(_ count: Int) -> [Int] {
        var primes: [Int] = []
        var candidate = 2
        while primes.count < count {
            if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
            candidate += 1
        }
        return primes
    }
}
