import KernelAPI

extension Reference {
    static func activate(_ activation: Activation) {
        for i in 0..<activation.rows {
            let row = activation.values + i * activation.stride
            for n in 0..<paddedCount(activation.columns) {
                guard n < activation.columns else {
                    row[n] = 0
                    continue
                }
                row[n] =
                    switch activation.function {
                    case .relu: row[n] <= 0 ? 0 : row[n]
                    case .tanh: ReferenceMath.tanh(row[n])
                    case .sigmoid: ReferenceMath.sigmoid(row[n])
                    }
            }
        }
    }

    static func differentiate(_ activation: ActivationGradient) {
        for i in 0..<activation.rows {
            let row = activation.gradient + i * activation.gradientStride
            let output = activation.output + i * activation.outputStride
            for n in 0..<paddedCount(activation.columns) {
                guard n < activation.columns else {
                    row[n] = 0
                    continue
                }
                let a = output[n]
                row[n] =
                    switch activation.function {
                    case .relu: a <= 0 ? 0 : row[n]
                    case .tanh: row[n] * Float(1).addingProduct(0 - a, a)
                    case .sigmoid: row[n] * a.addingProduct(0 - a, a)
                    }
            }
        }
    }

    static func dropOut(_ dropout: Dropout) {
        let keys = ReferenceMath.dropoutKeys(seed: dropout.seed, step: dropout.step, layer: dropout.layer)
        let rate = dropout.rate > 0 ? (dropout.rate < 1 ? dropout.rate : Float(1).nextDown) : 0
        let threshold = UInt32(rate * 0x1p24)
        let scale = 1 / (1 - rate)
        let width = paddedCount(dropout.columns)
        for i in 0..<dropout.rows {
            for n in 0..<width {
                let counter = UInt32(truncatingIfNeeded: i &* width &+ n)
                let keep = n < dropout.columns && ReferenceMath.dropoutBits(counter, keys) >= threshold
                dropout.destination[i * dropout.destinationStride + n] =
                    keep ? dropout.source[i * dropout.sourceStride + n] * scale : 0
            }
        }
    }
}
