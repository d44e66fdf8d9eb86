import Glibc
import KernelAPI
import SweepKernels
import Testing

/// A rule of updating weights with the memory it keeps, in float32 and, by the textbook, in float64.
enum UpdateRule: CaseIterable, Sendable {
    case momentum, nesterov, adam, largestAdam, plainRMSprop, centredRMSprop, fastRMSprop, wholeRMSprop, adagrad, lion
    case nesterovAdam

    static let (learningRate, beta1, beta2, epsilon, alpha, inertia) = (0.01, 0.9, 0.999, 1e-6, 0.95, 0.8)

    /// What NAdam's step needs: μₜ, μₜ₊₁ and the product of the first.
    static func foresight(_ step: Int) -> (now: Double, next: Double, product: Double) {
        func mu(_ t: Int) -> Double { beta1 * (1 - 0.5 * pow(0.96, Double(t) * 0.004)) }
        return (mu(step), mu(step + 1), (1...step).map(mu).reduce(1, *))
    }

    func apply(
        _ table: KernelTable,
        step: Int,
        gradient: Fenced<Float>,
        weights: Fenced<Float>,
        memory: [Fenced<Float>],
        terms: UpdateTerms
    ) -> UpdateNorms {
        let (count, rate) = (weights.count, Self.learningRate)
        let correction1 = 1 / (1 - pow(Self.beta1, Double(step)))
        let correction2 = 1 / (1 - pow(Self.beta2, Double(step)))
        switch self {
        case .momentum, .nesterov:
            return table.updateWithMomentum(
                MomentumUpdate(
                    count: count,
                    gradient: gradient.base,
                    weights: weights.base,
                    velocity: memory[0].base,
                    learningRate: rate,
                    momentum: Self.inertia,
                    nesterov: self == .nesterov,
                    terms: terms
                )
            )
        case .adam, .largestAdam:
            return table.updateWithAdam(
                AdamUpdate(
                    count: count,
                    gradient: gradient.base,
                    weights: weights.base,
                    firstMoment: memory[0].base,
                    secondMoment: memory[1].base,
                    learningRate: rate,
                    beta1: Self.beta1,
                    beta2: Self.beta2,
                    epsilon: Self.epsilon,
                    correction1: correction1,
                    correction2: correction2,
                    largestSecondMoment: self == .adam ? nil : memory[2].base,
                    terms: terms
                )
            )
        case .plainRMSprop, .centredRMSprop, .fastRMSprop, .wholeRMSprop:
            let isCentred = self == .centredRMSprop || self == .wholeRMSprop
            let isFast = self == .fastRMSprop || self == .wholeRMSprop
            return table.updateWithRMSprop(
                RMSpropUpdate(
                    count: count,
                    gradient: gradient.base,
                    weights: weights.base,
                    secondMoment: memory[0].base,
                    meanGradient: isCentred ? memory[1].base : nil,
                    velocity: isFast ? memory[2].base : nil,
                    learningRate: rate,
                    alpha: Self.alpha,
                    epsilon: Self.epsilon,
                    momentum: Self.inertia,
                    terms: terms
                )
            )
        case .adagrad:
            return table.updateWithAdagrad(
                AdagradUpdate(
                    count: count,
                    gradient: gradient.base,
                    weights: weights.base,
                    squareSum: memory[0].base,
                    learningRate: rate,
                    epsilon: Self.epsilon,
                    terms: terms
                )
            )
        case .lion:
            return table.updateWithLion(
                LionUpdate(
                    count: count,
                    gradient: gradient.base,
                    weights: weights.base,
                    moment: memory[0].base,
                    learningRate: rate,
                    terms: terms
                )
            )
        case .nesterovAdam:
            let (now, next, product) = Self.foresight(step)
            return table.updateWithNAdam(
                NAdamUpdate(
                    count: count,
                    gradient: gradient.base,
                    weights: weights.base,
                    firstMoment: memory[0].base,
                    secondMoment: memory[1].base,
                    learningRate: rate,
                    beta1: Self.beta1,
                    beta2: Self.beta2,
                    epsilon: Self.epsilon,
                    gradientFactor: (1 - now) / (1 - product),
                    momentFactor: next / (1 - product * next),
                    correction2: correction2,
                    terms: terms
                )
            )
        }
    }

