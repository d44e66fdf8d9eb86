import KernelAPI

extension Reference {
    /// What every softmax loss of a row begins with.
    private struct Powers {
        let greatest: Float
        /// e^(z − greatest), zeros in the padding.
        let powers: [Float]
        /// The powers with a NaN for each logit that is not finite, by lane.
        let added: [Float]
        let sum: Float

        init(_ logits: Floats, classes: Int) {
            var greatest = -Float.infinity
            for n in 0..<classes where logits[n] > greatest { greatest = logits[n] }
            var powers = [Float](repeating: 0, count: paddedCount(classes))
            for n in 0..<classes { powers[n] = ReferenceMath.exp(logits[n] - greatest) }
            // The difference is NaN for an infinite logit, whose power could be 0.
            added = (0..<classes).map { powers[$0] + (logits[$0] - logits[$0]) }
            sum = Reference.sum(Reference.lanes(added))
            self.greatest = greatest
            self.powers = powers
        }

        var logSum: Float { ReferenceMath.log(sum) + (sum - sum) }
    }

    /// Values added up lane by lane, vector after vector.
    private static func lanes(_ values: [Float]) -> [Float] {
        var sums = [Float](repeating: 0, count: laneCount)
        for (n, value) in values.enumerated() { sums[n % laneCount] += value }
        return sums
    }

    static func softmaxCrossEntropy(_ loss: SoftmaxCrossEntropy) -> Double {
        let (smoothing, exponent) = (loss.labelSmoothing, loss.focalExponent)
        let isPlain = smoothing == 0 && exponent == 0
        let uniform = 1 / Float(loss.classes)
        var total = 0.0
        for i in 0..<loss.rows {
            let weight = loss.rowWeights?[i] ?? 1
            let logits = loss.logits + i * loss.logitStride
            let label = Int(loss.labels[i])
            let target = label >= 0 && label < loss.classes ? logits[label] : .nan
            let row = Powers(logits, classes: loss.classes)
            let rest = sum(lanes(row.added.enumerated().map { $0.offset == label ? 0 : $0.element }))
            let wrong = rest / row.sum
            var value = (row.greatest - target) + row.logSum
            var slope: Float = 1
            if exponent > 0 {
                if target == row.greatest && rest <= 1 { value = ReferenceMath.logOfOnePlus(rest) }
                let factor = ReferenceMath.pow(wrong, exponent)
                let right = 1 - wrong
                let ratio = wrong == 0 ? 1 : value / wrong
                slope = right > 0 ? factor * Float(1).addingProduct(exponent * right, ratio) : factor
                value = factor * value
            }
            if smoothing != 0 {
                let distance = sum(lanes((0..<loss.classes).map { row.greatest - logits[$0] }))
                value = (smoothing * (row.logSum + distance * uniform)).addingProduct(1 - smoothing, value)
            }
            value = weight * value
            loss.losses?[i] = value
            total += Double(value)
            guard let gradient = loss.gradient else { continue }
            let inverse = 1 / row.sum
            let scale = loss.gradientScale * weight
            for n in 0..<paddedCount(loss.classes) {
                let probability = row.powers[n] * inverse
                var difference = n == label ? probability - 1 : probability
                if !isPlain {
                    let soft = (probability - uniform) * smoothing
                    difference = soft.addingProduct(n == label ? 0 - wrong : probability, (1 - smoothing) * slope)
                }
                gradient[i * loss.gradientStride + n] = n < loss.classes ? difference * scale : 0
            }
        }
        return total
    }

    static func softTargetCrossEntropy(_ loss: SoftTargetCrossEntropy) -> Double {
        var total = 0.0
        for i in 0..<loss.rows {
            let weight = loss.rowWeights?[i] ?? 1
            let logits = loss.logits + i * loss.logitStride
            let targets = loss.targets + i * loss.targetStride
            let row = Powers(logits, classes: loss.classes)
            let share = sum(lanes((0..<loss.classes).map { targets[$0] }))
            let crosses = (0..<loss.classes).map { targets[$0] == 0 ? 0 : targets[$0] * (row.greatest - logits[$0]) }
            let value = weight * sum(lanes(crosses)).addingProduct(share, row.logSum)
            loss.losses?[i] = value
            total += Double(value)
            guard let gradient = loss.gradient else { continue }
            let factor = share / row.sum
            for n in 0..<paddedCount(loss.classes) {
                let difference = (0 - targets[n]).addingProduct(row.powers[n], factor)
                let product = difference * (loss.gradientScale * weight)
                gradient[i * loss.gradientStride + n] = n < loss.classes ? product : 0
            }
        }
        return total
    }

    static func softmax(_ softmax: Softmax) {
        for i in 0..<softmax.rows {
            let values = softmax.values + i * softmax.stride
            let row = Powers(values, classes: softmax.classes)
            let inverse = 1 / row.sum
            for n in 0..<paddedCount(softmax.classes) {
                values[n] = n < softmax.classes ? row.powers[n] * inverse : 0
            }
        }
    }

