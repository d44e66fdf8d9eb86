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

    @Test func `sums, factors and bounds have the reference's bits`() {
        var random = TestRandom(5)
        let (x, y) = (Fenced(80, random: &random), Fenced(80, random: &random))
        (x.base[0], x.base[1], x.base[2]) = (.nan, .infinity, -.infinity)
        func results(_ table: KernelTable) -> [Fenced<Float>] {
            let (sum, scaled, bounded) = (y.copy(), x.copy(), x.copy())
            table.accumulate(Accumulation(count: 80, factor: 0.3, source: x.base, destination: sum.base))
            table.scaleValues(scaled.base, 80, 0.3)
            table.clampValues(bounded.base, 80, 0.5)
            return [sum, scaled, bounded]
        }
        let expected = results(.reference)
        for table in KernelTable.available {
            for (a, b) in zip(results(table), expected) { #expect(difference(a, b) == nil, "\(table.name)") }
        }
        for i in 3..<80 {
            #expect(expected[0].base[i] == y.base[i].addingProduct(0.3, x.base[i]))
            #expect(expected[1].base[i] == x.base[i] * 0.3)
            #expect(expected[2].base[i] == min(max(x.base[i], -0.5), 0.5))
        }
        #expect(expected[2].base[0].isNaN)
        #expect(expected[2].base[1] == 0.5 && expected[2].base[2] == -0.5)
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
    func `distances and penalties have the reference's bits and are close to float64`(count: Int) {
        var random = TestRandom(UInt64(count))
        let (x, y) = (Fenced(count, random: &random), Fenced(count, random: &random))
        let distance = KernelTable.reference.squaredDistance(x.base, y.base, count)
        let penalties = KernelTable.reference.sumPenalties(x.base, count)
        for table in KernelTable.available {
            #expect(same(table.squaredDistance(x.base, y.base, count), distance), "\(table.name)")
            #expect(table.sumPenalties(x.base, count) == penalties, "\(table.name)")
            #expect(table.sumOfSquares(x.base, count) == penalties.squares, "\(table.name)")
        }
        var (exact, magnitudes) = (0.0, 0.0)
        for i in 0..<count {
            let error = Double(x.base[i]) - Double(y.base[i])
            exact += error * error
            magnitudes += Double(abs(x.base[i]))
        }
        // At most 64 terms in a chain and six levels of the tree round; a difference twice before it is squared.
        #expect(abs(distance - exact) <= exact * 72 * 0x1p-24)
        #expect(abs(penalties.magnitudes - magnitudes) <= magnitudes * 70 * 0x1p-24)
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `the first element that is not finite is found`(table: KernelTable) {
        let count = 2 * 4096 + 48
        let values = Fenced<Float>(count, repeating: .greatestFiniteMagnitude)
        #expect(table.firstNonFinite(values.base, count) == nil)
        #expect(table.firstNonFinite(values.base, 0) == nil)
        for place in [count - 1, 4096, 4095, 15, 0] {
            // The later ones stay: the first counts.
            values.base[place] = [.nan, .infinity, -.infinity][place % 3]
            #expect(table.firstNonFinite(values.base, count) == place)
        }
    }

    @Test(arguments: [1, 2, 10, 17, 33])
    func `active and saturated units are counted by column`(columns: Int) {
        var random = TestRandom(UInt64(columns))
        let stride = paddedCount(columns) + 16
        let values = Fenced(rows: 9, columns: columns, stride: stride, gap: .nan, random: &random)
        for i in 0..<values.count where random.below(9) == 0 && values.base[i] != 0 {
            values.base[i] = [.nan, .infinity, -.infinity, 0.9, -0.9][random.below(5)]
        }
        for table in KernelTable.available + [.reference] {
            let (active, saturated) = (
                Fenced<Int32>(paddedCount(columns), repeating: 0), Fenced<Int32>(paddedCount(columns), repeating: 0)
            )
            // Twice, since the counts add up.
            for _ in 0..<2 {
                table.countActive(
                    ActivityCount(
                        rows: 9,
                        columns: columns,
                        values: values.base,
                        stride: stride,
                        bound: 0.9,
                        active: active.base,
                        saturated: saturated.base
                    )
                )
            }
            for column in 0..<paddedCount(columns) {
                let unit = (0..<9).map { values.base[$0 * stride + column] }
                #expect(Int(active.base[column]) == 2 * unit.count { $0 > 0 }, "\(table.name)")
                #expect(Int(saturated.base[column]) == 2 * unit.count { abs($0) > 0.9 }, "\(table.name)")
            }
        }
    }
}
