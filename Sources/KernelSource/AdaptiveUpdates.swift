import KernelAPI

// These rules carry the penalties in every step: their terms are zero where they are not asked for.

/// One step of RMSprop.
func updateWithRMSprop(_ update: RMSpropUpdate) -> UpdateNorms {
    update.terms.measures ? scaleByRootMeasured(update) : scaleByRootPlainly(update)
}

@inline(never)
private func scaleByRootPlainly(_ update: RMSpropUpdate) -> UpdateNorms {
    scaleByRoot(update, measured: false)
}

@inline(never)
private func scaleByRootMeasured(_ update: RMSpropUpdate) -> UpdateNorms {
    scaleByRoot(update, measured: true)
}

@inline(__always)
private func scaleByRoot(_ update: RMSpropUpdate, measured: Bool) -> UpdateNorms {
    let terms = TermLanes(update.terms, learningRate: update.learningRate)
    let alpha = splat(Float(update.alpha))
    let rest = splat(Float(1 - update.alpha))
    let epsilon = splat(Float(update.epsilon))
    let descent = splat(0 - Float(update.learningRate))
    let momentum = splat(Float(update.momentum))
    var sums = NormSums()
    var begin = 0
    while begin < update.count {
        let end = measured ? normBlockEnd(begin, update.count) : update.count
        var i = begin
        while i < end {
            let before = load(update.weights + i)
            let gradient = terms.gradient(load(update.gradient + i), before, shaped: true)
            var second = (alpha * load(update.secondMoment + i)).addingProduct(rest * gradient, gradient)
            second = second.replacing(with: Lanes.zero, where: second .< splat(smallestSecondMoment))
            store(second, update.secondMoment + i)
            if let meanGradient = update.meanGradient {
                var mean = (rest * gradient).addingProduct(alpha, load(meanGradient + i))
                mean = mean.replacing(with: Lanes.zero, where: magnitude(mean) .< splat(smallestMoment))
                store(mean, meanGradient + i)
                second = second.addingProduct(Lanes.zero - mean, mean)
                second = second.replacing(with: Lanes.zero, where: second .< Lanes.zero)
            }
            var direction = gradient / (second.squareRoot() + epsilon)
            if let velocity = update.velocity {
                direction = direction.addingProduct(momentum, load(velocity + i))
                direction = direction.replacing(with: Lanes.zero, where: magnitude(direction) .< splat(smallestMoment))
                store(direction, velocity + i)
            }
            let after = terms.decayed(before, shaped: true).addingProduct(descent, direction)
            store(after, update.weights + i)
            if measured { sums.add(gradient, before, after) }
            i &+= 16
        }
        if measured { sums.endBlock() }
        begin = end
    }
    return sums.norms(update.terms)
}

/// One step of Adagrad.
func updateWithAdagrad(_ update: AdagradUpdate) -> UpdateNorms {
    update.terms.measures ? scaleBySumMeasured(update) : scaleBySumPlainly(update)
}

@inline(never)
private func scaleBySumPlainly(_ update: AdagradUpdate) -> UpdateNorms {
    scaleBySum(update, measured: false)
}

@inline(never)
private func scaleBySumMeasured(_ update: AdagradUpdate) -> UpdateNorms {
    scaleBySum(update, measured: true)
}

@inline(__always)
private func scaleBySum(_ update: AdagradUpdate, measured: Bool) -> UpdateNorms {
    let terms = TermLanes(update.terms, learningRate: update.learningRate)
    let epsilon = splat(Float(update.epsilon))
    let rate = splat(Float(update.learningRate))
    var sums = NormSums()
    var begin = 0
    while begin < update.count {
        let end = measured ? normBlockEnd(begin, update.count) : update.count
        var i = begin
        while i < end {
            let before = load(update.weights + i)
            let gradient = terms.gradient(load(update.gradient + i), before, shaped: true)
            var total = load(update.squareSum + i).addingProduct(gradient, gradient)
            total = total.replacing(with: Lanes.zero, where: total .< splat(smallestSecondMoment))
            store(total, update.squareSum + i)
            let weight = terms.decayed(before, shaped: true)
            let after = weight - (rate * gradient) / (total.squareRoot() + epsilon)
            store(after, update.weights + i)
            if measured { sums.add(gradient, before, after) }
            i &+= 16
        }
        if measured { sums.endBlock() }
        begin = end
    }
    return sums.norms(update.terms)
}

