import KernelAPI

/// Adds up rows, four vectors of columns at a time so that four chains of additions overlap.
func sumColumns(_ columns: ColumnSums) {
    var n = 0
    while n &+ 64 <= columns.columns {
        var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var row = columns.values + n
        var i = 0
        while i < columns.rows {
            a += load(row)
            b += load(row + 16)
            c += load(row + 32)
            d += load(row + 48)
            row += columns.stride
            i &+= 1
        }
        store(a, columns.sums + n)
        store(b, columns.sums + (n &+ 16))
        store(c, columns.sums + (n &+ 32))
        store(d, columns.sums + (n &+ 48))
        n &+= 64
    }
    while n < columns.columns {
        var sum = Lanes.zero
        var row = columns.values + n
        var i = 0
        while i < columns.rows {
            sum += load(row)
            row += columns.stride
            i &+= 1
        }
        store(sum, columns.sums + n)
        n &+= 16
    }
}

/// The elements that are summed in float32 before the sum goes into a float64.
private let reductionBlock = 4096

/// The sum of the squares, blockwise.
func sumOfSquares(_ values: Floats, _ count: Int) -> Double {
    var total = 0.0
    var begin = 0
    while begin < count {
        let end = count &- begin < reductionBlock ? count : begin &+ reductionBlock
        var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var i = begin
        while i &+ 64 <= end {
            let (v, w, x, y) = (
                load(values + i), load(values + (i &+ 16)), load(values + (i &+ 32)), load(values + (i &+ 48))
            )
            a = a.addingProduct(v, v)
            b = b.addingProduct(w, w)
            c = c.addingProduct(x, x)
            d = d.addingProduct(y, y)
            i &+= 64
        }
        if i < end {
            let v = load(values + i)
            a = a.addingProduct(v, v)
            i &+= 16
        }
        if i < end {
            let v = load(values + i)
            b = b.addingProduct(v, v)
            i &+= 16
        }
        if i < end {
            let v = load(values + i)
            c = c.addingProduct(v, v)
        }
        total += Double(sum((a + b) + (c + d)))
        begin = end
    }
    return total
}

/// The sums of the magnitudes and of the squares in one pass, each in the same tree.
func sumPenalties(_ values: Floats, _ count: Int) -> PenaltySums {
    var (magnitudes, squares) = (0.0, 0.0)
    var begin = 0
    while begin < count {
        let end = count &- begin < reductionBlock ? count : begin &+ reductionBlock
        var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var (e, f, g, h) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var i = begin
        while i &+ 64 <= end {
            let (v, w, x, y) = (
                load(values + i), load(values + (i &+ 16)), load(values + (i &+ 32)), load(values + (i &+ 48))
            )
            a = a.addingProduct(v, v)
            b = b.addingProduct(w, w)
            c = c.addingProduct(x, x)
            d = d.addingProduct(y, y)
            e += magnitude(v)
            f += magnitude(w)
            g += magnitude(x)
            h += magnitude(y)
            i &+= 64
        }
        if i < end {
            let v = load(values + i)
            a = a.addingProduct(v, v)
            e += magnitude(v)
            i &+= 16
        }
        if i < end {
            let v = load(values + i)
            b = b.addingProduct(v, v)
            f += magnitude(v)
            i &+= 16
        }
        if i < end {
            let v = load(values + i)
            c = c.addingProduct(v, v)
            g += magnitude(v)
        }
        squares += Double(sum((a + b) + (c + d)))
        magnitudes += Double(sum((e + f) + (g + h)))
        begin = end
    }
    return PenaltySums(magnitudes: magnitudes, squares: squares)
}

/// Whether every element is finite: x − x is 0 for such and NaN for the others.
func allFinite(_ values: Floats, _ count: Int) -> Bool {
    var begin = 0
    while begin < count {
        let end = count &- begin < reductionBlock ? count : begin &+ reductionBlock
        var differences = Lanes.zero
        var i = begin
        while i < end {
            let v = load(values + i)
            differences += v - v
            i &+= 16
        }
        if sum(differences) != 0 { return false }
        begin = end
    }
    return true
}
