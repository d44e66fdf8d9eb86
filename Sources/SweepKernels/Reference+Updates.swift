import KernelAPI

extension Reference {
    static func updateWithMomentum(_ update: MomentumUpdate) {
        let (rate, momentum) = (Float(update.learningRate), Float(update.momentum))
        let (l2, scale) = (Float(update.l2), Float(update.gradientScale))
        for i in 0..<update.count {
            let weight = update.weights[i]
            let gradient = (update.gradient[i] * scale).addingProduct(l2, weight)
            var velocity = gradient.addingProduct(momentum, update.velocity[i])
            if abs(velocity) < 1e-30 { velocity = 0 }
            update.velocity[i] = velocity
            let direction = update.nesterov ? gradient.addingProduct(momentum, velocity) : velocity
            update.weights[i] = weight.addingProduct(0 - rate, direction)
        }
    }

    static func updateWithAdam(_ update: AdamUpdate) {
        let (beta1, rest1) = (Float(update.beta1), Float(1 - update.beta1))
        let (beta2, rest2) = (Float(update.beta2), Float(1 - update.beta2))
        let rate = Float(update.learningRate * update.correction1)
        let (correction2, epsilon) = (Float(update.correction2), Float(update.epsilon))
        let (l2, scale) = (Float(update.l2), Float(update.gradientScale))
        for i in 0..<update.count {
            let weight = update.weights[i]
            let gradient = (update.gradient[i] * scale).addingProduct(l2, weight)
            var first = (rest1 * gradient).addingProduct(beta1, update.firstMoment[i])
            if abs(first) < 1e-30 { first = 0 }
            var second = (beta2 * update.secondMoment[i]).addingProduct(rest2 * gradient, gradient)
            if second < 1e-36 { second = 0 }
            update.firstMoment[i] = first
            update.secondMoment[i] = second
            update.weights[i] = weight - (rate * first) / ((second * correction2).squareRoot() + epsilon)
        }
    }
}
