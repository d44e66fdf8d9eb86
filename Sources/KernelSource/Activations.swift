import KernelAPI

// The loop of each nonlinearity is a function of its own. One function with all of them is so large that the compiler
// stops inlining and calls the elementary functions vector by vector.

/// Applies a nonlinearity to a matrix in place and zeros its padding.
func activate(_ activation: Activation) {
    switch activation.function {
    case .relu: rectify(activation)
    case .tanh: applyTangent(activation)
    case .sigmoid: applyLogistic(activation)
    }
}

@inline(never)
private func rectify(_ activation: Activation) {
    replaceRows(activation) { rectified($0) }
}

@inline(never)
private func applyTangent(_ activation: Activation) {
    replaceRows(activation) { hyperbolicTangent($0) }
}

@inline(never)
private func applyLogistic(_ activation: Activation) {
    replaceRows(activation) { logistic($0) }
}

@inline(__always)
private func replaceRows(_ activation: Activation, _ value: (Lanes) -> Lanes) {
    let columns = activation.columns
    var row = activation.values
    var i = 0
    while i < activation.rows {
        var n = 0
        while n < columns {
            var lanes = value(load(row + n))
            if n &+ 16 > columns { lanes = lanes.replacing(with: Lanes.zero, where: padding(n, columns)) }
            store(lanes, row + n)
            n &+= 16
        }
        row += activation.stride
        i &+= 1
    }
}

/// Multiplies a gradient by a nonlinearity's derivative, which follows from the stored output.
func differentiate(_ activation: ActivationGradient) {
    switch activation.function {
    case .relu: differentiateRectifier(activation)
    case .tanh: differentiateTangent(activation)
    case .sigmoid: differentiateLogistic(activation)
    }
}

@inline(never)
private func differentiateRectifier(_ activation: ActivationGradient) {
    replaceGradient(activation) { passed($0, $1) }
}

@inline(never)
private func differentiateTangent(_ activation: ActivationGradient) {
    replaceGradient(activation) { timesTangentSlope($0, $1) }
}

@inline(never)
private func differentiateLogistic(_ activation: ActivationGradient) {
    replaceGradient(activation) { timesLogisticSlope($0, $1) }
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
