import KernelAPI

// The loop of each nonlinearity is a function of its own. One function with all of them is so large that the compiler
// stops inlining and calls the elementary functions vector by vector.

/// Applies a nonlinearity to a matrix and zeros its padding.
func activate(_ activation: Activation) {
    switch activation.function {
    case .relu: rectify(activation)
    case .leakyRelu(let slope): rectifyLeakily(activation, slope)
    case .elu(let alpha): applyExponentialUnit(activation, 1, alpha)
    case .selu: applyExponentialUnit(activation, seluScale, seluScaledAlpha)
    case .gelu: applyNormalUnit(activation)
    case .silu: applyLogisticUnit(activation)
    case .tanh: applyTangent(activation)
    case .sigmoid: applyLogistic(activation)
    case .softplus: applySoftplus(activation)
    }
}

/// λ of the self-normalising unit.
private let seluScale: Float = 1.050_700_987_355_480_5

/// λα of the self-normalising unit.
private let seluScaledAlpha: Float = 1.758_099_340_847_376_6

@inline(never)
private func rectify(_ activation: Activation) {
    replaceRows(activation) { rectified($0) }
}

@inline(never)
private func rectifyLeakily(_ activation: Activation, _ slope: Float) {
    let slopes = splat(slope)
    replaceRows(activation) { leaky($0, slopes) }
}

@inline(never)
private func applyExponentialUnit(_ activation: Activation, _ scale: Float, _ alpha: Float) {
    let (scales, alphas) = (splat(scale), splat(alpha))
    replaceRows(activation) { exponentialUnit($0, scales, alphas) }
}

@inline(never)
private func applyNormalUnit(_ activation: Activation) {
    replaceRows(activation) { normalUnit($0) }
}

@inline(never)
private func applyLogisticUnit(_ activation: Activation) {
    replaceRows(activation) { logisticUnit($0) }
}

@inline(never)
private func applyTangent(_ activation: Activation) {
    replaceRows(activation) { hyperbolicTangent($0) }
}

@inline(never)
private func applyLogistic(_ activation: Activation) {
    replaceRows(activation) { logistic($0) }
}

@inline(never)
private func applySoftplus(_ activation: Activation) {
    replaceRows(activation) { softplus($0) }
}

@inline(__always)
private func leaky(_ x: Lanes, _ slope: Lanes) -> Lanes {
    x.replacing(with: x * slope, where: x .<= Lanes.zero)
}

@inline(__always)
private func exponentialUnit(_ x: Lanes, _ scale: Lanes, _ alpha: Lanes) -> Lanes {
    (x * scale).replacing(with: exponentialMinusOne(x) * alpha, where: x .<= Lanes.zero)
}

@inline(__always)
private func normalUnit(_ x: Lanes) -> Lanes {
    x * normalShare(x).share
}

@inline(__always)
private func logisticUnit(_ x: Lanes) -> Lanes {
    x * logistic(x)
}

@inline(__always)
private func replaceRows(_ activation: Activation, _ value: (Lanes) -> Lanes) {
    let columns = activation.columns
    var source = activation.source
    var destination = activation.destination
    var i = 0
    while i < activation.rows {
        var n = 0
        while n < columns {
            var lanes = value(load(source + n))
            if n &+ 16 > columns { lanes = lanes.replacing(with: Lanes.zero, where: padding(n, columns)) }
            store(lanes, destination + n)
            n &+= 16
        }
        source += activation.sourceStride
        destination += activation.destinationStride
        i &+= 1
    }
}

/// Multiplies a gradient by a nonlinearity's derivative, which follows from the stored output or input.
func differentiate(_ activation: ActivationGradient) {
    switch activation.function {
    case .relu: differentiateRectifier(activation)
    case .leakyRelu(let slope): differentiateLeakyRectifier(activation, slope)
    case .elu(let alpha): differentiateExponentialUnit(activation, 1, alpha)
    case .selu: differentiateExponentialUnit(activation, seluScale, seluScaledAlpha)
    case .gelu: differentiateNormalUnit(activation)
    case .silu: differentiateLogisticUnit(activation)
    case .tanh: differentiateTangent(activation)
    case .sigmoid: differentiateLogistic(activation)
    case .softplus: differentiateSoftplus(activation)
    }
}

