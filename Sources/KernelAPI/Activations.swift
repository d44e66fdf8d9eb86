/// An elementwise nonlinearity.
///
/// Errors are in units in the last place of the exact value. A NaN stays NaN. The derivative follows from the output
/// alone, except where `needsInput` says otherwise.
package enum ActivationFunction: Sendable, Hashable, CaseIterable {
    /// max(x, 0), exact; derivative 0 where the output is ≤ 0, else 1.
    case relu
    /// x, or slope · x where x ≤ 0, within half a unit; the slope is ≥ 0, or an output would not tell its side.
    ///
    /// Derivative: the slope where the output is ≤ 0, else 1.
    case leakyRelu(slope: Float)
    /// x, or α(eˣ − 1) where x ≤ 0, within 3 units; α is > 0. −∞ gives −α.
    ///
    /// Derivative: a + α where the output a is ≤ 0, within 3 units of α; else 1.
    /// Source: Clevert, Unterthiner, Hochreiter 2016.
    case elu(alpha: Float)
    /// λx, or λα(eˣ − 1) where x ≤ 0, within 3 units, with α = 1.67326324 and λ = 1.05070099; −∞ gives −λα.
    ///
    /// Derivative: a + λα where the output a is ≤ 0, within 3 units of λα; else λ.
    /// Source: Klambauer, Unterthiner, Mayr, Hochreiter 2017.
    case selu
    /// x · Φ(x) with the normal distribution's Φ (the exact form, by the error function), within 8 units above −13; zero
    /// from −13.2 down, NaN for −∞.
    ///
    /// Derivative Φ(x) + x · φ(x), within 2⁻²¹; NaN for an infinite input. Source: Hendrycks and Gimpel 2016.
    case gelu
    /// x / (1 + e⁻ˣ), within 4 units above −87, zero below, NaN for −∞.
    ///
    /// Derivative s + x · s · (1 − s) with s = 1 / (1 + e⁻ˣ), within 2⁻²¹; NaN for an infinite input.
    /// Source: Elfwing, Uchibe, Doya 2018.
    case silu
    /// Hyperbolic tangent, within 2 units in the last place; derivative 1 − a².
    case tanh
    /// 1 / (1 + exp(−x)), within 3 units in the last place above exp(−87), zero below; derivative a − a².
    case sigmoid
    /// ln(1 + eˣ), within 4 units above −87, zero below; derivative 1 − exp(−a), within 4 units.
    case softplus

    /// Every function once, those with a parameter at its usual value.
    package static let allCases: [ActivationFunction] = [
        .relu, .leakyRelu(slope: 0.01), .elu(alpha: 1), .selu, .gelu, .silu, .tanh, .sigmoid, .softplus,
    ]

    /// Whether the derivative is computed from the input: the output has the same value at two inputs.
    ///
    /// Such a function is applied from one buffer to another, so that the input survives until the backward pass.
    package var needsInput: Bool {
        switch self {
        case .gelu, .silu: true
        case .relu, .leakyRelu, .elu, .selu, .tanh, .sigmoid, .softplus: false
        }
    }
}

/// Applies a nonlinearity to a matrix.
///
/// The padding of each row, columns `columns ..< paddedCount(columns)`, is set to zero. A NaN stays NaN.
package struct Activation {
    package var function: ActivationFunction
    package var rows: Int
    /// Real columns.
    package var columns: Int
    /// Row i begins at `source[i · sourceStride]` and has `paddedCount(columns)` elements.
    package var source: Floats
    package var sourceStride: Int
    /// May be the source with the same stride; otherwise the two do not overlap.
    package var destination: MutableFloats
    package var destinationStride: Int

    /// Describes an application; see the fields.
    package init(
        function: ActivationFunction,
        rows: Int,
        columns: Int,
        source: Floats,
        sourceStride: Int,
        destination: MutableFloats,
        destinationStride: Int
    ) {
        self.function = function
        self.rows = rows
        self.columns = columns
        self.source = source
        self.sourceStride = sourceStride
        self.destination = destination
        self.destinationStride = destinationStride
    }

    /// Describes an application in place: for a function whose backward pass does not need its input.
    package init(function: ActivationFunction, rows: Int, columns: Int, values: MutableFloats, stride: Int) {
        self.init(
            function: function,
            rows: rows,
            columns: columns,
            source: values,
            sourceStride: stride,
            destination: values,
            destinationStride: stride
        )
    }
}

/// Turns the gradient by a nonlinearity's output into the gradient by its input, in place: dZ = dA · f′.
///
/// The padding of each row of the gradient is set to zero.
package struct ActivationGradient {
    package var function: ActivationFunction
    package var rows: Int
    /// Real columns.
    package var columns: Int
    /// dA before, dZ after; row i begins at `gradient[i · gradientStride]`.
    package var gradient: MutableFloats
    package var gradientStride: Int
    /// The nonlinearity's stored output A, or its stored input where the function `needsInput`.
    ///
    /// Row i begins at `output[i · outputStride]`.
    package var output: Floats
    package var outputStride: Int

    /// Describes a backward application; see the fields.
    package init(
        function: ActivationFunction,
        rows: Int,
        columns: Int,
        gradient: MutableFloats,
        gradientStride: Int,
        output: Floats,
        outputStride: Int
    ) {
        self.function = function
        self.rows = rows
        self.columns = columns
        self.gradient = gradient
        self.gradientStride = gradientStride
        self.output = output
        self.outputStride = outputStride
    }
}

/// Inverted dropout: each element is dropped with probability `rate`, the others are divided by 1 − rate.
///
/// Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014.
/// Whether element (i, j) is dropped is a function of (seed, step, layer, i, j) alone, the same on every instruction
/// set, so nothing is stored: the backward pass applies the same operation, with the same key, to the gradient.
/// The counter i · paddedCount(columns) + j is taken modulo 2³²; rows count from `firstRow`.
package struct Dropout {
    /// In 0 ..< 1; rounded down to a multiple of 2⁻²⁴.
    package var rate: Float
    package var seed: UInt64
    package var step: UInt64
    package var layer: UInt64
    /// The number of the first of the rows, where they are some of a batch; else 0.
    package var firstRow: Int
    package var rows: Int
    /// Real columns; padding is copied as zero.
    package var columns: Int
    /// Row i begins at `source[i · sourceStride]`.
    package var source: Floats
    package var sourceStride: Int
    /// May be the source with the same stride; otherwise the two do not overlap.
    package var destination: MutableFloats
    package var destinationStride: Int

    /// Describes an application; see the fields.
    package init(
        rate: Float,
        seed: UInt64,
        step: UInt64,
        layer: UInt64,
        firstRow: Int = 0,
        rows: Int,
        columns: Int,
        source: Floats,
        sourceStride: Int,
        destination: MutableFloats,
        destinationStride: Int
    ) {
        self.rate = rate
        self.seed = seed
        self.step = step
        self.layer = layer
        self.firstRow = firstRow
        self.rows = rows
        self.columns = columns
        self.source = source
        self.sourceStride = sourceStride
        self.destination = destination
        self.destinationStride = destinationStride
    }
}
