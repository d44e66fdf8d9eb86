/// Moves a running average of the weights towards them: a ← decay · a + (1 − decay) · w.
/// Both coefficients are rounded to float32 once. Source: Polyak and Juditsky 1992, in its exponential form.
package struct WeightAverage {
    /// Elements, a multiple of 16.
    package var count: Int
    /// a; a copy of the weights before the first step.
    package var average: MutableFloats
    /// w; does not overlap the average.
    package var weights: Floats
    /// In 0 ... 1.
    package var decay: Double

    /// Describes a step; see the fields.
    package init(
        count: Int,
        average: MutableFloats,
        weights: Floats,
        decay: Double
    ) {
        self.count = count
        self.average = average
        self.weights = weights
        self.decay = decay
    }
}

/// Adds a multiple of one run of elements to another: y ← y + factor · x, each element one fused multiply-add.
package struct Accumulation {
    /// Elements, a multiple of 16.
    package var count: Int
    package var factor: Float
    /// x; may be y itself.
    package var source: Floats
    /// y.
    package var destination: MutableFloats

    /// Describes an addition; see the fields.
    package init(
        count: Int,
        factor: Float = 1,
        source: Floats,
        destination: MutableFloats
    ) {
        self.count = count
        self.factor = factor
        self.source = source
        self.destination = destination
    }
}

/// Bounds the norm of every unit's incoming weights (Srivastava et al. 2014): column by column of a matrix in panels.
///
/// A column whose norm exceeds `limit` is multiplied by limit / norm, after which its norm is the limit within rounding;
/// the others keep their bits. A column's sum of squares is one chain of fused multiply-adds over the rows in order, its
/// root and the quotient are exact. A column whose squares add up to NaN stays; beyond float32's range it becomes zero.
package struct ColumnNormLimit {
    /// K, a multiple of 16.
    package var rows: Int
    /// N, a multiple of 16.
    package var columns: Int
    /// `rows · columns` elements in panels (see `PanelTranspose`).
    package var weights: MutableFloats
    /// At least 0.
    package var limit: Float

    /// Describes a bound; see the fields.
    package init(
        rows: Int,
        columns: Int,
        weights: MutableFloats,
        limit: Float
    ) {
        self.rows = rows
        self.columns = columns
        self.weights = weights
        self.limit = limit
    }
}

/// What the penalties of a run of weights are made of.
package struct PenaltySums: Sendable, Hashable {
    /// Σ|w|.
    package var magnitudes: Double
    /// Σw²; the bits of `KernelTable.sumOfSquares`.
    package var squares: Double

    /// Reports sums.
    package init(magnitudes: Double, squares: Double) {
        self.magnitudes = magnitudes
        self.squares = squares
    }
}
