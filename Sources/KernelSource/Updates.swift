import KernelAPI

/// Below this magnitude a velocity or first moment is zero.
private let smallestMoment: Float = 1e-30

/// Below this a second moment is zero.
private let smallestSecondMoment: Float = 1e-36

/// One step of gradient descent with momentum.
func updateWithMomentum(_ update: MomentumUpdate) {
    if update.nesterov {
        descend(update, nesterov: true)
    } else {
        descend(update, nesterov: false)
    }
}

@inline(__always)
private func descend(_ update: MomentumUpdate, nesterov: Bool) {
    let descent = splat(0 - Float(update.learningRate))
    let momentum = splat(Float(update.momentum))
    let l2 = splat(Float(update.l2))
    let scale = splat(Float(update.gradientScale))
    var i = 0
    while i < update.count {
        let weight = load(update.weights + i)
        let gradient = (load(update.gradient + i) * scale).addingProduct(l2, weight)
        var velocity = gradient.addingProduct(momentum, load(update.velocity + i))
        velocity = velocity.replacing(with: Lanes.zero, where: magnitude(velocity) .< splat(smallestMoment))
        store(velocity, update.velocity + i)
        let direction = nesterov ? gradient.addingProduct(momentum, velocity) : velocity
        store(weight.addingProduct(descent, direction), update.weights + i)
        i &+= 16
    }
}

/// One step of Adam, with an exact square root and division: estimates differ between makers of processors.
func updateWithAdam(_ update: AdamUpdate) {
    let beta1 = splat(Float(update.beta1))
    let rest1 = splat(Float(1 - update.beta1))
    let beta2 = splat(Float(update.beta2))
    let rest2 = splat(Float(1 - update.beta2))
    let rate = splat(Float(update.learningRate * update.correction1))
    let correction2 = splat(Float(update.correction2))
    let epsilon = splat(Float(update.epsilon))
    let l2 = splat(Float(update.l2))
    let scale = splat(Float(update.gradientScale))
    var i = 0
    while i < update.count {
        let weight = load(update.weights + i)
        let gradient = (load(update.gradient + i) * scale).addingProduct(l2, weight)
        var first = (rest1 * gradient).addingProduct(beta1, load(update.firstMoment + i))
        first = first.replacing(with: Lanes.zero, where: magnitude(first) .< splat(smallestMoment))
        var second = (beta2 * load(update.secondMoment + i)).addingProduct(rest2 * gradient, gradient)
        second = second.replacing(with: Lanes.zero, where: second .< splat(smallestSecondMoment))
        store(first, update.firstMoment + i)
        store(second, update.secondMoment + i)
        store(weight - (rate * first) / ((second * correction2).squareRoot() + epsilon), update.weights + i)
        i &+= 16
    }
}
