/// What every rule does to the gradient and the weights besides its own step.
///
/// The rule's g is `gradientScale` · gradient, then bounded to −`clip` ... `clip`, then + `l2` · w + `l1` · sign(w) with
/// sign(0) = 0, w being the weight before the step. Before the rule moves it the weight becomes w − learningRate ·
/// `decay` · w. The coefficients (learningRate · decay among them) are computed in float64 and rounded to float32 once.
package struct UpdateTerms: Sendable, Hashable {
    /// Factor of the gradient, 1 unless a norm is clipped or batches are accumulated.
    package var gradientScale: Double
    /// Bound of the scaled gradient's elements, > 0, or nil; penalties are added after it.
    package var clip: Double?
    /// Coefficient of the L1 penalty's gradient; 0 for biases.
    package var l1: Double
    /// Coefficient of the L2 penalty's gradient; 0 for biases.
    package var l2: Double
    /// Decoupled weight decay (Loshchilov and Hutter 2019); 0 for biases.
    package var decay: Double
    /// Whether the norms are computed; the weights' bits do not depend on it.
    package var measures: Bool

    /// Terms that change nothing unless given.
    package init(
        gradientScale: Double = 1,
        clip: Double? = nil,
        l1: Double = 0,
        l2: Double = 0,
        decay: Double = 0,
        measures: Bool = false
    ) {
        self.gradientScale = gradientScale
        self.clip = clip
        self.l1 = l1
        self.l2 = l2
        self.decay = decay
        self.measures = measures
    }
}

/// What a step measured in passing; zeros where it was not asked to.
///
/// Blocks of 1024 elements are summed in float32 (16 chains, then a fixed tree), the blocks in float64.
package struct UpdateNorms: Sendable, Hashable {
    /// The squared norm of g: scaled, clipped and with its penalties.
    package var gradient: Double
    /// The squared norm of the weights after the step.
    package var weights: Double
    /// The squared norm of the weights' change, decay included.
    package var change: Double

    /// Reports norms, zeros unless given.
    package init(gradient: Double = 0, weights: Double = 0, change: Double = 0) {
        self.gradient = gradient
        self.weights = weights
        self.change = change
    }
}

/// One step of stochastic gradient descent with momentum over a linear run of weights.
///
/// With g as `UpdateTerms` says: v ← momentum · v + g, then w ← w − learningRate · d, where d is v, or g + momentum · v
/// with Nesterov's form (PyTorch's convention: Sutskever et al. 2013 with the rate outside v).
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
    package var terms: UpdateTerms

    /// Describes a step; see the fields.
    package init(
        count: Int,
        gradient: Floats,
        weights: MutableFloats,
        velocity: MutableFloats,
        learningRate: Double,
        momentum: Double,
        nesterov: Bool = false,
        terms: UpdateTerms = UpdateTerms()
    ) {
        self.count = count
        self.gradient = gradient
        self.weights = weights
        self.velocity = velocity
        self.learningRate = learningRate
        self.momentum = momentum
        self.nesterov = nesterov
        self.terms = terms
    }
}

/// One step of Adam (Kingma and Ba 2015, algorithm 1) over a linear run of weights.
///
/// With g as `UpdateTerms` says: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², then
/// w ← w − learningRate · correction1 · m / (√(correction2 · v) + ε), ε outside the root.
/// With `UpdateTerms.decay` it is AdamW. With a `largestSecondMoment` it is AMSGrad (Reddi, Kale, Kumar 2018): that
/// becomes the larger of itself and v and stands in v's place under the root.
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
    /// The largest v so far, kept between steps, zero before the first; nil for Adam's own rule.
    package var largestSecondMoment: MutableFloats?
    package var terms: UpdateTerms

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
        largestSecondMoment: MutableFloats? = nil,
        terms: UpdateTerms = UpdateTerms()
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
        self.largestSecondMoment = largestSecondMoment
        self.terms = terms
    }
}

