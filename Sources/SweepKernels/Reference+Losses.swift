import KernelAPI

extension Reference {
    static func softmaxCrossEntropy(_ loss: SoftmaxCrossEntropy) -> Double {
        var total = 0.0
        for i in 0..<loss.rows {
            let logits = loss.logits + i * loss.logitStride
            let label = Int(loss.labels[i])
            let known = label >= 0 && label < loss.classes
            let target = known ? logits[label] : .nan
            var greatest = -Float.infinity
            for n in 0..<loss.classes where logits[n] > greatest { greatest = logits[n] }
            var sums = [Float](repeating: 0, count: laneCount)
            var powers = [Float](repeating: 0, count: paddedCount(loss.classes))
            for n in 0..<loss.classes {
                powers[n] = ReferenceMath.exp(logits[n] - greatest)
                // The difference is NaN for an infinite logit, whose power could be 0.
                sums[n % laneCount] += powers[n] + (logits[n] - logits[n])
            }
            let sum = sum(sums)
            let value = (greatest - target) + (ReferenceMath.log(sum) + (sum - sum))
            loss.losses?[i] = value
            total += Double(value)
            guard let gradient = loss.gradient else { continue }
            let inverse = 1 / sum
            for n in 0..<paddedCount(loss.classes) {
                let probability = powers[n] * inverse
                let difference = n == label ? probability - 1 : probability
                gradient[i * loss.gradientStride + n] = n < loss.classes ? difference * loss.gradientScale : 0
            }
        }
        return total
    }

    static func squaredError(_ loss: SquaredError) -> Double {
        let outputs = Float(loss.outputs)
        let factor = 2 / outputs * loss.gradientScale
        var total = 0.0
        for i in 0..<loss.rows {
            var sums = [Float](repeating: 0, count: laneCount)
            for n in 0..<paddedCount(loss.outputs) {
                var error: Float = 0
                if n < loss.outputs {
                    error = loss.values[i * loss.valueStride + n] - loss.targets[i * loss.targetStride + n]
                }
                sums[n % laneCount].addProduct(error, error)
                loss.gradient?[i * loss.gradientStride + n] = n < loss.outputs ? error * factor : 0
            }
            let value = sum(sums) / outputs
            loss.losses?[i] = value
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
            if prediction >= 0 && prediction == count.labels[i] { correct += 1 }
        }
        return correct
    }
}
