import KernelAPI

/// Moves a running average towards the weights.
func averageWeights(_ average: WeightAverage) {
    let kept = splat(Float(average.decay))
    let added = splat(Float(1 - average.decay))
    var i = 0
    while i < average.count {
        store((added * load(average.weights + i)).addingProduct(kept, load(average.average + i)), average.average + i)
        i &+= 16
    }
}

/// Adds a multiple of one run to another.
func accumulate(_ accumulation: Accumulation) {
    let factor = splat(accumulation.factor)
    var i = 0
    while i < accumulation.count {
        let sum = load(accumulation.destination + i).addingProduct(factor, load(accumulation.source + i))
        store(sum, accumulation.destination + i)
        i &+= 16
    }
}

/// Bounds the norm of each column, a panel at a time; a panel within the bound is not written.
func limitColumnNorms(_ bound: ColumnNormLimit) {
    let limit = splat(bound.limit)
    var panel = bound.weights
    var n = 0
    while n < bound.columns {
        var squares = Lanes.zero
        var k = 0
        while k < bound.rows {
            let v = load(panel + k &* 16)
            squares = squares.addingProduct(v, v)
            k &+= 1
        }
        let norms = squares.squareRoot()
        let exceeds = norms .> limit
        let factors = splat(1).replacing(with: limit / norms, where: exceeds)
        if largest(Lanes.zero.replacing(with: splat(1), where: exceeds)) > 0 {
            k = 0
            while k < bound.rows {
                store(load(panel + k &* 16) * factors, panel + k &* 16)
                k &+= 1
            }
        }
        panel += bound.rows &* 16
        n &+= 16
    }
}