/// One step of Lion.
func updateWithLion(_ update: LionUpdate) -> UpdateNorms {
    update.terms.measures ? followSignsMeasured(update) : followSignsPlainly(update)
}

@inline(never)
private func followSignsPlainly(_ update: LionUpdate) -> UpdateNorms {
    followSigns(update, measured: false)
}

@inline(never)
private func followSignsMeasured(_ update: LionUpdate) -> UpdateNorms {
    followSigns(update, measured: true)
}

@inline(__always)
private func followSigns(_ update: LionUpdate, measured: Bool) -> UpdateNorms {
    let terms = TermLanes(update.terms, learningRate: update.learningRate)
    let beta1 = splat(Float(update.beta1))
    let rest1 = splat(Float(1 - update.beta1))
    let beta2 = splat(Float(update.beta2))
    let rest2 = splat(Float(1 - update.beta2))
    let rate = splat(Float(update.learningRate))
    var sums = NormSums()
    var begin = 0
    while begin < update.count {
        let end = measured ? normBlockEnd(begin, update.count) : update.count
        var i = begin
        while i < end {
            let before = load(update.weights + i)
            let gradient = terms.gradient(load(update.gradient + i), before, shaped: true)
            let former = load(update.moment + i)
            let direction = (rest1 * gradient).addingProduct(beta1, former)
            var moment = (rest2 * gradient).addingProduct(beta2, former)
            moment = moment.replacing(with: Lanes.zero, where: magnitude(moment) .< splat(smallestMoment))
            store(moment, update.moment + i)
            let after = terms.decayed(before, shaped: true) - signed(rate, direction)
            store(after, update.weights + i)
            if measured { sums.add(gradient, before, after) }
            i &+= 16
        }
        if measured { sums.endBlock() }
        begin = end
    }
    return sums.norms(update.terms)
}

/// One step of Adam with Nesterov's momentum.
func updateWithNAdam(_ update: NAdamUpdate) -> UpdateNorms {
    update.terms.measures ? adaptWithForesightMeasured(update) : adaptWithForesightPlainly(update)
}

@inline(never)
private func adaptWithForesightPlainly(_ update: NAdamUpdate) -> UpdateNorms {
    adaptWithForesight(update, measured: false)
}

@inline(never)
private func adaptWithForesightMeasured(_ update: NAdamUpdate) -> UpdateNorms {
    adaptWithForesight(update, measured: true)
}

@inline(__always)
private func adaptWithForesight(_ update: NAdamUpdate, measured: Bool) -> UpdateNorms {
    let terms = TermLanes(update.terms, learningRate: update.learningRate)
    let beta1 = splat(Float(update.beta1))
    let rest1 = splat(Float(1 - update.beta1))
    let beta2 = splat(Float(update.beta2))
    let rest2 = splat(Float(1 - update.beta2))
    let gradientRate = splat(Float(update.learningRate * update.gradientFactor))
    let momentRate = splat(Float(update.learningRate * update.momentFactor))
    let correction2 = splat(Float(update.correction2))
    let epsilon = splat(Float(update.epsilon))
    var sums = NormSums()
    var begin = 0
    while begin < update.count {
        let end = measured ? normBlockEnd(begin, update.count) : update.count
        var i = begin
        while i < end {
            let before = load(update.weights + i)
            let gradient = terms.gradient(load(update.gradient + i), before, shaped: true)
            var first = (rest1 * gradient).addingProduct(beta1, load(update.firstMoment + i))
            first = first.replacing(with: Lanes.zero, where: magnitude(first) .< splat(smallestMoment))
            var second = (beta2 * load(update.secondMoment + i)).addingProduct(rest2 * gradient, gradient)
            second = second.replacing(with: Lanes.zero, where: second .< splat(smallestSecondMoment))
            store(first, update.firstMoment + i)
            store(second, update.secondMoment + i)
            let direction = (gradientRate * gradient).addingProduct(momentRate, first)
            let weight = terms.decayed(before, shaped: true)
            let after = weight - direction / ((second * correction2).squareRoot() + epsilon)
            store(after, update.weights + i)
            if measured { sums.add(gradient, before, after) }
            i &+= 16
        }
        if measured { sums.endBlock() }
        begin = end
    }
    return sums.norms(update.terms)
}