@inline(never)
private func differentiateRectifier(_ activation: ActivationGradient) {
    replaceGradient(activation) { passed($0, $1) }
}

@inline(never)
private func differentiateLeakyRectifier(_ activation: ActivationGradient, _ slope: Float) {
    let slopes = splat(slope)
    replaceGradient(activation) { timesLeakySlope($0, $1, slopes) }
}

@inline(never)
private func differentiateExponentialUnit(_ activation: ActivationGradient, _ scale: Float, _ alpha: Float) {
    let (scales, alphas) = (splat(scale), splat(alpha))
    replaceGradient(activation) { timesExponentialSlope($0, $1, scales, alphas) }
}

@inline(never)
private func differentiateNormalUnit(_ activation: ActivationGradient) {
    replaceGradient(activation) { timesNormalUnitSlope($0, $1) }
}

@inline(never)
private func differentiateLogisticUnit(_ activation: ActivationGradient) {
    replaceGradient(activation) { timesLogisticUnitSlope($0, $1) }
}

@inline(never)
private func differentiateTangent(_ activation: ActivationGradient) {
    replaceGradient(activation) { timesTangentSlope($0, $1) }
}

@inline(never)
private func differentiateLogistic(_ activation: ActivationGradient) {
    replaceGradient(activation) { timesLogisticSlope($0, $1) }
}

@inline(never)
private func differentiateSoftplus(_ activation: ActivationGradient) {
    replaceGradient(activation) { timesSoftplusSlope($0, $1) }
}

@inline(__always)
private func timesLeakySlope(_ gradient: Lanes, _ a: Lanes, _ slope: Lanes) -> Lanes {
    gradient.replacing(with: gradient * slope, where: a .<= Lanes.zero)
}

/// The gradient times the scale, or a + α where the output a is ≤ 0.
@inline(__always)
private func timesExponentialSlope(_ gradient: Lanes, _ a: Lanes, _ scale: Lanes, _ alpha: Lanes) -> Lanes {
    gradient * scale.replacing(with: a + alpha, where: a .<= Lanes.zero)
}

/// The gradient times Φ(x) + x · φ(x).
@inline(__always)
private func timesNormalUnitSlope(_ gradient: Lanes, _ x: Lanes) -> Lanes {
    let normal = normalShare(x)
    return gradient * normal.share.addingProduct(x, normal.bell * splat(0.398_942_28))
}

/// The gradient times s + x · s · (1 − s) with the logistic function s of x.
@inline(__always)
private func timesLogisticUnitSlope(_ gradient: Lanes, _ x: Lanes) -> Lanes {
    let s = logisticPair(x)
    return gradient * s.yes.addingProduct(x * s.yes, s.no)
}

/// The gradient times 1 − a².
@inline(__always)
private func timesTangentSlope(_ gradient: Lanes, _ a: Lanes) -> Lanes {
    gradient * splat(1).addingProduct(Lanes.zero - a, a)
}

/// The gradient times a − a².
@inline(__always)
private func timesLogisticSlope(_ gradient: Lanes, _ a: Lanes) -> Lanes {
    gradient * a.addingProduct(Lanes.zero - a, a)
}

/// The gradient times 1 − e⁻ᵃ.
@inline(__always)
private func timesSoftplusSlope(_ gradient: Lanes, _ a: Lanes) -> Lanes {
    gradient * (Lanes.zero - exponentialMinusOne(Lanes.zero - a))
}

@inline(__always)
private func replaceGradient(_ activation: ActivationGradient, _ product: (Lanes, Lanes) -> Lanes) {
    let columns = activation.columns
    var row = activation.gradient
    var output = activation.output
    var i = 0
    while i < activation.rows {
        var n = 0
        while n < columns {
            var lanes = product(load(row + n), load(output + n))
            if n &+ 16 > columns { lanes = lanes.replacing(with: Lanes.zero, where: padding(n, columns)) }
            store(lanes, row + n)
            n &+= 16
        }
        row += activation.gradientStride
        output += activation.outputStride
        i &+= 1
    }
}