    static func binaryCrossEntropy(_ loss: BinaryCrossEntropy) -> Double {
        let exponent = loss.focalExponent
        return meanLoss(
            rows: loss.rows,
            outputs: loss.outputs,
            gradient: loss.gradient,
            gradientStride: loss.gradientStride,
            losses: loss.losses,
            rowWeights: loss.rowWeights,
            factor: { loss.gradientScale * $0 / Float(loss.outputs) },
            element: { i, n in
                let z = loss.logits[i * loss.logitStride + n]
                let y = loss.targets[i * loss.targetStride + n]
                let e = ReferenceMath.exp(0 - abs(z))
                let greater = 1 / (1 + e)
                let yes = z < 0 ? e * greater : greater
                let value = ((z <= 0 ? 0 : z) + ReferenceMath.logOfOnePlus(e)).addingProduct(0 - z, y)
                let slope = yes - y
                guard exponent != 0 else { return (value, slope) }
                let no = z < 0 ? greater : e * greater
                let wrong = (yes * (1 - y)).addingProduct(no, y)
                if wrong < Float.leastNormalMagnitude { return (z - z, z - z) }
                let share = ReferenceMath.pow(wrong, exponent)
                let inner = yes * no * (1 - (y + y)) * exponent * value / wrong
                return (share * value, share * (slope + inner))
            }
        )
    }

    static func squaredError(_ loss: SquaredError) -> Double {
        let outputs = Float(loss.outputs)
        var total = 0.0
        for i in 0..<loss.rows {
            let weight = loss.rowWeights?[i] ?? 1
            let factor = 2 / outputs * loss.gradientScale * weight
            var sums = [Float](repeating: 0, count: laneCount)
            for n in 0..<paddedCount(loss.outputs) {
                var error: Float = 0
                if n < loss.outputs {
                    error = loss.values[i * loss.valueStride + n] - loss.targets[i * loss.targetStride + n]
                }
                sums[n % laneCount].addProduct(error, error)
                loss.gradient?[i * loss.gradientStride + n] = n < loss.outputs ? error * factor : 0
            }
            let value = weight * (sum(sums) / outputs)
            loss.losses?[i] = value
            total += Double(value)
        }
        return total
    }

    static func robustError(_ loss: RobustError) -> Double {
        meanLoss(
            rows: loss.rows,
            outputs: loss.outputs,
            gradient: loss.gradient,
            gradientStride: loss.gradientStride,
            losses: loss.losses,
            rowWeights: loss.rowWeights,
            factor: { loss.gradientScale * $0 / Float(loss.outputs) },
            element: { i, n in
                let error = loss.values[i * loss.valueStride + n] - loss.targets[i * loss.targetStride + n]
                let size = abs(error)
                switch loss.form {
                case .absolute:
                    return (size, signed(1, error))
                case .huber(let delta):
                    return (
                        size > delta ? delta * (size - 0.5 * delta) : 0.5 * size * size,
                        clamped(error, delta)
                    )
                }
            }
        )
    }

    /// A loss whose rows are the mean over their outputs of an element's loss, given with its derivative.
    private static func meanLoss(
        rows: Int,
        outputs: Int,
        gradient: MutableFloats?,
        gradientStride: Int,
        losses: MutableFloats?,
        rowWeights: Floats?,
        factor: (_ weight: Float) -> Float,
        element: (_ row: Int, _ column: Int) -> (value: Float, slope: Float)
    ) -> Double {
        var total = 0.0
        for i in 0..<rows {
            let weight = rowWeights?[i] ?? 1
            var values: [Float] = []
            for n in 0..<paddedCount(outputs) {
                let (value, slope) = n < outputs ? element(i, n) : (0, 0)
                values.append(value)
                gradient?[i * gradientStride + n] = n < outputs ? slope * factor(weight) : 0
            }
            let value = weight * (sum(lanes(values)) / Float(outputs))
            losses?[i] = value
            total += Double(value)
        }
        return total
    }

    static func countCorrect(_ count: CorrectCount) -> Int {
        var correct = 0
        for i in 0..<count.rows {
            var greatest = -Float.infinity
            var prediction: Int32 = -1
            for n in 0..<count.classes where count.logits[i * count.logitStride + n] > greatest {
                greatest = count.logits[i * count.logitStride + n]
                prediction = Int32(truncatingIfNeeded: n)
            }
            count.predictions?[i] = prediction
            let label = Int(count.labels[i])
            guard label >= 0 && label < count.classes else { continue }
            let target = count.logits[i * count.logitStride + label]
            let before = (0..<count.classes).count { n in
                let z = count.logits[i * count.logitStride + n]
                return z > target || (z == target && n < label)
            }
            if target > -.infinity && before < count.top { correct += 1 }
        }
        return correct
    }
}
