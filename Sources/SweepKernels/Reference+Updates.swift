import KernelAPI

extension Reference {
    /// The terms of an update, rounded.
    private struct Terms {
        let scale, bound, l1, l2, decay: Float
        let isShaped, measures: Bool

        init(_ terms: UpdateTerms, learningRate: Double, isShaped: Bool) {
            scale = Float(terms.gradientScale)
            bound = terms.clip.map { Float($0) } ?? .infinity
            l1 = Float(terms.l1)
            l2 = Float(terms.l2)
            decay = 0 - Float(learningRate * terms.decay)
            self.isShaped = isShaped
            measures = terms.measures
        }

        func gradient(_ raw: Float, _ weight: Float) -> Float {
            guard isShaped else { return (raw * scale).addingProduct(l2, weight) }
            return clamped(raw * scale, bound).addingProduct(l2, weight) + signed(l1, weight)
        }

        func decayed(_ weight: Float) -> Float { isShaped ? weight.addingProduct(decay, weight) : weight }
    }

    /// The value bounded to −bound ... bound; a NaN stays NaN.
    static func clamped(_ x: Float, _ bound: Float) -> Float { x > bound ? bound : (x < -bound ? -bound : x) }

    /// The size with the sign of x; zero for zero, NaN for NaN.
    static func signed(_ size: Float, _ x: Float) -> Float { x > 0 ? size : (x < 0 ? -size : x - x) }

    private static func flushed(_ moment: Float) -> Float { abs(moment) < 1e-30 ? 0 : moment }

    /// Replaces every weight and sums the norms: blocks of 1024, a chain a lane.
    private static func change(
        _ count: Int,
        _ weights: MutableFloats,
        _ terms: Terms,
        _ step: (_ place: Int, _ before: Float) -> (gradient: Float, after: Float)
    ) -> UpdateNorms {
        var norms = UpdateNorms()
        for begin in stride(from: 0, to: count, by: 1024) {
            var gradients = [Float](repeating: 0, count: laneCount)
            var (sizes, changes) = (gradients, gradients)
            for i in begin..<min(begin + 1024, count) {
                let before = weights[i]
                let (gradient, after) = step(i, before)
                weights[i] = after
                gradients[i % laneCount].addProduct(gradient, gradient)
                sizes[i % laneCount].addProduct(after, after)
                changes[i % laneCount].addProduct(after - before, after - before)
            }
            norms.gradient += Double(sum(gradients))
            norms.weights += Double(sum(sizes))
            norms.change += Double(sum(changes))
        }
        return terms.measures ? norms : UpdateNorms()
    }

    static func updateWithMomentum(_ update: MomentumUpdate) -> UpdateNorms {
        let terms = Terms(update.terms, learningRate: update.learningRate, isShaped: needsShape(update.terms))
        let (rate, momentum) = (Float(update.learningRate), Float(update.momentum))
        return change(update.count, update.weights, terms) { i, before in
            let gradient = terms.gradient(update.gradient[i], before)
            let velocity = flushed(gradient.addingProduct(momentum, update.velocity[i]))
            update.velocity[i] = velocity
            let direction = update.nesterov ? gradient.addingProduct(momentum, velocity) : velocity
            return (gradient, terms.decayed(before).addingProduct(0 - rate, direction))
        }
    }

    static func updateWithAdam(_ update: AdamUpdate) -> UpdateNorms {
        let terms = Terms(
            update.terms,
            learningRate: update.learningRate,
            isShaped: needsShape(update.terms) || update.largestSecondMoment != nil
        )
        let (beta1, rest1) = (Float(update.beta1), Float(1 - update.beta1))
        let (beta2, rest2) = (Float(update.beta2), Float(1 - update.beta2))
        let rate = Float(update.learningRate * update.correction1)
        let (correction2, epsilon) = (Float(update.correction2), Float(update.epsilon))
        return change(update.count, update.weights, terms) { i, before in
            let gradient = terms.gradient(update.gradient[i], before)
            let first = flushed((rest1 * gradient).addingProduct(beta1, update.firstMoment[i]))
            update.firstMoment[i] = first
            var second = (beta2 * update.secondMoment[i]).addingProduct(rest2 * gradient, gradient)
            if second < 1e-36 { second = 0 }
            update.secondMoment[i] = second
            if let largest = update.largestSecondMoment {
                if second < largest[i] { second = largest[i] }
                largest[i] = second
            }
            let denominator = (second * correction2).squareRoot() + epsilon
            return (gradient, terms.decayed(before) - (rate * first) / denominator)
        }
    }

