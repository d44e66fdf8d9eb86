import KernelAPI

// A plain step has a loop of its own that carries nothing of penalties and norms, and so has a measured plain step,
// whose weights must have the same bits. Each is a function of its own: one with all of them would not be inlined.

/// Below this magnitude a velocity or first moment is zero.
let smallestMoment: Float = 1e-30

/// Below this a second moment is zero.
let smallestSecondMoment: Float = 1e-36

/// One step of gradient descent with momentum.
func updateWithMomentum(_ update: MomentumUpdate) -> UpdateNorms {
    if isShaped(update.terms) { return descendShaped(update) }
    if update.terms.measures { return descendMeasured(update) }
    return update.nesterov ? descendWithForesight(update) : descendPlainly(update)
}

@inline(never)
private func descendPlainly(_ update: MomentumUpdate) -> UpdateNorms {
    descend(update, nesterov: false, shaped: false, measured: false)
}

@inline(never)
private func descendWithForesight(_ update: MomentumUpdate) -> UpdateNorms {
    descend(update, nesterov: true, shaped: false, measured: false)
}

@inline(never)
private func descendMeasured(_ update: MomentumUpdate) -> UpdateNorms {
    descend(update, nesterov: update.nesterov, shaped: false, measured: true)
}

@inline(never)
private func descendShaped(_ update: MomentumUpdate) -> UpdateNorms {
    descend(update, nesterov: update.nesterov, shaped: true, measured: true)
}

@inline(__always)
private func descend(_ update: MomentumUpdate, nesterov: Bool, shaped: Bool, measured: Bool) -> UpdateNorms {
    let terms = TermLanes(update.terms, learningRate: update.learningRate)
    let descent = splat(0 - Float(update.learningRate))
    let momentum = splat(Float(update.momentum))
    var sums = NormSums()
    var begin = 0
    while begin < update.count {
        let end = measured ? normBlockEnd(begin, update.count) : update.count
        var i = begin
        while i < end {
            let before = load(update.weights + i)
            let gradient = terms.gradient(load(update.gradient + i), before, shaped: shaped)
            var velocity = gradient.addingProduct(momentum, load(update.velocity + i))
            velocity = velocity.replacing(with: Lanes.zero, where: magnitude(velocity) .< splat(smallestMoment))
            store(velocity, update.velocity + i)
            let direction = nesterov ? gradient.addingProduct(momentum, velocity) : velocity
            let after = terms.decayed(before, shaped: shaped).addingProduct(descent, direction)
            store(after, update.weights + i)
            if measured { sums.add(gradient, before, after) }
            i &+= 16
        }
        if measured { sums.endBlock() }
        begin = end
    }
    return sums.norms(update.terms)
}

/// One step of Adam, with an exact square root and division: estimates differ between makers of processors.
func updateWithAdam(_ update: AdamUpdate) -> UpdateNorms {
    if case .some = update.largestSecondMoment { return adaptByLargest(update) }
    if isShaped(update.terms) { return adaptShaped(update) }
    return update.terms.measures ? adaptMeasured(update) : adaptPlainly(update)
}

@inline(never)
private func adaptPlainly(_ update: AdamUpdate) -> UpdateNorms {
    adapt(update, nil, shaped: false, measured: false)
}

@inline(never)
private func adaptMeasured(_ update: AdamUpdate) -> UpdateNorms {
    adapt(update, nil, shaped: false, measured: true)
}

@inline(never)
private func adaptShaped(_ update: AdamUpdate) -> UpdateNorms {
    adapt(update, nil, shaped: true, measured: true)
}

@inline(never)
private func adaptByLargest(_ update: AdamUpdate) -> UpdateNorms {
    adapt(update, update.largestSecondMoment, shaped: true, measured: true)
}

@inline(__always)
private func adapt(_ update: AdamUpdate, _ largest: MutableFloats?, shaped: Bool, measured: Bool) -> UpdateNorms {
    let terms = TermLanes(update.terms, learningRate: update.learningRate)
    let beta1 = splat(Float(update.beta1))
    let rest1 = splat(Float(1 - update.beta1))
    let beta2 = splat(Float(update.beta2))
    let rest2 = splat(Float(1 - update.beta2))
    let rate = splat(Float(update.learningRate * update.correction1))
    let correction2 = splat(Float(update.correction2))
    let epsilon = splat(Float(update.epsilon))
    var sums = NormSums()
    var begin = 0
    while begin < update.count {
        let end = measured ? normBlockEnd(begin, update.count) : update.count
        var i = begin
        while i < end {
            let before = load(update.weights + i)
            let gradient = terms.gradient(load(update.gradient + i), before, shaped: shaped)
            var first = (rest1 * gradient).addingProduct(beta1, load(update.firstMoment + i))
            first = first.replacing(with: Lanes.zero, where: magnitude(first) .< splat(smallestMoment))
            var second = (beta2 * load(update.secondMoment + i)).addingProduct(rest2 * gradient, gradient)
            second = second.replacing(with: Lanes.zero, where: second .< splat(smallestSecondMoment))
            store(first, update.firstMoment + i)
            store(second, update.secondMoment + i)
            if let largest {
                let former = load(largest + i)
                second = second.replacing(with: former, where: second .< former)
                store(second, largest + i)
            }
            let weight = terms.decayed(before, shaped: shaped)
            let after = weight - (rate * first) / ((second * correction2).squareRoot() + epsilon)
            store(after, update.weights + i)
            if measured { sums.add(gradient, before, after) }
            i &+= 16
        }
        if measured { sums.endBlock() }
        begin = end
    }
    return sums.norms(update.terms)
}
