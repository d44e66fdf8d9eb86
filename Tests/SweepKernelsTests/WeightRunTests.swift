import KernelAPI
import SweepKernels
import Testing

struct `Runs of weights` {
    @Test(arguments: [0, 0.9, 0.999, 1])
    func `an average moves towards the weights`(decay: Double) {
        var random = TestRandom(3)
        let (begin, weights) = (Fenced(48, random: &random), Fenced(48, random: &random))
        func result(_ table: KernelTable) -> Fenced<Float> {
            let average = begin.copy()
            table.averageWeights(
                WeightAverage(count: 48, average: average.base, weights: weights.base, decay: decay)
            )
            return average
        }
        let expected = result(.reference)
        for table in KernelTable.available { #expect(difference(result(table), expected) == nil, "\(table.name)") }
        for i in 0..<48 {
            let exact = decay * Double(begin.base[i]) + (1 - decay) * Double(weights.base[i])
            // Two coefficients, a product and a sum round.
            #expect(abs(Double(expected.base[i]) - exact) <= 4 * 0x1p-24)
        }
    }

    @Test func `a multiple of a run is added with the reference's bits`() {
        var random = TestRandom(5)
        let (x, y) = (Fenced(80, random: &random), Fenced(80, random: &random))
        (x.base[0], x.base[1], x.base[2]) = (.nan, .infinity, -.infinity)
        func result(_ table: KernelTable) -> Fenced<Float> {
            let sum = y.copy()
            table.accumulate(Accumulation(count: 80, factor: 0.3, source: x.base, destination: sum.base))
            return sum
        }
        let expected = result(.reference)
        for table in KernelTable.available { #expect(difference(result(table), expected) == nil, "\(table.name)") }
        for i in 3..<80 { #expect(expected.base[i] == y.base[i].addingProduct(0.3, x.base[i])) }
    }

    /// A norm of K squares errs by K half units of itself, the quotient and the products by one more each.
    @Test(arguments: [(16, 16), (48, 32), (784, 64)])
    func `the columns of a matrix are bounded by their norm`(rows: Int, columns: Int) {
        var random = TestRandom(UInt64(rows))
        let layout = PanelLayout(rows: rows, columns: columns)
        let weights = Fenced(layout.count, random: &random)
        // Half the columns are small, one is dead.
        for row in 0..<rows {
            for column in 0..<columns where column % 2 == 1 {
                weights.base[layout.offset(row: row, column: column)] *= column == 3 ? 0 : 1e-3
            }
        }
        func norm(_ values: Fenced<Float>, _ column: Int) -> Double {
            (0..<rows).map { Double(values.base[layout.offset(row: $0, column: column)]) }.map { $0 * $0 }
                .reduce(0, +).squareRoot()
        }
        func result(_ table: KernelTable, _ limit: Float) -> Fenced<Float> {
            let changed = weights.copy()
            table.limitColumnNorms(ColumnNormLimit(rows: rows, columns: columns, weights: changed.base, limit: limit))
            return changed
        }
        let expected = result(.reference, 1)
        for table in KernelTable.available { #expect(difference(result(table, 1), expected) == nil, "\(table.name)") }
        for column in 0..<columns {
            if column % 2 == 1 {
                for row in 0..<rows {
                    let place = layout.offset(row: row, column: column)
                    #expect(expected.base[place] == weights.base[place])
                }
            } else {
                #expect(norm(weights, column) > 1)
                #expect(abs(norm(expected, column) - 1) < Double(rows + 4) * 0x1p-24)
            }
        }
        for table in KernelTable.available + [.reference] {
            #expect(difference(result(table, 1e4), weights) == nil, "\(table.name) changed what is within the bound")
            #expect(result(table, 0).elements.allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: [16, 32, 48, 64, 80, 4096, 4112, 4096 + 48, 3 * 4096 + 96])
    func `penalties have the reference's bits and are close to float64`(count: Int) {
        var random = TestRandom(UInt64(count))
        let x = Fenced(count, random: &random)
        let penalties = KernelTable.reference.sumPenalties(x.base, count)
        for table in KernelTable.available {
            #expect(table.sumPenalties(x.base, count) == penalties, "\(table.name)")
            #expect(table.sumOfSquares(x.base, count) == penalties.squares, "\(table.name)")
        }
        let magnitudes = (0..<count).reduce(0.0) { $0 + Double(abs(x.base[$1])) }
        // At most 64 terms in a chain and six levels of the tree round.
        #expect(abs(penalties.magnitudes - magnitudes) <= magnitudes * 70 * 0x1p-24)
    }
}
