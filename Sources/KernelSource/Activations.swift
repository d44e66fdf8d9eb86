import KernelAPI

/// Applies a nonlinearity to a matrix in place and zeros its padding.
func activate(_ activation: Activation) {
    // Each call has a constant function, so the switch below it is decided once and not per vector.
    switch activation.function {
    case .relu: replaceRows(activation, .relu)
    case .tanh: replaceRows(activation, .tanh)
    case .sigmoid: replaceRows(activation, .sigmoid)
    }
}

@inline(__always)
private func value(_ function: ActivationFunction, _ x: Lanes) -> Lanes {
    switch function {
    case .relu: rectified(x)
    case .tanh: hyperbolicTangent(x)
    case .sigmoid: logistic(x)
    }
}

@inline(__always)
private func replaceRows(_ activation: Activation, _ function: ActivationFunction) {
    let columns = activation.columns
    var row = activation.values
    var i = 0
    while i < activation.rows {
        var n = 0
        while n < columns {
            var lanes = value(function, load(row + n))
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
    case .relu: replaceGradient(activation, .relu)
    case .tanh: replaceGradient(activation, .tanh)
    case .sigmoid: replaceGradient(activation, .sigmoid)
    }
}

@inline(__always)
private func gradient(_ function: ActivationFunction, _ gradient: Lanes, _ a: Lanes) -> Lanes {
    switch function {
    case .relu: passed(gradient, a)
    case .tanh: gradient * splat(1).addingProduct(Lanes.zero - a, a)
    case .sigmoid: gradient * a.addingProduct(Lanes.zero - a, a)
    }
}

@inline(__always)
private func replaceGradient(_ activation: ActivationGradient, _ function: ActivationFunction) {
    let columns = activation.columns
    var row = activation.gradient
    var output = activation.output
    var i = 0
    while i < activation.rows {
        var n = 0
        while n < columns {
            var lanes = gradient(function, load(row + n), load(output + n))
            if n &+ 16 > columns { lanes = lanes.replacing(with: Lanes.zero, where: padding(n, columns)) }
            store(lanes, row + n)
            n &+= 16
        }
        row += activation.gradientStride
        output += activation.outputStride
        i &+= 1
    }
}
