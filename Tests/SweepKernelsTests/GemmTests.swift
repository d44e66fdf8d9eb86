import KernelAPI
import SweepKernels
import Testing

struct `Matrix product` {
    /// One product's buffers, and descriptions of it that write to a copy of C.
    struct Problem {
        let rows, columns, depth: Int
        let left, right, bias, activation, initial: Fenced<Float>
        let start: Int
        let epilogue: Int
        /// Whether A is stored transposed, as in a weight gradient, and C in panels.
        let transposed: Bool
        /// What lies between one row of A's and B's storage and the next, where A is stored transposed.
        let gap: Int
        /// Room for copies, or nil.
        let scratch: Fenced<Float>?

        init(rows: Int, columns: Int, depth: Int, variant: Int, gap: Int = 0, scratch: Fenced<Float>? = nil) {
            (self.rows, self.columns, self.depth) = (rows, columns, depth)
            (self.gap, self.scratch) = (gap, scratch)
            start = variant % 3
            epilogue = variant / 3 % 3
            transposed = variant / 9 % 2 == 1
            var random = TestRandom(UInt64(rows * 1_000_003 + columns * 1009 + depth * 31 + variant))
            left = Fenced(max(1, (rows + gap) * depth - gap), random: &random)
            right = Fenced(max(16, (columns + gap) * depth - gap), random: &random)
            bias = Fenced(columns, random: &random)
            let size = transposed ? rows * columns : (rows - 1) * (columns + 16) + columns
            activation = Fenced(size, random: &random)
            initial = Fenced(size, random: &random)
        }

        func product(into output: Fenced<Float>) -> Gemm {
            Gemm(
                rows: rows,
                columns: columns,
                depth: depth,
                left: left.base,
                leftRowStride: transposed ? 1 : depth,
                leftDepthStride: transposed ? rows + gap : 1,
                right: right.base,
                rightDepthStride: transposed ? columns + gap : 16,
                rightVectorStride: transposed ? 16 : 16 * depth,
                output: output.base,
                outputRowStride: transposed ? 16 : columns + 16,
                outputVectorStride: transposed ? 16 * rows : 16,
                start: start == 0 ? .zero : start == 1 ? .bias(bias.base) : .output,
                epilogue: epilogue == 0 ? .none : epilogue == 1 ? .relu : .reluMask(activation.base),
                scratch: scratch?.base
            )
        }

        func result(_ table: KernelTable) -> Fenced<Float> {
            let output = initial.copy()
            table.gemm(product(into: output))
            return output
        }
    }

