import KernelAPI

/// Softmax and cross-entropy in three passes over a row: largest logit, powers and their sum, gradient.
func softmaxCrossEntropy(_ loss: SoftmaxCrossEntropy) -> Double {
    let classes = loss.classes
    let scale = splat(loss.gradientScale)
    var total = 0.0
    var i = 0
    while i < loss.rows {
        let logits = loss.logits + i &* loss.logitStride
        let label = Int(loss.labels[i])
        // Read before the gradient is written, which may be in the logits' place.
        let target = label >= 0 && label < classes ? logits[label] : Float.nan

        var top = splat(-Float.infinity)
        var n = 0
        while n < classes {
            var z = load(logits + n)
            if n &+ 16 > classes { z = z.replacing(with: splat(-Float.infinity), where: padding(n, classes)) }
            top = top.replacing(with: z, where: top .< z)
            n &+= 16
        }
        let greatest = largest(top)

        var sums = Lanes.zero
        n = 0
        while n < classes {
            let z = load(logits + n)
            var power = exponential(z - splat(greatest))
            // The difference is NaN for an infinite logit, whose power could be 0.
            var added = power + (z - z)
            if n &+ 16 > classes {
                let unused = padding(n, classes)
                power = power.replacing(with: Lanes.zero, where: unused)
                added = added.replacing(with: Lanes.zero, where: unused)
            }
            sums += added
            if let gradient = loss.gradient { store(power, gradient + (i &* loss.gradientStride &+ n)) }
            n &+= 16
        }
        let sum = sum(sums)
        let value = (greatest - target) + (logarithm(sum) + (sum - sum))
        if let losses = loss.losses { losses[i] = value }
        total += Double(value)

        if let gradient = loss.gradient {
            let row = gradient + i &* loss.gradientStride
            let inverse = splat(1 / sum)
            let labels = SIMD16<Int32>(repeating: loss.labels[i])
            n = 0
            while n < classes {
                let probability = load(row + n) * inverse
                let difference = probability.replacing(
                    with: probability - splat(1),
                    where: columnNumbers(n) .== labels
                )
                var product = difference * scale
                if n &+ 16 > classes { product = product.replacing(with: Lanes.zero, where: padding(n, classes)) }
                store(product, row + n)
                n &+= 16
            }
        }
        i &+= 1
    }
    return total
}

/// Squared error of a batch and its gradient.
func squaredError(_ loss: SquaredError) -> Double {
    let outputs = loss.outputs
    let factor = splat(2 / Float(outputs) * loss.gradientScale)
    var total = 0.0
    var i = 0
    while i < loss.rows {
        let values = loss.values + i &* loss.valueStride
        let targets = loss.targets + i &* loss.targetStride
        var sums = Lanes.zero
        var n = 0
        while n < outputs {
            var error = load(values + n) - load(targets + n)
            var scaled = error * factor
            if n &+ 16 > outputs {
                let unused = padding(n, outputs)
                error = error.replacing(with: Lanes.zero, where: unused)
                scaled = scaled.replacing(with: Lanes.zero, where: unused)
            }
            sums = sums.addingProduct(error, error)
            if let gradient = loss.gradient { store(scaled, gradient + (i &* loss.gradientStride &+ n)) }
            n &+= 16
        }
        let value = sum(sums) / Float(outputs)
        if let losses = loss.losses { losses[i] = value }
        total += Double(value)
        i &+= 1
    }
    return total
}

/// Counts the rows whose largest logit is the label's.
func countCorrect(_ count: CorrectCount) -> Int {
    let classes = count.classes
    var correct = 0
    var i = 0
    while i < count.rows {
        let logits = count.logits + i &* count.logitStride
        var top = splat(-Float.infinity)
        var places = SIMD16<Int32>(repeating: -1)
        var n = 0
        while n < classes {
            var z = load(logits + n)
            if n &+ 16 > classes { z = z.replacing(with: splat(-Float.infinity), where: padding(n, classes)) }
            let greater = z .> top
            top = top.replacing(with: z, where: greater)
            places = places.replacing(with: columnNumbers(n), where: greater)
            n &+= 16
        }
        var greatest = -Float.infinity
        var prediction: Int32 = -1
        var lane = 0
        while lane < 16 {
            let better = top[lane] > greatest
            let earlier = top[lane] == greatest && places[lane] >= 0 && places[lane] < prediction
            if better || earlier {
                greatest = top[lane]
                prediction = places[lane]
            }
            lane &+= 1
        }
        if let predictions = count.predictions { predictions[i] = prediction }
        if prediction >= 0 && prediction == count.labels[i] { correct &+= 1 }
        i &+= 1
    }
    return correct
}