    /// PyTorch's step of one weight; returns g.
    func exact(step: Int, raw: Double, weight w: inout Double, memory: inout [Double], terms: UpdateTerms) -> Double {
        var g = terms.gradientScale * raw
        if let clip = terms.clip { g = min(max(g, -clip), clip) }
        g += terms.l2 * w + terms.l1 * (w > 0 ? 1 : w < 0 ? -1 : 0)
        let (rate, t) = (Self.learningRate, Double(step))
        w -= rate * terms.decay * w
        func blend(_ place: Int, _ beta: Double, _ value: Double) -> Double {
            memory[place] = beta * memory[place] + (1 - beta) * value
            return memory[place]
        }
        switch self {
        case .momentum, .nesterov:
            memory[0] = Self.inertia * memory[0] + g
            w -= rate * (self == .nesterov ? g + Self.inertia * memory[0] : memory[0])
        case .adam, .largestAdam:
            let m = blend(0, Self.beta1, g) / (1 - pow(Self.beta1, t))
            var v = blend(1, Self.beta2, g * g)
            if self == .largestAdam {
                memory[2] = max(memory[2], v)
                v = memory[2]
            }
            w -= rate * m / ((v / (1 - pow(Self.beta2, t))).squareRoot() + Self.epsilon)
        case .plainRMSprop, .centredRMSprop, .fastRMSprop, .wholeRMSprop:
            var v = blend(0, Self.alpha, g * g)
            if self == .centredRMSprop || self == .wholeRMSprop {
                let mean = blend(1, Self.alpha, g)
                v -= mean * mean
            }
            let direction = g / (v.squareRoot() + Self.epsilon)
            if self == .fastRMSprop || self == .wholeRMSprop {
                memory[2] = Self.inertia * memory[2] + direction
                w -= rate * memory[2]
            } else {
                w -= rate * direction
            }
        case .adagrad:
            memory[0] += g * g
            w -= rate * g / (memory[0].squareRoot() + Self.epsilon)
        case .lion:
            let direction = 0.9 * memory[0] + 0.1 * g
            w -= rate * (direction > 0 ? 1 : direction < 0 ? -1 : 0)
            memory[0] = 0.99 * memory[0] + 0.01 * g
        case .nesterovAdam:
            let (now, next, product) = Self.foresight(step)
            let m = blend(0, Self.beta1, g)
            let denominator = (blend(1, Self.beta2, g * g) / (1 - pow(Self.beta2, t))).squareRoot() + Self.epsilon
            w -= rate * (1 - now) / (1 - product) * g / denominator
            w -= rate * next / (1 - product * next) * m / denominator
        }
        return g
    }
}

struct `Update rules` {
    static let everything = UpdateTerms(gradientScale: 0.7, clip: 0.5, l1: 0.003, l2: 0.01, decay: 0.1, measures: true)

    static let variants: [UpdateTerms] = [
        UpdateTerms(), UpdateTerms(measures: true), UpdateTerms(gradientScale: 0.7, l2: 0.01, measures: true),
        UpdateTerms(l1: 0.01), UpdateTerms(clip: 0.1), UpdateTerms(decay: 0.2), everything,
    ]

    struct Run {
        var weights: Fenced<Float>
        var memory: [Fenced<Float>]
        var norms: [UpdateNorms] = []
    }

    static func run(
        _ table: KernelTable,
        _ rule: UpdateRule,
        _ terms: UpdateTerms,
        count: Int,
        steps: Int,
        gradients: (Int) -> Fenced<Float>
    ) -> Run {
        var random = TestRandom(4)
        var run = Run(
            weights: Fenced(count, random: &random),
            memory: (0..<3).map { _ in Fenced<Float>(count, repeating: 0) }
        )
        // Weights that a penalty's sign must leave alone.
        for i in stride(from: 0, to: count, by: 7) { run.weights.base[i] = 0 }
        for step in 1...steps {
            run.norms.append(
                rule.apply(
                    table,
                    step: step,
                    gradient: gradients(step),
                    weights: run.weights,
                    memory: run.memory,
                    terms: terms
                )
            )
        }
        return run
    }

