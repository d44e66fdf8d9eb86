import KernelAPI

extension Reference {
    static func gemm(_ product: Gemm) {
        for i in 0..<product.rows {
            for column in 0..<product.columns {
                let (vector, lane) = (column / laneCount, column % laneCount)
                let place = i * product.outputRowStride + vector * product.outputVectorStride + lane
                var sum: Float =
                    switch product.start {
                    case .zero: 0
                    case .bias(let bias): bias[column]
                    case .output: product.output[place]
                    }
                let right = product.right + (vector * product.rightVectorStride + lane)
                for k in 0..<product.depth {
                    sum.addProduct(
                        product.left[i * product.leftRowStride + k * product.leftDepthStride],
                        right[k * product.rightDepthStride]
                    )
                }
                switch product.epilogue {
                case .none: break
                case .relu: if sum <= 0 { sum = 0 }
                case .reluMask(let activation): if activation[place] <= 0 { sum = 0 }
                }
                product.output[place] = sum
            }
        }
    }

    static func transposePanels(_ panels: PanelTranspose) {
        for k in 0..<panels.rows {
            for n in 0..<panels.columns {
                let from = (n / laneCount) * laneCount * panels.rows + k * laneCount + n % laneCount
                let to = (k / laneCount) * panels.destinationPanelStride + n * laneCount + k % laneCount
                panels.destination[to] = panels.source[from]
            }
        }
    }

    static func denseInputGradient(_ gradient: DenseInputGradient) {
        for i in 0..<gradient.rows {
            for k in 0..<gradient.inputs {
                var sum: Float = 0
                for n in 0..<gradient.outputs {
                    let place = (n / laneCount) * laneCount * gradient.inputs + k * laneCount + n % laneCount
                    sum.addProduct(
                        gradient.weights[place],
                        gradient.outputGradient[i * gradient.outputGradientStride + n]
                    )
                }
                let place = i * gradient.inputGradientStride + k
                if let mask = gradient.reluMask, mask[place] <= 0 { sum = 0 }
                gradient.inputGradient[place] = sum
            }
        }
    }

    static func sumColumns(_ columns: ColumnSums) {
        for n in 0..<columns.columns {
            var sum: Float = 0
            for i in 0..<columns.rows { sum += columns.values[i * columns.stride + n] }
            columns.sums[n] = sum
        }
    }

    static func gatherRows(_ gather: RowGather) {
        for i in 0..<gather.rows {
            let source = gather.source + Int(gather.indices[i]) * gather.sourceStride
            let destination = gather.destination + i * gather.destinationStride
            for n in 0..<paddedCount(gather.columns) {
                destination[n] = n < gather.columns ? source[n] : 0
            }
        }
    }

    /// Products added up in blocks of 4096: 64 interleaved chains of fused multiply-adds and a tree in each.
    private static func blockSum(_ count: Int, _ factors: (Int) -> (Float, Float)) -> Double {
        let block = 4096
        var total = 0.0
        var begin = 0
        while begin < count {
            let end = min(begin + block, count)
            var lanes = [Float](repeating: 0, count: 4 * laneCount)
            for i in begin..<end {
                let (a, b) = factors(i)
                lanes[(i - begin) % (4 * laneCount)].addProduct(a, b)
            }
            let folded = (0..<laneCount).map { lane in
                (lanes[lane] + lanes[laneCount + lane]) + (lanes[2 * laneCount + lane] + lanes[3 * laneCount + lane])
            }
            total += Double(sum(folded))
            begin = end
        }
        return total
    }

    static func sumOfSquares(_ values: Floats, _ count: Int) -> Double {
        blockSum(count) { (values[$0], values[$0]) }
    }

    static func sumPenalties(_ values: Floats, _ count: Int) -> PenaltySums {
        PenaltySums(
            magnitudes: blockSum(count) { (abs(values[$0]), 1) },
            squares: blockSum(count) { (values[$0], values[$0]) }
        )
    }

    static func allFinite(_ values: Floats, _ count: Int) -> Bool {
        for i in 0..<count where !values[i].isFinite { return false }
        return true
    }

    static func exercise(_ rounds: Int) -> Exercise {
        var value: Float = 1
        for _ in 0..<rounds { value = Float(0.001).addingProduct(value, 0.999) }
        return Exercise(operations: 2 * rounds, value: value)
    }
}
