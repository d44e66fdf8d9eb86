import KernelAPI

extension Reference {
    static func activate(_ activation: Activation) {
        for i in 0..<activation.rows {
            let source = activation.source + i * activation.sourceStride
            let destination = activation.destination + i * activation.destinationStride
            for n in 0..<paddedCount(activation.columns) {
                destination[n] = n < activation.columns ? activation.function.value(source[n]) : 0
            }
        }
    }

    static func differentiate(_ activation: ActivationGradient) {
        for i in 0..<activation.rows {
            let row = activation.gradient + i * activation.gradientStride
            let output = activation.output + i * activation.outputStride
            for n in 0..<paddedCount(activation.columns) {
                row[n] = n < activation.columns ? activation.function.differentiate(row[n], output[n]) : 0
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
                let counter = UInt32(truncatingIfNeeded: (dropout.firstRow &+ i) &* width &+ n)
                let keep = n < dropout.columns && ReferenceMath.dropoutBits(counter, keys) >= threshold
                dropout.destination[i * dropout.destinationStride + n] =
                    keep ? dropout.source[i * dropout.sourceStride + n] * scale : 0
            }
        }
    }
}

extension ActivationFunction {
    /// λ of the self-normalising unit.
    private static let seluScale: Float = 1.050_700_987_355_480_5
    /// λα of the self-normalising unit.
    private static let seluScaledAlpha: Float = 1.758_099_340_847_376_6

    fileprivate func value(_ x: Float) -> Float {
        switch self {
        case .relu: x <= 0 ? 0 : x
        case .leakyRelu(let slope): x <= 0 ? x * slope : x
        case .elu(let alpha): x <= 0 ? ReferenceMath.expMinusOne(x) * alpha : x
        case .selu: x <= 0 ? ReferenceMath.expMinusOne(x) * Self.seluScaledAlpha : x * Self.seluScale
        case .gelu: x * ReferenceMath.normalShare(x).share
        case .silu: x * ReferenceMath.sigmoid(x)
        case .tanh: ReferenceMath.tanh(x)
        case .sigmoid: ReferenceMath.sigmoid(x)
        case .softplus: ReferenceMath.softplus(x)
        }
    }

    /// The gradient times the derivative where the output, or the input of a function that needs it, is `a`.
    fileprivate func differentiate(_ gradient: Float, _ a: Float) -> Float {
        switch self {
        case .relu: return a <= 0 ? 0 : gradient
        case .leakyRelu(let slope): return a <= 0 ? gradient * slope : gradient
        case .elu(let alpha): return gradient * (a <= 0 ? a + alpha : 1)
        case .selu: return gradient * (a <= 0 ? a + Self.seluScaledAlpha : Self.seluScale)
        case .gelu:
            let normal = ReferenceMath.normalShare(a)
            return gradient * normal.share.addingProduct(a, normal.bell * 0.398_942_28)
        case .silu:
            let (yes, no) = (ReferenceMath.sigmoid(a), ReferenceMath.sigmoid(0 - a))
            return gradient * yes.addingProduct(a * yes, no)
        case .tanh: return gradient * Float(1).addingProduct(0 - a, a)
        case .sigmoid: return gradient * a.addingProduct(0 - a, a)
        case .softplus: return gradient * (0 - ReferenceMath.expMinusOne(0 - a))
        }
    }
}