    static func wild(_ count: Int) -> (Int) -> Fenced<Float> {
        { `Optimizer steps`.gradients(count, seed: UInt64($0)) }
    }

    @Test(arguments: UpdateRule.allCases)
    func `have the reference's bits, with every term and whole and broken blocks`(rule: UpdateRule) {
        for terms in Self.variants {
            for (count, steps) in [(16, 30), (160, 30), (2 * 1024 + 48, 3)] {
                let gradients = Self.wild(count)
                let expected = Self.run(.reference, rule, terms, count: count, steps: steps, gradients: gradients)
                for table in KernelTable.available {
                    let found = Self.run(table, rule, terms, count: count, steps: steps, gradients: gradients)
                    #expect(difference(found.weights, expected.weights) == nil, "\(table.name), \(terms)")
                    for (a, b) in zip(found.memory, expected.memory) {
                        #expect(difference(a, b) == nil, "\(table.name), \(terms)")
                    }
                    for (a, b) in zip(found.norms, expected.norms) {
                        let agree =
                            same(a.gradient, b.gradient) && same(a.weights, b.weights) && same(a.change, b.change)
                        #expect(agree, "\(table.name), \(terms): \(a), not \(b)")
                    }
                }
            }
        }
    }

    /// A step computes its change with a relative error of a dozen roundings, of at most one unit of the largest step a
    /// rule made, and rounds the weight; twenty steps add up, a momentum of 0.8 five times.
    @Test(arguments: UpdateRule.allCases)
    func `follow the textbook`(rule: UpdateRule) {
        func gentle(_ step: Int) -> Fenced<Float> {
            var random = TestRandom(UInt64(step) + 900)
            return Fenced(160, random: &random)
        }
        for terms in Self.variants {
            let found = Self.run(.reference, rule, terms, count: 160, steps: 20, gradients: gentle)
            let begin = Self.run(
                .reference,
                rule,
                UpdateTerms(gradientScale: 0),
                count: 160,
                steps: 1,
                gradients: gentle
            )
            let gradients = (1...20).map { gentle($0).elements }
            var worst = 0.0
            for i in 0..<160 {
                var (weight, memory) = (Double(begin.weights.base[i]), [0.0, 0.0, 0.0])
                var largest = 0.0
                for step in 1...20 {
                    let before = weight
                    _ = rule.exact(
                        step: step,
                        raw: Double(gradients[step - 1][i]),
                        weight: &weight,
                        memory: &memory,
                        terms: terms
                    )
                    largest = max(largest, abs(weight - before))
                }
                let tolerance = 20 * (0.5 * 0x1p-23 + 5 * 12 * 0x1p-24 * largest)
                worst = max(worst, abs(Double(found.weights.base[i]) - weight) / tolerance)
            }
            #expect(worst < 1, "\(worst) of the tolerance with \(terms)")
        }
    }

    /// Sums of 64 terms in a chain and the tree's four levels round, each by half a unit of the sum; every term is
    /// computed from a gradient of a few roundings.
    @Test(arguments: UpdateRule.allCases)
    func `measure their norms, and change no bit by it`(rule: UpdateRule) {
        let count = 1024 + 160
        func gentle(_ step: Int) -> Fenced<Float> {
            var random = TestRandom(UInt64(step) + 70)
            return Fenced(count, random: &random)
        }
        for var terms in Self.variants {
            terms.measures = true
            let before = Self.run(.reference, rule, terms, count: count, steps: 4, gradients: gentle)
            let measured = Self.run(.reference, rule, terms, count: count, steps: 5, gradients: gentle)
            terms.measures = false
            for table in KernelTable.available where !table.isSlow {
                let silent = Self.run(table, rule, terms, count: count, steps: 5, gradients: gentle)
                #expect(difference(silent.weights, measured.weights) == nil)
                #expect(silent.norms.allSatisfy { $0 == UpdateNorms() })
            }
            var exact = UpdateNorms()
            let raw = gentle(5)
            for i in 0..<count {
                let (old, new) = (Double(before.weights.base[i]), Double(measured.weights.base[i]))
                var (weight, memory) = (old, [0.0, 0.0, 0.0])
                let g = rule.exact(step: 5, raw: Double(raw.base[i]), weight: &weight, memory: &memory, terms: terms)
                exact.gradient += g * g
                exact.weights += new * new
                exact.change += (new - old) * (new - old)
            }
            let found = measured.norms[4]
            #expect(abs(found.gradient / exact.gradient - 1) < 80 * 0x1p-24)
            #expect(abs(found.weights / exact.weights - 1) < 80 * 0x1p-24)
            #expect(abs(found.change / exact.change - 1) < 80 * 0x1p-24)
        }
    }