/// One step of RMSprop (Hinton 2012; PyTorch's form) over a linear run of weights.
///
/// With g as `UpdateTerms` says: v ← αv + (1 − α)g². The denominator is √v + ε, or, centred (Graves 2013), with
/// a ← αa + (1 − α)g, √max(v − a², 0) + ε: ε outside the root. (PyTorch takes the root of a v − a² that rounding made
/// negative, which is NaN.) Then w ← w − learningRate · g / denominator, or, with momentum, b ← momentum · b + g /
/// denominator and w ← w − learningRate · b. The coefficients are rounded to float32 once, here.
/// A second moment below 1e−36, and an a or b below 1e−30 in magnitude, become 0.
package struct RMSpropUpdate {
    /// Elements, a multiple of 16; padding is zero everywhere and stays zero.
    package var count: Int
    package var gradient: Floats
    package var weights: MutableFloats
    /// v, kept between steps, zero before the first.
    package var secondMoment: MutableFloats
    /// a, kept between steps, zero before the first; nil if not centred.
    package var meanGradient: MutableFloats?
    /// b, kept between steps, zero before the first; nil without momentum.
    package var velocity: MutableFloats?
    package var learningRate: Double
    package var alpha: Double
    /// Greater than 0: a padded weight divides 0 by it.
    package var epsilon: Double
    /// In 0 ..< 1; without a velocity it counts as 0.
    package var momentum: Double
    package var terms: UpdateTerms

    /// Describes a step; see the fields.
    package init(
        count: Int,
        gradient: Floats,
        weights: MutableFloats,
        secondMoment: MutableFloats,
        meanGradient: MutableFloats? = nil,
        velocity: MutableFloats? = nil,
        learningRate: Double,
        alpha: Double = 0.99,
        epsilon: Double = 1e-8,
        momentum: Double = 0,
        terms: UpdateTerms = UpdateTerms()
    ) {
        self.count = count
        self.gradient = gradient
        self.weights = weights
        self.secondMoment = secondMoment
        self.meanGradient = meanGradient
        self.velocity = velocity
        self.learningRate = learningRate
        self.alpha = alpha
        self.epsilon = epsilon
        self.momentum = momentum
        self.terms = terms
    }
}

/// One step of Adagrad (Duchi, Hazan, Singer 2011) over a linear run of weights.
///
/// With g as `UpdateTerms` says: s ← s + g², then w ← w − learningRate · g / (√s + ε), ε outside the root.
/// The coefficients are rounded to float32 once, here. A sum below 1e−36 becomes 0.
package struct AdagradUpdate {
    /// Elements, a multiple of 16; padding is zero everywhere and stays zero.
    package var count: Int
    package var gradient: Floats
    package var weights: MutableFloats
    /// s, kept between steps, zero (or another common start ≥ 0) before the first.
    package var squareSum: MutableFloats
    package var learningRate: Double
    /// Greater than 0: a padded weight divides 0 by it.
    package var epsilon: Double
    package var terms: UpdateTerms

    /// Describes a step; see the fields.
    package init(
        count: Int,
        gradient: Floats,
        weights: MutableFloats,
        squareSum: MutableFloats,
        learningRate: Double,
        epsilon: Double = 1e-10,
        terms: UpdateTerms = UpdateTerms()
    ) {
        self.count = count
        self.gradient = gradient
        self.weights = weights
        self.squareSum = squareSum
        self.learningRate = learningRate
        self.epsilon = epsilon
        self.terms = terms
    }
}

/// One step of Lion (Chen, Liang, Huang et al. 2023, algorithm 2) over a linear run of weights.
///
/// With g as `UpdateTerms` says: w ← w − learningRate · sign(β₁m + (1 − β₁)g), sign(0) = 0, then
/// m ← β₂m + (1 − β₂)g. The coefficients are rounded to float32 once, here.
/// A moment below 1e−30 in magnitude becomes 0.
package struct LionUpdate {
    /// Elements, a multiple of 16; padding is zero everywhere and stays zero.
    package var count: Int
    package var gradient: Floats
    package var weights: MutableFloats
    /// m, kept between steps, zero before the first.
    package var moment: MutableFloats
    package var learningRate: Double
    package var beta1: Double
    package var beta2: Double
    package var terms: UpdateTerms

    /// Describes a step; see the fields.
    package init(
        count: Int,
        gradient: Floats,
        weights: MutableFloats,
        moment: MutableFloats,
        learningRate: Double,
        beta1: Double = 0.9,
        beta2: Double = 0.99,
        terms: UpdateTerms = UpdateTerms()
    ) {
        self.count = count
        self.gradient = gradient
        self.weights = weights
        self.moment = moment
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.terms = terms
    }
}

/// One step of Adam with Nesterov's momentum (Dozat 2016; PyTorch's form) over a linear run of weights.
///
/// With g as `UpdateTerms` says and Adam's m and v:
/// w ← w − learningRate · (`gradientFactor` · g + `momentFactor` · m) / (√(correction2 · v) + ε), ε outside the root.
/// At step t, counted from 1, μₜ = β₁(1 − 0.96^(tψ) / 2) with ψ = 0.004 and Πₜ = μ₁ · … · μₜ.
/// The coefficients (1 − β and the factors times learningRate among them) are rounded to float32 once, here.
/// A first moment below 1e−30 in magnitude and a second below 1e−36 become 0: denormal numbers would slow dead units
/// down, and against ε no weight notices.
package struct NAdamUpdate {
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
    /// (1 − μₜ) / (1 − Πₜ).
    package var gradientFactor: Double
    /// μₜ₊₁ / (1 − Πₜ · μₜ₊₁).
    package var momentFactor: Double
    /// 1 / (1 − β₂ᵗ).
    package var correction2: Double
    package var terms: UpdateTerms

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
        gradientFactor: Double,
        momentFactor: Double,
        correction2: Double,
        terms: UpdateTerms = UpdateTerms()
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
        self.gradientFactor = gradientFactor
        self.momentFactor = momentFactor
        self.correction2 = correction2
        self.terms = terms
    }
}
