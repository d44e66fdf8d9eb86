import KernelAPI

extension KernelTable {
    /// A table whose losses are `factor` times what they should be, and gradients `gradientFactor` times.
    func withLosses(_ factor: Float, gradients gradientFactor: Float) -> KernelTable {
        @Sendable func scale(_ losses: MutableFloats?, _ rows: Int, _ sum: Double) -> Double {
            if let losses { for row in 0..<rows { losses[row] *= factor } }
            return sum * Double(factor)
        }
        return replacing(
            softmaxCrossEntropy: { [softmaxCrossEntropy] loss in
                var loss = loss
                loss.gradientScale *= gradientFactor
                return scale(loss.losses, loss.rows, softmaxCrossEntropy(loss))
            },
            binaryCrossEntropy: { [binaryCrossEntropy] loss in
                var loss = loss
                loss.gradientScale *= gradientFactor
                return scale(loss.losses, loss.rows, binaryCrossEntropy(loss))
            },
            squaredError: { [squaredError] loss in
                var loss = loss
                loss.gradientScale *= gradientFactor
                return scale(loss.losses, loss.rows, squaredError(loss))
            },
            robustError: { [robustError] loss in
                var loss = loss
                loss.gradientScale *= gradientFactor
                return scale(loss.losses, loss.rows, robustError(loss))
            }
        )
    }

    /// A table in which the gradients of biases are zero.
    var withoutBiasGradients: KernelTable {
        replacing(sumColumns: { sums in sums.sums.update(repeating: 0, count: sums.columns) })
    }

    /// A table whose products that are weight gradients (A with its strides exchanged) are half of what they should be.
    var withHalvedWeightGradients: KernelTable {
        replacing(gemm: { [gemm] product in
            gemm(product)
            guard product.leftRowStride == 1, product.leftDepthStride != 1 else { return }
            for row in 0..<product.rows {
                for column in 0..<product.columns {
                    let place = row * product.outputRowStride + column / 16 * product.outputVectorStride + column % 16
                    product.output[place] /= 2
                }
            }
        })
    }
}