    static func check(_ problem: Problem) {
        let expected = problem.result(.reference)
        for table in KernelTable.available
        where !table.isSlow || problem.rows * problem.columns * problem.depth < 50_000 {
            let found = difference(problem.result(table), expected)
            #expect(
                found == nil,
                "\(table.name) \(problem.rows) x \(problem.columns) x \(problem.depth) start \(problem.start) epilogue \(problem.epilogue)"
            )
        }
    }

    @Test(arguments: 1...58)
    func `has the reference's bits for every number of rows`(rows: Int) {
        for variant in 0..<18 {
            Self.check(Problem(rows: rows, columns: variant % 2 == 0 ? 16 : 48, depth: 5, variant: variant))
        }
    }

    @Test(arguments: [0, 1, 2, 63, 512, 513, 1025])
    func `has the reference's bits for every depth and width`(depth: Int) {
        var variant = depth
        for columns in [16, 32, 48, 64, 80] {
            for rows in [1, 6, 7, 15] {
                Self.check(Problem(rows: rows, columns: columns, depth: depth, variant: variant))
                variant += 1
            }
        }
    }

    @Test(arguments: [(64, 128, 3, 16_384), (65, 144, 4, 11_000), (517, 128, 129, 0), (640, 176, 300, 16)])
    func `has the reference's bits from copies`(rows: Int, columns: Int, depth: Int, gap: Int) {
        for variant in 9..<18 {
            let scratch = Fenced<Float>(Gemm.scratchCount, repeating: canary)
            Self.check(
                Problem(rows: rows, columns: columns, depth: depth, variant: variant, gap: gap, scratch: scratch)
            )
            #expect(scratch.elements.contains { $0 != canary }, "nothing was copied")
        }
    }

    @Test func `copies only what lies far apart and is used often`() {
        for (rows, columns, depth, gap) in [(64, 128, 3, 10_000), (48, 128, 3, 16_384), (64, 112, 3, 16_384)] {
            let scratch = Fenced<Float>(Gemm.scratchCount, repeating: canary)
            Self.check(Problem(rows: rows, columns: columns, depth: depth, variant: 9, gap: gap, scratch: scratch))
            let isUntouched = scratch.elements.allSatisfy { $0 == canary }
            #expect(isUntouched, "\(rows) x \(columns) x \(depth), \(gap) between rows")
        }
    }

    @Test(arguments: [15, 120, 700])
    func `has the reference's bits where A is larger than the second cache`(rows: Int) {
        // 128 Ki elements of A are taken at once: here less than one tile, some tiles, and part of all.
        for depth in rows == 15 ? [40_000] : [2_000] {
            Self.check(Problem(rows: rows, columns: 48, depth: depth, variant: 4))
            Self.check(Problem(rows: rows, columns: 48, depth: depth, variant: 14))
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `does not read C unless it starts from it`(table: KernelTable) {
        for variant in [0, 1] {
            let problem = Problem(rows: 15, columns: 48, depth: 3, variant: variant)
            for i in 0..<problem.initial.count { problem.initial.base[i] = .nan }
            let output = problem.result(table)
            for row in 0..<15 {
                for column in 0..<48 { #expect(output.base[row * 64 + column].isFinite) }
            }
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `leaves the space between rows alone`(table: KernelTable) {
        let problem = Problem(rows: 14, columns: 32, depth: 9, variant: 1)
        for i in 0..<problem.initial.count { problem.initial.base[i] = canary }
        let output = problem.result(table)
        for row in 0..<13 {
            for column in 32..<48 { #expect(output.base[row * 48 + column] == canary) }
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `does nothing without rows`(table: KernelTable) {
        let problem = Problem(rows: 1, columns: 16, depth: 1, variant: 0)
        let output = Fenced<Float>(16, repeating: canary)
        var product = problem.product(into: output)
        product.rows = 0
        table.gemm(product)
        #expect(output.elements.allSatisfy { $0 == canary })
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `keeps a NaN through a ReLU and its mask`(table: KernelTable) {
        for epilogue in [1, 2] {
            let problem = Problem(rows: 3, columns: 16, depth: 2, variant: 3 * epilogue)
            problem.left.base[2] = .nan
            for i in 0..<problem.activation.count { problem.activation.base[i] = 1 }
            let output = problem.result(table)
            #expect(output.base[32].isNaN)
            #expect(!output.base[0].isNaN)
        }
    }

    /// Each step of a chain rounds once, by at most half a unit of a value no larger than the sum of the magnitudes.
    @Test func `agrees with float64 within the rounding of its chain`() {
        for (rows, columns, depth) in [(5, 32, 700), (14, 16, 64), (3, 48, 1)] {
            let problem = Problem(rows: rows, columns: columns, depth: depth, variant: 0)
            let output = problem.result(.reference)
            for row in 0..<rows {
                for column in 0..<columns {
                    var (sum, size) = (0.0, 0.0)
                    for k in 0..<depth {
                        let b = problem.right.base[column / 16 * 16 * depth + k * 16 + column % 16]
                        let term = Double(problem.left.base[row * depth + k]) * Double(b)
                        sum += term
                        size += abs(term)
                    }
                    let error = abs(Double(output.base[row * (columns + 16) + column]) - sum)
                    #expect(error <= size * Double(depth) * 0x1p-24)
                }
            }
        }
    }

    @Test(arguments: KernelTable.available + [.reference])
    func `transposes panels`(table: KernelTable) {
        var random = TestRandom(5)
        for (rows, columns) in [(16, 16), (48, 32), (16, 64), (112, 80)] {
            let source = Fenced(rows * columns, random: &random)
            let destination = Fenced<Float>(rows * columns, repeating: 0)
            table.transposePanels(
                PanelTranspose(rows: rows, columns: columns, source: source.base, destination: destination.base)
            )
            let (from, to) = (PanelLayout(rows: rows, columns: columns), PanelLayout(rows: columns, columns: rows))
            for k in 0..<rows {
                for n in 0..<columns {
                    let moved = destination.base[to.offset(row: n, column: k)]
                    #expect(moved == source.base[from.offset(row: k, column: n)])
                }
            }
            // Some of the columns, into their places in the whole.
            let parts = Fenced<Float>(rows * columns, repeating: 0)
            for n in stride(from: 0, to: columns, by: 16) {
                table.transposePanels(
                    PanelTranspose(
                        rows: rows,
                        columns: 16,
                        source: source.base + n * rows,
                        destination: parts.base + n * 16,
                        destinationPanelStride: columns * 16
                    )
                )
            }
            #expect(difference(parts, destination) == nil)
        }
    }
}
