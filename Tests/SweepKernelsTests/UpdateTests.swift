import Glibc
import KernelAPI
import SweepKernels
import Testing

struct `Optimizer steps` {
    /// Gradients from ordinary to denormal sizes, so that the flush of small moments takes part.
    static func gradients(_ count: Int, seed: UInt64) -> Fenced<Float> {
        var random = TestRandom(seed)
        let gradients = Fenced(count, random: &random)
        for i in 0..<count where random.below(4) == 0 {
            gradients.base[i] *= [1e-12, 1e-19, 1e-29, 1e-31, 0x1p-133, 0, 1e18][random.below(7)]
        }
        return gradients
    }

    static func momentum(_ table: KernelTable, nesterov: Bool, l2: Double, steps: Int) -> [Fenced<Float>] {
        var random = TestRandom(4)
        let (weights, velocity) = (Fenced(160, random: &random), Fenced<Float>(160, repeating: 0))
        for step in 0..<steps {
            let gradients = gradients(160, seed: UInt64(step))
            _ = table.updateWithMomentum(
                MomentumUpdate(
                    count: 160,
                    gradient: gradients.base,
                    weights: weights.base,
                    velocity: velocity.base,
                    learningRate: 0.05,
                    momentum: 0.9,
                    nesterov: nesterov,
                    terms: UpdateTerms(gradientScale: 0.7, l2: l2)
                )
            )
        }
        return [weights, velocity]
    }

    static func adam(_ table: KernelTable, l2: Double, steps: Int) -> [Fenced<Float>] {
        var random = TestRandom(4)
        let weights = Fenced(160, random: &random)
        let (first, second) = (Fenced<Float>(160, repeating: 0), Fenced<Float>(160, repeating: 0))
        var (power1, power2) = (1.0, 1.0)
        for step in 0..<steps {
            power1 *= 0.9
            power2 *= 0.999
            let gradients = gradients(160, seed: UInt64(step))
            _ = table.updateWithAdam(
                AdamUpdate(
                    count: 160,
                    gradient: gradients.base,
                    weights: weights.base,
                    firstMoment: first.base,
                    secondMoment: second.base,
                    learningRate: 0.01,
                    beta1: 0.9,
                    beta2: 0.999,
                    epsilon: 1e-8,
                    correction1: 1 / (1 - power1),
                    correction2: 1 / (1 - power2),
                    terms: UpdateTerms(gradientScale: 0.7, l2: l2)
                )
            )
        }
        return [weights, first, second]
    }

    @Test(arguments: [0, 0.01])
    func `have the reference's bits over many steps`(l2: Double) {
        for nesterov in [false, true] {
            let expected = Self.momentum(.reference, nesterov: nesterov, l2: l2, steps: 50)
            for table in KernelTable.available {
                let found = Self.momentum(table, nesterov: nesterov, l2: l2, steps: 50)
                for (a, b) in zip(found, expected) { #expect(difference(a, b) == nil, "\(table.name)") }
            }
        }
        let expected = Self.adam(.reference, l2: l2, steps: 50)
        for table in KernelTable.available {
            let found = Self.adam(table, l2: l2, steps: 50)
            for (a, b) in zip(found, expected) { #expect(difference(a, b) == nil, "\(table.name)") }
        }
    }

    /// Both follow the textbook in float64; after 20 steps the rounding of a handful of operations per step remains.
    @Test func `follow the textbook`() {
        var random = TestRandom(4)
        let begin = Fenced(160, random: &random)
        let nesterov = Self.momentum(.reference, nesterov: true, l2: 0.01, steps: 20)[0]
        let plain = Self.momentum(.reference, nesterov: false, l2: 0.01, steps: 20)[0]
        let adam = Self.adam(.reference, l2: 0.01, steps: 20)[0]
        let gradients = (0..<20).map { Self.gradients(160, seed: UInt64($0)).elements }
        for i in 0..<160 {
            var (a, va) = (Double(begin.base[i]), 0.0)
            var (b, vb) = (Double(begin.base[i]), 0.0)
            var (c, m, v) = (Double(begin.base[i]), 0.0, 0.0)
            var size = 0.0
            for step in 0..<20 {
                let gradient = 0.7 * Double(gradients[step][i])
                size = max(size, abs(gradient))
                let ga = gradient + 0.01 * a
                va = 0.9 * va + ga
                a -= 0.05 * (ga + 0.9 * va)
                let gb = gradient + 0.01 * b
                vb = 0.9 * vb + gb
                b -= 0.05 * vb
                let gc = gradient + 0.01 * c
                m = 0.9 * m + 0.1 * gc
                v = 0.999 * v + 0.001 * gc * gc
                let t = Double(step + 1)
                c -= 0.01 * (m / (1 - pow(0.9, t))) / ((v / (1 - pow(0.999, t))).squareRoot() + 1e-8)
            }
            let tolerance = 20 * 8 * 0x1p-24
            #expect(abs(Double(nesterov.base[i]) - a) < tolerance * max(1, 10 * size))
            #expect(abs(Double(plain.base[i]) - b) < tolerance * max(1, 10 * size))
            #expect(abs(Double(adam.base[i]) - c) < tolerance)
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `leave padding zero and flush dead moments`(table: KernelTable) {
        let zeros = Fenced<Float>(16, repeating: 0)
        let (weights, first, second) = (
            Fenced<Float>(16, repeating: 0), Fenced<Float>(16, repeating: 0x1p-130),
            Fenced<Float>(16, repeating: 0x1p-130)
        )
        _ = table.updateWithAdam(
            AdamUpdate(
                count: 16,
                gradient: zeros.base,
                weights: weights.base,
                firstMoment: first.base,
                secondMoment: second.base,
                learningRate: 0.1,
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
                correction1: 10,
                correction2: 1000,
                terms: UpdateTerms(l2: 0.1)
            )
        )
        #expect(weights.elements == zeros.elements)
        #expect(first.elements == zeros.elements)
        #expect(second.elements == zeros.elements)
        let velocity = Fenced<Float>(16, repeating: -0x1p-130)
        _ = table.updateWithMomentum(
            MomentumUpdate(
                count: 16,
                gradient: zeros.base,
                weights: weights.base,
                velocity: velocity.base,
                learningRate: 0.1,
                momentum: 0.9,
                nesterov: true,
                terms: UpdateTerms(l2: 0.1)
            )
        )
        #expect(weights.elements == zeros.elements)
        #expect(velocity.elements == zeros.elements)
    }
}
