import KernelAPI
import SweepKernels
import Testing

struct Reductions {
    @Test(arguments: [16, 32, 64, 80, 144])
    func `column sums have the reference's bits`(columns: Int) {
        var random = TestRandom(UInt64(columns))
        for rows in [1, 7, 64] {
            let values = Fenced(rows: rows, columns: columns, stride: columns + 16, gap: .nan, random: &random)
            func result(_ table: KernelTable) -> Fenced<Float> {
                let sums = Fenced<Float>(columns, repeating: canary)
                table.sumColumns(
                    ColumnSums(
                        rows: rows,
                        columns: columns,
                        values: values.base,
                        stride: columns + 16,
                        sums: sums.base
                    )
                )
                return sums
            }
            let expected = result(.reference)
            for table in KernelTable.available { #expect(difference(result(table), expected) == nil, "\(table.name)") }
        }
    }

    @Test(arguments: [16, 32, 48, 64, 80, 4096, 4112, 4096 + 48, 3 * 4096 + 96])
    func `sums of squares have the reference's bits and are close to float64`(count: Int) {
        var random = TestRandom(UInt64(count))
        let values = Fenced(count, random: &random)
        let expected = KernelTable.reference.sumOfSquares(values.base, count)
        for table in KernelTable.available {
            #expect(same(table.sumOfSquares(values.base, count), expected), "\(table.name)")
        }
        let exact = values.elements.reduce(0.0) { $0 + Double($1) * Double($1) }
        // At most 64 multiply-adds in a chain and six levels of the tree round.
        #expect(abs(expected - exact) <= exact * 70 * 0x1p-24)
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `finiteness finds one bad element anywhere`(table: KernelTable) {
        let count = 2 * 4096 + 48
        let values = Fenced<Float>(count, repeating: .greatestFiniteMagnitude)
        #expect(table.allFinite(values.base, count))
        #expect(table.allFinite(values.base, 0))
        for place in [0, 15, 4095, 4096, count - 1] {
            for value in [Float.nan, .infinity, -.infinity] {
                values.base[place] = value
                #expect(!table.allFinite(values.base, count))
            }
            values.base[place] = 1
        }
    }

    /// The source ends at an inaccessible page: reading past its last row would stop the test.
    @Test(arguments: [1, 13, 16, 30, 784])
    func `a gather copies rows, zeros the padding and reads nothing else`(columns: Int) {
        var random = TestRandom(UInt64(columns))
        let source = Fenced(9 * columns, random: &random)
        let indices = Fenced<Int32>([8, 0, 8, 3])
        let stride = paddedCount(columns) + 16
        for table in KernelTable.available + [.reference] {
            let destination = Fenced<Float>(3 * stride + paddedCount(columns), repeating: canary)
            table.gatherRows(
                RowGather(
                    rows: 4,
                    columns: columns,
                    source: source.base,
                    sourceStride: columns,
                    indices: indices.base,
                    destination: destination.base,
                    destinationStride: stride
                )
            )
            for i in 0..<destination.count {
                let (row, column) = (i / stride, i % stride)
                let expected =
                    column < columns
                    ? source.base[Int(indices.base[row]) * columns + column]
                    : column < paddedCount(columns) ? 0 : canary
                #expect(destination.base[i] == expected, "\(table.name), element \(i)")
            }
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `an exercise counts its operations`(table: KernelTable) {
        let (one, three) = (table.exercise(100), table.exercise(300))
        #expect(one.operations > 0)
        #expect(three.operations == 3 * one.operations)
        #expect(one.value.isFinite)
    }
}
