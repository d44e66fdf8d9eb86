import KernelAPI

/// The factor of a row's loss and gradient.
@inline(__always)
private func rowWeight(_ weights: Floats?, _ row: Int) -> Float {
    if let weights { return weights[row] }
    return 1
}

/// The largest of a row's logits that are not NaN.
@inline(__always)
private func greatest(_ logits: Floats, _ classes: Int) -> Float {
    var top = splat(-Float.infinity)
    var n = 0
    while n < classes {
        var z = load(logits + n)
        if n &+ 16 > classes { z = z.replacing(with: splat(-Float.infinity), where: padding(n, classes)) }
        top = top.replacing(with: z, where: top .< z)
        n &+= 16
    }
    return largest(top)
}

/// Softmax and cross-entropy against labels.
func softmaxCrossEntropy(_ loss: SoftmaxCrossEntropy) -> Double {
    if loss.labelSmoothing == 0 {
        if loss.focalExponent == 0 { return plainCrossEntropy(loss) }
    }
    return shapedCrossEntropy(loss)
}

/// Softmax and cross-entropy in three passes over a row: largest logit, powers and their sum, gradient.
private func plainCrossEntropy(_ loss: SoftmaxCrossEntropy) -> Double {
    let classes = loss.classes
    var total = 0.0
    var i = 0
    while i < loss.rows {
        let weight = rowWeight(loss.rowWeights, i)
        let logits = loss.logits + i &* loss.logitStride
        let label = Int(loss.labels[i])
        // Read before the gradient is written, which may be in the logits' place.
        let target = label >= 0 && label < classes ? logits[label] : Float.nan

        let greatest = greatest(logits, classes)
        var sums = Lanes.zero
        var n = 0
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
        let value = weight * ((greatest - target) + (logarithm(sum) + (sum - sum)))
        if let losses = loss.losses { losses[i] = value }
        total += Double(value)

        if let gradient = loss.gradient {
            let row = gradient + i &* loss.gradientStride
            let inverse = splat(1 / sum)
            let scale = splat(loss.gradientScale * weight)
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

/// The loss with smoothed labels or a focal factor, in the same three passes.
private func shapedCrossEntropy(_ loss: SoftmaxCrossEntropy) -> Double {
    let classes = loss.classes
    let (smoothing, exponent) = (loss.labelSmoothing, loss.focalExponent)
    let uniform = 1 / Float(classes)
    var total = 0.0
    var i = 0
    while i < loss.rows {
        let weight = rowWeight(loss.rowWeights, i)
        let logits = loss.logits + i &* loss.logitStride
        let label = Int(loss.labels[i])
        let labels = SIMD16<Int32>(repeating: loss.labels[i])
        let target = label >= 0 && label < classes ? logits[label] : Float.nan
        let greatest = greatest(logits, classes)

        var sums = Lanes.zero
        var rests = Lanes.zero
        var spreads = Lanes.zero
        var n = 0
        while n < classes {
            let z = load(logits + n)
            var power = exponential(z - splat(greatest))
            var added = power + (z - z)
            var spread = splat(greatest) - z
            if n &+ 16 > classes {
                let unused = padding(n, classes)
                power = power.replacing(with: Lanes.zero, where: unused)
                added = added.replacing(with: Lanes.zero, where: unused)
                spread = spread.replacing(with: Lanes.zero, where: unused)
            }
            sums += added
            rests += added.replacing(with: Lanes.zero, where: columnNumbers(n) .== labels)
            spreads += spread
            if let gradient = loss.gradient { store(power, gradient + (i &* loss.gradientStride &+ n)) }
            n &+= 16
        }
        let (sum, rest, distance) = (sum(sums), sum(rests), sum(spreads))
        let logSum = logarithm(sum) + (sum - sum)
        /// 1 − p of the label.
        let wrong = rest / sum
        var value = (greatest - target) + logSum
        var slope: Float = 1
        if exponent > 0 {
            if target == greatest {
                // The logarithm of the sum would have lost a small rest.
                if rest <= 1 { value = logarithmOfOnePlus(splat(rest))[0] }
            }
            let factor = power(splat(wrong), splat(exponent))[0]
            let right = 1 - wrong
            let ratio = wrong == 0 ? 1 : value / wrong
            slope = right > 0 ? factor * Float(1).addingProduct(exponent * right, ratio) : factor
            value = factor * value
        }
        if smoothing != 0 {
            value = (smoothing * (logSum + distance * uniform)).addingProduct(1 - smoothing, value)
        }
        value = weight * value
        if let losses = loss.losses { losses[i] = value }
        total += Double(value)

        if let gradient = loss.gradient {
            let row = gradient + i &* loss.gradientStride
            let inverse = splat(1 / sum)
            let scale = splat(loss.gradientScale * weight)
            let hard = splat((1 - smoothing) * slope)
            n = 0
            while n < classes {
                let probability = load(row + n) * inverse
                let difference = probability.replacing(with: splat(0 - wrong), where: columnNumbers(n) .== labels)
                let soft = (probability - splat(uniform)) * splat(smoothing)
                var product = soft.addingProduct(difference, hard) * scale
                if n &+ 16 > classes { product = product.replacing(with: Lanes.zero, where: padding(n, classes)) }
                store(product, row + n)
                n &+= 16
            }
        }
        i &+= 1
    }
    return total
}

/// Softmax and cross-entropy against rows of shares.
func softTargetCrossEntropy(_ loss: SoftTargetCrossEntropy) -> Double {
    let classes = loss.classes
    var total = 0.0
    var i = 0
    while i < loss.rows {
        let weight = rowWeight(loss.rowWeights, i)
        let logits = loss.logits + i &* loss.logitStride
        let targets = loss.targets + i &* loss.targetStride
        let greatest = greatest(logits, classes)

        var sums = Lanes.zero
        var shares = Lanes.zero
        var crosses = Lanes.zero
        var n = 0
        while n < classes {
            let z = load(logits + n)
            var share = load(targets + n)
            var power = exponential(z - splat(greatest))
            var added = power + (z - z)
            if n &+ 16 > classes {
                let unused = padding(n, classes)
                power = power.replacing(with: Lanes.zero, where: unused)
                added = added.replacing(with: Lanes.zero, where: unused)
                share = share.replacing(with: Lanes.zero, where: unused)
            }
            sums += added
            shares += share
            // A class without a share may lie infinitely far below.
            crosses += (share * (splat(greatest) - z)).replacing(with: Lanes.zero, where: share .== Lanes.zero)
            if let gradient = loss.gradient { store(power, gradient + (i &* loss.gradientStride &+ n)) }
            n &+= 16
        }
        let (sum, share, cross) = (sum(sums), sum(shares), sum(crosses))
        let value = weight * cross.addingProduct(share, logarithm(sum) + (sum - sum))
        if let losses = loss.losses { losses[i] = value }
        total += Double(value)

        if let gradient = loss.gradient {
            let row = gradient + i &* loss.gradientStride
            let factor = splat(share / sum)
            let scale = splat(loss.gradientScale * weight)
            n = 0
            while n < classes {
                var product = (Lanes.zero - load(targets + n)).addingProduct(load(row + n), factor) * scale
                if n &+ 16 > classes { product = product.replacing(with: Lanes.zero, where: padding(n, classes)) }
                store(product, row + n)
                n &+= 16
            }
        }
        i &+= 1
    }
    return total
}

/// Rows of logits into probabilities.
func softmax(_ softmax: Softmax) {
    let classes = softmax.classes
    var row = softmax.values
    var i = 0
    while i < softmax.rows {
        let greatest = greatest(Floats(row), classes)
        var sums = Lanes.zero
        var n = 0
        while n < classes {
            let z = load(row + n)
            var power = exponential(z - splat(greatest))
            var added = power + (z - z)
            if n &+ 16 > classes {
                let unused = padding(n, classes)
                power = power.replacing(with: Lanes.zero, where: unused)
                added = added.replacing(with: Lanes.zero, where: unused)
            }
            sums += added
            store(power, row + n)
            n &+= 16
        }
        let inverse = splat(1 / sum(sums))
        n = 0
        while n < classes {
            var probability = load(row + n) * inverse
            if n &+ 16 > classes {
                // Zero times the inverse of a NaN sum is not zero.
                probability = probability.replacing(with: Lanes.zero, where: padding(n, classes))
            }
            store(probability, row + n)
            n &+= 16
        }
        row += softmax.stride
        i &+= 1
    }
}

/// Cross-entropy of independent outputs.
func binaryCrossEntropy(_ loss: BinaryCrossEntropy) -> Double {
    loss.focalExponent == 0 ? plainBinaryCrossEntropy(loss) : focalBinaryCrossEntropy(loss)
}

@inline(never)
private func plainBinaryCrossEntropy(_ loss: BinaryCrossEntropy) -> Double {
    binaryCrossEntropy(loss, focal: false)
}

@inline(never)
private func focalBinaryCrossEntropy(_ loss: BinaryCrossEntropy) -> Double {
    binaryCrossEntropy(loss, focal: true)
}

@inline(__always)
private func binaryCrossEntropy(_ loss: BinaryCrossEntropy, focal: Bool) -> Double {
    let outputs = loss.outputs
    let exponent = splat(loss.focalExponent)
    var total = 0.0
    var i = 0
    while i < loss.rows {
        let weight = rowWeight(loss.rowWeights, i)
        let factor = splat(loss.gradientScale * weight / Float(outputs))
        let logits = loss.logits + i &* loss.logitStride
        let targets = loss.targets + i &* loss.targetStride
        var sums = Lanes.zero
        var n = 0
        while n < outputs {
            let z = load(logits + n)
            let y = load(targets + n)
            let e = exponential(Lanes.zero - magnitude(z))
            let greater = splat(1) / (splat(1) + e)
            let negative = z .< Lanes.zero
            /// σ(z) and σ(−z), each without cancellation.
            let yes = greater.replacing(with: e * greater, where: negative)
            var value = (rectified(z) + logarithmOfOnePlus(e)).addingProduct(Lanes.zero - z, y)
            var slope = yes - y
            if focal {
                let no = (e * greater).replacing(with: greater, where: negative)
                let wrong = (yes * (splat(1) - y)).addingProduct(no, y)
                let share = power(wrong, exponent)
                // The derivative of ln u times u's place under it; where u is zero so is its power.
                let inner = yes * no * (splat(1) - (y + y)) * exponent * value / wrong
                slope = share * (slope + inner)
                value = share * value
                let certain = wrong .< splat(Float.leastNormalMagnitude)
                // The difference is NaN for an infinite logit.
                slope = slope.replacing(with: z - z, where: certain)
                value = value.replacing(with: z - z, where: certain)
            }
            var product = slope * factor
            if n &+ 16 > outputs {
                let unused = padding(n, outputs)
                value = value.replacing(with: Lanes.zero, where: unused)
                product = product.replacing(with: Lanes.zero, where: unused)
            }
            sums += value
            if let gradient = loss.gradient { store(product, gradient + (i &* loss.gradientStride &+ n)) }
            n &+= 16
        }
        let value = weight * (sum(sums) / Float(outputs))
        if let losses = loss.losses { losses[i] = value }
        total += Double(value)
        i &+= 1
    }
    return total
}

/// Squared error of a batch and its gradient.
func squaredError(_ loss: SquaredError) -> Double {
    if loss.outputs == 1 { return squaredErrorOfOne(loss) }
    let outputs = loss.outputs
    var total = 0.0
    var i = 0
    while i < loss.rows {
        let weight = rowWeight(loss.rowWeights, i)
        let factor = splat(2 / Float(outputs) * loss.gradientScale * weight)
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
        let value = weight * (sum(sums) / Float(outputs))
        if let losses = loss.losses { losses[i] = value }
        total += Double(value)
        i &+= 1
    }
    return total
}

/// The same of one output: a row has one error, and nothing to add up.
private func squaredErrorOfOne(_ loss: SquaredError) -> Double {
    let scale = 2 * loss.gradientScale
    var total = 0.0
    var i = 0
    while i < loss.rows {
        let weight = rowWeight(loss.rowWeights, i)
        let error = loss.values[i &* loss.valueStride] - loss.targets[i &* loss.targetStride]
        if let gradient = loss.gradient {
            var lanes = Lanes.zero
            lanes[0] = error * (scale * weight)
            store(lanes, gradient + i &* loss.gradientStride)
        }
        let value = weight * (error * error)
        if let losses = loss.losses { losses[i] = value }
        total += Double(value)
        i &+= 1
    }
    return total
}

/// Absolute or Huber error of a batch and its gradient.
func robustError(_ loss: RobustError) -> Double {
    switch loss.form {
    case .absolute: absoluteError(loss)
    case .huber(let delta): huberError(loss, delta)
    }
}

@inline(never)
private func absoluteError(_ loss: RobustError) -> Double {
    boundedError(loss, .infinity, absolute: true)
}

@inline(never)
private func huberError(_ loss: RobustError, _ delta: Float) -> Double {
    boundedError(loss, delta, absolute: false)
}

@inline(__always)
private func boundedError(_ loss: RobustError, _ delta: Float, absolute: Bool) -> Double {
    let outputs = loss.outputs
    let bound = splat(delta)
    var total = 0.0
    var i = 0
    while i < loss.rows {
        let weight = rowWeight(loss.rowWeights, i)
        let factor = splat(loss.gradientScale * weight / Float(outputs))
        let values = loss.values + i &* loss.valueStride
        let targets = loss.targets + i &* loss.targetStride
        var sums = Lanes.zero
        var n = 0
        while n < outputs {
            let error = load(values + n) - load(targets + n)
            let size = magnitude(error)
            var value = size
            var slope = signed(splat(1), error)
            if !absolute {
                value = (splat(0.5) * size * size).replacing(
                    with: bound * (size - splat(0.5) * bound),
                    where: size .> bound
                )
                slope = clamped(error, bound)
            }
            var product = slope * factor
            if n &+ 16 > outputs {
                let unused = padding(n, outputs)
                value = value.replacing(with: Lanes.zero, where: unused)
                product = product.replacing(with: Lanes.zero, where: unused)
            }
            sums += value
            if let gradient = loss.gradient { store(product, gradient + (i &* loss.gradientStride &+ n)) }
            n &+= 16
        }
        let value = weight * (sum(sums) / Float(outputs))
        if let losses = loss.losses { losses[i] = value }
        total += Double(value)
        i &+= 1
    }
    return total
}

/// How many logits of a row come before the label's: the greater, and the equal of a lower index.
@inline(__always)
private func rank(_ logits: Floats, _ label: Int32, _ classes: Int) -> Int {
    let target = splat(logits[Int(label)])
    let labels = SIMD16<Int32>(repeating: label)
    var counts = SIMD16<Int32>(repeating: 0)
    var n = 0
    while n < classes {
        let z = load(logits + n)
        let places = columnNumbers(n)
        let greater = (z .> target) .& (places .< SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: classes)))
        let before = greater .| ((z .== target) .& (places .< labels))
        counts = counts &+ SIMD16<Int32>(repeating: 0).replacing(with: SIMD16<Int32>(repeating: 1), where: before)
        n &+= 16
    }
    var total = 0
    var lane = 0
    while lane < 16 {
        total &+= Int(counts[lane])
        lane &+= 1
    }
    return total
}

/// Counts the rows whose label's logit is among the largest.
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
        let label = count.labels[i]
        if prediction >= 0 && prediction == label {
            correct &+= 1
        } else if count.top > 1 && label >= 0 && Int(label) < classes && logits[Int(label)] > -Float.infinity {
            if rank(logits, label, classes) < count.top { correct &+= 1 }
        }
        i &+= 1
    }
    return correct
}