    static func updateWithRMSprop(_ update: RMSpropUpdate) -> UpdateNorms {
        let terms = Terms(update.terms, learningRate: update.learningRate, isShaped: true)
        let (alpha, rest) = (Float(update.alpha), Float(1 - update.alpha))
        let (rate, epsilon, momentum) = (Float(update.learningRate), Float(update.epsilon), Float(update.momentum))
        return change(update.count, update.weights, terms) { i, before in
            let gradient = terms.gradient(update.gradient[i], before)
            var second = (alpha * update.secondMoment[i]).addingProduct(rest * gradient, gradient)
            if second < 1e-36 { second = 0 }
            update.secondMoment[i] = second
            if let meanGradient = update.meanGradient {
                let mean = flushed((rest * gradient).addingProduct(alpha, meanGradient[i]))
                meanGradient[i] = mean
                second = second.addingProduct(0 - mean, mean)
                if second < 0 { second = 0 }
            }
            var direction = gradient / (second.squareRoot() + epsilon)
            if let velocity = update.velocity {
                direction = flushed(direction.addingProduct(momentum, velocity[i]))
                velocity[i] = direction
            }
            return (gradient, terms.decayed(before).addingProduct(0 - rate, direction))
        }
    }

    static func updateWithAdagrad(_ update: AdagradUpdate) -> UpdateNorms {
        let terms = Terms(update.terms, learningRate: update.learningRate, isShaped: true)
        let (rate, epsilon) = (Float(update.learningRate), Float(update.epsilon))
        return change(update.count, update.weights, terms) { i, before in
            let gradient = terms.gradient(update.gradient[i], before)
            var total = update.squareSum[i].addingProduct(gradient, gradient)
            if total < 1e-36 { total = 0 }
            update.squareSum[i] = total
            return (gradient, terms.decayed(before) - (rate * gradient) / (total.squareRoot() + epsilon))
        }
    }

    static func updateWithLion(_ update: LionUpdate) -> UpdateNorms {
        let terms = Terms(update.terms, learningRate: update.learningRate, isShaped: true)
        let (beta1, rest1) = (Float(update.beta1), Float(1 - update.beta1))
        let (beta2, rest2) = (Float(update.beta2), Float(1 - update.beta2))
        let rate = Float(update.learningRate)
        return change(update.count, update.weights, terms) { i, before in
            let gradient = terms.gradient(update.gradient[i], before)
            let direction = (rest1 * gradient).addingProduct(beta1, update.moment[i])
            update.moment[i] = flushed((rest2 * gradient).addingProduct(beta2, update.moment[i]))
            return (gradient, terms.decayed(before) - signed(rate, direction))
        }
    }

    static func updateWithNAdam(_ update: NAdamUpdate) -> UpdateNorms {
        let terms = Terms(update.terms, learningRate: update.learningRate, isShaped: true)
        let (beta1, rest1) = (Float(update.beta1), Float(1 - update.beta1))
        let (beta2, rest2) = (Float(update.beta2), Float(1 - update.beta2))
        let gradientRate = Float(update.learningRate * update.gradientFactor)
        let momentRate = Float(update.learningRate * update.momentFactor)
        let (correction2, epsilon) = (Float(update.correction2), Float(update.epsilon))
        return change(update.count, update.weights, terms) { i, before in
            let gradient = terms.gradient(update.gradient[i], before)
            let first = flushed((rest1 * gradient).addingProduct(beta1, update.firstMoment[i]))
            update.firstMoment[i] = first
            var second = (beta2 * update.secondMoment[i]).addingProduct(rest2 * gradient, gradient)
            if second < 1e-36 { second = 0 }
            update.secondMoment[i] = second
            let direction = (gradientRate * gradient).addingProduct(momentRate, first)
            let denominator = (second * correction2).squareRoot() + epsilon
            return (gradient, terms.decayed(before) - direction / denominator)
        }
    }

    /// Whether a rule with a loop of its own for plain steps leaves it: the two differ in the sign of a zero at most.
    private static func needsShape(_ terms: UpdateTerms) -> Bool {
        terms.l1 != 0 || terms.decay != 0 || terms.clip != nil
    }
}
