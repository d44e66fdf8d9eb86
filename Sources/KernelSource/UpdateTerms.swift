import KernelAPI

/// The terms of an update as vectors.
struct TermLanes {
    let scale: Lanes
    let bound: Lanes
    let l1: Lanes
    let l2: Lanes
    /// −learningRate · decay.
    let decay: Lanes

    @inline(__always)
    init(_ terms: UpdateTerms, learningRate: Double) {
        scale = splat(Float(terms.gradientScale))
        l1 = splat(Float(terms.l1))
        l2 = splat(Float(terms.l2))
        decay = splat(0 - Float(learningRate * terms.decay))
        if let clip = terms.clip { bound = splat(Float(clip)) } else { bound = splat(Float.infinity) }
    }

    /// g; without `shaped` only scale and L2.
    @inline(__always)
    func gradient(_ raw: Lanes, _ weight: Lanes, shaped: Bool) -> Lanes {
        if !shaped { return (raw * scale).addingProduct(l2, weight) }
        return clamped(raw * scale, bound).addingProduct(l2, weight) + signed(l1, weight)
    }

    /// The weight after its decay.
    @inline(__always)
    func decayed(_ weight: Lanes, shaped: Bool) -> Lanes {
        shaped ? weight.addingProduct(decay, weight) : weight
    }
}

/// Whether more than scale and L2 is asked for: the loops without it are loops of their own.
@inline(__always)
func isShaped(_ terms: UpdateTerms) -> Bool {
    if terms.l1 != 0 { return true }
    if terms.decay != 0 { return true }
    if case .some = terms.clip { return true }
    return false
}

/// The elements whose norms are summed in float32 before the sums go into float64.
private let normBlock = 1024

/// Where the block of elements that begins here ends.
@inline(__always)
func normBlockEnd(_ begin: Int, _ count: Int) -> Int {
    count &- begin < normBlock ? count : begin &+ normBlock
}

/// The running sums of an update's norms, one chain a lane.
struct NormSums {
    private var gradient = Lanes.zero
    private var weights = Lanes.zero
    private var change = Lanes.zero
    private var gradientTotal = 0.0
    private var weightTotal = 0.0
    private var changeTotal = 0.0

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ gradient: Lanes, _ before: Lanes, _ after: Lanes) {
        let step = after - before
        self.gradient = self.gradient.addingProduct(gradient, gradient)
        weights = weights.addingProduct(after, after)
        change = change.addingProduct(step, step)
    }

    @inline(__always)
    mutating func endBlock() {
        gradientTotal += Double(sum(gradient))
        weightTotal += Double(sum(weights))
        changeTotal += Double(sum(change))
        gradient = Lanes.zero
        weights = Lanes.zero
        change = Lanes.zero
    }

    /// What was summed, or zeros where nobody asked.
    @inline(__always)
    func norms(_ terms: UpdateTerms) -> UpdateNorms {
        terms.measures
            ? UpdateNorms(gradient: gradientTotal, weights: weightTotal, change: changeTotal)
            : UpdateNorms(gradient: 0, weights: 0, change: 0)
    }
}
