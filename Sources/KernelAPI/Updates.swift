/// One step of stochastic gradient descent with momentum over a linear run of weights.
///
/// With g = gradientScale · gradient + l2 · w: v ← momentum · v + g, then w ← w − learningRate · d, where d is v, or
/// g + momentum · v with Nesterov's form (PyTorch's convention: Sutskever et al. 2013 with the rate outside v).
/// The coefficients are rounded to float32 once, here.
/// A velocity below 1e−30 in magnitude becomes 0: denormal numbers would slow dead units down, and no weight notices.
package struct MomentumUpdate {
    /// Elements, a multiple of 16; padding is zero everywhere and stays zero.
    package var count: Int
    package var gradient: Floats
    package var weights: MutableFloats
    /// v, kept between steps, zero before the first.
    package var velocity: MutableFloats
    package var learningRate: Double
    /// In 0 ..< 1; 0 is plain gradient descent.
    package var momentum: Double
    package var nesterov: Bool
    /// Coefficient of the L2 penalty's gradient; 0 for biases.
    package var l2: Double
    /// Factor of the gradient, 1 unless a norm is clipped.
    package var gradientScale: Double

    /// Describes a step; see the fields.
    package init(
        count: Int,
        gradient: Floats,
        weights: MutableFloats,
        velocity: MutableFloats,
        learningRate: Double,
        momentum: Double,
        nesterov: Bool = false,
        l2: Double = 0,
        gradientScale: Double = 1
    ) {
        self.count = count
        self.gradient = gradient
        self.weights = weights
        self.velocity = velocity
        self.learningRate = learningRate
        self.momentum = momentum
        self.nesterov = nesterov
        self.l2 = l2
        self.gradientScale = gradientScale
    }
}

/// One step of Adam (Kingma and Ba 2015, algorithm 1) over a linear run of weights.
///
/// With g = gradientScale · gradient + l2 · w: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², then
/// w ← w − learningRate · correction1 · m / (√(correction2 · v) + ε).
/// The coefficients (1 − β and learningRate · correction1 among them) are rounded to float32 once, here.
/// A first moment below 1e−30 in magnitude and a second below 1e−36 become 0: denormal numbers would slow dead units
/// down, and against ε no weight notices.
package struct AdamUpdate {
    /// Elements, a multiple of 16; padding is zero everywhere and stays zero.
    package var count: Int
    package var gradient: Floats
    package var weights: MutableFloats
    /// m, kept between steps, zero before the first.
    package var firstMoment: MutableFloats
    /// v, kept between steps, zero before the first.
    package var secondMoment: MutableFloats
    package var learningRate: Double
    package var beta1: Double
    package var beta2: Double
    /// Greater than 0: a padded weight divides 0 by it.
    package var epsilon: Double
    /// 1 / (1 − β₁ᵗ) at step t, counted from 1.
    package var correction1: Double
    /// 1 / (1 − β₂ᵗ) at step t, counted from 1.
    package var correction2: Double
    /// Coefficient of the L2 penalty's gradient; 0 for biases.
    package var l2: Double
    /// Factor of the gradient, 1 unless a norm is clipped.
    package var gradientScale: Double

    /// Describes a step; see the fields.
    package init(
        count: Int,
        gradient: Floats,
        weights: MutableFloats,
        firstMoment: MutableFloats,
        secondMoment: MutableFloats,
        learningRate: Double,
        beta1: Double,
        beta2: Double,
        epsilon: Double,
        correction1: Double,
        correction2: Double,
        l2: Double = 0,
        gradientScale: Double = 1
    ) {
        self.count = count
        self.gradient = gradient
        self.weights = weights
        self.firstMoment = firstMoment
        self.secondMoment = secondMoment
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.correction1 = correction1
        self.correction2 = correction2
        self.l2 = l2
        self.gradientScale = gradientScale
    }
}
