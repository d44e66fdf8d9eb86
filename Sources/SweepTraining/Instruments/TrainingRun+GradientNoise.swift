import KernelAPI
package import SweepCore
import SweepKernels

extension TrainingRun {
    /// How much the gradients of single training rows differ, from eight batches of them, spread over the training rows.
    ///
    /// From single rows' gradients where each layer tells their lengths, else from the eight batches' gradients. Nil with batch
    /// norm, whose running moments a pass in training mode would move, or with fewer than 16 training rows.
    /// Source: McCandlish et al. 2018, appendix A.1.
    func gradientNoise() -> Instruments.GradientNoise? {
        let rows = data.rows(.training)
        let batches = 8
        let size = min(spec.batchSize, network.capacity, rows.count / batches)
        guard size >= 2 else { return nil }
        // Spread over the training rows: neighbours in a file are often alike.
        let step = rows.count / (batches * size)
        let chosen = (0..<batches).map { batch in (0..<size).map { rows[($0 * batches + batch) * step] } }
        return productLayers == nil ? batchNoise(chosen) : rowNoise(of: chosen.flatMap { $0 })
    }

    /// The same from rows that fit one pass: some of those on which the layers are read, in proportion to the classes.
    ///
    /// Nil where layers do not tell the lengths of single rows' gradients.
    func quickGradientNoise() -> Instruments.GradientNoise? {
        let rows = data.readRows
        let count = min(rows.count, network.capacity)
        return rowNoise(of: (0..<count).map { rows[$0 * rows.count / count] })
    }

    /// The noise of these rows' gradients of the training loss, without the penalty, each row by itself; units are dropped as on
    /// the first step.
    ///
    /// Exact but for rounding, at the cost of a step for each batch: a dense layer's gradient of one row is a product, whose length is
    /// known without it. Nil where another kind of layer is trained too, below two rows, and where a number is not finite.
    package func rowNoise(of rows: [Int32]) -> Instruments.GradientNoise? {
        guard rows.count > 1, let layers = productLayers else { return nil }
        let capacity = network.capacity
        var lengths = [Double](repeating: 0, count: min(rows.count, capacity))
        // The sum of all rows' gradients; where they are one batch it stands in the network.
        let isOneBatch = rows.count <= capacity
        let numbers = network.trained.reduce(0) { $0 + $1.storedCount }
        var sums = [Double](repeating: 0, count: isOneBatch ? 0 : numbers)
        var total = 0.0
        for first in stride(from: 0, to: rows.count, by: capacity) {
            let batch = Array(rows[first..<min(rows.count, first + capacity)])
            for index in batch.indices { lengths[index] = 0 }
            lengths.withUnsafeMutableBufferPointer { lengths in
                guard let start = lengths.baseAddress else { return }
                backpropagate(batch, scale: 1) { parameter in
                    layers[ObjectIdentifier(parameter)]?.addRowSquares(rows: batch.count, to: start, kernels: kernels)
                }
            }
            for index in batch.indices { total += lengths[index] }
            if !isOneBatch { sums.withUnsafeMutableBufferPointer { addGradients(to: $0) } }
        }
        var square = 0.0
        if isOneBatch {
            for parameter in network.trained {
                guard let gradient = parameter.gradient else { continue }
                square += kernels.sumOfSquares(Floats(gradient), parameter.storedCount)
            }
        } else {
            for sum in sums { square += sum * sum }
        }
        let count = Double(rows.count)
        return Instruments.GradientNoise(
            rows: rows.count,
            meanSquare: total / count,
            squareOfMean: square / (count * count)
        )
    }

    /// Adds the gradients of all trained parameters, one after another with their padding, which is zero.
    private func addGradients(to sums: UnsafeMutableBufferPointer<Double>) {
        guard var place = sums.baseAddress else { return }
        for parameter in network.trained {
            guard let gradient = parameter.gradient else { continue }
            for index in 0..<parameter.storedCount { place[index] += Double(gradient[index]) }
            place += parameter.storedCount
        }
    }

    /// The layers whose gradients of one row are products of its inputs and its outputs' gradient, by their weights; nil where
    /// anything else is trained, too.
    private var productLayers: [ObjectIdentifier: DenseLayer]? {
        var found: [ObjectIdentifier: DenseLayer] = [:]
        var covered = 0
        var left = network.layers
        while let layer = left.popLast() {
            if let block = layer as? ResidualLayer { left += block.inner }
            guard let dense = layer as? DenseLayer else { continue }
            found[ObjectIdentifier(dense.weights)] = dense
            covered += dense.parameters.count
        }
        return covered == network.parameters.count ? found : nil
    }

    /// The same from gradients of disjoint batches of equal size.
    private func batchNoise(_ batches: [[Int32]]) -> Instruments.GradientNoise? {
        guard !network.parameters.contains(where: { $0.role == .runningMean }), let size = batches.first?.count else {
            return nil
        }
        var sums: [Double] = []
        var squares: [Double] = []
        for rows in batches {
            let parts = gradient(rows: rows).map(\.values)
            if sums.isEmpty {
                sums = [Double](repeating: 0, count: parts.reduce(0) { $0 + $1.count })
                squares = sums
            }
            sums.withUnsafeMutableBufferPointer { sums in
                squares.withUnsafeMutableBufferPointer { squares in
                    var index = 0
                    for part in parts {
                        for value in part {
                            sums[index] += Double(value)
                            squares[index] += Double(value) * Double(value)
                            index += 1
                        }
                    }
                }
            }
        }
        // Products of two of single precision are exact in double: what cancels here was never there.
        let count = Double(batches.count)
        var (within, mean) = (0.0, 0.0)
        for (sum, square) in zip(sums, squares) {
            within += max(0, square - sum * sum / count) / (count - 1)
            mean += sum / count * (sum / count)
        }
        guard within.isFinite, mean.isFinite else { return nil }
        return Instruments.GradientNoise(
            variance: within * Double(size),
            squaredMean: mean - within / count,
            rows: batches.count * size
        )
    }
}
