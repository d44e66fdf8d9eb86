/// An elementwise nonlinearity whose derivative follows from its output alone.
package enum ActivationFunction: Sendable, CaseIterable {
    /// max(x, 0); derivative 0 where the output is ≤ 0, else 1.
    case relu
    /// Hyperbolic tangent, within 2 units in the last place; derivative 1 − a².
    case tanh
    /// 1 / (1 + exp(−x)), within 3 units in the last place above exp(−87), zero below; derivative a − a².
    case sigmoid
}

/// Applies a nonlinearity to a matrix in place.
///
/// The padding of each row, columns `columns ..< paddedCount(columns)`, is set to zero. A NaN stays NaN.
package struct Activation {
    package var function: ActivationFunction
    package var rows: Int
    /// Real columns.
    package var columns: Int
    /// Row i begins at `values[i · stride]` and has `paddedCount(columns)` elements.
    package var values: MutableFloats
    package var stride: Int

    /// Describes an application; see the fields.
    package init(function: ActivationFunction, rows: Int, columns: Int, values: MutableFloats, stride: Int) {
        self.function = function
        self.rows = rows
        self.columns = columns
        self.values = values
        self.stride = stride
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
    /// The nonlinearity's stored output A; row i begins at `output[i · outputStride]`.
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
/// The counter i · paddedCount(columns) + j is taken modulo 2³².
package struct Dropout {
    /// In 0 ..< 1; rounded down to a multiple of 2⁻²⁴.
    package var rate: Float
    package var seed: UInt64
    package var step: UInt64
    package var layer: UInt64
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
        self.rows = rows
        self.columns = columns
        self.source = source
        self.sourceStride = sourceStride
        self.destination = destination
        self.destinationStride = destinationStride
    }
}
