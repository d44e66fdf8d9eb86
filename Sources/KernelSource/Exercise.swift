import KernelAPI

/// Runs independent chains of multiply-adds, as many as hide the latency and still fit the registers.
func exercise(_ rounds: Int) -> Exercise {
    let factor = splat(0.999)
    let term = splat(0.001)
    var (a, b, c, d, e, f) = (splat(1), splat(2), splat(3), splat(4), splat(5), splat(6))
    #if ISA_V4
        // 12 registers; elsewhere the six vectors above are 12 registers of AVX2 or 24 of NEON.
        var (g, h, i, j, k, l) = (splat(7), splat(8), splat(9), splat(10), splat(11), splat(12))
    #endif
    var round = 0
    while round < rounds {
        a = term.addingProduct(a, factor)
        b = term.addingProduct(b, factor)
        c = term.addingProduct(c, factor)
        d = term.addingProduct(d, factor)
        e = term.addingProduct(e, factor)
        f = term.addingProduct(f, factor)
        #if ISA_V4
            g = term.addingProduct(g, factor)
            h = term.addingProduct(h, factor)
            i = term.addingProduct(i, factor)
            j = term.addingProduct(j, factor)
            k = term.addingProduct(k, factor)
            l = term.addingProduct(l, factor)
        #endif
        round &+= 1
    }
    let first = (a + b) + (c + d) + (e + f)
    #if ISA_V4
        let second = (g + h) + (i + j) + (k + l)
        return Exercise(operations: rounds &* (12 &* 32), value: sum(first + second))
    #else
        return Exercise(operations: rounds &* (6 &* 32), value: sum(first))
    #endif
}