    @Test(arguments: UpdateRule.allCases, KernelTable.available + [.reference])
    func `leave padding zero`(rule: UpdateRule, table: KernelTable) {
        let zeros = Fenced<Float>(32, repeating: 0)
        let (weights, memory) = (Fenced<Float>(32, repeating: 0), (0..<3).map { _ in Fenced<Float>(32, repeating: 0) })
        for step in 1...3 {
            let norms = rule.apply(
                table,
                step: step,
                gradient: zeros,
                weights: weights,
                memory: memory,
                terms: Self.everything
            )
            #expect(norms == UpdateNorms())
        }
        #expect(weights.elements == zeros.elements)
        for buffer in memory { #expect(buffer.elements == zeros.elements) }
    }

    @Test(arguments: UpdateRule.allCases, KernelTable.available + [.reference])
    func `flush what is left of a dead unit's memory`(rule: UpdateRule, table: KernelTable) {
        let zeros = Fenced<Float>(16, repeating: 0)
        let (weights, memory) = (
            Fenced<Float>(16, repeating: 1), (0..<3).map { _ in Fenced<Float>(16, repeating: 0x1p-130) }
        )
        for step in 1...2 {
            _ = rule.apply(table, step: step, gradient: zeros, weights: weights, memory: memory, terms: UpdateTerms())
        }
        #expect(memory[0].elements == zeros.elements)
        #expect(weights.elements.allSatisfy { $0.isFinite })
    }

    @Test(arguments: UpdateRule.allCases, KernelTable.available + [.reference])
    func `show a NaN gradient`(rule: UpdateRule, table: KernelTable) {
        let gradient = Fenced<Float>(16, repeating: 1)
        gradient.base[3] = .nan
        let (weights, memory) = (Fenced<Float>(16, repeating: 1), (0..<3).map { _ in Fenced<Float>(16, repeating: 0) })
        let norms = rule.apply(
            table,
            step: 1,
            gradient: gradient,
            weights: weights,
            memory: memory,
            terms: Self.everything
        )
        #expect(weights.base[3].isNaN)
        #expect(weights.base[2].isFinite)
        #expect(norms.gradient.isNaN && norms.weights.isNaN && norms.change.isNaN)
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `clip only what exceeds the bound, before the penalties`(table: KernelTable) {
        func step(_ raw: Float, _ terms: UpdateTerms) -> Float {
            let (weights, velocity) = (Fenced<Float>(16, repeating: 2), Fenced<Float>(16, repeating: 0))
            let gradient = Fenced<Float>(16, repeating: raw)
            _ = table.updateWithMomentum(
                MomentumUpdate(
                    count: 16,
                    gradient: gradient.base,
                    weights: weights.base,
                    velocity: velocity.base,
                    learningRate: 1,
                    momentum: 0,
                    terms: terms
                )
            )
            return velocity.base[0]
        }
        #expect(step(8, UpdateTerms(clip: 1)) == 1)
        #expect(step(-8, UpdateTerms(clip: 1)) == -1)
        #expect(step(0.5, UpdateTerms(clip: 1)) == 0.5)
        // Scaled first: 8 / 16 is within the bound. The penalties come after it: 1 + 2 · 0.5 + 0.25.
        #expect(step(8, UpdateTerms(gradientScale: 0.0625, clip: 1)) == 0.5)
        #expect(step(8, UpdateTerms(clip: 1, l1: 0.25, l2: 0.5)) == 2.25)
    }
}
